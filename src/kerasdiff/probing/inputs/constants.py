"""Which inputs hit the constants that either graph compares with, and which rows of its tables do ids reach?

A comparison with a constant jumps there: no random number comes to it. So each constant is put into the inputs as
single entries, as whole steps, rows and columns, and as all there is; where an input is scaled before it is compared,
the value that becomes the constant. What lies between the constants at which a graph clips, compares or divides, and
beyond them, is put there too: a bound at 30,000 shows nowhere else. A table is looked up from its first row to its
last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from kerasdiff.align.pair import Correspondence
from kerasdiff.graph import Edge, Graph, Node, Port, Weight
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.knots import between, jumps, knots
from kerasdiff.probing.inputs.origins import Origins
from kerasdiff.probing.inputs.probes import (
    FARTHEST,
    batch_shape,
    family_of,
    in_own_dtype,
    integer_range,
    probe_rows,
    whole_numbers,
)

AT_CONSTANTS = "at-constants"
"""Probe that hits the constants."""

AS_WRITTEN = "at-constants-as-written"
"""The same for numbers that float32 rounds: a layer of Keras takes 0.37 for the number or for the float32 next to it,
which float64 tells apart."""

BETWEEN, BEYOND = "between-constants", "between-large-constants"
"""Probes that lie between the constants and beyond them, those up to `USUAL` and the others: each on a scale of its
own."""

USUAL = 1e3
"""Size up to which values stand together: what one of 1 changes by a thousandth is a millionth of the scale then."""

EVERY_ID = "every-id"
"""Probe that looks up every row of the tables."""

MOST_CONSTANTS = 16
"""Constants of one input that are hit, the first: of any model met so far there were fewer than ten."""

MOST_VALUES = 1 << 18
"""Values of such a probe at most: 2 MiB in float64."""


Reach = tuple[int, int] | None
"""The first and the last whole number that every table takes."""

MOST_WORK = 1 << 32
"""Values of such a probe times parameters at most: a second or two of training."""


def at_constants(pair: Correspondence, ports: tuple[Port, ...], seed: int) -> dict[str, tuple[Array, ...]]:
    """The probes that hit constants, and all rows of tables; none where there are no constants, no tables.

    Args:
        pair: Both models.
        ports: Their inputs.
        seed: Of what stands beside the constants.
    """
    constants, ranges = _by_input(pair, len(ports), jumps), id_ranges(pair, ports)
    hit = [_taken(port, some, reach) for port, some, reach in zip(ports, constants, ranges, strict=True)]
    written = [
        [as_written(value) if family_of(port) == "float" else value for value in some]
        for port, some in zip(ports, hit, strict=True)
    ]
    batches: dict[str, tuple[Array, ...]] = {}
    for name, numbers in {AT_CONSTANTS: hit, AS_WRITTEN: written}.items():
        if any(hit) and (name == AT_CONSTANTS or written != hit):
            count = _rows(pair, ports, 2 * max(map(len, hit)))
            batches[name] = tuple(
                _hitting(port, some, count, np.random.default_rng([seed, 1, at]))
                for at, (port, some) in enumerate(zip(ports, numbers, strict=True))
            )
    batches |= _between(pair, ports, ranges, seed)
    if any(ranges):
        batches[EVERY_ID] = _every_id(pair, ports, ranges, seed)
    return batches


def _every_id(pair: Correspondence, ports: tuple[Port, ...], ranges: Sequence[Reach], seed: int) -> tuple[Array, ...]:
    reaches = [reach or _range(port) for port, reach in zip(ports, ranges, strict=True)]
    needed = [
        math.ceil((reach[1] - reach[0] + 1) / max(1, math.prod(batch_shape(port, 1)[1:])))
        for port, reach in zip(ports, reaches, strict=True)
        if reach is not None
    ]
    count = _rows(pair, ports, max(needed))
    return tuple(
        _every(port, reach, count, np.random.default_rng([seed, 2, at]))
        for at, (port, reach) in enumerate(zip(ports, reaches, strict=True))
    )


def _rows(pair: Correspondence, ports: tuple[Port, ...], wanted: int) -> int:
    """Rows of a probe: as many as are wanted and time and memory allow, as many as of any probe at least."""
    values = max(1, sum(math.prod(batch_shape(port, 1)) for port in ports))
    most = min(MOST_VALUES, MOST_WORK // max(1, _worked_with(pair))) // values
    return max(probe_rows(ports), min(wanted, most))


def _worked_with(pair: Correspondence) -> int:
    """Parameters of the larger model, without tables, of which a value takes one row."""
    counts = [1]
    for side, weights in zip(pair.descriptions, pair.weights, strict=True):
        nodes = side.inference or ()
        tables = {table.id for node in nodes for item in node.lowering or () if (table := _table(node, item, weights))}
        counts.append(sum(weight.size for weight in side.weights if weight.id not in tables))
    return max(counts)


# The constants ---------------------------------------------------------------------------------------------------


Finds = Callable[[Node, Origins], Iterable[tuple[Edge, float]]]
"""The values from which a node's come, each with a number that matters to it."""


