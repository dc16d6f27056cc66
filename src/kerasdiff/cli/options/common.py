"""What the commands share: their common options, live progress, and writing a report."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import click

from kerasdiff.cli.options.settings import settled
from kerasdiff.cli.options.trust import trust_options, trusted

if TYPE_CHECKING:
    from kerasdiff.options import Listener
    from kerasdiff.side.environment import Hardware
    from kerasdiff.side.targets import InputSpec, Target

Command = TypeVar("Command", bound=Callable[..., int])
"""The function of a command, which returns its exit code."""

EXIT_CODES_HELP = """
\b
Exit codes:
  0  equivalent
  1  different
  2  bad usage, or a model that cannot be loaded, built or called
  3  inconclusive
  70 internal error, 130 interrupted
"""

TARGETS_HELP = """
\b
A target is one of
  FILE.py:NAME              a class, function or model; NAME may be left out
  FILE.py:NAME(width=64)[0] with arguments, and a part of what it gives
  package.module:NAME       of a module: installed, here or in src
  notebook.ipynb:NAME       of the code cells of a notebook
  model.keras, model.h5     a saved model
  config.json               what model.to_json() wrote
  net.kerasdiff             a baseline that `kerasdiff lock` made
  git:REVISION:TARGET       one of these at a branch, tag or commit
`kerasdiff list FILE` shows what can be named in a file.
"""


def clean(text: str) -> str:
    from kerasdiff.report.cleaning import clean

    return clean(text)


class Number(click.FloatRange):
    """A number in a range, which "nan" and "inf" are none of."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(cast("float", value), param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number that can be worked with.", param, ctx)
        return number


def data_option(verb: str) -> Callable[[Command], Command]:
    """Which data are used, and ``verb`` says for what."""
    return click.option(
        "--data",
        type=click.Path(exists=True),
        metavar="PATH",
        help=f"{verb} an .npz of x_train, y_train, x_test and y_test; cifar-10-python.tar.gz or "
        "cifar-10-binary.tar.gz, or a directory of its batches; or image folders, train/CLASS/*.png and "
        "test/CLASS/*.png.",
    )


timeout_option = click.option(
    "--timeout",
    type=Number(min=0, min_open=True),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a model may take for one answer.",
)


def device_option(text: str) -> Callable[[Command], Command]:
    """Which device is used, and ``text`` says for what."""

    def check(context: click.Context, option: click.Parameter, value: str) -> str:
        if not re.fullmatch(r"auto|cpu|gpu(:\d{1,3})?", value):
            raise click.BadParameter("must be auto, cpu, gpu or gpu:N.")
        return value

    return click.option(
        "--device", default="auto", show_default=True, callback=check, metavar="auto|cpu|gpu[:N]", help=text
    )


def file_to_write(suffix: str = "") -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A check of a file to write, made before anything runs: its directory, its suffix, what is there already."""

    def check(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
        if text is not None:
            refuse_unwritable(text, suffix)
        return text

    return check


MODELS = (".py", ".ipynb", ".keras", ".h5")
"""How files end that a slip of the hand would lose."""


def refuse_unwritable(text: str, suffix: str = "") -> None:
    """Refuses a file that cannot be written, as far as that shows before.

    Raises:
        click.BadParameter: With what is wrong with it.
    """
    from kerasdiff.side.files import other_than_file

    if text == "-":
        raise click.BadParameter("- is no file: a format that names none goes to standard output.")
    path = Path(text).expanduser()
    if not path.parent.is_dir():
        raise click.BadParameter(f"the directory of {clean(text)} does not exist.")
    if not path.name.endswith(suffix):
        raise click.BadParameter(f"{clean(text)} does not end in {suffix}.")
    try:
        other = other_than_file(path)
    except OSError as error:
        raise click.BadParameter(f"{clean(text)} cannot be seen: {error.strerror}.") from None
    if other:
        raise click.BadParameter(f"{clean(text)} is {other}; kerasdiff writes over files alone.")
    if path.suffix in MODELS and path.exists():
        raise click.BadParameter(f"{clean(text)} holds code or a model; kerasdiff does not write over it.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise click.BadParameter(f"nothing can be written into the directory of {clean(text)}.")


_RUN_FILE = "kerasdiff.run_file"


def _run_file(context: click.Context, option: click.Parameter, whole: bool) -> None:
    context.meta[_RUN_FILE] = whole


def model_options(command: Command) -> Command:
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
            "--run-file",
            is_flag=True,
            expose_value=False,
            callback=_run_file,
            help="Run the files of the models as a whole, also where they train, download data or ask.",
        ),
        timeout_option,
        trust_options,
    )
    for option in reversed(options):
        command = option(command)
    return command


def understood(
    texts: tuple[str, ...], inputs: tuple[str, ...] = (), data: str | None = None, against: str | None = None
) -> tuple[tuple[Target, ...], tuple[InputSpec, ...]]:
    """What a command line names, looked at as far as that needs no TensorFlow: for a mistake nothing heavy is started.

    Args:
        texts: Targets.
        inputs: What ``--input`` said.
        data: What ``--data`` said.
        against: A revision that the one target is compared with; it then comes first as it is there.

    Raises:
        KerasdiffError: For a mistake that no run mends.
    """
    from kerasdiff.side.reading.early import check, read_target
    from kerasdiff.side.targets import parse_input

    specs = tuple(parse_input(text) for text in inputs)
    whole = click.get_current_context().meta.get(_RUN_FILE, False)
    targets = tuple(replace(read_target(text), run_file=whole) for text in texts)
    if against is not None:
        targets = (read_target(texts[0], at=against), *targets)
    targets = settled(trusted(targets))
    if data is not None:
        from kerasdiff.data.looking import check as check_data

        check_data(Path(data).expanduser())
    for target in targets:
        check(target, specs)
    return targets, specs


def start_ahead(hardware: Hardware | None = None, targets: Iterable[Target] = (), *, draws: bool = False) -> None:
    """Starts what imports TensorFlow, so that it does while this process imports its own modules.

    A command calls it as soon as all that can be seen without TensorFlow is seen to be right, and imports the pipeline
    after it.

    Args:
        hardware: What the first workers may use.
        targets: What they load, where that may be under another Python.
        draws: Whether they may train on the procedural data.
    """
    from kerasdiff.side.environment import Hardware
    from kerasdiff.side.launching import prepare

    prepare(hardware or Hardware(), targets, draws=draws)


@contextmanager
def progress() -> Iterator[Listener]:
    """Live progress where a person watches stderr, else silence."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        from kerasdiff.options import Silent

        yield Silent()
        return
    from rich.console import Console

    from kerasdiff.report.terminal.progress import LiveProgress

    with LiveProgress(Console(stderr=True)) as progress:
        yield progress


def write(text: str, output: str | None) -> None:
    """Writes a report to a file or to stdout, whose reader may leave early."""
    if output is not None:
        write_bytes(text.encode(), output)
        return
    try:
        # click would strip the colours of --color always from a pipe; they were decided before.
        click.echo(text, nl=False, color=True)
        sys.stdout.flush()
    except BrokenPipeError:
        # `kerasdiff … | head` has read enough: the verdict still decides the exit code, not click's 1.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_bytes(content: bytes, output: str) -> None:
    """Writes a file, whole or not at all.

    Raises:
        click.FileError: If it cannot be written.
    """
    from kerasdiff.side.files import write_whole

    try:
        write_whole(Path(output).expanduser().resolve(), lambda stream: stream.write(content))
    except OSError as error:
        raise click.FileError(output, error.strerror or str(error)) from None
