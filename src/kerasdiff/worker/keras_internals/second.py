"""Which private parts of Keras 2 answer what :mod:`.third` answers for Keras 3?

Imports generations and errors; imported by the room alone, by name, where Keras 2 is in effect: ``tf_keras`` beside
Keras 3, or the ``keras`` of TensorFlow 2.13 to 2.15. The source is the same but for the name of the package. A function
says only in what it differs from its namesake.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace

import tensorflow as tf

from kerasdiff.worker.keras_internals.generations import Live, second_package

TOO_OLD = "it comes from Keras 2, where kerasdiff does not do this yet"


def _package(path: str = "") -> Live:
    return importlib.import_module(second_package() + (f".{path}" if path else ""))


# --- What is public, by the names of Keras 3 --------------------------------------------------------------------------


class _Public:
    """The public part of Keras 2: what has another name or place there, else what has the same."""

    def __init__(self) -> None:
        own = _package()
        self.Layer = self.Operation = own.layers.Layer
        self.Variable = tf.Variable
        self.KerasTensor = _package("src.engine.keras_tensor").KerasTensor
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
        return getattr(_package(), name)


def _flatten_with_path(structure: Live) -> list[tuple[tuple[Live, ...], Live]]:
    """``keras.tree.flatten_with_path``: ``nest.flatten_with_tuple_paths``. Checked with TensorFlow 2.13 to 2.21."""
    from tensorflow.python.util import nest

    return list(nest.flatten_with_tuple_paths(structure))


public = cache(_Public)


# --- Layers and their variables ---------------------------------------------------------------------------------------


def reread_configuration() -> None:
    """``keras.src.backend_config``. Checked with Keras 2.13 to 2.21."""
    importlib.reload(_package("src.backend_config"))


def sublayers(layer: Live, *, deep: bool = False) -> list[Live]:
    """The same method. Checked with Keras 2.13 to 2.21."""
    return list(layer._flatten_layers(include_self=False, recursive=deep))


def told_mode(model: Live) -> bool | None:
    """``train_step`` and ``predict_step`` always tell it: a ``call`` without ``training`` is run in it all the same.

    ``call_context().training`` of ``base_layer``. Checked with Keras 2.13 to 2.21.
    """
    return True if isinstance(model, public().Model) else None


def held_variables(layer: Live) -> list[Live]:
    """``_trainable_weights`` and ``_non_trainable_weights``; states of generators are no weights there.

    Checked with Keras 2.13 to 2.21.
    """
    return [*getattr(layer, "_trainable_weights", ()), *getattr(layer, "_non_trainable_weights", ())]


def declared_trainable(layer: Live) -> list[Live]:
    """None: whether a variable is trained is said by layers alone, and cannot be set."""
    return []


def handle_of(variable: Live) -> Live:
    """``handle`` of the variable itself."""
    return variable.handle


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


def functional_class() -> Live:
    """``keras.src.engine.functional.Functional``, as every built ``Sequential`` is. Checked with 2.13 to 2.21."""
    return _package("src.engine.functional").Functional


def built_shapes(model: Live) -> tuple[object, bool]:
    """Key ``input_shape``; by parameter there is none. Checked with Keras 2.13 to 2.21."""
    shape = (model.get_build_config() or {}).get("input_shape")
    return tuple(shape) if isinstance(shape, tf.TensorShape) else shape, False


# --- Optimizers and losses --------------------------------------------------------------------------------------------


def learning_rate_of(optimizer: Live) -> Live:
    """The same attribute; of optimizers of ``keras.optimizers.legacy`` what they hold. Checked with 2.13 to 2.21."""
    own = getattr(optimizer, "_learning_rate", None)
    return optimizer.learning_rate if own is None and hasattr(optimizer, "learning_rate") else own


def set_iterations(optimizer: Live, number: int) -> None:
    """The public one counts steps."""
    optimizer.iterations.assign(number)


def compile_loss_of(model: Live) -> Callable[..., Live] | None:
    """``Model.compiled_loss``. Checked with Keras 2.13 to 2.21."""
    made: Callable[..., Live] | None = getattr(model, "compiled_loss", None)
    return made


def loss_settings(loss: Live) -> Mapping[str, Live]:
    """The same, by the names of Keras 3: ``auto`` is the mean, the function of a class of Keras's own is that class's.

    Settings that are not handed on have the default of the function. Checked with Keras 2.13 to 2.21.
    """
    settings = {**getattr(loss, "_fn_kwargs", {}), **loss.get_config()}
    function = getattr(loss, "fn", None)
    if function is not None and type(loss).__name__ != "LossFunctionWrapper":
        settings.pop("fn", None)
        known = inspect.signature(function).parameters.values()
        settings = {**{one.name: one.default for one in known if one.default is not one.empty}, **settings}
    if settings.get("reduction") == "auto":
        settings["reduction"] = "sum_over_batch_size"
    return settings


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

    lib = _package("src.saving.saving_lib")
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
    if isinstance(copied, _package("src.layers.core.tf_op_layer").TFOpLambda):
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
            if isinstance(one, tf.Variable) and _penalizes(penalty, one):
                one.regularizer = inspect.getclosurevars(inner.func).nonlocals.get("regularizer")


# --- What both generations have, each in its own way ------------------------------------------------------------------


def short_name(made: Live) -> str:
    """Without the scopes before it and the port after it: ``dense/kernel:0`` is ``kernel``."""
    name = str(made.name)
    return name.split("/")[-1].removesuffix(":0") if isinstance(made, tf.Variable) else name


def path_of(variable: Live) -> str:
    """The whole name, without the port."""
    return str(variable.name).removesuffix(":0")


def tensor_of(variable: Live) -> Live:
    """The variable itself."""
    return variable


@cache
def _functions() -> tuple[type, ...]:
    """Layers that stand for one function or method in a functional model. Checked with Keras 2.13 to 2.21."""
    module = _package("src.layers.core.tf_op_layer")
    return (module.ClassMethod, module.InstanceProperty, module.TFOpLambda)


def is_layer(live: Live) -> bool:
    """A layer that stands for a function (``TFOpLambda``) is none."""
    return isinstance(live, public().Layer) and not isinstance(live, _functions())


def called_as(live: Live) -> str:
    """Of a layer that stands for a function, that."""
    function = getattr(live, "function", None) if isinstance(live, _functions()) else None
    return type(live).__name__ if function is None else str(getattr(function, "__name__", type(live).__name__))


def making() -> Mapping[str, tuple[Live, str]]:
    """Weights are made by ``Layer.add_weight``, which is told their initializer and regularizer."""
    from tensorflow.python.ops.resource_variable_ops import BaseResourceVariable

    layer = public().Layer
    return {
        "operation": (layer, "__init__"),
        "weight": (layer, "add_weight"),
        "assign": (BaseResourceVariable, "assign"),
    }


def calling() -> Mapping[str, tuple[Live, str]]:
    """All are layers."""
    return {"layer": (public().Layer, "__call__")}


def apply_gradients(optimizer: Live, gradients: Sequence[Live], variables: Sequence[Live]) -> None:
    """``Optimizer.apply_gradients`` of pairs."""
    optimizer.apply_gradients(list(zip(gradients, variables, strict=True)))


def metrics_of(model: Live, targets: Live, outputs: Live) -> Mapping[str, Live]:
    """The same method, which takes weights too."""
    figures: Mapping[str, Live] = model.compute_metrics(None, targets, outputs, None)
    return figures


def scaled_loss(optimizer: Live, loss: Live) -> Live:
    """Of a ``LossScaleOptimizer`` alone, ``get_scaled_loss``. Checked with Keras 2.13 to 2.21."""
    return optimizer.get_scaled_loss(loss) if hasattr(optimizer, "get_scaled_loss") else loss


def loss_of(model: Live, targets: Live, outputs: Live, *, training: bool) -> Live:
    """The same method, which is not told the mode."""
    del training
    return model.compute_loss(y=targets, y_pred=outputs)


def kept_variables(layer: Live) -> list[Live]:
    """``RNN.states``, and the state of ``_random_generator``. Checked with Keras 2.13 to 2.21."""
    own = [one for one in tf.nest.flatten(getattr(layer, "states", None)) if isinstance(one, tf.Variable)]
    generator = getattr(getattr(layer, "_random_generator", None), "_generator", None)
    return own if generator is None else [*own, generator.state]


def is_automatic_input(model: Live, name: str) -> bool:
    """``input_1``; where the first layer of a ``Sequential`` has a shape, its name and ``_input``.

    ``Sequential.add``. Checked with Keras 2.13 to 2.21.
    """
    first = model.layers[0].name if isinstance(model, public().Sequential) and model.layers else ""
    return name == f"{first}_input" or re.fullmatch(r"input(_\d+)?", name) is not None


_LEAST_EPSILON = 1.001e-5
"""What ``tf.compat.v1.nn.fused_batch_norm`` takes for a smaller epsilon (TensorFlow 2.13 to 2.21)."""


def as_in_float32(model: Live) -> None:
    """``BatchNormalization`` of images: its fused op has no kernel in float64, and the ops taken there do not the same.

    The fused op corrects the variance that the moving one follows for the size of the sample (Bessel), and has a least
    epsilon. ``_moments`` and ``_assign_moving_average`` of ``BatchNormalizationBase``. Checked with Keras 2.13 to 2.21.
    """
    base = _package("src.layers.normalization.batch_normalization").BatchNormalizationBase
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


def is_compiled(model: Live) -> bool:
    """``Model._is_compiled``. Checked with Keras 2.13 to 2.21."""
    return bool(getattr(model, "_is_compiled", False))


def build_optimizer(optimizer: Live, variables: Sequence[Live]) -> None:
    """``_create_all_weights`` of optimizers of ``keras.optimizers.legacy``. Checked with Keras 2.13 to 2.21."""
    make = getattr(optimizer, "build", None) or optimizer._create_all_weights
    make(list(variables))


def optimizer_variables(optimizer: Live) -> list[Live]:
    """A method of optimizers of ``keras.optimizers.legacy``; of others a list that can be called too."""
    own = optimizer.variables
    return list(own() if callable(own) else own)


def added_by(model: Live) -> list[Live]:
    """``_eager_losses`` or ``_losses``, then what ``_callable_losses`` give, which ``losses`` mixes layer by layer.

    Checked with Keras 2.13 to 2.21.
    """
    layers = [model, *sublayers(model, deep=True)]
    called = [loss for layer in layers for loss in (layer._eager_losses or layer._losses)]
    penalties = [penalty() for layer in layers for penalty in layer._callable_losses]
    return [*called, *(penalty for penalty in penalties if penalty is not None)]


def drop_penalty(model: Live, variable: Live) -> None:
    """In ``_callable_losses`` of its layer, by ``_handle_weight_regularization``. Checked with Keras 2.13 to 2.21."""
    variable.regularizer = None
    for layer in (model, *sublayers(model, deep=True)):
        layer._callable_losses[:] = [one for one in layer._callable_losses if not _penalizes(one, variable)]


def _penalizes(penalty: Live, variable: Live) -> bool:
    inner: Live = penalty.args[0] if getattr(penalty, "args", ()) else None
    function = getattr(inner, "func", None)
    named = getattr(function, "__name__", "") == "_loss_for_variable"
    return named and any(one is variable for one in inner.args)


def penalizes_frozen() -> bool:
    """It does: ``losses`` asks every regularizer. Checked with Keras 2.13 to 2.21."""
    return True


def rate_now(optimizer: Live) -> Live:
    """``_decayed_lr`` of ``keras.optimizers.legacy``, which have a ``decay``. Checked with Keras 2.13 to 2.21."""
    decayed = getattr(optimizer, "_decayed_lr", None)
    return optimizer.learning_rate if decayed is None else decayed(public().config.floatx())


def finish(optimizer: Live, variables: Sequence[Live]) -> None:
    """Optimizers of ``keras.optimizers.legacy`` take no averages."""
    if hasattr(optimizer, "finalize_variable_values"):
        optimizer.finalize_variable_values(variables)