def _by_input(pair: Correspondence, count: int, finds: Finds) -> list[list[float]]:
    """By input, the values at which either graph does something else: those of one side alone first, in their order."""
    hit: list[dict[float, set[int]]] = [{} for _ in range(count)]
    for number, graph in _graphs(pair):
        entries, origins = _entries(graph), Origins(graph)
        for entry, value in (found for node in graph for found in finds(node, origins)):
            if entries.get(entry.node, count) < count:
                hit[entries[entry.node]].setdefault(value, set()).add(number)
    return [sorted(values, key=lambda value, values=values: len(values[value])) for values in hit]  # type: ignore[misc]


def _graphs(pair: Correspondence) -> list[tuple[int, Graph]]:
    """The traced graphs of both modes, with the number of the side."""
    sides = enumerate((side.inference, side.training) for side in pair.descriptions)
    return [(number, graph) for number, modes in sides for graph in modes if graph is not None]


def _entries(graph: Graph) -> dict[str, int]:
    """The nodes of the model inputs, with the number of each."""
    return {node.id: number for number, node in enumerate(node for node in graph if node.kind == "input")}


def as_written(value: float) -> float:
    """The shortest number for which the float32 next to it stands: 0.37 for 0.3700000047683716."""
    return float(str(np.float32(value)))


def _taken(port: Port, constants: Sequence[float], reach: Reach) -> list[float]:
    """Those of the constants that an input takes, with the whole numbers beside them where it takes such alone."""
    if family_of(port) == "integer":
        constants = [value + step for value in constants if value == round(value) for step in (0.0, 1.0, -1.0)]
    return _fitting(port, constants, reach)[:MOST_CONSTANTS]


def _fitting(port: Port, values: Iterable[float], reach: Reach) -> list[float]:
    """Those of some values that an input takes, each once, whole where it takes whole ones alone."""
    family = family_of(port)
    if family == "integer":
        least, most = integer_range(port) if port.given else reach or whole_numbers(port)
        return [float(one) for one in dict.fromkeys(map(round, values)) if least <= one <= most]
    if family != "float":
        return []
    low, high = (-math.inf if port.low is None else port.low), (math.inf if port.high is None else port.high)
    return list(dict.fromkeys(float(np.float32(value)) for value in values if low <= value <= high))


# Between them ----------------------------------------------------------------------------------------------------


def _between(
    pair: Correspondence, ports: tuple[Port, ...], ranges: Sequence[Reach], seed: int
) -> dict[str, tuple[Array, ...]]:
    """The probes between knots: nothing where floating inputs meet none but 0, on either side of which most lie."""
    found = _by_input(pair, len(ports), knots)
    values = [_beside(port, some, reach) for port, some, reach in zip(ports, found, ranges, strict=True)]
    batches = {}
    for name, least, most in ((BETWEEN, 0.0, USUAL), (BEYOND, USUAL, math.inf)):
        own = [[value for value in some if least <= abs(value) < most] for some in values]
        if any(own):
            count = _rows(pair, ports, probe_rows(ports) + max(map(len, own)))
            batches[name] = tuple(
                _mixed(port, some, count, np.random.default_rng([seed, 3, at]))
                for at, (port, some) in enumerate(zip(ports, own, strict=True))
            )
    return batches


def _beside(port: Port, found: Sequence[float], reach: Reach) -> list[float]:
    """The values of an input between knots; whole ones on and next to each, too."""
    whole = family_of(port) == "integer"
    chosen = [value for value in found if whole or abs(value) <= FARTHEST][:MOST_CONSTANTS]
    if not (whole or any(chosen)):
        return []
    near = [value + step for value in chosen for step in (0.0, 1.0, -1.0)] if whole else []
    return _fitting(port, (*between(chosen), *near), reach)


def _mixed(port: Port, values: Sequence[float], rows: int, rng: np.random.Generator) -> Array:
    """As many rows as a probe has, with values in half of their entries, and further ones that are one value each."""
    batch = _ordinary(port, batch_shape(port, rows), rng)
    if not batch.ndim or not values:
        return batch
    chosen = rng.random(batch.shape) < 1 / 2
    batch[chosen] = rng.choice(values, int(np.count_nonzero(chosen)))
    for row, value in zip(range(probe_rows((port,)), len(batch)), values, strict=False):
        batch[row] = value
    return batch


