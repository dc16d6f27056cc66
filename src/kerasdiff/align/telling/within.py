"""Does a layer compute another well-known function inside, or follow another variance? Its lowering says so.

A recurrent layer whose gates take another hard sigmoid differs in constants that nobody wrote. The functions are looked
for in the loop bodies too, each as the largest run of ops that is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kerasdiff.align.edits import Aspect, Change, Edit, Formula, Update
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.arithmetic import NotEvaluatedError, Values, entrywise, evaluated, knows
from kerasdiff.align.telling.folding import Fold, sides_of
from kerasdiff.align.telling.formulas import recognised
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.index import index_of

MOST_OPS = 400
"""Ops of a lowering in which functions are looked for: an LSTM has about 100."""

LONGEST = 8
"""Ops of a function at most."""


def within(edits: Sequence[Edit], aligned: Aligned) -> list[Fold]:
    """Layers that compute one well-known function inside in another way than the other side, or another variance.

    It must not touch a layer of which either side computes several functions that the other does not.
    """
    folds = (_fold(edit, aligned) for edit in edits if isinstance(edit, Update) and aligned.mode in edit.modes)
    return [fold for fold in folds if fold is not None]


def _fold(edit: Update, aligned: Aligned) -> Fold | None:
    if edit.folded or [change.aspect for change in edit.changes] != [Aspect.COMPUTATION]:
        return None
    one, two = (aligned.nodes[side].get(name) for side, name in enumerate(sides_of(edit)))
    if one is None or two is None:
        return None
    change = change_within(one, two)
    return None if change is None else Fold(edits=(edit,), told=replace(edit, changes=(change,), folded=(edit,)))


def change_within(one: Node, two: Node) -> Change | None:
    """What two layers compute otherwise inside, in well-known terms; ``None`` where there are none for it."""
    return _other_variance(one, two) or _other_function(one, two)


def _other_variance(one: Node, two: Node) -> Change | None:
    values = _corrects(one), _corrects(two)
    return Change(aspect=Aspect.VARIANCE, values=values) if values[0] != values[1] else None


def _corrects(node: Node) -> bool:
    """Whether a node takes the variance of a fused op, which is ``n / (n - 1)`` times that of its ``n`` values.

    References:
        ``FusedBatchNorm``, "Bessel's correction", in ``tensorflow/core/kernels/fused_batch_norm_op.cc``.
    """
    lowering = node.lowering
    fused = {op.id for op in lowering or () if op.op.startswith("FusedBatchNorm") and op.attributes.get("is_training")}
    taken = [] if lowering is None else [*lowering.outputs, *(edge for op in lowering for edge in op.operands)]
    return any(edge.node in fused and edge.port == VARIANCE for edge in taken)


VARIANCE = 2
"""Which result of the fused op the variance of the batch is."""


def _other_function(one: Node, two: Node) -> Change | None:
    """The function that one side computes and the other does not, where it is one on either side."""
    held = _functions(one), _functions(two)
    known = {repr(formula): formula for formulas in held for formula in formulas}
    counts = [Counter(map(repr, formulas)) for formulas in held]
    alone = counts[0] - counts[1], counts[1] - counts[0]
    if [len(side) for side in alone] != [1, 1]:
        return None
    (first,), (second,) = alone
    return Change(aspect=Aspect.FORMULA, formulas=(known[first], known[second]), within=True)


def _functions(node: Node) -> list[Formula]:
    """The functions that a node computes inside, of several settings or none."""
    graphs = [] if node.lowering is None else list(_graphs(node.lowering))
    if sum(map(len, graphs)) > MOST_OPS:
        return []
    return [formula for graph in graphs for formula in _of(graph)]


def _graphs(graph: Graph) -> Iterator[Graph]:
    yield graph
    for node in graph:
        for value in node.attributes.values():
            if isinstance(value, Graph):
                yield from _graphs(value)


def _of(graph: Graph) -> Iterator[Formula]:
    """The functions of one graph, the later ones first; ops of one are no part of another."""
    taken: set[str] = set()
    for node in reversed(graph.nodes):
        if node.id in taken or node.kind != "op":
            continue
        found = [(formula, part) for part in _parts(graph, node) if (formula := _formula(graph, part, node))]
        if found:
            formula, part = found[-1]
            taken |= part
            yield formula


def _parts(graph: Graph, end: Node) -> Iterator[set[str]]:
    """Ops with one value going in that no constant is, ending in a node; the smaller ones first."""
    index = index_of(graph)
    place = {node.id: number for number, node in enumerate(graph)}
    inside: set[str] = set()
    frontier = {Edge(node=end.id)}
    while frontier and len(inside) < LONGEST:
        last = index.nodes[max((edge.node for edge in frontier), key=place.__getitem__)]
        if last.kind != "op" or not _plain(last):
            return
        inside.add(last.id)
        frontier = {edge for edge in frontier if edge.node != last.id} | {
            edge for edge in last.operands if index.nodes[edge.node].kind != "const"
        }
        if len(frontier) == 1:
            yield set(inside)


def _plain(node: Node) -> bool:
    alone = Graph(nodes=(node,), outputs=(Edge(node=node.id),))
    return knows(alone) and entrywise(alone)


def _formula(graph: Graph, part: set[str], end: Node) -> Formula | None:
    """The function of a part; ``None`` where it is none."""
    alone = _alone(graph, [node for node in graph if node.id in part], end)
    if not entrywise(alone):
        return None

    def computed(operand: Values) -> Values:
        (value,) = evaluated(alone, [operand])
        if value.shape != operand.shape:
            raise NotEvaluatedError
        return value

    return recognised(computed, None, entrywise=True)


def _alone(graph: Graph, nodes: Sequence[Node], end: Node) -> Graph:
    """A part with its constants, and with an input in the place of the one value that goes in."""
    known = index_of(graph).nodes
    inside = {node.id for node in nodes}
    taken = dict.fromkeys(edge for node in nodes for edge in node.operands if edge.node not in inside)
    constants = {edge.node: known[edge.node] for edge in taken if known[edge.node].kind == "const"}
    begin = Node(id="begin", op="input", kind="input", outputs=())
    entries = {edge: Edge(node=begin.id) for edge in taken if known[edge.node].kind != "const"}
    moved = [replace(node, operands=tuple(entries.get(edge, edge) for edge in node.operands)) for node in nodes]
    return Graph(nodes=(begin, *constants.values(), *moved), outputs=(Edge(node=end.id),))
