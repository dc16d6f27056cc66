"""What does a training step of both models see and do? Outputs, losses, gradients, updates, one optimizer step."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from kerasdiff.align.pair import Pair
from kerasdiff.findings import SIDES, Compared, Fact, Finding, Quantity, Subject
from kerasdiff.graph import Node
from kerasdiff.graph.ops import GRADIENT_STOPS
from kerasdiff.graph.values import Array, Closeness, Tolerance
from kerasdiff.probing.draws.sharing import drawn_apart
from kerasdiff.probing.function import observe_chance
from kerasdiff.probing.numbers.closeness import compare_values, noise
from kerasdiff.probing.observations import Comparisons, LearningObservation
from kerasdiff.probing.prober import FAR, FEW_EDITS, WEIGHT_SCALES, Prober, Run, output_comparisons
from kerasdiff.probing.training.asked import Learning, element
from kerasdiff.probing.training.penalties import penalties
from kerasdiff.probing.training.stepping import one_step, rows_alone
from kerasdiff.side.observations import Evaluation

VANISHED = 2.0**-52
"""Fraction of the gradients at ordinary weights below which one at larger weights is what rounding left of it.

There a softmax is 1 and its gradient cancels to nothing, how exactly depends on how it is written."""


def observe_learning(asked: Learning, *, enlarge: bool, coarse: Finding | None = None) -> LearningObservation:
    """Calls both models in training mode, and takes an optimizer step where nothing differs before it.

    Args:
        asked: What is compared.
        enlarge: Whether larger weights are tried, as where outputs tell nothing.
        coarse: Why in float32, where float64 is out of reach.

    Raises:
        EvaluateError: If a side cannot be run.
    """
    prober, names = asked.prober, asked.prober.training_names
    run = prober.precise(names, training=True) if coarse is None else prober.narrow(names, coarse, training=True)
    if any(len(ones) != len(twos) for ones, twos in zip(*(side.outputs for side in run.sides), strict=True)):
        return LearningObservation(masked_apart=True)
    repeated = run.sides[0].repeated, run.sides[1].repeated
    comparisons = _compared(asked, run) if all(repeated) else None
    # Where a draw rarely matters, sides that draw their own numbers may agree by chance alone: the same draws tell.
    if comparisons is not None and comparisons.agree and not drawn_apart(asked.pair, "training"):
        return _agreeing(asked, run, comparisons, enlarge=enlarge)
    if comparisons is not None and comparisons.undecided and not comparisons.differ:
        return LearningObservation(comparisons=comparisons)
    return _apart(asked, run, repeated, comparisons)


def _agreeing(asked: Learning, run: Run, comparisons: Comparisons, *, enlarge: bool) -> LearningObservation:
    """What larger weights and an optimizer step say of sides that agree so far."""
    if enlarge:
        comparisons = replace(comparisons, compared=(*comparisons.compared, *_enlarged(asked, run)))
    if not comparisons.agree:
        return LearningObservation(comparisons=comparisons)
    step, compared = one_step(asked, run)
    comparisons = replace(comparisons, compared=(*comparisons.compared, *compared))
    return LearningObservation(comparisons=comparisons, step=step)


def _apart(
    asked: Learning, run: Run, repeated: tuple[bool, bool], comparisons: Comparisons | None
) -> LearningObservation:
    """What the same random numbers say of sides that do not agree, or do not repeat themselves, or draw their own."""
    chance = observe_chance(
        asked.prober,
        asked.pair,
        run,
        "training",
        lambda run: _compared(asked, run),
        steady=comparisons is not None,
        sampled=comparisons is None or not comparisons.absent,
    )
    rows = None
    if chance.shared is not None and (chance.mirrored or chance.shared).agree:
        rows = rows_alone(asked, run)
    return LearningObservation(repeated=repeated, comparisons=comparisons, chance=chance, step=rows)


# One call --------------------------------------------------------------------------------------------------


def _compared(asked: Learning, run: Run) -> Comparisons:
    """Everything that is compared; what rounding alone may do to the reference is taken as equal."""
    comparisons = _seen(asked, run, run.wide)
    if comparisons.absent:
        return comparisons
    settled = asked.prober.tempered(
        run,
        comparisons.compared,
        *asked.compared(lambda asked, run: _seen(asked, run, run.wide).compared),
        training=True,
    )
    return replace(comparisons, compared=tuple(settled))


def _seen(asked: Learning, run: Run, wide: Tolerance, least: float = 0.0) -> Comparisons:
    """``wide`` is the limit of what sums over positions and layers, ``least`` the least scale of a gradient."""
    weights = _Weights(asked, run, wide, least)
    return Comparisons(
        compared=(
            *output_comparisons(run, "training output"),
            *penalties(run, asked.pair.transfer.pairs, wide),
            *weights.compared,
        ),
        precision=run.precision,
        tolerance=run.tolerance,
        coarse=run.coarse,
        absent=tuple(weights.absent),
        hidden=dict(weights.hidden),
    )


class _Weights:
    """Gradients and state updates by pair of weights.

    Attributes:
        compared: Comparisons of what both sides have.
        absent: Gradients that one side alone has, with the reason.
        hidden: How many differences each ignored setting hid.
    """

    def __init__(self, asked: Learning, run: Run, wide: Tolerance, least: float) -> None:
        self.compared: list[Compared] = []
        self.absent: list[Finding] = []
        self.hidden: Counter[str] = Counter()
        self._asked, self._wide = asked, wide
        sides = run.sides[0], _laid_out(run.sides[1], asked)
        self._least = max(noise(wide) * _largest_gradient(sides[0]), least)
        for names in asked.pair.transfer.drawn_alike.items():
            self._trained(names, sides)
            self._gradients(names, sides)
            self._states(names, sides)

    def _trained(self, names: tuple[str, str], sides: tuple[Evaluation, Evaluation]) -> None:
        trained = [name in side.gradients for name, side in zip(names, sides, strict=True)]
        if trained[0] == trained[1]:
            return
        if "trainable" in self._asked.ignore:
            self.hidden["trainable"] += 1
            return
        side = SIDES[trained.index(True)]
        self.absent.append(Finding(fact=Fact.FROZEN_ON_ONE_SIDE, side=side, weights=(names[0],)))

    def _gradients(self, names: tuple[str, str], sides: tuple[Evaluation, Evaluation]) -> None:
        if not all(name in side.gradients for name, side in zip(names, sides, strict=True)):
            return
        a, b = (side.gradients[name] for name, side in zip(names, sides, strict=True))
        if (a is None) != (b is None):
            if not _zero(a if b is None else b):
                self.absent.append(_lost(self._asked.pair, names, lost=0 if a is None else 1))
        elif a is not None and b is not None and a.dtype.kind == "f":
            self._add("gradient", names[0], element(a, self._in_dtype(a, b), self._wide, self._least))

    def _states(self, names: tuple[str, str], sides: tuple[Evaluation, Evaluation]) -> None:
        if not all(name in side.state for name, side in zip(names, sides, strict=True)):
            return
        a, b = (side.state[name] for name, side in zip(names, sides, strict=True))
        if a.dtype.kind == "f":
            self._add("state", names[0], element(a, self._in_dtype(a, b), self._wide, 0.0))
        elif a.dtype == b.dtype and a.shape == b.shape and not _is_seed(self._asked.pair, names[0]):
            self._add("state", names[0], compare_values(a, b, self._wide))

    def _add(self, quantity: Quantity, weight: str, close: Closeness) -> None:
        self.compared.append(Compared(subject=Subject(quantity=quantity, weight=weight), closeness=close))

    def _in_dtype(self, a: Array, b: Array) -> Array:
        """The second value in the dtype of the first, where dtypes are ignored."""
        if "dtype" not in self._asked.ignore or a.dtype == b.dtype or b.dtype.kind != "f":
            return b
        self.hidden["dtype"] += 1
        return b.astype(a.dtype)


def _laid_out(side: Evaluation, asked: Learning) -> Evaluation:
    """The candidate's gradients and states as the reference lays its weights out."""
    transposed = asked.pair.transfer.transposed
    gradients = {name: g.T if g is not None and name in transposed else g for name, g in side.gradients.items()}
    state = {name: value.T if name in transposed else value for name, value in side.state.items()}
    return replace(side, gradients=gradients, state=state)


