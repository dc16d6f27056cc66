"""Where do reports go, and in which forms? ``--format NAME[=FILE]`` and the options beside it, for every command."""

from __future__ import annotations

import functools
import io
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO, TypeVar, cast

import click

from kerasdiff.cli.common import clean, file_to_write, write, write_bytes
from kerasdiff.cli.completion import formats

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from rich.console import Console

    from kerasdiff.comparison import Comparison
    from kerasdiff.report.named import Named

Command = TypeVar("Command", bound=Callable[..., int])
"""The function of a command, which returns its exit code."""

ColorSystem = Literal["standard", "256", "truecolor"]

Render = Callable[["Console"], None]
"""Prints a report to read."""

PIPED_WIDTH = 100
"""Columns of a report that goes to a pipe or a file and finds no COLUMNS: fits a CI log."""

MOST_COLUMNS = 1000
"""Of any report: one as wide as COLUMNS may say would take all memory."""

NARROWEST, WIDEST = 20, 1000
"""Columns that may be asked for."""

COMPARISON_FORMATS = ("terminal", "json", "markdown", "junit", "sarif", "github")
"""How a comparison can be told; the first one where nothing is said."""

ALONE = ("json", "junit", "sarif")
"""Formats that a program reads, which nothing else may stand beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One ``--format``: its name, and the file it goes to, ``None`` for standard output."""

    name: str
    file: str | None = None


