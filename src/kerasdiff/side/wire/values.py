"""How is a message written down so that another Python, with another numpy, reads the same?

As plain data: numbers, texts, bytes, tuples, lists, sets and mappings as they are; a record as its name and the values
of its fields; an array as its dtype, its shape and its bytes. Nothing else can be written, and reading runs no code but
the functions below: no class of ours, and nothing of numpy's, is pickled.

Why in the format of pickle all the same? It has these values, whole and by identity, and has been the same since Python
3.8, where ``marshal`` promises nothing and JSON has no tuples, so that both ends would walk through everything in
Python: for the description of a network of 13,000 nodes four times as long (1.9 + 2.9 s against 0.5 + 0.7 s, measured).
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from io import BytesIO
from operator import attrgetter
from pickle import PickleBuffer, Pickler, Unpickler  # by name: a model's code may change the module
from types import FunctionType
from typing import Any, NoReturn, TypeAlias, cast

from kerasdiff.errors import KerasdiffError
from kerasdiff.graph.table import Table
from kerasdiff.graph.values import Array

FORMAT = 5
"""Of pickle: the first that lets bytes cross beside it. Python 3.8 and later read it."""

LARGE_ARRAY = 1 << 16
"""Bytes from which on an array crosses by itself: a write costs as much as copying some ten thousand."""

_REGISTERED = 2
"""What ``isbuiltin`` says of a dtype that another package brought."""

_ROOMS = ("kerasdiff.errors.", "kerasdiff.findings.", "kerasdiff.graph.", "kerasdiff.side.")
"""Where the records are that may cross: the names of modules begin so, with a dot at their end."""

_Made: TypeAlias = "tuple[Callable[..., object], tuple[object, ...]]"
"""Which of the functions below makes a value anew, and of what."""


class UnknownError(TypeError):
    """Something is no plain data, or names what does not cross."""


# Writing -----------------------------------------------------------------------------------------------------


def packed(message: object) -> tuple[bytes, list[memoryview]]:
    """A message as bytes, and the large arrays that cross beside it.

    Raises:
        UnknownError: If it holds what is no plain data.
    """
    beside: list[PickleBuffer] = []
    stream = BytesIO()
    _Writer(stream, beside).dump(message)
    return stream.getvalue(), [one.raw() for one in beside]


class _Writer(Pickler):
    """Writes what Python's own values are, and asks :meth:`reducer_override` for everything else."""

    def __init__(self, stream: BytesIO, beside: list[PickleBuffer]) -> None:
        super().__init__(stream, FORMAT, buffer_callback=beside.append)

    def reducer_override(self, value: Any) -> _Made:
        if isinstance(value, FunctionType) and value in _MAKERS:
            return cast("_Made", NotImplemented)
        kind = type(value)
        if kind in _KNOWN:
            name, get = _KNOWN[kind]
            return record, (name, get(value))
        if is_dataclass(kind):
            _KNOWN[kind] = name, get = _named(kind), _getter(kind)
            return record, (name, get(value))
        return _other(value)


_KNOWN: dict[type, tuple[str, Callable[[object], tuple[object, ...]]]] = {}
"""By the class of a record: its name, and what takes the values of its fields."""


def _named(kind: type) -> str:
    if not f"{kind.__module__}.".startswith(_ROOMS):
        raise UnknownError(f"{kind.__module__}.{kind.__qualname__} does not cross to another process")
    return f"{kind.__module__}:{kind.__qualname__}"


def _getter(kind: type) -> Callable[[object], tuple[object, ...]]:
    names = [field.name for field in fields(kind)]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _other(value: Any) -> _Made:
    """What is neither Python's own nor a record."""
    if isinstance(value, Enum):
        return member, (_named(type(value)), value.name)
    if isinstance(value, Table):
        return table, (str(value), value.shape, value.dtype, value.data)
    if isinstance(value, KerasdiffError):
        return error, (_named(type(value)), value.message, value.details, {**vars(value)})
    numpy = sys.modules.get("numpy")  # where it was never imported, there is nothing of it
    if numpy is not None and isinstance(value, numpy.ndarray):
        return array, _parts(value)
    if numpy is not None and isinstance(value, numpy.generic):
        return scalar, _parts(numpy.asarray(value))
    raise UnknownError(f"{type(value).__module__}.{type(value).__qualname__} is no plain data")


