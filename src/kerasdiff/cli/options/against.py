"""``--against``: one target, as it is here and as it was at a revision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from kerasdiff.cli.completion import targets
from kerasdiff.cli.options.settings import PAIR, setting_options

Command = TypeVar("Command", bound=Callable[..., int])

AUTO = "auto"
"""What an option for a revision says where none is named."""


def _no_more(context: click.Context, argument: click.Parameter, more: tuple[str, ...]) -> None:
    if more:
        from kerasdiff.report.cleaning import clean

        raise click.UsageError(f"{context.info_name} takes two models; {clean(more[0])} is a third.")


def pair_arguments(command: Command) -> Command:
    """REFERENCE and CANDIDATE, or one target with ``--against``."""
    options = (
        click.argument("reference", required=False, metavar="REFERENCE", shell_complete=targets),
        click.argument("candidate", metavar="[CANDIDATE]", required=False, shell_complete=targets),
        click.argument("more", nargs=-1, metavar="", expose_value=False, callback=_no_more),
        click.option(
            "--against",
            is_flag=False,
            flag_value=AUTO,
            metavar="[REVISION]",
            help="Compare the one target given with itself at this revision of its git repository. Without a revision, "
            "or with auto: at the merge base with the branch that this work goes to.",
        ),
    )
    command = setting_options(*PAIR, both=True)(command)
    for option in reversed(options):
        command = option(command)
    return command


def pair_of(reference: str | None, candidate: str | None, against: str | None) -> tuple[tuple[str, ...], str | None]:
    """The targets to read, and the revision that the one is compared with, if any.

    Raises:
        click.UsageError: If they are too many or too few.
    """
    if against is None:
        if reference is None:
            raise click.UsageError("Missing argument 'REFERENCE'.")
        if candidate is None:
            raise click.UsageError("Missing argument 'CANDIDATE': name a second model, or give --against REVISION.")
        return (reference, candidate), None
    if candidate is not None:
        raise click.UsageError("--against takes one target: the reference is the same target at that revision.")
    if reference is None:
        # What follows an option is read as its value; no revision has a colon in it.
        if ":" not in against and not Path(against).is_file():
            raise click.UsageError("Missing argument: name the model that --against is for, e.g. models.py:build.")
        return (against,), AUTO
    return (reference,), against
