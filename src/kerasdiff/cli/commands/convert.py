"""``kerasdiff convert``."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.completion import targets
from kerasdiff.cli.options.common import (
    TARGETS_HELP,
    clean,
    device_option,
    model_options,
    progress,
    start_ahead,
    understood,
)
from kerasdiff.cli.options.settings import PAIR, setting_options
from kerasdiff.cli.reports.printing import PIPED_WIDTH

if TYPE_CHECKING:
    from kerasdiff.conversion import Conversion

EXIT_CODES_HELP = """
\b
Exit codes:
  0  the file is written
  1  the models compute something else, and nothing is written
  2  bad usage, a model that cannot be loaded, built or called, or weights
     that do not fit the reference
  3  it is not known whether they compute the same, and nothing is written
  70 internal error, 130 interrupted
"""


@click.command(short_help="Turns one model's weights into another's.", epilog=TARGETS_HELP + EXIT_CODES_HELP)
@click.argument("reference", shell_complete=targets)
@click.argument("candidate", shell_complete=targets)
@click.option(
    "--weights",
    metavar="PATH",
    help="The reference's: .h5, .weights.h5 or .keras, the prefix of a checkpoint of TensorFlow, or the directory of a "
    "SavedModel. Without it the values that the reference starts from.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="What to write for the candidate: .weights.h5, or .keras for the whole model.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("-v", "--verbose", is_flag=True, help="Name every weight with what it is made of.")
@device_option("Where to compute.")
@setting_options(*PAIR, both=True)
@model_options
def convert(
    reference: str,
    candidate: str,
    weights: str | None,
    output: str,
    force: bool,
    verbose: bool,
    device: str,
    inputs: tuple[str, ...],
    timeout: float,
) -> int:
    """Turns the weights of the model REFERENCE into those of the model CANDIDATE.

    Both are compared first, and what stands for what is known from that: values go over by it, transposed or joined
    where the candidate holds them so. A file is written only where both compute the same, and a fresh candidate that
    loads it gives the reference's outputs. The state of an optimizer is not taken over.

    \b
    Examples:
      kerasdiff convert a.py:Net b.py:Net --weights a.h5 -o b.weights.h5
      kerasdiff convert a.py:Net b.py:Net --weights ckpt/a-3 -o b.keras
      kerasdiff convert a.keras b.py:build -o b.weights.h5
    """  # noqa: D301
    from kerasdiff.side.reading.weights import file_to_make, weights_file

    source = None if weights is None else weights_file(weights)
    read = (reference, candidate, *([source.location] if source else []))
    path = file_to_make(output, read, force=force)
    (first, second), specs = understood((reference, candidate), inputs)
    start_ahead(targets=(first, second))
    import kerasdiff.pipeline as engine
    from kerasdiff.options import Options

    options = Options(inputs=specs, timeout=timeout, device=device)
    with progress() as listener:
        conversion = engine.convert(first, second, source, path, options, listener)
    _tell(conversion, verbose=verbose)
    return conversion.exit_code


def _tell(conversion: Conversion, *, verbose: bool) -> None:
    from kerasdiff.report.wording import converting as wording

    if not conversion.written:
        click.echo(clean(wording.refusal(conversion)), err=True)
        return
    width = min(shutil.get_terminal_size((PIPED_WIDTH, 24)).columns, PIPED_WIDTH)
    told = [*wording.lines(conversion), *(("", wording.made_of(item)) for item in conversion.carried if verbose)]
    for word, text in told:
        lead = f"  {word:<11}"
        click.echo(textwrap.fill(clean(text), width, initial_indent=lead, subsequent_indent=" " * len(lead)))
    click.echo(clean(f"{conversion.output} written"))
