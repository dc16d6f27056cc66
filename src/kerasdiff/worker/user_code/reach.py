"""What does code of the user's reach by name, and what does it hold? All of it, in plain data.

A function runs as another one where a number of its module differs, or one in an object, a class or a module of the
user's that it uses. Of libraries the name counts, whatever their version.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from types import CellType, CodeType, MethodType, ModuleType, SimpleNamespace
from typing import TypeAlias

from kerasdiff.worker.keras_internals import Live, is_keras_own
from kerasdiff.worker.user_code.libraries import is_user_file
from kerasdiff.worker.user_code.syntax import syntax_of

_Scope: TypeAlias = "Mapping[str, Live]"

_DEPTH = 12
"""Of lists in lists: what lies deeper counts by its type."""

_BY_KERAS = frozenset({"x", "y", "y_pred", "sample_weight", "training", "mask"})
"""Parameters that Keras itself names in calls of a user's method."""

_LOOKS_AT_NAMES = frozenset({"locals", "vars", "eval", "exec", "globals"})
"""What makes names of local variables, and all of a module, something that code may read."""

_MISSING = object()


class Reader:
    """Reads functions, and gathers what they reach.

    Args:
        scopes: Where names are looked up besides the module of the function that uses them.
        settings: Whether it counts what an optimizer, a loss or the like of Keras is, and what it is set to.
    """

    def __init__(self, scopes: Sequence[_Scope] = (), *, settings: bool = True) -> None:
        self._scopes, self._settings = scopes, settings
        self._waiting: list[tuple[str, _Scope]] = []
        self._asked: dict[int, set[str]] = {}
        self._beside: dict[int, list[_Scope]] = {}
        self._told: list[str] = []
        self._known: dict[int, tuple[Live, object]] = {}  # with what an id stands for, so that it stays alive
        self._parameters: list[tuple[str, ...]] = []
        self._keywords: set[str] = set(_BY_KERAS)

    def names(self, names: Iterable[str], module: _Scope) -> None:
        """Asks for what some names stand for: in the scopes, in a module, and in those of the user's that it uses."""
        asked = self._asked.setdefault(id(module), set())
        new = sorted({*names} - asked)
        asked.update(new)
        self._waiting += [(name, module) for name in new]
        for other in self._beside.get(id(module), ()) if new else ():
            self.names(new, other)

    def reached(self) -> list[object]:
        """What says something of all that was asked for: of the rest, each version of Python names other things."""
        while self._waiting:
            name, module = self._waiting.pop()
            held = self._standing(name, module)
            self._told += [repr((name, held))] if held else []
        called = [[item for item in enumerate(one) if item[1] in self._keywords] for one in self._parameters]
        return [sorted(self._told), sorted(filter(None, called))]

    def _standing(self, name: str, module: _Scope) -> list[object]:
        inside = [value for scope in self._scopes if _says(value := _behind(scope.get(name)))]
        if not self._settings:  # and what Keras keeps by which name is an affair of its version
            inside = [value for value in inside if not is_keras_own(type(value))]
        own = _MISSING if name.startswith("__") else module.get(name, _MISSING)  # where a module lies says nothing
        if own is _MISSING:  # or it is imported inside of a function
            named = (name, f"{module.get('__package__')}.{name}")
            own = next((sys.modules[one] for one in named if one in sys.modules), _MISSING)
        if isinstance(own, ModuleType):
            if is_user_file(str(getattr(own, "__file__", None) or "<")):
                self._beside.setdefault(id(module), []).append(vars(own))
                self.names([*self._asked.get(id(module), ())], vars(own))
            own = _MISSING
        return [self.plain(value) for value in (*inside, own) if value is not _MISSING]

    def function(self, function: Live) -> object:
        """A function: what it says, its defaults, and what it closes over."""
        code = getattr(function, "__code__", None)
        own = is_user_code(function)
        if code is None or not (own or "<" in getattr(function, "__qualname__", "<")):
            return _named(function)  # of another version it has other code, and is the same all the same
        cells = zip(code.co_freevars, function.__closure__ or (), strict=False)
        # `super()` closes over the class.
        held = [self.plain(cell.cell_contents) for one, cell in cells if filled(cell) and one != "__class__"]
        defaults = [self.plain(item) for item in function.__defaults__ or ()]
        named = [(key, self.plain(item)) for key, item in sorted((function.__kwdefaults__ or {}).items())]
        written = (syntax_of(code) if own else None) or (code.co_code.hex(), constants_of(code), code.co_names)
        return written, held, defaults, named, self._named_in(function) if own else ()

    def _named_in(self, function: Live) -> object:
        """Asks for what a function names, and tells what it can read of itself."""
        code: CodeType = function.__code__
        names = names_in(code)
        self._parameters.append(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        self._keywords |= keywords_in(code)
        self.names(names, function.__globals__)
        looking = not _LOOKS_AT_NAMES.isdisjoint(names)
        if looking:
            self.names([one for one in function.__globals__ if not one.startswith("__")], function.__globals__)
        own = [(key, item) for key, item in sorted(vars(function).items()) if isinstance(item, int | float | str)]
        return code.co_varnames if looking else (), function.__doc__ if "__doc__" in names else None, own

    def plain(self, value: Live, depth: int = 0) -> object:
        """A value in plain data: what it holds, where it is the user's; of a library's by name."""
        if value is None or isinstance(value, bool | int | float | complex | str | bytes):
            return value
        contained = self._contained(value, depth + 1) if depth < _DEPTH else None
        if contained is not None:
            return contained
        array = _array(value)
        if array is not None:
            values = repr(array.tolist()).encode() if array.dtype.kind == "O" else array.tobytes()
            return str(array.dtype), tuple(array.shape), hashlib.sha256(values).hexdigest()
        if id(value) not in self._known:
            self._known[id(value)] = value, "itself"
            self._known[id(value)] = value, hashlib.sha256(repr(self._held(value, depth + 1)).encode()).hexdigest()
        return self._known[id(value)][1]

    def _contained(self, value: Live, depth: int) -> object:
        if isinstance(value, list | tuple):
            return [self.plain(item, depth) for item in value]
        if isinstance(value, set | frozenset):
            return sorted(repr(self.plain(item, depth)) for item in value)
        if isinstance(value, dict):
            return [(repr(self.plain(key, depth)), self.plain(item, depth)) for key, item in value.items()]
        if isinstance(value, functools.partial):
            return [self.plain(item, depth) for item in ("partial", value.func, value.args, value.keywords)]
        if isinstance(value, MethodType):
            return [self.function(value.__func__), self.plain(value.__self__, depth)]
        return None

    def _held(self, value: Live, depth: int) -> object:
        """What a function, a class or an object holds."""
        wrapped = _wrapped(value)
        if wrapped is not None:
            return self.plain(wrapped, depth)
        if hasattr(value, "__code__"):
            return self.function(value)
        if isinstance(value, type):
            return self._kind(value, depth)
        settings = _configured(value)
        if settings is not None and not (self._settings or is_users(type(value))):
            return _named(value)
        if settings is not None:
            return self._kind(type(value), depth), self.plain(settings, depth)
        if _is_layer(value) or not (is_users(type(value)) or isinstance(value, SimpleNamespace | Namespace)):
            return _named(value)
        state = [(name, self.plain(item, depth)) for name, item in sorted(getattr(value, "__dict__", {}).items())]
        return self._kind(type(value), depth), state

    def _kind(self, kind: type, depth: int) -> object:
        """A class: of the user's all that it says, but for layers, which are the call's affair."""
        if not is_users(kind) or _is_layer(kind):
            return _named(kind)
        held = [(name, _behind(item)) for one in kind.__mro__ if is_users(one) for name, item in vars(one).items()]
        return sorted(
            repr((name, self.plain(item, depth)))
            for name, item in held
            if name in ("__init__", "__call__") or not name.startswith("__")
            if _says(item)
        )


def is_user_code(value: object) -> bool:
    """Whether a value is a function of the user's."""
    code = getattr(value, "__code__", None)
    return code is not None and is_user_file(code.co_filename)


def is_users(kind: type) -> bool:
    """Whether a class is the user's: its module is, or is none that stays loaded."""
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    return kind.__module__ != "builtins" and (is_user_file(file) if file else module is None)


def names_in(code: CodeType) -> list[str]:
    """The names that code looks up, with those of the functions inside."""
    inner = [name for item in code.co_consts if isinstance(item, CodeType) for name in names_in(item)]
    return [*code.co_names, *inner]


def keywords_in(code: CodeType) -> set[str]:
    """The names that code may give arguments by, which lie in its constants."""
    found: set[str] = set()
    for item in code.co_consts:
        if isinstance(item, CodeType):
            found |= keywords_in(item)
        elif isinstance(item, tuple):
            found |= {name for name in item if isinstance(name, str)}
    return found


def constants_of(code: CodeType) -> list[object]:
    """The constants of code, with those of the functions inside."""
    return [constants_of(item) if isinstance(item, CodeType) else repr(item) for item in code.co_consts]


def filled(cell: CellType) -> bool:
    """Whether a closure cell has a value yet."""
    try:
        cell.cell_contents  # noqa: B018  (an empty cell raises)
    except ValueError:
        return False
    return True


def _says(value: Live) -> bool:
    """Whether a value in a class or an object says something of what code does: a setting, or code of the user's."""
    if isinstance(value, bool | int | float | complex | str | bytes | list | tuple | dict | set | frozenset):
        return True
    if isinstance(value, functools.partial) or is_user_code(value) or _array(value) is not None:
        return True
    if isinstance(value, type):
        return is_users(value)
    return _wrapped(value) is not None or is_users(type(value)) or _configured(value) is not None


def _configured(value: Live) -> dict[str, Live] | None:
    """The settings of a loss, an optimizer or the like but for seeds; layers are the call's affair."""
    if isinstance(value, type) or _is_layer(value):
        return None
    try:
        return {key: item for key, item in sorted(value.get_config().items()) if key not in ("name", "seed")}
    except (AttributeError, NotImplementedError, TypeError):
        return None


def _is_layer(value: Live) -> bool:
    return hasattr(value, "compute_output_spec") or hasattr(value, "compute_output_signature")


def _array(value: Live) -> Live:
    """The values of an array or of a constant tensor; ``None`` for what is neither, and for what may change."""
    if isinstance(value, type) or hasattr(value, "assign"):
        return None
    if hasattr(value, "tobytes") and hasattr(value, "dtype"):
        return value
    try:
        array = value.numpy()
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return None
    return array if hasattr(array, "tobytes") else None


def _wrapped(value: Live) -> Live:
    """The function that a decorator of a library made something else of."""
    if hasattr(value, "__code__") or isinstance(value, type):
        return None
    return getattr(value, "python_function", None) or getattr(value, "__wrapped__", None)


def _behind(value: Live) -> Live:
    """The function behind a property, a static or a class method."""
    if isinstance(value, staticmethod | classmethod):
        return value.__func__
    return value.fget if isinstance(value, property) else value


def _named(value: Live) -> object:
    """What a library made, by its package and name."""
    own = value if hasattr(value, "__name__") else type(value)
    module = str(getattr(own, "__module__", None) or type(own).__module__)
    package = "keras" if is_keras_own(own) else module.partition(".")[0]
    return package, getattr(own, "__qualname__", own.__name__)
