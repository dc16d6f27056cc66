"""Stable names: a path for every layer and weight that does not depend on Keras's global name counters."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping

import numpy as np

from kerasdiff.graph import SEED_ROLE, Weight
from kerasdiff.worker.keras_internals import (
    UNNAMED_FUNCTIONS,
    Live,
    functional_class,
    held_variables,
    is_keras_own,
    is_seed_state,
    keras,
    path_of,
    penalizes_frozen,
    short_name,
    sublayers,
)
from kerasdiff.worker.tracing.naming import fresh_name, snake
from kerasdiff.worker.tracing.sources import Assigned, initializer_of, value_digest
from kerasdiff.worker.user_code.digests import code_digest, state_digest


def is_atomic(layer: Live) -> bool:
    """Whether a layer is one node: built into Keras, no model, and holding no layer of the user's."""
    if isinstance(layer, keras.Model) or not is_keras_own(type(layer)):
        return False
    return all(is_atomic(child) for child in sublayers(layer))


def _attributes(layer: Live) -> Iterator[tuple[str, Live]]:
    """Layers a layer holds in its public attributes, in lists and dicts too, with readable names."""
    for name, value in list(vars(layer).items()):
        if not name.startswith("_"):
            yield from _contained(name, value, 0)


def _contained(name: str, value: Live, depth: int) -> Iterator[tuple[str, Live]]:
    if isinstance(value, keras.layers.Layer):
        yield name, value
    elif depth < 3 and isinstance(value, Mapping):
        for key in value:
            yield from _contained(f"{name}.{key}", value[key], depth + 1)
    elif depth < 3 and isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _contained(f"{name}.{index}", item, depth + 1)


class Names:
    """Paths of all layers reachable from a model: attribute names where there are any, else Keras's names.

    Automatic names (``conv2d_17``) are those of a fresh process, so that the same model gets the same paths
    whatever was built before it, and its author finds them in ``summary()``.
    """

    def __init__(self, model: Live) -> None:
        self.model = model
        self._paths: dict[int, str] = {id(model): ""}
        self.layers: list[tuple[str, Live]] = []
        self._counts: dict[tuple[str, str], int] = {}
        self._taken: set[tuple[str, str]] = set()
        self._called: dict[int, tuple[Live, str]] = {}
        queue = [model]
        while queue:
            layer = queue.pop(0)
            scope = self._paths[id(layer)]
            children = [*_attributes(layer), *(("", child) for child in sublayers(layer))]
            if isinstance(layer, (keras.Sequential, functional_class())):
                children = [*(("", child) for child in layer.layers), *children]
            for name, child in children:
                if id(child) in self._paths:
                    continue
                self._paths[id(child)] = self._child(scope, name, child)
                self.layers.append((self._paths[id(child)], child))
                queue.append(child)

    def _child(self, scope: str, name: str, layer: Live) -> str:
        return self.unique(scope, name or fresh_name(layer) or _plain_name(layer))

    def unique(self, scope: str, base: str) -> str:
        """``scope/base``, numbered where it is taken."""
        count = self._counts.get((scope, base), 0)
        name = base
        while (scope, name) in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._counts[scope, base] = count
        self._taken.add((scope, name))
        return f"{scope}/{name}" if scope else name

    def path(self, layer: Live) -> str | None:
        """The path of a layer, ``None`` where it is not reachable from the model."""
        return self._paths.get(id(layer))

    def adopt(self, layer: Live, scope: str) -> str:
        """Names a layer that was created inside ``call``."""
        self._paths[id(layer)] = self._child(scope, "", layer)
        return self._paths[id(layer)]

    def called(self, operation: Live, scope: str) -> str:
        """Names a functional operation (``keras.ops``): the same in every call and every precision it is built in."""
        if id(operation) not in self._called:
            self._called[id(operation)] = operation, self._child(scope, "", operation)
        return self._called[id(operation)][1]


