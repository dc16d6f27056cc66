"""Stable names: a path for every layer and weight that does not depend on Keras's global name counters."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from kerasdiff.graph import Weight
from kerasdiff.worker.tracing.code import code_digest, state_digest
from kerasdiff.worker.tracing.sources import initializer_of, value_digest

SEED_NAME = "seed_generator_state"

UNNAMED = {"bias_initializer": "unit_forget_bias"}
"""Functions that Keras makes inside a layer, by the setting that asks for them: ones for the forget gate of an LSTM."""

VALUE = "value "
"""How the text of an initializer begins that is a given value."""


def snake(name: str) -> str:
    """Keras's own spelling of a class name as an operation: ``Conv2DTranspose`` → ``conv2d_transpose``."""
    partial = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", partial).lower()


def is_atomic(layer: Any) -> bool:
    """Whether a layer is one node: built into Keras, no model, and holding no layer of the user's."""
    if isinstance(layer, keras.Model) or not type(layer).__module__.startswith("keras."):
        return False
    return all(is_atomic(child) for child in _sublayers(layer))


def _sublayers(layer: Any) -> list[Any]:
    """Direct sublayers (``_flatten_layers`` is private; checked with Keras 3.5 to 3.15)."""
    return list(layer._flatten_layers(include_self=False, recursive=False))


def _attributes(layer: Any) -> Iterator[tuple[str, Any]]:
    """Layers a layer holds in its public attributes, in lists and dicts too, with readable names."""
    for name, value in list(vars(layer).items()):
        if not name.startswith("_"):
            yield from _contained(name, value, 0)


