"""One network with the settings that ``--ignore`` leaves out, in a form that a rule proves and one that none does."""

import keras
from keras import layers
from norms import NormByHand


def network(initializer="glorot_uniform", l2=0.0, limit=None, frozen=False, optimizer=None, by_hand=False):
    """A Dense layer with all the settings, a layer normalisation, a head; ``by_hand`` no rule proves."""
    x = keras.Input((6,))
    dense = layers.Dense(
        5,
        kernel_initializer=initializer,
        kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
        kernel_constraint=keras.constraints.MaxNorm(limit) if limit else None,
        trainable=not frozen,
    )
    norm = NormByHand() if by_hand else layers.LayerNormalization()
    model = keras.Model(x, layers.Dense(2)(norm(dense(x))))
    if optimizer:
        model.compile(optimizer, "mse")
    return model


def normed(frozen=False, at_once=False, momentum=0.99):
    """A batch normalisation that may be frozen, alone or with the whole model."""
    norm = layers.BatchNormalization(momentum=momentum, trainable=at_once or not frozen)
    hidden, head = layers.Dense(5, use_bias=False), layers.Dense(2, use_bias=False)
    model = keras.Sequential([keras.Input((6,)), hidden, norm, head])
    model.trainable = not (frozen and at_once)
    return model


class Scale(layers.Layer):
    """Multiplies by a weight that may be stored in another precision than it is used in."""

    def __init__(self, stored, learned):
        super().__init__()
        self.stored, self.learned = stored, learned

    def build(self, shape):
        self.factor = self.add_weight(
            name="factor", shape=(shape[-1],), dtype=self.stored, trainable=self.learned, autocast=False
        )

    def call(self, x):
        return x * keras.ops.cast(self.factor, x.dtype)

    def get_config(self):
        return {"stored": self.stored}


def scaled(stored="float32", learned=True):
    return keras.Sequential([keras.Input((6,)), Scale(stored, learned), layers.Dense(2)])


class Pair(keras.Model):
    """Takes two arguments; the second one that is given weighs double."""

    def __init__(self):
        super().__init__()
        self.head = layers.Dense(2)

    def call(self, left, right):
        return self.head(left + 2 * right)


class Turned(Pair):
    """``Pair`` with its arguments in the other order."""

    def call(self, right, left):
        return self.head(left + 2 * right)


def named(first="user", second="item"):
    """Takes a dict of two inputs of one shape; what is called ``first`` is made first and weighs double."""
    inputs = {name: keras.Input((4,), name=name) for name in (first, second)}
    return keras.Model(inputs, layers.Dense(2)(2 * inputs[first] + inputs[second]))
