"""The steps that turn one graph into the other, and how each is put into words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kerasdiff.align.labels import Weights
from kerasdiff.canonical import IMPLIED, readable
from kerasdiff.graph import Graph, Node, Source
from kerasdiff.graph.ops import HANDED_ON

EditKind = Literal["insert", "delete", "update", "move", "rewire"]

MASKING = 1e8
"""Size from which on a constant stands for infinity: what Keras and others add to the scores that a softmax is to leave
out, or put in their place, is 1e9 and more. Scores of the probes stay below 1e7."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an edit stands on one side."""

    node: str
    origin: str
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
    return Place(node=node.id, origin=node.home, scope=node.scope, source=node.source, display=node.display)


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
    if one.untracked != two.untracked:
        names = [", ".join(node.untracked) or "none" for node in (one, two)]
        return {"untracked": (names[0], names[1])}
    first, second = ([item for item in node.lowering or () if item.kind == "op"] for node in (one, two))
    if [item.op for item in first] == [item.op for item in second]:
        found: dict[str, tuple[Any, Any]] = {}
        for a, b in zip(first, second, strict=True):
            given = [{**IMPLIED.get(op.op, {}), **op.attributes} for op in (a, b)]
            for key in sorted({**given[0], **given[1]}):
                values = given[0].get(key), given[1].get(key)
                if values[0] != values[1] and not any(isinstance(value, Graph) for value in values):
                    found.setdefault(key, values)
        if found:
            return found
    parts = Counter(_parts(one)), Counter(_parts(two))
    only = sorted((parts[0] - parts[1]).elements()), sorted((parts[1] - parts[0]).elements())
    if only[0] or only[1]:
        rounded, exact = ([", ".join(part[at] for part in side) or NOTHING for side in only] for at in (0, 1))
        told = exact if rounded[0] == rounded[1] else rounded
        return {COMPUTATION: (told[0], told[1])}
    dtypes = [tuple(spec.dtype for spec in node.outputs) for node in (one, two)]
    if dtypes[0] != dtypes[1]:
        return {"dtype": (", ".join(dtypes[0]), ", ".join(dtypes[1]))}
    return {"wiring": ("one way", "another way, or in a loop body")}


COMPUTATION = "computation"
"""The attribute of an update that names what either side alone computes inside the node."""

NOTHING = "nothing more"
"""Where one side computes all that the other does."""


def together(one: Node, two: Node, tables: tuple[Weights, Weights], *, equal: bool) -> list[tuple[str, str]]:
    """The weights of two nodes that correspond: by position where the nodes are equal, else by name."""

    def named(side: int, weight: str) -> str:
        return tables[side][weight].name if weight in tables[side] else weight

    first, second = list(one.weights), list(two.weights)
    if equal:
        return list(zip(first, second, strict=False))
    found = []
    for left in first:
        name = named(0, left)
        same = next((right for right in second if named(1, right) == name), None)
        if same is not None:
            second.remove(same)
            found.append((left, same))
    return found


def inside(node: Node) -> Iterator[Node]:
    """The ops and constants a node stands for, loop bodies included."""
    graphs = [node.lowering] if node.lowering is not None else []
    while graphs:
        for item in graphs.pop():
            graphs.extend(value for value in item.attributes.values() if isinstance(value, Graph))
            if item.kind in ("op", "const"):
                yield item


def _parts(node: Node) -> list[tuple[str, str]]:
    """What a node computes with: as a reader knows it, and to the last digit."""
    found = []
    for item in inside(node):
        if item.kind == "op" and item.op not in HANDED_ON:
            found.append((readable(item.op), readable(item.op)))
        elif item.kind == "const" and "value" in item.attributes:
            value = item.attributes["value"]
            found.append((f"constant {shown(value)}", f"constant {value!r}"))
    return found


def settings(node: Node) -> str:
    """What a function call without config was given: ``(by 0.1)``."""
    words = []
    for key in ("by", "constants", "alpha", "rate") if node.kind == "function" else ():
        given = node.attributes.get(key)
        if key == "constants" and isinstance(given, tuple):
            words.append(f"constant{'s' if len(given) > 1 else ''} {', '.join(map(shown, given))}")
        elif given is not None:
            words.append(f"{key} {_shown(key, given)}")
    return f" ({', '.join(words)})" if words else ""


SAYS_LITTLE = frozenset({"Activation", "Lambda", "ReLU"})
"""Layer classes that do one thing or another: what it is says more than the class."""


def name_of(node: Node) -> str:
    """``relu``, or for a layer its class, with the op where that says more (``Activation (relu)``)."""
    if node.kind != "layer":
        return node.op
    plain = node.display.lower().replace("_", "") == node.op.replace("_", "")
    return f"{node.display} ({node.op})" if node.display in SAYS_LITTLE and not plain else node.display


def call_of(node: Node) -> str:
    """A call as sentences name it: ``stem/conv (Conv2D, model.py:12)``, with its op where the id does not say it."""
    return _told(node.id, _kind(node), () if node.source is None else (node.source,))


def calls_of(one: Node, two: Node) -> str:
    """Two calls that stand for each other: in one breath where both sides call them the same."""
    if (one.id, _kind(one)) != (two.id, _kind(two)):
        return f"{call_of(one)} → {call_of(two)}"
    sources = (node.source for node in (one, two) if node.source is not None)
    return _told(one.id, _kind(one), tuple(dict.fromkeys(sources)))


def _kind(node: Node) -> str:
    """What a name leaves open: a layer's class, a function's op."""
    if node.kind == "layer":
        return name_of(node).replace(" (", ", ").removesuffix(")")
    plain = re.sub(r"(:\d+|_\d+)+$", "", node.name)
    return "" if plain == node.op else node.op


def _told(name: str, kind: str, sources: tuple[Source, ...]) -> str:
    lines = " and ".join(map(str, sources))
    inner = ", ".join(part for part in (kind, lines) if part)
    return f"{name} ({inner})" if inner else name


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


def _shown(key: str, value: Any) -> str:
    """A setting; the factor or term of a canonical Scale or Shift is written out to the last digit."""
    return shown(float(value)) if key == "by" and isinstance(value, str) else shown(value)


def changed_settings(changes: Mapping[str, tuple[Any, Any]]) -> str:
    """Changed settings in words: ``epsilon 0.001 in the reference, 1e-05 in the candidate``."""
    found = []
    for key, values in changes.items():
        told = [_shown(key, value) for value in values]
        if told[0] == told[1]:  # only the type, or digits past the seventh, tell them apart
            told = [repr(value) for value in values]
        name = key
        if key.startswith("call."):
            name = f"{key.removeprefix('call.')} in the call"
            told = ["not given" if value is None else text for value, text in zip(values, told, strict=True)]
        elif key == "untracked":
            name = "weights that the model does not track:"
        found.append(f"{name} {told[0]} in the reference, {told[1]} in the candidate")
    return ", and ".join(found)
