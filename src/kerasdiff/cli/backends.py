"""``--reference-backend``, ``--candidate-backend``, ``--backend``: what Keras runs a side on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from kerasdiff.side.targets import Target

Command = TypeVar("Command", bound=Callable[..., int])

_NAMED = "kerasdiff.backends"
_ALL = "--backend"


def backend_options(*names: str) -> Callable[[Command], Command]:
    """Options that name a backend, one for each model in their order, and one for all: ``--reference-backend``."""

    def decorated(command: Command) -> Command:
        for name in (_ALL, *reversed(names)):
            side = name.removeprefix("--").removesuffix("backend").rstrip("-")
            of = f"the {side}" if side else "both models" if names else "the model"
            command = click.option(
                name,
                expose_value=False,
                callback=_keep,
                metavar="NAME",
                help=f"Run {of} on this backend of Keras: tensorflow, jax or torch. Else that of KERAS_BACKEND, which "
                "the file may set, or TensorFlow.",
            )(command)
        return command

    return decorated


def _keep(context: click.Context, option: click.Parameter, named: str | None) -> None:
    """Keeps what an option said where :func:`run_on` finds it."""
    if named:
        context.meta.setdefault(_NAMED, {})[option.opts[0]] = named


def run_on(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """The targets with the backends that the options of this command, the environment or their files name for them.

    Raises:
        KerasdiffError: If kerasdiff runs no model on one.
    """
    from kerasdiff.side.interpreters.backends import on
    from kerasdiff.side.targets import SIDES

    context = click.get_current_context(silent=True)
    named: dict[str, str] = context.meta.get(_NAMED, {}) if context else {}
    sides = [f"--{side}-backend" for side in SIDES] if len(targets) == len(SIDES) else [_ALL]
    options = [side if side in named else _ALL for side in sides]
    return tuple(on(target, named.get(option, ""), option) for target, option in zip(targets, options, strict=True))
