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
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import date
from enum import Enum
from functools import cache
from types import ModuleType
from typing import TypeGuard, TypeVar, cast

from kerasdiff.errors import KerasdiffError
from kerasdiff.graph import Attribute
from kerasdiff.graph.values import Array

Record = TypeVar("Record")

KIND = "is"
"""Key that says what an object of the data stands for: a record, or a value that JSON has no spelling for.

A number there stands for the object of that number, of all that come before it: counted from 0, by their ends."""

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
    return _Writer(keep).plain(value)


class _Writer:
    """Writes one value; a record that it holds in several places is written once, and is one object in all of them."""

    def __init__(self, keep: Callable[[Array], Attribute] | None) -> None:
        self._keep = keep or _bytes
        self._written: dict[int, Attribute] = {}

    def plain(self, value: object) -> Attribute:
        if value is None or type(value) in (bool, int, str):
            return cast("Attribute", value)
        if isinstance(value, tuple | list):
            return [self.plain(item) for item in value]
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, frozenset | set):
            return {KIND: _SET, "items": [self.plain(item) for item in sorted(value, key=repr)]}
        if _is_array(value):
            return {KIND: _ARRAY, "value": self._keep(value)}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._record(value)
        return _scalar(value)

    def _record(self, value: object) -> Attribute:
        if id(value) not in self._written:
            told = {name: self.plain(item) for name, item in _told(value)}
            self._written[id(value)] = {KIND: type(value).__name__, **told}
        return self._written[id(value)]

    def _mapping(self, value: Mapping[object, object]) -> Attribute:
        if KIND not in value and all(type(key) is str for key in value):
            return {str(key): self.plain(item) for key, item in value.items()}
        return {KIND: _MAPPING, "items": [[self.plain(key), self.plain(item)] for key, item in value.items()]}


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


def _told(record: object) -> Iterator[tuple[str, object]]:
    """The fields that do not hold their default, with what they hold."""
    for name, default in _fields(cast("Hashable", type(record))):
        value = getattr(record, name)
        if callable(default):
            default = default()
        if default is dataclasses.MISSING or type(value) is not type(default) or not _same(value, default):
            yield name, value


@cache
def _fields(kind: Hashable) -> tuple[tuple[str, object], ...]:
    """The fields of a record, each with its default, or with what makes that."""
    return tuple(
        (field.name, field.default if field.default_factory is dataclasses.MISSING else field.default_factory)
        for field in dataclasses.fields(cast("type", kind))
    )


def _same(value: object, default: object) -> bool:
    return value is default or (not _is_array(value) and bool(value == default))


def _is_array(value: object) -> TypeGuard[Array]:
    """Whether it is one of numpy's; where numpy was never imported, there is none."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def _bytes(value: Array) -> str:
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, value.astype(str) if value.dtype.kind == "O" else value, allow_pickle=False)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def told_once(data: Attribute) -> Attribute:
    """The same data with every object in full where it comes first, and as its number from then on."""
    return _Numbered().told(data)[0]


class _Numbered:
    """Numbers the objects of some data, those alike as one, and those that are one object without looking inside."""

    def __init__(self) -> None:
        self._alike: dict[Hashable, int] = {}
        self._known: dict[int, int] = {}

    def told(self, data: Attribute) -> tuple[Attribute, Hashable]:
        """The data, and what tells them from others."""
        if isinstance(data, dict) and data:
            return self._object(data)
        if isinstance(data, list):
            items = [self.told(item) for item in data]
            return [item for item, _ in items], tuple(key for _, key in items)
        return data, (type(data), str(data))

    def _object(self, data: dict[str, Attribute]) -> tuple[Attribute, Hashable]:
        if (known := self._known.get(id(data))) is not None:
            return {KIND: known}, known
        told = {name: self.told(item) for name, item in data.items()}
        key = tuple((name, item) for name, (_, item) in told.items())
        new = key not in self._alike
        number = self._known[id(data)] = self._alike.setdefault(key, len(self._alike))
        return ({name: item for name, (item, _) in told.items()} if new else {KIND: number}), number


# Reading -----------------------------------------------------------------------------------------------------


class Reader:
    """Reads what :func:`plain` wrote.

    Args:
        modules: Those whose dataclasses and enumerations the data may name.
        kept: Gives the array for what stands for it, where they were kept elsewhere.
    """

    def __init__(self, modules: Iterable[ModuleType], kept: Callable[[Attribute], Array] | None = None) -> None:
        self._kept = kept
        self._told: list[object] = []
        self._kinds = {name: kind for module in modules for name, kind in _kinds(module)}

    def read(self, kind: type[Record], data: Attribute) -> Record:
        """The record of this kind that the data were made of.

        Raises:
            PlainError: If they are not such a record's.
        """
        self._told = []
        try:
            value = self._value(data)
        except (TypeError, ValueError, LookupError, EOFError) as error:
            raise PlainError(f"it cannot be read as this version of kerasdiff writes it ({error})") from None
        if not isinstance(value, kind):
            raise PlainError(f"it holds no {kind.__name__}")
        return value

    def _value(self, data: Attribute) -> object:
        if isinstance(data, list | tuple):
            return tuple(self._value(item) for item in data)
        if not isinstance(data, Mapping):
            return data
        name = data.get(KIND)
        if isinstance(name, int):
            return self._told[name]
        fields = {key: item for key, item in data.items() if key != KIND}
        value = {key: self._value(item) for key, item in fields.items()} if name is None else self._of(name, fields)
        if data:
            self._told.append(value)
        return value

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
