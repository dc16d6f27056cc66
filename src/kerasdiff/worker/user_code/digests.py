"""A digest of Python code with the values it closes over, for what has no config to compare."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from kerasdiff.worker.keras_internals import Live, is_keras_own
from kerasdiff.worker.user_code.reach import Reader, constants_of, filled, is_user_code, is_users, names_in


def digest_of(value: object) -> str:
    """A short stable digest of plain data."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:8]


def code_digest(function: Live) -> str:
    """A digest of a function: what it says, its defaults, what it closes over, and what it reaches by name.

    The same source gives the same digest wherever it stands; names of files and line numbers do not count.
    """
    reader = Reader()
    return digest_of((reader.plain(function), reader.reached()))


def state_digest(value: Live) -> str:
    """A digest of an object: its class's methods with what they reach by name, and its plain attributes."""
    reader = Reader([scope for kind in type(value).__mro__ if is_users(kind) for scope in [vars(kind)]])
    methods = [
        (name, reader.function(item))
        for kind in type(value).__mro__
        for name, item in sorted(vars(kind).items())
        if is_user_code(item) and name not in _SETTINGS
    ]
    state = [(name, reader.plain(item)) for name, item in sorted(getattr(value, "__dict__", {}).items())]
    return digest_of((methods, state, reader.reached()))


def reach_digest(owner: Live, method: str, *, settings: bool = True) -> str:
    """A digest of a method with what it reaches by name: other methods, functions and plain settings of the user's.

    Args:
        owner: The object whose method it is; names are looked up there, in its classes and in the method's module.
        method: Name of the method.
        settings: As of :class:`kerasdiff.worker.user_code.reach.Reader`: two generations of Keras tell them otherwise.
    """
    own = {name: value for name, value in vars(owner).items() if name != "name"}  # as Keras 2 has it under another one
    reader = Reader([*map(vars, type(owner).__mro__), own], settings=settings)
    reader.names([method], {})
    return digest_of(reader.reached())


_SETTINGS = ("__init__", "get_config", "from_config")
"""Methods that make an object and tell its settings, which are compared themselves."""


def own_code(value: Live) -> str:
    """A digest of all methods the user wrote for an object's class, as a suffix; empty where Keras wrote them all."""
    held = {name for kind in type(value).__mro__ for name, item in vars(kind).items() if is_user_code(item)}
    names = sorted(held - set(_SETTINGS))
    return f" (code {digest_of([reach_digest(value, name) for name in names])})" if names else ""


def numbers_of(value: Live) -> tuple[float, ...]:
    """Every number that an object holds, or that methods not of Keras hold or reach in their module."""
    held: list[object] = list(getattr(value, "__dict__", {}).values())
    kinds = [kind for kind in type(value).__mro__ if not is_keras_own(kind)]
    methods: list[Live] = [item for kind in kinds for item in vars(kind).values() if hasattr(item, "__code__")]
    for method in methods:
        held += constants_of(method.__code__)
        held += [method.__globals__.get(name) for name in names_in(method.__code__)]
        held += [cell.cell_contents for cell in method.__closure__ or () if filled(cell)]
        held += method.__defaults__ or ()
    return tuple(sorted({float(number) for number in _numbers(held, 0) if abs(number) < float("inf")}))


def _numbers(values: Iterable[object], depth: int) -> Iterator[float]:
    for item in values:
        if isinstance(item, int | float) and not isinstance(item, bool):
            yield item
        elif isinstance(item, str):  # a constant of code, written out
            with suppress(ValueError):
                yield float(item)
        elif isinstance(item, list | tuple | set | frozenset) and depth < 4:
            yield from _numbers(item, depth + 1)
        elif isinstance(item, Mapping) and depth < 4:
            yield from _numbers(item.values(), depth + 1)
