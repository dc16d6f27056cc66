"""What is asked of the backend that Keras runs on: one module for each, with the same functions.

``array_of``, ``summed``, ``compiled``, ``fast``, ``pulled``, ``carried``, ``updating`` and ``updated`` are about
numbers, ``traced`` and ``walked`` about a call and its ops (:mod:`kerasdiff.worker.backends.program`).
"""

from __future__ import annotations

import functools
import importlib

from kerasdiff.worker.keras_internals import Live, backend

CALLED = {"jax": "JAX", "torch": "PyTorch"}
"""What people call them."""


@functools.cache
def engine() -> Live:
    """That of the backend of this process."""
    return importlib.import_module(f"kerasdiff.worker.backends.on_{backend()}")


def called() -> str:
    """What the backend of this process is called."""
    return CALLED.get(backend(), backend())
