"""Files and copies of models of Keras 2; see :mod:`...third.copies`."""

from __future__ import annotations

import inspect

import tensorflow as tf

from kerasdiff.worker.keras_internals.generations import Live
from kerasdiff.worker.keras_internals.second.layers import held_variables, sublayers
from kerasdiff.worker.keras_internals.second.public import package, public
from kerasdiff.worker.keras_internals.second.training import penalizes


def stored_variables(model: Live) -> dict[str, Live]:
    """The same function, which hands over values: what ``Layer.save_own_variables`` takes them from goes by its order.

    Checked with Keras 2.13 to 2.21.
    """
    kept: dict[str, Live] = {}
    held: list[Live] = []

    class Kept:
        def __init__(self, path: str = "") -> None:
            self.path = path

        def make(self, path: str) -> Live:
            return Kept(path)

        def __setitem__(self, key: str, value: Live) -> None:
            at = int(key) if key.isdigit() else len(held)
            kept[path_in_third(f"{self.path}/vars/{key}".lstrip("/"))] = held[at] if at < len(held) else value

    lib = package("src.saving.saving_lib")
    save = lib._save_state

    def noted(trackable: Live, *others: Live, **named: Live) -> None:
        held[:] = held_variables(trackable)
        save(trackable, *others, **named)

    lib._save_state = noted
    try:
        noted(model, weights_store=Kept(), assets_store=None, inner_path="", visited_trackables=set())
    finally:
        lib._save_state = save
    return kept


def path_in_third(path: str) -> str:
    """``H5IOStore.get`` of Keras 3 knows that ``layers`` was called otherwise. Checked with Keras 3.11 to 3.15."""
    return path.replace("_layer_checkpoint_dependencies", "layers")


def to_precision(copied: Live, precision: str) -> None:
    """A policy, a symbolic tensor, what a layer computes in; variables are made in it (:mod:`..live.unpack`).

    Checked with Keras 2.13 to 2.21.
    """
    if precision == "float32":
        return
    state = copied.__dict__
    if isinstance(copied, public().mixed_precision.Policy):
        if copied.name == "float32":
            state.update(public().mixed_precision.Policy(precision).__dict__)
        return
    if state.get("fused"):
        copied.fused = False  # as a layer that is made in this precision: there is no such kernel
    spec = state.get("_type_spec")
    if isinstance(spec, tf.TensorSpec) and spec.dtype == tf.float32:
        state["_type_spec"] = tf.TensorSpec(spec.shape, precision, spec.name)
    for name in ("_compute_dtype_object", "_dtype", "dtype"):
        if state.get(name) in (tf.float32, "float32"):
            state[name] = tf.as_dtype(precision) if name == "_compute_dtype_object" else precision


def identify(copied: Live) -> None:
    """``Node``, ``Functional``, ``_Optimizer``; the ``call`` of ``TFOpLambda``, and regularizers of weights.

    The latter stand in the functions of ``_callable_losses``. Checked with Keras 2.13 to 2.21.
    """
    state = copied.__dict__
    if "flat_input_ids" in state:
        copied.flat_input_ids = [str(id(one)) for one in copied.keras_inputs]
        copied.flat_output_ids = [str(id(one)) for one in tf.nest.flatten(copied.outputs)]
        places = [at for _, at in copied._keras_inputs_ids_and_indices]
        copied._keras_inputs_ids_and_indices = list(zip(copied.flat_input_ids, places, strict=True))
    if isinstance(copied, package("src.layers.core.tf_op_layer").TFOpLambda):
        own = dict(state)
        type(copied).__init__(copied, own["function"])
        call = state["call"]
        state.clear()
        state.update(own, call=call)
    if "_tensor_usage_count" in state:
        copied._compute_tensor_usage_count()
    if "_index_dict" in state:
        copied._build_index_dict(state.get("_trainable_variables") or ())
    for penalty in state.get("_callable_losses", ()):
        inner: Live = penalty.args[0] if getattr(penalty, "args", ()) else None
        for one in getattr(inner, "args", ()):
            if isinstance(one, tf.Variable) and penalizes(penalty, one):
                one.regularizer = inspect.getclosurevars(inner.func).nonlocals.get("regularizer")


_LEAST_EPSILON = 1.001e-5
"""What ``tf.compat.v1.nn.fused_batch_norm`` takes for a smaller epsilon (TensorFlow 2.13 to 2.21)."""


def as_in_float32(model: Live) -> None:
    """``BatchNormalization`` of images: its fused op has no kernel in float64, and the ops taken there do not the same.

    The fused op corrects the variance that the moving one follows for the size of the sample (Bessel), and has a least
    epsilon. ``_moments`` and ``_assign_moving_average`` of ``BatchNormalizationBase``. Checked with Keras 2.13 to 2.21.
    """
    base = package("src.layers.normalization.batch_normalization").BatchNormalizationBase
    for layer in (model, *sublayers(model, deep=True)):
        if isinstance(layer, base) and _would_be_fused(layer):
            layer.epsilon = max(layer.epsilon, _LEAST_EPSILON)
            _correct(layer)


def _would_be_fused(layer: Live) -> bool:
    other = (getattr(layer, name, None) for name in ("synchronized", "renorm", "virtual_batch_size", "adjustment"))
    rank = getattr(layer.input_spec, "ndim", None)
    return not layer.fused and not any(other) and (rank, *layer.axis) in ((4, 1), (4, 3), (5, 1), (5, 4))


def _correct(layer: Live) -> None:
    """Multiplies the variance that the moving one of a layer follows by ``n / (n - 1)``, over ``n`` values each."""
    moments, average = layer._moments, layer._assign_moving_average
    factors: list[Live] = []

    def counted(inputs: Live, axes: Live, **options: Live) -> Live:
        count = tf.cast(tf.reduce_prod(tf.gather(tf.shape(inputs), list(axes))), inputs.dtype)
        factors[:] = [count / tf.maximum(count - 1, 1)]
        return moments(inputs, axes, **options)

    def corrected(variable: Live, value: Live, *others: Live) -> Live:
        return average(variable, value * factors[0] if variable is layer.moving_variance else value, *others)

    held: dict[str, Live] = layer.__dict__  # past the layer's own ``__setattr__``
    held.update(_moments=counted, _assign_moving_average=corrected)