def _contained(name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
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

    Automatic names (``conv2d_17``) are numbered anew in each scope, so that the same model gets the same
    paths whatever was built before it in the process.
    """

    def __init__(self, model: Any) -> None:
        self._paths: dict[int, str] = {id(model): ""}
        self.layers: list[tuple[str, Any]] = []
        self._counts: dict[tuple[str, str], int] = {}
        queue = [model]
        while queue:
            layer = queue.pop(0)
            scope = self._paths[id(layer)]
            if isinstance(layer, keras.Sequential | _functional_class()):
                children = [("", child) for child in layer.layers]
            else:
                children = [*_attributes(layer), *(("", child) for child in _sublayers(layer))]
            for name, child in children:
                if id(child) in self._paths:
                    continue
                self._paths[id(child)] = self._child(scope, name, child)
                self.layers.append((self._paths[id(child)], child))
                queue.append(child)

    def _child(self, scope: str, name: str, layer: Any) -> str:
        base = name or layer.name
        automatic = snake(type(layer).__name__)
        if not name and re.fullmatch(re.escape(automatic) + r"(_\d+)?", base):
            base = automatic
        return self.unique(scope, base)

    def unique(self, scope: str, base: str) -> str:
        """``scope/base``, numbered from the second on."""
        count = self._counts.get((scope, base), 0)
        self._counts[scope, base] = count + 1
        name = base if count == 0 else f"{base}_{count}"
        return f"{scope}/{name}" if scope else name

    def path(self, layer: Any) -> str | None:
        """The path of a layer, ``None`` where it is not reachable from the model."""
        return self._paths.get(id(layer))

    def adopt(self, layer: Any, scope: str) -> str:
        """Names a layer that was created inside ``call``."""
        self._paths[id(layer)] = self._child(scope, "", layer)
        return self._paths[id(layer)]

    def called(self, operation: Any, scope: str) -> str:
        """Names one call of a functional operation (``keras.ops``): the same in every precision it is built in."""
        return self._child(scope, "", operation)


def _functional_class() -> Any:
    """``Functional`` by way of public names: what ``keras.Model(inputs, outputs)`` makes."""
    global _FUNCTIONAL
    if _FUNCTIONAL is None:
        entry = keras.Input((1,))
        _FUNCTIONAL = type(keras.Model(entry, entry))
    return _FUNCTIONAL


_FUNCTIONAL: Any = None


def owned_variables(model: Any, names: Names) -> Iterator[tuple[str, Any, Any]]:
    """Every variable once: ``(id, layer that holds it, variable)``, in the order the layers were found."""
    seen: set[int] = set()
    used: dict[str, int] = {}
    for path, layer in [("", model), *names.layers]:
        own = [*getattr(layer, "_trainable_variables", []), *getattr(layer, "_non_trainable_variables", [])]
        own += [generator.state for generator in getattr(layer, "_seed_generators", [])]
        for variable in own:
            if id(variable) in seen:
                continue
            seen.add(id(variable))
            base = f"{path}/{variable.name}" if path else str(variable.name)
            used[base] = used.get(base, 0) + 1
            yield (base if used[base] == 1 else f"{base}_{used[base] - 1}"), layer, variable
    for variable in model.variables:
        if id(variable) not in seen:
            seen.add(id(variable))
            used[variable.path] = used.get(variable.path, 0) + 1
            yield f"{variable.path}#{used[variable.path]}", model, variable


def weight_table(model: Any) -> dict[str, Any]:
    """Every variable of a model by weight id, random-generator states included."""
    return {name: variable for name, _, variable in owned_variables(model, Names(model))}


def is_seed_state(variable: Any) -> bool:
    """Whether a variable is the state of one of Keras's random generators: it is told by its name alone."""
    return SEED_NAME in variable.name


def describe_weights(model: Any, names: Names) -> list[tuple[Weight, Any]]:
    """The weight records with the variables they stand for."""
    trainable = {id(variable) for variable in model.trainable_variables}
    records = []
    seeds: dict[int, str] = {}
    for name, layer, variable in owned_variables(model, names):
        role = SEED_NAME if is_seed_state(variable) else str(variable.name)
        twin = seeds.setdefault(int(variable.numpy()[0]), name) if role == SEED_NAME else name
        shape = tuple(int(dim) for dim in variable.shape)
        weight = Weight(
            id=name,
            path=str(variable.path),
            name=role,
            shape=shape,
            dtype=str(variable.dtype),
            trainable=id(variable) in trainable,
            initializer=None if role == SEED_NAME else _initializer(variable),
            twin=None if twin == name else twin,
            fans=_fans(initializer_of(variable), shape),
            regularizer=serialized(getattr(variable, "regularizer", None)),
            constraint=serialized(getattr(variable, "constraint", None)),
            owner=names.path(layer) or "",
            fan_in=_fan_in(role, shape),
        )
        records.append((weight, variable))
    return records


def _fan_in(role: str, shape: tuple[int, ...]) -> int:
    if len(shape) < 2 or "embedding" in role:
        return 1
    receptive = shape[:-2] if "depthwise" in role else shape[:-1]
    return max(1, math.prod(receptive))


def _fans(initializer: Any, shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Inputs and outputs per unit that set the scale of a fan-based initializer, as Keras counts them.

    The larger comes first where their mean is what counts: a transposed matrix starts from the same scale.

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
    return (max(fans), min(fans)) if initializer.mode == "fan_avg" else fans


def _initializer(variable: Any) -> str | None:
    """What a weight starts from: its initializer, or a digest of the given value; ``None`` where it is not known."""
    return initializer_text(initializer_of(variable))


def initializer_text(made_from: Any) -> str | None:
    """Canonical text of an initializer, its name, or the value given in its place."""
    if made_from is None or isinstance(made_from, str):
        return made_from
    if callable(made_from):
        return serialized(made_from)
    return value_digest(made_from)


def serialized(value: Any) -> str | None:
    """Canonical text of an initializer, regularizer, constraint or function: class and settings, seeds left out.

    The axes an initializer counts its fans over are left out too: the fans themselves are compared.

    Keras's ``he_normal`` and ``HeNormal`` give the same text, and ``L2`` the same as ``L1L2(l1=0)``.
    """
    if value is None:
        return None
    own = not str(type(value).__module__).startswith("keras.")
    config = _config(value)
    if config is not None:
        label = snake(type(value).__name__)
        if label in ("l1", "l2", "l1_l2"):
            config = {key: float(config.get(key, 0.0)) for key in ("l1", "l2")}
            if not any(config.values()):
                return None
            config = {key: item for key, item in config.items() if item}
            label = "l1_l2" if len(config) == 2 else next(iter(config))
        inside = ", ".join(f"{key}={_text(item)}" for key, item in sorted(config.items()) if item is not None)
        if own:
            inside = f"{inside}, code {state_digest(value)}".removeprefix(", ")
        return f"{label}({inside})" if inside else label
    name = str(getattr(value, "__qualname__", type(value).__name__)).rpartition("<locals>.")[2]
    if str(getattr(value, "__module__", "")).startswith("keras."):
        name = UNNAMED.get(name, name)
        return f"{name} {code_digest(value)}" if getattr(value, "__closure__", None) else name
    return f"{name} (code {code_digest(value) if hasattr(value, '__code__') else state_digest(value)})"


def _config(value: Any) -> dict[str, Any] | None:
    try:
        return {
            key: item for key, item in value.get_config().items() if key not in ("seed", "input_axes", "output_axes")
        }
    except (AttributeError, NotImplementedError, TypeError):
        return None


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.9g}"
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except TypeError:
        return str(value)
