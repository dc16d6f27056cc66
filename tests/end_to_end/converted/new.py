"""What the models of ``old.py`` were rewritten as."""

import keras

L = keras.layers


class Convnet(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = L.Dense(8)
        self.hidden = L.Dense(8)
        self.conv = L.Conv2D(3, 3)
        self.norm = L.BatchNormalization()

    def call(self, inputs, training=False):
        features = self.norm(keras.ops.relu(self.conv(inputs)), training=training)
        return self.head(keras.ops.relu(self.hidden(keras.ops.reshape(features, (-1, 48)))))


class Deeper(Convnet):
    """With a layer that the other does not have."""

    def __init__(self):
        super().__init__()
        self.more = L.Dense(8)

    def call(self, inputs, training=False):
        return self.more(super().call(inputs, training=training))


class Forgetful(Convnet):
    """Without a ReLU."""

    def call(self, inputs, training=False):
        return self.head(self.hidden(keras.ops.reshape(self.norm(self.conv(inputs), training=training), (-1, 48))))


class Recurrent(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = L.Dense(2)
        self.gates = L.GRU(3)
        self.memory = L.LSTM(4, return_sequences=True)

    def call(self, inputs):
        return self.out(self.gates(self.memory(inputs)))


class Ordered(keras.Model):
    def __init__(self):
        super().__init__()
        self.second = L.Dense(5)
        self.first = L.Dense(5, activation="tanh")

    def call(self, inputs):
        return self.second(self.first(inputs))


def flat():
    inputs = L.Input((5,))
    return keras.Model(inputs, L.Dense(3)(L.Dense(4)(L.Dense(4, activation="relu")(inputs))))


def pointwise():
    return keras.Sequential([L.Input((4, 4, 3)), L.Conv2D(5, 1), L.GlobalAveragePooling2D()])


def together():
    return keras.Sequential([L.Input((5,)), L.Dense(6)])


class Turned(L.Layer):
    """A product with a matrix that is laid out the other way round."""

    def build(self, shape):
        self.matrix = self.add_weight(shape=(4, shape[-1]), name="matrix")
        self.offset = self.add_weight(shape=(4,), name="offset")

    def call(self, inputs):
        return keras.ops.matmul(inputs, keras.ops.transpose(self.matrix)) + self.offset


def turned():
    inputs = L.Input((5,))
    return keras.Model(inputs, L.Dense(3)(L.Dense(4)(keras.ops.relu(Turned()(inputs)))))


class Words(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = L.Dense(2)
        self.table = L.Embedding(20, 4, mask_zero=True)
        self.both = L.Bidirectional(L.LSTM(3))

    def call(self, inputs):
        return self.out(self.both(self.table(inputs)))


class Fused(L.Layer):
    """Attention whose query, key and value come from one Dense."""

    def __init__(self):
        super().__init__()
        self.out, self.all = L.Dense(6), L.Dense(18)

    def call(self, inputs):
        parts = keras.ops.split(self.all(inputs), 3, axis=-1)
        query, key, value = (keras.ops.transpose(keras.ops.reshape(p, (-1, 4, 2, 3)), (0, 2, 1, 3)) for p in parts)
        scores = keras.ops.softmax(keras.ops.matmul(query, keras.ops.transpose(key, (0, 1, 3, 2))) / 3**0.5)
        heads = keras.ops.transpose(keras.ops.matmul(scores, value), (0, 2, 1, 3))
        return self.out(keras.ops.reshape(heads, (-1, 4, 6)))


def attention():
    inputs = L.Input((4, 6))
    return keras.Model(inputs, L.Dense(2)(Fused()(L.Normalization()(inputs))))
