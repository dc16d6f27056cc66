"""``kerasdiff convert``."""

from __future__ import annotations

from dataclasses import replace

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
    write,
)
from kerasdiff.cli.options.settings import PAIR, setting_options
from kerasdiff.cli.reports.output import Output, report_options

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


def _print_schema(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    """Prints the schema and ends, whatever else is said."""
    if asked:
        from kerasdiff.report.schema import CONVERT, schema_text

        write(schema_text(CONVERT), None)
        ctx.exit()


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
    "made",
    required=True,
    metavar="FILE",
    help="What to write for the candidate: .weights.h5, or .keras for the whole model.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("-v", "--verbose", is_flag=True, help="Name every weight with what it is made of.")
@click.option(
    "--schema", is_flag=True, is_eager=True, expose_value=False, callback=_print_schema, help="Print the JSON Schema."
)
@report_options("terminal", "json", text="JSON is of schema kerasdiff.convert/1.", to_file=False)
@device_option("Where to compute.")
@setting_options(*PAIR, both=True)
@model_options
def convert(
    reference: str,
    candidate: str,
    weights: str | None,
    made: str,
    force: bool,
    verbose: bool,
    to: Output,
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
    path = file_to_make(made, read, force=force)
    (first, second), specs = understood((reference, candidate), inputs)
    start_ahead(targets=(first, second))
    import kerasdiff.pipeline as engine
    from kerasdiff.options import Options

    options = Options(inputs=specs, timeout=timeout, device=device)
    with progress() as listener:
        conversion = engine.convert(first, second, source, path, options, listener)
    from kerasdiff.report.commands.convert import conversion_json, render_conversion
    from kerasdiff.report.wording.converting import refusal

    forms = to.forms
    if not conversion.written:
        click.echo(clean(refusal(conversion)), err=True)
        forms = tuple(form for form in forms if form.name == "json" or form.file is not None)
    if forms:
        texts = {"json": lambda: conversion_json(conversion)}
        shown = replace(to, forms=forms)
        shown.write(lambda form: lambda console: render_conversion(conversion, console, verbose=verbose), texts)
    return conversion.exit_code
