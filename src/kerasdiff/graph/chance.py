"""Where do the random numbers of a node come from?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from kerasdiff.graph.model import SEED_ROLE, Edge, Graph, Node
from kerasdiff.graph.ops import COMPARISONS, KERNEL_DRAWS, KEYED_DRAWS, LOOPS, bodies, draws, within

Axis = Literal["row", "time step", "position", "channel"]
"""An axis of what goes into a node: rows of the batch first, channels last."""

AXES: tuple[Axis, ...] = ("row", "time step", "position", "channel")

Shape: TypeAlias = "tuple[int | None, ...] | None"

Origin = Literal["own", "global", "outside", "kernel", "fixed", ""]
"""Whose generator it is: one that the model holds, Keras's global one, another that the model does not hold, the one
inside TensorFlow's kernel; or none, as a key of constants gives the same numbers in every call. Empty where a node
draws nothing, or it cannot be seen."""


def draws_from(node: Node) -> Origin:
    """Where the random numbers of a node come from; of several generators, the one that is hardest to control."""
    if node.lowering is None:
        return ""
    kinds = {item.op for item in within(node.lowering)}
    if kinds & KERNEL_DRAWS:
        return "kernel"
    if node.seeds:  # the draw itself may stand in the node that takes the key which this one makes
        return "own" if not node.untracked else "global" if SEED_ROLE in node.untracked else "outside"
    return "fixed" if kinds & KEYED_DRAWS and _has_constant_keys(node.lowering) else ""


def drawn_shapes(node: Node) -> tuple[str, ...]:
    """The shapes of the random numbers that a node draws, each once, without those that are keys of other draws."""
    specs = [item.outputs[0] for item in within(node.lowering or Graph(nodes=(), outputs=())) if _gives_reals(item)]
    return tuple(sorted({_shape_text(spec.shape) for spec in specs}))


def _gives_reals(node: Node) -> bool:
    return draws(node.op) and bool(node.outputs) and node.outputs[0].dtype.startswith(("float", "bfloat"))


def _shape_text(shape: Shape) -> str:
    return "unknown" if shape is None else f"({', '.join('?' if dim is None else str(dim) for dim in shape)})"


# Over what they vary -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Random numbers that a node draws, by what they vary over.

    Attributes:
        setting: The setting of the node that they are held against, as a mask is against its rate; else empty.
        axes: The axes of what goes into the node over which they vary, in order.
        times: How many of them are drawn; 0 in a node that loops.
    """

    setting: str
    axes: tuple[Axis, ...]
    times: int = field(default=0, compare=False)


def drawn_by(node: Node) -> tuple[Drawn, ...] | None:
    """What a node draws whose numbers it uses, one for each setting; ``None`` where shapes do not tell over what.

    Numbers vary over an axis of the input where they have its size, and not where they have size 1, or lack the axis.
    What is drawn in the body of a loop is drawn for each step, unless by one key for all.
    """
    found: dict[str, list[tuple[Axis, ...] | None]] = {}
    for setting, axes in _all_drawn(node):
        found.setdefault(setting, []).append(axes)
    loops = any(item.op in LOOPS for item in node.lowering or ())
    told = [
        Drawn(setting=setting, axes=axes[0], times=0 if loops else len(axes))
        for setting, axes in sorted(found.items())
        if len({*axes}) == 1 and axes[0] is not None
    ]
    return tuple(told) if told and len(told) == len(found) else None


def _all_drawn(node: Node) -> Iterator[tuple[str, tuple[Axis, ...] | None]]:
    """The setting and the axes of every draw of a node."""
    shape = _shape_given(node)
    if node.lowering is None or shape is None:
        return
    live = _used(node.lowering)
    loops = [item for item in node.lowering if item.op in LOOPS and item.id in live]
    names = axes_of(len(shape), looping=bool(loops))
    for item in node.lowering:
        if _gives_reals(item) and item.id in live:
            own = _varies(item.outputs[0].shape, shape, names, looping=bool(loops))
            yield _held_against(item, node.lowering, node), own
    for body in (body for loop in loops for body in bodies(loop)):
        yield from _drawn_in_steps(body, node, names)


def _drawn_in_steps(body: Graph, node: Node, names: tuple[Axis, ...]) -> Iterator[tuple[str, tuple[Axis, ...]]]:
    """The same of the draws in the body of a loop."""
    for item in body:
        if draws(item.op):
            once = item.op in KEYED_DRAWS and _by_one_key(item, body)
            varying = (name for name in names if not (once and name == "time step"))
            yield _held_against(item, body, node), tuple(dict.fromkeys(varying))


def _by_one_key(item: Node, body: Graph) -> bool:
    """Whether the key of a draw in a loop is the same in each step: made of constants, and what its body hands on."""
    nodes = body.by_id()
    waiting, seen = [edge.node for edge in item.operands[1:]], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [edge.node for edge in nodes[name].operands]
    return bool(seen) and all(_stays(nodes[name], body, nodes) for name in seen)


