"""The command line: arguments → one call → a report → an exit code.

Nothing heavy is imported before a command runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import click

from kerasdiff import __version__
from kerasdiff.errors import KerasdiffError

if TYPE_CHECKING:
    from rich.console import Console

    from kerasdiff.graph import Mode
    from kerasdiff.options import Listener

EXIT_USAGE = 2
EXIT_INTERNAL = 70  # EX_SOFTWARE of sysexits.h
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

PIPED_WIDTH = 100
"""Columns of a report that goes to a pipe or a file and finds no COLUMNS: fits a CI log."""

_EXIT_CODES = """
\b
Exit codes:
  0  equivalent
  1  different
  2  bad usage, or a model that cannot be loaded, built or called
  3  inconclusive
  70 internal error, 130 interrupted
"""

_TARGETS = """
\b
A target is one of
  FILE.py:NAME             a class, a function or a model object
  FILE.py:NAME(width=64)   the same with arguments, as literals
  package.module:NAME      the same of an importable module
  model.keras              a saved model
"""


class Program(click.Group):
    """The command group; turns every way a command can end into the documented exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs a command; standalone it ends the process, else it returns the exit code or raises."""

        def run() -> Any:
            return super(Program, self).main(args, prog_name, complete_var, standalone_mode=False, **extra)

        if not standalone_mode:
            return run()
        sys.exit(_guarded(run))


def _guarded(run: Callable[[], Any]) -> int:
    """The exit code of ``run``, whatever it raises; click's own exit 1 would mean "different"."""
    try:
        code = run()
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except KerasdiffError as error:
        _show_error(error)
        return EXIT_USAGE
    except Exception:  # the one place that may catch everything: it says that this is a bug
        import traceback

        click.echo(traceback.format_exc(), err=True, nl=False)
        click.echo("error: this is a bug in kerasdiff; please report it with the lines above.", err=True)
        return EXIT_INTERNAL
    return code if isinstance(code, int) else 0


def _show_error(error: KerasdiffError) -> None:
    click.echo(f"error: {_clean(error.message)}", err=True)
    for line in error.details.splitlines():
        click.echo(f"  {_clean(line.expandtabs())}".rstrip(), err=True)


def _clean(text: str) -> str:
    from kerasdiff.report.style import clean

    return clean(text)


def _output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    def check(context: click.Context, option: click.Parameter, path: str | None) -> str | None:
        # Found out now, not after minutes of comparing.
        if path is not None and not Path(path).expanduser().parent.is_dir():
            raise click.BadParameter(f"the directory of {path} does not exist.")
        return path

    return click.option(
        "--output",
        type=click.Path(dir_okay=False, writable=True),
        callback=check,
        metavar="FILE",
        help="Write the report to FILE instead of standard output.",
    )(command)


def _model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of every command that runs a model."""
    options = (
        click.option(
            "--input",
            "inputs",
            multiple=True,
            metavar="[NAME=]SHAPE[:DTYPE][@LOW..HIGH]",
            help="An input of the model, without the batch dimension: 32,32,3 or ids=16:int32@0..100. May be repeated.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            default=600.0,
            show_default=True,
            metavar="SECONDS",
            help="How long a model may take for one answer.",
        ),
        _report_options,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of every command that writes a report."""
    color = click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="auto: on a terminal, unless NO_COLOR is set.",
    )
    return color(_output_option(command))


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EXIT_CODES,
)
@click.version_option(__version__, "-V", "--version", prog_name="kerasdiff", message="%(prog)s %(version)s")
def main() -> None:
    """Checks whether two Keras models behave the same, and says where and why they do not.

    \b
    Examples:
      kerasdiff compare a.py:ConvModel_1 b.py:ConvModel_2
      kerasdiff inspect a.py:ConvModel_1

    `kerasdiff COMMAND --help` says more. Model files are code: they run with your rights.
    """  # noqa: D301


@main.command(epilog=_TARGETS + _EXIT_CODES)
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
    type=click.Path(exists=True, dir_okay=False),
    metavar="PATH.npz",
    help="Train on x_train, y_train, x_test and y_test of this file instead of CIFAR-10.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of the weights, the probes and the trials.",
)
@_model_options
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
    import kerasdiff.compare as engine
    from kerasdiff.report.json import to_json
    from kerasdiff.report.terminal import render
    from kerasdiff.verdict import EXIT_CODES

    with _listener() as listener:
        comparison = engine.compare(*pair, options, listener)
    text = to_json(comparison) if form == "json" else _rendered(lambda to: render(comparison, to), color, output)
    _write(text, output)
    if output is not None:
        verdict = comparison.verdict
        click.echo(_clean(f"{verdict.outcome}: {verdict.summary} (report in {output})"), err=True)
    return EXIT_CODES[comparison.verdict.outcome]


