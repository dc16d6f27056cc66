"""``kerasdiff check``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.common import clean, format_option, progress, report, report_options, start_ahead

if TYPE_CHECKING:
    from rich.console import Console

    from kerasdiff.gates.records import Gate, Gates
    from kerasdiff.side.targets import Target

EXIT_CODES_HELP = """
\b
Exit codes:
  0  every pair is as the file says
  1  a pair is not
  2  the file, or a model of it, cannot be used
  3  all others are as the file says, and a pair is inconclusive
  70 internal error, 130 interrupted
"""


@click.command(epilog=EXIT_CODES_HELP)
@click.argument("names", nargs=-1)
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="The file of gates; else kerasdiff.toml or pyproject.toml, here or above.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="How many pairs run at once; by default one a core."
)
@format_option(text="A table to read, or JSON (schema kerasdiff.check/1) to process.")
@report_options
def check(
    names: tuple[str, ...], config: str | None, jobs: int | None, form: str, color: str, output: str | None
) -> int:
    """Checks the pairs of a file of gates: [tool.kerasdiff] of pyproject.toml, or kerasdiff.toml.

    \b
    Examples:
      kerasdiff check
      kerasdiff check backbone head --jobs 2
      kerasdiff check --format json --output report.json
    """  # noqa: D301
    gates = _gates(config, names)
    start_ahead()
    from kerasdiff.checking import running

    with progress() as listener:
        checked = running.check(gates, listener, today=date.today(), reference=_reference(gates), jobs=jobs or 0)

    def as_json() -> str:
        from kerasdiff.report.check import check_json

        return check_json(checked)

    def render(console: Console) -> None:
        from kerasdiff.report.check import render_check

        render_check(checked, console)

    report(form, as_json, render, color, output)
    if output is not None:
        from kerasdiff.report.wording.gates import summary

        click.echo(clean(f"{summary(checked)} (report in {output})"), err=True)
    return checked.exit_code


def _gates(config: str | None, names: tuple[str, ...]) -> Gates:
    """The pairs that were asked for.

    Raises:
        KerasdiffError: If there is no file, it is wrong, or a name is none of its pairs.
    """
    from kerasdiff.gates.reading import chosen, find, read

    path = find(Path.cwd()) if config is None else Path(config).expanduser()
    return chosen(read(path, config or _shown(path)), names)


def _shown(path: Path) -> str:
    """A path as seen from here, where it lies here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _reference(gates: Gates) -> Callable[[Gate], Target]:
    """Makes the reference of a pair."""
    from kerasdiff.side.reading.early import read_target

    return lambda gate: read_target(gate.reference, gates.here)
