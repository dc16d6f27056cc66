"""Which model does somebody mean who gives an object? A target's text, a path, or what is in memory."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from kerasdiff.errors import TargetError
from kerasdiff.side.interpreters.backends import copied
from kerasdiff.side.interpreters.settings import OPEN, Setting, placed
from kerasdiff.side.targets import SIDES, Backend, InputSpec, Target, no_objects, parse_input, trusting

if TYPE_CHECKING:
    from kerasdiff.side.payload import Payload

Shape: TypeAlias = Sequence[int | None]
Inputs: TypeAlias = str | Shape | Sequence[str | Shape] | Mapping[str, str | Shape]
"""``"32,32,3"``, ``(32, 32, 3)``, one of these for each input in a list, or by name."""
Files: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""One path, or several."""

Python: TypeAlias = str | os.PathLike[str] | None
"""An interpreter, or the directory of a virtual environment."""

Variables: TypeAlias = Mapping[str, str] | None
"""What is set in the environment, by name."""


_PACK = "kerasdiff.worker.live.pack"
"""What writes down a live object; by name, for nothing here imports the worker, which knows Keras."""


def targets_of(
    models: tuple[object, object],
    settings: tuple[Setting, Setting],
    inputs: tuple[InputSpec, ...],
    *,
    custom_objects: Files,
    unsafe: bool,
) -> tuple[Target, Target]:
    """The same as :func:`target_of` of the reference and the candidate."""
    first, second = (
        target_of(model, inputs, setting, custom_objects=custom_objects, unsafe=unsafe, side=side)
        for model, setting, side in zip(models, settings, SIDES, strict=True)
    )
    return first, second


def target_of(
    model: object,
    inputs: tuple[InputSpec, ...] = (),
    setting: Setting = OPEN,
    *,
    custom_objects: Files = (),
    unsafe: bool = False,
    side: str = "",
) -> Target:
    """What a model was given as, as far as that can be known without TensorFlow.

    Args:
        model: Text, a path, a ``keras.Model`` or ``keras.Layer``, or a class or function that makes one.
        inputs: What it will be called with.
        setting: In what it runs.
        custom_objects: Python files with the classes that a saved model is made with.
        unsafe: Whether code that a saved model holds may be run.
        side: Which of two it is; empty where it is alone.

    Raises:
        TargetError: If it is none of these, or names nothing.
        KerasdiffError: For another mistake that no run mends.
    """
    if isinstance(model, str | os.PathLike):
        from kerasdiff.side.reading.early import check, read_target

        text = os.fspath(model)
        objects = [("", file) for file in _files(custom_objects)]
        target = trusting(read_target(text, _home(text)), "", unsafe=unsafe, objects=objects)
        target = placed(target, setting, _called(side))
        check(target, inputs)
        return target
    if not (callable(model) or hasattr(model, "weights")):
        raise TargetError(
            f"{type(model).__name__} is no model: give a keras.Model or Layer, a class or function that makes one, or "
            "a target such as 'models.py:Net'."
        )
    text = called(model)
    bare = placed(Target(text=text, kind="live", location=text, name=text), setting, _called(side))
    pack: Callable[[object, str], Payload] = importlib.import_module(_PACK).pack
    return copied(bare, pack(model, text))


def _called(side: str) -> Callable[[str], str]:
    """What an argument that says in what a side runs is called."""
    return lambda kind: f"{side}_{kind}" if side else kind


def setting_of(python: Python, backend: Backend | None, env: Variables) -> Setting:
    """In what a model runs, as arguments say."""
    return Setting(
        python=os.fspath(python) if python is not None else "",
        backend=backend or "",
        variables=tuple((env or {}).items()),
    )


def _files(named: Files) -> list[str]:
    """Files by their absolute paths.

    Raises:
        TargetError: If one is none.
    """
    files = [named] if isinstance(named, str | os.PathLike) else list(named)
    for file in files:
        if not Path(file).is_file():
            raise no_objects(os.fspath(file))
    return [os.path.abspath(file) for file in files]


_MODULE = re.compile(r"([A-Za-z_]\w*)(\.[A-Za-z_]\w*)*:[A-Za-z_]")


def _home(text: str) -> str:
    """The folder that this process imports a module from, where that is neither the current one nor a library's."""
    named = _MODULE.match(text)
    if named is None or os.path.exists(text.partition(":")[0]) or _holds(os.getcwd(), named[1]):
        return ""
    installed = set(sysconfig.get_paths().values())
    return next((entry for entry in sys.path if entry not in installed and _holds(entry, named[1])), "")


def _holds(folder: str, name: str) -> bool:
    return os.path.isdir(os.path.join(folder, name)) or os.path.isfile(os.path.join(folder, f"{name}.py"))


def called(model: object) -> str:
    """What a live object is called in a report: code by its file, a model by its class and name."""
    if isinstance(model, functools.partial):
        return called(model.func)
    name = getattr(model, "__qualname__", None)
    if not isinstance(name, str):
        own = getattr(model, "name", None)
        return type(model).__name__ + (f" {own!r}" if isinstance(own, str) else " object")
    code = inspect.unwrap(cast("Callable[..., object]", model))
    try:
        file = Path(inspect.getsourcefile(code) or "")
    except (TypeError, OSError):
        return name
    if not file.is_file():  # written in a notebook or at a prompt
        return name
    place = os.path.relpath(file) if file.is_relative_to(Path.cwd()) else file.name
    short = name.rpartition("<locals>.")[2]
    line = getattr(getattr(code, "__code__", None), "co_firstlineno", None)
    return f"{place}:{short}" if short.isidentifier() else f"{place}:{line}:{short}"


def inputs_of(given: Inputs | None) -> tuple[InputSpec, ...]:
    """What ``--input`` would say.

    >>> inputs_of((32, 32, 3))[0].shape
    (32, 32, 3)

    Raises:
        TargetError: If it says no shape.
    """
    if given is None:
        return ()
    if isinstance(given, Mapping):
        return tuple(parse_input(f"{name}={_text(one)}") for name, one in given.items())
    if isinstance(given, str) or all(isinstance(dim, int) or dim is None for dim in given):
        return (parse_input(_text(cast("str | Shape", given))),)
    return tuple(parse_input(_text(one)) for one in cast("Sequence[str | Shape]", given))


def _text(one: str | Shape) -> str:
    return one if isinstance(one, str) else ",".join("?" if dim is None else str(dim) for dim in one)
