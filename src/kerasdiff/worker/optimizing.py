"""Are graphs run as they are written, or as TensorFlow's optimiser (Grappler) rewrites them?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def as_written() -> Iterator[None]:
    """Runs graphs without TensorFlow's optimiser: for a few runs it costs more than it saves.

    Measured on EfficientNetV2S: 1.3 s for a first run with it, 0.4 s without; on the training steps of the forum pair:
    0.27 s and 0.13 s of processor time, and 45 ms for each step from there on, either way. It also fuses and reorders
    ops.
    """
    before = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False, **before})
