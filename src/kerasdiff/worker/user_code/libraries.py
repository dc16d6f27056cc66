"""Which code is the user's? All that is no library, and the target's own package wherever it is installed."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from pathlib import Path

NAMED = (
    "tensorflow", "keras", "numpy", "kerasdiff", "absl", "astunparse", "cloudpickle", "gast", "h5py", "jax", "jaxlib",
    "ml_dtypes", "opt_einsum", "optree", "scipy", "tensorboard", "tf_keras", "torch", "wrapt",
)  # fmt: skip
"""What a call of a model may pass: kerasdiff, TensorFlow, Keras and what they are made with, wherever each lies."""

_known: dict[str, bool] = {}
_claimed: set[str] = set()


@cache
def _folder(path: str | Path) -> str:
    return str(Path(path).resolve()) + os.sep


def _installed() -> tuple[str, ...]:
    """The folders of this Python: its standard library, and where packages are installed."""
    paths = sysconfig.get_paths()
    several = [*site.getsitepackages(), site.getusersitepackages()]
    return tuple(sorted({_folder(path) for path in (paths["stdlib"], paths["purelib"], paths["platlib"], *several)}))


_INSTALLED = _installed()


def _named() -> tuple[str, ...]:
    """The folders of the libraries that are loaded, or their files where they are one."""
    places: list[str] = []
    for name in NAMED:
        module = sys.modules.get(name)
        places += [_folder(path) for path in getattr(module, "__path__", ())]
        if not hasattr(module, "__path__") and getattr(module, "__file__", None):
            places.append(str(Path(str(getattr(module, "__file__", ""))).resolve()))
    return tuple(places)


def is_user_file(filename: str) -> bool:
    """Whether code of ``filename`` is the user's: no library, no standard library, no generated code."""
    known = _known.get(filename)
    if known is None:
        known = _known[filename] = not filename.startswith("<") and _is_user(str(Path(filename).resolve()))
    return known


def _is_user(path: str) -> bool:
    """The innermost folder decides: a project may hold an environment, and an environment a project."""
    return not path.startswith(_named()) and _depth(path, _claimed) >= _depth(path, _INSTALLED)


def _depth(path: str, places: Iterable[str]) -> int:
    """The length of the innermost of these places that holds a path, 0 for none."""
    return max((len(place) for place in places if path.startswith(place)), default=0)


def claim(file: Path) -> None:
    """Says that a file is the user's with the package it lies in, though it may be installed among libraries."""
    top = file.resolve()
    while (top.parent / "__init__.py").exists():
        top = top.parent
    place = _folder(top) if top.is_dir() else str(top)
    if place not in _claimed:
        _claimed.add(place)
        _known.clear()
