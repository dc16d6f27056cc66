"""What does a call return? Every place of the structure: tensors, constants, and what cannot be compared."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from kerasdiff.graph import Attribute, Returned
from kerasdiff.graph.returned import Kind
from kerasdiff.worker.keras_internals import Live, is_array, keras, on_tensorflow
from kerasdiff.worker.tracing.lower import constant_attributes

DEEPEST = 16
"""Levels of a structure that are followed: one that holds itself has no end."""

_NAMED = (tf.DType, tf.TensorShape, np.dtype)
"""Types of TensorFlow and numpy whose text says all there is to them."""


@dataclass(frozen=True)
class Structure:
    """What one call returned.

    Attributes:
        places: Every place, containers before what they hold, dicts in the order of their keys.
        tensors: The dense tensors of the places that hold any, in order; of a ragged or sparse one its parts.
        plain: Whether Keras sees the same tensors in the same order: dense ones in dicts, lists and tuples.
    """

    places: tuple[Returned, ...]
    tensors: tuple[Live, ...]
    plain: bool

    @property
    def constants(self) -> bool:
        """Whether anything stands beside the tensors."""
        return any(one.kind in ("constant", "object") for one in self.places)


def structure_of(result: Live) -> Structure:
    """Takes apart what a call returned; inside a graph, what is no tensor of it yet becomes one."""
    walk = _Walk()
    walk.visit(result, "", "", 0)
    return Structure(places=tuple(walk.places), tensors=tuple(walk.tensors), plain=walk.plain)


def tensors_of(result: Live) -> list[Live]:
    """The dense tensors alone."""
    return list(structure_of(result).tensors)


class _Walk:
    """Collects the places of one structure."""

    def __init__(self) -> None:
        self.places: list[Returned] = []
        self.tensors: list[Live] = []
        self.plain = True

    def visit(self, value: Live, place: str, position: str, depth: int) -> None:
        """Notes one place, and those below it.

        Args:
            value: What is there.
            place: How one writes it after the call: ``["logits"]``, ``[0]``, ``.logits``.
            position: The same by number, whatever the keys are called.
            depth: Containers around it.
        """
        parts = _parts(value)
        if parts is not None:
            self._note(_kind(value, parts), place, position, type(value).__name__)
            self.tensors += parts
            self.plain &= isinstance(value, tf.Tensor) if on_tensorflow() else is_array(value)
            return
        held = None if depth >= DEEPEST else _held(value)
        if held is None:
            kind, seen = _constant(value)
            self._note(kind, place, position, seen)
            return
        kind, told, items = held
        self.plain &= _plainly(value)
        self._note(kind, place, position, told)
        for number, (name, item) in enumerate(items):
            self.visit(item, f"{place}{name}", f"{position}[{number}]", depth + 1)

    def _note(self, kind: Kind, place: str, position: str, value: Attribute) -> None:
        self.places.append(
            Returned(place=place, position=position, kind=kind, value=None if kind == "tensor" else value)
        )


def _kind(value: Live, parts: list[Live]) -> Kind:
    if len(parts) == 1:
        return "tensor"
    return "ragged" if isinstance(value, tf.RaggedTensor) else "sparse"


def _parts(value: Live) -> list[Live] | None:
    """The dense tensors a value consists of; ``None`` where it is no tensor.

    A tensor array gives its elements as one tensor, if they are of one shape.
    """
    if isinstance(value, tf.RaggedTensor):
        return [_dense(part) for part in (value.flat_values, *value.nested_row_splits)]
    if isinstance(value, tf.SparseTensor):
        ordered = tf.sparse.reorder(value)
        return [_dense(part) for part in (ordered.values, ordered.indices, ordered.dense_shape)]
    if isinstance(value, tf.IndexedSlices):
        return [_dense(value.values), _dense(value.indices)]
    if isinstance(value, tf.TensorArray):
        try:
            return [value.stack()]
        except (ValueError, tf.errors.OpError):
            return None
    if not on_tensorflow():
        value = value.value if isinstance(value, keras.Variable) else value
        return [value] if is_array(value) else None
    is_variable = isinstance(value, keras.Variable | tf.Variable)
    return [_dense(value)] if is_variable or isinstance(value, tf.Tensor) else None


def _dense(value: Live) -> Live:
    """A tensor of the graph that is being made, if one is: variables are read, eager tensors become constants."""
    tensor = value if isinstance(value, tf.Tensor) else tf.convert_to_tensor(value)
    return tf.constant(tensor) if hasattr(tensor, "numpy") and not tf.executing_eagerly() else tensor


Held = tuple[Kind, Attribute, list[tuple[str, object]]]


def _held(value: Live) -> Held | None:
    """Kind and name of a container, and what it holds by how one writes it; ``None`` where a value is none."""
    if isinstance(value, Mapping):
        return "dict", None, [(f"[{_key(key)}]", value[key]) for key in _in_order(value)]
    if isinstance(value, tuple | list) and not isinstance(value, _NAMED):
        fields: Live = getattr(value, "_fields", None)
        told = type(value).__name__ if fields is None else tuple(map(str, fields))
        names = [f"[{number}]" for number in range(len(value))] if fields is None else [f".{name}" for name in fields]
        return "sequence", told, list(zip(names, value, strict=False))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        declared = [field.name for field in dataclasses.fields(value)]
    elif hasattr(type(value), "__attrs_attrs__"):
        declared = [field.name for field in type(value).__attrs_attrs__]
    else:
        return None
    return "fields", None, [(f".{name}", getattr(value, name)) for name in sorted(declared)]


def _plainly(container: Live) -> bool:
    """Whether Keras takes a container for one, and what it holds in the same order."""
    if type(container) is OrderedDict:
        return list(container) == _in_order(container)
    return type(container) in (dict, list, tuple) or hasattr(container, "_fields")


def _in_order(mapping: Mapping[Live, Live]) -> list[Live]:
    """Keys as Keras orders them: sorted; by type and text where they are of several kinds."""
    try:
        return sorted(mapping)
    except TypeError:
        return sorted(mapping, key=lambda key: (type(key).__name__, repr(key)))


def _key(key: Live) -> str:
    """A key as one writes it; one that is no plain value by its type."""
    return repr(key) if _plain(key) is not None or isinstance(key, tuple) else f"<{type(key).__name__}>"


def _constant(value: Live) -> tuple[Kind, Attribute]:
    """What is no tensor and no container: its value where the text of it says all, else the name of its type."""
    seen = _plain(value)
    return ("object", type(value).__name__) if seen is None else ("constant", seen)


def _plain(value: Live) -> Attribute:
    """A value written out, exactly; ``None`` where that is not known of its type."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | range) or value is Ellipsis:
        return repr(value)
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        settings = constant_attributes(value)
        digest = hashlib.sha256(repr(sorted(settings.items())).encode()).hexdigest()[:8]
        shown = settings.get("value", f"… {digest}") if value.size <= 8 else f"… {digest}"
        return f"array of {value.dtype.name} {tuple(value.shape)}: {shown}"
    if isinstance(value, Set):
        return _plain_set(value)
    return f"{type(value).__name__} {value!r}" if isinstance(value, _NAMED) else None


def _plain_set(value: Set[Live]) -> Attribute:
    items = [_plain(item) for item in value]
    return None if None in items else f"set of {', '.join(sorted(map(str, items)))}"
