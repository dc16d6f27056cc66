"""The forum's candidate: the layers as attributes, and ``keras.activations.relu`` where ``a.py`` has none."""

from tensorflow import keras


class ConvModel_2(keras.Model):
    def __init__(self, input_shape):
        super().__init__()
        self.inp = keras.layers.Input(shape=input_shape)
        self.c2d_32 = keras.layers.Conv2D(32, 3)
        self.bnrm_1 = keras.layers.BatchNormalization()
        self.mp_1 = keras.layers.MaxPool2D()
        self.c2d_64 = keras.layers.Conv2D(64, 5)
        self.bnrm_2 = keras.layers.BatchNormalization()
        self.mp_2 = keras.layers.MaxPool2D()
        self.c2d_128 = keras.layers.Conv2D(128, 3, kernel_regularizer=keras.regularizers.l2(0.01))
        self.bnrm_3 = keras.layers.BatchNormalization()
        self.flt = keras.layers.Flatten()
        self.dns_64 = keras.layers.Dense(64, activation="relu", kernel_regularizer=keras.regularizers.l2(0.01))
        self.do = keras.layers.Dropout(0.5)
        self.dns_10 = keras.layers.Dense(10)

    def call(self, inputs):
        x = self.c2d_32(inputs)
        x = self.bnrm_1(x)
        x = keras.activations.relu(x)
        x = self.mp_1(x)
        x = self.c2d_64(x)
        x = self.bnrm_2(x)
        x = keras.activations.relu(x)
        x = self.mp_2(x)
        x = self.c2d_128(x)
        x = self.bnrm_3(x)
        x = keras.activations.relu(x)
        x = self.flt(x)
        x = self.dns_64(x)
        x = self.do(x)
        return self.dns_10(x)

    def model(self):
        x = self.inp
        return keras.Model(inputs=[x], outputs=self.call(x))
