"""``kerasdiff doctor``."""

from __future__ import annotations

import click

from kerasdiff.cli.common import progress, timeout_option
from kerasdiff.cli.output import Output, report_options

EXIT_CODES_HELP = """
\b
Exit codes:
  0  kerasdiff works here, with or without warnings
  1  something fails
  70 internal error, 130 interrupted
"""


@click.command(short_help="Says whether kerasdiff works on this machine.", epilog=EXIT_CODES_HELP)
@timeout_option
@report_options("terminal", "json", text="JSON follows the schema kerasdiff.doctor/1.")
def doctor(timeout: float, to: Output) -> int:
    """Says whether kerasdiff works on this machine, and what to do where it does not.

    Looks at versions, devices, determinism, data, disk and memory, and compares two tiny pairs of models of which the
    answer is known. Nothing is sent or downloaded.

    \b
    Examples:
      kerasdiff doctor
      kerasdiff doctor --format json --output doctor.json
    """  # noqa: D301
    from kerasdiff.doctor import examine
    from kerasdiff.report.commands.doctor import doctor_json, render_doctor

    with progress() as listener:
        checks = tuple(examine(timeout, listener.phase))
    to.write(lambda form: lambda console: render_doctor(checks, console), {"json": lambda: doctor_json(checks)})
    return 1 if any(check.standing == "fail" for check in checks) else 0
