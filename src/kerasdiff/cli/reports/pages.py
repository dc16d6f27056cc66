"""Where do pages for a browser go, one or a folder of them, and how are they opened?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import click

from kerasdiff.cli.options.common import clean, write_bytes
from kerasdiff.report.pages import INDEX


def refuse_folder(text: str) -> None:
    """Refuses a folder that pages cannot be written into, as far as that shows before; it may not be there yet.

    Raises:
        click.BadParameter: With what is wrong with it.
    """
    if not text:
        raise click.BadParameter("--html names no folder; is a variable empty?")
    if text == "-":
        raise click.BadParameter("--html names a folder: a check writes several pages, not to standard output.")
    path = Path(text).expanduser()
    try:
        is_there = path.exists()
    except OSError as error:
        raise click.BadParameter(f"{clean(text)} cannot be seen: {error.strerror}.") from None
    if is_there and not path.is_dir():
        raise click.BadParameter(f"{clean(text)} is no directory, and a check writes several pages.")
    nearest = path if is_there else path.parent
    if not nearest.is_dir():
        raise click.BadParameter(f"the directory of {clean(text)} does not exist.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise click.BadParameter(f"nothing can be written into {clean(str(nearest))}.")


def refuse_occupied(folder: str, names: Iterable[str]) -> None:
    """Refuses a folder in which something other than a file has a name that a page is to have.

    Raises:
        click.UsageError: With what it is.
    """
    from kerasdiff.side.files import other_than_file

    for name in (*names, INDEX):
        path = Path(folder).expanduser() / name
        if other := other_than_file(path):
            raise click.UsageError(f"{clean(str(path))} is {other}; kerasdiff writes over files alone.")


def write_pages(folder: str, pages: Mapping[str, Callable[[], str]], index: str) -> str:
    """Writes pages into a folder, each whole or not at all and the index last; nothing else in it is touched.

    Args:
        folder: Made where it is not there.
        pages: What makes each, by file name: one is held at a time, for each is a megabyte.
        index: The page that links them.

    Returns:
        The file of the index.

    Raises:
        click.ClickException: If something cannot be written.
    """
    refuse_occupied(folder, pages)
    home = Path(folder).expanduser()
    try:
        home.mkdir(exist_ok=True)
    except OSError as error:
        raise click.FileError(folder, error.strerror or str(error)) from None
    for name, made in pages.items():
        write_bytes(made().encode(), str(home / name))
    write_bytes(index.encode(), str(home / INDEX))
    return os.path.join(folder, INDEX)


# Opening ------------------------------------------------------------------------------------------------------


def temporary_folder() -> str:
    """A folder for pages that nobody named a place for; it stays, for a browser may read it long after this."""
    import tempfile

    return tempfile.mkdtemp(prefix="kerasdiff-")


def open_page(file: str) -> None:
    """Opens a page in the user's browser, and says on standard error where it is, and where no browser came up."""
    path = Path(file).expanduser().absolute()
    said = "opened in the browser" if _opens(path.as_uri()) else "no browser could be opened here"
    click.echo(clean(f"page in {file}; {said}"), err=True)


def _opens(address: str) -> bool:
    """Whether a browser took an address.

    One in the terminal, which Python would fall back to without a display, would take the place of the report.
    """
    screened = sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    named = os.environ.get("BROWSER", "").split(os.pathsep)
    return any(_takes(address, browser) for browser in ([None] if screened else filter(None, named)))


def _takes(address: str, browser: str | None) -> bool:
    """Whether one browser took it, by default one of the machine's."""
    import webbrowser

    try:
        return webbrowser.get(browser).open(address) if browser else webbrowser.open(address)
    except webbrowser.Error:
        return False
