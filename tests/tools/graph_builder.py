"""Small graphs written by hand, for the tests of the judging half: TF ops for rewrites, calls for alignments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kerasdiff.graph import Edge, Graph, Node, Source, TensorSpec, Weight

Shape = tuple[int | None, ...]


def tuples(value: Any) -> Any:
    """Nested lists as nested tuples, the form constants travel in."""
    return tuple(tuples(item) for item in value) if isinstance(value, list) else value


class Build:
    """Collects nodes in order; every method hands back the edge of what it made."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.weights: dict[str, Weight] = {}

    def _add(self, node: Node) -> Edge:
        self.nodes.append(node)
        return Edge(node=node.id)

    def input(self, *shape: int | None, dtype: str = "float32") -> Edge:
        index = sum(node.kind == "input" for node in self.nodes)
        spec = TensorSpec(shape=shape or (None, 4), dtype=dtype)
        return self._add(Node(id=f"in{index}", op="input", kind="input", attributes={"index": index}, outputs=(spec,)))

    def const(self, value: Any, dtype: str = "") -> Edge:
        array = np.asarray(value, dtype or ("float32" if np.asarray(value).dtype.kind == "f" else "int32"))
        attributes = {"shape": tuple(array.shape), "dtype": array.dtype.name, "value": tuples(array.tolist())}
        spec = TensorSpec(shape=tuple(array.shape), dtype=array.dtype.name)
        return self._add(
            Node(id=f"c{len(self.nodes)}", op="Const", kind="const", attributes=attributes, outputs=(spec,))
        )

    def op(
        self, name: str, *operands: Edge, shape: Shape = (None, 4), dtype: str = "float32", **attributes: Any
    ) -> Edge:
        spec = TensorSpec(shape=shape, dtype=dtype)
        return self._add(
            Node(
                id=f"o{len(self.nodes)}", op=name, kind="op", operands=operands, attributes=attributes, outputs=(spec,)
            )
        )

    def weight(self, name: str, *shape: int, trainable: bool = True) -> str:
        self.weights[name] = Weight(
            id=name,
            path=name,
            name=name.rsplit("/", 1)[-1],
            shape=shape or (4, 4),
            dtype="float32",
            trainable=trainable,
        )
        return name

    def read(self, name: str, *shape: int) -> Edge:
        """One read of a weight; a second read of it is the same node."""
        if name not in self.weights:
            self.weight(name, *shape)
            spec = TensorSpec(shape=self.weights[name].shape, dtype="float32")
            self._add(Node(id=f"read {name}", op="read", kind="read", weights=(name,), outputs=(spec,)))
        return Edge(node=f"read {name}")

    def call(
        self,
        op: str,
        *operands: Edge,
        name: str = "",
        weights: Sequence[str] = (),
        line: int = 0,
        roles: tuple[str, ...] = (),
        **attributes: Any,
    ) -> Edge:
        """A layer call, or a function call where it holds no weights; weights not seen yet are made."""
        for weight in weights:
            if weight not in self.weights:
                self.weight(weight)
        taken = {node.id for node in self.nodes}
        base = name or op
        unique = next(f"{base}{end}" for end in ("", *(f":{k}" for k in range(2, 99))) if f"{base}{end}" not in taken)
        return self._add(
            Node(
                id=unique,
                op=op,
                kind="layer" if weights else "function",
                operands=operands,
                roles=roles or ("",) * len(operands),
                weights=tuple(weights),
                attributes=attributes,
                outputs=(TensorSpec(shape=(None, 4), dtype="float32"),),
                display=op,
                source=Source(file="m.py", line=line) if line else None,
            )
        )

    def graph(self, *outputs: Edge, losses: Sequence[Edge] = (), effects: Sequence[Edge] = ()) -> Graph:
        return Graph(
            nodes=tuple(self.nodes),
            outputs=outputs,
            losses=tuple(losses),
            effects=tuple(edge.node for edge in effects),
        )


def renamed(graph: Graph, prefix: str = "other/") -> Graph:
    """The same graph under other node names; weights keep theirs."""

    def edge(old: Edge) -> Edge:
        return Edge(node=prefix + old.node, port=old.port)

    return replace(
        graph,
        nodes=tuple(
            replace(node, id=prefix + node.id, operands=tuple(edge(item) for item in node.operands)) for node in graph
        ),
        outputs=tuple(edge(item) for item in graph.outputs),
        losses=tuple(edge(item) for item in graph.losses),
        effects=tuple(prefix + name for name in graph.effects),
    )
