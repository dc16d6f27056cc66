"""From which input value does a value inside a graph come? Steps that can be undone, followed back to the inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.ops import REARRANGES

Undo = Callable[[float], float]
"""What gives the value before a step, from the one after it."""

UNCHANGED = REARRANGES | {
    "Identity", "StridedSlice", "Slice", "Tile", "SelectV2", "PadV2", "Pad", "ReverseV2", "CheckNumerics",
    "EnsureShape",
}  # fmt: skip
"""Ops that hand values on, to another place at most."""

LETS_THROUGH = UNCHANGED | {
    "Relu", "Relu6", "Maximum", "Minimum", "ClipByValue", "FloorMod", "Floor", "Ceil", "Round", "Rint", "Max", "Min",
    "Mean",
}  # fmt: skip
"""Ops that do so with some values, or with all where they are the same, or nearly."""

MOST_TRAILS = 4
"""Ways back from one value that are followed."""

MOST_CHANNELS = 3
"""Numbers of a constant whose op is undone, each in a way of its own: the means of the channels of an image."""

FARTHEST_BACK = 64
"""Steps that are followed back."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A way back to an input, or to a value at which it is to stop.

    Attributes:
        entry: That value.
        steps: What undoes each step, the last one first.
    """

    entry: Edge
    steps: tuple[Undo, ...] = ()

    def origin(self, value: float) -> float:
        """The value of the input that becomes ``value``."""
        for step in self.steps:
            value = step(value)
        return value


class Origins:
    """The ways back in one traced graph.

    Args:
        graph: The graph.
        stops: Values between its nodes that are followed no further.
    """

    def __init__(self, graph: Graph, stops: Collection[Edge] = ()) -> None:
        self._nodes, self._stops = index_of(graph).nodes, stops

    def trails(self, node: Node, edge: Edge) -> list[Trail]:
        """The ways back from a value within the lowering of a node, the shortest first."""
        made: list[Trail] = []
        waiting: list[tuple[Node, Edge, tuple[Undo, ...]]] = [(node, edge, ())]
        for _ in range(MOST_TRAILS * FARTHEST_BACK):
            if not waiting or len(made) >= MOST_TRAILS:
                break
            at, inner, steps = waiting.pop(0)
            item = _item(at, inner)
            if item is None:
                continue
            if item.kind == "input":
                outer = at.operands[item.whole("index")]
                before = self._nodes[outer.node]
                if before.kind == "input" or outer in self._stops:
                    made.append(Trail(outer, steps))
                elif before.lowering is not None and outer.port < len(before.lowering.outputs):
                    waiting.append((before, before.lowering.outputs[outer.port], steps))
                continue
            waiting += [(at, operand, (*steps, *undo)) for operand, undo in self._undone(at, item)]
        return made

    def constant(self, node: Node, edge: Edge) -> tuple[float, ...] | None:
        """The numbers of a constant within a node, or of one that it takes from another node; else ``None``."""
        item = _item(node, edge)
        for _ in range(FARTHEST_BACK):
            if item is None:
                return None
            if item.kind == "const":
                return tuple(numbers_in(item.attributes.get("value")))
            if item.kind == "input":
                outer = node.operands[item.whole("index")]
                node = self._nodes[outer.node]
                if node.lowering is None or outer.port >= len(node.lowering.outputs):
                    return None
                item = _item(node, node.lowering.outputs[outer.port])
            elif item.op in UNCHANGED and item.op != "SelectV2" and item.operands:
                item = _item(node, item.operands[0])
            else:
                return None
        return None

    def _undone(self, node: Node, item: Node) -> Iterator[tuple[Edge, tuple[Undo, ...]]]:
        """The operands that an op's value comes from, each with what undoes the op."""
        alone = _ALONE.get("Square" if _squares(item) else item.op, ())
        if item.op in LETS_THROUGH:
            operands = item.operands[1:] if item.op == "SelectV2" else item.operands
            yield from ((edge, ()) for edge in operands)
        elif alone:
            yield from ((item.operands[0], (undo,)) for undo in alone)
        elif item.op in _UNDO and len(item.operands) == 2:
            yield from self._undone_with_constants(node, item)
        elif item.op == "Sum" and (count := _summed(node, item)):
            yield item.operands[0], (lambda value: value / count,)

    def _undone_with_constants(self, node: Node, item: Node) -> Iterator[tuple[Edge, tuple[Undo, ...]]]:
        """The operands beside a constant, each with what undoes the op with each number of that."""
        for position, edge in enumerate(item.operands):
            numbers = dict.fromkeys(self.constant(node, item.operands[1 - position]) or ())
            undone = (_UNDO[item.op][position](number) for number in numbers if len(numbers) <= MOST_CHANNELS)
            yield from ((edge, (undo,)) for undo in undone if undo is not None)


def _item(node: Node, edge: Edge) -> Node | None:
    return None if node.lowering is None else index_of(node.lowering).nodes.get(edge.node)


def _squares(item: Node) -> bool:
    """Whether an op multiplies a value by itself."""
    return item.op == "Mul" and len(set(item.operands)) == 1


def _summed(node: Node, item: Node) -> int:
    """How many values of its operand each value of a sum has; 0 where that is not known."""
    before = _item(node, item.operands[0])
    if before is None or not (before.outputs and item.outputs):
        return 0
    sizes = [tuple(dim or 1 for dim in spec.shape or ()) for spec in (before.outputs[0], item.outputs[0])]
    if any(None in (spec.shape or (None,))[1:] for spec in (before.outputs[0], item.outputs[0])):
        return 0
    return math.prod(sizes[0]) // max(1, math.prod(sizes[1]))


def numbers_in(value: object) -> Iterator[float]:
    """The numbers of a constant, in any nesting."""
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from numbers_in(item)


def _multiplied(by: float) -> Undo | None:
    return (lambda value: value / by) if by else None


def _divided(by: float) -> Undo | None:
    return lambda value: value * by


def _root(value: float) -> float:
    return math.sqrt(value) if value >= 0 else math.nan


MOST_POWER = 100.0
"""Power of e beyond which nobody's inputs lie."""

_UNDO: Mapping[str, tuple[Callable[[float], Undo | None], Callable[[float], Undo | None]]] = {
    "Mul": (_multiplied, _multiplied),
    "RealDiv": (_divided, lambda by: None),
    "AddV2": (lambda by: lambda value: value - by, lambda by: lambda value: value - by),
    "Add": (lambda by: lambda value: value - by, lambda by: lambda value: value - by),
    "Sub": (lambda by: lambda value: value + by, lambda by: lambda value: by - value),
    "FloorDiv": (_divided, lambda by: None),
}
"""By op, what undoes it for its first operand and for its second, given the other one."""

_ALONE: Mapping[str, tuple[Undo, ...]] = {
    "Neg": (lambda value: -value,),
    "Abs": (lambda value: value, lambda value: -value),
    "Square": (_root, lambda value: -_root(value)),
    "Sqrt": (lambda value: value * value,),
    "Exp": (lambda value: math.log(value) if value > 0 else math.nan,),
    "Log": (lambda value: math.exp(value) if value < MOST_POWER else math.nan,),
}
"""By op of one operand, what undoes it, each way."""
