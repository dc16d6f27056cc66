"""``kerasdiff inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kerasdiff.cli.common import TARGETS_HELP, format_option, model_options, progress, report, start_ahead, understood

if TYPE_CHECKING:
    from kerasdiff.graph import Mode


@click.command(epilog=TARGETS_HELP)
@click.argument("target")
@format_option("table", "A table to read, or JSON (schema kerasdiff.inspect/1) with both modes and every weight.")
@click.option(
    "--mode",
    type=click.Choice(["inference", "training"]),
    default="inference",
    show_default=True,
    help="Which of the two traced graphs the table shows.",
)
@model_options
def inspect(
    target: str, form: str, mode: Mode, inputs: tuple[str, ...], timeout: float, color: str, output: str | None
) -> int:
    """Shows what the model TARGET does: its traced graph, node by node.

    \b
    Examples:
      kerasdiff inspect a.py:ConvModel_1
      kerasdiff inspect a.py:ConvModel_1 --mode training
      kerasdiff inspect 'net.py:build(depth=50)' --input 224,224,3 --format json
      kerasdiff inspect net.kerasdiff
    """  # noqa: D301
    (model,), specs = understood((target,), inputs)
    if model.kind != "baseline":  # which is read here
        start_ahead()
    import kerasdiff.pipeline as engine
    from kerasdiff.report.inspect import description_json, render_graph

    with progress() as listener:
        listener.phase(f"tracing {target}")
        description = engine.inspect(model, specs, timeout)
    report(
        form,
        lambda: description_json(description),
        lambda console: render_graph(description, mode, console),
        color,
        output,
    )
    return 0
