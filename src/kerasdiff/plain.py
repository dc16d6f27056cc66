"""How does a frozen record become plain data, and plain data that record again? For what is kept in files.

By the values, not by annotations: what a setting holds is known by its value alone. A file can name the records and
enumerations of the modules its reader lists, and nothing else; reading one runs no code but their constructors.
Imports errors and graph's values; everyone above may import it.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from enum import Enum
from types import ModuleType
from typing import TypeGuard, TypeVar, cast

from kerasdiff.errors import KerasdiffError
from kerasdiff.graph import Attribute
from kerasdiff.graph.values import Array

Record = TypeVar("Record")

KIND = "is"
"""Key that says what an object of the data stands for: a record, or a value that JSON has no spelling for."""

_MAPPING, _SET, _FLOAT, _ARRAY, _DATE = "mapping", "set", "float", "array", "date"


class PlainError(KerasdiffError):
    """Data are not those of a record that the reader knows."""


# Writing -----------------------------------------------------------------------------------------------------


def plain(value: object, keep: Callable[[Array], Attribute] | None = None) -> Attribute:
    """A record as JSON data; fields that have their default are left out.

    Args:
        value: A dataclass's instance, or what its fields may hold: numbers, text, tuples, mappings, arrays.
        keep: Keeps an array elsewhere and gives what stands for it; by default its bytes are written, in base64.

    Raises:
        TypeError: If it holds anything else.
    """
    if _is_array(value):
        return {KIND: _ARRAY, "value": _bytes(value) if keep is None else keep(value)}
    if isinstance(value, Mapping):
        return _mapping(value, keep)
    if isinstance(value, tuple | list):
        return [plain(item, keep) for item in value]
    if isinstance(value, frozenset | set):
        return {KIND: _SET, "items": [plain(item, keep) for item in sorted(value, key=repr)]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = ((field.name, getattr(value, field.name)) for field in _told(value))
        return {KIND: type(value).__name__, **{name: plain(item, keep) for name, item in told}}
    return _scalar(value)


def _scalar(value: object) -> Attribute:
    numpy = sys.modules.get("numpy")
    value = value.item() if numpy is not None and isinstance(value, numpy.generic) else value
    if isinstance(value, Enum):
        return {KIND: type(value).__name__, "name": value.name}
    if isinstance(value, float) and not math.isfinite(value):
        return {KIND: _FLOAT, "value": repr(value)}
    if type(value) is date:
        return {KIND: _DATE, "value": value.isoformat()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} has no plain form")


def _told(record: object) -> Iterator[dataclasses.Field[object]]:
    """The fields that do not hold their default."""
    for field in dataclasses.fields(cast("type", type(record))):
        value = getattr(record, field.name)
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        if default is dataclasses.MISSING or type(value) is not type(default) or not _same(value, default):
            yield field


def _same(value: object, default: object) -> bool:
    return value is default or (not _is_array(value) and bool(value == default))


def _mapping(value: Mapping[object, object], keep: Callable[[Array], Attribute] | None) -> Attribute:
    if KIND not in value and all(type(key) is str for key in value):
        return {str(key): plain(item, keep) for key, item in value.items()}
    return {KIND: _MAPPING, "items": [[plain(key, keep), plain(item, keep)] for key, item in value.items()]}


def _is_array(value: object) -> TypeGuard[Array]:
    """Whether it is one of numpy's; where numpy was never imported, there is none."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def _bytes(value: Array) -> str:
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, value.astype(str) if value.dtype.kind == "O" else value, allow_pickle=False)
    return base64.b64encode(stream.getvalue()).decode("ascii")


# Reading -----------------------------------------------------------------------------------------------------


class Reader:
    """Reads what :func:`plain` wrote.

    Args:
        modules: Those whose dataclasses and enumerations the data may name.
        kept: Gives the array for what stands for it, where they were kept elsewhere.
    """

    def __init__(self, modules: Iterable[ModuleType], kept: Callable[[Attribute], Array] | None = None) -> None:
        self._kept = kept
        self._kinds = {name: kind for module in modules for name, kind in _kinds(module)}

    def read(self, kind: type[Record], data: Attribute) -> Record:
        """The record of this kind that the data were made of.

        Raises:
            PlainError: If they are not such a record's.
        """
        try:
            value = self._value(data)
        except (TypeError, ValueError, KeyError, EOFError) as error:
            raise PlainError(f"it cannot be read as this version of kerasdiff writes it ({error})") from None
        if not isinstance(value, kind):
            raise PlainError(f"it holds no {kind.__name__}")
        return value

    def _value(self, data: Attribute) -> object:
        if isinstance(data, list | tuple):
            return tuple(self._value(item) for item in data)
        if not isinstance(data, Mapping):
            return data
        fields = dict(data)
        name = fields.pop(KIND, None)
        return {key: self._value(item) for key, item in fields.items()} if name is None else self._of(name, fields)

    def _of(self, name: Attribute, fields: dict[str, Attribute]) -> object:
        if name == _FLOAT:
            return float(cast("str", fields["value"]))
        if name == _DATE:
            return date.fromisoformat(cast("str", fields["value"]))
        if name == _SET:
            return frozenset(self._value(item) for item in cast("list[Attribute]", fields["items"]))
        if name == _MAPPING:
            items = cast("list[tuple[Attribute, Attribute]]", fields["items"])
            return {self._value(key): self._value(item) for key, item in items}
        if name == _ARRAY:
            return _array(cast("str", fields["value"])) if self._kept is None else self._kept(fields["value"])
        kind = self._kinds.get(str(name))
        if kind is None:
            raise ValueError(f"nothing is called {name!r}")
        if issubclass(kind, Enum):
            return kind[str(fields["name"])]
        return kind(**{key: self._value(item) for key, item in fields.items()})


def _kinds(module: ModuleType) -> Iterator[tuple[str, type]]:
    for name, value in vars(module).items():
        own = isinstance(value, type) and value.__module__ == module.__name__
        if own and (dataclasses.is_dataclass(value) or issubclass(value, Enum)):
            yield name, value


def _array(text: str) -> Array:
    import numpy as np

    return cast("Array", np.load(io.BytesIO(base64.b64decode(text, validate=True)), allow_pickle=False))
