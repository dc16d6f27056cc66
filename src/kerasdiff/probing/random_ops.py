"""The same random numbers on both sides: dropout masks carried over, or their distribution compared.

Two models may draw the same numbers from differently seeded or differently ordered generators. Where the traced ops
that draw correspond, the candidate is given what the reference drew, and both must agree as if nothing were random.
A mask may also be drawn from the other end (``u < keep`` for ``u >= rate``): then its mirror image is given.
Where they do not, or are out of reach in a loop body, outputs over many draws are compared as samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import ks_2samp

from kerasdiff.align.edits import inside
from kerasdiff.comparison import Rung, RungName
from kerasdiff.errors import EvaluateError
from kerasdiff.explain.patching import projection
from kerasdiff.graph import SEED_ROLE, Mode, Node
from kerasdiff.graph.values import Array, Precision
from kerasdiff.probing.prober import Prober, Run, both, closeness, judged, noted
from kerasdiff.rungs.architecture import Aligned, Structure
from kerasdiff.side.observations import Draw, EvaluateRequest, Evaluation, Stage, Staged

COPIES = 2048
"""Copies of each row in one batch, each with random numbers of its own. The test tells noise of 0.5 from noise of 0.6
then; with 256 copies it did not tell it from 0.8."""

FEWEST_COPIES = 128

MOST_VALUES = 1 << 22
"""Input values of such a batch at most: 32 MiB in float64."""

PROJECTIONS = 8
"""Random directions in which each output's sample is looked at; correlations between its entries show there."""

SAME_VALUE = 1e-6
"""Fraction of the largest below which two values of a sample are one: float32 rounds at 1e-7, 512 draws of a continuous
distribution lie 1e-3 apart."""

SMALLEST_P = 1e-6
"""Two samples of one distribution fall below this once in a million comparisons (two-sample Kolmogorov-Smirnov)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Both sides on the first probe, with the same random numbers.

    Attributes:
        count: Random ops that were given the other side's numbers.
        sure: Whether it is known which op corresponds to which.
        transposed: Runs the same with the mirror image of what unaligned ops drew; ``None`` where all are aligned.
    """

    run: Run
    count: int
    sure: bool
    transposed: Callable[[], Run] | None = None


def by_chance(prober: Prober, structure: Structure, run: Run, name: RungName) -> Rung | None:
    """The inference rung of a model that is random when called; ``None`` where its numbers are out of reach."""
    found = matched(prober, structure, run, "inference")
    if found is None:
        return None
    return settled(lambda run: judged(name, closeness(run), run, "probe outputs"), found, prober, run, training=False)


def apart(structure: Structure, mode: Mode) -> bool:
    """Whether two models may differ in what they draw alone: both draw, from generators that do not correspond.

    Where all that one side does more is to draw (a Dropout on one side alone), that is a difference of its own.
    """
    item = structure.modes.get(mode)
    if item is None:
        return False
    graphs = item.reference.graph, item.candidate.graph
    drawing = [{node.id for node in graph if _draws_anew(node)} for graph in graphs]
    if not all(drawing) or _seeded_alike(item, structure.weights):
        return False
    edits = [edit for edit in structure.edits if mode in edit.modes]
    places = [edit.reference or edit.candidate for edit in edits if edit.kind in ("insert", "delete")]
    more = len({edit.kind for edit in edits}) == 1 and len(places) == len(edits)
    return not (more and all(place is not None and any(place.node in side for side in drawing) for place in places))


def sampled(prober: Prober, run: Run, name: RungName, *, training: bool) -> Rung:
    """The rung of models of which it is only known that they draw other numbers: their outputs as samples."""
    found = distribution(prober, run, name, training=training)
    detail = "both sides draw random numbers that do not correspond, and the inputs are too large to compare samples"
    return found or Rung(name=name, outcome="failed", detail=detail)


