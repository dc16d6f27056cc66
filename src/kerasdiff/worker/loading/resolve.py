"""Which model does a target name? Finds the name in the module, and makes a model of what stands there."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

import keras

from kerasdiff.errors import LoadError
from kerasdiff.findings import Fact, Finding
from kerasdiff.side.reading import said
from kerasdiff.side.reading.calling import SHAPE_NAMES
from kerasdiff.side.targets import InputSpec, Target
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.loading.arguments import Scope, call_arguments
from kerasdiff.worker.loading.faults import at_line, reason, user_traceback
from kerasdiff.worker.loading.importing import import_target
from kerasdiff.worker.tracing.naming import imported


@dataclass(frozen=True, slots=True)
class ShapeHint:
    """An input shape without batch that is stated somewhere: by which name, and what that is."""

    shape: tuple[int | None, ...]
    name: str
    origin: Literal[Fact.INPUT_FROM_ARGUMENT, Fact.INPUT_FROM_ATTRIBUTE]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constructed:
    """What a target stands for.

    Attributes:
        model: A ``keras.Model`` or ``keras.Layer``.
        inferred: One fact for each guess.
        hint: The input shape that a constructor argument states.
    """

    model: Live
    inferred: tuple[Finding, ...] = ()
    hint: ShapeHint | None = None


def resolve(target: Target, inputs: tuple[InputSpec, ...]) -> tuple[Constructed, str]:
    """Imports, looks up and constructs; also gives the directory of the target's file.

    Raises:
        TargetError: If the name does not exist.
        LoadError: If the import or the constructor fails, or the result is no model.
    """
    module, root = import_target(target)
    imported(target.text)
    return construct(lookup(module, target), Scope(target=target, names=vars(module), root=root), inputs), root


def lookup(module: ModuleType, target: Target) -> Live:
    """Finds a dotted name in a module.

    Raises:
        TargetError: If it is not there; names the nearest ones and all models and functions.
    """
    reached: Live = module
    for depth, part in enumerate(target.name.split(".")):
        try:
            reached = getattr(reached, part)
        except AttributeError:
            raise said.no_such_name(target, depth, _candidates(reached)) from None
    return reached


def _candidates(owner: Live) -> list[str]:
    """Names in a module or class that could be a model: its own layers, classes of layers and functions."""
    own: list[str] = []
    imported: list[str] = []
    for name, value in vars(owner).items():
        if name.startswith("_"):
            continue
        if isinstance(value, keras.Layer):
            own.append(name)
        elif (isinstance(value, type) and issubclass(value, keras.Layer)) or inspect.isfunction(value):
            home = getattr(value, "__module__", None)
            (own if home == getattr(owner, "__name__", home) or isinstance(owner, type) else imported).append(name)
    # A module of re-exports (keras.applications) defines nothing of its own.
    return own or imported


def construct(obj: Live, scope: Scope, inputs: tuple[InputSpec, ...]) -> Constructed:
    """Makes a model of what the name stands for: an object, a class or a function.

    Raises:
        LoadError: If it is none of these, arguments are missing or unknown, or the code raises.
    """
    target, root = scope.target, scope.root
    if isinstance(obj, keras.Layer):
        if target.called:
            raise LoadError(
                f"{target.text}: {target.name} is already a {type(obj).__name__} object, which takes no arguments; "
                f"write it without the parentheses."
            )
        return Constructed(model=obj)
    if isinstance(obj, type) and not issubclass(obj, keras.Layer):
        raise said.not_of_keras(target, _old_keras(obj))
    if not callable(obj):
        raise said.no_model(target, obj, _old_keras(type(obj)))
    signature = _signature(obj)
    args, kwargs, inferred = call_arguments(signature, scope, inputs)
    try:
        result = obj(*args, **kwargs)
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        guessed = " Some of its arguments are guesses; state them in the parentheses." if inferred else ""
        shown = ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())])
        raise LoadError(
            f"{target.text}: {target.name}({shown}) fails{at_line(error, root)}: {reason(error)}.{guessed}",
            user_traceback(error, root),
        ) from None
    model, taken = _model_in(result, target)
    return Constructed(model=model, inferred=(*inferred, *taken), hint=_shape_hint(signature, args, kwargs))


def _signature(obj: Live) -> inspect.Signature | None:
    """The signature to call, without ``self``; ``None`` where Python knows none."""
    try:
        if not isinstance(obj, type):
            return inspect.signature(obj)
        # Keras gives every layer a __new__ that takes anything, so the class itself tells nothing.
        signature = inspect.signature(getattr(obj, "__init__"))  # noqa: B009  (mypy: on a class, so sound)
        return signature.replace(parameters=list(signature.parameters.values())[1:])
    except (TypeError, ValueError):
        return None


def _model_in(result: Live, target: Target) -> tuple[Live, tuple[Finding, ...]]:
    if isinstance(result, keras.Layer):
        return result, ()
    if isinstance(result, tuple):
        for index, item in enumerate(result):
            if isinstance(item, keras.Layer):
                names = (target.text, type(item).__name__)
                return item, (Finding(fact=Fact.ITEM_TAKEN, names=names, count=index),)
    raise LoadError(
        f"{target.text}: {target.name} returned {said.a(result)}, not a Keras model or layer.{_old_keras(type(result))}"
    )


def _shape_hint(
    signature: inspect.Signature | None, args: tuple[Live, ...], kwargs: dict[str, Live]
) -> ShapeHint | None:
    values = kwargs
    if signature is not None:
        bound = signature.bind(*args, **kwargs)
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


def _old_keras(kind: type) -> str:
    if any(base.__module__.split(".")[0] in ("tf_keras", "tensorflow_core") for base in kind.__mro__):
        return " It comes from Keras 2 (tf_keras); kerasdiff reads Keras 3."
    return ""
