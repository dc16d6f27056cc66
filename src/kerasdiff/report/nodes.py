"""What does the table of one model's nodes say, before anything draws it?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kerasdiff.graph import Edge, Graph, Node, Weight
from kerasdiff.report.wording.models import parameters, port, shapes

if TYPE_CHECKING:
    from kerasdiff.side.records import Description

COLUMNS = {
    "node": "node",
    "op": "op",
    "shape": "output shape",
    "parameters": "parameters",
    "operands": "operands",
    "source": "source",
}
"""Columns of the table, in their order, and their titles."""

COUNTED_ABOVE = "weights a node above has counted already"
"""What a number of parameters in brackets means."""


UNTRACED = "the model could not be traced in {} mode; the notes say why"
"""What is said of a mode without a graph."""


def size_of(description: Description) -> str:
    """How many parameters a model has."""
    trainable = total(weight for weight in description.weights if weight.trainable)
    return parameters(total(description.weights), trainable)


def facts(description: Description) -> Iterator[tuple[str, str]]:
    """What is known of a model before its nodes, by label."""
    for title, ports in (("input", description.inputs), ("output", description.outputs)):
        yield from ((title, port(end)) for end in ports)
    locked = description.locked
    if locked is not None:
        yield "locked", f"from {locked.target}"
    held = description.environment if locked is None else locked.environment
    if held:
        yield "with", ", ".join(f"{name} {text}" for name, text in held.items())


def ends(graph: Graph) -> Iterator[tuple[str, str]]:
    """What a graph returns, adds to the loss and updates, by label."""
    yield "returns", ", ".join(map(edge_of, graph.outputs)) or "nothing"
    if graph.losses:
        yield "losses", ", ".join(map(edge_of, graph.losses))
    if graph.effects:
        yield "updates", ", ".join(graph.effects)


def total(weights: Iterable[Weight]) -> int:
    """Scalars of weights, without the states of random generators."""
    return sum(weight.size for weight in weights if not weight.is_seed)


def rows_of(
    graph: Graph, weights: Sequence[Weight], text: Callable[[object], str]
) -> tuple[list[dict[str, str]], bool]:
    """The cells of each node by column, and whether any number of parameters was counted at a node above.

    Args:
        graph: The traced graph.
        weights: Of the model.
        text: Makes text of models what can be shown.
    """
    sizes = {weight.id: 0 if weight.is_seed else weight.size for weight in weights}
    counted: set[str] = set()
    shared = False
    rows = []
    for node in graph:
        parameters = sum(sizes.get(weight, 0) for weight in node.weights)
        again = bool(parameters) and all(weight in counted for weight in node.weights)
        counted.update(node.weights)
        shared = shared or again
        rows.append(
            {
                "node": text(node.id),
                "op": text(node.op),
                "shape": text(shapes(node)),
                "parameters": text(f"({parameters:,})" if again else f"{parameters:,}" if parameters else "–"),
                "operands": text(_operands(node)),
                "source": text(node.source) if node.source else "",
            }
        )
    return rows, shared


def _operands(node: Node) -> str:
    roles = node.roles or ("",) * len(node.operands)
    return ", ".join(
        (f"{role}=" if role else "") + edge_of(edge) for edge, role in zip(node.operands, roles, strict=False)
    )


def edge_of(edge: Edge) -> str:
    """``lstm[1]``: output 1 of a node; of output 0 the node alone."""
    return f"{edge.node}[{edge.port}]" if edge.port else edge.node
