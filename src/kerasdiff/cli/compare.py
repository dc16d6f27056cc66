"""``kerasdiff compare``."""

from __future__ import annotations

from pathlib import Path

import click

from kerasdiff.cli.common import (
    DATA_HELP,
    EXIT_CODES_HELP,
    TARGETS_HELP,
    clean,
    model_options,
    progress,
    rendered,
    write,
)


@click.command(epilog=TARGETS_HELP + EXIT_CODES_HELP)
@click.argument("reference")
@click.argument("candidate")
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="A report to read, or JSON (schema kerasdiff/1) to process.",
)
@click.option("--no-fit", is_flag=True, help="Do not train; judge from the graphs and the probes.")
@click.option(
    "--fit-steps",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    metavar="N",
    help="Optimizer steps of each trial.",
)
@click.option(
    "--data",
    type=click.Path(exists=True),
    metavar="PATH",
    help=f"Train on {DATA_HELP}",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of the weights, the probes and the trials.",
)
@model_options
def compare(
    reference: str,
    candidate: str,
    form: str,
    no_fit: bool,
    fit_steps: int,
    data: str | None,
    seed: int,
    inputs: tuple[str, ...],
    timeout: float,
    color: str,
    output: str | None,
) -> int:
    """Compares the model CANDIDATE with the model REFERENCE.

    \b
    Examples:
      kerasdiff compare a.py:ConvModel_1 b.py:ConvModel_2
      kerasdiff compare old.py:Net 'new.py:Net(width=64)' --input 224,224,3
      kerasdiff compare old.py:build new.py:build --input ids=16:int32@0..100
      kerasdiff compare a.py:Net b.py:Net --no-fit --format json --output report.json
    """  # noqa: D301
    from kerasdiff.datasets.readers import recognise
    from kerasdiff.options import Options
    from kerasdiff.target import parse_input, parse_target

    options = Options(
        inputs=tuple(parse_input(text) for text in inputs),
        fit=not no_fit,
        fit_steps=fit_steps,
        data=data,
        seed=seed,
        timeout=timeout,
    )
    pair = parse_target(reference), parse_target(candidate)
    if data is not None:
        recognise(Path(data).expanduser())  # a wrong path is said now, not after minutes of comparing
    import kerasdiff.compare as engine
    from kerasdiff.report.json import to_json
    from kerasdiff.report.terminal import render
    from kerasdiff.verdict import EXIT_CODES

    with progress() as listener:
        comparison = engine.compare(*pair, options, listener)
    text = to_json(comparison) if form == "json" else rendered(lambda to: render(comparison, to), color, output)
    write(text, output)
    if output is not None:
        verdict = comparison.verdict
        click.echo(clean(f"{verdict.outcome}: {verdict.summary} (report in {output})"), err=True)
    return EXIT_CODES[comparison.verdict.outcome]