def settled(judge: Callable[[Run], Rung], found: Matched, prober: Prober, run: Run, *, training: bool) -> Rung:
    """What matched random numbers say; where it had to be guessed which belong together, a difference needs more."""
    text = f"{found.count} random ops of the candidate were given the numbers of the reference's"
    rung = judge(found.run)
    if rung.outcome == "different" and found.transposed is not None:
        again = judge(found.transposed())
        if again.outcome != "different":
            return noted(again, f"{text}, or their mirror image, which is as likely")
    if rung.outcome != "different" or found.sure:
        return noted(rung, text)
    return distribution(prober, run, rung.name, training=training) or noted(rung, text)


def matched(prober: Prober, structure: Structure, run: Run, mode: Mode) -> Matched | None:
    """Runs both sides on the first probe, the candidate with what the reference drew.

    Returns:
        ``None`` where both draw the same numbers anyway, a side draws nothing, or out of reach, or the draws do not
        correspond one to one.
    """
    item = structure.modes.get(mode)
    if item is not None and _seeded_alike(item, structure.weights):
        return None
    probe = prober.batches[run.names[0]]
    plain = tuple(
        Stage(recipes=recipes, probe=probe, precision=run.precision, mode=mode, outputs=True, effects=True)
        for recipes in prober.recipes
    )
    nodes = {} if item is None else item.alignment.nodes
    try:
        drawn = both(lambda side: prober.sides[side].stage(plain[side]))
        pairs = _pairs(drawn, nodes)
        if pairs is None:
            return None
        where, sure = pairs
        seeds = projection(drawn[0].outputs)
        own = {one: drawn[0].draws[one].value for one in where}

        def given(draws: Mapping[int, Array]) -> Run:
            asked = tuple(
                replace(stage, draws=some, pull_outputs=seeds, pull_losses=True)
                for stage, some in zip(plain, (own, draws), strict=True)
            )
            done = both(lambda side: prober.sides[side].stage(asked[side]))
            sides = (_evaluation(done[0], run.sides[0]), _evaluation(done[1], run.sides[1]))
            return replace(run, names=run.names[:1], sides=sides)

        straight = _given(drawn, where)
        loose = _unaligned(drawn, where, nodes)
        transposed = {
            two: _mirrored(drawn[1].draws[two].family, v) if two in loose else v for two, v in straight.items()
        }
        once = given(straight)
    except EvaluateError:
        return None  # a side that cannot be run in parts is judged by what could be run
    return Matched(run=once, count=len(where), sure=sure, transposed=(lambda: given(transposed)) if loose else None)


def _mirrored(family: str, value: Array) -> Array:
    """Numbers as likely as these: the distributions are symmetric, about 1/2 or about 0."""
    return 1 - value if family == "uniform" else -value


def _unaligned(drawn: tuple[Staged, Staged], where: Mapping[int, int], nodes: Mapping[str, str]) -> set[int]:
    """Draws of the candidate that correspond, though the nodes that make them are not aligned."""
    return {two for one, two in where.items() if nodes.get(drawn[0].draws[one].node) != drawn[1].draws[two].node}


def _seeded_alike(item: Aligned, weights: Mapping[str, str]) -> bool:
    """Whether every node that draws is aligned with one that does, and their generators start from the same state."""
    drawing = tuple(
        {node.id: node for node in graph if _draws(node)} for graph in (item.reference.graph, item.candidate.graph)
    )
    pairs = {one: item.alignment.nodes.get(one) for one in drawing[0]}
    if set(pairs.values()) != set(drawing[1]):
        return False
    for one, two in pairs.items():
        seeds = [name for name in drawing[0][one].weights if SEED_ROLE in name]
        if not seeds or any(weights.get(name) not in drawing[1][str(two)].weights for name in seeds):
            return False
    return True


def _draws(node: Node) -> bool:
    return node.lowering is not None and any("Random" in item.op for item in inside(node))


def _draws_anew(node: Node) -> bool:
    """Whether a node draws other numbers in the next call: a constant seed gives the same ones, which are constants."""
    if not _draws(node):
        return False
    stateful = any("Random" in item.op and not item.op.startswith("Stateless") for item in inside(node))
    return stateful or any(SEED_ROLE in name for name in node.weights)


