"""Pairs about how a model is put together: nesting, containers, custom layers, outputs."""

import keras
from keras import layers, ops


def flat():
    x = image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(5, activation="relu")(x)
    return keras.Model(image, layers.Dense(2)(x))


class Nested(keras.Model):
    """``flat`` as a Sequential in a Functional in a subclass."""

    def __init__(self):
        super().__init__()
        block = keras.Sequential([layers.Conv2D(4, 3), layers.ReLU(), layers.BatchNormalization()])
        image = keras.Input((8, 8, 3))
        self.backbone = keras.Model(image, layers.MaxPooling2D()(block(image)))
        self.head = keras.Sequential([layers.Flatten(), layers.Dense(5, activation="relu"), layers.Dense(2)])

    def call(self, x, training=None):
        return self.head(self.backbone(x))


class Contained(keras.Model):
    """``flat`` with its layers in a list and a dict."""

    def __init__(self):
        super().__init__()
        self.stages = [layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(), layers.MaxPooling2D()]
        self.tail = {"flatten": layers.Flatten(), "hidden": layers.Dense(5, activation="relu"), "out": layers.Dense(2)}

    def call(self, x, training=None):
        for stage in self.stages:
            x = stage(x)
        for name in ("flatten", "hidden", "out"):
            x = self.tail[name](x)
        return x


class Affine(layers.Layer):
    """Dense, op by op, with weights of other names."""

    def __init__(self, units, use_bias=True):
        super().__init__()
        self.units = units
        self.use_bias = use_bias

    def build(self, shape):
        self.w = self.add_weight(name="w", shape=(shape[-1], self.units), initializer="glorot_uniform")
        if self.use_bias:
            self.b = self.add_weight(name="b", shape=(self.units,), initializer="zeros")

    def call(self, x):
        x = ops.matmul(x, self.w)
        return x + self.b if self.use_bias else x


def dense_pair():
    return keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(2)])


def affine_pair():
    return keras.Sequential([keras.Input((6,)), Affine(5), layers.ReLU(), Affine(2)])


class AffinePair(keras.Model):
    """``dense_pair`` as a subclass of hand-made layers, in which the first lost its bias or not."""

    def __init__(self, use_bias=True):
        super().__init__()
        self.first, self.second = Affine(5, use_bias), Affine(2)

    def call(self, x):
        return self.second(keras.activations.relu(self.first(x)))


def heads(swapped=False):
    x = keras.Input((6,))
    h = layers.Dense(5, activation="relu")(x)
    found = [layers.Dense(2, name="mean")(h), layers.Dense(2, name="spread")(h)]
    return keras.Model(x, found[::-1] if swapped else found)


class Heads(keras.Model):
    """``heads`` as a subclass that declares the second head first."""

    def __init__(self):
        super().__init__()
        self.spread, self.mean, self.trunk = layers.Dense(2), layers.Dense(2), layers.Dense(5, activation="relu")

    def call(self, x):
        h = self.trunk(x)
        return self.mean(h), self.spread(h)


def heads_apart():
    x = keras.Input((6,))
    h = layers.Dense(5, activation="relu")(x)
    mean = layers.Dense(2, name="mean")(h)
    spread = layers.Dense(2, activation="softplus", name="spread")(h)
    return keras.Model(x, [mean, spread])


def heads_swapped():
    x = keras.Input((6,))
    h = layers.Dense(5, activation="relu")(x)
    mean = layers.Dense(2, name="mean")(h)
    spread = layers.Dense(2, activation="softplus", name="spread")(h)
    return keras.Model(x, [spread, mean])


def one_head():
    x = keras.Input((6,))
    h = layers.Dense(5, activation="relu")(x)
    return keras.Model(x, layers.Dense(2, name="mean")(h))


class Deep(keras.Model):
    """Three hidden layers in a list."""

    used = 3

    def __init__(self):
        super().__init__()
        self.entry = layers.Dense(5)
        self.hidden = [layers.Dense(5, activation="relu") for _ in range(3)]
        self.head = layers.Dense(2)

    def call(self, x):
        x = self.entry(x)
        for layer in self.hidden[: self.used]:
            x = layer(x)
        return self.head(x)


class DeepCut(Deep):
    """``Deep`` whose loop stops one layer early."""

    used = 2


class DeepRepeated(Deep):
    """``Deep`` that runs its first hidden layer three times."""

    def call(self, x):
        x = self.entry(x)
        for _ in self.hidden:
            x = self.hidden[0](x)
        return self.head(x)


def depthwise_block():
    x = image = keras.Input((8, 8, 3))
    x = layers.SeparableConv2D(4, 3, padding="same")(x)
    return keras.Model(image, layers.GlobalAveragePooling2D()(x))


def plain_block():
    x = image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same")(x)
    return keras.Model(image, layers.GlobalAveragePooling2D()(x))


def named_inputs(order=("user", "item")):
    parts = {"user": keras.Input((3,), name="user"), "item": keras.Input((4,), name="item")}
    joined = layers.Concatenate()([parts[name] for name in order])
    return keras.Model(parts, layers.Dense(2)(layers.Dense(5, activation="relu")(joined)))


class NamedInputs(keras.Model):
    """``named_inputs`` as a subclass that takes its inputs by key."""

    def __init__(self):
        super().__init__()
        self.hidden, self.head = layers.Dense(5, activation="relu"), layers.Dense(2)

    def call(self, inputs):
        return self.head(self.hidden(ops.concatenate([inputs["user"], inputs["item"]], axis=-1)))
