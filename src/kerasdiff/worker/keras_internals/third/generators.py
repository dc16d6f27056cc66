"""Which random generators does Keras 3 draw from, and from where do they start?"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
from tensorflow.python.eager import context

from kerasdiff.worker.keras_internals.generations import Live


@contextmanager
def default_seeds() -> Iterator[list[int]]:
    """Notes the seeds that Keras draws meanwhile for layers and initializers that were given none.

    ``make_default_seed`` takes them from ``random``, which its module calls ``python_random``. Checked with Keras 3.11
    to 3.15.1.
    """
    module: Live = sys.modules["keras.src.random.seed_generator"]
    drawn: list[int] = []
    own = module.python_random

    def randint(low: int, high: int) -> int:
        drawn.append(own.randint(low, high))
        return drawn[-1]

    module.python_random = SimpleNamespace(randint=randint)
    try:
        yield drawn
    finally:
        module.python_random = own


def generators_stand_at(seed: int, drawn: int) -> bool:
    """Whether nobody has used a global generator since ``keras.utils.set_random_seed``, but Keras for so many seeds.

    Python's, numpy's, and that of eager TensorFlow (``Context._rng``). Checked with Keras 3.11 to 3.15.1, whose seeds
    are ``randint(1, 1_000_000_000)``, and with TensorFlow 2.16 to 2.21.
    """
    python = random.Random(seed)
    for _ in range(drawn):
        python.randint(1, 1_000_000_000)
    unused, now = np.random.RandomState(seed).get_state(), np.random.get_state()
    return (
        random.getstate() == python.getstate()
        and all(np.array_equal(one, two) for one, two in zip(unused, now, strict=True))
        and context.context()._rng.getstate() == random.Random(seed).getstate()
    )


def is_seed_state(variable: Live) -> bool:
    """Whether a variable is the state of a random generator: those are named ``seed_generator_state``.

    ``SeedGenerator``. Checked with Keras 3.11 to 3.15.1.
    """
    return "seed_generator_state" in str(variable.name)


def global_generator_state() -> Live:
    """The state of the generator that random functions without a seed share; it is made where no call has yet.

    ``global_seed_generator`` of ``keras.src.random.seed_generator``, which is exported under no name; a first call
    that draws makes it just so, and it lives on. Checked with Keras 3.11 to 3.15.1.
    """
    from keras.src.random.seed_generator import global_seed_generator

    return global_seed_generator().state
