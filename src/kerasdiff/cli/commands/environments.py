"""``kerasdiff environments``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.options.common import clean
from kerasdiff.cli.reports.output import Output, report_options

if TYPE_CHECKING:
    from kerasdiff.side.upgrading.kept import Kept

EXIT_CODES_HELP = """
\b
Exit codes:
  0  done
  2  bad usage, or one cannot be removed
  70 internal error, 130 interrupted
"""


def _days(context: click.Context, option: click.Parameter, text: str | None) -> float | None:
    """How many days without use let one go: none for ``all``; ``None`` where none goes."""
    if text is None:
        return None
    if text == "all":
        return 0.0
    if not text.isdecimal():
        raise click.BadParameter(f"{clean(text)!r} is no number of days: say 30, or all.")
    return float(text)


@click.command(short_help="Lists the environments that `upgrade` made, and removes old ones.", epilog=EXIT_CODES_HELP)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--prune",
    callback=_days,
    metavar="DAYS|all",
    help="Remove those that were not used for so many days, and those whose Python is gone; or all.",
)
@report_options("terminal", "json", text="JSON is of schema kerasdiff.environments/1.")
def environments(names: tuple[str, ...], prune: float | None, to: Output) -> int:
    """Lists the environments that `kerasdiff upgrade` made, or those called NAME.

    Told is what each holds, its size and when it was last used. They lie below ~/.cache/kerasdiff, and the same upgrade
    makes again what was removed.

    \b
    Examples:
      kerasdiff environments
      kerasdiff environments --prune 30
      kerasdiff environments --prune all tensorflow-2.21-a70a7d72c3
    """  # noqa: D301
    from kerasdiff.options import environment_store
    from kerasdiff.report.commands.environments import environments_json, render_environments
    from kerasdiff.side.upgrading.kept import kept, remove

    store, now = environment_store(), time.time()
    chosen = _called(names, kept(store))
    gone = [one for one in chosen if prune is not None and (one.unused_days(now) >= prune or not one.runs)]
    for one in gone:
        remove(one)
    left = [one for one in chosen if one not in gone]
    to.write(
        lambda form: lambda console: render_environments(store, left, gone, now, console),
        {"json": lambda: environments_json(store, left, gone)},
    )
    return 0


def _called(names: tuple[str, ...], there: Sequence[Kept]) -> list[Kept]:
    """Those that are named; all where none is."""
    known = [one.name for one in there]
    for name in names:
        if name not in known:
            raise click.UsageError(f"no environment is called {clean(name)}; `kerasdiff environments` lists them all.")
    return [one for one in there if not names or one.name in names]