def drawing(prober: Prober, run: Run, mode: Mode) -> tuple[bool, bool]:
    """Whether each side draws random numbers, new ones in every call; so taken where it cannot be run in parts."""
    probe = prober.batches[run.names[0]]

    def ask(side: int) -> bool:
        stage = Stage(
            recipes=prober.recipes[side], probe=probe, precision=run.precision, mode=mode, outputs=True, effects=True
        )
        try:
            found = prober.sides[side].stage(stage)
        except EvaluateError:
            return True
        return found.hidden or bool(found.draws)

    return both(ask)


def given_draws(prober: Prober, structure: Structure, plain: tuple[Stage, Stage], mode: Mode) -> tuple[Stage, Stage]:
    """The same two stages, both with the random numbers of the reference where they correspond.

    The reference is given what it drew itself: an op that no seed controls would draw anew in every run.

    Raises:
        EvaluateError: If a side cannot be run in parts, or draws other numbers each time.
    """
    stages = [replace(stage, outputs=True, effects=True) for stage in plain]
    drawn = both(lambda side: prober.sides[side].stage(stages[side]))
    item = structure.modes.get(mode)
    if not any(side.draws or side.hidden for side in drawn):
        return plain
    pairs = _pairs(drawn, {} if item is None else item.alignment.nodes)
    if pairs is not None:
        own = {one: drawn[0].draws[one].value for one in pairs[0]}
        return replace(plain[0], draws=own), replace(plain[1], draws=_given(drawn, pairs[0]))
    # Each side keeps its own: what is drawn anew in every run would leave a remainder.
    first, second = ({n: draw.value for n, draw in enumerate(side.draws)} for side in drawn)
    kept = replace(plain[0], draws=first), replace(plain[1], draws=second)
    for side, label in enumerate(("reference", "candidate")):
        if drawn[side].hidden and not _repeats(prober, side, kept[side]):
            raise EvaluateError(f"the {label} draws other random numbers each time it is called in {mode} mode")
    return kept


def _repeats(prober: Prober, side: int, stage: Stage) -> bool:
    """Whether a stage gives the same outputs twice."""
    once, again = (prober.sides[side].stage(replace(stage, outputs=True)).outputs for _ in range(2))
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(once, again, strict=True))


def _given(drawn: tuple[Staged, Staged], where: Mapping[int, int]) -> dict[int, Array]:
    """What the candidate's draws are given, in their own dtype."""
    first, second = drawn[0].draws, drawn[1].draws
    return {two: first[one].value.astype(second[two].value.dtype) for one, two in where.items()}


def _evaluation(staged: Staged, like: Evaluation) -> Evaluation:
    return replace(
        like,
        outputs=(staged.outputs,),
        repeated=True,
        gradients={name: staged.gradients.get(name) for name in like.gradients},
        state={name: staged.state.get(name, value) for name, value in like.state.items()},
        losses=staged.losses,
        added=(sum(staged.losses.values()),),
    )


def _pairs(sides: tuple[Staged, Staged], nodes: Mapping[str, str]) -> tuple[dict[int, int], bool] | None:
    """Positions of the draws that correspond, and whether that is sure: by aligned node, or alone of their kind."""
    if any(side.hidden or not side.draws for side in sides):
        return None
    first, second = _kinds(sides[0].draws), _kinds(sides[1].draws)
    if {kind: len(some) for kind, some in first.items()} != {kind: len(some) for kind, some in second.items()}:
        return None
    found: dict[int, int] = {}
    sure = True
    for kind, ones in first.items():
        twos = second[kind]
        aligned = _aligned(ones, twos, sides, nodes)
        sure = sure and (aligned is not None or len(ones) == 1)
        found.update(aligned if aligned is not None else zip(ones, twos, strict=True))
    return found, sure


def _kinds(draws: Sequence[Draw]) -> dict[tuple[str, tuple[int, ...]], list[int]]:
    found: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for position, draw in enumerate(draws):
        found.setdefault((draw.family, draw.value.shape), []).append(position)
    return found


