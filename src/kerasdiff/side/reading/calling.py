"""What is a class or function called with? What the target says, and guesses for what is missing."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kerasdiff.errors import LoadError
from kerasdiff.graph import Attribute
from kerasdiff.side.targets import InputSpec, Target

SHAPE_NAMES = ("input_shape", "shape", "in_shape", "image_shape")
CLASSES_NAMES = ("num_classes", "classes", "n_classes", "num_outputs")
CIFAR_SHAPE = (32, 32, 3)
CIFAR_CLASSES = 10

SEVERAL = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Guess:
    """A value for an argument of a common name, and whether ``--input`` gave it or the CIFAR-10 default."""

    value: Attribute
    origin: Literal["input", "default"]


def guesses(signature: inspect.Signature, target: Target, inputs: tuple[InputSpec, ...]) -> dict[str, Guess]:
    """Values for the arguments that the target leaves out.

    Raises:
        LoadError: If the target gives an argument that there is not, or leaves one out that has no common name.
    """
    strange = unknown(signature, target)
    if strange is not None:
        raise _not_taken(strange, signature, target)
    made: dict[str, Guess] = {}
    missing = []
    for name in _unsupplied(signature, target):
        guess = _guess(name, inputs)
        if guess is None:
            missing.append(name)
        else:
            made[name] = guess
    if missing:
        raise LoadError(_needed(missing, target))
    return made


def unknown(signature: inspect.Signature, target: Target) -> str | None:
    """The first argument of the target that the signature does not take."""
    parameters = signature.parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    return next((name for name in target.arguments if name not in parameters), None)


def _not_taken(name: str, signature: inspect.Signature, target: Target) -> LoadError:
    close = difflib.get_close_matches(name, list(signature.parameters), n=1)
    nearest = f"; nearest: {close[0]}" if close else ""
    return LoadError(
        f"{target.text}: {target.name} takes no argument {name}{nearest}. Its signature is {target.name}{signature}."
    )


def _unsupplied(signature: inspect.Signature, target: Target) -> list[str]:
    """The parameters that need a value and have none."""
    return [
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind not in SEVERAL
        and parameter.default is inspect.Parameter.empty
        and name not in target.arguments
    ]


def _guess(name: str, inputs: tuple[InputSpec, ...]) -> Guess | None:
    shapes = {spec.shape for spec in inputs}
    if name in SHAPE_NAMES and len(shapes) == 1:
        return Guess(next(iter(shapes)), "input")
    if name in SHAPE_NAMES and not shapes:
        return Guess(CIFAR_SHAPE, "default")
    return Guess(CIFAR_CLASSES, "default") if name in CLASSES_NAMES else None


def _needed(missing: list[str], target: Target) -> str:
    named = target.text.split("(", 1)[0] if target.called else target.text
    given = "".join(f"{key}={value!r}, " for key, value in target.arguments.items())
    example = f"{named}({given}{', '.join(f'{name}=...' for name in missing)})"
    plural = "s" if len(missing) > 1 else ""
    return f"{target.text}: {target.name} needs the argument{plural} {', '.join(missing)}; write '{example}'."


def arguments_of(target: Target, made: Mapping[str, Guess]) -> dict[str, Attribute]:
    """All arguments of the call."""
    return {**target.arguments, **{name: guess.value for name, guess in made.items()}}
