"""A data set on a terminal: what it is in words, and thumbnails of each class; or the thumbnails as one picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

from kerasdiff.data.cifar import Images
from kerasdiff.data.summary import Column, Row, Summary
from kerasdiff.report.terminal.style import Look, emit, hang, heading, pad
from kerasdiff.report.wording.fits.told import data_words
from kerasdiff.report.wording.names import count, number

MOST_SHOWN = 20
"""Classes shown with images: more fill more screens than anybody reads."""

RAMP = " .:-=+*#%@"
"""Characters from dark to bright on a dark screen, as in P. Bourke, "Character representation of grey scale images"."""

MOST_DRAWN = 100
"""Classes in a picture: of 224 pixels and ten each they take 150 MB of memory."""

GAP = 4
"""Pixels between the images of a picture."""

PICTURE_SIDE = 64
"""Pixels an image of a picture is magnified to, about: 32 are hard to see on today's screens."""

# ITU-R BT.601: how bright red, green and blue are.
_BRIGHTNESS = np.array([0.299, 0.587, 0.114])


def render_facts(summary: Summary, console: Console) -> None:
    """Prints what the data are: name, arrays with shape and range, how even the classes are."""
    look = Look.of(console)
    hang(console, Text(""), Text(look.text(data_words(summary.source)), style="bold"))
    emit(console)
    names = max((len(look.text(column.name)) for column in summary.columns), default=0)
    for column in summary.columns:
        hang(console, Text(f"  {pad(look.text(column.name), names)}  ", style="dim"), Text(look.text(_facts(column))))
    hang(console, Text(f"  {pad('classes', names)}  ", style="dim"), Text(look.text(balance(summary))))
    if summary.note:
        hang(console, Text(f"  {pad('images', names)}  ", style="dim"), Text(look.text(summary.note)))


def render_data(summary: Summary, images: int, console: Console) -> None:
    """Prints the facts and up to ``images`` thumbnails of each class, in colour where the console has it."""
    render_facts(summary, console)
    look = Look.of(console)
    shown = [row for row in summary.rows if len(row.images)][:MOST_SHOWN]
    if shown:
        heading(console, "Images", f"the first {count(images, 'training row')} of each class")
    coloured = console.color_system is not None and look.unicode
    for row in shown:
        emit(console, Text.assemble(look.text(row.name), (f"  {row.train:,} + {row.test:,}", "dim")))
        for line in _strip(row, images, look.width, coloured=coloured):
            # Not `emit`: blanks at the end of a line are part of a dark image.
            console.print(line, soft_wrap=True, highlight=False)
    if shown and len(summary.rows) > len(shown):
        emit(console, Text(f"{len(summary.rows) - len(shown):,} more, not shown here", style="dim"))


def _facts(column: Column) -> str:
    span = f", {number(column.low, 6)} to {number(column.high, 6)}" if column.low is not None else ""
    return f"{column.dtype} {column.shape}{span}"


def balance(summary: Summary) -> str:
    """How many rows each class has, in words."""
    if not summary.classes:
        return "none: the targets are numbers, or missing"
    parts = []
    for part in ("train", "test"):
        sizes = [getattr(row, part) for row in summary.rows]
        even = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
        parts.append(f"{even} {part}ing rows" if part == "train" else f"{even} {part} rows")
    return f"{summary.classes:,}, each with {' and '.join(parts)}"


def _strip(row: Row, images: int, width: int, *, coloured: bool) -> list[Text]:
    """Thumbnails side by side, two pixels a character one above the other."""
    most = max(4, (width + 1) // images - 1)
    small = [shrunk(image, most) for image in row.images]
    lines = []
    for at in range(0, len(small[0]), 2):
        line = Text()
        for position, image in enumerate(small):
            line.append(" " if position else "")
            upper, lower = image[at], image[min(at + 1, len(image) - 1)]
            line.append_text(_colours(upper, lower) if coloured else Text(_greys(upper, lower)))
        lines.append(line)
    return lines


def shrunk(image: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """An image at most ``most`` pixels wide, each the mean of a square of its pixels; what is left over is cut off."""
    factor = max(1, -(-image.shape[1] // most))
    height, width = max(1, image.shape[0] // factor), image.shape[1] // factor
    used = image[: height * factor, : width * factor]
    step = min(factor, image.shape[0])
    means = used.reshape(height, step, width, factor, 3).mean(axis=(1, 3))
    small: NDArray[np.uint8] = np.round(means).astype(np.uint8)
    return small


def _colours(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> Text:
    line = Text()
    for top, bottom in zip(upper.tolist(), lower.tolist(), strict=True):
        line.append("▀", Style(color=Color.from_rgb(*top), bgcolor=Color.from_rgb(*bottom)))
    return line


def _greys(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> str:
    bright = (upper @ _BRIGHTNESS + lower @ _BRIGHTNESS) / 2
    return "".join(RAMP[int(value * len(RAMP) / 256)] for value in bright)


def picture(summary: Summary, images: int) -> NDArray[np.uint8]:
    """The thumbnails as one picture: a row a class, 100 rows at most, magnified by a whole number, on white.

    Args:
        summary: Has images.
        images: Most in a row.

    Returns:
        uint8 ``(height, width, 3)``.
    """
    rows: list[Images] = [row.images[:images] for row in summary.rows if len(row.images)][:MOST_DRAWN]
    height, width = rows[0].shape[1:3]
    times = max(1, PICTURE_SIDE // max(height, width))
    down, across = height * times + GAP, width * times + GAP
    sheet = np.full((len(rows) * down + GAP, max(map(len, rows)) * across + GAP, 3), 255, np.uint8)
    for at, row in enumerate(rows):
        for position, image in enumerate(row):
            large = image.repeat(times, axis=0).repeat(times, axis=1)
            top, left = GAP + at * down, GAP + position * across
            sheet[top : top + len(large), left : left + large.shape[1]] = large
    return sheet
