"""Where do edits stand in the traced graphs, and which numbers do they compute with?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from kerasdiff.align.differences import MASKING
from kerasdiff.align.edits import Edit, Update
from kerasdiff.align.pair import Pair
from kerasdiff.findings import Site
from kerasdiff.graph import Attribute, Edge, Graph, Node
from kerasdiff.graph.index import index_of


class Edited:
    """The edits of a pair that show at inference, and the traced nodes they stand at.

    Args:
        pair: Both models.

    Attributes:
        edits: In the order of the pair.
    """

    def __init__(self, pair: Pair) -> None:
        self.edits: tuple[Edit, ...] = tuple(edit for edit in pair.edits if "inference" in edit.modes)
        self._graphs: Sequence[Graph | None] = [side.inference for side in pair.descriptions]
        self._nodes: Sequence[Mapping[str, Node]] = [{} if one is None else index_of(one).nodes for one in self._graphs]

    def nodes(self, edit: Edit) -> list[tuple[int, Node]]:
        """The traced nodes an edit stands at, with their side."""
        found = [(side, self._node(side, site)) for side, site in enumerate(edit.sites)]
        return [(side, node) for side, node in found if node is not None]

    def entries(self, side: int) -> list[Edge]:
        """The model inputs in the traced graph of a side."""
        return [Edge(node=node.id) for node in self._graphs[side] or () if node.kind == "input"]

    def operands(self, side: int) -> tuple[Edge, ...]:
        """What goes into the edited nodes of a side, and into those that take something from them."""
        graph = self._graphs[side]
        if graph is None:
            return ()
        edited = [node for edit in self.edits for at, node in self.nodes(edit) if at == side]
        users = index_of(graph).consumers
        around = [*edited, *(user for node in edited for user, _ in users[node.id])]
        return tuple(dict.fromkeys(edge for node in around for edge in node.operands))

    def numbers(self) -> list[float]:
        """The numbers of the edits: settings that changed, constants of the TF ops, what calls were given."""
        numbers: dict[float, None] = {}
        for edit in self.edits:
            numbers.update(dict.fromkeys(self._numbers(edit)))
        return list(numbers)

    def masks(self) -> list[float]:
        """The sizes of those among them that stand for infinity."""
        return [abs(number) for number in self.numbers() if MASKING <= abs(number) < math.inf]

    def _numbers(self, edit: Edit) -> Iterator[float]:
        changes = edit.changes if isinstance(edit, Update) else ()
        for change in changes:
            yield from numbers_in(change.values)
        for _, node in self.nodes(edit):
            for inner in node.lowering or ():
                yield from numbers_in(inner.attributes.get("value"))
        for change in changes:
            yield from numbers_in(tuple(part.constant for parts in change.parts for part in parts))
        for site in edit.sites:
            yield from numbers_in(None if site is None else site.settings)

    def _node(self, side: int, site: Site | None) -> Node | None:
        if site is None:
            return None
        return self._nodes[side].get(site.node) or self._nodes[side].get(site.origin)


def numbers_in(value: Attribute) -> Iterator[float]:
    """The numbers in a setting, at any depth; bools are none."""
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from numbers_in(item)
