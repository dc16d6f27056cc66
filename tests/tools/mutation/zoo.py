"""Small real networks of every common kind: what the mutator changes one thing of."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import Input, Model, layers, regularizers


def convnet() -> Model:
    """The classic: convolutions with batch normalisation, pooling, a dense head."""
    return keras.Sequential(
        [
            Input((12, 12, 3)),
            layers.Rescaling(1 / 255, offset=-0.5),
            layers.Conv2D(6, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.SpatialDropout2D(0.2),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(12, activation="tanh"),
            layers.Dropout(0.4),
            layers.Dense(5, activation="softmax"),
        ],
        name="convnet",
    )


def resnet() -> Model:
    """Residual blocks, one of them with a projection."""

    def block(x, filters: int, stride: int = 1):
        shortcut = x
        if stride != 1:
            shortcut = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
            shortcut = layers.BatchNormalization(epsilon=1e-5)(shortcut)
        y = layers.Conv2D(filters, 3, strides=stride, padding="same", kernel_initializer="he_normal")(x)
        y = layers.BatchNormalization(epsilon=1e-5)(y)
        y = layers.ReLU()(y)
        y = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")(y)
        y = layers.BatchNormalization(epsilon=1e-5)(y)
        return layers.ReLU()(layers.Add()([y, shortcut]))

    image = Input((16, 16, 3))
    x = layers.ZeroPadding2D(1)(image)
    x = layers.Conv2D(8, 3, strides=2)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = block(block(block(x, 8), 8), 12, stride=2)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(image, layers.Dense(4)(x), name="resnet")


def inception() -> Model:
    """Parallel towers joined by concatenation."""

    def towers(x):
        one = layers.Conv2D(4, 1, activation="relu")(x)
        three = layers.Conv2D(3, 1, activation="relu")(x)
        three = layers.Conv2D(6, 3, padding="same", activation="relu")(three)
        five = layers.Conv2D(3, 1, activation="relu")(x)
        five = layers.Conv2D(4, 5, padding="same", activation="relu")(five)
        pool = layers.MaxPooling2D(3, strides=1, padding="same")(x)
        pool = layers.Conv2D(2, 1, activation="relu")(pool)
        return layers.Concatenate()([one, three, five, pool])

    image = Input((12, 12, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="elu")(image)
    x = layers.MaxPooling2D(2)(x)
    x = towers(x)
    x = layers.BatchNormalization(scale=False)(x)
    x = towers(x)
    x = layers.GlobalMaxPooling2D()(x)
    return Model(image, layers.Dense(3, activation="sigmoid")(x), name="inception")


def mobile() -> Model:
    """Depthwise and separable convolutions, inverted residual, squeeze and excitation."""
    image = Input((16, 16, 3))
    x = layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False)(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(max_value=6.0)(x)
    y = layers.Conv2D(12, 1, use_bias=False)(x)
    y = layers.BatchNormalization()(y)
    y = layers.ReLU(6.0)(y)
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    y = layers.Activation("silu")(y)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(y)
    gate = layers.Conv2D(4, 1, activation="relu")(gate)
    gate = layers.Conv2D(12, 1, activation="hard_sigmoid")(gate)
    y = layers.Multiply()([y, gate])
    y = layers.Conv2D(6, 1, use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    x = layers.Add()([x, y])
    x = layers.SeparableConv2D(10, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU(negative_slope=0.1)(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.25)(x)
    return Model(image, layers.Dense(4)(x), name="mobile")


def lstm_text() -> Model:
    """Words with padding, a stack of recurrent layers."""
    words = Input((7,), dtype="int32")
    x = layers.Embedding(30, 6, mask_zero=True)(words)
    x = layers.SpatialDropout1D(0.1)(x)
    x = layers.LSTM(5, return_sequences=True)(x)
    x = layers.LayerNormalization()(x)
    x = layers.GRU(4, dropout=0.1)(x)
    x = layers.Dense(6, activation="gelu")(x)
    return Model(words, layers.Dense(2, activation="softmax")(x), name="lstm_text")


def tagger() -> Model:
    """A label for each word: bidirectional layers and TimeDistributed."""
    words = Input((6,), dtype="int32")
    x = layers.Embedding(20, 5)(words)
    x = layers.Bidirectional(layers.GRU(4, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(6, activation="relu"))(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True), merge_mode="sum")(x)
    x = layers.TimeDistributed(layers.Dense(4))(x)
    return Model(words, layers.Softmax()(x), name="tagger")


def transformer() -> Model:
    """Token and position embeddings, a causal and a cross attention block."""
    words = Input((8,), dtype="int32", name="words")
    context = Input((5, 8), name="context")
    x = layers.Embedding(25, 8)(words)
    y = layers.LayerNormalization(epsilon=1e-6)(x)
    y = layers.MultiHeadAttention(2, 4, dropout=0.1)(y, y, use_causal_mask=True)
    x = layers.Add()([x, y])
    y = layers.LayerNormalization(epsilon=1e-6)(x)
    y = layers.MultiHeadAttention(2, 4)(y, context)
    y = layers.Dropout(0.1)(y)
    x = layers.Add()([x, y])
    y = layers.LayerNormalization(epsilon=1e-6)(x)
    y = layers.Dense(16, activation="gelu")(y)
    y = layers.Dense(8)(y)
    x = layers.Add()([x, y])
    x = layers.GlobalAveragePooling1D()(x)
    return Model([words, context], layers.Dense(3)(x), name="transformer")


def unet() -> Model:
    """Down and up again, with skips by concatenation, transposed convolution and upsampling."""
    image = Input((16, 16, 2))
    first = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D()(first)
    second = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(second)
    x = layers.Conv2D(8, 3, padding="same", dilation_rate=2, activation="relu")(x)
    x = layers.GroupNormalization(groups=4)(x)
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same")(x)
    x = layers.Concatenate()([second, x])
    x = layers.Conv2D(6, 3, padding="same", activation="swish")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Concatenate()([x, first])
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    return Model(image, layers.Conv2D(1, 1, activation="sigmoid")(x), name="unet")


def two_headed() -> Model:
    """Images and numbers in, a class and a value out."""
    image = Input((10, 10, 3), name="image")
    numbers = Input((6,), name="numbers")
    x = layers.Conv2D(6, 3, activation="relu")(image)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Cropping2D(((1, 0), (0, 1)))(x)
    x = layers.Permute((3, 1, 2))(x)
    x = layers.Flatten()(x)
    x = layers.Dense(8, activation="selu")(x)
    y = layers.BatchNormalization(center=False)(numbers)
    y = layers.Dense(8, activation="softplus")(y)
    y = layers.AlphaDropout(0.1)(y)
    joined = layers.Multiply()([x, y])
    both = layers.Concatenate()([joined, y])
    label = layers.Dense(4, activation="softmax", name="label")(both)
    value = layers.Dense(1, name="value")(layers.Subtract()([x, y]))
    return Model([image, numbers], [label, value], name="two_headed")


def siamese() -> Model:
    """One encoder, a model of its own, on two inputs; a shared projection."""
    vector = Input((10,))
    x = layers.Dense(8)(vector)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.UnitNormalization()(layers.Dense(6)(x))
    encoder = Model(vector, x, name="encoder")
    left, right = Input((10,), name="left"), Input((10,), name="right")
    project = layers.Dense(5, activation="tanh", name="project")
    one, two = project(encoder(left)), project(encoder(right))
    distance = layers.Subtract()([one, two])
    closeness = layers.Dot(axes=1, normalize=True)([one, two])
    x = layers.Concatenate()([distance, closeness])
    return Model([left, right], layers.Dense(1, activation="sigmoid")(x), name="siamese")


def autoencoder() -> Model:
    """Noise in, a bottleneck, dropout, a mirrored decoder."""
    image = Input((8, 8, 1))
    x = layers.GaussianNoise(0.1)(image)
    x = layers.Flatten()(x)
    x = layers.Dense(16, activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(4, activity_regularizer=regularizers.L1(1e-4), name="code")(x)
    x = layers.Dense(16)(x)
    x = layers.PReLU()(x)
    x = layers.GaussianDropout(0.2)(x)
    x = layers.Dense(64, activation="sigmoid")(x)
    return Model(image, layers.Reshape((8, 8, 1))(x), name="autoencoder")


def regularised() -> Model:
    """Regularizers, constraints, chosen initializers and a frozen layer on tabular data."""
    table = Input((9,))
    x = layers.BatchNormalization(gamma_regularizer=regularizers.L2(1e-3))(table)
    x = layers.Dense(12, activation="relu", kernel_regularizer=regularizers.L2(1e-3), kernel_initializer="he_uniform")(
        x
    )
    x = layers.Dense(
        12,
        activation="elu",
        kernel_constraint=keras.constraints.MaxNorm(2.0),
        bias_initializer=keras.initializers.Constant(0.1),
    )(x)
    x = layers.Dense(8, activation="relu", kernel_regularizer=regularizers.L1L2(1e-4, 1e-4), bias_constraint="non_neg")(
        x
    )
    x = layers.ELU(alpha=0.5)(layers.Dense(8, kernel_initializer="orthogonal", trainable=False)(x))
    return Model(table, layers.Dense(1, activation="exponential")(x), name="regularised")


def wavenet() -> Model:
    """Dilated causal convolutions, gated, with residual and skip sums."""
    sound = Input((16, 2))
    x = layers.Conv1D(6, 2, padding="causal")(sound)
    skips = []
    for rate in (1, 2):
        gate = layers.Conv1D(6, 2, padding="causal", dilation_rate=rate, activation="sigmoid")(x)
        value = layers.Conv1D(6, 2, padding="causal", dilation_rate=rate, activation="tanh")(x)
        out = layers.Multiply()([value, gate])
        skips.append(layers.Conv1D(4, 1)(out))
        x = layers.Add()([x, layers.Conv1D(6, 1)(out)])
    x = layers.ReLU()(layers.Add()(skips))
    x = layers.AveragePooling1D(2)(x)
    return Model(sound, layers.Conv1D(2, 3)(x), name="wavenet")


class TextCnn(Model):
    """A subclassed model: convolutions of several widths over words, the strongest answers joined."""

    def __init__(self) -> None:
        super().__init__(name="text_cnn")
        self.embed = layers.Embedding(40, 6, name="embed")
        self.two = layers.Conv1D(5, 2, activation="relu", name="two")
        self.three = layers.Conv1D(5, 3, activation="relu", name="three")
        self.four = layers.Conv1D(5, 4, activation="relu", name="four")
        self.pool = layers.GlobalMaxPooling1D(name="pool")
        self.join = layers.Concatenate(name="join")
        self.norm = layers.LayerNormalization(name="norm")
        self.drop = layers.Dropout(0.5, name="drop")
        self.head = layers.Dense(3, name="head")

    def call(self, words, training=None):
        x = self.embed(words)
        x = self.join([self.pool(conv(x)) for conv in (self.two, self.three, self.four)])
        x = self.drop(self.norm(x))
        return self.head(x)


ARCHITECTURES: dict[str, Callable[[], Model]] = {
    "convnet": convnet,
    "resnet": resnet,
    "inception": inception,
    "mobile": mobile,
    "lstm_text": lstm_text,
    "tagger": tagger,
    "transformer": transformer,
    "unet": unet,
    "two_headed": two_headed,
    "siamese": siamese,
    "autoencoder": autoencoder,
    "regularised": regularised,
    "wavenet": wavenet,
    "text_cnn": TextCnn,
}
"""Every network by name."""

UNDECLARED: dict[str, tuple[tuple[int, ...], str]] = {"text_cnn": ((9,), "int32")}
"""Shape and dtype of the input of those that do not declare it."""