def _hitting(port: Port, constants: Sequence[float], rows: int, rng: np.random.Generator) -> Array:
    return hitting(_ordinary(port, batch_shape(port, rows), rng), constants, rng)


def hitting(ordinary: Array, constants: Sequence[float], rng: np.random.Generator) -> Array:
    """A batch with two rows for each constant: one with it in some places, one with nothing else.

    In the first it stands in an eighth of the entries, and in all of the middle and the last index of each axis.
    """
    batch = ordinary.copy()
    for row in range(len(batch) if batch.ndim and constants else 0):
        number, whole = row % len(constants), row // len(constants) % 2
        one = batch[row : row + 1]
        if whole or one.size == 1:
            one[...] = constants[number]
            continue
        one[rng.random(one.shape) < 1 / 8] = constants[number]
        for axis in range(1, one.ndim):
            for index in (one.shape[axis] // 2, one.shape[axis] - 1):
                one[(slice(None),) * axis + (index,)] = constants[number]
    return batch


def _ordinary(port: Port, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    family = family_of(port)
    if family == "bool":
        return rng.integers(0, 2, shape).astype(np.bool_)
    if family == "integer":
        low, high = integer_range(port)
        return in_own_dtype(rng.integers(low, high, shape, endpoint=True), port)
    values = rng.standard_normal(shape).astype(np.float32).astype(np.float64)
    return np.clip(values, -np.inf if port.low is None else port.low, np.inf if port.high is None else port.high)


# Ids -------------------------------------------------------------------------------------------------------------


def id_ranges(pair: Correspondence, ports: tuple[Port, ...]) -> list[Reach]:
    """By input, the whole numbers that look up a row of every table it indexes; ``None`` where it indexes none.

    Where the user gave a range, it is that.
    """
    ranges: list[Reach] = [None] * len(ports)
    whole = {at for at, port in enumerate(ports) if family_of(port) == "integer"}
    for side, weights in zip(pair.descriptions, pair.weights, strict=True):
        if side.inference is None:
            continue
        entries, origins = _entries(side.inference), Origins(side.inference)
        for node in side.inference:
            for entry, low, high in _lookups(node, origins, weights):
                at = entries.get(entry, -1)
                if at in whole:
                    known = ranges[at] or (low, high)
                    own = max(low, known[0]), min(high, known[1])
                    ranges[at] = integer_range(ports[at]) if ports[at].given else own
    return [None if reach is None or reach[0] >= reach[1] else reach for reach in ranges]


def _lookups(node: Node, origins: Origins, weights: Mapping[str, Weight]) -> Iterator[tuple[str, int, int]]:
    """The inputs that look up a table in a node, with the lowest and the highest value that does."""
    for item in node.lowering or ():
        table = _table(node, item, weights)
        if table is None:
            continue
        rows = table.shape[0]
        trails = origins.trails(node, item.operands[1])
        if trails:  # Keras counts negative ids from the end: the way that leaves ids as they are is meant
            trail = min(trails, key=lambda trail: abs(trail.origin(0.0)))
            low, high = sorted((trail.origin(0.0), trail.origin(rows - 1.0)))
            yield trail.entry.node, math.ceil(low), math.floor(high)


def _table(node: Node, item: Node, weights: Mapping[str, Weight]) -> Weight | None:
    """The weight of which a lookup chooses rows."""
    if item.op not in ("GatherV2", "ResourceGather", "Gather") or len(item.operands) < 2:
        return None
    table = next((one for one in node.lowering or () if one.id == item.operands[0].node), None)
    if table is None or table.kind != "read":
        return None
    weight = weights.get(node.weights[table.whole("index")])
    return weight if weight is not None and weight.shape else None


def _range(port: Port) -> tuple[int, int] | None:
    return integer_range(port) if family_of(port) == "integer" else None


def _every(port: Port, reach: Reach, rows: int, rng: np.random.Generator) -> Array:
    """Ids from the first to the last, in any order; where they do not fit, both ends and some of the rest."""
    shape = batch_shape(port, rows)
    if reach is None:
        return _ordinary(port, shape, rng)
    count, span = math.prod(shape), reach[1] - reach[0] + 1
    if span <= count:
        ids = np.resize(np.arange(reach[0], reach[1] + 1), count)
    else:
        ids = rng.integers(reach[0], reach[1], count, endpoint=True)
        ends = min(count // 4, 8)
        ids[:ends], ids[count - ends :] = reach[0] + np.arange(ends), reach[1] - np.arange(ends)
    return in_own_dtype(rng.permutation(ids).reshape(shape), port)
