"""What is a target's class or function called with, in values? Python of the command line, evaluated in its module."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import difflib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NoReturn

from kerasdiff.errors import LoadError
from kerasdiff.findings import Fact, Finding
from kerasdiff.side.reading.calling import PARSED_NAMES, Guess, guesses, ready
from kerasdiff.side.reading.parsers import parsers_of
from kerasdiff.side.reading.source import Source, source
from kerasdiff.side.targets import InputSpec, Target, as_written
from kerasdiff.worker.importing.faults import at_line, reason, user_traceback
from kerasdiff.worker.keras_internals import Live, keras

_FACTS: Mapping[str, Fact] = {
    "input": Fact.ARGUMENT_FROM_INPUT,
    "default": Fact.ARGUMENT_FROM_DEFAULT,
    "dataclass": Fact.ARGUMENT_FROM_DATACLASS,
    "parser": Fact.ARGUMENT_FROM_PARSER,
}
_KNOWN: Mapping[str, object] = {
    "Namespace": argparse.Namespace,
    "SimpleNamespace": SimpleNamespace,
    "argparse": argparse,
    "keras": keras,
}
"""Names that an argument may use though the module binds them not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where the text of a target is evaluated.

    Attributes:
        target: Whose text it is.
        names: Those of its module.
        root: Directory that source lines are shown relative to.
        source: Its module's text, ``None`` where that cannot be read.
    """

    target: Target
    names: Mapping[str, object]
    root: str
    source: Source | None = None

    @classmethod
    def of(cls, target: Target, module: ModuleType, root: str) -> Scope:
        """That of a module which has been run."""
        file = getattr(module, "__file__", None)
        read = None if file is None else source(Path(file), root)
        return cls(target=target, names=vars(module), root=root, source=read if isinstance(read, Source) else None)

    def at(self, name: str, after: str = "") -> Scope:
        """The same for another name, which is called without arguments: what it is in messages."""
        return replace(self, target=replace(self.target, name=name, arguments=(), called=False, after=after))

    def evaluate(self, text: str, what: str, **more: object) -> Live:
        """The value of an expression.

        Args:
            text: The expression.
            what: It in a sentence: ``the argument cfg=Cfg()``.
            more: Further names.

        Raises:
            LoadError: If it raises.
        """
        names = {**_KNOWN, **self.names, **more}
        try:
            return eval(compile(text, "<target>", "eval", dont_inherit=True), names)
        except BaseException as error:  # the user's code may raise anything
            near = ""
            if isinstance(error, NameError):
                close = difflib.get_close_matches(str(error.name), list(self.names), n=1)
                near = f" Nearest: {close[0]}." if close else ""
            raise LoadError(
                f"{self.target.text}: {what} fails{at_line(error, self.root)}: {reason(error)}.{near}",
                user_traceback(error, self.root),
            ) from None


def call_arguments(
    signature: inspect.Signature | None, scope: Scope, inputs: tuple[InputSpec, ...]
) -> tuple[tuple[Live, ...], dict[str, Live], tuple[Finding, ...]]:
    """What to call the target with: what it says itself, and guesses for what is missing, a fact each.

    Args:
        signature: Of what is called; ``None`` where Python knows none.
        scope: Where arguments are evaluated.
        inputs: What ``--input`` said.

    Raises:
        LoadError: If an argument is missing, unknown, or raises where it is evaluated.
    """
    target = scope.target
    made = {} if signature is None else guesses(signature, target, inputs, lambda one: _filled(one, scope))
    values = [(one.name, scope.evaluate(one.text, f"the argument {as_written(one)}")) for one in target.arguments]
    args = [value for name, value in values if name is None]
    kwargs = {name: value for name, value in values if name is not None}
    kwargs |= {name: guess.value for name, guess in made.items()}
    return tuple(args), kwargs, tuple(_fact(guess, name, target) for name, guess in made.items())


def _fact(guess: Guess, name: str, target: Target) -> Finding:
    if guess.source:
        return Finding(fact=_FACTS[guess.origin], names=(target.text, name, guess.source))
    return Finding(fact=_FACTS[guess.origin], names=(target.text, name), settings={"value": guess.value})  # type: ignore[dict-item]  # a shape or a number


def _filled(parameter: inspect.Parameter, scope: Scope) -> Guess | None:
    return _from_dataclass(parameter, scope) or _from_parser(parameter, scope)


def _from_dataclass(parameter: inspect.Parameter, scope: Scope) -> Guess | None:
    """An argument that is annotated with a dataclass whose fields all have defaults: one of it."""
    kind = parameter.annotation
    if isinstance(kind, str):
        kind = scope.names.get(kind)
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        return None
    empty = inspect.Parameter.empty
    if any(one.default is empty for one in inspect.signature(kind).parameters.values()):
        return None
    made = scope.evaluate("_made()", f"the argument {parameter.name}={kind.__name__}()", _made=kind)
    return Guess(made, "dataclass", kind.__name__)


class _RefusedError(Exception):
    """What an argument parser says of an empty command line."""


def _refuse(message: str) -> NoReturn:
    raise _RefusedError(message)


def _from_parser(parameter: inspect.Parameter, scope: Scope) -> Guess | None:
    """An argument that is named as that of a command line, where the module makes one parser: its defaults."""
    bare = parameter.annotation in (inspect.Parameter.empty, argparse.Namespace, "Namespace", "argparse.Namespace")
    if parameter.name not in PARSED_NAMES or not bare or scope.source is None:
        return None
    made = parsers_of(scope.source.tree)
    if len(made) != 1:
        return None
    (text,) = made
    file, line = scope.source.place(text.line)
    what = f"{text.name} ({Path(file).name}:{line})"
    names = {"argparse": argparse, "ArgumentParser": argparse.ArgumentParser, **scope.names}
    try:
        exec(compile(ast.Module(list(text.body), []), file, "exec", dont_inherit=True), names)
        parser: Live = names[text.name]
        parser.error = _refuse
        return Guess(parser.parse_args([]), "parser", what)
    except BaseException as error:  # the user's code may raise anything
        why = str(error) if isinstance(error, _RefusedError) else f"{reason(error)}{at_line(error, scope.root)}"
        raise LoadError(
            f"{scope.target.text}: {scope.target.name} needs the argument {parameter.name}, for which the argument "
            f"parser {what} gives no defaults: {why}; write {ready(scope.target, f'{parameter.name}=Namespace(...)')}."
        ) from None
