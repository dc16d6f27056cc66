"""``--reference-python``, ``--candidate-python``, ``--python``: another environment for a side."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from kerasdiff.side.targets import Target

Command = TypeVar("Command", bound=Callable[..., int])

_NAMED = "kerasdiff.pythons"
_HELP = "an interpreter, or the directory of a virtual environment; kerasdiff need not be installed there."


def python_options(*names: str) -> Callable[[Command], Command]:
    """Options that name an interpreter, one for each model in their order: ``--reference-python``.

    Args:
        names: Each with others that it goes by as well, behind a comma.
    """

    def decorated(command: Command) -> Command:
        for name in reversed(names):
            first, *others = name.split(",")
            side = first.removeprefix("--").removesuffix("python").rstrip("-")
            of = f"the {side}" if side else "the model"
            command = click.option(
                first,
                *others,
                expose_value=False,
                callback=_keep,
                metavar="PATH",
                help=f"Run {of} under another Python: {_HELP}",
            )(command)
        return command

    return decorated


def _keep(context: click.Context, option: click.Parameter, named: str | None) -> None:
    """Keeps what an option said where :func:`placed` finds it."""
    context.meta.setdefault(_NAMED, []).append((option.opts[0], named or ""))


def placed(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """The targets with the interpreters that the options of this command name for them.

    Raises:
        KerasdiffError: If one is none, or cannot run models.
    """
    named = _named()
    if not any(named.values()):
        return targets
    from kerasdiff.side.interpreters.choosing import under

    return tuple(under(target, named[option], option) for target, option in zip(targets, _order(named), strict=True))


def remembered(pythons: tuple[str, str]) -> None:
    """Takes the interpreters of an earlier comparison where no option names another one.

    Raises:
        TargetError: If one is not there any more.
    """
    named = _named()
    for option, python in zip(_order(named), pythons, strict=True):
        if not python or named[option]:
            continue
        if not os.path.exists(python):
            from kerasdiff.errors import TargetError

            side = option.removeprefix("--").removesuffix("-python")
            raise TargetError(
                f"the {side} ran under {python}, which is not there any more; name another Python by {option}, or make "
                "the environment again: `kerasdiff upgrade` does where it made it."
            )
        named[option] = python
    click.get_current_context().meta[_NAMED] = list(named.items())


def _named() -> dict[str, str]:
    context = click.get_current_context(silent=True)
    return dict(context.meta.get(_NAMED, ())) if context else {}


def _order(named: Mapping[str, str]) -> list[str]:
    """The options of a command in the order of its models."""
    return [option for option in ("--reference-python", "--candidate-python", "--python") if option in named]
