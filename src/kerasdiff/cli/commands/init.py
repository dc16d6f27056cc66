"""``kerasdiff init``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.options.common import clean, file_to_write, write_bytes

if TYPE_CHECKING:
    from kerasdiff.gates.writing import Proposed

_LEFT_OUT = ("test_", "conftest")
"""How the names of files begin whose models are there for tests."""


@click.command(short_help="Writes a first file of gates, for `kerasdiff check`.")
@click.argument("places", nargs=-1, metavar="[FILE|DIRECTORY]...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    callback=file_to_write(".toml"),
    default="kerasdiff.toml",
    show_default=True,
    metavar="FILE",
    help="The file to write.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def init(places: tuple[str, ...], output: str, force: bool) -> int:
    """Writes a file of gates with a pair for each model that is found; by default in the current directory.

    Files are read, not run. In a git repository each model is compared with itself at the merge base.

    \b
    Examples:
      kerasdiff init
      kerasdiff init src/models --output kerasdiff.toml
    """  # noqa: D301
    path = Path(output).expanduser()
    if path.name == "pyproject.toml":
        raise click.UsageError("pyproject.toml is yours: write another file, and copy what you want from it.")
    if path.exists() and not force:
        raise click.UsageError(f"{clean(output)} is there already; --force writes over it.")
    from kerasdiff.gates.writing import first_file
    from kerasdiff.side.revisions.git import repository_of

    models = [model for place in places or (".",) for model in _models(place, path.resolve().parent)]
    sure = sum(not model.doubt for model in models)
    if not models:
        raise click.UsageError("no model was found there; `kerasdiff list --all` says why not.")
    repository = repository_of(path.resolve().parent)
    text = first_file(models, git=repository is not None and repository.top is not None)
    write_bytes(text.encode(), output)
    click.echo(f"{clean(output)}: {sure} of {len(models)} models gated; `kerasdiff check` runs them.", err=True)
    return 0


def _lacking(path: Path) -> list[str]:
    """The classes that a saved model is made with and Keras does not know, as far as its config tells."""
    from kerasdiff.side.reading.configs import config_of, foreign_classes
    from kerasdiff.side.reading.saved import CONFIG, parts

    if path.suffix == ".kerasdiff" or not path.is_file():
        return []
    return foreign_classes(config_of(path) if path.suffix == ".json" else parts(path).get(CONFIG))


def _models(place: str, here: Path) -> Iterator[Proposed]:
    """What can be a model there, as targets from where the file lies."""
    from kerasdiff.gates.writing import Proposed
    from kerasdiff.side.listing.finding import listed
    from kerasdiff.side.listing.words import described

    for file in listed(place):
        if os.path.basename(file.place).startswith(_LEFT_OUT):
            continue
        shown = os.path.relpath(file.place, here) if os.path.exists(file.place) else file.place
        if file.whole:
            lacking = _lacking(Path(file.place))
            doubt = f"made with {', '.join(lacking)}: name their file in custom_objects" if lacking else ""
            yield Proposed(target=shown, name=Path(shown).stem, doubt=doubt)
        for one in file.names:
            doubt = f"needs {', '.join(one.missing)}: {one.signature}" if one.missing else described(one)
            if one.can != "no":
                sure = one.can == "yes" and not one.missing
                target = shown + one.target.removeprefix(file.place)
                yield Proposed(target=target, name=one.name, doubt="" if sure else doubt)
