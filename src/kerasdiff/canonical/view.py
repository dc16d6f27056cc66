"""What may a rule look at, and where does it put the nodes it needs besides?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from kerasdiff.canonical.dims import Dim
from kerasdiff.graph import Attribute, Edge, Graph, Node, TensorSpec

OWN_GRADIENT = "gradient"
"""The attribute of an op whose gradient the user wrote: in training it is not the op of its name."""

Result: TypeAlias = "Node | Edge | tuple[Edge, ...] | None"
"""What stands for a node: another node, a value, a value for each of its outputs, or ``None`` for no change."""


Settings: TypeAlias = "Mapping[str, Attribute]"
NONE: Settings = MappingProxyType({})


class View(ABC):
    """The nodes rewritten so far: what a rule may look at, and where it puts the nodes it needs besides."""

    def __init__(self, graph: Graph) -> None:
        self.nodes: dict[str, Node] = {}
        self._taken = {node.id for node in graph}
        self._made: dict[str, int] = {}
        self._uses: dict[str, int] = {}
        self._known: dict[object, str] = {}
        self._asked: dict[object, Edge] = {}
        self.sources: dict[tuple[str, int, int], Dim] = {}
        for edge in (*(edge for node in graph for edge in node.operands), *graph.roots()):
            self._uses[edge.node] = self._uses.get(edge.node, 0) + 1

    def node(self, edge: Edge) -> Node:
        """The node an operand comes from; one that has a gradient of its own is no op that a rule knows."""
        node = self.nodes[edge.node]
        return replace(node, op="") if OWN_GRADIENT in node.attributes else node

    def spec(self, edge: Edge) -> TensorSpec | None:
        """Static shape and dtype of an operand, where known."""
        node = self.nodes[edge.node]
        return node.outputs[edge.port] if edge.port < len(node.outputs) else None

    def shape(self, edge: Edge) -> tuple[int | None, ...] | None:
        """Static shape of an operand, where its rank is known."""
        spec = self.spec(edge)
        return None if spec is None else spec.shape

    def constant(self, edge: Edge) -> Node | None:
        """The operand if it is a constant whose values are known."""
        node = self.nodes[edge.node]
        return node if node.kind == "const" and "value" in node.attributes else None

    def once(self, edge: Edge) -> bool:
        """Whether the operand has this one use alone; sure where the rule comes late."""
        return self._uses.get(edge.node, 0) <= 1

    def twin(self, node: Node) -> str | None:
        """The id of a node kept before with the same op, settings and operands, if there is one."""
        return self._known.get(self._key(node))

    def _key(self, node: Node) -> object:
        operands = [self.constant(edge) or edge for edge in node.operands]
        named = tuple(edge if isinstance(edge, Edge) else repr(edge.attributes) for edge in operands)
        return node.op, named, node.outputs, repr(sorted(node.attributes.items()))

    def make(
        self,
        like: Node,
        op: str,
        *operands: Edge,
        shape: tuple[int | None, ...],
        dtype: str = "",
        settings: Settings = NONE,
    ) -> Edge:
        """Puts a node beside the one at hand, in normal form.

        Args:
            like: The node at hand: the new one gets its place in the user's code, and its dtype unless one is given.
            op: Op type.
            operands: Values in normal form.
            shape: Static shape of the result.
            dtype: Of the result.
            settings: Static settings.
        """
        asked = _asked(like, op, operands, shape, dtype, settings)
        key = self._key(asked)
        if key not in self._asked:
            self._asked[key] = self.put(replace(asked, id=self._fresh(like.id.partition("~")[0])))[0]
        return self._asked[key]

    def known(self, like: Node, value: Attribute, *, shape: tuple[int, ...], dtype: str) -> Edge:
        """Puts a constant beside the node at hand."""
        constant = Node(
            id=self._fresh(like.id.partition("~")[0]),
            op="Const",
            kind="const",
            attributes={"shape": shape, "dtype": dtype, "value": value},
            outputs=(TensorSpec(shape=shape, dtype=dtype),),
            part=like.part,
            origin=like.origin,
            source=like.source,
        )
        return self.put(constant)[0]

    def made(
        self,
        like: Node,
        op: str,
        *operands: Edge,
        shape: tuple[int | None, ...],
        dtype: str = "",
        settings: Settings = NONE,
    ) -> Edge | None:
        """What :meth:`make` gives, where it was asked before."""
        return self._asked.get(self._key(_asked(like, op, operands, shape, dtype, settings)))

    @abstractmethod
    def put(self, original: Node) -> tuple[Edge, ...]:
        """Rewrites a node until no rule holds, keeps what is left, and says where its outputs are now."""

    def _fresh(self, root: str) -> str:
        """An id that neither the graph nor an earlier pass has given."""
        number = self._made.get(root, 0) + 1
        while f"{root}~{number}" in self._taken:
            number += 1
        self._made[root] = number
        return f"{root}~{number}"


def _asked(
    like: Node,
    op: str,
    operands: tuple[Edge, ...],
    shape: tuple[int | None, ...],
    dtype: str,
    settings: Settings,
) -> Node:
    return Node(
        id=like.id,
        op=op,
        kind="op",
        operands=operands,
        attributes=settings,
        outputs=(TensorSpec(shape=shape, dtype=dtype or like.outputs[0].dtype),),
        part=like.part,
        origin=like.origin,
        source=like.source,
    )
