"""Where do reports go, and in which forms? ``--format NAME[=FILE]`` and the options beside it, for every command."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, cast

import click

from kerasdiff.cli.completion import formats
from kerasdiff.cli.options.common import clean, file_to_write, refuse_unwritable, write, write_bytes
from kerasdiff.cli.reports.pages import open_page, refuse_folder, temporary_folder
from kerasdiff.cli.reports.printing import PIPED_WIDTH, Render, rendered, shows_links
from kerasdiff.report.pages import INDEX

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Command = TypeVar("Command", bound=Callable[..., int])
"""The function of a command, which returns its exit code."""

NARROWEST, WIDEST = 20, 1000
"""Columns that may be asked for."""

CHECK_FORMATS = ("terminal", "json", "markdown", "junit", "sarif", "github")
"""How many comparisons can be told on one stream; the first one where nothing is said."""

COMPARISON_FORMATS = (*CHECK_FORMATS, "html")
"""How one comparison can be told."""

ALONE = ("json", "junit", "sarif", "html")
"""Formats that a program reads, which nothing else may stand beside."""

PAGE = "report.html"
"""What a page is called that nobody named."""

Pages = Literal["none", "file", "folder", "either"]
"""What ``--html`` names in a command, if it is there: the last where only what is shown can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One ``--format``.

    Attributes:
        name: Which.
        file: Where it goes to; ``None`` for standard output.
        temporary: Whether it goes to a file that nobody named.
    """

    name: str
    file: str | None = None
    temporary: bool = False


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
        if file:
            refuse_unwritable(file)
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
        pages: What ``--html`` said where it names a folder, or may; empty for a temporary one.
        opens: Whether a browser is to open the page.
    """

    forms: tuple[Form, ...]
    color: str = "auto"
    width: int | None = None
    quiet: bool = False
    changes_only: bool = False
    pages: str | None = None
    opens: bool = False

    @property
    def pictured(self) -> bool:
        """Whether what pictures alone show is wanted."""
        return self.pages is not None or any(form.name == "html" for form in self.forms)

    @property
    def files(self) -> tuple[str, ...]:
        """Where it goes beside standard output."""
        pages = (os.path.join(self.pages, INDEX),) if self.pages else ()
        return (*(form.file for form in self.forms if form.file is not None), *pages)

    @property
    def silent(self) -> bool:
        """Whether nothing goes to standard output."""
        return all(form.temporary or form.file is not None for form in self.forms)

    def links(self, file: str | None) -> bool:
        """Whether what goes there may hold links, which a pipe and a file do not."""
        return file is None and self.color != "never" and shows_links()

    def write(self, read: Callable[[Form], Render], texts: Mapping[str, Callable[[], str]]) -> None:
        """Writes the report in every form, each rendered to its end before the first is written; then opens the page.

        Args:
            read: Gives what prints the report to read, for a form.
            texts: Gives the text of every other form, by name.
        """
        told = [(form, texts[form.name]() if form.name in texts else self._read(read, form)) for form in self.forms]
        pages = []
        for form, text in sorted(told, key=lambda item: item[0].file is None):
            file = str(Path(temporary_folder()) / PAGE) if form.temporary else form.file
            if file is None or not _is_step_summary(file):
                write(text, file)
            else:
                _append(text, file)
            pages += [file] if form.name == "html" and file is not None else []
        if self.opens and pages:
            open_page(pages[0])

    def in_file(self) -> Output:
        """The same where ``--html`` names one file; seen to before anything runs.

        Raises:
            click.UsageError: If not all of it can be had at once.
        """
        forms = self.forms
        if self.pages is not None:
            refuse_unwritable(self.pages)
            forms = (*forms, Form(name="html", file=self.pages))
        if self.opens:
            forms = tuple(replace(form, temporary=form == Form(name="html")) for form in forms)
            if not any(form.name == "html" for form in forms):
                forms = (*forms, Form(name="html", temporary=True))
        _refuse_together(forms)
        return replace(self, forms=forms, pages=None)

    def in_folder(self) -> Output:
        """The same where ``--html`` names a folder for many pages; seen to before anything runs.

        Raises:
            click.UsageError: If not all of it can be had at once.
        """
        _refuse_together(self.forms)
        if self.pages is not None:
            refuse_folder(self.pages)
        return replace(self, pages="") if self.opens and self.pages is None else self

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


