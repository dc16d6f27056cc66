"""How text from models and files reaches a terminal: measured, shortened, marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from kerasdiff.report.cleaning import clean

MIN_WIDTH = 48
"""Columns a report is laid out for at least; a narrower terminal wraps it."""

TEXT_WIDTH = 110
"""Columns after which sentences wrap even where the terminal is wider: longer lines are hard to follow."""

_PLAIN: Mapping[str, str] = {
    "→": "->",
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "x",
    "·": ",",
    "…": "...",
    "≈": "~",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "±": "+/-",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
}


@dataclass(frozen=True, slots=True)
class Look:
    """What the terminal or file that a report is written to can show.

    Attributes:
        width: Columns.
        unicode: Whether it takes more than ASCII.
    """

    width: int
    unicode: bool

    @classmethod
    def of(cls, console: Console) -> Look:
        """The look of a console."""
        return cls(max(console.width, MIN_WIDTH), console.encoding.lower().replace("_", "-").startswith("utf"))

    def pick(self, fancy: str, plain: str) -> str:
        """``fancy``, or ``plain`` where only ASCII can be written."""
        return fancy if self.unicode else plain

    def text(self, value: object) -> str:
        """Cleaned text, in characters that can be shown."""
        cleaned = clean(value)
        if self.unicode:
            return cleaned
        return "".join(_PLAIN.get(char, char) for char in cleaned).encode("ascii", "backslashreplace").decode()

    def elide(self, text: str, width: int) -> str:
        """Shortens cleaned text to ``width`` columns by leaving out its middle."""
        if cell_len(text) <= width:
            return text
        gap = self.pick("…", "..")
        room = width - len(gap)
        if room < 1:
            return gap[:width]
        tail = (room + 1) // 2
        return _head(text, room - tail) + gap + _head(text[::-1], tail)[::-1]

    def elide_left(self, text: str, width: int) -> str:
        """Shortens cleaned text to ``width`` columns by leaving out its beginning: a path says most at its end."""
        if cell_len(text) <= width:
            return text
        gap = self.pick("…", "..")
        return gap[:width] + _head(text[::-1], max(0, width - len(gap)))[::-1]


def _head(text: str, width: int) -> str:
    used = 0
    for position, char in enumerate(text):
        used += cell_len(char)
        if used > width:
            return text[:position]
    return text


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fills up to ``width`` columns; ``right`` puts the text to the right."""
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def emit(console: Console, text: Text | str = "") -> None:
    """Prints one finished line: no markup, no wrapping, no trailing blanks."""
    line = Text(text) if isinstance(text, str) else text
    line.rstrip()
    console.print(line, soft_wrap=True, highlight=False)


def hang(console: Console, lead: Text, body: Text, indent: int | None = None) -> None:
    """Prints ``lead`` and then ``body``, wrapped below its own beginning (or ``indent``)."""
    first = lead.cell_len
    column = first if indent is None else indent
    width = max(min(Look.of(console).width, TEXT_WIDTH) - max(first, column), 16)
    for position, line in enumerate(body.wrap(console, width, overflow="fold")):
        start = lead if position == 0 else Text(" " * column)
        emit(console, Text.assemble(start, line))
    if not body.plain:
        emit(console, lead)


def heading(console: Console, title: str, aside: str = "") -> None:
    """Opens a section: a blank line, the title, a line to the margin."""
    look = Look.of(console)
    shown = look.text(aside)
    beside = bool(shown) and len(title) + cell_len(shown) + 3 <= look.width
    text = Text.assemble((title, "bold"), (f"  {shown} " if beside else " ", "dim"))
    text.append(look.pick("─", "-") * max(0, look.width - text.cell_len), style="dim")
    emit(console)
    emit(console, text)
    if shown and not beside:
        hang(console, Text("  "), Text(shown, style="dim"))


def answer(console: Console, body: Text, style: str, title: str = "", aside: str = "") -> None:
    """Prints what a report comes to, in a frame.

    Args:
        console: Where to.
        body: Of characters that can be shown.
        style: Of the frame and its title.
        title: In the frame's first line.
        aside: In its last one.
    """
    look = Look.of(console)
    panel = Panel(
        body,
        title=Text(title, style=f"bold {style}") if title else None,
        title_align="left",
        subtitle=Text(aside, style="dim") if aside else None,
        subtitle_align="right",
        border_style=style,
        box=box.ROUNDED if look.unicode else box.ASCII,
        width=min(look.width, TEXT_WIDTH),
    )
    emit(console)
    console.print(panel, highlight=False, crop=False)