def _plain_name(layer: Live) -> str:
    """The name of a layer that no load has made, without a number where Keras made it up."""
    automatic = snake(type(layer).__name__)
    return automatic if re.fullmatch(re.escape(automatic) + r"(_\d+)?", layer.name) else str(layer.name)


class SaysWeights:
    """A model that says by itself what its weights are called: one that was read from a baseline.

    A class, and no attribute alone: a user's model may have one of any name.
    """

    weights_by_id: Mapping[str, Live]


def owned_variables(names: Names) -> Iterator[tuple[str, Live, Live]]:
    """Every variable once: ``(id, layer that holds it, variable)``, in the order of :attr:`Names.layers`."""
    seen: set[int] = set()
    used: dict[str, int] = {}
    for path, layer in [("", names.model), *names.layers]:
        for variable in held_variables(layer):
            if id(variable) in seen:
                continue
            seen.add(id(variable))
            name = fresh_name(variable) or short_name(variable)
            base = f"{path}/{name}" if path else name
            used[base] = used.get(base, 0) + 1
            yield (base if used[base] == 1 else f"{base}_{used[base] - 1}"), layer, variable
    for variable in names.model.variables:
        if id(variable) not in seen:
            seen.add(id(variable))
            path = path_of(variable)
            used[path] = used.get(path, 0) + 1
            yield f"{path}#{used[path]}", names.model, variable


def output_names(model: Live, count: int) -> list[str]:
    """The model's own output names where it declares them, else ``output_0`` and on."""
    parts: Live = getattr(model, "operations", None) or getattr(model, "layers", ())
    fresh = {one.name: fresh_name(one) or one.name for one in parts}
    declared = [fresh.get(name, name) for name in getattr(model, "output_names", None) or ()]
    return declared if len(declared) == count else [f"output_{i}" if count > 1 else "output" for i in range(count)]


def weight_table(model: Live) -> dict[str, Live]:
    """Every variable of a model by weight id, random-generator states included."""
    if isinstance(model, SaysWeights):
        return dict(model.weights_by_id)
    return {name: variable for name, _, variable in owned_variables(Names(model))}


def describe_weights(names: Names) -> list[tuple[Weight, Live]]:
    """The weight records with the variables they stand for."""
    trainable = {id(variable) for variable in names.model.trainable_variables}
    records = []
    seeds: dict[int, str] = {}
    for name, layer, variable in owned_variables(names):
        is_seed = is_seed_state(variable)
        role = SEED_ROLE if is_seed else short_name(variable)
        twin = seeds.setdefault(int(variable.numpy()[0]), name) if is_seed else name
        shape = tuple(int(dim) for dim in variable.shape)
        regularizer = getattr(variable, "regularizer", None)
        weight = Weight(
            id=name,
            path=path_of(variable),
            name=role,
            shape=shape,
            dtype=keras.backend.standardize_dtype(variable.dtype),
            trainable=id(variable) in trainable,
            initializer=None if is_seed else initializer_text(initializer_of(variable)),
            twin=None if twin == name else twin,
            fans=_fans(initializer_of(variable), shape),
            regularizer=_penalty_text(regularizer, frozen=id(variable) not in trainable),
            own_regularizer=regularizer is not None and not is_keras_own(type(regularizer)),
            constraint=serialized(getattr(variable, "constraint", None)),
            owner=names.path(layer) or "",
            fan_in=_fan_in(role, shape),
        )
        records.append((weight, variable))
    return records


def _penalty_text(regularizer: Live, *, frozen: bool) -> str | None:
    """The regularizer of a weight; that of a frozen one adds to the loss in Keras 2 alone."""
    text = serialized(regularizer)
    return f"{text}, added though frozen" if text is not None and frozen and penalizes_frozen() else text


def _fan_in(role: str, shape: tuple[int, ...]) -> int:
    if len(shape) < 2 or "embedding" in role:
        return 1
    receptive = shape[:-2] if "depthwise" in role else shape[:-1]
    return max(1, math.prod(receptive))


