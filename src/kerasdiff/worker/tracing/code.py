"""A digest of Python code with the values it closes over, for what has no config to compare."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import CellType, CodeType
from typing import TypeAlias

from kerasdiff.worker.keras_internals import Live, is_keras_own
from kerasdiff.worker.tracing.libraries import is_user_file
from kerasdiff.worker.tracing.syntax import syntax_of


def digest_of(value: object) -> str:
    """A short stable digest of plain data."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:8]


def code_digest(function: Live) -> str:
    """A digest of a function: what it says, its defaults, what it closes over, and what it reaches by name.

    The same source gives the same digest wherever it stands; names of files and line numbers do not count.
    """
    reached = _reached([function], ()) if is_user_code(function) else ()
    return digest_of((_parts(function, 0), reached) if reached else _parts(function, 0))


def state_digest(value: Live) -> str:
    """A digest of an object: its class's methods with what they reach by name, and its plain attributes."""
    kinds = type(value).__mro__
    own = [item for name, item in vars(kinds[0]).items() if is_user_code(item) and name not in _SETTINGS]
    reached = _reached(own, kinds)
    methods = [_parts(item, 0) for name, item in sorted(vars(type(value)).items()) if hasattr(item, "__code__")]
    state = [(name, _plain(item, 0)) for name, item in sorted(getattr(value, "__dict__", {}).items())]
    return digest_of((methods, state, reached) if reached else (methods, state))


def reach_digest(owner: Live, method: str) -> str:
    """A digest of a method with what it reaches by name: other methods, functions and plain settings of the user's.

    Args:
        owner: The object whose method it is; names are looked up there, in its classes and in the method's module.
        method: Name of the method.
    """
    scopes = [*map(vars, type(owner).__mro__), vars(owner)]
    return digest_of(_telling(_found([(method, {})], scopes)))


def _reached(functions: Iterable[Live], kinds: Iterable[type]) -> list[tuple[str, object]]:
    """What functions of the user's reach by name that says something: in their module, and in these classes."""
    waiting = [(name, item.__globals__) for item in functions for name in _names(item.__code__)]
    return _telling(_found(waiting, [*map(vars, kinds)]))


def _telling(found: Mapping[str, tuple[list[object], ...]]) -> list[tuple[str, object]]:
    """Names that say something: of those that say nothing, each version of Python has other ones."""
    return sorted((name, held) for name, held in found.items() if any(held))


_Scope: TypeAlias = "Mapping[str, Live]"


def _found(waiting: list[tuple[str, _Scope]], scopes: Sequence[_Scope]) -> dict[str, tuple[list[object], ...]]:
    """By name, the functions, plain values and settings that stand there: in some scopes, or in a module."""
    reached: dict[str, tuple[list[object], ...]] = {}
    while waiting:
        name, module = waiting.pop()
        if name in reached:
            continue
        own = None if name.startswith("__") else module.get(name)  # where a module lies says nothing
        values = [*(scope.get(name) for scope in scopes), own]
        functions: list[Live] = [value for value in values if is_user_code(value)]
        waiting += [(inner, item.__globals__) for item in functions for inner in _names(item.__code__)]
        plain: list[object] = [value for value in values if isinstance(value, bool | int | float | str)]
        plain += [_plain(own, 0)] if _holds_values(own) else []
        configured: list[object] = [text for value in values if (text := _configured(value)) is not None]
        reached[name] = [_parts(item, 0) for item in functions], plain, configured
    return reached


def _holds_values(value: Live) -> bool:
    return isinstance(value, list | tuple | dict) or hasattr(value, "tobytes")


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
        held += _constants(method.__code__)
        held += [method.__globals__.get(name) for name in _names(method.__code__)]
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


def is_user_code(value: object) -> bool:
    """Whether a value is a function of the user's."""
    code = getattr(value, "__code__", None)
    return code is not None and is_user_file(code.co_filename)


def _names(code: CodeType) -> list[str]:
    inner = [name for item in code.co_consts if isinstance(item, CodeType) for name in _names(item)]
    return [*code.co_names, *inner]


def _configured(value: Live) -> str | None:
    """The settings of a loss, an optimizer or the like; layers are the call's affair."""
    if isinstance(value, type) or hasattr(value, "compute_output_spec"):
        return None
    try:
        return repr(sorted((key, item) for key, item in value.get_config().items() if key != "name"))
    except (AttributeError, NotImplementedError, TypeError):
        return None


def filled(cell: CellType) -> bool:
    """Whether a closure cell has a value yet."""
    try:
        cell.cell_contents  # noqa: B018  (an empty cell raises)
    except ValueError:
        return False
    return True


def _parts(function: Live, depth: int) -> object:
    code = getattr(function, "__code__", None)
    if code is None:
        return getattr(function, "__qualname__", type(function).__name__)
    name = getattr(function, "__qualname__", "<")
    if not is_user_code(function) and "<" not in name:
        # Of another version it has other code, and is the same all the same.
        return _package(function), name
    cells = [_plain(cell.cell_contents, depth + 1) for cell in function.__closure__ or () if filled(cell)]
    defaults = [_plain(item, depth + 1) for item in function.__defaults__ or ()]
    named = [(key, _plain(item, depth + 1)) for key, item in sorted((function.__kwdefaults__ or {}).items())]
    written = syntax_of(code) if is_user_code(function) else None
    return written or (code.co_code.hex(), _constants(code), code.co_names), cells, defaults, named


def _package(function: Live) -> str:
    return "keras" if is_keras_own(function) else str(function.__module__).partition(".")[0]


def _constants(code: CodeType) -> list[object]:
    return [_constants(item) if isinstance(item, CodeType) else repr(item) for item in code.co_consts]


def _plain(value: Live, depth: int) -> object:
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    if isinstance(value, list | tuple) and depth < 4:
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict) and depth < 4:
        return [(str(key), _plain(item, depth + 1)) for key, item in value.items()]
    if hasattr(value, "__code__") and depth < 4:
        return _parts(value, depth + 1)
    if hasattr(value, "tobytes"):
        return hashlib.sha256(value.tobytes()).hexdigest()
    return type(value).__name__