_PAGES: Mapping[Pages, tuple[str, str]] = {
    "file": ("FILE", "Write a page for a browser to FILE as well."),
    "folder": ("DIR", "Write a page for each pair and an index of them into DIR as well."),
    "either": ("PATH", "Write a page for a browser to PATH as well; of a check, a folder of pages."),
}
"""What ``--html`` takes, and says of itself."""


def _page_options(pages: Pages) -> tuple[Callable[[Command], Command], ...]:
    if pages == "none":
        return ()
    metavar, text = _PAGES[pages]
    name = "index" if pages == "folder" else "page"
    return (
        click.option("--html", "pages", type=click.Path(file_okay=pages != "folder"), metavar=metavar, help=text),
        click.option(
            "--open", "opens", is_flag=True, help=f"Open the {name} in a browser; without --html, a temporary one."
        ),
    )


def report_options(
    *names: str,
    text: str = "In which form to tell it; NAME=FILE writes it to a file. May be repeated.",
    pages: Pages = "none",
    to_file: bool = True,
) -> Callable[[Command], Command]:
    """Options of every command that writes a report; it gets them as ``to``, an :class:`Output`.

    Args:
        names: The formats there are, the default first; by default those of a comparison, which add its own options.
        text: What the help says of them.
        pages: What ``--html`` names.
        to_file: Whether ``--output`` is where the report goes.
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
    looks = _LOOKS if set(CHECK_FORMATS) <= set(formats) else ()
    file = (output_option,) if to_file else ()
    options = (chosen, *_page_options(pages), *file, *looks, width, color_option)

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def collected(**given: object) -> int:
            to = _output(given)
            settled = {"either": lambda: to, "folder": to.in_folder}.get(pages, to.in_file)
            return command(to=settled(), **given)

        for option in reversed(options):
            collected = option(collected)
        return cast("Command", collected)

    return decorate


def _output(given: dict[str, object]) -> Output:
    """Takes what is said about the report out of the options of a command.

    Raises:
        click.UsageError: If not all of it can be had at once.
    """
    forms, output = cast("tuple[Form, ...]", given.pop("forms")), cast("str | None", given.pop("output", None))
    if output is not None:
        if len(forms) > 1:
            raise click.UsageError("--output is for one format; of several write --format NAME=FILE each.")
        if forms[0].file is not None:
            raise click.UsageError(f"--output and --format {forms[0].name}=FILE both name a file; keep one of them.")
        forms = (Form(name=forms[0].name, file=output),)
    return Output(
        forms=forms,
        color=str(given.pop("color")),
        width=cast("int | None", given.pop("width")),
        quiet=bool(given.pop("quiet", False)),
        changes_only=bool(given.pop("changes_only", False)),
        pages=cast("str | None", given.pop("pages", None)),
        opens=bool(given.pop("opens", False)),
    )


def _refuse_together(forms: Sequence[Form]) -> None:
    """Refuses forms of which one would spoil another, or a terminal.

    Raises:
        click.UsageError: If there are such.
    """
    files = [Path(form.file).expanduser().resolve() for form in forms if form.file is not None]
    if len(set(files)) < len(files):
        raise click.UsageError("two formats go to one file.")
    shown = [form.name for form in forms if form.file is None and not form.temporary]
    if "html" in shown and sys.stdout.isatty():
        raise click.UsageError("a page is no text to read: --html FILE writes it, --open shows it in a browser.")
    alone = [name for name in shown if name in ALONE]
    if alone and len(shown) > 1:
        raise click.UsageError(f"{alone[0]} stands alone on standard output; write --format {alone[0]}=FILE.")


# Files --------------------------------------------------------------------------------------------------------


def _is_step_summary(file: str) -> bool:
    """Whether a file is the one to which the steps of a GitHub job add what they have to say."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(summary) and Path(file).expanduser().resolve() == Path(cast("str", summary)).resolve()


def _append(text: str, file: str) -> None:
    path = Path(file).expanduser()
    before = path.read_bytes() if path.exists() else b""
    write_bytes(before + text.encode(), file)
