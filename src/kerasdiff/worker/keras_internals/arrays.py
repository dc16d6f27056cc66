"""What is an array to the backend that Keras runs on here? The little that loading and learning ask of it by itself.

Imports generations; imported by the room alone. On TensorFlow it is TensorFlow that answers, elsewhere ``keras.ops``.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import tensorflow as tf

from kerasdiff.worker.keras_internals.generations import Live, keras

_VARIABLE = "KERAS_BACKEND"


@functools.cache
def backend() -> str:
    """What Keras runs on in this process: what was said when it was started."""
    return os.environ.get(_VARIABLE, "tensorflow")


def on_tensorflow() -> bool:
    """Whether Keras runs on TensorFlow, whose graphs are what a model does."""
    return backend() == "tensorflow"


def backend_version() -> str:
    """``jax 0.10.2``; empty on TensorFlow, whose version is told anyway."""
    return "" if on_tensorflow() else f"{backend()} {importlib.import_module(backend()).__version__}"


def is_array(value: object) -> bool:
    """Whether a value is an array or tensor of the backend, symbolic or not."""
    return bool(tf.is_tensor(value)) if on_tensorflow() else bool(keras.ops.is_tensor(value))


def is_symbolic(value: Live) -> bool:
    """Whether a tensor is not known to be eager: elsewhere than on TensorFlow one cannot tell by the tensor."""
    return not (on_tensorflow() and hasattr(value, "numpy"))


def is_floating(value: Live) -> bool:
    """Whether a tensor holds floating numbers."""
    if on_tensorflow():
        return bool(tf.as_dtype(value.dtype).is_floating)
    return bool(keras.backend.is_float_dtype(keras.backend.standardize_dtype(value.dtype)))


def dtype_name(tensor: Live) -> str:
    """The dtype of a tensor, by the name that TensorFlow and numpy give it; PyTorch's says none."""
    kind = tensor.dtype
    return str(kind.name if hasattr(kind, "name") else keras.backend.standardize_dtype(kind))


def array(values: Live, dtype: str | None = None) -> Live:
    """Values as an array of the backend; of their own dtype, as far as it has that, where none is named."""
    made = tf.convert_to_tensor(values) if on_tensorflow() else keras.ops.convert_to_tensor(np.asarray(values))
    if dtype is None:
        return made
    return tf.cast(made, dtype) if on_tensorflow() else keras.ops.cast(made, dtype)


def recast(value: Live, dtype: str) -> Live:
    """An array of another backend in another dtype; PyTorch's becomes that itself, for a module holds it as well."""
    if backend() != "torch":
        return keras.ops.cast(value, dtype)
    value.data = keras.ops.cast(value.data, dtype)
    return value


def to_numpy(value: Live) -> Live:
    """An array or variable of the backend as numpy has it, a copy."""
    return np.array(tf.convert_to_tensor(value).numpy() if on_tensorflow() else keras.ops.convert_to_numpy(value))


def first_values(variable: Live, count: int) -> Live:
    """The first values of a variable, of which no more are copied."""
    if on_tensorflow():
        return tf.reshape(tf.convert_to_tensor(variable), [-1])[:count].numpy()
    return keras.ops.convert_to_numpy(keras.ops.reshape(variable, [-1])[:count])


def summed(terms: Sequence[Live]) -> Live:
    """One number: the sum of all entries of all terms, in the precision of the first."""
    if on_tensorflow():
        return tf.add_n([tf.reduce_sum(tf.cast(term, terms[0].dtype)) for term in terms])
    kind = keras.backend.standardize_dtype(terms[0].dtype)
    return sum(keras.ops.sum(keras.ops.cast(term, kind)) for term in terms)


def sums(terms: Sequence[Live]) -> Live:
    """The sum of each term, all in float64 in one array, as far as the backend has it; a single 0 where there are none.

    On JAX float64 is there where it was switched on.
    """
    if on_tensorflow():
        return tf.stack([tf.reduce_sum(tf.cast(one, "float64")) for one in terms]) if terms else tf.zeros(1, "float64")
    wide = keras.ops.convert_to_tensor(np.zeros(1, float)).dtype  # float32 on JAX where nobody asks for more
    kind = keras.backend.standardize_dtype(wide)
    each = [keras.ops.sum(keras.ops.cast(one, kind)) for one in terms]
    return keras.ops.stack(each) if each else keras.ops.zeros(1, kind)


@contextmanager
def wide() -> Iterator[None]:
    """Lets there be float64 inside: Keras makes float32 of it, as JAX does where nobody asks (``jax.enable_x64``).

    ``BIT64_TO_BIT32_DTYPE`` of ``keras.src.backend.common.dtypes``. Checked with Keras 3.11 to 3.15.1.
    """
    if on_tensorflow():
        yield
        return
    narrowed: dict[str, str] = sys.modules["keras.src.backend.common.dtypes"].BIT64_TO_BIT32_DTYPE
    before = narrowed["float64"]
    narrowed["float64"] = "float64"
    try:
        with _of_jax() if backend() == "jax" else nullcontext():
            yield
    finally:
        narrowed["float64"] = before


def _of_jax() -> Live:
    """Switches float64 on."""
    jax = importlib.import_module("jax")
    return (jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")).enable_x64(True)
