"""Which generation of Keras is in effect in this process, and what is public in it?

Imports nothing of kerasdiff; imported by the rest of the room.

A process has one model, and a model is of one generation: that of the ``keras`` that is installed, or Keras 2 where a
target turns out to be made of ``tf_keras``. :data:`keras` stands for the public part of the one in effect, by the names
of Keras 3.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeAlias, TypeVar

Live: TypeAlias = Any
"""A living object of Keras, TensorFlow or the user's model: neither library has types that could be checked."""

Generation = Literal["second", "third"]

P = ParamSpec("P")
T = TypeVar("T")

_taken: list[Generation] = []


@functools.cache
def installed() -> Generation:
    """The generation of the package ``keras``: of Keras 2, TensorFlow 2.13 to 2.15 bring it by that name."""
    return "second" if str(importlib.import_module("keras").__version__).startswith("2.") else "third"


def generation() -> Generation:
    """The generation in effect."""
    return _taken[-1] if _taken else installed()


def take(wanted: Generation) -> None:
    """Puts a generation into effect, in this process and from here on."""
    _taken[:] = [wanted]


def second_package() -> str:
    """The package Keras 2 is in: ``tf_keras`` beside Keras 3."""
    return "keras" if installed() == "second" else "tf_keras"


def second_imported() -> bool:
    """Whether somebody has imported ``tf_keras``."""
    return "tf_keras" in sys.modules


def import_second() -> bool:
    """Imports ``tf_keras`` beside Keras 3; whether it is there."""
    if generation() == "second" or importlib.util.find_spec("tf_keras") is None:
        return False
    importlib.import_module("tf_keras")
    return True


def second_public() -> Live:
    """What is public in Keras 2 (``tf_keras``), whichever is in effect."""
    return _part("second", "public").public()


@functools.cache
def _part(wanted: Generation, module: str) -> Live:
    return importlib.import_module(f"{__package__}.{wanted}.{module}")


def by_generation(function: Callable[P, T]) -> Callable[P, T]:
    """A function of Keras 3 that under Keras 2 is the one of the same name and module in :mod:`.second`."""
    module = function.__module__.rpartition(".")[2]

    @functools.wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        answer: T = getattr(_part(generation(), module), function.__name__)(*args, **kwargs)
        return answer

    return asked


class _Public:
    """Answers by the generation in effect."""

    def __getattr__(self, name: str) -> Live:
        return getattr(_part(generation(), "public").public(), name)


keras: Live = _Public()
"""What is public in the generation in effect."""
