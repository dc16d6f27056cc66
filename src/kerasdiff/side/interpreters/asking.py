"""What does an interpreter say of itself? Asked before anything heavy starts, so that a mistake is told at once.

Nothing of ours runs there, and nothing is imported that takes long: a version is what the installed package says.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from kerasdiff.errors import TargetError
from kerasdiff.side.environment import seen_by, worker_environment
from kerasdiff.side.interpreters.programs import foreign_processor

_NAME = "name an interpreter, or the directory of a virtual environment"
_PATIENCE_S = 10.0
"""How long an interpreter may take to say its version: it takes 0.05 s, and a few where its disk is far away."""

PROVIDERS = {
    "tensorflow": (
        *("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-intel", "tensorflow-rocm"),
        *("tensorflow-cpu-aws", "tensorflow-aarch64", "intel-tensorflow", "tf-nightly", "tf-nightly-cpu"),
    ),
    "keras": ("keras", "keras-nightly"),
}
"""By what a worker imports, the names under which package indexes have it."""

_QUESTION = """
import sys
sys.path[:] = [place for place in sys.path if place]
import json, os
told = {"version": list(sys.version_info[:3]), "prefix": sys.prefix}
if sys.version_info >= (3, 8):
    from importlib import metadata, util
    names = PROVIDERS
    for package in names:
        found = util.find_spec(package)
        told[package] = None if found is None or found.origin is None else ""
        place = os.path.dirname(os.path.dirname(found.origin)) if told[package] is not None else ""
        for name in names[package] if place else []:
            try:
                held = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                continue
            beside = os.path.realpath(str(held.locate_file(""))) == os.path.realpath(place)
            if beside or not told[package]:  # there may be two, of which the other one is hidden
                told[package] = held.version
            if beside:
                break
print("")
print(json.dumps(told))
""".replace("PROVIDERS", repr(PROVIDERS))
"""For any Python since 2.6, for the old ones have to be told by their version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an interpreter says of itself.

    Attributes:
        version: Of Python.
        prefix: Where its environment is.
        packages: By name, the version of what a worker needs; empty where it does not say, ``None`` where it is absent.
    """

    version: tuple[int, ...]
    prefix: str
    packages: Mapping[str, str | None]


@functools.cache
def ask(path: str, option: str) -> Told:
    """Asks an interpreter; twice the same costs nothing.

    Args:
        path: Of it.
        option: What named it, for messages.

    Raises:
        TargetError: If it is none, or gives no answer.
    """
    try:
        done = answered(path, _QUESTION, _PATIENCE_S)
    except subprocess.TimeoutExpired:
        raise TargetError(
            f"{option}: {path} does not say its version within {_PATIENCE_S:g} s; is it Python?"
        ) from None
    except OSError as error:
        raise _not_run(path, option, error) from None
    try:
        lines = done.stdout.decode(errors="replace").strip().splitlines()
        held = json.loads(lines[-1])
        version = tuple(int(part) for part in held.pop("version"))
        return Told(version=version, prefix=cast("str", held.pop("prefix")), packages=held)
    except (ValueError, IndexError, TypeError, KeyError, AttributeError):
        said = done.stderr.decode(errors="replace").strip()
        raise TargetError(
            f"{option}: {path} is no Python interpreter, or a broken one; {_NAME}.", said[-2000:]
        ) from None


def answered(path: str, question: str, patience: float) -> subprocess.CompletedProcess[bytes]:
    """What an interpreter prints that runs a few lines, as a worker would find its environment, within so many seconds.

    Raises:
        OSError: If it cannot be run.
        subprocess.TimeoutExpired: If it does not end in time.
    """
    return subprocess.run(
        [path, "-c", question],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=patience,
        check=False,
        env=seen_by(path, worker_environment()),
    )


def _not_run(path: str, option: str, error: OSError) -> TargetError:
    other = foreign_processor(path)
    if other:
        return TargetError(f"{option}: {path} is a program for another processor: {other}.")
    if not os.access(path, os.X_OK):
        return TargetError(f"{option}: {path} is no interpreter: it is not executable; {_NAME}.")
    return TargetError(f"{option}: {path} cannot be run ({error.strerror or error}); {_NAME}.")


def shown(path: str) -> str:
    """A path as seen from here, where it lies here.

    >>> shown("/usr/bin/python3")
    '/usr/bin/python3'
    """
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
