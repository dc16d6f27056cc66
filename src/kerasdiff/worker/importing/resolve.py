"""Which model does a target name? Finds the name in the module, and makes a model of what stands there."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import cached_property
from types import FunctionType, ModuleType

from kerasdiff.errors import LoadError
from kerasdiff.findings import Fact, Finding
from kerasdiff.side.reading import said
from kerasdiff.side.reading.calling import expression
from kerasdiff.side.targets import InputSpec, Target, as_written
from kerasdiff.worker.importing.arguments import Scope
from kerasdiff.worker.importing.calls import Called, ShapeHint, call_it, model_among, old_keras
from kerasdiff.worker.importing.definitions import by_definitions
from kerasdiff.worker.importing.modules import import_target
from kerasdiff.worker.keras_internals import Live, keras
from kerasdiff.worker.tracing.naming import imported


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
    with by_definitions(target) as loaded:
        module, root = import_target(target, loaded.run)
    imported(target.text)
    scope = Scope.of(target, module, root)
    found = (Finding(fact=Fact.TARGET_FOUND, names=(target.text, target.name)),) if target.found else ()
    reached = lookup(module, scope, inputs)
    made = construct(reached.value, scope, inputs)
    return replace(made, inferred=(*loaded.inferred, *found, *reached.inferred, *made.inferred)), root


def lookup(module: ModuleType, scope: Scope, inputs: tuple[InputSpec, ...]) -> Called:
    """Finds a dotted name in a module; a method is that of an instance, which is made.

    Raises:
        TargetError: If it is not there; names the nearest ones and all models and functions.
        LoadError: If an instance cannot be made.
    """
    reached = Called(module)
    parts = scope.target.name.split(".")
    for depth, part in enumerate(parts):
        owner = reached.value
        if isinstance(owner, type) and _is_of_instances(owner, part):
            reached = _instance(owner, scope, depth, inputs)
        try:
            reached = replace(reached, value=getattr(reached.value, part))
        except AttributeError:
            raise said.no_such_name(scope.target, depth, _candidates(owner)) from None
    return reached


def _is_of_instances(owner: type, name: str) -> bool:
    """Whether objects of a class have something of this name: a method, a property, what ``__init__`` sets."""
    missing = object()
    held = inspect.getattr_static(owner, name, missing)
    if held is missing:
        makers = [vars(kind).get("__init__") for kind in owner.__mro__]
        return any(isinstance(one, FunctionType) and name in one.__code__.co_names for one in makers)
    return isinstance(held, FunctionType | property | cached_property)


def _instance(kind: type, scope: Scope, depth: int, inputs: tuple[InputSpec, ...]) -> Called:
    """An object of the class that the first ``depth`` parts of the name stand for."""
    target = scope.target
    parts = target.name.split(".")
    name, rest = ".".join(parts[:depth]), "." + ".".join(parts[depth:])
    call = f"({', '.join(map(as_written, target.arguments))})" if target.called else ""
    made = call_it(kind, scope.at(name, after=f"{rest}{call}{target.after}"), inputs)
    return replace(made, inferred=(*made.inferred, Finding(fact=Fact.INSTANCE_MADE, names=(target.text, name))))


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
    target = scope.target
    if target.after:
        makes = target.called or (callable(obj) and not isinstance(obj, keras.Layer))
        first = call_it(obj, scope, inputs) if makes else Called(obj)
        whole = expression(target)
        value = scope.evaluate(f"_given{target.after}", whole, _given=first.value)
        made = _model_of(value, scope.at(whole), inputs)
        return replace(made, inferred=(*first.inferred, *made.inferred), hint=made.hint or first.hint)
    return _model_of(obj, scope, inputs)


def _model_of(obj: Live, scope: Scope, inputs: tuple[InputSpec, ...]) -> Constructed:
    target = scope.target
    if isinstance(obj, keras.Layer):
        if target.called:
            raise LoadError(
                f"{target.text}: {target.name} is already a {type(obj).__name__} object, which takes no arguments; "
                f"write it without the parentheses."
            )
        return Constructed(model=obj)
    if isinstance(obj, type) and not issubclass(obj, keras.Layer):
        raise said.not_of_keras(target, old_keras(obj))
    if isinstance(obj, tuple | list | dict) and not target.called:
        model, taken = model_among(obj, target, f"{target.name} is")
        return Constructed(model=model, inferred=taken)
    if not callable(obj):
        raise said.no_model(target, obj, old_keras(type(obj)))
    made = call_it(obj, scope, inputs)
    model, taken = model_among(made.value, target, f"{target.name} returned")
    return Constructed(model=model, inferred=(*made.inferred, *taken), hint=made.hint)
