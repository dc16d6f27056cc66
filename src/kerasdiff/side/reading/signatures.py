"""What does a function or class take, as its text has it?"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass

from kerasdiff.side.reading.names import Names

PLAIN = {item.__name__: item for item in (int, float, str, bool, bytes, tuple, list, dict, set, object)}
"""Types by their names in Python, for whose objects no class of the user's stands."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Stands for a default or an annotation that only running the code gives."""


@dataclass(frozen=True, slots=True)
class Read:
    """A signature as its text has it; ``whole`` where nothing in it is :class:`Unread`."""

    signature: inspect.Signature
    whole: bool


def signature_of(node: ast.FunctionDef, names: Names, *, method: bool) -> Read | None:
    """The signature of a function, or of a method without ``self``; ``None`` where that has none."""
    given, reader = node.args, _Reader(names)
    plain = [*given.posonlyargs, *given.args]
    if method and not plain:
        return None
    without = len(plain) - len(given.defaults)
    parameters = [
        reader.parameter(
            argument,
            inspect.Parameter.POSITIONAL_ONLY if number < len(given.posonlyargs) else _EITHER,
            given.defaults[number - without] if number >= without else None,
        )
        for number, argument in enumerate(plain)
    ]
    if given.vararg:
        parameters.append(reader.parameter(given.vararg, inspect.Parameter.VAR_POSITIONAL, None))
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        parameters.append(reader.parameter(argument, inspect.Parameter.KEYWORD_ONLY, default))
    if given.kwarg:
        parameters.append(reader.parameter(given.kwarg, inspect.Parameter.VAR_KEYWORD, None))
    returned = inspect.Signature.empty if node.returns is None else reader.annotation(node.returns)
    read = inspect.Signature(parameters[1:] if method else parameters, return_annotation=returned)
    return Read(read, reader.whole)


_EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD


class _Reader:
    """Reads parameters; ``whole`` until a part of one is not to be read."""

    def __init__(self, names: Names) -> None:
        self.whole = True
        self._names = names
        self._texts = names.imported.get("annotations") == "__future__.annotations"

    def parameter(self, argument: ast.arg, kind: inspect._ParameterKind, default: ast.expr | None) -> inspect.Parameter:
        annotation = inspect.Parameter.empty if argument.annotation is None else self.annotation(argument.annotation)
        value = inspect.Parameter.empty if default is None else self._value(default)
        return inspect.Parameter(argument.arg, kind, default=value, annotation=annotation)

    def annotation(self, expression: ast.expr) -> object:
        if isinstance(expression, ast.Constant) and expression.value is None:
            return "None" if self._texts else None
        if isinstance(expression, ast.Name) and self._texts:
            return expression.id
        if isinstance(expression, ast.Name) and expression.id in PLAIN and expression.id not in self._names.bound:
            return PLAIN[expression.id]
        return self._unread()

    def _value(self, expression: ast.expr) -> object:
        try:
            return ast.literal_eval(expression)
        except (ValueError, TypeError, MemoryError, RecursionError):
            return self._unread()

    def _unread(self) -> Unread:
        self.whole = False
        return Unread()
