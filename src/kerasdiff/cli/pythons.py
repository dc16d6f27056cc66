"""``--reference-python``, ``--candidate-env`` and the like: another environment for a side."""

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
    """Options that name an interpreter and set variables, two for each model in their order.

    Args:
        names: The former, ``--reference-python``; the latter is ``--reference-env``.
    """

    def decorated(command: Command) -> Command:
        for name in reversed(names):
            side = name.removeprefix("--").removesuffix("python").rstrip("-")
            of = f"the {side}" if side else "the model"
            command = click.option(
                f"{name.removesuffix('python')}env",
                multiple=True,
                expose_value=False,
                callback=_keep,
                metavar="NAME=VALUE",
                help=f"Run {of} with this set in its environment: TF_USE_LEGACY_KERAS=1. May be repeated.",
            )(command)
            command = click.option(
                name,
                expose_value=False,
                callback=_keep,
                metavar="PATH",
                help=f"Run {of} under another Python: {_HELP}",
            )(command)
        return command

    return decorated


def _keep(context: click.Context, option: click.Parameter, said: str | tuple[str, ...] | None) -> None:
    """Keeps what an option said where :func:`placed` finds it."""
    context.meta.setdefault(_NAMED, {})[option.opts[0]] = said or ()


def placed(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """The targets with the interpreters and the variables that the options of this command name for them.

    Raises:
        KerasdiffError: If an interpreter is none, or cannot run models; if a variable cannot be set.
    """
    context = click.get_current_context(silent=True)
    said = context.meta.get(_NAMED, {}) if context else {}
    if not any(said.values()):
        return targets
    from kerasdiff.side.interpreters.choosing import under
    from kerasdiff.side.variables import finding, parsed

    sides = [side for side in ("--reference-", "--candidate-", "--") if f"{side}env" in said]
    return tuple(
        under(
            finding(target, parsed(said[f"{side}env"], f"{side}env"), f"{side}env"),
            said[f"{side}python"] or "",
            f"{side}python",
        )
        for target, side in zip(targets, sides, strict=True)
    )
