"""What differs along a model, from inputs to outputs? Distances of nodes and of gradients against their limits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from kerasdiff.align.edits import Edit, leaves
from kerasdiff.comparison import Comparison
from kerasdiff.drawing import Drawing, WeightDistance
from kerasdiff.explain.records import Depth, NodeDistance
from kerasdiff.findings import Site
from kerasdiff.graph import Graph
from kerasdiff.report.html.numbers import figure, plotted
from kerasdiff.report.html.plots.records import Figure, Plotted, Table
from kerasdiff.report.html.plots.thinning import MOST_ROWS, largest
from kerasdiff.report.wording import plots as wording
from kerasdiff.report.wording.names import number


def depth_figure(comparison: Comparison) -> Figure | None:
    """Overall and local difference of each pair of aligned nodes, in the order of the reference."""
    drawing = comparison.drawing
    if drawing is None or drawing.depth is None or not drawing.depth.nodes:
        return None
    depth = drawing.depth
    sites = _sites(drawing, depth)
    marks = _marks(comparison.edits, drawing, depth)
    rows = largest(depth.nodes, lambda item: max(item.overall, item.local))
    data: dict[str, Plotted] = {
        "kind": "along",
        "item": "node",
        "names": [_names(item.nodes) for item in depth.nodes],
        "lines": [_line(site) for site in sites],
        "select": [item.nodes[1] for item in depth.nodes],
        "series": [
            {"name": "overall", "values": plotted([item.overall for item in depth.nodes])},
            {"name": "local", "values": plotted([item.local for item in depth.nodes])},
        ],
        "limits": [figure(depth.limit)],
        "marks": [{"at": at, "text": wording.edits_short(numbers)} for at, numbers in marks],
        "x": "aligned node, in the order of the reference",
        "y": "difference, as a fraction of scale",
    }
    return Figure(
        name="depth",
        title=wording.DEPTH,
        caption=wording.depth(depth, sites),
        notes=wording.depth_notes(depth, marked=bool(marks)),
        data=data,
        table=Table(
            title="Difference of each aligned node",
            head=("reference", "candidate", "line", "overall", "local", "limit"),
            rows=tuple(_depth_row(item, _line(site), depth.limit) for item, site in _with(rows, depth.nodes, sites)),
            note=wording.rows_left_out(len(depth.nodes), MOST_ROWS),
        ),
    )


def _names(names: tuple[str, str]) -> list[str]:
    """Of both sides, once where they are the same."""
    return list(dict.fromkeys(names))


def _with(
    rows: Sequence[NodeDistance], nodes: Sequence[NodeDistance], sites: Sequence[Site]
) -> Iterator[tuple[NodeDistance, Site]]:
    site_of = dict(zip((item.nodes for item in nodes), sites, strict=True))
    return ((item, site_of[item.nodes]) for item in rows)


def _depth_row(item: NodeDistance, line: str, limit: float) -> tuple[str, ...]:
    return (*item.nodes, line, number(item.overall), number(item.local), number(limit))


def _sites(drawing: Drawing, depth: Depth) -> list[Site]:
    """The candidate's node of each pair, which is what a reader changes; the reference's where it is not known."""
    graphs = [side.graph.by_id() for side in drawing.sides]
    sites = []
    for item in depth.nodes:
        node = graphs[1].get(item.nodes[1]) or graphs[0].get(item.nodes[0])
        sites.append(Site(node=item.nodes[1]) if node is None else Site.of(node))
    return sites


def _line(site: Site) -> str:
    return "" if site.source is None else str(site.source)


# Where edits stand -------------------------------------------------------------------------------------------


def _marks(edits: Sequence[Edit], drawing: Drawing, depth: Depth) -> list[tuple[float, tuple[int, ...]]]:
    """Positions along the nodes, a half where an edit stands between two, with the numbers from 1 of its edits."""
    orders = [_order(side.graph) for side in drawing.sides]
    places = [
        sorted((order[item.nodes[side]], at) for at, item in enumerate(depth.nodes) if item.nodes[side] in order)
        for side, order in enumerate(orders)
    ]
    found: dict[float, list[int]] = {}
    for position, edit in enumerate(edits, start=1):
        if edit.rung != "architecture" or depth.mode not in edit.modes:
            continue
        for at in {place for leaf in leaves(edit) for place in _places(leaf, orders, places)}:
            found.setdefault(at, []).append(position)
    return [(at, tuple(found[at])) for at in sorted(found)]


def _order(graph: Graph) -> dict[str, int]:
    return {node.id: at for at, node in enumerate(graph)}


def _places(
    edit: Edit, orders: Sequence[dict[str, int]], places: Sequence[Sequence[tuple[int, int]]]
) -> Iterator[float]:
    """Where an edit stands, by the first of its sides that the graphs know; a move stands at both of its places."""
    for side, site in enumerate(edit.sites):
        if site is None or site.node not in orders[side]:
            continue
        order = orders[side][site.node]
        at = bisect_left(places[side], (order, -1))
        if at < len(places[side]) and places[side][at][0] == order:
            yield float(places[side][at][1])
        else:
            yield (places[side][at][1] if at < len(places[side]) else len(places[side])) - 0.5
        if edit.kind != "move":
            return


# Gradients ---------------------------------------------------------------------------------------------------


def gradient_figure(comparison: Comparison) -> Figure | None:
    """How far the gradients of each pair of weights are apart, in the order of the reference's weights."""
    weights = () if comparison.drawing is None else comparison.drawing.gradients
    if not weights:
        return None
    data: dict[str, Plotted] = {
        "kind": "along",
        "item": "weight",
        "names": [_names(item.weights) for item in weights],
        "lines": [""] * len(weights),
        "select": _holders(comparison.drawing, weights),
        "series": [{"name": "gradient", "values": plotted([item.relative for item in weights])}],
        "limits": _limits(weights),
        "marks": [],
        "x": "weight, in the order of the reference",
        "y": "difference of the gradients, as a fraction of scale",
    }
    return Figure(
        name="gradients",
        title=wording.GRADIENTS,
        caption=wording.gradients(weights),
        notes=wording.gradient_notes(weights),
        data=data,
        table=Table(
            title="Difference of each gradient",
            head=("reference", "candidate", "difference", "limit"),
            rows=tuple(
                (*item.weights, number(item.relative), number(item.limit))
                for item in largest(weights, lambda item: item.relative / (item.limit or 1.0))
            ),
            note=wording.rows_left_out(len(weights), MOST_ROWS),
        ),
    )


def _holders(drawing: Drawing | None, weights: Sequence[WeightDistance]) -> list[str]:
    """The candidate's node that holds each weight; empty where no node reads it."""
    if drawing is None:
        return []
    side = drawing.sides[1]
    holders: dict[str, str] = {}
    for node in side.graph:
        for name in node.weights:
            holders.setdefault(name, node.id)
    return [holders.get(item.ids[1], "") for item in weights]


def _limits(weights: Sequence[WeightDistance]) -> list[Plotted]:
    """One where all have the same, else one a weight."""
    limits = [item.limit for item in weights]
    return list(plotted(limits[:1] if len(set(limits)) == 1 else limits))
