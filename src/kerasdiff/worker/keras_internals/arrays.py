"""What is an array to the backend that Keras runs on here? The little that loading and learning ask of it by itself.

Imports generations; imported by the room alone. On TensorFlow it is TensorFlow that answers, on JAX ``jax.numpy``,
which is imported there alone.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from kerasdiff.worker.keras_internals.generations import Live

_VARIABLE = "KERAS_BACKEND"


@functools.cache
def backend() -> str:
    """What Keras runs on in this process: what was said when it was started."""
    return os.environ.get(_VARIABLE, "tensorflow")


def on_tensorflow() -> bool:
    """Whether Keras runs on TensorFlow, whose graphs are what a model does."""
    return backend() == "tensorflow"


@functools.cache
def _jax() -> Live:
    return importlib.import_module("jax")


def backend_version() -> str:
    """``jax 0.10.2``; empty on TensorFlow, whose version is told anyway."""
    return "" if on_tensorflow() else f"{backend()} {importlib.import_module(backend()).__version__}"


def is_array(value: object) -> bool:
    """Whether a value is an array or tensor of the backend, symbolic or not."""
    return bool(tf.is_tensor(value)) if on_tensorflow() else isinstance(value, _jax().Array)


def array(values: Live, dtype: str) -> Live:
    """Values as an array of the backend."""
    if on_tensorflow():
        return tf.cast(tf.convert_to_tensor(values), dtype)
    return _jax().numpy.asarray(np.asarray(values)).astype(dtype)


def to_numpy(value: Live) -> Live:
    """An array or variable of the backend as numpy has it, a copy."""
    return np.array(tf.convert_to_tensor(value).numpy()) if on_tensorflow() else np.array(value)


def summed(terms: Sequence[Live]) -> Live:
    """One number: the sum of all entries of all terms, in the precision of the first."""
    if on_tensorflow():
        return tf.add_n([tf.reduce_sum(tf.cast(term, terms[0].dtype)) for term in terms])
    numpy = _jax().numpy
    return sum(numpy.sum(numpy.asarray(term, terms[0].dtype)) for term in terms)


def sums(terms: Sequence[Live]) -> Live:
    """The sum of each term, all in float64 in one array, as far as the backend has it; a single 0 where there are none.

    On JAX float64 is there where it was switched on.
    """
    if on_tensorflow():
        return tf.stack([tf.reduce_sum(tf.cast(one, "float64")) for one in terms]) if terms else tf.zeros(1, "float64")
    numpy = _jax().numpy
    return numpy.stack([numpy.sum(numpy.asarray(one, float)) for one in terms]) if terms else numpy.zeros(1, float)


@contextmanager
def wide() -> Iterator[None]:
    """Lets there be float64 inside: JAX makes float32 of it where nobody asks (``jax.enable_x64``), and so does Keras.

    ``BIT64_TO_BIT32_DTYPE`` of ``keras.src.backend.common.dtypes``. Checked with Keras 3.11 to 3.15.1.
    """
    if on_tensorflow():
        yield
        return
    jax = _jax()
    owner = jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")
    narrowed: dict[str, str] = sys.modules["keras.src.backend.common.dtypes"].BIT64_TO_BIT32_DTYPE
    before = narrowed["float64"]
    narrowed["float64"] = "float64"
    try:
        with owner.enable_x64(True):
            yield
    finally:
        narrowed["float64"] = before
