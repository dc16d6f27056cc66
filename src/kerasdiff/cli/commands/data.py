"""``kerasdiff data``: the data sets of fits."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.options.common import clean, data_option, write, write_bytes
from kerasdiff.cli.reports.output import color_option, output_option
from kerasdiff.cli.reports.printing import rendered

if TYPE_CHECKING:
    from kerasdiff.cli.reports.printing import ColorSystem
    from kerasdiff.data.download import Told
    from kerasdiff.data.summary import Summary
    from kerasdiff.data.table import Table

TERMINAL_IMAGES, PNG_IMAGES = 4, 10
"""Images of a class by default: four are 19 columns each on a terminal of 80."""


@click.group()
def data() -> None:
    """Shows what a fit trains on, and downloads CIFAR-10.

    \b
    Examples:
      kerasdiff data show
      kerasdiff data cifar10
    """  # noqa: D301


@data.command(short_help="Shows what a fit trains on: arrays, classes, thumbnails.")
@data_option("Show")
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "png"]),
    help="Thumbnails in characters, or a picture (which needs --output).  [default: png for an --output FILE.png]",
)
@click.option(
    "--count",
    type=click.IntRange(1, 100),
    metavar="N",
    help=f"Images of each class.  [default: {TERMINAL_IMAGES}, and {PNG_IMAGES} in a PNG]",
)
@output_option
@color_option
def show(data: str | None, form: str | None, count: int | None, color: str, output: str | None) -> int:
    """Shows the data a fit would use: arrays, classes, and thumbnails, one row a class.

    Without --data this is what a model for 32x32 colour images and ten classes is trained on by default: CIFAR-10
    from the Keras cache, else a procedural set.

    \b
    Examples:
      kerasdiff data show
      kerasdiff data show --data photos/ --count 8 --output photos.png
    """  # noqa: D301
    from kerasdiff.data.decoding import decode_apart
    from kerasdiff.data.readers import default_table, read
    from kerasdiff.data.summary import summarise
    from kerasdiff.report.commands.data import render_data, render_facts

    form = form or ("png" if output is not None and output.lower().endswith(".png") else "terminal")
    if form == "png" and output is None:
        raise click.UsageError("--format png needs --output FILE.png.")
    count = count or (PNG_IMAGES if form == "png" else TERMINAL_IMAGES)
    table = default_table() if data is None else read(Path(data).expanduser(), decode_apart)
    summary = summarise(table, count)
    if form == "png" and output is not None:
        _draw(table, summary, count, output)
        # A picture has no room for words.
        write(rendered(lambda to: render_facts(summary, to), color, None), None)
    else:
        images = count
        write(rendered(lambda to: render_data(summary, images, to), color, output, _depth()), output)
    return 0


def _draw(table: Table, summary: Summary, count: int, output: str) -> None:
    """Writes the thumbnails as a picture.

    Raises:
        DataError: If there are none.
    """
    from kerasdiff.errors import DataError
    from kerasdiff.report.commands.data import MOST_DRAWN, picture
    from kerasdiff.report.commands.png import png

    if not any(len(row.images) for row in summary.rows):
        raise DataError(f"{table.origin}: there is no image to draw. {summary.note}")
    write_bytes(png(picture(summary, count)), output)
    if summary.classes > MOST_DRAWN:
        click.echo(f"The picture shows the first {MOST_DRAWN} of {summary.classes:,} classes.", err=True)


def _depth() -> ColorSystem:
    """Colours of the terminal: 24 bits where it says so, else the 256 that every terminal in use has."""
    return "truecolor" if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") else "256"


@data.command(short_help="Downloads CIFAR-10 (170 MB) into the Keras cache.")
@click.option("--url", metavar="URL", help="Another source of the same archive.  [default: the authors' site]")
@click.option(
    "--sha256",
    metavar="HEX",
    help="SHA-256 of another archive, for use with --url; Keras itself takes the published one alone.",
)
def cifar10(url: str | None, sha256: str | None) -> int:
    """Downloads CIFAR-10 (170 MB) into the Keras cache, where Keras and kerasdiff both find it.

    The archive is checked against its published SHA-256. A download that was cut off goes on where it ended when the
    command is given again. KERAS_HOME names another place for the cache.
    """
    from kerasdiff.data.cifar import cifar10_cached
    from kerasdiff.data.download import SHA256, URL, download, part_path

    if sha256 is not None and url is None:
        raise click.UsageError("--sha256 is for the archive at another --url.")
    if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise click.BadParameter("expected 64 hexadecimal digits.", param_hint="--sha256")
    if url is not None and not url.lower().startswith(("http://", "https://")):
        raise click.BadParameter("expected an address that begins with https:// or http://.", param_hint="--url")
    present = cifar10_cached()
    if present is not None:
        click.echo(clean(f"CIFAR-10 is already in {present}."))
        return 0
    wanted = (sha256 or SHA256).lower()
    try:
        with _bar() as told:
            folder = download(url or URL, wanted, told)
    except KeyboardInterrupt:
        part = part_path(wanted)
        size = part.stat().st_size if part.exists() else 0
        click.echo(f"{size:,} bytes are kept: the same command resumes.", err=True)
        raise
    click.echo(clean(f"CIFAR-10 is in {folder}; its archive has the SHA-256 {wanted}."))
    return 0


@contextmanager
def _bar() -> Iterator[Told]:
    """A progress bar where a person watches stderr, else nothing."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("CIFAR-10"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
