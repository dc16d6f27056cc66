"""The steps that turn one graph into the other, and how each is put into words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kerasdiff.graph import Graph, Node, Source

EditKind = Literal["insert", "delete", "update", "move", "rewire"]

MASKING = 1e8
"""Size from which on a constant stands for infinity: what Keras and others add to the scores that a softmax is to leave
out, or put in their place, is 1e9 and more. Scores of the probes stay below 1e7."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an edit stands on one side."""

    node: str
    scope: str
    source: Source | None
    display: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One step that turns the reference into the candidate.

    Attributes:
        rung: The rung that found it (``architecture``, ``weights`` or ``interface``).
        reference, candidate: The node on each side; ``None`` where it has none.
        after: Ids of the aligned nodes right before it, by side (``{"reference": …, "candidate": …}``).
        attributes: Changed settings, ``{name: (reference value, candidate value)}``.
        effect: What it does when it is applied to the reference alone (``{"output": 0.77}``), empty where not measured.
        harmless: Whether that was measured, and is rounding alone.
        message: One sentence naming both sides and their lines.
        modes: The graphs it shows in: ``inference``, ``training`` or both.
    """

    kind: EditKind
    op: str
    rung: str
    reference: Place | None
    candidate: Place | None
    after: Mapping[str, str | None]
    attributes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    effect: Mapping[str, float] = field(default_factory=dict)
    harmless: bool = False
    message: str = ""
    modes: tuple[str, ...] = ("inference", "training")


def place(node: Node) -> Place:
    """Where a node stands, for an edit."""
    return Place(node=node.id, scope=node.scope, source=node.source, display=node.display)


def differing(one: Node, two: Node) -> dict[str, tuple[Any, Any]]:
    """Settings of two nodes that differ, with both values; of two different calls, what they are."""
    if one.op != two.op and one.display != two.display:
        return {"op": (name_of(one), name_of(two))}
    if one.kind != two.kind and "layer" in (one.kind, two.kind):
        return {}
    if one.kind == "input":
        specs = [node.outputs[0] if node.outputs else None for node in (one, two)]
        values = {key: tuple(getattr(spec, key, None) for spec in specs) for key in ("shape", "dtype")}
        return {key: (a, b) for key, (a, b) in values.items() if a != b}
    keys = sorted(set(one.attributes) | set(two.attributes))
    found: dict[str, tuple[Any, Any]] = {}
    for key in keys:
        a, b = one.attributes.get(key), two.attributes.get(key)
        if a != b and not isinstance(a, Graph) and not isinstance(b, Graph):
            found[key] = (a, b)
    return found


def ops_differing(one: Node, two: Node) -> dict[str, tuple[Any, Any]]:
    """What two lowerings do not share, where no setting of the nodes tells them apart: attributes, ops, constants."""
    held = [[name for name in node.weights if name.startswith("untracked/")] for node in (one, two)]
    if held[0] != held[1]:
        names = [", ".join(name.removeprefix("untracked/") for name in side) or "none" for side in held]
        return {"untracked": (names[0], names[1])}
    first, second = ([item for item in node.lowering or () if item.kind == "op"] for node in (one, two))
    if [item.op for item in first] == [item.op for item in second]:
        found: dict[str, tuple[Any, Any]] = {}
        for a, b in zip(first, second, strict=True):
            for key in sorted(set(a.attributes) | set(b.attributes)):
                values = a.attributes.get(key), b.attributes.get(key)
                if values[0] != values[1] and not any(isinstance(value, Graph) for value in values):
                    found.setdefault(key, values)
        if found:
            return found
    only = [sorted((Counter(listed(a)) - Counter(listed(b))).elements()) for a, b in ((one, two), (two, one))]
    if only[0] or only[1]:
        return {"ops": (", ".join(only[0]) or "–", ", ".join(only[1]) or "–")}
    dtypes = [tuple(spec.dtype for spec in node.outputs) for node in (one, two)]
    if dtypes[0] != dtypes[1]:
        return {"dtype": (dtypes[0], dtypes[1])}
    return {"wiring": ("one way", "another way, or in a loop body")}


def together(one: Node, two: Node, *, equal: bool) -> list[tuple[str, str]]:
    """The weights of two nodes that correspond: by position where the nodes are equal, else by name."""
    first, second = list(one.weights), list(two.weights)
    if equal:
        return list(zip(first, second, strict=False))
    found = []
    for left in first:
        name = left.rpartition("/")[2]
        same = next((right for right in second if right.rpartition("/")[2] == name), None)
        if same is not None:
            second.remove(same)
            found.append((left, same))
    return found


def listed(node: Node) -> list[str]:
    """The ops and constants a node stands for, loop bodies included."""
    found = []
    graphs = [node.lowering] if node.lowering is not None else []
    while graphs:
        for item in graphs.pop():
            graphs.extend(value for value in item.attributes.values() if isinstance(value, Graph))
            if item.kind == "op":
                found.append(item.op)
            elif item.kind == "const" and "value" in item.attributes:
                found.append(f"constant {item.attributes['value']}")
    return found


def settings(node: Node) -> str:
    """What a function call without config was given: ``(by=0.1)``."""
    shown = [f"{key}={node.attributes[key]}" for key in ("by", "constants", "alpha", "rate") if key in node.attributes]
    return f" ({', '.join(shown)})" if shown and node.kind == "function" else ""


def name_of(node: Node) -> str:
    """``relu``, or for a layer its class, with the op where that says more (``Activation (relu)``)."""
    if node.kind != "layer":
        return node.op
    plain = node.display.lower().replace("_", "") == node.op.replace("_", "")
    return node.display if plain else f"{node.display} ({node.op})"


def call_of(node: Node) -> str:
    line = f" ({node.source})" if node.source else ""
    return f"{name_of(node)} {node.id}{line}"


MOST_SHOWN = 72
"""Characters of a setting in a sentence; the rest of a constant array tells a reader nothing."""


def shown(value: Any) -> str:
    """A setting as a reader knows it: numbers to the seven digits that float32 holds, long arrays by their start."""
    if isinstance(value, float):
        return f"{value:.7g}"
    if isinstance(value, tuple) and len(repr(value)) > MOST_SHOWN:
        inner = [shown(item) for item in value]
        room = max(12, MOST_SHOWN // len(value))
        text = ", ".join(item if len(item) <= room else f"{item[:room]}…" for item in inner)
        value = f"({text})"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 2 * MOST_SHOWN else f"{text[: 2 * MOST_SHOWN]}…"
