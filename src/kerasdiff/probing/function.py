"""What do both models compute when they are called? Outputs with randomised weights, on every probe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kerasdiff.align.pair import Pair
from kerasdiff.findings import SIDES, Compared, Fact, Finding, Subject
from kerasdiff.graph import Mode
from kerasdiff.graph.values import Array
from kerasdiff.probing.draws.samples import sample
from kerasdiff.probing.draws.sharing import drawing, drawn_apart, share_draws
from kerasdiff.probing.inputs.probes import other_sizes
from kerasdiff.probing.inputs.texts import with_words
from kerasdiff.probing.large import IN_FLOAT64, is_large, lacks_room, left_out
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.numbers.limits import FAR_FROM_ROUNDING, OTHER_SIZE, precision_tolerance
from kerasdiff.probing.numbers.rounding import NARROW_SIZES, PLAIN, wide_of
from kerasdiff.probing.observations import Chance, Comparisons, FunctionObservation, OtherSize
from kerasdiff.probing.prober import Prober, Run, both, output_comparisons
from kerasdiff.probing.training.penalties import scalars
from kerasdiff.side.observations import Evaluation

MOVED = "moved"
"""Name of the first probe moved by rounding."""


def observe_function(prober: Prober, pair: Pair, other_size: OtherSize) -> FunctionObservation:
    """Calls both models on every probe; where a proof is to be confirmed alone, on one in float32.

    Raises:
        EvaluateError: If a side cannot be run.
    """
    if pair.isomorphic:
        return _confirmation(prober)
    run = _plain(prober, pair) if is_large(pair) else None
    if run is None and (lack := lacks_room(pair, IN_FLOAT64)) is not None:
        run = prober.narrow(prober.names, lack, training=False)
    return _observed(prober, pair, other_size, run or prober.precise(prober.names, training=False))


def _plain(prober: Prober, pair: Pair) -> Run | None:
    """A run in float32, which needs no other copy of a large model; ``None`` where more is needed to tell.

    It tells where outputs on ordinary inputs differ by more than rounding, and by far more than the reference reacts to
    inputs that are moved by some of it; or weights, where inputs are whole numbers.
    """
    run = prober.narrow(prober.names, left_out(pair, Fact.FLOAT32_TELLS), training=False)
    if not all(side.repeated for side in run.sides):
        return None
    apart = _first_apart(run, run.sides[1])
    if apart < PLAIN:
        return None
    batch = prober.batches[run.names[0]]
    if any(one.dtype.kind == "f" for one in batch):
        near = prober.with_batch(MOVED, tuple(map(_moved, batch)))
        moved = near.alone("float32", (MOVED,), training=False)
    else:
        moved = prober.alone("float32", run.names[:1], training=False, perturbation=NARROW_SIZES[0])
    return run if apart > FAR_FROM_ROUNDING * _first_apart(run, moved) else None


def _first_apart(run: Run, other: Evaluation) -> float:
    """How far the outputs of a side are from those of the reference on the first probe, as a fraction of scale."""
    sides = replace(run.sides[0], outputs=run.sides[0].outputs[:1]), replace(other, outputs=other.outputs[:1])
    items = output_comparisons(replace(run, names=run.names[:1], sides=sides))
    return max((item.closeness.max_relative for item in items), default=0.0)


def _moved(batch: Array) -> Array:
    """A batch moved by rounding, where it holds real numbers."""
    if batch.dtype.kind != "f":
        return batch
    noise = np.random.default_rng(13).standard_normal(batch.shape)
    return np.asarray((batch * (1.0 + NARROW_SIZES[0] * noise)).astype(batch.dtype))


def _observed(prober: Prober, pair: Pair, other_size: OtherSize, run: Run) -> FunctionObservation:
    """What a run on every probe says, and what is to be asked then."""
    repeated = run.sides[0].repeated, run.sides[1].repeated
    untaken = run.sides[0].untaken, run.sides[1].untaken
    if not all(repeated):
        drawn = observe_chance(prober, pair, run, "inference", compared, steady=False)
        return FunctionObservation(repeated=repeated, chance=drawn, untaken=untaken, other_size=other_size)
    comparisons = compared(run)
    settled = prober.tempered(run, comparisons.compared, output_comparisons, output_comparisons, training=False)
    comparisons = replace(comparisons, compared=tuple(settled))
    chance: Chance | None = None
    if drawn_apart(pair, "inference"):  # outputs may agree by chance, where a draw rarely matters
        chance = observe_chance(prober, pair, run, "inference", compared, steady=True)
    return FunctionObservation(
        repeated=repeated,
        comparisons=comparisons,
        chance=chance,
        updates=_updates(prober, pair, run),
        added=scalars(run.sides[0].added[0], run.sides[1].added[0], wide_of(run.tolerance)),
        untaken=untaken,
        other_size=other_size,
    )


def _confirmation(prober: Prober) -> FunctionObservation:
    names = prober.names[:1]
    sides = prober.run("float32", names)
    run = Run(names=names, sides=sides, precision="float32", tolerance=precision_tolerance("float32"))
    repeated = sides[0].repeated, sides[1].repeated
    return FunctionObservation(repeated=repeated, comparisons=compared(run) if all(repeated) else None)


def compared(run: Run) -> Comparisons:
    """The model outputs of a run."""
    return Comparisons(
        compared=tuple(output_comparisons(run)),
        precision=run.precision,
        tolerance=run.tolerance,
        coarse=run.coarse,
    )


def observe_chance(
    prober: Prober,
    pair: Pair,
    run: Run,
    mode: Mode,
    compare: Callable[[Run], Comparisons],
    *,
    steady: bool,
    sampled: bool = True,
) -> Chance:
    """Looks at models that draw random numbers: with the same draws where they correspond, else as samples.

    Args:
        prober: Runs both sides.
        pair: Their alignment.
        run: The run that showed it.
        mode: Of that run.
        compare: Makes the comparisons of a run.
        steady: Whether both sides give the same bits twice, each by seeds of its own.
        sampled: Whether sides that are steady are compared as samples where their draws do not correspond.
    """
    training = mode == "training"
    shared = share_draws(prober, pair, run, mode)
    if shared is None:
        if steady:
            apart = sampled and drawn_apart(pair, mode)
            return Chance(apart=apart, samples=sample(prober, pair, run, training=training) if apart else None)
        anew = drawing(prober, run, mode)
        return Chance(drawing=anew, samples=sample(prober, pair, run, training=training) if all(anew) else None)
    comparisons = compare(shared.run)
    mirrored = samples = None
    if comparisons.differ:
        again = (compare(other()) for other in shared.others)
        mirrored = next((one for one in again if not one.differ), None)
    if comparisons.differ and mirrored is None and not shared.sure:
        samples = sample(prober, pair, run, training=training)
    return Chance(shared=comparisons, mirrored=mirrored, count=shared.count, sure=shared.sure, samples=samples)


def _updates(prober: Prober, pair: Pair, run: Run) -> tuple[Finding, ...]:
    """Weights that the call itself changes in inference mode, on one side alone or to another value."""
    first, second = (side.state for side in run.sides)
    updates = []
    for one, two in prober.transfer.drawn_alike.items():
        weight = pair.weights[0].get(one)
        if (weight is not None and weight.is_seed) or (one not in first and two not in second):
            continue
        if one in first and two in second:
            close = compare_values(first[one], second[two].reshape(first[one].shape), run.tolerance)
            if not close.equal:
                item = Compared(subject=Subject(quantity="state", weight=one), closeness=close)
                updates.append(Finding(fact=Fact.UPDATED_OTHERWISE, weights=(one,), compared=item))
        else:
            number = 0 if one in first else 1
            updates.append(Finding(fact=Fact.UPDATED_ALONE, side=SIDES[number], weights=((one, two)[number],)))
    return tuple(updates)


def resized(prober: Prober, pair: Pair, seed: int) -> tuple[Prober, OtherSize]:
    """The same prober with a probe of another size, the first that fits both sides, where inputs do not fix theirs."""
    ports = with_words(*(side.inputs for side in pair.descriptions))
    tried = []
    for batch in other_sizes(ports, seed):
        more = prober.with_batch(OTHER_SIZE, tuple(batch[port.name] for port in ports))
        shapes = ", ".join(str(one.shape) for one in more.batches[OTHER_SIZE])
        why = both(lambda side, more=more: more.refusal(side, OTHER_SIZE))  # type: ignore[misc]
        if why == ("", ""):
            return more, OtherSize()
        if "" in why:
            side = SIDES[1 if why[1] else 0]
            unfit = Finding(fact=Fact.SIZE_REFUSED, side=side, names=(shapes,), cause=why[0] or why[1])
            return prober, OtherSize(unfit=unfit)
        tried.append(shapes)
    return prober, OtherSize(tried=tuple(tried))
