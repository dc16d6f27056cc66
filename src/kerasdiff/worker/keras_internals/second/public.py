"""What is public in Keras 2, by the names of Keras 3?"""

from __future__ import annotations

import importlib
from functools import cache
from types import SimpleNamespace

import tensorflow as tf

from kerasdiff.worker.keras_internals.generations import Live, second_package


def package(path: str = "") -> Live:
    return importlib.import_module(second_package() + (f".{path}" if path else ""))


class _Public:
    """The public part of Keras 2: what has another name or place there, else what has the same."""

    def __init__(self) -> None:
        own = package()
        self.Layer = self.Operation = own.layers.Layer
        self.Variable = tf.Variable
        self.KerasTensor = package("src.engine.keras_tensor").KerasTensor
        self.tree = SimpleNamespace(
            flatten=tf.nest.flatten,
            pack_sequence_as=tf.nest.pack_sequence_as,
            map_structure=tf.nest.map_structure,
            flatten_with_path=_flatten_with_path,
        )
        self.backend = SimpleNamespace(standardize_dtype=lambda dtype: tf.as_dtype(dtype).name)
        self.config = SimpleNamespace(
            floatx=own.backend.floatx,
            image_data_format=own.backend.image_data_format,
            set_floatx=own.backend.set_floatx,
            epsilon=own.backend.epsilon,
            set_epsilon=own.backend.set_epsilon,
            set_image_data_format=own.backend.set_image_data_format,
            dtype_policy=own.mixed_precision.global_policy,
            set_dtype_policy=own.mixed_precision.set_global_policy,
            disable_traceback_filtering=tf.debugging.disable_traceback_filtering,
        )
        self.dtype_policies = SimpleNamespace(DTypePolicy=own.mixed_precision.Policy)

    def __getattr__(self, name: str) -> Live:
        return getattr(package(), name)


def _flatten_with_path(structure: Live) -> list[tuple[tuple[Live, ...], Live]]:
    """``keras.tree.flatten_with_path``: ``nest.flatten_with_tuple_paths``. Checked with TensorFlow 2.13 to 2.21."""
    from tensorflow.python.util import nest

    return list(nest.flatten_with_tuple_paths(structure))


public = cache(_Public)


def reread_configuration() -> None:
    """``keras.src.backend_config``. Checked with Keras 2.13 to 2.21."""
    importlib.reload(package("src.backend_config"))