def _fans(initializer: Live, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Inputs or outputs per unit that set the scale of a fan-based initializer, as Keras counts them.

    Both where their mean is what counts: inputs, then outputs.

    References:
        ``compute_fans`` in ``keras/src/initializers/random_initializers.py`` (Keras 3.15).
    """
    if not isinstance(initializer, keras.initializers.VarianceScaling):
        return None
    axes = [getattr(initializer, name, None) for name in ("input_axes", "output_axes")]
    field = math.prod(shape[:-2])
    if axes[0] is not None and axes[1] is not None:
        fans = math.prod(shape[axis] for axis in axes[0]), math.prod(shape[axis] for axis in axes[1])
    elif len(shape) < 2:
        fans = (shape[0], shape[0]) if shape else (1, 1)
    else:
        fans = shape[-2] * field, shape[-1] * field
    if initializer.mode == "fan_avg":
        return fans
    return fans[:1] if initializer.mode == "fan_in" else fans[1:]


def initializer_text(made_from: Live) -> str | None:
    """Canonical text of what a weight starts from: an initializer, its name, or a digest of the given value."""
    if made_from is None or isinstance(made_from, str):
        return made_from
    if isinstance(made_from, Assigned):
        return made_from.text
    return serialized(made_from) if callable(made_from) else value_digest(made_from)


def starts_from_value(variable: Live) -> bool:
    """Whether a variable is known to start from a given value, not from an initializer."""
    made_from = initializer_of(variable)
    return not (made_from is None or isinstance(made_from, str) or callable(made_from))


def serialized(value: Live) -> str | None:
    """Canonical text of an initializer, regularizer, constraint or function: class and settings, seeds left out.

    The axes an initializer counts its fans over are left out too: the fans themselves are compared.

    Keras's ``he_normal`` and ``HeNormal`` give the same text, and ``L2`` the same as ``L1L2(l1=0)``.
    """
    if value is None:
        return None
    config = _config(value)
    return _function_text(value) if config is None else _object_text(value, config)


def _object_text(value: Live, config: Mapping[str, Live]) -> str | None:
    """What has a config: class and settings; a penalty of nothing is none."""
    label = snake(type(value).__name__)
    if label in ("l1", "l2", "l1l2", "l1_l2"):
        config = {key: factor for key in ("l1", "l2") if (factor := _as_float32(config.get(key, 0.0)))}
        if not config:
            return None
        label = "l1_l2" if len(config) == 2 else next(iter(config))
    settings = [f"{key}={_text(item)}" for key, item in sorted(config.items()) if item is not None]
    if not is_keras_own(type(value)):
        settings.append(f"code {state_digest(value)}")
    return f"{label}({', '.join(settings)})" if settings else label


def _as_float32(value: Live) -> float:
    """A number as float32 has it, in the fewest digits: Keras 2 keeps factors so, and 0.01 is 0.0099999998 there."""
    return float(str(np.float32(value)))


def _function_text(value: Live) -> str:
    """What has none: a function by its name, with its code where Keras did not write it."""
    name = str(getattr(value, "__qualname__", type(value).__name__)).rpartition("<locals>.")[2]
    if is_keras_own(value):
        name = UNNAMED_FUNCTIONS.get(name, name)
        return f"{name} {code_digest(value)}" if getattr(value, "__closure__", None) else name
    return f"{name} (code {code_digest(value) if hasattr(value, '__code__') else state_digest(value)})"


def _config(value: Live) -> dict[str, Live] | None:
    try:
        return {
            key: item for key, item in value.get_config().items() if key not in ("seed", "input_axes", "output_axes")
        }
    except (AttributeError, NotImplementedError, TypeError):
        return None


def _text(value: Live) -> str:
    if isinstance(value, float):
        return f"{value:.9g}"
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except TypeError:
        return str(value)
