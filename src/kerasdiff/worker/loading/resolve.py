"""Which object does a target name? Imports the file, finds the name, supplies the arguments."""

from __future__ import annotations

import difflib
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

from kerasdiff.errors import LoadError, TargetError
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import Attribute
from kerasdiff.side.targets import InputSpec, Target
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.loading.faults import at_line, reason, user_traceback
from kerasdiff.worker.tracing.libraries import claim, is_user_file
from kerasdiff.worker.tracing.naming import imported

SHAPE_NAMES = ("input_shape", "shape", "in_shape", "image_shape")
CLASSES_NAMES = ("num_classes", "classes", "n_classes", "num_outputs")
CIFAR_SHAPE = (32, 32, 3)
CIFAR_CLASSES = 10

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
        raise LoadError(f"{target.text}: {path.name} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _importing(target, path.name, root):
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
    except (Exception, SystemExit) as error:  # a parent package's __init__ ran: the user's code
        raise LoadError(
            f"{target.text}: importing a parent of {target.location} fails{at_line(error, here)}: {reason(error)}.",
            user_traceback(error, here),
        ) from None
    if spec is None:
        raise TargetError(
            f"{target.text}: there is no module {target.location}, neither installed nor below {here}; "
            "name a file as FILE.py:NAME."
        )
    root = here
    if spec.origin and Path(spec.origin).exists():
        root = str(Path(spec.origin).parent)
        claim(Path(spec.origin))
    with _importing(target, target.location, root):
        return importlib.import_module(target.location), root
    raise AssertionError  # _importing never swallows an error


@contextmanager
def _importing(target: Target, what: str, root: str) -> Iterator[None]:
    """Turns whatever the user's module raises at import into one sentence."""
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    except SyntaxError as error:
        where = f"{Path(error.filename).name}:{error.lineno}" if error.filename else what
        line = (error.text or "").strip()
        raise LoadError(
            f"{target.text}: syntax error in {where}: {error.msg}" + (f": {line}" if line else "."),
            "" if error.offset is None or not line else f"{error.text}".rstrip(),
        ) from None
    except ModuleNotFoundError as error:
        raise LoadError(
            f"{target.text}: {what} imports {error.name}, which is not installed here nor found beside it"
            f"{at_line(error, root)}.",
            user_traceback(error, root),
        ) from None
    except SystemExit as error:
        raise LoadError(
            f"{target.text}: {what} ends the program when it is imported, with exit code {error.code!r}"
            f'{at_line(error, root)}; put that under if __name__ == "__main__".',
        ) from None
    except Exception as error:  # the user's module may raise anything
        advice = ""
        if isinstance(error, ImportError) and "relative import" in str(error):
            advice = " A file in a package is named as a module from the package's parent: package.module:NAME."
        raise LoadError(
            f"{target.text}: importing {what} fails{at_line(error, root)}: {reason(error)}.{advice}",
            user_traceback(error, root),
        ) from None
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
            where = Path(target.location).name if target.kind == "file" else target.location
            if depth:
                where = f"{where}:{'.'.join(target.name.split('.')[:depth])}"
            known = _candidates(reached)
            close = difflib.get_close_matches(part, known, n=3, cutoff=0.5)
            nearest = f"; nearest: {', '.join(close)}" if close else ""
            listing = f"It defines: {', '.join(known[:20])}{', …' if len(known) > 20 else ''}." if known else ""
            raise TargetError(f"{target.text}: {where} defines no {part}{nearest}.", listing) from None
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
        raise LoadError(f"{target.text}: {target.name} is a class, but not of a Keras model or layer.{_old_keras(obj)}")
    if not callable(obj):
        raise LoadError(
            f"{target.text}: {target.name} is {_a(obj)}, not a Keras model, a layer, a class or a function of one."
            + _old_keras(type(obj))
        )
    signature = _signature(obj)
    arguments, inferred = _arguments(signature, target, inputs)
    try:
        result = obj(**arguments)
    except (Exception, SystemExit) as error:  # the user's code may raise anything
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
    _check_known(signature, target)
    assumed: dict[str, Attribute] = {}
    facts: list[Finding] = []
    missing = []
    for name in _unsupplied(signature, target):
        guess = _guess(name, inputs)
        if guess is None:
            missing.append(name)
            continue
        assumed[name], fact = guess
        facts.append(Finding(fact=fact, names=(target.text, name), settings={"value": assumed[name]}))
    if missing:
        raise LoadError(_needed(missing, target))
    return {**target.arguments, **assumed}, tuple(facts)


def _check_known(signature: inspect.Signature, target: Target) -> None:
    """Refuses arguments that the signature does not take."""
    parameters = signature.parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for name in target.arguments:
        if name not in parameters:
            close = difflib.get_close_matches(name, list(parameters), n=1)
            nearest = f"; nearest: {close[0]}" if close else ""
            raise LoadError(
                f"{target.text}: {target.name} takes no argument {name}{nearest}. "
                f"Its signature is {target.name}{signature}."
            )


def _unsupplied(signature: inspect.Signature, target: Target) -> list[str]:
    """The parameters that need a value and have none."""
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind not in several
        and parameter.default is inspect.Parameter.empty
        and name not in target.arguments
    ]


def _guess(name: str, inputs: tuple[InputSpec, ...]) -> tuple[Attribute, Fact] | None:
    """A value for an argument of a common name, and where it comes from."""
    shapes = {spec.shape for spec in inputs}
    if name in SHAPE_NAMES and len(shapes) == 1:
        return next(iter(shapes)), Fact.ARGUMENT_FROM_INPUT
    if name in SHAPE_NAMES and not shapes:
        return CIFAR_SHAPE, Fact.ARGUMENT_FROM_DEFAULT
    return (CIFAR_CLASSES, Fact.ARGUMENT_FROM_DEFAULT) if name in CLASSES_NAMES else None


def _needed(missing: list[str], target: Target) -> str:
    named = target.text.split("(", 1)[0] if target.called else target.text
    given = "".join(f"{key}={value!r}, " for key, value in target.arguments.items())
    example = f"{named}({given}{', '.join(f'{name}=...' for name in missing)})"
    plural = "s" if len(missing) > 1 else ""
    return f"{target.text}: {target.name} needs the argument{plural} {', '.join(missing)}; write '{example}'."


def _model_in(result: Live, target: Target) -> tuple[Live, tuple[Finding, ...]]:
    if isinstance(result, keras.Layer):
        return result, ()
    if isinstance(result, tuple):
        for index, item in enumerate(result):
            if isinstance(item, keras.Layer):
                names = (target.text, type(item).__name__)
                return item, (Finding(fact=Fact.ITEM_TAKEN, names=names, count=index),)
    raise LoadError(
        f"{target.text}: {target.name} returned {_a(result)}, not a Keras model or layer.{_old_keras(type(result))}"
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


def _a(value: object) -> str:
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, ModuleType):
        return f"the module {value.__name__}"
    name = type(value).__name__
    shown = f" ({value!r})" if isinstance(value, int | float | str) and len(repr(value)) < 40 else ""
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}{shown}"


def _old_keras(kind: type) -> str:
    if any(base.__module__.split(".")[0] in ("tf_keras", "tensorflow_core") for base in kind.__mro__):
        return " It comes from Keras 2 (tf_keras); kerasdiff reads Keras 3."
    return ""
