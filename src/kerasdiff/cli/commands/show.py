"""``kerasdiff show``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from kerasdiff.cli.options.common import EXIT_CODES_HELP, clean, write
from kerasdiff.cli.reports.output import CHECK_FORMATS, Output, report_options
from kerasdiff.cli.reports.reporting import report_comparisons
from kerasdiff.errors import KerasdiffError

if TYPE_CHECKING:
    from kerasdiff.graph import Attribute
    from kerasdiff.report.named import Named

Told = TypeVar("Told")

WEIGHT = (1, 2, 3, 130)
"""Exit codes of several reports, the one that counts first."""


@click.command(short_help="Tells a saved JSON report again, in any format.", epilog=EXIT_CODES_HELP)
@click.argument("reports", nargs=-1, metavar="REPORT.json...", type=click.Path(exists=True, dir_okay=False))
@click.option("--schema", is_flag=True, help="Print the JSON Schema of reports instead.")
@click.option("-v", "--verbose", is_flag=True, help="The long report: tables and lists as a whole.")
@report_options(pages="either")
def show(reports: tuple[str, ...], schema: bool, verbose: bool, to: Output) -> int:
    """Tells again, in any format, what compare, fit, check or replay wrote with --format json.

    Nothing is run and no model is needed; the report is, letter by letter, what was printed then. Exits with the code
    of that report, of several with the one that matters most: 1 before 2 before 3 before 0.

    \b
    Examples:
      kerasdiff show report.json
      kerasdiff show report.json --format markdown --changes-only
      kerasdiff show report.json --format sarif=out.sarif --format junit=out.xml
      kerasdiff show report.json --open
    """  # noqa: D301
    if schema:
        from kerasdiff.report.schema import schema_text

        write(schema_text(), None)
        return 0
    if not reports:
        raise click.UsageError("Missing argument 'REPORT.json...'.")
    loaded = [(path, _loaded(path)) for path in reports]
    for path, report in loaded:
        if report.get("schema") in _ALONE:
            _keep(reports, to)
            return _shown_alone(path, report, len(reports), to)
    to = to.in_file()
    _keep(reports, to)
    several = [_read(path, report, name=Path(path).stem if len(reports) > 1 else "") for path, report in loaded]
    report_comparisons(several, to, verbose=verbose)
    return _code([item.comparison.exit_code for item in several if item.comparison is not None])


def _keep(reports: Sequence[str], to: Output) -> None:
    """Refuses to write over what is shown.

    Raises:
        click.UsageError: If a file is both read and written.
    """
    written = {Path(file).expanduser().resolve() for file in to.files}
    for report in reports:
        if Path(report).resolve() in written:
            raise click.UsageError(f"{clean(report)} is the report itself; name another file to write.")


def _shown_alone(path: str, report: Mapping[str, Attribute], of: int, to: Output) -> int:
    if of > 1:
        raise click.UsageError(f"{clean(path)} is no comparison: show it by itself.")
    return _guarded(path, lambda: _ALONE[str(report["schema"])](report, to))


def _check(report: Mapping[str, Attribute], to: Output) -> int:
    from kerasdiff.cli.commands.check import report_checked
    from kerasdiff.report.commands.check import read_check

    for form in to.forms:
        if form.name not in CHECK_FORMATS:
            raise click.UsageError(f"what check wrote is no {form.name} of one file: --html DIR writes a page a pair.")
    return report_checked(read_check(report), to.in_folder())


def _replay(report: Mapping[str, Attribute], to: Output) -> int:
    from kerasdiff.cli.commands.replay import report_replayed
    from kerasdiff.report.commands.replay import read_replay

    to = to.in_file()
    for form in to.forms:
        if form.name not in ("terminal", "json"):
            raise click.UsageError(f"what replay wrote is told as terminal or json, not as {form.name}.")
    return report_replayed(read_replay(report), to)


_ALONE: Mapping[str, Callable[[Mapping[str, Attribute], Output], int]] = {
    "kerasdiff.check/1": _check,
    "kerasdiff.replay/1": _replay,
}
"""Reports of other commands, by their schemas; each is shown by itself."""


def _guarded(path: str, told: Callable[[], Told]) -> Told:
    """What is told of a report, or why it cannot be.

    Raises:
        SavedError: With the file that cannot be shown.
    """
    from kerasdiff.report.saved import SavedError

    try:
        return told()
    except SavedError as error:
        raise SavedError(f"{path} cannot be shown: {error.message}") from None


def _code(codes: Sequence[int]) -> int:
    return next((code for code in WEIGHT if code in codes), 0)


def _read(path: str, report: Mapping[str, Attribute], name: str) -> Named:
    """A saved report as formats take it.

    Raises:
        KerasdiffError: If it is none.
    """
    from kerasdiff.report import json as told
    from kerasdiff.report.named import Named
    from kerasdiff.report.saved import SavedError, read

    if report.get("schema") != told.SCHEMA:
        held = report.get("schema")
        what = f"a report of schema {clean(str(held))}" if isinstance(held, str) else "no report of kerasdiff"
        raise SavedError(f"{path} is {what}; show takes what compare, fit, check and replay write with --format json.")
    return _guarded(path, lambda: Named.of(read(report), name))


def _loaded(path: str) -> Mapping[str, Attribute]:
    try:
        report = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise KerasdiffError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError):
        raise KerasdiffError(f"{path} is no JSON, or not all of it; show takes what --format json wrote.") from None
    if not isinstance(report, dict):
        raise KerasdiffError(f"{path} is no report of kerasdiff; show takes what --format json wrote.")
    return report
