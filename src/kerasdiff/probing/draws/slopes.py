"""How do inputs move the outputs, draw by draw? What a mask drops moves nothing, wherever in the model it is drawn.

Masks are the model's own and out of reach where a loop draws them. The gradient of a row by what goes in shows which
entries were kept, for each time step, position and channel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerasdiff.align.pair import Pair
from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Edge, Graph
from kerasdiff.graph.values import Array
from kerasdiff.probing.draws.apart import Look, looks
from kerasdiff.probing.prober import Prober, Run, both
from kerasdiff.side.observations import Stage


def slopes_apart(
    prober: Prober,
    pair: Pair,
    run: Run,
    probe: Sequence[Array],
    copies: int,
    outputs: Sequence[Sequence[Array]],
    *,
    training: bool,
) -> list[Look]:
    """The tests of gradients by each input; none where a side has no graph, or cannot be run in parts.

    Args:
        prober: Runs both sides.
        pair: Both.
        run: Of which precision.
        probe: Some rows.
        copies: Of each of them.
        outputs: Of either side, on any batch.
        training: In which mode.
    """
    graphs = [side.training if training else side.inference for side in pair.descriptions]
    batches = repeated(probe, copies)
    try:
        slopes = both(lambda side: _slopes(prober, side, graphs[side], run, batches, outputs[side], training=training))
    except EvaluateError:
        return []
    found: list[Look] = []
    for one, two in zip(*slopes, strict=True):
        if one is not None and two is not None and one.shape == two.shape and np.isfinite([one, two]).all():
            found += looks(*(value.reshape(1, -1, copies, *value.shape[1:]) for value in (one, two)))
    return found


def _slopes(
    prober: Prober,
    side: int,
    graph: Graph | None,
    run: Run,
    batches: Sequence[Array],
    outputs: Sequence[Array],
    *,
    training: bool,
) -> list[Array | None]:
    """The gradient of one projection of the outputs, the same for each row, by each input that has one."""
    if graph is None or not all(batch.ndim for batch in batches):
        return []
    entries = [Edge(node=node.id) for node in graph if node.kind == "input"]
    given = {edge: batch for edge, batch in zip(entries, batches, strict=True) if batch.dtype.kind == "f"}
    request = Stage(
        recipes=prober.recipes[side],
        probe=tuple(batches),
        precision=run.precision,
        mode="training" if training else "inference",
        given={edge: batch.astype(run.precision) for edge, batch in given.items()},
        pull_outputs=_weights(outputs, len(batches[0])),
    )
    pulled = prober.sides[side].stage(request).pulled if given else {}
    return [pulled.get(edge) for edge in entries]


def _weights(outputs: Sequence[Array], rows: int) -> tuple[Array, ...]:
    """Random weights for each real output, the same for each row."""
    made = []
    for number, value in enumerate(outputs):
        if value.dtype.kind == "f":
            weights = np.random.default_rng([7, number]).standard_normal(value.shape[1:]).astype(value.dtype)
            made.append(np.broadcast_to(weights, (rows, *value.shape[1:])))
    return tuple(made)


def repeated(probe: Sequence[Array], copies: int) -> tuple[Array, ...]:
    """Copies of each row of a batch, one after the other."""
    return tuple(np.repeat(batch, copies, axis=0) if batch.ndim else batch for batch in probe)
