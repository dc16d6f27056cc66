"""Which object does a target name? Imports the file, finds the name, supplies the arguments."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

import keras

from kerasdiff.errors import LoadError
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import Attribute
from kerasdiff.side.reading import said
from kerasdiff.side.reading.calling import SHAPE_NAMES, arguments_of, guesses
from kerasdiff.side.targets import InputSpec, Target
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.loading.faults import at_line, reason, user_traceback
from kerasdiff.worker.tracing.libraries import claim, is_user_file
from kerasdiff.worker.tracing.naming import imported

_ORIGINS: dict[str, Fact] = {"input": Fact.ARGUMENT_FROM_INPUT, "default": Fact.ARGUMENT_FROM_DEFAULT}

_numbers = itertools.count()

_FIRST = frozenset(sys.modules)
"""Modules that were there before any target: libraries, though they may lie below a target's folder."""


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
    return construct(lookup(module, target), target, inputs, root), root


def import_target(target: Target) -> tuple[ModuleType, str]:
    """Imports a target's module afresh, so that model objects in it are new as well."""
    if target.kind == "module":
        return _import_module(target)
    path = Path(target.location)
    root = str(path.parent)
    claim(path)
    _forget_below(root)
    # A file's own directory comes first, as if it were run as a script: ``import layers`` beside it works.
    if sys.path[:1] != [root]:
        sys.path.insert(0, root)
    name = f"kerasdiff_target_{next(_numbers)}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise said.not_python(target)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _importing(target, root):
        spec.loader.exec_module(module)
    return module, root


def _import_module(target: Target) -> tuple[ModuleType, str]:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    importlib.invalidate_caches()
    loaded = sys.modules.get(target.location)
    if loaded is not None and is_user_file(getattr(loaded, "__file__", None) or "<none>"):
        del sys.modules[target.location]
    try:
        spec = importlib.util.find_spec(target.location)
    except ModuleNotFoundError:
        spec = None
    except BaseException as error:  # a parent package's __init__ ran: the user's code
        raise LoadError(
            f"{target.text}: importing a parent of {target.location} fails{at_line(error, here)}: {reason(error)}.",
            user_traceback(error, here),
        ) from None
    if spec is None:
        raise said.no_module(target, here)
    root = here
    if spec.origin and Path(spec.origin).exists():
        root = str(Path(spec.origin).parent)
        claim(Path(spec.origin))
    with _importing(target, root):
        return importlib.import_module(target.location), root
    raise AssertionError  # _importing never swallows an error


@contextmanager
def _importing(target: Target, root: str) -> Iterator[None]:
    """Turns whatever the user's module raises at import into one sentence."""
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    except SyntaxError as error:
        raise said.syntax_error(target, error) from None
    except ModuleNotFoundError as error:
        raise said.not_installed(target, error.name, at_line(error, root), user_traceback(error, root)) from None
    except SystemExit as error:
        raise LoadError(
            f"{target.text}: {said.shown(target)} ends the program when it is imported, with exit code {error.code!r}"
            f'{at_line(error, root)}; put that under if __name__ == "__main__".',
        ) from None
    except BaseException as error:  # the user's module may raise anything
        at, details = at_line(error, root), user_traceback(error, root)
        raise said.import_fails(target, error, at, reason(error), details) from None
    finally:
        sys.dont_write_bytecode = written


def _forget_below(root: str) -> None:
    """Drops the modules imported from ``root``, so that state in a sibling file starts afresh too."""
    for name, module in list(sys.modules.items()):
        file = None if name in _FIRST else getattr(module, "__file__", None)
        if file and name != "__main__" and file.startswith(root + "/") and is_user_file(file):
            del sys.modules[name]


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


def construct(obj: Live, target: Target, inputs: tuple[InputSpec, ...], root: str) -> Constructed:
    """Makes a model of what the name stands for: an object, a class or a function.

    Raises:
        LoadError: If it is none of these, arguments are missing or unknown, or the code raises.
    """
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
    arguments, inferred = _arguments(signature, target, inputs)
    try:
        result = obj(**arguments)
    except BaseException as error:  # the user's code may raise anything
        guessed = " Some of its arguments are guesses; state them in the parentheses." if inferred else ""
        shown = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise LoadError(
            f"{target.text}: {target.name}({shown}) fails{at_line(error, root)}: {reason(error)}.{guessed}",
            user_traceback(error, root),
        ) from None
    model, taken = _model_in(result, target)
    return Constructed(model=model, inferred=(*inferred, *taken), hint=_shape_hint(signature, arguments))


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


def _arguments(
    signature: inspect.Signature | None, target: Target, inputs: tuple[InputSpec, ...]
) -> tuple[dict[str, Attribute], tuple[Finding, ...]]:
    """What to call the target with: what it says itself, and guesses for what is missing, a fact each."""
    if signature is None:
        return dict(target.arguments), ()
    made = guesses(signature, target, inputs)
    facts = tuple(
        Finding(fact=_ORIGINS[guess.origin], names=(target.text, name), settings={"value": guess.value})
        for name, guess in made.items()
    )
    return arguments_of(target, made), facts


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


def _shape_hint(signature: inspect.Signature | None, arguments: dict[str, Live]) -> ShapeHint | None:
    values = dict(arguments)
    for name, item in (signature.parameters if signature else {}).items():
        values.setdefault(name, item.default)
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
