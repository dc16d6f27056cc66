"""``--reference-python``, ``--candidate-env`` and the like: another environment for a side."""

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
    """Options that name an interpreter and set variables, two for each model in their order.

    Args:
        names: The former, ``--reference-python``, each with others that it goes by as well, behind a comma; the latter
            is ``--reference-env``.
    """

    def decorated(command: Command) -> Command:
        for name in reversed(names):
            first, *others = name.split(",")
            side = first.removeprefix("--").removesuffix("python").rstrip("-")
            of = f"the {side}" if side else "the model"
            command = click.option(
                f"{first.removesuffix('python')}env",
                multiple=True,
                expose_value=False,
                callback=_keep,
                metavar="NAME=VALUE",
                help=f"Run {of} with this set in its environment: TF_USE_LEGACY_KERAS=1. May be repeated.",
            )(command)
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


def _keep(context: click.Context, option: click.Parameter, said: str | tuple[str, ...] | None) -> None:
    """Keeps what an option said where :func:`placed` finds it."""
    context.meta.setdefault(_NAMED, {})[option.opts[0]] = said or ()


def placed(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """The targets with the interpreters and the variables that the options of this command name for them.

    Raises:
        KerasdiffError: If an interpreter is none, or cannot run models; if a variable cannot be set.
    """
    said = _said()
    if not any(said.values()):
        return targets
    from kerasdiff.side.interpreters.choosing import under
    from kerasdiff.side.variables import finding, parsed

    return tuple(
        under(
            finding(target, parsed(said.get(f"{side}env", ()), f"{side}env"), f"{side}env"),
            "".join(said[f"{side}python"]),
            f"{side}python",
        )
        for target, side in zip(targets, _sides(said), strict=True)
    )


def remembered(pythons: tuple[str, str]) -> None:
    """Takes the interpreters of an earlier comparison where no option names another one.

    Raises:
        TargetError: If one is not there any more.
    """
    said = _said()
    for side, python in zip(_sides(said), pythons, strict=True):
        option = f"{side}python"
        if not python or said[option]:
            continue
        if not os.path.exists(python):
            from kerasdiff.errors import TargetError

            raise TargetError(
                f"the {side.strip('-')} ran under {python}, which is not there any more; name another Python by "
                f"{option}, or make the environment again: `kerasdiff upgrade` does where it made it."
            )
        said[option] = python
    click.get_current_context().meta[_NAMED] = said


def _said() -> dict[str, str | tuple[str, ...]]:
    context = click.get_current_context(silent=True)
    return dict(context.meta.get(_NAMED, {})) if context else {}


def _sides(said: Mapping[str, object]) -> list[str]:
    """What the options of each model begin with, in the order of the models."""
    return [side for side in ("--reference-", "--candidate-", "--") if f"{side}python" in said]