def _stays(node: Node, body: Graph, nodes: Mapping[str, Node]) -> bool:
    """Whether a value that a key is made of is the same in each step, if those that it is made of are."""
    if node.kind != "input":
        return node.kind == "const" or node.op in _OF_KEYS
    index = node.attributes.get("index")
    return isinstance(index, int) and index < len(body.outputs) and _source(body.outputs[index], nodes) == node.id


def _source(edge: Edge, nodes: Mapping[str, Node]) -> str:
    """The node that an edge comes from, behind what hands it on."""
    node = nodes[edge.node]
    while node.op == "Identity" and node.operands:
        node = nodes[node.operands[0].node]
    return node.id


_OF_KEYS = frozenset(
    {"Const", "Identity", "Cast", "Pack", "StridedSlice", "Reshape", "Bitcast", "StatelessRandomGetKeyCounter"}
)
"""Ops that make a key of a seed."""


def _used(graph: Graph) -> set[str]:
    """The nodes that what a graph gives, or does, depends on."""
    nodes = graph.by_id()
    waiting, seen = [edge.node for edge in graph.roots()], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [edge.node for edge in nodes[name].operands]
    return seen


def _shape_given(node: Node) -> tuple[int | None, ...] | None:
    """The shape of the first values that go into a node."""
    inputs = [item.outputs[0] for item in node.lowering or () if item.kind == "input" and item.outputs]
    return next((spec.shape for spec in inputs if spec.shape and spec.dtype.startswith(("float", "bfloat"))), None)


def axes_of(rank: int, *, looping: bool = False) -> tuple[Axis, ...]:
    """What the axes of a batch are called; a layer that loops takes one step after the other."""
    if rank < 3:
        few: tuple[Axis, ...] = ("row", "channel")
        return few[:rank]
    inner: list[Axis] = ["position"] * (rank - 3)
    return ("row", "time step" if looping or rank == 3 else "position", *inner, "channel")


def _varies(
    drawn: Shape, given: tuple[int | None, ...], names: tuple[Axis, ...], *, looping: bool
) -> tuple[Axis, ...] | None:
    """The axes of an input over which numbers of a shape vary; ``None`` where the shapes do not tell."""
    if drawn is None:
        return None
    if drawn in ((), given[:1]) and given.count(given[0]) == 1:
        return names[: len(drawn)]
    if looping and len(drawn) == len(given) - 1 and given[1] != 1:  # drawn for a step, outside the loop: one for all
        return tuple(dict.fromkeys((names[0], *names[2:])))
    if len(drawn) != len(given) or any(size not in (1, whole) for size, whole in zip(drawn, given, strict=True)):
        return None
    varying = [name for name, size, whole in zip(names, drawn, given, strict=True) if size != 1 or whole == 1]
    return tuple(dict.fromkeys(varying))


def _held_against(item: Node, graph: Graph, node: Node) -> str:
    """The setting whose value a draw is compared with, after it was scaled and shifted; empty where there is none."""
    behind, constants = {item.id}, {one.id: one.attributes.get("value") for one in graph if one.op == "Const"}
    for one in graph:
        taken = [edge.node for edge in one.operands]
        if behind.isdisjoint(taken):
            continue
        if one.op in COMPARISONS:
            values = [value for name in taken if isinstance(value := constants.get(name), float)]
            return next((setting for value in values for setting in _settings_of(node, value)), "")
        if one.op in _MOVED:
            behind.add(one.id)
    return ""


_MOVED = frozenset({"Mul", "Add", "AddV2", "Sub", "Cast", "Identity"})
"""Ops that bring numbers into a range."""


def _settings_of(node: Node, value: float) -> list[str]:
    """The settings of a node that are this number, which stands in float32 in a graph: all of them in one."""
    named = [
        name
        for name, own in node.attributes.items()
        if isinstance(own, float) and math.isclose(own, value, rel_tol=1e-6) and own not in (0.0, 1.0)
    ]
    return [" and ".join(sorted(named))] if named else []


# Whether they are the same in every call ---------------------------------------------------------------------


def _has_constant_keys(lowering: Graph) -> bool:
    """Whether all that is drawn there follows from constants, but for its shape."""
    by_id = lowering.by_id()
    drawing = [node for node in lowering if node.op in KEYED_DRAWS]
    return bool(drawing) and all(_is_constant(edge.node, by_id) for node in drawing for edge in node.operands[1:])


def _is_constant(name: str, nodes: Mapping[str, Node]) -> bool:
    waiting, seen = [name], set()
    while waiting:
        node = nodes[waiting.pop()]
        if node.kind in ("input", "read") or (node.kind == "op" and not node.operands):
            return False
        seen.add(node.id)
        waiting += [edge.node for edge in node.operands if edge.node not in seen]
    return True
