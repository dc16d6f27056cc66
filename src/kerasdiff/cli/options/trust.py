"""What may be run to load a saved model? Nothing, unless these options say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from kerasdiff.side.targets import Target

Command = TypeVar("Command", bound=Callable[..., int])

_UNSAFE, _OBJECTS = "kerasdiff.unsafe", "kerasdiff.objects"


def _keep(key: str) -> Callable[[click.Context, click.Parameter, object], None]:
    """Keeps what an option said where :func:`trusted` finds it, for every command reads it through that alone."""

    def keep(context: click.Context, option: click.Parameter, value: object) -> None:
        context.meta[key] = value

    return keep


def _files(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> None:
    from kerasdiff.side.targets import SIDES

    files = []
    for text in texts:
        side, equals, name = text.partition("=")
        if not equals or side not in SIDES:
            side, name = "", text
        path = Path(name).expanduser()
        if path.suffix != ".py" or not path.is_file():
            raise click.BadParameter(f"{name!r} is no Python file: name the one that defines the classes.")
        files.append((side, str(path.resolve())))
    context.meta[_OBJECTS] = tuple(files)


def trust_options(command: Command) -> Command:
    """Options of every command that loads models which may be saved ones."""
    unsafe = click.option(
        "--unsafe",
        is_flag=True,
        expose_value=False,
        callback=_keep(_UNSAFE),
        help="Run code that saved models hold, such as that of Lambda layers; only where you trust who saved them.",
    )
    objects = click.option(
        "--custom-objects",
        multiple=True,
        expose_value=False,
        callback=_files,
        metavar="[SIDE=]FILE.py",
        help="The classes and functions that saved models are made with; with reference= or candidate= those of one. "
        "May be repeated.",
    )
    return unsafe(objects(command))


def trusted(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """The targets with what the options of this command allow for them.

    Raises:
        click.UsageError: If an option is given that none of them needs.
    """
    from kerasdiff.side.targets import SIDES, STORED, trusting

    context = click.get_current_context(silent=True)
    unsafe = bool(context and context.meta.get(_UNSAFE))
    files: tuple[tuple[str, str], ...] = context.meta.get(_OBJECTS, ()) if context else ()
    if (unsafe or files) and not any(target.kind in STORED for target in targets):
        option = "--unsafe" if unsafe else "--custom-objects"
        raise click.UsageError(f"{option} is for saved models (.keras, .h5, config.json), and there is none here.")
    if len(targets) == 1 and any(side for side, _ in files):
        raise click.UsageError("--custom-objects names a side, and there is one model: leave that out.")
    return tuple(
        trusting(target, own, unsafe=unsafe, objects=files) for own, target in zip(SIDES, targets, strict=False)
    )
