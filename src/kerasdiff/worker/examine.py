"""Answers ``examine``: what is there to compute with, and does it compute the same twice?"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from kerasdiff.side.health import Examined
from kerasdiff.worker import hardware
from kerasdiff.worker.describe import environment

if TYPE_CHECKING:
    from kerasdiff.worker.loading.session import Session


def examine(session: Session) -> Examined:
    """Looks at this process; its model is not asked for."""
    del session
    graphics = [tf.config.experimental.get_device_details(one).get("device_name", one.name) for one in hardware.gpus()]
    return Examined(environment=environment(), devices=("processor", *graphics), digests=(_computed(), _computed()))


def _computed() -> str:
    """A digest of what a convolution, a product and their gradients give, all compiled anew."""
    draw = np.random.default_rng(0)
    images, kernel, matrix = (
        tf.constant(draw.standard_normal(shape), tf.float32) for shape in ((8, 16, 16, 8), (3, 3, 8, 16), (16, 32))
    )

    def run() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch((images, kernel, matrix))
            outputs = tf.nn.relu(tf.nn.conv2d(images, kernel, 1, "SAME")) @ matrix
            loss = tf.reduce_mean(tf.square(outputs))
        return [outputs, *tape.gradient(loss, (images, kernel, matrix))]

    digest = hashlib.sha256()
    for value in tf.function(run)():
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()
