"""Pairs about every recurrent layer: cells of one's own, states, masks, direction, loops and wrappers."""

import keras
import tensorflow as tf
from keras import layers, ops


def simple(activation="tanh"):
    x = keras.Input((5, 3))
    return keras.Model(x, layers.Dense(2)(layers.SimpleRNN(4, activation=activation)(x)))


class SimpleLoop(keras.Model):
    """``simple`` with its cell called step by step, unrolled in Python."""

    def __init__(self):
        super().__init__()
        self.cell, self.head = layers.SimpleRNNCell(4), layers.Dense(2)

    def call(self, x):
        state = [tf.zeros((tf.shape(x)[0], 4), x.dtype)]
        for step in range(5):
            out, state = self.cell(x[:, step], state)
        return self.head(out)


class SimpleRolled(keras.Model):
    """``simple`` as a subclass; the loop may be unrolled."""

    def __init__(self, unroll=False):
        super().__init__()
        self.loop, self.out = layers.SimpleRNN(4, unroll=unroll), layers.Dense(2)

    def call(self, x):
        return self.out(self.loop(x))


class Leaky(layers.Layer):
    """A cell of one's own."""

    def __init__(self, units, leak=0.5, activation="tanh"):
        super().__init__()
        self.units, self.leak, self.state_size = units, leak, units
        self.activation = keras.activations.get(activation)

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), name="w")
        self.u = self.add_weight(shape=(self.units, self.units), name="u")

    def call(self, x, states):
        new = self.activation(ops.matmul(x, self.w) + ops.matmul(states[0], self.u))
        new = self.leak * states[0] + (1.0 - self.leak) * new
        return new, [new]


class LeakyUnit(layers.Layer):
    """``Leaky`` in raw TensorFlow, with other names."""

    def __init__(self, width):
        super().__init__()
        self.width, self.state_size, self.output_size = width, width, width

    def build(self, shape):
        self.inward = self.add_weight(shape=(shape[-1], self.width), name="inward")
        self.back = self.add_weight(shape=(self.width, self.width), name="back")

    def call(self, now, states):
        new = tf.tanh(tf.matmul(now, self.inward) + tf.matmul(states[0], self.back))
        new = 0.5 * states[0] + 0.5 * new
        return new, [new]


def leaky(leak=0.5, activation="tanh"):
    x = keras.Input((5, 3))
    return keras.Model(x, layers.Dense(2)(layers.RNN(Leaky(4, leak, activation))(x)))


class LeakyNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.memory, self.read_out = layers.RNN(LeakyUnit(4)), layers.Dense(2)

    def call(self, x):
        return self.read_out(self.memory(x))


def stacked(second="tanh"):
    x = keras.Input((5, 3))
    cells = [layers.LSTMCell(4), layers.GRUCell(3, activation=second)]
    return keras.Model(x, layers.Dense(2)(layers.RNN(cells)(x)))


class Stacked(keras.Model):
    """``stacked`` with ``StackedRNNCells`` written out."""

    def __init__(self):
        super().__init__()
        self.loop = layers.RNN(layers.StackedRNNCells([layers.LSTMCell(4), layers.GRUCell(3)]))
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(self.loop(x))


def both_ways(merge="concat", backward=False):
    x = keras.Input((5, 3))
    other = layers.LSTM(4, go_backwards=True, recurrent_activation="hard_sigmoid") if backward else None
    return keras.Model(
        x, layers.Dense(2)(layers.Bidirectional(layers.LSTM(4), merge_mode=merge, backward_layer=other)(x))
    )


class BothWays(keras.Model):
    """``both_ways`` as a subclass with both directions given."""

    def __init__(self):
        super().__init__()
        self.loop = layers.Bidirectional(layers.LSTM(4), backward_layer=layers.LSTM(4, go_backwards=True))
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(self.loop(x))


class TwoLoops(keras.Model):
    """``both_ways`` by hand: two LSTMs and a concatenation."""

    def __init__(self, reverse=True):
        super().__init__()
        self.there, self.back = layers.LSTM(4), layers.LSTM(4, go_backwards=reverse)
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(ops.concatenate([self.there(x), self.back(x)], axis=-1))


def state_to_state(hand_over=True):
    x = keras.Input((5, 3))
    _, h, c = layers.LSTM(4, return_state=True)(x)
    y = layers.LSTM(4, return_sequences=True)(x, initial_state=[h, c] if hand_over else [c, h])
    return keras.Model(x, layers.Dense(2)(y))


class StateToState(keras.Model):
    """``state_to_state`` as a subclass: an encoder hands its state to a decoder, or forgets to."""

    def __init__(self, hand_over=True):
        super().__init__()
        self.hand_over = hand_over
        self.encoder, self.decoder = layers.LSTM(4, return_state=True), layers.LSTM(4, return_sequences=True)
        self.out = layers.Dense(2)

    def call(self, x):
        _, *states = self.encoder(x)
        return self.out(self.decoder(x, initial_state=states if self.hand_over else None))


