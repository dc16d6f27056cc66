"""What does a picture show of two models, or of one? Whole graphs, weights, and the code that made them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from kerasdiff.align.edits import Edit, leaves
from kerasdiff.align.pair import Correspondence
from kerasdiff.drawing import Drawing, Drawn, Excerpt
from kerasdiff.graph import Attribute, Graph, Node, Source
from kerasdiff.graph.table import Table
from kerasdiff.side.models import Models
from kerasdiff.side.records import Description
from kerasdiff.side.written import Lines, Written

CONTEXT = 3
"""Lines shown before and after one that is named."""

MOST_LINES = 2_000
"""Of a side, those that edits name first: more than any model we know names, and 80 kB of them."""

MOST_COLUMNS = 300
"""Of a line: longer ones hold data."""


def picture(models: Models, pair: Correspondence, edits: Iterable[Edit]) -> Drawing | None:
    """Both models in the mode that a reader is shown; ``None`` where no mode of both could be traced."""
    shown = pair.shown
    if shown is None:
        return None
    leaving = [leaf for edit in edits for leaf in leaves(edit)]
    sites = ((leaf.reference for leaf in leaving), (leaf.candidate for leaf in leaving))
    first, second = (
        drawn(
            shown.graphs[side],
            pair.descriptions[side],
            Written(models.targets[side], pair.descriptions[side].root, models.started),
            [site.source for site in sites[side] if site is not None],
        )
        for side in (0, 1)
    )
    return Drawing(mode=shown.mode, sides=(first, second))


def drawn(graph: Graph, description: Description, written: Written, first: Iterable[Source | None] = ()) -> Drawn:
    """One model.

    Args:
        graph: Of the mode that is shown.
        description: Of the model.
        written: Its files.
        first: Lines that come before those of nodes where there are too many.
    """
    held = {name for node in graph for name in node.weights}
    named = (*first, *(source for node in graph for source in (node.source, node.called)))
    return Drawn(
        graph=replace(graph, nodes=tuple(map(_bare, graph))),
        weights=tuple(weight for weight in description.weights if weight.id in held),
        excerpts=excerpts(written, (source for source in named if source is not None)),
    )


def excerpts(written: Written, sources: Iterable[Source]) -> tuple[Excerpt, ...]:
    """The lines around those that are named, each once, by file."""
    chosen: dict[str, set[int]] = {}
    left = MOST_LINES
    for source in dict.fromkeys(sources):
        count = len(written.lines(source.file))
        if not 1 <= source.line <= count:
            continue
        around = range(max(1, source.line - CONTEXT), min(count, source.line + CONTEXT) + 1)
        new = set(around) - chosen.setdefault(source.file, set())
        if len(new) > left:
            break
        chosen[source.file] |= new
        left -= len(new)
    return tuple(excerpt for file in sorted(chosen) for excerpt in _runs(file, written.lines(file), chosen[file]))


def _runs(file: str, lines: Lines, chosen: Iterable[int]) -> Iterator[Excerpt]:
    """Lines that follow each other, together."""
    for _, run in groupby(enumerate(sorted(chosen)), key=lambda item: item[1] - item[0]):
        numbers = [number for _, number in run]
        yield Excerpt(file=file, first=numbers[0], lines=tuple(_cut(lines[number - 1]) for number in numbers))


def _cut(line: str) -> str:
    return line if len(line) <= MOST_COLUMNS else f"{line[:MOST_COLUMNS]}…"


def _bare(node: Node) -> Node:
    """A node without what it stands for, in its lowering and in its attributes."""
    attributes = {name: _plain(value) for name, value in node.attributes.items()}
    return replace(node, lowering=None, activation=None, attributes=attributes)


def _plain(value: Attribute) -> Attribute:
    """An attribute with how many nodes a graph has in place of it, and the shape of a large constant."""
    if isinstance(value, Graph):
        return {"nodes": len(value)}
    if isinstance(value, Table):
        return {"shape": value.shape, "dtype": value.dtype}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return tuple(map(_plain, value)) if isinstance(value, tuple | list) else value
