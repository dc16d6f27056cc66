"""``--reference-python``, ``--env``, ``--candidate-backend``: in what a side runs, where not in what runs this."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from kerasdiff.side.interpreters.settings import Setting
    from kerasdiff.side.targets import Target

Command = TypeVar("Command", bound=Callable[..., int])

_NAMED, _REMEMBERED = "kerasdiff.settings", "kerasdiff.remembered"
EITHER = (
    "--env",
    "--reference-env",
    "--candidate-env",
    "--backend",
    "--reference-backend",
    "--candidate-backend",
)
"""Options of a command that runs two models, but for those of their interpreters."""

PAIR = ("--reference-python", "--candidate-python", *EITHER)
"""All of them."""

_SAID = {
    "python": (
        "PATH",
        "Run {} under another Python: an interpreter, or the directory of a virtual environment; kerasdiff need not be "
        "installed there.",
    ),
    "env": ("NAME=VALUE", "Run {} with this set in its environment: TF_USE_LEGACY_KERAS=1. May be repeated."),
    "backend": (
        "NAME",
        "Run {} on this backend of Keras: tensorflow, jax or torch. Else that of KERAS_BACKEND, which the file may "
        "set, or TensorFlow.",
    ),
}
"""What an option of each kind takes, and its help."""


def setting_options(*names: str, both: bool = False) -> Callable[[Command], Command]:
    """Options that say in what a model runs.

    Args:
        names: ``--reference-python``; those without a side are for all models of the command. One may go by others as
            well, behind a comma.
        both: Whether the command has two models.
    """

    def decorated(command: Command) -> Command:
        for name in reversed(names):
            first, *others = name.split(",")
            side, _, kind = first.removeprefix("--").rpartition("-")
            metavar, text = _SAID[kind]
            command = click.option(
                first,
                *others,
                multiple=kind == "env",
                expose_value=False,
                callback=_keep,
                metavar=metavar,
                help=text.format(f"the {side}" if side else "both models" if both else "the model"),
            )(command)
        return command

    return decorated


def not_empty(context: click.Context, option: click.Parameter, said: str | None) -> str:
    """What an option said that may be left out, and says nothing by an empty text."""
    if said == "":
        raise click.BadParameter("it is empty, as an unset variable of the shell is; name one, or leave it out.")
    return said or ""


def _keep(context: click.Context, option: click.Parameter, said: str | tuple[str, ...] | None) -> None:
    """Keeps what an option said where :func:`settled` finds it."""
    if isinstance(said, str):
        not_empty(context, option, said)
    if said:
        context.meta.setdefault(_NAMED, {})[option.opts[0]] = said


def remembered(settings: tuple[Setting, Setting]) -> None:
    """Takes what an earlier comparison ran in where no option says otherwise.

    Raises:
        TargetError: If one of its interpreters is not there any more.
    """
    from kerasdiff.side.targets import SIDES

    context = click.get_current_context()
    for side, setting in zip(SIDES, settings, strict=True):
        option = f"--{side}-python"
        if setting.python and option not in context.meta.get(_NAMED, {}) and not os.path.exists(setting.python):
            from kerasdiff.errors import TargetError

            raise TargetError(
                f"the {side} ran under {setting.python}, which is not there any more; name another Python by "
                f"{option}, or make the environment again: `kerasdiff upgrade` does where it made it."
            )
    context.meta[_REMEMBERED] = settings


def settled(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """The targets, to be run as the options of this command, the environment or their files say.

    Raises:
        KerasdiffError: If an interpreter is none, or cannot run models; if kerasdiff runs no model on a backend; if a
            variable cannot be set.
    """
    from kerasdiff.side.interpreters.settings import OPEN, placed
    from kerasdiff.side.targets import SIDES

    context = click.get_current_context(silent=True)
    meta = context.meta if context else {}
    before = meta.get(_REMEMBERED, (OPEN, OPEN))
    made = []
    for target, side, earlier in zip(targets, SIDES, before, strict=False):
        said = _Said(meta.get(_NAMED, {}), side)
        made.append(placed(target, said.setting().over(earlier), said.option))
    return tuple(made)


class _Said:
    """What options said of a side."""

    def __init__(self, named: dict[str, str | tuple[str, ...]], side: str) -> None:
        self._named, self._side = named, side

    def option(self, kind: str) -> str:
        """The option of a kind that counts: the side's own one, where it was given."""
        own = f"--{self._side}-{kind}"
        return own if own in self._named else f"--{kind}"

    def setting(self) -> Setting:
        from kerasdiff.side.interpreters.settings import Setting
        from kerasdiff.side.variables import parsed

        common = "--env"
        own = f"--{self._side}-env"
        variables = {name: parsed(self._named.get(name, ()), name) for name in (common, own)}
        return Setting(
            python="".join(self._named.get(self.option("python"), "")),
            backend="".join(self._named.get(self.option("backend"), "")),
            variables=tuple({**variables[common], **variables[own]}.items()),
        )