@main.command(epilog=_TARGETS)
@click.argument("target")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="A table to read, or JSON (schema kerasdiff.inspect/1) with both modes and every weight.",
)
@click.option(
    "--mode",
    type=click.Choice(["inference", "training"]),
    default="inference",
    show_default=True,
    help="Which of the two traced graphs the table shows.",
)
@_model_options
def inspect(
    target: str, form: str, mode: Mode, inputs: tuple[str, ...], timeout: float, color: str, output: str | None
) -> int:
    """Shows what the model TARGET does: its traced graph, node by node.

    \b
    Examples:
      kerasdiff inspect a.py:ConvModel_1
      kerasdiff inspect a.py:ConvModel_1 --mode training
      kerasdiff inspect 'net.py:build(depth=50)' --input 224,224,3 --format json
    """  # noqa: D301
    from kerasdiff.target import parse_input, parse_target

    specs = tuple(parse_input(text) for text in inputs)
    model = parse_target(target)
    import kerasdiff.compare as engine
    from kerasdiff.report.inspect import description_json, render_graph

    with _listener() as listener:
        listener.phase(f"tracing {target}")
        description = engine.inspect(model, specs, timeout)
    if form == "json":
        _write(description_json(description), output)
    else:
        _write(_rendered(lambda to: render_graph(description, mode, to), color, output), output)
    return 0


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text to read, or JSON (schema kerasdiff.rules/1).",
)
@_report_options
def rules(names: tuple[str, ...], form: str, color: str, output: str | None) -> int:
    """Lists the rules of the normal form, or those called NAME.

    \b
    Examples:
      kerasdiff rules
      kerasdiff rules split-activation explicit-padding
    """  # noqa: D301
    from kerasdiff.canonical import NODE_RULES, RULES
    from kerasdiff.report.rules import render_rules, rules_json

    known = [*NODE_RULES, *RULES]
    strange = [name for name in names if name not in {rule.name for rule in known}]
    if strange:
        raise click.BadParameter(f"no rule is called {strange[0]}; `kerasdiff rules` lists them all.")
    chosen = [rule for rule in known if not names or rule.name in names]
    _write(
        rules_json(chosen) if form == "json" else _rendered(lambda to: render_rules(chosen, to), color, output), output
    )
    return 0


@contextmanager
def _listener() -> Iterator[Listener]:
    """Live progress where a person watches stderr, else silence."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        from kerasdiff.options import Silent

        yield Silent()
        return
    from rich.console import Console

    from kerasdiff.report.progress import LiveProgress

    with LiveProgress(Console(stderr=True)) as progress:
        yield progress


def _rendered(render: Callable[[Console], None], color: str, output: str | None) -> str:
    """The report as text: rendered to the end first, so that stdout gets all of it or nothing."""
    from rich.console import Console

    encoding = "utf-8" if output is not None else sys.stdout.encoding or "utf-8"
    buffer = io.BytesIO()
    stream = cast("TextIO", io.TextIOWrapper(buffer, encoding=encoding, newline="\n"))
    colored = color == "always" or (color == "auto" and output is None and _shows_color())
    console = Console(
        file=stream,
        width=shutil.get_terminal_size((PIPED_WIDTH, 24)).columns,
        force_terminal=colored,
        color_system="standard" if colored else None,
        no_color=not colored,
        legacy_windows=False,
    )
    render(console)
    stream.flush()
    return buffer.getvalue().decode(encoding)


def _shows_color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _write(text: str, output: str | None) -> None:
    if output is not None:
        path = Path(output).expanduser()
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.FileError(output, error.strerror or str(error)) from None
        return
    try:
        # click would strip the colours of --color always from a pipe; they were decided before.
        click.echo(text, nl=False, color=True)
        sys.stdout.flush()
    except BrokenPipeError:
        # `kerasdiff … | head` has read enough: the verdict still decides the exit code, not click's 1.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