class FormatType(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """``NAME`` or ``NAME=FILE``."""

    name = "NAME[=FILE]"

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        return formats(self.names, incomplete)

    def convert(self, value: str | Form, param: click.Parameter | None, ctx: click.Context | None) -> Form:
        if isinstance(value, Form):
            return value
        name, equals, file = value.partition("=")
        if name not in self.names:
            raise click.BadParameter(f"{clean(name)!r} is none of {', '.join(self.names)}.", ctx, param)
        if equals and not file:
            raise click.BadParameter(f"{name}= names no file; is a variable empty?", ctx, param)
        if file and ctx is not None and param is not None:
            file_to_write()(ctx, param, file)
        return Form(name=name, file=file or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a command line says about its report.

    Attributes:
        forms: In which forms, and where each goes.
        color: What ``--color`` said.
        width: Columns of a report to read; ``None`` for those of the terminal.
        quiet: Whether the verdict alone is told.
        changes_only: Whether what is equal is left out.
    """

    forms: tuple[Form, ...]
    color: str = "auto"
    width: int | None = None
    quiet: bool = False
    changes_only: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """Where it goes beside standard output."""
        return tuple(form.file for form in self.forms if form.file is not None)

    @property
    def silent(self) -> bool:
        """Whether nothing goes to standard output."""
        return len(self.files) == len(self.forms)

    def links(self, file: str | None) -> bool:
        """Whether what goes there may hold links, which a pipe and a file do not."""
        return file is None and self.color != "never" and _shows_color() and _shows_links()

    def write(self, read: Callable[[Form], Render], texts: Mapping[str, Callable[[], str]]) -> None:
        """Writes the report in every form; each is rendered to its end before the first one is written.

        Args:
            read: Gives what prints the report to read, for a form.
            texts: Gives the text of every other form, by name.
        """
        told = [(form, texts[form.name]() if form.name in texts else self._read(read, form)) for form in self.forms]
        for form, text in sorted(told, key=lambda item: item[0].file is None):
            if form.file is None or not _is_step_summary(form.file):
                write(text, form.file)
            else:
                _append(text, form.file)

    def _read(self, read: Callable[[Form], Render], form: Form) -> str:
        return rendered(read(form), self.color, form.file, width=self.width)


# Options ------------------------------------------------------------------------------------------------------

color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="auto: on a terminal, unless NO_COLOR is set.",
)

output_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True),
    callback=file_to_write(),
    metavar="FILE",
    help="Write the report to FILE instead of standard output.",
)

_LOOKS = (
    click.option("-q", "--quiet", is_flag=True, help="Print the verdict alone, in one line."),
    click.option("--changes-only", is_flag=True, help="Leave out what is equal: layers, rungs, rewrites."),
)


def report_options(
    *names: str, text: str = "In which form to tell it; NAME=FILE writes it to a file. May be repeated."
) -> Callable[[Command], Command]:
    """Options of every command that writes a report; it gets them as ``to``, an :class:`Output`.

    Args:
        names: The formats there are, the default first; by default those of a comparison, which add its own options.
        text: What the help says of them.
    """
    formats = names or COMPARISON_FORMATS
    chosen = click.option(
        "--format",
        "forms",
        type=FormatType(formats),
        multiple=True,
        default=(formats[0],),
        metavar="NAME[=FILE]",
        help=f"{', '.join(formats[:-1])} or {formats[-1]}. {text}  [default: {formats[0]}]",
    )
    width = click.option(
        "--width",
        type=click.IntRange(NARROWEST, WIDEST),
        metavar="N",
        help=f"Columns of a report to read.  [default: those of the terminal, {PIPED_WIDTH} in a pipe]",
    )
    options = (chosen, output_option, *(() if names else _LOOKS), width, color_option)

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def collected(**given: object) -> int:
            return command(to=_output(given), **given)

        for option in reversed(options):
            collected = option(collected)
        return cast("Command", collected)

    return decorate


def _output(given: dict[str, object]) -> Output:
    """Takes what is said about the report out of the options of a command.

    Raises:
        click.UsageError: If not all of it can be had at once.
    """
    forms, output = cast("tuple[Form, ...]", given.pop("forms")), cast("str | None", given.pop("output"))
    if output is not None:
        if len(forms) > 1:
            raise click.UsageError("--output is for one format; of several write --format NAME=FILE each.")
        if forms[0].file is not None:
            raise click.UsageError(f"--output and --format {forms[0].name}=FILE both name a file; keep one of them.")
        forms = (Form(name=forms[0].name, file=output),)
    files = [Path(form.file).expanduser().resolve() for form in forms if form.file is not None]
    if len(set(files)) < len(files):
        raise click.UsageError("two formats go to one file.")
    shown = [form.name for form in forms if form.file is None]
    alone = [name for name in shown if name in ALONE]
    if alone and len(shown) > 1:
        raise click.UsageError(f"{alone[0]} stands alone on standard output; write --format {alone[0]}=FILE.")
    return Output(
        forms=forms,
        color=str(given.pop("color")),
        width=cast("int | None", given.pop("width")),
        quiet=bool(given.pop("quiet", False)),
        changes_only=bool(given.pop("changes_only", False)),
    )


# Comparisons --------------------------------------------------------------------------------------------------


def report_comparison(comparison: Comparison, to: Output, *, verbose: bool = True) -> None:
    """Writes the report of one comparison."""
    from kerasdiff.report.named import Named

    report_comparisons([Named.of(comparison)], to, verbose=verbose)


def report_comparisons(several: Sequence[Named], to: Output, *, verbose: bool = True) -> None:
    """Writes the reports of comparisons, and where all of it goes to files, each verdict in one line to stderr."""

    def read(form: Form) -> Render:
        return lambda console: _read(several, to, form, console, verbose=verbose)

    to.write(read, {"json": lambda: _json(several), **machine_texts(several, to)})
    if to.silent and not to.quiet:
        for item in several:
            if item.comparison is not None and not item.comparison.interrupted:
                click.echo(f"{_verdict(item)} (report in {clean(', '.join(to.files))})", err=True)


def machine_texts(several: Sequence[Named], to: Output) -> Mapping[str, Callable[[], str]]:
    """The forms that are told alike of one comparison and of many; each imports what it needs when it is asked for."""

    def markdown() -> str:
        from kerasdiff.report.formats.markdown import to_markdown

        return to_markdown(several, changes_only=to.changes_only, quiet=to.quiet)

    def junit() -> str:
        from kerasdiff.report.formats.junit import to_junit

        return to_junit(several)

    def sarif() -> str:
        from kerasdiff.report.formats.sarif import to_sarif

        return to_sarif(several)

    def github() -> str:
        from kerasdiff.report.formats.github import to_github

        return to_github(several)

    return {"markdown": markdown, "junit": junit, "sarif": sarif, "github": github}


def _json(several: Sequence[Named]) -> str:
    from kerasdiff.report.json import to_json

    return "".join(to_json(item.comparison) for item in several if item.comparison is not None)


def _read(several: Sequence[Named], to: Output, form: Form, console: Console, *, verbose: bool) -> None:
    from kerasdiff.report import terminal  # which the other forms do without

    for number, item in enumerate(several):
        if item.comparison is None:
            continue
        if to.quiet:
            console.print(_verdict(item), markup=False, highlight=False, soft_wrap=True)
            continue
        if number:
            console.print()
        links = to.links(form.file)
        terminal.render(item.comparison, console, verbose=verbose, changes_only=to.changes_only, links=links)


def _verdict(item: Named) -> str:
    """Outcome and cause in one line, after the name of one of several."""
    from kerasdiff.report import wording

    assert item.comparison is not None
    name = f"{item.name}: " if item.name else ""
    return clean(f"{name}{item.comparison.verdict.outcome}: {wording.summary(item.comparison)}")


# Writing ------------------------------------------------------------------------------------------------------


def rendered(
    render: Render,
    color: str,
    output: str | None,
    color_system: ColorSystem = "standard",
    width: int | None = None,
) -> str:
    """The report as text: rendered to the end first, so that stdout gets all of it or nothing.

    Args:
        render: Prints the report.
        color: What ``--color`` said.
        output: The file it goes to, if any.
        color_system: Colours to use where colours are on; the 16 of the user's theme, unless images need more.
        width: Columns; by default those of the terminal.
    """
    from rich.console import Console

    encoding = "utf-8" if output is not None else sys.stdout.encoding or "utf-8"
    buffer = io.BytesIO()
    stream = cast("TextIO", io.TextIOWrapper(buffer, encoding=encoding, newline="\n"))
    colored = color == "always" or (color == "auto" and output is None and _shows_color())
    console = Console(
        file=stream,
        width=width or min(shutil.get_terminal_size((PIPED_WIDTH, 24)).columns, MOST_COLUMNS),
        force_terminal=colored,
        color_system=color_system if colored else None,
        no_color=not colored,
        legacy_windows=False,
    )
    render(console)
    stream.flush()
    return buffer.getvalue().decode(encoding)


def _shows_color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _shows_links() -> bool:
    """Whether the terminal is one that is known to show OSC 8 hyperlinks; others may print them as letters.

    References:
        E. Koblinger, "Hyperlinks in terminal emulators", and the terminals that ``supports-hyperlinks`` names.
    """
    say = os.environ.get
    if say("FORCE_HYPERLINK") is not None:
        return say("FORCE_HYPERLINK") != "0"
    if say("CI") or say("TMUX"):
        return False
    known = ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby", "zed")
    vte = say("VTE_VERSION", "")
    return bool(
        say("TERM_PROGRAM") in known
        or any(map(say, ("WT_SESSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID", "DOMTERM", "ALACRITTY_WINDOW_ID")))
        or (vte.isdigit() and int(vte) >= 5002)  # 0.50.0 and 0.50.1 crash on some
    )


def _is_step_summary(file: str) -> bool:
    """Whether a file is the one to which the steps of a GitHub job add what they have to say."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(summary) and Path(file).expanduser().resolve() == Path(cast("str", summary)).resolve()


def _append(text: str, file: str) -> None:
    path = Path(file).expanduser()
    before = path.read_bytes() if path.exists() else b""
    write_bytes(before + text.encode(), file)
