"""Which layers do Keras 2 and Keras 3 both have, each with three settings or more? One table.

A row is a text: the settings of the layer, or the call that makes the output, where ``L.{}`` is the layer. ``x``, ``y``
and ``z`` are the inputs of the group; ``h`` is ``x`` through a ``Dense`` of as many units, so that gradients go through
a layer without weights too; ``L`` is ``keras.layers``, ``K`` is ``keras``. Where both generations spell a row
differently, it is a pair of texts.
"""

from __future__ import annotations

from dataclasses import dataclass

Inputs = tuple[tuple[tuple[int, ...], str], ...]  # read by Python 3.9 too, where Keras 2 runs
"""Shape and kind of each input, without the batch."""

ROW = (((8,), "float32"),)
STEPS = (((6, 5), "float32"),)
IMAGE = (((9, 8, 3), "float32"),)
PIXELS = (((9, 8, 3), "pixels"),)
VOLUME = (((6, 5, 4, 2), "float32"),)
FRAMES1 = (((4, 6, 2), "float32"),)
FRAMES2 = (((4, 6, 5, 2), "float32"),)
FRAMES3 = (((3, 4, 4, 4, 1), "float32"),)
IDS = (((6,), "int32"),)
TWO = (((8,), "float32"), ((8,), "float32"))
TWO_STEPS = (((6, 5), "float32"), ((4, 5), "float32"))
THREE_STEPS = (((6, 5), "float32"), ((4, 5), "float32"), ((4, 5), "float32"))
TEXTS = (((1,), "string"),)
CROSSED = (((1,), "int32"), ((1,), "int32"))

MASKED = "L.Masking()(x)"


@dataclass(frozen=True)
class Rows:
    """The rows of a layer: what the models are given, and the rows; ``raw`` ones take the input itself."""

    inputs: Inputs
    texts: tuple[str | tuple[str, str], ...]
    raw: bool = False


def _of(inputs: Inputs, *texts: str | tuple[str, str], raw: bool = False) -> Rows:
    return Rows(inputs, texts, raw)


def _pooling(inputs: Inputs, size: str) -> Rows:
    return _of(
        inputs, f"pool_size={size}", "3, strides=2, padding='same'", "2, strides=1", "2, data_format='channels_last'"
    )


def _global(inputs: Inputs, *more: str) -> Rows:
    return _of(inputs, "", "keepdims=True", "data_format='channels_first'", *more)


def _convolution(inputs: Inputs, *more: str) -> Rows:
    return _of(
        inputs,
        "4, 3",
        "4, 3, strides=2, padding='same', activation='relu'",
        "4, 2, use_bias=False",
        "4, 3, kernel_regularizer='l2', bias_initializer='ones'",
        *more,
    )


def _separable(inputs: Inputs) -> Rows:
    return _of(
        inputs,
        "4, 3",
        "4, 3, depth_multiplier=2, padding='same'",
        "4, 3, activation='swish', use_bias=False",
        "4, 3, dilation_rate=2",
    )


def _recurrent(*more: str) -> Rows:
    return _of(
        STEPS,
        "4",
        "4, return_sequences=True, go_backwards=True",
        "4, dropout=0.4",
        "4, recurrent_dropout=0.4",
        "L.{}(4)(" + MASKED + ")",
        "L.{}(4, return_sequences=True)(" + MASKED + ")",
        "4, use_bias=False, activation='relu'",
        "4, unroll=True",
        *more,
        raw=True,
    )


def _folded(inputs: Inputs) -> Rows:
    return _of(
        inputs,
        "3, 3",
        "3, 2, padding='same', return_sequences=True",
        "3, 3, recurrent_activation='sigmoid'",
        "3, 3, recurrent_activation='sigmoid', dropout=0.4",
        raw=True,
    )


def _cell(name: str, *more: str) -> Rows:
    return _of(
        STEPS,
        f"L.RNN(L.{name}(4))(x)",
        f"L.RNN(L.{name}(4, use_bias=False), return_sequences=True)(x)",
        f"L.RNN(L.{name}(4, dropout=0.4))(x)",
        f"L.RNN(L.{name}(4))({MASKED})",
        *more,
    )


MERGED = (
    "L.{}()([h, y])",
    "L.{}()([h, y, x])",
    "L.Dense(2)(L.{}()([L.Masking()(L.Reshape((4, 2))(x)), L.Reshape((4, 2))(y)]))",
)
"""Of what merges two inputs or more."""

ACTIVATIONS = (
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "linear",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
)
"""Of both generations, by name."""

