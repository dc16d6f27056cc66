"""What do two saved files hold, weight by weight, and what do they compute with it?

Between files the stored values are the function: random ones, as all other rungs put into both sides, say nothing of
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerasdiff.align.pair import Joined, Pair
from kerasdiff.errors import EvaluateError
from kerasdiff.findings import Compared, Subject
from kerasdiff.graph.values import Array, Closeness, Tolerance
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.probing.observations import Comparisons, StoredValues
from kerasdiff.probing.prober import Run, batches_of, both, output_comparisons, rank
from kerasdiff.side.checkpoints import Held
from kerasdiff.side.observations import Evaluation
from kerasdiff.side.protocol import Side

STORED_LIMIT = 1e-6
"""Fraction of a weight's largest value up to which two stored ones are the same: eight units in the last place of
float32, as a conversion through another format leaves."""

MOST_AT_ONCE = 1 << 24
"""Numbers a worker is asked for at once, 64 MiB: a file may hold more than fits twice."""


def observe_values(sides: tuple[Side, Side], pair: Pair, seed: int, *, runs: bool) -> StoredValues:
    """Compares what corresponding weights hold and, where that differs, the outputs of both files as they are.

    Args:
        sides: Two saved models.
        pair: With the weights that correspond.
        seed: Of the probes.
        runs: Whether both take the same inputs.

    Raises:
        EvaluateError: If a side cannot be read.
    """
    pairs = _held(pair)
    asked = _unlike(sides, pair, pairs)
    seen = [item for some in _groups(asked, pair) for item in _compared(sides, pair, some)]
    parts = [item for one in pair.transfer.joined for item in _parts(sides, one)]
    seen += parts
    beyond = tuple(sorted((item for item in seen if not item.closeness.equal), key=rank, reverse=True))
    return StoredValues(
        compared=len(pairs) + len(parts),
        beyond=beyond,
        rounding=max((item.closeness.max_relative for item in seen if item.closeness.equal), default=0.0),
        outputs=_outputs(sides, pair, seed) if beyond and runs else None,
    )


def _held(pair: Pair) -> list[tuple[str, str]]:
    """The pairs of weights that hold something to compare."""
    first, second = pair.weights
    known = [(one, two) for one, two in sorted(pair.transfer.pairs.items()) if one in first and two in second]
    return [(a, b) for a, b in known if not first[a].is_seed and first[a].size == second[b].size > 0]


def _unlike(sides: tuple[Side, Side], pair: Pair, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that are not known to hold the same values by their bytes."""
    names = tuple(one for one, _ in pairs), tuple(two for _, two in pairs)
    digests = both(lambda side: sides[side].start_digests(names[side]))
    return [(one, two) for one, two in pairs if digests[0][one] != digests[1][two] or not _laid_alike(pair, one, two)]


def _laid_alike(pair: Pair, one: str, two: str) -> bool:
    """Whether the same bytes are the same values."""
    return two not in pair.transfer.transposed and pair.weights[0][one].dtype == pair.weights[1][two].dtype


def _groups(pairs: Sequence[tuple[str, str]], pair: Pair) -> Iterator[list[tuple[str, str]]]:
    """The pairs in groups of no more numbers than fit."""
    group: list[tuple[str, str]] = []
    total = 0
    for one, two in pairs:
        size = pair.weights[0][one].size
        if group and total + size > MOST_AT_ONCE:
            yield group
            group, total = [], 0
        group.append((one, two))
        total += size
    if group:
        yield group


def _compared(sides: tuple[Side, Side], pair: Pair, some: Sequence[tuple[str, str]]) -> Iterator[Compared]:
    names = tuple(one for one, _ in some), tuple(two for _, two in some)
    held = both(lambda side: sides[side].start_values(names[side]))
    for one, two in some:
        close = _closeness(held[0][one], held[1][two], transposed=two in pair.transfer.transposed)
        yield Compared(subject=Subject(quantity="stored value", weight=one), closeness=close)


def _parts(sides: tuple[Side, Side], joined: Joined) -> Iterator[Compared]:
    """What a weight that holds several of the other side holds of each."""
    whole = sides[joined.side].start_values((joined.whole,))[joined.whole]
    others = sides[1 - joined.side].start_values(joined.parts)
    for name, held in zip(joined.parts, joined.join.parted(whole, len(joined.parts)), strict=True):
        laid = held.reshape(others[name].shape)
        ones = (laid, others[name]) if joined.side == 0 else (others[name], laid)
        yield Compared(
            subject=Subject(quantity="stored value", weight=name), closeness=_closeness(*ones, transposed=False)
        )


def _closeness(one: Array, two: Array, *, transposed: bool) -> Closeness:
    laid = (two.T if transposed else two).reshape(one.shape)
    if one.dtype.kind == laid.dtype.kind == "f":  # another dtype is a setting, told as one
        laid = laid.astype(one.dtype)
    return compare_values(one, laid, Tolerance(limit=STORED_LIMIT, grounds="float32"))


def _outputs(sides: tuple[Side, Side], pair: Pair, seed: int) -> Comparisons | None:
    """The outputs with the values as stored; ``None`` where a side cannot be run, or gives others every time."""
    try:
        batches = batches_of(pair.descriptions[0].inputs, seed)
        held = both(lambda side: sides[side].stored_outputs(tuple(batches.values())))
    except EvaluateError:
        return None
    if not all(one.repeated for one in held):
        return None
    tolerance = precision_tolerance("float32")
    run = Run(names=tuple(batches), sides=(_evaluation(held[0]), _evaluation(held[1])), precision="float32",
              tolerance=tolerance)  # fmt: skip
    return Comparisons(compared=tuple(output_comparisons(run)), precision="float32", tolerance=tolerance)


def _evaluation(held: Held) -> Evaluation:
    return Evaluation(outputs=held.outputs, repeated=held.repeated)
