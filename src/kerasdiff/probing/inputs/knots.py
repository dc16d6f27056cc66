"""Where does an op begin to do something else? At the constants that it compares with, clips at or divides by.

Between two such knots a value is treated in one way. So a function has been seen whole where a value lies on each knot
at which it jumps, in each gap between knots, and beyond the first and the last.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.ops import COMPARISONS, bodies
from kerasdiff.probing.inputs.origins import Origins, numbers_in

K = TypeVar("K")

STEPS: Mapping[str, tuple[float, ...]] = {
    **dict.fromkeys(("Floor", "Ceil", "Round", "Rint", "FloorMod", "FloorDiv"), (0.5, -0.5, 1.5, 2.5, 1.0, -1.0)),
    "Cast": (1.0, -1.0),
    "Sign": (0.0,),
}
"""Ops that jump, with values at which they do."""

BENDS: Mapping[str, tuple[float, ...]] = {
    **dict.fromkeys(("Relu", "LeakyRelu", "Elu", "Selu", "Abs"), (0.0,)),
    "Relu6": (0.0, 6.0),
}
"""Ops that bend, with values at which they do."""

Around = Callable[[float], tuple[float, ...]]
"""From a constant of an op, the values at which the op does something else."""

CONSTANTS: Mapping[str, tuple[int, tuple[int, ...], Around]] = {
    **dict.fromkeys((*COMPARISONS, "Maximum", "Minimum"), (0, (1,), lambda by: (by,))),
    "ClipByValue": (0, (1, 2), lambda by: (by,)),
    **dict.fromkeys(
        ("FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod", "Mod"), (0, (1,), lambda by: (by, 2.0 * by, -by))
    ),
    "BitwiseAnd": (0, (1,), lambda by: (by + 1.0,)),
    "RightShift": (0, (1,), lambda by: (2.0 ** min(by, 64.0),)),
    "OneHot": (0, (1,), lambda by: (0.0, by)),
    **dict.fromkeys(("LowerBound", "UpperBound"), (1, (0,), lambda by: (by,))),
}
"""By op, which operand is the value and which are constants, and what these say."""

EITHER_WAY = COMPARISONS | {"Maximum", "Minimum"}
"""Those of which either operand may be the constant."""

NARROW: Mapping[str, tuple[float, ...]] = {
    "int8": (-128.0, 128.0),
    "uint8": (0.0, 256.0),
    "int16": (-32768.0, 32768.0),
    "uint16": (0.0, 65536.0),
}
"""Dtypes of whole numbers into which others are cast that do not fit, with the values beyond which they do not."""

FLOATING = ("float16", "bfloat16", "float32", "float64")
"""Dtypes of floating numbers."""

MOST_LISTED = 16
"""Numbers of a constant that is compared with; a longer list is a table."""


def jumps(node: Node, origins: Origins) -> Iterator[tuple[Edge, float]]:
    """The values from which a node's come, with the numbers at which it jumps."""
    for item in node.lowering or ():
        if item.op in COMPARISONS:
            yield from _compared(node, origins, item)
        elif item.op in STEPS and item.operands and _steps(item):
            yield from _origins(node, origins, item.operands[0], STEPS[item.op])
        elif item.op == "LookupTableFindV2":
            words = node.attributes.get("vocabulary")
            numbers = [one for one in words if isinstance(one, int)] if isinstance(words, tuple) else []
            yield from _origins(node, origins, item.operands[1], numbers)


def knots(node: Node, origins: Origins) -> Iterator[tuple[Edge, float]]:
    """The values from which a node's come, with the numbers beyond which it does something else."""
    for item in node.lowering or ():
        if item.op in CONSTANTS:
            yield from _compared(node, origins, item)
        elif item.op in BENDS and item.operands:
            yield from _origins(node, origins, item.operands[0], BENDS[item.op])
        elif item.op == "Bucketize" and item.operands:
            bounds = item.attributes.get("boundaries")
            numbers = [one for one in bounds if isinstance(one, int | float)] if isinstance(bounds, tuple) else []
            yield from _origins(node, origins, item.operands[0], numbers[:MOST_LISTED])
        elif item.op == "Cast" and item.operands and str(item.attributes.get("SrcT", "")).startswith(("int", "uint")):
            yield from _origins(node, origins, item.operands[0], NARROW.get(str(item.attributes.get("DstT", "")), ()))


