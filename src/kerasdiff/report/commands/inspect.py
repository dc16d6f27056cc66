"""One traced model: as a table, and as JSON (schema ``kerasdiff.inspect/1``)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from kerasdiff.graph import Attribute, Graph, Mode, Node, Port, Weight
from kerasdiff.report.json import dump
from kerasdiff.report.nodes import COLUMNS, COUNTED_ABOVE, UNTRACED, ends, facts, rows_of, size_of, total
from kerasdiff.report.saved import Json
from kerasdiff.report.terminal.style import Look, emit, hang, heading, pad
from kerasdiff.report.wording.findings.notes import note
from kerasdiff.report.wording.names import count

if TYPE_CHECKING:
    from kerasdiff.side.records import Description

SCHEMA = "kerasdiff.inspect/1"

_LEAST = {"node": 16, "operands": 12, "op": 10, "source": 8}


def description_json(description: Description) -> str:
    """Writes a description with both graphs, their lowering as op names alone, and every weight."""
    return dump(
        {
            "schema": SCHEMA,
            "class": description.class_name,
            "environment": description.environment,
            "inputs": [_port(end) for end in description.inputs],
            "outputs": [_port(end) for end in description.outputs],
            "graphs": {
                "inference": _graph(description.inference),
                "training": _graph(description.training),
            },
            "weights": [asdict(weight) for weight in description.weights],
            "parameters": total(description.weights),
            "inferred": [note(fact) for fact in description.inferred],
            "notes": [note(fact) for fact in description.notes],
            "unused_layers": description.unused_layers,
            "locked": None if description.locked is None else asdict(description.locked),
            "compiled": None if description.compiled is None else _plain(description.compiled),
        }
    )


def render_graph(description: Description, mode: Mode, console: Console) -> None:
    """Prints the traced graph of one mode, then what the trace noticed."""
    look = Look.of(console)
    graph = description.traced(mode)
    figures = size_of(description)
    emit(console, Text.assemble((look.text(description.class_name), "bold"), (f"  {figures}", "dim")))
    for label, text in facts(description):
        hang(console, Text(f"  {label:<8}", style="dim"), Text(look.text(text)))
    if graph is None:
        heading(console, "Graph", f"{mode} mode")
        emit(console, Text(f"  {UNTRACED.format(mode)}", style="yellow"))
    else:
        _table(graph, description.weights, mode, console, look)
    for title, noticed in (("Inferred", description.inferred), ("Notes", description.notes)):
        _list(title, tuple(map(note, noticed)), console, look)
    _list("Layers never called", description.unused_layers, console, look)


def _port(end: Port) -> Json:
    return {"name": end.name, "shape": end.spec.shape, "dtype": end.spec.dtype, "low": end.low, "high": end.high}


def _graph(graph: Graph | None) -> Json | None:
    """A graph with its lowering as op names alone; ``None`` where the mode could not be traced."""
    if graph is None:
        return None
    return {
        "nodes": [_node(node) for node in graph],
        "outputs": [asdict(edge) for edge in graph.outputs],
        "losses": [asdict(edge) for edge in graph.losses],
        "effects": graph.effects,
    }


def _node(node: Node) -> Json:
    return {
        "id": node.id,
        "op": node.op,
        "kind": node.kind,
        "scope": node.scope,
        "display": node.display,
        "operands": [asdict(edge) for edge in node.operands],
        "roles": node.roles,
        "weights": node.weights,
        "attributes": _plain(node.attributes),
        "outputs": [asdict(spec) for spec in node.outputs],
        "source": None if node.source is None else asdict(node.source),
        "lowering": [inner.op for inner in node.lowering or () if inner.kind == "op"],
    }


def _plain(value: Attribute) -> Attribute:
    """An attribute as JSON data, numbers that are not finite by their names."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _table(graph: Graph, weights: tuple[Weight, ...], mode: Mode, console: Console, look: Look) -> None:
    heading(console, "Graph", f"{mode} mode, {count(len(graph), 'node')}")
    rows, shared = rows_of(graph, weights, look.text)
    widths = _widths(rows, look)
    shown = [name for name in COLUMNS if widths[name]]
    emit(console, Text(_join(shown, COLUMNS, widths, look), style="dim"))
    for row in rows:
        emit(console, _join(shown, row, widths, look))
    emit(console)
    for label, text in ends(graph):
        hang(console, Text(f"  {label:<9}", style="dim"), Text(look.text(text)))
    if shared:
        emit(console, Text(f"  (n)      {COUNTED_ABOVE}", style="dim"))


def _widths(rows: list[dict[str, str]], look: Look) -> dict[str, int]:
    """Natural widths; where they do not fit, shapes go first and the widest column is shortened step by step."""
    widths = {
        name: max([cell_len(row[name]) for row in rows] + [len(COLUMNS[name])])
        if name != "source" or any(row[name] for row in rows)
        else 0
        for name in COLUMNS
    }
    if look.width < 100 and sum(widths.values()) + 2 * len(widths) > look.width:
        widths["shape"] = 0
    while sum(width + 2 for width in widths.values() if width) > look.width:
        candidates = [name for name in _LEAST if widths[name] > _LEAST[name]]
        if not candidates:
            widths["operands"] = 0
            break
        widest = max(candidates, key=lambda name: (widths[name] - _LEAST[name], -list(COLUMNS).index(name)))
        widths[widest] -= 1
    return widths


def _join(shown: list[str], row: dict[str, str], widths: dict[str, int], look: Look) -> str:
    cells = []
    for name in shown:
        shorten = look.elide_left if name == "source" else look.elide
        cells.append(pad(shorten(row[name], widths[name]), widths[name], right=name == "parameters"))
    return "  " + "  ".join(cells)


def _list(title: str, sentences: tuple[str, ...], console: Console, look: Look) -> None:
    if not sentences:
        return
    heading(console, title)
    for sentence in sentences:
        hang(console, Text(look.pick("  • ", "  * ")), Text(look.text(sentence)))
