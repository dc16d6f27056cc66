"""``kerasdiff doctor``."""

from __future__ import annotations

import click

from kerasdiff.cli.options.common import progress, timeout_option
from kerasdiff.cli.options.settings import not_empty
from kerasdiff.cli.reports.output import Output, report_options

EXIT_CODES_HELP = """
\b
Exit codes:
  0  kerasdiff works here, with or without warnings
  1  something fails
  2  there is no such Python
  70 internal error, 130 interrupted
"""


@click.command(short_help="Says whether kerasdiff works on this machine.", epilog=EXIT_CODES_HELP)
@click.option(
    "--python",
    callback=not_empty,
    metavar="PATH",
    help="Look at another environment: an interpreter, or the directory of a virtual environment.",
)
@timeout_option
@report_options("terminal", "json", text="JSON follows the schema kerasdiff.doctor/1.")
def doctor(python: str, timeout: float, to: Output) -> int:
    """Says whether kerasdiff works on this machine, and what to do where it does not.

    Looks at versions, devices, determinism, data, disk and memory, and compares two tiny pairs of models of which the
    answer is known. Nothing is sent or downloaded. With --python: which versions another environment has, whether
    models run there, and why not.

    \b
    Examples:
      kerasdiff doctor
      kerasdiff doctor --python old/bin/python
      kerasdiff doctor --format json --output doctor.json
    """  # noqa: D301
    from kerasdiff.doctor import examine
    from kerasdiff.report.commands.doctor import doctor_json, render_doctor

    path = _elsewhere(python) if python else ""
    with progress() as listener:
        checks = tuple(examine(timeout, listener.phase, path))
    to.write(lambda form: lambda console: render_doctor(checks, console), {"json": lambda: doctor_json(checks)})
    return 1 if any(check.standing == "fail" for check in checks) else 0


def _elsewhere(named: str) -> str:
    """The interpreter that is named; empty where it is the one that runs this."""
    from kerasdiff.side.interpreters.asking import ask
    from kerasdiff.side.interpreters.choosing import is_own, located

    path = located(named, "--python")
    return "" if is_own(ask(path, "--python")) else path