TABLE: dict[str, Rows] = {
    "Activation": _of(
        ROW,
        *(repr(name) for name in ACTIVATIONS),
        "K.activations.gelu",
        "lambda v: K.activations.gelu(v, approximate=True)",
        "lambda v: K.activations.relu(v, max_value=1.0)",
        "L.Activation('softmax')(L.Dense(6)(L.RepeatVector(3)(h)))",
    ),
    "ActivityRegularization": _of(ROW, "", "l1=0.1", "l2=0.1"),
    "Add": _of(TWO, *MERGED),
    "AdditiveAttention": _of(
        TWO_STEPS,
        "L.{}()([x, y])",
        "L.{}(use_scale=False)([h, y])",
        "L.{}()([x, L.Masking()(y)])",
        "L.{}(dropout=0.4)([x, y])",
    ),
    "AlphaDropout": _of(ROW, "0.3", "0.0", "0.6"),
    "Attention": _of(
        TWO_STEPS,
        "L.{}()([h, y])",
        "L.{}(use_scale=True)([x, y])",
        "L.{}(score_mode='concat')([x, y])",
        "L.{}()([h, L.Masking()(y)])",
        "L.{}()([h, y], use_causal_mask=True)",
        "L.{}(dropout=0.4)([h, y])",
    ),
    "Average": _of(TWO, *MERGED),
    "AveragePooling1D": _pooling(STEPS, "2"),
    "AveragePooling2D": _pooling(IMAGE, "(2, 2)"),
    "AveragePooling3D": _pooling(VOLUME, "(2, 2, 2)"),
    "BatchNormalization": _of(
        ROW,
        "",
        "momentum=0.8, epsilon=0.01",
        "scale=False",
        "center=False",
        "L.{}()(L.Reshape((2, 2, 2))(x))",
        "L.{}(axis=1)(L.Reshape((4, 2))(x))",
        "L.{}()(L.Masking()(L.Reshape((4, 2))(x)))",
        "L.{}(trainable=False)(h)",
        "L.{}()(L.Conv2D(3, 1)(L.Reshape((2, 2, 2))(x)))",
    ),
    "Bidirectional": _of(
        STEPS,
        "L.{}(L.LSTM(4))(x)",
        "L.{}(L.GRU(4, return_sequences=True), merge_mode='sum')(x)",
        "L.{}(L.LSTM(4))(" + MASKED + ")",
        "L.{}(L.LSTM(4), backward_layer=L.LSTM(4, go_backwards=True, activation='relu'))(x)",
        "L.{}(L.SimpleRNN(4, return_sequences=True), merge_mode='mul')(" + MASKED + ")",
    ),
    "CategoryEncoding": _of(
        IDS, "L.{}(12)(x)", "L.{}(12, output_mode='one_hot')(x[:, :1])", "L.{}(12, output_mode='count')(x)", raw=True
    ),
    "CenterCrop": _of(PIXELS, "4, 4", "5, 3", "12, 12", raw=True),
    "Concatenate": _of(
        TWO,
        "L.{}()([h, y])",
        "L.{}(axis=1)([L.Reshape((4, 2))(x), L.Reshape((4, 2))(y)])",
        "L.GRU(3)(L.{}()([L.Masking()(L.Reshape((4, 2))(x)), L.Reshape((4, 2))(y)]))",
    ),
    "Conv1D": _convolution(STEPS, "4, 2, padding='causal'", "4, 3, dilation_rate=2", "L.{}(4, 3)(L.Masking()(x))"),
    "Conv1DTranspose": _convolution(STEPS, "4, 3, strides=2, output_padding=1"),
    "Conv2D": _convolution(IMAGE, "3, 3, groups=3", "4, (3, 2), dilation_rate=2", "4, 1, activation='hard_sigmoid'"),
    "Conv2DTranspose": _convolution(
        IMAGE, "4, 3, strides=2, padding='same', output_padding=1", "4, 3, dilation_rate=2"
    ),
    "Conv3D": _convolution(VOLUME),
    "Conv3DTranspose": _convolution(VOLUME),
    "ConvLSTM1D": _folded(FRAMES1),
    "ConvLSTM2D": _folded(FRAMES2),
    "ConvLSTM3D": _folded(FRAMES3),
    "Cropping1D": _of(STEPS, "", "(1, 2)", "2"),
    "Cropping2D": _of(IMAGE, "1", "((1, 2), (0, 3))", "1, data_format='channels_first'"),
    "Cropping3D": _of(VOLUME, "", "(1, 1, 0)", "((1, 0), (0, 1), (1, 1))"),
    "Dense": _of(
        ROW,
        "4",
        "4, activation='relu', use_bias=False",
        "4, kernel_initializer='he_normal'",
        "4, kernel_regularizer='l2', kernel_constraint='unit_norm'",
        "L.{}(3)(L.Reshape((4, 2))(x))",
        "4, activity_regularizer='l2'",
    ),
    "DepthwiseConv1D": _of(STEPS, "3", "3, depth_multiplier=2, padding='same'", "2, strides=2, use_bias=False"),
    "DepthwiseConv2D": _of(
        IMAGE,
        "3",
        "3, depth_multiplier=2, padding='same'",
        "2, strides=2, use_bias=False",
        "3, dilation_rate=2, activation='relu'",
    ),
    "Discretization": _of(
        ROW, "[-1.0, 0.0, 1.0]", "L.{}([-1.0, 0.0, 1.0], output_mode='one_hot')(x[:, :1])", "[0.5, 1.5]", raw=True
    ),
    "Dot": _of(
        TWO,
        "L.{}(1)([h, y])",
        "L.{}(1, normalize=True)([h, y])",
        "L.{}((1, 2))([L.Reshape((4, 2))(x), L.Reshape((2, 4))(y)])",
    ),
    "Dropout": _of(ROW, "0.3", "0.5, noise_shape=(None, 1)", "0.0", "0.3, seed=7"),
    "ELU": _of(ROW, "", "alpha=0.3", "alpha=2.0"),
    "EinsumDense": _of(
        ROW,
        "'ab,bc->ac', output_shape=4",
        "'ab,bc->ac', output_shape=4, bias_axes='c'",
        "'ab,bc->ac', output_shape=4, activation='relu'",
    ),
    "Embedding": _of(
        IDS,
        "11, 4",
        "L.LSTM(3)(L.{}(11, 4, mask_zero=True)(x))",
        "11, 4, embeddings_initializer='ones'",
        "11, 4, embeddings_regularizer='l2'",
        "11, 4, mask_zero=True",
        "L.GlobalAveragePooling1D()(L.{}(11, 4, mask_zero=True)(x))",
        raw=True,
    ),
    "Flatten": _of(IMAGE, "", "data_format='channels_first'", "L.{}()(L.Conv2D(2, 3)(x))"),
    "GRU": _recurrent(
        "4, reset_after=False", "4, recurrent_activation='hard_sigmoid'", "4, stateful=False, return_state=False"
    ),
    "GRUCell": _cell("GRUCell", "L.RNN(L.GRUCell(4, reset_after=False))(x)"),
    "GaussianDropout": _of(ROW, "0.3", "0.0", "0.6"),
    "GaussianNoise": _of(ROW, "0.3", "0.0", "0.9"),
    "GlobalAveragePooling1D": _global(STEPS, "L.{}()(" + MASKED + ")"),
    "GlobalAveragePooling2D": _global(IMAGE),
    "GlobalAveragePooling3D": _global(VOLUME),
    "GlobalMaxPooling1D": _global(STEPS, "L.{}()(" + MASKED + ")"),
    "GlobalMaxPooling2D": _global(IMAGE),
    "GlobalMaxPooling3D": _global(VOLUME),
    "GroupNormalization": _of(
        ROW,
        "groups=4",
        "groups=2, epsilon=0.01",
        "groups=4, scale=False, center=False",
        "L.{}(groups=1)(L.Reshape((2, 2, 2))(x))",
    ),
    "HashedCrossing": _of(
        CROSSED, "L.{}(5)((x, y))", "L.{}(5, output_mode='one_hot')((x, y))", "L.{}(50)((x, y))", raw=True
    ),
    "Hashing": _of(IDS, "5", "5, salt=133", "5, mask_value=0", "5, output_mode='multi_hot'", raw=True),
    "Identity": _of(ROW, "", "L.Dense(3)(L.{}()(h))", "L.LSTM(3)(L.{}()(L.Masking()(L.Reshape((4, 2))(x))))"),
    "InputLayer": _of(
        ROW,
        "L.Dense(3)(x)",
        ("K.Sequential([L.{}(input_shape=(8,)), L.Dense(3)])(x)", "K.Sequential([L.{}(shape=(8,)), L.Dense(3)])(x)"),
        "L.Dense(3, activation='relu')(x)",
    ),
    "IntegerLookup": _of(
        IDS,
        "vocabulary=[3, 1, 7]",
        "vocabulary=[3, 1, 7], output_mode='multi_hot'",
        "vocabulary=[3, 1, 7], num_oov_indices=2",
        "vocabulary=[3, 1, 7], mask_token=0",
        raw=True,
    ),
    "LSTM": _recurrent(
        "4, unit_forget_bias=False",
        "4, recurrent_activation='hard_sigmoid'",
        "4, dropout=0.3, recurrent_dropout=0.3",
        "L.LSTM(3)(L.{}(4, return_sequences=True)(" + MASKED + "))",
    ),
    "LSTMCell": _cell("LSTMCell"),
    "Lambda": _of(ROW, "lambda v: v * 2.0", "tf.nn.relu", "lambda v: tf.reduce_mean(v, axis=-1, keepdims=True)"),
    "Layer": _of(ROW, "doubled(L)(h)", "scaled(L)(h)", "noisy(L)(h)"),
    "LayerNormalization": _of(
        ROW,
        "",
        "epsilon=0.01",
        "scale=False, center=False",
        "L.{}(axis=(1, 2))(L.Reshape((4, 2))(x))",
        "L.{}()(L.Reshape((4, 2))(x))",
    ),
    "LeakyReLU": _of(ROW, "", ("alpha=0.1", "negative_slope=0.1"), ("0.2", "0.2")),
    "Masking": _of(
        STEPS,
        "L.{}()(x)",
        "L.LSTM(3)(L.{}(mask_value=0.0)(x))",
        "L.LSTM(3)(L.{}(mask_value=-1.0)(x))",
        "L.Dense(2)(L.{}()(x))",
    ),
    "MaxPooling1D": _pooling(STEPS, "2"),
    "MaxPooling2D": _pooling(IMAGE, "(2, 2)"),
    "MaxPooling3D": _pooling(VOLUME, "(2, 2, 2)"),
    "Maximum": _of(TWO, *MERGED),
    "Minimum": _of(TWO, *MERGED),
    "MultiHeadAttention": _of(
        TWO_STEPS,
        "L.{}(2, 3)(x, y)",
        "L.{}(2, 3, use_bias=False, value_dim=4)(x, x)",
        "L.{}(2, 3, output_shape=7)(x, y)",
        "L.{}(2, 3)(x, x, use_causal_mask=True)",
        "L.{}(2, 3)(" + MASKED + ", y)",
        "L.{}(2, 3)(x, L.Masking()(y))",
        "L.{}(2, 3, dropout=0.3)(x, y)",
        "L.{}(2, 3, kernel_initializer=K.initializers.RandomNormal(stddev=0.1))(x, y)",
    ),
    "Multiply": _of(TWO, *MERGED),
    "Normalization": _of(
        ROW,
        "mean=0.5, variance=4.0",
        "mean=0.5, variance=4.0, invert=True",
        "axis=None, mean=1.0, variance=2.0",
        "mean=0.5, variance=0.0",
        raw=True,
    ),
    "PReLU": _of(ROW, "", "alpha_initializer='ones'", "L.{}(shared_axes=[1])(L.Reshape((4, 2))(x))"),
    "Permute": _of(STEPS, "(2, 1)", "(1, 2)", "L.LSTM(3)(L.{}((2, 1))(h))"),
    "RNN": _of(
        STEPS,
        "L.{}(L.SimpleRNNCell(4))(x)",
        "L.{}(L.LSTMCell(4), return_sequences=True)(x)",
        "L.{}([L.GRUCell(4), L.GRUCell(3)])(x)",
        "L.{}(L.LSTMCell(4), go_backwards=True)(" + MASKED + ")",
        "L.{}(L.LSTMCell(4), unroll=True)(x)",
    ),
    "RandomBrightness": _of(PIXELS, "0.3", "0.3, value_range=(0.0, 1.0)", "(-0.2, 0.5)", raw=True),
    "RandomContrast": _of(PIXELS, "0.3", "(0.1, 0.6)", "0.9", raw=True),
    "RandomCrop": _of(PIXELS, "4, 4", "9, 8", "5, 3", raw=True),
    "RandomFlip": _of(PIXELS, "", "'horizontal'", "'vertical'", raw=True),
    "RandomRotation": _of(PIXELS, "0.2", "0.2, fill_mode='constant'", "0.5, interpolation='nearest'", raw=True),
    "RandomTranslation": _of(
        PIXELS, "0.2, 0.2", "0.3, 0.0, fill_mode='constant'", "(-0.3, 0.1), 0.2, fill_mode='nearest'", raw=True
    ),
    "RandomZoom": _of(PIXELS, "0.2", "0.3, fill_mode='constant'", "(-0.3, 0.0), interpolation='nearest'", raw=True),
    "ReLU": _of(ROW, "", "max_value=1.0", "negative_slope=0.2, threshold=0.5"),
    "RepeatVector": _of(ROW, "3", "1", "L.GRU(2)(L.{}(4)(h))"),
    "Rescaling": _of(PIXELS, "1 / 255.0", "2.0, offset=-1.0", "0.5, offset=[0.1, 0.2, 0.3]", raw=True),
    "Reshape": _of(ROW, "(4, 2)", "(-1, 2)", "L.LSTM(3)(L.{}((4, 2))(h))"),
    "Resizing": _of(
        PIXELS,
        "5, 5",
        "12, 13, interpolation='nearest'",
        "6, 4, crop_to_aspect_ratio=True",
        "5, 5, interpolation='bicubic'",
        "5, 7, interpolation='area'",
        "15, 15, interpolation='lanczos3'",
        raw=True,
    ),
    "SeparableConv1D": _separable(STEPS),
    "SeparableConv2D": _separable(IMAGE),
    "SimpleRNN": _recurrent(),
    "SimpleRNNCell": _cell("SimpleRNNCell"),
    "Softmax": _of(
        ROW,
        "",
        "L.{}(axis=1)(L.Reshape((4, 2))(x))",
        "L.{}()(h, mask=tf.constant([[True, False] * 4]))",
        "L.{}(axis=(1, 2))(L.Reshape((4, 2))(x))",
    ),
    "SpatialDropout1D": _of(STEPS, "0.3", "0.6", "0.0"),
    "SpatialDropout2D": _of(IMAGE, "0.3", "0.6", "0.3, data_format='channels_first'"),
    "SpatialDropout3D": _of(VOLUME, "0.3", "0.6", "0.3, data_format='channels_first'"),
    "SpectralNormalization": _of(
        ROW,
        "L.{}(L.Dense(4))(x)",
        "L.{}(L.Dense(4), power_iterations=3)(x)",
        "L.{}(L.Conv1D(3, 2))(L.Reshape((4, 2))(x))",
    ),
    "StackedRNNCells": _of(
        STEPS,
        "L.RNN(L.{}([L.LSTMCell(4), L.LSTMCell(3)]))(x)",
        "L.RNN(L.{}([L.GRUCell(4), L.LSTMCell(3)]), return_sequences=True)(x)",
        "L.RNN(L.{}([L.SimpleRNNCell(4), L.SimpleRNNCell(3)]))(" + MASKED + ")",
    ),
    "StringLookup": _of(
        TEXTS,
        "vocabulary=['a', 'b']",
        "vocabulary=['a', 'b'], output_mode='multi_hot'",
        "vocabulary=['a', 'b'], num_oov_indices=3",
        raw=True,
    ),
    "Subtract": _of(TWO, "L.{}()([h, y])", "L.{}()([y, h])", "L.{}()([h, h])"),
    "TextVectorization": _of(
        TEXTS,
        "vocabulary=['a', 'b'], output_sequence_length=4",
        "vocabulary=['a', 'b'], output_mode='multi_hot'",
        "vocabulary=['a', 'b'], standardize=None, output_sequence_length=3",
        raw=True,
    ),
    "TimeDistributed": _of(
        STEPS,
        "L.{}(L.Dense(3))(x)",
        "L.{}(L.Dense(3, activation='relu'))(" + MASKED + ")",
        "L.{}(L.BatchNormalization())(h)",
        "L.{}(L.Dropout(0.4))(h)",
        "L.LSTM(3)(L.{}(L.Dense(3))(" + MASKED + "))",
    ),
    "UnitNormalization": _of(ROW, "", "axis=1", "L.{}(axis=(1, 2))(L.Reshape((4, 2))(x))", raw=True),
    "UpSampling1D": _of(STEPS, "", "3", "1"),
    "UpSampling2D": _of(
        IMAGE, "", "(2, 3), interpolation='bilinear'", "2, interpolation='bicubic'", "2, interpolation='lanczos3'"
    ),
    "UpSampling3D": _of(VOLUME, "", "(1, 2, 3)", "1"),
    "Wrapper": _of(
        ROW, "wrapping(L)(L.Dense(3))(h)", "wrapping(L)(L.Dropout(0.4))(h)", "wrapping(L)(L.BatchNormalization())(h)"
    ),
    "ZeroPadding1D": _of(STEPS, "", "(2, 0)", "3"),
    "ZeroPadding2D": _of(IMAGE, "", "((1, 0), (2, 3))", "1, data_format='channels_first'"),
    "ZeroPadding3D": _of(VOLUME, "", "(1, 2, 0)", "((1, 0), (0, 0), (2, 1))"),
}
