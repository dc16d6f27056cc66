"""``kerasdiff inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kerasdiff.cli.completion import targets
from kerasdiff.cli.options.common import TARGETS_HELP, model_options, progress, start_ahead, understood
from kerasdiff.cli.options.settings import setting_options
from kerasdiff.cli.reports.output import Output, report_options

if TYPE_CHECKING:
    from kerasdiff.graph import Mode
    from kerasdiff.side.records import Description


@click.command(short_help="Shows what a model does: its traced graph.", epilog=TARGETS_HELP)
@click.argument("target", shell_complete=targets)
@click.option(
    "--mode",
    type=click.Choice(["inference", "training"]),
    default="inference",
    show_default=True,
    help="Which of the two traced graphs the table shows.",
)
@setting_options("--python", "--env", "--backend")
@model_options
@report_options(
    "terminal",
    "json",
    "html",
    text="JSON (schema kerasdiff.inspect/1) holds both modes and every weight.",
    pages="file",
)
def inspect(target: str, mode: Mode, inputs: tuple[str, ...], timeout: float, to: Output) -> int:
    """Shows what the model TARGET does: its traced graph, node by node.

    \b
    Examples:
      kerasdiff inspect a.py:ConvModel_1
      kerasdiff inspect a.py:ConvModel_1 --mode training
      kerasdiff inspect 'net.py:build(depth=50)' --input 224,224,3 --format json
      kerasdiff inspect net.kerasdiff
      kerasdiff inspect net.py:build --open
    """  # noqa: D301
    (model,), specs = understood((target,), inputs)
    if model.kind != "baseline":  # which is read here
        start_ahead(targets=(model,))
    import kerasdiff.pipeline as engine
    from kerasdiff.report.commands.inspect import description_json, render_graph

    with progress() as listener:
        listener.phase(f"tracing {target}")
        description = engine.inspect(model, specs, timeout)
    to.write(
        lambda form: lambda console: render_graph(description, mode, console),
        {"json": lambda: description_json(description), "html": lambda: _page(target, description, mode)},
    )
    return 0


def _page(target: str, description: Description, mode: Mode) -> str:
    from kerasdiff.report.html.inspected import inspected_html

    return inspected_html(description, mode, target)
