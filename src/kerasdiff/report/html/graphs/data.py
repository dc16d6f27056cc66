"""What do the graphs of a page draw? The data of their scripts: nodes, what they hold, how both sides fit together.

What many nodes have in common (settings, kinds of weights, lines) is told once, and what is empty is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kerasdiff.align.edits import Edit, leaves
from kerasdiff.comparison import Comparison
from kerasdiff.drawing import Drawing, Drawn
from kerasdiff.findings import SIDES
from kerasdiff.graph import Attribute, Mode, Node, Source, Weight
from kerasdiff.report import wording
from kerasdiff.report.html.graphs.groups import grouped
from kerasdiff.report.html.graphs.union import Place, Side, Union, side_of, union
from kerasdiff.report.html.numbers import figure
from kerasdiff.report.nodes import total
from kerasdiff.report.rows import EQUAL, MARKS
from kerasdiff.report.saved import Json
from kerasdiff.report.wording.models import STATES, shape
from kerasdiff.report.wording.names import shown_setting
from kerasdiff.rungs.records import Row, RowState
from kerasdiff.side.records import Description

ALONE: tuple[RowState, RowState] = ("deleted", "inserted")
"""The state of a node that the reference alone has, and of one that the candidate alone has."""

DIGITS = 4
"""Of a difference: what a reader compares."""


def graph_data(comparison: Comparison) -> Json | None:
    """Of both models, ``None`` where there is nothing to draw."""
    drawing = comparison.drawing
    if drawing is None:
        return None
    sides = [side_of(drawn.graph) for drawn in drawing.sides]
    at = [{node.id: number for number, node in enumerate(side.nodes)} for side in sides]
    rows, states = _rows(comparison.rows, sides, at)
    whole = union(sides, rows, frozenset(number for number, state in enumerate(states) if state == "moved"))
    marks = [_Marks(comparison, drawing, side, rows, states, at[side]) for side in (0, 1)]
    _tell_of_weights(comparison, rows, marks)
    tables = _Tables()
    infos = (comparison.reference, comparison.candidate)
    return {
        "sides": [
            {
                "title": title,
                "target": infos[side].target,
                "nodes": _nodes(sides[side], drawing.sides[side], tables, marks[side]),
            }
            for side, title in enumerate(SIDES)
        ],
        "edits": _edits(comparison, marks),
        "limit": None if drawing.depth is None else drawing.depth.limit,
        "states": dict(STATES.items()),
        # A hyphen is too short to be seen in a badge.
        "marks": {state: mark.fancy.strip().replace("-", "−") for state, mark in MARKS.items()},
        **tables.told(),
        "union": _union(whole, sides, [_differs(place, marks) for place in whole.places]),
    }


def _edits(comparison: Comparison, marks: Sequence[_Marks]) -> list[Attribute]:
    return [
        {
            "text": "; ".join(filter(None, (wording.message(edit), wording.effect_told(comparison, number)))),
            "nodes": [mark.of_edit(number) for mark in marks],
        }
        for number, edit in enumerate(comparison.edits)
    ]


def _differs(place: Place, marks: Sequence[_Marks]) -> bool:
    return any(node is not None and mark.differs(node) for mark, node in zip(marks, place, strict=True))


def inspected_data(description: Description, mode: Mode) -> Json | None:
    """Of one model in a mode, ``None`` where it could not be traced in it."""
    graph = description.traced(mode)
    if graph is None:
        return None
    side = side_of(graph)
    rows: list[Place] = [(number, None) for number in range(len(side.nodes))]
    whole = union([side], rows, frozenset())
    tables = _Tables()
    drawn = Drawn(graph=graph, weights=description.weights, excerpts=description.excerpts)
    nodes = _nodes(side, drawn, tables, None)
    return {
        "sides": [{"title": "model", "target": description.class_name, "nodes": nodes}],
        "edits": [],
        "limit": None,
        "states": {},
        "marks": {},
        **tables.told(),
        "union": _union(whole, [side], [False] * len(rows)),
    }


def _union(whole: Union, sides: Sequence[Side], changed: Sequence[bool]) -> Json:
    groups = grouped(whole, sides, changed)
    return {
        "places": whole.places,
        "moves": whole.moves,
        "changed": [place for place, differs in enumerate(changed) if differs],
        "groups": [
            {"kind": group.kind, "label": group.label, "parent": group.parent, "folded": group.folded}
            for group in groups.groups
        ],
        "of": groups.of,
    }


# What differs ------------------------------------------------------------------------------------------------


def _rows(
    told: Sequence[Row], sides: Sequence[Side], at: Sequence[Mapping[str, int]]
) -> tuple[list[Place], list[RowState]]:
    """Every node drawn, aligned ones together, with its state; nodes that no row tells stand alone, at the end."""
    rows: list[Place] = []
    states: list[RowState] = []
    for row in told:
        one, two = (
            None if node is None else at[side].get(node.id) for side, node in enumerate((row.reference, row.candidate))
        )
        if one is not None or two is not None:
            rows.append((one, two))
            states.append(row.state)
    for side, state in enumerate(ALONE):
        known = {row[side] for row in rows}
        for number in range(len(sides[side].nodes)):
            if number not in known:
                rows.append((None, number) if side else (number, None))
                states.append(state)
    return rows, states


def _tell_of_weights(comparison: Comparison, rows: Sequence[Place], marks: Sequence[_Marks]) -> None:
    """Nodes that are aligned as equal, and that an edit names all the same, are not drawn as equal.

    So are those whose weights start, learn or are held otherwise: the table of layers tells what is computed.
    """
    for row in rows:
        both = [(mark, node) for mark, node in zip(marks, row, strict=True) if node is not None]
        named = sorted({number for mark, node in both for number in mark.edits.get(node, ())})
        if named and all(mark.states[node] in EQUAL for mark, node in both):
            rewired = comparison.edits[named[0]].kind == "rewire"
            for mark, node in both:
                mark.states[node] = "rewired" if rewired else "updated"


class _Marks:
    """What a comparison says of the nodes of one side, of which ``at`` has the numbers.

    Attributes:
        states: By node.
        edits: By node, the numbers of those that name it.
        parameters: By node, as the table of layers counts them.
        distances: By id of a node, how far its values are from the other side's: overall and local.
        gradients: By id of a weight, the same of its gradient.
    """

    def __init__(
        self,
        comparison: Comparison,
        drawing: Drawing,
        side: int,
        rows: Sequence[Place],
        states: Sequence[RowState],
        at: Mapping[str, int],
    ) -> None:
        self.states = {row[side]: state for row, state in zip(rows, states, strict=True) if row[side] is not None}
        self.edits: dict[int, list[int]] = {}
        for number, edit in enumerate(comparison.edits):
            for node in _named(edit, side, at):
                self.edits.setdefault(node, []).append(number)
        self.parameters = {
            at[told.id]: (row.reference_parameters, row.candidate_parameters)[side]
            for row in comparison.rows
            if (told := (row.reference, row.candidate)[side]) is not None and told.id in at
        }
        depth = () if drawing.depth is None else drawing.depth.nodes
        self.distances = {distance.nodes[side]: (distance.overall, distance.local) for distance in depth}
        self.gradients = {distance.ids[side]: distance.relative for distance in drawing.gradients}

    def differs(self, node: int) -> bool:
        return self.states[node] not in EQUAL or node in self.edits

    def of_edit(self, number: int) -> list[int]:
        return sorted(node for node, edits in self.edits.items() if number in edits)

    def told(self, number: int, node: Node) -> Json:
        """All that is said of a node."""
        overall, local = self.distances.get(node.id, (None, None))
        return {
            "state": self.states[number],
            "edits": self.edits.get(number, ()),
            "parameters": self.parameters.get(number, 0),
            "overall": figure(overall, DIGITS),
            "local": figure(local, DIGITS),
        }


def _named(edit: Edit, side: int, at: Mapping[str, int]) -> Iterable[int]:
    """The drawn nodes that an edit is about, each once: of an op inside a node, that node."""
    sites = [site for leaf in (edit, *leaves(edit)) if (site := leaf.sites[side]) is not None]
    found = (at.get(site.node, at.get(site.origin)) for site in sites)
    return dict.fromkeys(node for node in found if node is not None)


# Nodes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Table:
    """Things that many nodes have, each once, by its number."""

    numbers: dict[Attribute, int] = field(default_factory=dict)

    def number(self, item: Attribute) -> int:
        return self.numbers.setdefault(item, len(self.numbers))


@dataclass(frozen=True, slots=True)
class _Tables:
    """What nodes of both sides have in common.

    Attributes:
        settings: Names and values, as text.
        kinds: What a weight is, but for its path.
        lines: File, line and what stands there.
    """

    settings: _Table = field(default_factory=_Table)
    kinds: _Table = field(default_factory=_Table)
    lines: _Table = field(default_factory=_Table)

    def told(self) -> Json:
        return {
            "settings": list(self.settings.numbers),
            "kinds": list(self.kinds.numbers),
            "lines": list(self.lines.numbers),
        }


def _nodes(side: Side, drawn: Drawn, tables: _Tables, marks: _Marks | None) -> list[Attribute]:
    weights = {weight.id: weight for weight in drawn.weights}
    code = {(part.file, part.first + n): line for part in drawn.excerpts for n, line in enumerate(part.lines)}
    gradients = {} if marks is None else marks.gradients
    nodes: list[Attribute] = []
    for number, node in enumerate(side.nodes):
        held = [weights[name] for name in side.read[number] if name in weights]
        told: Json = {
            "id": node.id,
            "op": node.op,
            "display": node.display or node.op,
            "kind": node.kind,
            "scope": node.scope,
            "line": _line(node.source, code, tables),
            "called": _line(node.called, code, tables),
            "shapes": [shape(spec) for spec in node.outputs],
            "operands": side.operands[number],
            "attributes": _settings(node, tables),
            "weights": [(w.path, _kind(w, tables), figure(gradients.get(w.id), DIGITS)) for w in held],
            **({"parameters": total(held)} if marks is None else marks.told(number, node)),
        }
        nodes.append({name: value for name, value in told.items() if value not in (None, "", (), [])})
    return nodes


def _line(source: Source | None, code: Mapping[tuple[str, int], str], tables: _Tables) -> int | None:
    if source is None:
        return None
    return tables.lines.number((source.file, source.line, code.get((source.file, source.line), "").strip()))


def _settings(node: Node, tables: _Tables) -> int | None:
    """Its settings but those that are not set."""
    told = tuple((name, shown_setting(name, value)) for name, value in node.attributes.items() if value is not None)
    return tables.settings.number(told) if told else None


def _kind(weight: Weight, tables: _Tables) -> int:
    others = (weight.initializer, weight.regularizer, weight.constraint)
    return tables.kinds.number((str(weight.shape), weight.dtype, weight.trainable, *others))
