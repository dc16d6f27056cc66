"""What comes of calling a target's class or function, and which model is in it?"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kerasdiff.errors import LoadError, NoModelError
from kerasdiff.findings import Fact, Finding
from kerasdiff.side.reading import said
from kerasdiff.side.reading.calling import SHAPE_NAMES, expression, ready
from kerasdiff.side.targets import InputSpec, Target
from kerasdiff.worker.importing.arguments import Scope, call_arguments
from kerasdiff.worker.importing.faults import at_line, reason, user_traceback
from kerasdiff.worker.keras_internals import Live, keras

_MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class ShapeHint:
    """An input shape without batch that is stated somewhere: by which name, and what that is."""

    shape: tuple[int | None, ...]
    name: str
    origin: Literal[Fact.INPUT_FROM_ARGUMENT, Fact.INPUT_FROM_ATTRIBUTE]


@dataclass(frozen=True, slots=True)
class Called:
    """An object, with what was assumed to get it and the input shape that an argument states."""

    value: Live
    inferred: tuple[Finding, ...] = ()
    hint: ShapeHint | None = None


def call_it(obj: Live, scope: Scope, inputs: tuple[InputSpec, ...]) -> Called:
    """Calls a class or function with what the target says, and guesses for what is missing.

    Raises:
        LoadError: If arguments are missing or unknown, or the code raises.
    """
    target, root = scope.target, scope.root
    if not callable(obj) or isinstance(obj, keras.Layer):
        raise LoadError(f"{target.text}: {target.name} is {said.a(obj)}, which is not called with arguments.")
    signature = _signature(obj)
    args, kwargs, inferred = call_arguments(signature, scope, inputs)
    try:
        result = obj(*args, **kwargs)
    except BaseException as error:  # the user's code may raise anything
        guessed = " Some of its arguments are guesses; state them in the parentheses." if inferred else ""
        shown = ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())])
        raise LoadError(
            f"{target.text}: {target.name}({shown}) fails{at_line(error, root)}: {reason(error)}.{guessed}",
            user_traceback(error, root),
        ) from None
    return Called(result, inferred, _shape_hint(signature, args, kwargs))


def _signature(obj: Live) -> inspect.Signature | None:
    """The signature to call, without ``self``; ``None`` where Python knows none."""
    try:
        if not isinstance(obj, type):
            return inspect.signature(obj)
        # Keras gives every layer a __new__ that takes anything, so the class itself tells nothing.
        kind = getattr(obj, "__init__") if issubclass(obj, keras.Layer) else obj  # noqa: B009  (mypy: on a class, so sound)
        signature = inspect.signature(kind)
        return signature.replace(parameters=list(signature.parameters.values())[kind is not obj :])
    except (TypeError, ValueError):
        return None


def _shape_hint(
    signature: inspect.Signature | None, args: tuple[Live, ...], kwargs: dict[str, Live]
) -> ShapeHint | None:
    values = kwargs
    if signature is not None:
        bound = signature.bind_partial(*args, **kwargs)
        bound.apply_defaults()
        values = {**bound.arguments, **kwargs}
    for name in SHAPE_NAMES:
        shape = as_shape(values.get(name))
        if shape is not None:
            return ShapeHint(shape, name, Fact.INPUT_FROM_ARGUMENT)
    return None


def as_shape(value: object) -> tuple[int | None, ...] | None:
    """A non-empty sequence of positive whole numbers or ``None`` as a tuple; anything else is ``None``."""
    if not isinstance(value, tuple | list) or not value:
        return None
    if all(item is None or (isinstance(item, int) and not isinstance(item, bool) and item > 0) for item in value):
        return tuple(value)
    return None


def model_among(value: Live, target: Target, came: str) -> tuple[Live, tuple[Finding, ...]]:
    """A model, or the only one among several items.

    Args:
        value: What a target gave.
        target: Which.
        came: How, in words that what it is follows: ``build returned``.

    Raises:
        LoadError: If there is none, or more than one.
    """
    if isinstance(value, keras.Layer):
        return value, ()
    models = {id(item): (part, item) for part, item in reversed([*_items(value)]) if isinstance(item, keras.Layer)}
    found = [*reversed(models.values())]
    if not found:
        raise NoModelError(
            f"{target.text}: {came} {said.a(value)}, not a Keras model or layer.{old_keras(type(value))}"
        )
    if len(found) > 1 or not isinstance(value, tuple | list | dict):
        shown = "; ".join(f"{ready(target, after=part)} is {said.a(item)}" for part, item in found[:_MOST_SHOWN])
        more = f"; and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
        many, name = (f"{len(found)} models", "one") if len(found) > 1 else ("a model", "it")
        raise LoadError(f"{target.text}: {came} {said.a(value)} with {many}; name {name}: {shown}{more}.")
    ((part, model),) = found
    names = (target.text, type(model).__name__, f"{expression(target)}{part}")
    return model, (Finding(fact=Fact.ITEM_TAKEN, names=names),)


def _items(value: Live) -> Iterator[tuple[str, Live]]:
    """The items of a tuple, a list or a dictionary, or the attributes of an object, as Python reaches them."""
    if isinstance(value, tuple | list):
        yield from ((f"[{number}]", item) for number, item in enumerate(value))
    elif isinstance(value, dict):
        yield from ((f"[{key!r}]", item) for key, item in value.items() if isinstance(key, str | int))
    else:
        yield from ((f".{name}", item) for name, item in getattr(value, "__dict__", {}).items())


def old_keras(kind: type) -> str:
    """Says so where a class comes from Keras 2."""
    if any(base.__module__.split(".")[0] in ("tf_keras", "tensorflow_core") for base in kind.__mro__):
        return " It comes from Keras 2 (tf_keras), with which kerasdiff does not do this yet."
    return ""
