"""Which files do the lines of a report lie in? For terminals that open what is clicked on (OSC 8)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.style import Style
from rich.text import Text

from kerasdiff.comparison import Comparison, ModelInfo
from kerasdiff.graph import Source
from kerasdiff.side.locations import root


class Links:
    """Addresses of the files that a report names.

    Args:
        files: By side, the address of each file by its name in the report.
    """

    def __init__(self, files: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})) -> None:
        self._files = files
        both = {**files[0], **files[1]}
        # A name that means another file on either side is no link where nothing says which is meant.
        self._sure = {name: address for name, address in both.items() if len(_meanings(files, name)) == 1}

    @classmethod
    def of(cls, comparison: Comparison) -> Links:
        """Those of a comparison, as far as the files are there."""
        names = {source.file for source in _sources(comparison)}
        top = root()
        return cls((_found(comparison.reference, names, top), _found(comparison.candidate, names, top)))

    def style(self, side: int, source: Source | None) -> Style:
        """How a line of a side is to be shown."""
        address = None if source is None else self._files[side].get(source.file)
        return Style.null() if address is None else Style(link=address)

    def mark(self, text: Text, side: int | None = None) -> Text:
        """Makes links of the lines in a text, of those of one side or of whichever is meant."""
        files = self._sure if side is None else self._files[side]
        if files:
            names = "|".join(re.escape(name) for name in sorted(files, key=len, reverse=True))
            for found in re.finditer(rf"(?<![\w./])({names}):\d+", text.plain):
                text.stylize(Style(link=files[found[1]]), *found.span())
        return text


def _meanings(files: tuple[Mapping[str, str], Mapping[str, str]], name: str) -> set[str]:
    return {side[name] for side in files if name in side}


def _found(model: ModelInfo, names: set[str], top: Path) -> Mapping[str, str]:
    if model.commit is not None or model.location.directory is None:
        return {}
    paths = ((name, top / model.location.place(name, 1)[0]) for name in sorted(names))
    return {name: path.as_uri() for name, path in paths if path.is_file()}


def _sources(comparison: Comparison) -> Iterator[Source]:
    for row in comparison.rows:
        for node in (row.reference, row.candidate):
            if node is not None and node.source is not None:
                yield node.source
    for edit in comparison.edits:
        for site in edit.sites:
            if site is not None and site.source is not None:
                yield site.source
