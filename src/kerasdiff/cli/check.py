"""``kerasdiff check``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.common import clean, progress, start_ahead
from kerasdiff.cli.output import Output, report_options

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
@click.option(
    "--mutate",
    is_flag=True,
    help="Prove the gates: change each candidate in known ways and say which of these changes would be caught.",
)
@click.option(
    "--mutants",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    metavar="N",
    help="How many changes --mutate tries on each model.",
)
@report_options("terminal", "json", text="A table to read, or JSON (schema kerasdiff.check/1) to process.")
def check(
    names: tuple[str, ...],
    config: str | None,
    jobs: int | None,
    mutate: bool,
    mutants: int,
    to: Output,
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
    if mutate:
        return _proved(gates, jobs or 0, mutants, to)
    return _checked(gates, jobs or 0, to)


def _write(to: Output, as_json: Callable[[], str], render: Callable[[Console], None], summary: str) -> None:
    """Writes a report, and where nothing of it goes to standard output, its summary to stderr."""
    to.write(lambda form: render, {"json": as_json})
    if to.silent:
        click.echo(clean(f"{summary} (report in {', '.join(to.files)})"), err=True)


def _checked(gates: Gates, jobs: int, to: Output) -> int:
    from kerasdiff.checking.running import check

    with progress() as listener:
        checked = check(gates, listener, today=date.today(), reference=_reference(gates), jobs=jobs)
    from kerasdiff.report.check import check_json, render_check
    from kerasdiff.report.wording.gates import summary

    _write(to, lambda: check_json(checked), lambda console: render_check(checked, console), summary(checked))
    return checked.exit_code


def _proved(gates: Gates, jobs: int, mutants: int, to: Output) -> int:
    from kerasdiff.checking.mutating import prove

    with progress() as listener:
        proof = prove(gates, listener, today=date.today(), jobs=jobs, count=mutants)
    from kerasdiff.report.mutants import proof_json, render_proof
    from kerasdiff.report.wording.mutants import summary

    _write(to, lambda: proof_json(proof), lambda console: render_proof(proof, console), summary(proof))
    return proof.exit_code


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
