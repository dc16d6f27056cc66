"""What may a user choose in a question from Python, and how does a mistake in it end?

Imports targets and options; imported by what asks.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ParamSpec, TypedDict, TypeVar

from kerasdiff.api.targets import Files, Inputs, Python, Variables, inputs_of
from kerasdiff.errors import InternalError, KerasdiffError, TargetError
from kerasdiff.options import IGNORABLE, STRENGTHS, Ignored, Options, Required

if TYPE_CHECKING:
    from kerasdiff.side.environment import Hardware
    from kerasdiff.side.targets import Backend, Target

P = ParamSpec("P")
T = TypeVar("T")


def plainly(ask: Callable[P, T]) -> Callable[P, T]:
    """Lets an error of the user's end where it was asked, with what helps, and without the way through kerasdiff."""

    @functools.wraps(ask)
    def asked(*arguments: P.args, **named: P.kwargs) -> T:
        __tracebackhide__ = True
        if "no_fit" in named:
            raise TypeError("there is no no_fit: the command's --no-fit is fit=False in Python")
        try:
            return ask(*arguments, **named)
        except InternalError:
            raise
        except KerasdiffError as error:
            if error.details:
                error.args = (f"{error.message}\n{error.details}",)
            raise error.with_traceback(None) from None

    return asked


class Alike(TypedDict, total=False):
    """What :func:`kerasdiff.compare` takes that holds for both models."""

    fit: bool
    fit_steps: int
    data: str | os.PathLike[str] | None
    inputs: Inputs | None
    custom_objects: Files
    unsafe: bool
    require: Required
    require_checkpoint: bool
    ignore: Ignored | Sequence[Ignored]
    values: bool | None
    picture: bool
    seed: int
    search: float
    device: str
    timeout: float


class Choices(Alike, total=False):
    """What :func:`kerasdiff.compare` takes beside two models."""

    reference_python: Python
    candidate_python: Python
    reference_backend: Backend | None
    candidate_backend: Backend | None
    reference_env: Variables
    candidate_env: Variables


class Inspecting(TypedDict, total=False):
    """What :func:`kerasdiff.inspect` takes beside a model."""

    inputs: Inputs | None
    custom_objects: Files
    unsafe: bool
    python: Python
    backend: Backend | None
    env: Variables
    timeout: float


def start_ahead(hardware: Hardware | None = None, targets: Sequence[Target] = ()) -> None:
    """Starts what imports TensorFlow, for the rest to be imported meanwhile; it stays for the next question."""
    from kerasdiff.side.environment import Hardware
    from kerasdiff.side.launching import prepare

    prepare(hardware or Hardware(), targets)


def data_of(path: str | os.PathLike[str] | None) -> str | None:
    """What a fit trains on, looked at."""
    if path is None:
        return None
    from pathlib import Path

    from kerasdiff.data.looking import check

    check(Path(path).expanduser())
    return os.fspath(path)


def one_of(value: Required, known: Sequence[Required], name: str) -> Required:
    """A word that is known.

    Raises:
        TargetError: If it is not.
    """
    if value not in known:
        raise TargetError(f"{name}={value!r}: it is one of {', '.join(known)}.")
    return value


def ignored_of(given: Ignored | Sequence[Ignored]) -> tuple[Ignored, ...]:
    """Each name once and in one order, so that equal questions get equal reports."""
    names: set[str] = set(given.split(",") if isinstance(given, str) else given)
    unknown = sorted(names - set(IGNORABLE))
    if unknown:
        raise TargetError(f"ignore={unknown[0]!r}: what can be left out is {', '.join(IGNORABLE)}.")
    return tuple(name for name in IGNORABLE if name in names)


def options_of(choices: Alike) -> Options:
    """What the choices that hold for both models say of a comparison.

    Raises:
        TypeError: If there is no such choice.
    """
    unknown = [name for name in choices if name not in Alike.__annotations__]
    if unknown:
        raise TypeError(f"there is no {unknown[0]}; what can be said is {', '.join(Alike.__annotations__)}")
    usual = Options()
    return Options(
        inputs=inputs_of(choices.get("inputs")),
        fit=choices.get("fit", usual.fit),
        fit_steps=choices.get("fit_steps", usual.fit_steps),
        data=data_of(choices.get("data")),
        seed=choices.get("seed", usual.seed),
        timeout=choices.get("timeout", usual.timeout),
        search=choices.get("search", usual.search),
        require=one_of(choices.get("require", usual.require), STRENGTHS, "require"),
        ignore=ignored_of(choices.get("ignore", ())),
        require_checkpoint=choices.get("require_checkpoint", usual.require_checkpoint),
        device=choices.get("device", usual.device),
        values=choices.get("values"),
        picture=choices.get("picture", usual.picture),
    )
