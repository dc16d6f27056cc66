"""Where do the random numbers of a node come from?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from kerasdiff.graph.model import SEED_ROLE, Graph, Node
from kerasdiff.graph.ops import KERNEL_DRAWS, KEYED_DRAWS, draws, within

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


def _shape_text(shape: tuple[int | None, ...] | None) -> str:
    return "unknown" if shape is None else f"({', '.join('?' if dim is None else str(dim) for dim in shape)})"


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
