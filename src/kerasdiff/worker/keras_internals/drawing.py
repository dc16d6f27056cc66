"""Through which functions of TensorFlow do random numbers come? Those of every generation of Keras pass here.

Imports generations; imported by the room alone.

``tf.random.uniform``, ``tf.nn.dropout``, ``tf.random.Generator`` and the generators of both Keras come down to these
six functions, which are taken from the modules of generated code at each call. Checked with TensorFlow 2.13 to 2.21.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import tensorflow as tf
from tensorflow.python.framework import tensor_util
from tensorflow.python.ops import gen_random_ops, gen_stateless_random_ops_v2

from kerasdiff.graph.ops import FAMILIES
from kerasdiff.worker.keras_internals.generations import Live, generation

_KERNEL = {"random_uniform": "RandomUniform", "random_standard_normal": "RandomStandardNormal",
           "truncated_normal": "TruncatedNormal"}  # fmt: skip
_KEYED = {"stateless_random_uniform_v2": "StatelessRandomUniformV2",
          "stateless_random_normal_v2": "StatelessRandomNormalV2",
          "stateless_truncated_normal_v2": "StatelessTruncatedNormalV2"}  # fmt: skip

_KEYED_OF = {FAMILIES[kind]: function for function, kind in _KEYED.items()}
_PHILOX = 1

Take = Callable[[str, Live, Live, Live], Live]
"""Gives the numbers of a family, shape and type; the last is their source: the key of a draw that takes one, the seeds
of one inside a kernel. ``None`` leaves the draw as it is."""

LEFT = "kerasdiff_left"
"""Names the ops of draws that passed here and were left as they are."""


@contextmanager
def draws_taken(take: Take) -> Iterator[None]:
    """Lets what is drawn in a graph meanwhile be taken from elsewhere; what is drawn at once stays as it is."""
    own = {
        (module, name): getattr(module, name)
        for module, names in ((gen_random_ops, _KERNEL), (gen_stateless_random_ops_v2, _KEYED))
        for name in names
    }

    def kernel(function: Live, family: str) -> Live:
        @functools.wraps(function)
        def drawn(shape: Live, dtype: Live, seed: int = 0, seed2: int = 0, name: str | None = None) -> Live:
            if tf.executing_eagerly():
                return function(shape, dtype, seed=seed, seed2=seed2, name=name)
            given = take(family, shape, dtype, (seed, seed2))
            return _left(function, shape, dtype, seed=seed, seed2=seed2) if given is None else given

        return drawn

    def keyed(function: Live, family: str) -> Live:
        @functools.wraps(function)
        def drawn(
            shape: Live, key: Live, counter: Live, alg: Live, dtype: Live = tf.float32, name: str | None = None
        ) -> Live:
            if tf.executing_eagerly():
                return function(shape, key, counter, alg, dtype=dtype, name=name)
            given = take(family, shape, dtype, key)
            return _left(function, shape, key, counter, alg, dtype=dtype) if given is None else given

        return drawn

    for (module, name), function in own.items():
        wrap, kinds = (kernel, _KERNEL) if module is gen_random_ops else (keyed, _KEYED)
        setattr(module, name, wrap(function, FAMILIES[kinds[name]]))
    try:
        yield
    finally:
        for (module, name), function in own.items():
            setattr(module, name, function)


def _left(function: Live, *args: Live, **kwargs: Live) -> Live:
    with tf.name_scope(LEFT):
        return function(*args, **kwargs)


def draw(family: str, shape: Live, dtype: Live, seed: Live, name: str) -> Live:
    """Draws numbers of a family that follow from a seed, two whole numbers, alone."""
    with tf.name_scope(name):
        key, counter = gen_stateless_random_ops_v2.stateless_random_get_key_counter(seed)
        function = getattr(gen_stateless_random_ops_v2, _KEYED_OF[family])
        # What is wrapped now is asked past its wrapper.
        return getattr(function, "__wrapped__", function)(shape, key, counter, _PHILOX, dtype=dtype)


def static_shape(shape: Live) -> tuple[int | None, ...] | None:
    """What is known of the shape that a tensor of sizes stands for (``constant_value_as_shape``)."""
    known = tensor_util.constant_value_as_shape(tf.convert_to_tensor(shape))
    return None if known.rank is None else tuple(known.as_list())


def seed_draws(layer: Live, seed_of: Callable[[int], int]) -> None:
    """Sets what a layer draws by, as if it had been made with a seed; its first draw then follows from that.

    States of generators in Keras 3. In Keras 2 ``_random_generator`` of a layer or its cell, which counts its seeds;
    its kernels go on from where they were, and ``tf.random.set_seed`` sets them back.
    Checked with Keras 2.13 to 2.21 and 3.11 to 3.15.1.

    Args:
        layer: It, built.
        seed_of: Gives the seed of its first generator, its second and so on.
    """
    if generation() == "second":
        held = (layer, *layer._flatten_layers(include_self=False, recursive=True))
        generators = [one._random_generator for one in held if getattr(one, "_random_generator", None) is not None]
        for number, generator in enumerate(generators):
            generator._seed = seed_of(number)
        tf.random.set_seed(0)
        return
    weights = {id(weight) for weight in layer.weights}
    for number, state in enumerate(item for item in layer.variables if id(item) not in weights):
        state.assign(tf.fill(state.shape, tf.cast(seed_of(number), state.dtype)))