def bounds(node: Node, origins: Origins) -> frozenset[float]:
    """The floating constants but 0 at which a node bends or jumps, in the bodies that it runs too."""
    if node.lowering is None:
        return frozenset()
    found = {
        number
        for item in node.lowering
        if item.op in CONSTANTS and any(spec.dtype in ("bool", *FLOATING) for spec in item.outputs)
        for edge in item.operands
        for number in _few(origins.constant(node, edge))
    }
    found.update(number for item in node.lowering for number in BENDS.get(item.op, ()))
    return bounds_within(node.lowering) | _told_apart(found)


def bounds_within(graph: Graph) -> frozenset[float]:
    """Those in the bodies that a graph runs, at any depth."""
    found: set[float] = set()
    graphs = [body for node in graph for body in bodies(node)]
    while graphs:
        nodes = {node.id: node for node in graphs.pop()}
        for node in nodes.values():
            graphs.extend(bodies(node))
            operands = node.operands if node.op in CONSTANTS else ()
            for constant in (one for edge in operands if (one := nodes.get(edge.node)) and one.kind == "const"):
                if constant.attributes.get("dtype") in FLOATING:
                    found.update(numbers_in(constant.attributes.get("value")))
    return _told_apart(found)


def of_one_side(held: Iterable[tuple[int, K, Iterable[float]]]) -> Iterator[tuple[int, K, float]]:
    """The constants that one side alone holds, each with the first of that side to hold it.

    Args:
        held: Of either side, by its number, what holds constants, with these.
    """
    first: tuple[dict[float, K], dict[float, K]] = ({}, {})
    for side, holder, constants in held:
        for constant in sorted(constants):
            first[side].setdefault(constant, holder)
    for side in (0, 1):
        yield from ((side, one, constant) for constant, one in first[side].items() if constant not in first[1 - side])


def _told_apart(numbers: Iterable[float]) -> frozenset[float]:
    """The finite ones but 0, as float32 has them: one side may hold the same constant in another precision."""
    narrow = (float(np.float32(number)) for number in numbers)
    return frozenset(number for number in narrow if math.isfinite(number) and number != 0.0)


def _few(numbers: Sequence[float] | None) -> Sequence[float]:
    return numbers if numbers is not None and len(numbers) <= MOST_LISTED else ()


def between(values: Iterable[float]) -> list[float]:
    """One value in each gap between knots, and one beyond either end, half as far out again; those near 0 first."""
    ordered = sorted(set(values))
    if not ordered:
        return []
    first, last = ordered[0], ordered[-1]
    gaps = ((one + two) / 2 for one, two in itertools.pairwise(ordered))
    found = (first - max(1.0, abs(first) / 2), *gaps, last + max(1.0, abs(last) / 2))
    return sorted((value for value in found if math.isfinite(value)), key=abs)


def _compared(node: Node, origins: Origins, item: Node) -> Iterator[tuple[Edge, float]]:
    """What an op does with constants among its operands."""
    value, constants, around = CONSTANTS[item.op]
    ways = [(value, constants)]
    if item.op in EITHER_WAY:
        ways.append((constants[0], (value,)))
    for at, others in ways:
        for other in others:
            if max(at, other) >= len(item.operands):
                continue
            numbers = _few(origins.constant(node, item.operands[other]))
            values = tuple(number for by in numbers for number in around(by))
            yield from _origins(node, origins, item.operands[at], values)


def _steps(item: Node) -> bool:
    """Whether an op that may jump does: a cast does from floating numbers to whole ones."""
    if item.op != "Cast":
        return True
    kinds = [str(item.attributes.get(name, "")) for name in ("SrcT", "DstT")]
    return kinds[0].startswith(("float", "bfloat", "half")) and kinds[1].startswith(("int", "uint"))


def _origins(node: Node, origins: Origins, edge: Edge, values: Sequence[float]) -> Iterator[tuple[Edge, float]]:
    for trail in origins.trails(node, edge) if values else ():
        for value in values:
            origin = trail.origin(value)
            if math.isfinite(origin):
                yield trail.entry, origin
