"""``kerasdiff list``."""

from __future__ import annotations

import click

from kerasdiff.cli.options.common import clean, write
from kerasdiff.cli.reports.output import output_option


@click.command("list", short_help="Lists the names in files that can be models.")
@click.argument("places", nargs=-1, metavar="[FILE|MODULE|DIRECTORY]...")
@click.option(
    "--all", "all_names", is_flag=True, help="Of directories as well, say which names are no models, and why."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="Lines to read, or JSON (schema kerasdiff.list/1) with every name.",
)
@output_option
def list_models(places: tuple[str, ...], all_names: bool, form: str, output: str | None) -> int:
    """Lists the names that can be models, as targets to paste; by default in the current directory.

    Files are read, not run.

    \b
    Examples:
      kerasdiff list models.py
      kerasdiff list src/ notebook.ipynb --format json
    """  # noqa: D301
    import os

    from kerasdiff.errors import TargetError
    from kerasdiff.report.commands.listing import listing_json, listing_text
    from kerasdiff.side.listing.finding import listed

    texts = places or (".",)
    files = [one for text in texts for one in listed(text)]
    if files and all(one.problem for one in files) and not any(os.path.isdir(text) for text in texts):
        raise TargetError(files[0].problem)
    every = all_names or not any(os.path.isdir(text) for text in texts)
    write(listing_json(files) if form == "json" else clean_lines(listing_text(files, all_names=every)), output)
    return 0


def clean_lines(text: str) -> str:
    """A text of several lines without what would steer a terminal."""
    return "".join(f"{clean(line)}\n" for line in text.splitlines())
