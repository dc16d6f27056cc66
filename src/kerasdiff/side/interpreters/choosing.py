"""Which interpreter does a user mean, and does kerasdiff run models there?"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kerasdiff.errors import TargetError
from kerasdiff.side.interpreters.asking import Told, ask, shown
from kerasdiff.side.targets import Target, path_of

LEAST = {"python": (3, 10), "tensorflow": (2, 16), "keras": (3, 11)}
"""The oldest versions that are promised: those of ``pyproject.toml``, which a test compares."""

LEAST_OF_SECOND = {"python": (3, 9), "tensorflow": (2, 13), "keras": (2, 13)}
"""The same where Keras is Keras 2, which TensorFlow brings up to 2.15."""

CALLED = {"tensorflow": "TensorFlow", "keras": "Keras"}
_WITHIN = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")
"""Where an environment has its interpreter."""


def under(target: Target, named: str, option: str, here: str = "") -> Target:
    """The target, to be run by the interpreter that somebody names for it.

    Args:
        target: It.
        named: An interpreter, or the directory of a virtual environment; empty for the one that runs this.
        option: What named it, for messages: ``--reference-python``.
        here: Directory that relative paths are found from; empty for the current one.

    Raises:
        TargetError: If there is none, or kerasdiff runs no model there.
    """
    if not named:
        return target
    if target.kind == "live":
        raise TargetError(
            f"{option}: {target.text} is in the memory of this process, and another Python cannot have it; name the "
            "model by its file."
        )
    python = interpreter(named, option, here)
    if python and target.kind == "baseline" and (ask(python, option).packages.get("keras") or "").startswith("2."):
        raise TargetError(
            f"{option}: {shown(python)} has Keras 2, and a baseline is asked by Keras 3; leave the option out, for the "
            "baseline answers here what its model answered."
        )
    return replace(target, python=python)


def interpreter(named: str, option: str, here: str = "") -> str:
    """The path of an interpreter that runs models, named as for :func:`under`; empty for the one that runs this."""
    path = located(named, option, here)
    told = ask(path, option)
    if is_own(told):
        return ""
    wrong = unfit(told)
    if wrong is not None:
        raise TargetError(f"{option}: {_refusal(wrong, told, path)}")
    return path


def is_own(told: Told) -> bool:
    """Whether an interpreter is the one that runs this."""
    return told.version == sys.version_info[:3] and os.path.realpath(told.prefix) == os.path.realpath(sys.prefix)


def located(named: str, option: str, here: str = "") -> str:
    """The absolute path of an interpreter; links are kept, for a virtual environment is told by them.

    Args:
        named: It, the directory of an environment, or a name on the ``PATH``.
        option: What named it, for messages.
        here: Directory that relative paths are found from; empty for the current one.

    Raises:
        TargetError: If there is none.
    """
    path = path_of(named, here)
    if path.is_dir():
        for inside in _WITHIN:
            if (path / inside).exists():
                return os.path.abspath(path / inside)
            if (path / inside).is_symlink():
                raise TargetError(f"{option}: {_gone(os.path.join(named, inside), path / inside)}")
        raise TargetError(
            f"{option}: {named} is a directory without an interpreter (there is no {_WITHIN[0]} in it); name a virtual "
            "environment, or the interpreter itself."
        )
    if path.exists():
        return os.path.abspath(path)
    on_path = shutil.which(named) if os.path.basename(named) == named else None
    if on_path is not None:
        return os.path.abspath(on_path)
    if path.is_symlink():
        raise TargetError(f"{option}: {_gone(named, path)}")
    raise TargetError(f"{option}: there is no {named}; name an interpreter, or the directory of a virtual environment.")


def _gone(named: str, link: Path) -> str:
    """What is wrong with an environment whose base was removed, as when a Python is updated."""
    return f"{named} is a link to {os.readlink(link)}, which is not there; make the environment again, or name another."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """Why kerasdiff runs no model in an environment.

    Attributes:
        package: ``python``, ``tensorflow`` or ``keras``.
        version: The one that is there; ``None`` where there is none.
        least: The oldest that would do.
    """

    package: str
    version: str | None
    least: str


def unfit(told: Told) -> Unfit | None:
    """What an environment lacks that a worker needs, or has too old; ``None`` where it will do."""
    promised = LEAST_OF_SECOND if (told.packages.get("keras") or "").startswith("2.") else LEAST
    if told.version < promised["python"]:
        return Unfit(package="python", version=dotted(told.version), least=dotted(promised["python"]))
    for package in CALLED:
        version = told.packages.get(package)
        if version is None or too_old(package, version, promised):
            return Unfit(package=package, version=version, least=dotted(promised[package]))
    return None


def _refusal(wrong: Unfit, told: Told, path: str) -> str:
    """Why an environment will not do, and what to do, in a sentence."""
    if wrong.package == "python":
        also = " (with TensorFlow 2.13 to 2.15 also under 3.9)" if wrong.least == dotted(LEAST["python"]) else ""
        return f"{shown(path)} is Python {wrong.version}; kerasdiff runs models under {wrong.least} or later{also}."
    called = CALLED[wrong.package]
    if wrong.version is None:
        return (
            f"{shown(path)} (Python {dotted(told.version)}) has no {called}; install it there: "
            f"{shown(path)} -m pip install {wrong.package}"
        )
    return f"{shown(path)} has {called} {wrong.version}; kerasdiff runs models with {called} {wrong.least} or later."


def dotted(version: tuple[int, ...]) -> str:
    """A version as it is written."""
    return ".".join(map(str, version))


def too_old(package: str, version: str, promised: Mapping[str, tuple[int, ...]] = LEAST) -> bool:
    """Whether a version is below the promised ones; not where it says no number."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    return bool(numbers) and numbers < promised[package]