def stateful(keep=True):
    x = keras.Input(batch_shape=(4, 5, 3))
    return keras.Model(x, layers.Dense(2)(layers.GRU(4, stateful=keep)(x)))


class Stateful(keras.Model):
    def __init__(self):
        super().__init__()
        self.loop, self.out = layers.GRU(4, stateful=True), layers.Dense(2)

    def call(self, x):
        return self.out(self.loop(x))


def conv_lstm(rank=1, activation="tanh"):
    kind = {1: layers.ConvLSTM1D, 2: layers.ConvLSTM2D, 3: layers.ConvLSTM3D}[rank]
    x = keras.Input((3, *(4,) * rank, 2))
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(kind(2, 3, activation=activation)(x))))


class ConvLstm(keras.Model):
    def __init__(self, rank=1):
        super().__init__()
        kind = {1: layers.ConvLSTM1D, 2: layers.ConvLSTM2D, 3: layers.ConvLSTM3D}[rank]
        self.loop, self.flat, self.out = kind(filters=2, kernel_size=3), layers.Flatten(), layers.Dense(2)

    def call(self, x):
        return self.out(self.flat(self.loop(x)))


def masked(loop="GRU", pass_mask=True, dropout=0.0):
    words = keras.Input((5,), dtype="int32")
    h = layers.Embedding(20, 4, mask_zero=pass_mask)(words)
    h = getattr(layers, loop)(3, return_sequences=True, recurrent_dropout=dropout)(h)
    return keras.Model(words, layers.TimeDistributed(layers.Dense(2))(h))


class MaskPassed(keras.Model):
    """``masked`` with its mask computed and passed by hand."""

    def __init__(self, loop="GRU", pass_mask=True):
        super().__init__()
        self.pass_mask = pass_mask
        self.words, self.loop = layers.Embedding(20, 4), getattr(layers, loop)(3, return_sequences=True)
        self.out = layers.Dense(2)

    def call(self, ids):
        mask = ops.not_equal(ids, 0) if self.pass_mask else None
        return self.out(self.loop(self.words(ids), mask=mask))


def per_step(activation="relu"):
    x = keras.Input((4, 6, 3))
    inner = keras.Sequential([layers.Conv1D(2, 3), layers.Activation(activation), layers.GlobalMaxPooling1D()])
    return keras.Model(x, layers.Dense(2)(layers.TimeDistributed(inner)(x)))


class PerStep(keras.Model):
    """``per_step`` with the frames folded into the batch by hand."""

    def __init__(self):
        super().__init__()
        self.conv, self.pool, self.out = (
            layers.Conv1D(2, 3, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(2),
        )

    def call(self, x):
        frames = ops.reshape(x, (-1, 6, 3))
        return self.out(ops.reshape(self.pool(self.conv(frames)), (-1, 4, 2)))


class PerStepNamed(keras.Model):
    """``per_step`` as a subclass with a model inside TimeDistributed."""

    def __init__(self):
        super().__init__()
        frame = keras.Input((6, 3))
        body = keras.Model(frame, layers.GlobalMaxPooling1D()(layers.Conv1D(2, 3, activation="relu")(frame)))
        self.frames, self.out = layers.TimeDistributed(body), layers.Dense(2)

    def call(self, x):
        return self.out(self.frames(x))


class LastOfAll(keras.Model):
    """The last of all outputs, or the first."""

    def __init__(self, step=-1, both_ways=False):
        super().__init__()
        loop = layers.LSTM(4, return_sequences=True)
        self.loop, self.head, self.step = (layers.Bidirectional(loop) if both_ways else loop), layers.Dense(2), step

    def call(self, x):
        return self.head(self.loop(x)[:, self.step])


def last(both_ways=False):
    """``LastOfAll`` by the layer itself."""
    loop = layers.LSTM(4)
    return keras.Sequential([keras.Input((5, 3)), layers.Bidirectional(loop) if both_ways else loop, layers.Dense(2)])


class StateTaken(keras.Model):
    """Reads the hidden state of an LSTM, or the state of its cell."""

    def __init__(self, number=1):
        super().__init__()
        self.loop, self.head, self.number = layers.LSTM(4, return_state=True), layers.Dense(2), number

    def call(self, x):
        return self.head(self.loop(x)[self.number])


def two_ways():
    x = keras.Input((5, 3))
    return keras.Model(x, layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x))


class TwoWays(keras.Model):
    """``two_ways`` by two layers, the second on the turned sequence; whose outputs are turned back, or not."""

    def __init__(self, back=True):
        super().__init__()
        self.back = back
        self.first, self.second = layers.LSTM(4, return_sequences=True), layers.LSTM(4, return_sequences=True)

    def call(self, x):
        turned = self.second(ops.flip(x, axis=1))
        return ops.concatenate([self.first(x), ops.flip(turned, axis=1) if self.back else turned], axis=-1)
