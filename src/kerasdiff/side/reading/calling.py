"""What is a class or function called with? What the target says, and guesses for what is missing."""

from __future__ import annotations

import difflib
import inspect
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kerasdiff.errors import LoadError
from kerasdiff.side.targets import Argument, InputSpec, Target, as_written

SHAPE_NAMES = ("input_shape", "shape", "in_shape", "image_shape")
CLASSES_NAMES = ("num_classes", "classes", "n_classes", "num_outputs")
PARSED_NAMES = ("args", "opt", "opts", "options", "config", "cfg", "hparams", "hps", "params", "flags")
"""Arguments that go by what a command line of the script's own says."""
CIFAR_SHAPE = (32, 32, 3)
CIFAR_CLASSES = 10

SEVERAL = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Guess:
    """A value for an argument that the target leaves out, and where it comes from.

    Attributes:
        value: A number, a shape or an object of the user's.
        origin: ``--input``, the CIFAR-10 default, a dataclass whose fields have defaults, or an argument parser.
        source: Name of the dataclass, or of what gives the parser.
    """

    value: object
    origin: Literal["input", "default", "dataclass", "parser"]
    source: str = ""


Filling = Callable[[inspect.Parameter], "Guess | None"]
"""What an argument without a common name may be filled with."""


def guesses(
    signature: inspect.Signature, target: Target, inputs: tuple[InputSpec, ...], fill: Filling
) -> dict[str, Guess]:
    """Values for the arguments that the target leaves out.

    Raises:
        LoadError: If the target gives an argument that there is not, or leaves one out that has no common name.
    """
    strange = unknown(signature, target)
    if strange is not None:
        raise _not_taken(strange, signature, target)
    given = _supplied(signature, target)
    made: dict[str, Guess] = {}
    missing = []
    for name, parameter in signature.parameters.items():
        if name in given or parameter.kind in SEVERAL or parameter.default is not inspect.Parameter.empty:
            continue
        guess = _guess(name, inputs) or fill(parameter)
        if guess is None:
            missing.append(parameter)
        else:
            made[name] = guess
    if missing:
        raise LoadError(_needed(missing, target))
    return made


def without_value(signature: inspect.Signature) -> list[inspect.Parameter]:
    """The arguments that need a value of whoever calls: they have no default, and no common name to guess by."""
    every = signature.parameters.values()
    needed = (one for one in every if one.kind not in SEVERAL and one.default is inspect.Parameter.empty)
    return [one for one in needed if _guess(one.name, ()) is None]


def unknown(signature: inspect.Signature, target: Target) -> Argument | None:
    """The first argument of the target that the signature does not take."""
    parameters = signature.parameters.values()
    kinds = {parameter.kind for parameter in parameters}
    most = sum(parameter.kind in _BY_POSITION for parameter in parameters)
    by_position = [argument for argument in target.arguments if argument.name is None]
    if len(by_position) > most and inspect.Parameter.VAR_POSITIONAL not in kinds:
        return by_position[most]
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return None
    named = (argument for argument in target.arguments if argument.name is not None)
    return next((argument for argument in named if argument.name not in signature.parameters), None)


def _not_taken(argument: Argument, signature: inspect.Signature, target: Target) -> LoadError:
    if argument.name is None:
        many = sum(one.name is None for one in target.arguments)
        said = f"does not take {many} argument{'s' if many > 1 else ''} by position"
    else:
        close = difflib.get_close_matches(argument.name, list(signature.parameters), n=1)
        said = f"takes no argument {argument.name}" + (f"; nearest: {close[0]}" if close else "")
    return LoadError(f"{target.text}: {target.name} {said}. Its signature is {target.name}{signature}.")


def _supplied(signature: inspect.Signature, target: Target) -> set[str]:
    """The parameters that the target gives a value."""
    free = [name for name, parameter in signature.parameters.items() if parameter.kind in _BY_POSITION]
    by_position = sum(argument.name is None for argument in target.arguments)
    return {*free[:by_position], *(argument.name for argument in target.arguments if argument.name is not None)}


def _guess(name: str, inputs: tuple[InputSpec, ...]) -> Guess | None:
    shapes = {spec.shape for spec in inputs}
    if name in SHAPE_NAMES and len(shapes) == 1:
        return Guess(next(iter(shapes)), "input")
    if name in SHAPE_NAMES and not shapes:
        return Guess(CIFAR_SHAPE, "default")
    return Guess(CIFAR_CLASSES, "default") if name in CLASSES_NAMES else None


def _needed(missing: list[inspect.Parameter], target: Target) -> str:
    example = ready(target, *(f"{parameter.name}=..." for parameter in missing))
    plural = "s" if len(missing) > 1 else ""
    wanted = ", ".join(map(_annotated, missing))
    return f"{target.text}: {target.name} needs the argument{plural} {wanted}; write {example}."


def ready(target: Target, *more: str, after: str = "") -> str:
    """The target with more arguments, or what follows it, to be pasted into a shell."""
    return shlex.quote(f"{target.place}:{expression(target, *more)}{after}")


def expression(target: Target, *more: str) -> str:
    """The name with its arguments, further ones, and what follows, as Python."""
    call = f"({', '.join([*map(as_written, target.arguments), *more])})" if target.called or more else ""
    return f"{target.name}{call}{target.after}"


def _annotated(parameter: inspect.Parameter) -> str:
    if parameter.annotation is inspect.Parameter.empty:
        return parameter.name
    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return f"{parameter.name} ({text})"
