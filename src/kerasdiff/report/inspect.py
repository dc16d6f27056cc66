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
from kerasdiff.report.saved import Json
from kerasdiff.report.style import Look, emit, hang, heading, pad
from kerasdiff.report.wording.models import parameters, port, shapes
from kerasdiff.report.wording.names import count
from kerasdiff.report.wording.notes import note

if TYPE_CHECKING:
    from kerasdiff.side.records import Description

SCHEMA = "kerasdiff.inspect/1"

_LEAST = {"node": 16, "operands": 12, "op": 10, "source": 8}
_ORDER = ("node", "op", "shape", "parameters", "operands", "source")
_TITLES = {"node": "node", "op": "op", "shape": "output shape", "parameters": "parameters"} | {
    "operands": "operands",
    "source": "source",
}


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
            "parameters": _total(description.weights),
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
    graph = description.inference if mode == "inference" else description.training
    trainable = _total([weight for weight in description.weights if weight.trainable])
    figures = parameters(_total(description.weights), trainable)
    emit(console, Text.assemble((look.text(description.class_name), "bold"), (f"  {figures}", "dim")))
    for title, ports in (("input", description.inputs), ("output", description.outputs)):
        for end in ports:
            hang(console, Text(f"  {title:<8}", style="dim"), Text(look.text(port(end))))
    locked = description.locked
    if locked is not None:
        hang(console, Text("  locked  ", style="dim"), Text(look.text(f"from {locked.target}")))
    held = description.environment if locked is None else locked.environment
    environment = ", ".join(f"{name} {text}" for name, text in held.items())
    if environment:
        hang(console, Text("  with    ", style="dim"), Text(look.text(environment)))
    if graph is None:
        heading(console, "Graph", f"{mode} mode")
        emit(console, Text(f"  the model could not be traced in {mode} mode; the notes say why", style="yellow"))
    else:
        _table(graph, description.weights, mode, console, look)
    for title, facts in (("Inferred", description.inferred), ("Notes", description.notes)):
        _list(title, tuple(map(note, facts)), console, look)
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


def _total(weights: tuple[Weight, ...] | list[Weight]) -> int:
    return sum(weight.size for weight in weights if not weight.is_seed)


def _table(graph: Graph, weights: tuple[Weight, ...], mode: Mode, console: Console, look: Look) -> None:
    heading(console, "Graph", f"{mode} mode, {count(len(graph), 'node')}")
    rows, shared = _rows(graph, weights, look)
    widths = _widths(rows, look)
    shown = [name for name in _ORDER if widths[name]]
    emit(console, Text(_join(shown, _TITLES, widths, look), style="dim"))
    for row in rows:
        emit(console, _join(shown, row, widths, look))
    emit(console)
    outputs = ", ".join(_edge(edge.node, edge.port) for edge in graph.outputs)
    hang(console, Text("  returns  ", style="dim"), Text(look.text(outputs or "nothing")))
    for title, names in (
        ("losses", [_edge(edge.node, edge.port) for edge in graph.losses]),
        ("updates", list(graph.effects)),
    ):
        if names:
            hang(console, Text(f"  {title:<9}", style="dim"), Text(look.text(", ".join(names))))
    if shared:
        emit(console, Text("  (n)      weights a node above has counted already", style="dim"))


def _rows(graph: Graph, weights: tuple[Weight, ...], look: Look) -> tuple[list[dict[str, str]], bool]:
    sizes = {weight.id: 0 if weight.is_seed else weight.size for weight in weights}
    counted: set[str] = set()
    shared = False
    rows = []
    for node in graph:
        parameters = sum(sizes.get(weight, 0) for weight in node.weights)
        again = bool(parameters) and all(weight in counted for weight in node.weights)
        counted.update(node.weights)
        shared = shared or again
        rows.append(
            {
                "node": look.text(node.id),
                "op": look.text(node.op),
                "shape": look.text(shapes(node)),
                "parameters": look.text(f"({parameters:,})" if again else f"{parameters:,}" if parameters else "–"),
                "operands": look.text(_operands(node)),
                "source": look.text(node.source) if node.source else "",
            }
        )
    return rows, shared


def _operands(node: Node) -> str:
    roles = node.roles or ("",) * len(node.operands)
    return ", ".join(
        (f"{role}=" if role else "") + _edge(edge.node, edge.port)
        for edge, role in zip(node.operands, roles, strict=False)
    )


def _edge(node: str, port: int) -> str:
    return f"{node}[{port}]" if port else node


def _widths(rows: list[dict[str, str]], look: Look) -> dict[str, int]:
    """Natural widths; where they do not fit, shapes go first and the widest column is shortened step by step."""
    widths = {
        name: max([cell_len(row[name]) for row in rows] + [len(_TITLES[name])])
        if name != "source" or any(row[name] for row in rows)
        else 0
        for name in _ORDER
    }
    if look.width < 100 and sum(widths.values()) + 2 * len(widths) > look.width:
        widths["shape"] = 0
    while sum(width + 2 for width in widths.values() if width) > look.width:
        candidates = [name for name in _LEAST if widths[name] > _LEAST[name]]
        if not candidates:
            widths["operands"] = 0
            break
        widest = max(candidates, key=lambda name: (widths[name] - _LEAST[name], -_ORDER.index(name)))
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