def _aligned(
    ones: Sequence[int], twos: Sequence[int], sides: tuple[Staged, Staged], nodes: Mapping[str, str]
) -> dict[int, int] | None:
    left = list(twos)
    found = {}
    for one in ones:
        home = nodes.get(sides[0].draws[one].node)
        two = next((position for position in left if sides[1].draws[position].node == home), None)
        if two is None:
            return None
        left.remove(two)
        found[one] = two
    return found


def distribution(prober: Prober, run: Run, name: RungName, *, training: bool) -> Rung | None:
    """Compares the outputs of many copies of the first probe as samples; agreement is advisory, never a proof.

    Returns:
        ``None`` where the copies would take too much memory, or a side cannot be run on them.
    """
    probe = prober.batches[run.names[0]]
    rows = max((len(batch) for batch in probe if batch.ndim), default=0)
    if rows and _copies(probe) < FEWEST_COPIES:
        probe, rows = tuple(batch[:1] if batch.ndim else batch for batch in probe), 1
    count = _copies(probe)
    if not rows or count < FEWEST_COPIES:
        return None
    copies = tuple(np.repeat(batch, count, axis=0) if batch.ndim else batch for batch in probe)
    try:
        outputs = both(lambda side: _outputs(prober, side, copies, run.precision, training=training))
    except EvaluateError:
        return None
    smallest, tests = 1.0, 0
    for one, two in zip(*outputs, strict=False):
        if one.dtype.kind != "f" or one.shape != two.shape or not one.shape or len(one) != rows * count:
            continue
        for p in _p_values(one, two, rows):
            smallest, tests = min(smallest, p), tests + 1
    if not tests:
        return None
    figures = {"smallest_p": smallest, "tests": tests, "draws": rows * count, "limit_p": SMALLEST_P}
    text = (
        f"random numbers cannot be carried over; as samples of {count:,} draws a row, smallest p {smallest:.1e} "
        f"of {tests} comparisons, limit {SMALLEST_P:.0e} over all"
    )
    if smallest < SMALLEST_P / tests:
        return Rung(
            name=name, outcome="different", detail=f"the outputs differ in distribution: {text}", figures=figures
        )
    return Rung(name=name, outcome="advisory", detail=f"the outputs agree in distribution: {text}", figures=figures)


def _copies(probe: tuple[Array, ...]) -> int:
    """How often each row of a batch is drawn for."""
    return min(COPIES, MOST_VALUES // max(1, sum(batch.size for batch in probe)))


def _outputs(
    prober: Prober, side: int, probe: tuple[Array, ...], precision: Precision, *, training: bool
) -> tuple[Array, ...]:
    request = EvaluateRequest(recipes=prober.recipes[side], probes=(probe,), precision=precision, training=training)
    return prober.sides[side].evaluate(request).outputs[0]


def _p_values(one: Array, two: Array, rows: int) -> list[float]:
    """P of each original row, in random directions."""
    flat = [value.reshape(rows, len(value) // rows, -1).astype(np.float64) for value in (one, two)]
    directions = np.random.default_rng(5).standard_normal((flat[0].shape[-1], PROJECTIONS))
    samples = [np.nan_to_num(value @ directions) for value in flat]
    return [
        float(ks_2samp(*_ranked(samples[0][row, :, number], samples[1][row, :, number]), method="asymp").pvalue)
        for row in range(rows)
        for number in range(PROJECTIONS)
    ]


def _ranked(one: Array, two: Array) -> tuple[Array, Array]:
    """Both samples as ranks, values that only rounding tells apart as one: dropout gives few values, many times each.

    The test goes by order alone, so two values 1e-8 apart would part the samples as if they were far apart.
    """
    pooled = np.concatenate([one, two])
    order = np.argsort(pooled, kind="stable")
    ranks = np.empty(len(pooled), dtype=np.int64)
    ranks[order] = np.cumsum(np.diff(pooled[order], prepend=pooled[order[:1]]) > SAME_VALUE * np.max(np.abs(pooled)))
    return ranks[: len(one)], ranks[len(one) :]
