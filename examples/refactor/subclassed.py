"""The network of ``sequential.py`` as a subclass that applies its activations with TensorFlow."""

import keras
import tensorflow as tf
from keras import layers


class Net(keras.Model):
    def __init__(self, num_classes=10):
        super().__init__()
        self.stem = layers.Conv2D(16, 3, padding="same", kernel_regularizer=keras.regularizers.L2(1e-4))
        self.norm = layers.BatchNormalization()
        self.pool = layers.MaxPooling2D()
        self.body = layers.Conv2D(32, 3, padding="same")
        self.flatten = layers.Flatten()
        self.hidden = layers.Dense(32)
        self.dropout = layers.Dropout(0.3)
        self.head = layers.Dense(num_classes)

    def call(self, images, training=None):
        x = tf.nn.relu(self.norm(self.stem(images), training=training))
        x = self.pool(x)
        x = tf.maximum(self.body(x), 0.0)
        x = self.flatten(self.pool(x))
        x = keras.activations.relu(self.hidden(x))
        return self.head(self.dropout(x, training=training))