def _lost(pair: Pair, names: tuple[str, str], *, lost: int) -> Finding:
    """Why a trainable weight gets no gradient on one side."""
    side, name = SIDES[lost], names[lost]
    graph = pair.descriptions[lost].training
    if graph is None or not any(name in node.weights for node in graph):
        return Finding(fact=Fact.WEIGHT_NOT_READ, side=side, weights=(names[0],))
    stop = next((node for node in graph if _stops(node)), None)
    if stop is None:
        return Finding(fact=Fact.NOTHING_LEARNED_FROM, side=side, weights=(names[0],))
    lines = [node.source for node in graph if _stops(node) and node.source is not None]
    return Finding(
        fact=Fact.GRADIENT_STOPPED, side=side, weights=(names[0],), names=(stop.id,), sources=tuple(lines[:1])
    )


def _stops(node: Node) -> bool:
    return node.op == "stop_gradient" or any(item.op in GRADIENT_STOPS for item in node.lowering or ())


def _largest_gradient(side: Evaluation) -> float:
    return max((float(np.max(np.abs(g))) for g in side.gradients.values() if g is not None and g.size), default=0.0)


def _is_seed(pair: Pair, name: str) -> bool:
    weight = pair.weights[0].get(name)  # a part of a weight is none of its own
    return weight is not None and weight.is_seed


