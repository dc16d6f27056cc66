"""What is a target's class or function called with, in values? Python of the command line, evaluated in its module."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import inspect
import types
from collections.abc import Mapping
from dataclasses import dataclass

import keras

from kerasdiff.errors import LoadError
from kerasdiff.findings import Fact, Finding
from kerasdiff.side.reading.calling import Guess, guesses
from kerasdiff.side.targets import Argument, InputSpec, Target
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.loading.faults import at_line, reason, user_traceback

_FACTS: Mapping[str, Fact] = {
    "input": Fact.ARGUMENT_FROM_INPUT,
    "default": Fact.ARGUMENT_FROM_DEFAULT,
    "dataclass": Fact.ARGUMENT_FROM_DATACLASS,
    "parser": Fact.ARGUMENT_FROM_PARSER,
}
_KNOWN: Mapping[str, object] = {
    "Namespace": argparse.Namespace,
    "SimpleNamespace": types.SimpleNamespace,
    "argparse": argparse,
    "keras": keras,
    "types": types,
}
"""Names that an argument may use though the module binds them not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where the text of a target is evaluated.

    Attributes:
        target: Whose text it is.
        names: Those of its module.
        root: Directory that source lines are shown relative to.
    """

    target: Target
    names: Mapping[str, object]
    root: str

    def evaluate(self, text: str, what: str, **more: object) -> Live:
        """The value of an expression.

        Args:
            text: The expression.
            what: It in a sentence: ``the argument cfg``.
            more: Further names.

        Raises:
            LoadError: If it raises.
        """
        names = {**_KNOWN, **self.names, **more}
        try:
            return eval(compile(text, f"<{what}>", "eval", dont_inherit=True), names)
        except (Exception, SystemExit) as error:  # the user's code may raise anything
            near = ""
            if isinstance(error, NameError):
                close = difflib.get_close_matches(str(error.name), list(self.names), n=1)
                near = f" Nearest: {close[0]}." if close else ""
            raise LoadError(
                f"{self.target.text}: {what}, {text}, fails{at_line(error, self.root)}: {reason(error)}.{near}",
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
    made = {} if signature is None else guesses(signature, target, inputs, lambda one: _from_dataclass(one, scope))
    values = [(one.name, scope.evaluate(one.text, _which(one, target))) for one in target.arguments]
    args = [value for name, value in values if name is None]
    kwargs = {name: value for name, value in values if name is not None}
    kwargs |= {name: guess.value for name, guess in made.items()}
    return tuple(args), kwargs, tuple(_fact(guess, name, target) for name, guess in made.items())


def _which(argument: Argument, target: Target) -> str:
    if argument.name is not None:
        return f"the argument {argument.name}"
    return f"argument {target.arguments.index(argument) + 1}"


def _fact(guess: Guess, name: str, target: Target) -> Finding:
    if guess.source:
        return Finding(fact=_FACTS[guess.origin], names=(target.text, name, guess.source))
    return Finding(fact=_FACTS[guess.origin], names=(target.text, name), settings={"value": guess.value})  # type: ignore[dict-item]  # a shape or a number


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
    return Guess(scope.evaluate("_made()", f"the argument {parameter.name}", _made=kind), "dataclass", kind.__name__)
