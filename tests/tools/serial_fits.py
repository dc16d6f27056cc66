"""What a trial pair is measured against: both models of the forum by ``model.fit``, one after the other."""

SERIAL = """
import sys, time
import keras, numpy as np
from fixed import ConvModel_1
from b import ConvModel_2
file = np.load(sys.argv[1])
epochs, untimed = int(sys.argv[2]), int(sys.argv[3])
x, y = file["x_train"].astype("float32") / 255, file["y_train"]
spent = 0.0
for build in (ConvModel_1, ConvModel_2):
    model = build((32, 32, 3))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-4), loss, metrics=["accuracy"])
    if untimed:
        model.fit(x, y, batch_size=64, epochs=untimed, verbose=0)
    began = time.perf_counter()
    model.fit(x, y, batch_size=64, epochs=epochs - untimed, verbose=0)
    spent += time.perf_counter() - began
print(2 * (epochs - untimed) * len(x) / spent)
"""
"""A program: data, epochs, and how many of them compile and warm up without being timed; it prints samples a second."""