def _zero(value: Array | None) -> bool:
    return value is None or not np.any(value)


# Larger weights --------------------------------------------------------------------------------------------


def _enlarged(asked: Learning, run: Run) -> list[Compared]:
    """The same comparisons with larger weights: a bound may lie where no ordinary weight, value or gradient comes.

    The limits are those of a search with such weights. Where many edits stand between the models rounding may run
    away, so the added losses alone are compared; what is not finite is the weights' doing.

    Raises:
        EvaluateError: If a side cannot be run with such weights.
    """
    few = len(asked.pair.edits) <= FEW_EDITS
    alone = not run.exact or not (few and asked.pair.edits)
    if alone and not any(side.losses.calls or side.losses.regularizers for side in run.sides):
        return []
    scales = WEIGHT_SCALES if few else WEIGHT_SCALES[:1]
    return [
        replace(item, subject=replace(item.subject, weight_scale=scale))
        for scale in scales
        for item in _with_scale(asked, run, scale, alone=alone)
    ]


def _with_scale(asked: Learning, run: Run, scale: float, *, alone: bool) -> list[Compared]:
    """What is compared with larger weights: the added losses ``alone``, or everything on the first probe."""
    far = Tolerance(limit=FAR, grounds="far")
    least = VANISHED * _largest_gradient(run.sides[0])
    larger = Prober(asked.prober.sides, asked.prober.transfer, asked.prober.batches, weight_scale=scale)

    def compared(asked: Learning, run: Run) -> list[Compared]:
        items = penalties(run, asked.pair.transfer.pairs, far) if alone else _seen(asked, run, far, least).compared
        return [item for item in items if np.isfinite(item.closeness.max_absolute)]

    sides = larger.run(run.precision, run.names[:1], training=True)
    first = replace(run, names=run.names[:1], sides=sides, tolerance=far, own={})
    comparisons = compared(asked, first)
    settled = larger.tempered(first, comparisons, *asked.compared(compared), training=True, plain=np.inf)
    return [item for item in settled if not item.closeness.undecided]