def _parts(value: Array) -> tuple[object, ...]:
    """An array as its dtype, its shape, its bytes or, of objects, its items, and whether they go column by column."""
    import numpy as np

    if value.dtype.kind == "O":
        return "", value.shape, value.ravel().tolist(), False
    if value.dtype.fields is not None:
        raise UnknownError(f"an array of {value.dtype} is no plain data")
    # Those of ml_dtypes (bfloat16, float8_e5m2) are known by their name: what their `str` says, numpy does not read.
    dtype = value.dtype.name if value.dtype.isbuiltin == _REGISTERED else value.dtype.str
    columns = value.flags.f_contiguous and not value.flags.c_contiguous
    flat = np.ascontiguousarray(value.T if columns else value).reshape(-1).view(np.uint8)
    data = PickleBuffer(flat.data) if flat.nbytes >= LARGE_ARRAY else bytearray(flat)
    return dtype, value.shape, data, columns


# Reading -----------------------------------------------------------------------------------------------------


def unpacked(data: bytes | bytearray, beside: Iterable[bytearray]) -> object:
    """The message that was packed.

    Raises:
        UnknownError: If it names what does not cross, or a record that has other fields here.
    """
    return _Reader(BytesIO(data), buffers=beside).load()


class _Reader(Unpickler):
    """Reads what :class:`_Writer` wrote, and runs nothing else."""

    def find_class(self, module: str, name: str) -> Callable[..., object]:
        if module != __name__ or name not in _NAMES:
            raise UnknownError(f"{module}.{name} does not cross between processes")
        return _NAMES[name]


_SETTERS: dict[str, tuple[type, list[Callable[[object, object], None]]]] = {}
"""By the name of a record: its class, and what puts in the value of each field."""


def record(name: str, values: tuple[object, ...]) -> object:
    """A record as it was: what its constructor checks was checked where it was made."""
    known = _SETTERS.get(name)
    if known is None:
        kind = _kind(name)
        if not is_dataclass(kind):
            raise UnknownError(f"{name} is no record")
        known = _SETTERS[name] = kind, [_setter(kind, field.name) for field in fields(kind)]
    kind, setters = known
    if len(values) != len(setters):
        raise UnknownError(f"{name} has {len(setters)} fields, not {len(values)}")
    made: object = object.__new__(kind)
    for put, value in zip(setters, values, strict=True):
        put(made, value)
    return made


def _setter(kind: type, name: str) -> Callable[[object, object], None]:
    """Sets a field of a frozen record: by its slot where it has one."""
    slot = getattr(kind, name, None)
    put: Callable[[object, object], None] | None = getattr(slot, "__set__", None)
    return put or (lambda made, value: object.__setattr__(made, name, value))


def _kind(name: str) -> type:
    module, _, kind = name.partition(":")
    if not f"{module}.".startswith(_ROOMS):
        _refuse(name)
    found = getattr(importlib.import_module(module), kind, None)
    return found if isinstance(found, type) else _refuse(name)


def _refuse(name: str) -> NoReturn:
    raise UnknownError(f"{name} does not cross between processes")


def member(name: str, one: str) -> object:
    """A member of an enumeration."""
    kind = _kind(name)
    return kind[one] if issubclass(kind, Enum) else _refuse(name)


def error(name: str, message: str, details: str, held: dict[str, object]) -> object:
    """An error of kerasdiff's, with what it holds."""
    kind = _kind(name)
    if not issubclass(kind, KerasdiffError):
        _refuse(name)
    made = kind(message, details)
    vars(made).update(held)
    return made


def table(digest: str, shape: tuple[int, ...], dtype: str, data: bytes) -> object:
    """A large constant."""
    return Table(digest, shape, dtype, data)


def array(dtype: str, shape: tuple[int, ...], data: Any, columns: bool) -> Array:
    """An array; one that crossed by itself has for its memory what was read."""
    import numpy as np

    if not dtype:
        made = np.empty(math.prod(shape), dtype=object)
        made[:] = data
        return made.reshape(shape)
    flat = np.frombuffer(data, _dtype(dtype))
    return flat.reshape(shape, order="F" if columns else "C")


def scalar(dtype: str, shape: tuple[int, ...], data: Any, columns: bool) -> object:
    """A number of numpy's."""
    made: object = array(dtype, shape, data, columns)[()]
    return made


def _dtype(name: str) -> Any:
    import numpy as np

    if name[:1] in "<>|=":
        return np.dtype(name)
    import ml_dtypes  # comes with Keras and with TensorFlow

    return np.dtype(getattr(ml_dtypes, name))


_MAKERS: tuple[Callable[..., object], ...] = (record, member, error, table, array, scalar)
_NAMES = {maker.__name__: maker for maker in _MAKERS}
