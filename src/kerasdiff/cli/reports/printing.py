"""How does a report to read become text: how wide, in which colours, with links or without?"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console

ColorSystem = Literal["standard", "256", "truecolor"]

Render = Callable[["Console"], None]
"""Prints a report to read."""

PIPED_WIDTH = 100
"""Columns of a report that goes to a pipe or a file and finds no COLUMNS: fits a CI log."""

MOST_COLUMNS = 1000
"""Of any report: one as wide as COLUMNS may say would take all memory."""


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


def shows_links() -> bool:
    """Whether standard output is a terminal that is known to show OSC 8 hyperlinks; others may print them as letters.

    References:
        E. Koblinger, "Hyperlinks in terminal emulators", and the terminals that ``supports-hyperlinks`` names.
    """
    say = os.environ.get
    if not _shows_color():
        return False
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
