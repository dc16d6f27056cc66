"""``kerasdiff replay``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kerasdiff.cli.completion import targets as names
from kerasdiff.cli.options.common import (
    EXIT_CODES_HELP,
    TARGETS_HELP,
    device_option,
    progress,
    start_ahead,
    timeout_option,
    understood,
)
from kerasdiff.cli.options.settings import PAIR, remembered, setting_options
from kerasdiff.cli.options.trust import trust_options
from kerasdiff.cli.reports.output import Output, report_options

if TYPE_CHECKING:
    from kerasdiff.report.commands.replay import Replayed


@click.command(short_help="Runs two models once more on a saved input.", epilog=TARGETS_HELP + EXIT_CODES_HELP)
@click.argument("witness", metavar="FILE.npz", type=click.Path(exists=True, dir_okay=False))
@click.argument("targets", nargs=-1, metavar="[REFERENCE CANDIDATE]", shell_complete=names)
@setting_options(*PAIR, both=True)
@device_option("Where to compute; auto is the processor.")
@timeout_option
@trust_options
@report_options("terminal", "json", text="JSON is of schema kerasdiff.replay/1.")
def replay(
    witness: str,
    targets: tuple[str, ...],
    device: str,
    timeout: float,
    to: Output,
) -> int:
    """Runs two models once more on an input that `compare --save-witness` saved.

    The models are those of that comparison unless two targets are given, for example the mended ones. They run under
    the same Pythons, on the same backends and with the same variables set, unless options say otherwise. Exits with 1
    where the outputs still differ on that input, with 0 where they agree.

    \b
    Examples:
      kerasdiff replay witness.npz
      kerasdiff replay witness.npz a.py:Net fixed.py:Net
    """  # noqa: D301
    from pathlib import Path

    from kerasdiff.probing.witness import load

    if len(targets) not in (0, 2):
        raise click.UsageError("give both models, REFERENCE and CANDIDATE, or neither.")
    saved = load(Path(witness).expanduser())
    names = (targets[0], targets[1]) if targets else (saved.reference, saved.candidate)
    remembered(saved.settings)
    (first, second), _ = understood(names, saved.given)
    start_ahead(targets=(first, second))
    import kerasdiff.pipeline as engine
    from kerasdiff.report.commands.replay import Replayed
    from kerasdiff.side.interpreters.settings import Setting

    with progress() as listener:
        rung = engine.replay((first, second), saved, timeout, listener, device)
    settings = Setting.of(first), Setting.of(second)
    return report_replayed(Replayed(saved=saved, targets=names, rung=rung, settings=settings), to)


def report_replayed(replayed: Replayed, to: Output) -> int:
    """Writes what a witness showed."""
    from kerasdiff.report.commands.replay import render_replay, replay_json

    to.write(lambda form: lambda console: render_replay(replayed, console), {"json": lambda: replay_json(replayed)})
    return replayed.exit_code
