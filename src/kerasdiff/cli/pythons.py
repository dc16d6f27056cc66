"""``--reference-python``, ``--candidate-python``, ``--python``: another environment for a side."""

from __future__ import annotations

from collections.abc import Callable
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
    context = click.get_current_context(silent=True)
    named = dict(context.meta.get(_NAMED, ())) if context else {}
    if not any(named.values()):
        return targets
    from kerasdiff.side.interpreters.choosing import under

    order = [option for option in ("--reference-python", "--candidate-python", "--python") if option in named]
    return tuple(under(target, named[option], option) for target, option in zip(targets, order, strict=True))
