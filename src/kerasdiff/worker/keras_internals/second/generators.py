"""Random generators of Keras 2; see :mod:`...third.generators`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kerasdiff.worker.keras_internals.generations import Live


@contextmanager
def default_seeds() -> Iterator[list[int]]:
    """None: what is given no seed takes those of TensorFlow's global one."""
    yield []


def generators_stand_at(seed: int, drawn: int) -> bool:
    """Not known: Keras 2 draws seeds of initializers from a generator of its own (``backend._SEED_GENERATOR``)."""
    return False


def is_seed_state(variable: Live) -> bool:
    """The state of a ``tf.random.Generator`` is named ``StateVar``. Checked with TensorFlow 2.13 to 2.21."""
    return str(variable.name).split("/")[-1].split(":")[0].startswith("StateVar")


def global_generator_state() -> Live:
    """None: random functions without a seed take TensorFlow's, which is no variable."""
    return None
