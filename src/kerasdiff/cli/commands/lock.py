"""``kerasdiff lock``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.completion import targets
from kerasdiff.cli.options.common import (
    TARGETS_HELP,
    clean,
    file_to_write,
    model_options,
    progress,
    start_ahead,
    understood,
)
from kerasdiff.cli.options.settings import setting_options
from kerasdiff.cli.reports.output import Form, Output, color_option
from kerasdiff.cli.reports.reporting import report_comparison

if TYPE_CHECKING:
    from kerasdiff.side.baselines.records import Baseline
    from kerasdiff.side.targets import InputSpec, Target

SUFFIX = ".kerasdiff"

EXIT_CODES_HELP = """
\b
Exit codes:
  0  the file is written, or --update finds the model as it was
  1  the model differs, and --update has written nothing
  2  bad usage, or a model that cannot be loaded, built or called
  3  the model may differ, and --update has written nothing
  70 internal error, 130 interrupted
"""


@click.command(short_help="Stores what a model does, to compare others with.", epilog=TARGETS_HELP + EXIT_CODES_HELP)
@click.argument("target", required=False, shell_complete=targets)
@click.option(
    "-o",
    "--output",
    callback=file_to_write(SUFFIX),
    metavar=f"FILE{SUFFIX}",
    help="The baseline to make.",
)
@click.option(
    "--update",
    callback=file_to_write(SUFFIX),
    metavar=f"FILE{SUFFIX}",
    help="Show what has changed since this baseline was made, then ask, and make it anew: of TARGET, or of what it was "
    "made from.",
)
@click.option("--yes", is_flag=True, help="Write without asking, also over a file that is there.")
@setting_options("--python", "--env")
@model_options
@color_option
def lock(
    target: str | None,
    output: str | None,
    update: str | None,
    yes: bool,
    inputs: tuple[str, ...],
    timeout: float,
    color: str,
) -> int:
    """Stores what the model TARGET does in a file that later versions are compared with.

    The file stands for the model when its code is gone: `kerasdiff compare net.kerasdiff net.py:Net`. It holds the
    traced graphs and the calls as TensorFlow graphs, no code; values of weights only of a saved model.

    \b
    Examples:
      kerasdiff lock net.py:Net -o net.kerasdiff
      kerasdiff lock net.py:Net -o net.kerasdiff --input 224,224,3
      kerasdiff lock net.py:Net -o net.kerasdiff --python old/bin/python
      kerasdiff lock --update net.kerasdiff
      kerasdiff inspect net.kerasdiff
    """  # noqa: D301
    if (output is None) == (update is None):
        raise click.UsageError(f"say which file to make by -o FILE{SUFFIX}, or which to make anew by --update.")
    if update is not None:
        return _update(Path(update).expanduser(), target, inputs, timeout, color, yes=yes)
    if target is None or output is None:
        raise click.UsageError("say which model to lock.")
    path = Path(output).expanduser()
    if path.exists() and not yes:
        raise click.UsageError(
            f"{clean(output)} is there already: `kerasdiff lock --update {clean(output)}` shows what changes first; "
            "--yes writes over it."
        )
    (model,), specs = understood((target,), inputs)
    _refuse_baseline(model)
    start_ahead(targets=(model,))
    _save(path, _made(model, specs, timeout))
    return 0


def _refuse_baseline(model: Target) -> None:
    if model.kind == "baseline":
        from kerasdiff.errors import TargetError

        raise TargetError(f"{model.text} is a baseline already: name the code of the model, or copy the file.")


def _update(path: Path, target: str | None, inputs: tuple[str, ...], timeout: float, color: str, *, yes: bool) -> int:
    """Compares what was locked with what is there now, and makes the baseline anew where that is wanted."""
    from kerasdiff.side.baselines.format import read
    from kerasdiff.side.reading.early import check, read_target

    old = read_target(str(path))  # what is said of saved models is not of this one
    check(old, ())
    before = read(path)
    (model,), specs = understood((target or before.target,), inputs)
    _refuse_baseline(model)
    start_ahead(targets=(old, model))
    import kerasdiff.pipeline as engine
    from kerasdiff.options import Options

    specs = specs or before.inputs
    with progress() as listener:
        comparison = engine.compare(old, model, Options(inputs=specs, fit=False, timeout=timeout), listener)
    report_comparison(comparison, Output(forms=(Form(name="terminal"),), color=color), verbose=False)
    if not yes and not sys.stdin.isatty():
        click.echo(f"{clean(str(path))} stays as it is: --yes writes it anew.", err=True)
        return comparison.exit_code
    if not yes and not click.confirm(f"Write {clean(str(path))} anew?", err=True):
        return comparison.exit_code
    _save(path, _made(model, specs, timeout))
    return 0


def _made(model: Target, specs: tuple[InputSpec, ...], timeout: float) -> Baseline:
    from kerasdiff.locking import lock as locked

    with progress() as listener:
        return locked(model, specs, timeout, listener)


def _save(path: Path, baseline: Baseline) -> None:
    from kerasdiff.locking import save
    from kerasdiff.report.wording.findings.locked import stored

    try:
        save(path, baseline)
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from None
    click.echo(clean(f"{path}: {stored(baseline, path.stat().st_size)}"), err=True)
