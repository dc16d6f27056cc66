"""What does a training step of both models see and do? Outputs, losses, gradients, updates, one optimizer step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kerasdiff.align.pair import Pair
from kerasdiff.errors import EvaluateError
from kerasdiff.findings import SIDES, Compared, Fact, Finding, Quantity, Subject
from kerasdiff.graph import Node
from kerasdiff.graph.ops import GRADIENT_STOPS
from kerasdiff.graph.values import Array, Closeness, Tolerance
from kerasdiff.options import Ignored
from kerasdiff.probing.closeness import compare_values, noise
from kerasdiff.probing.draws.sharing import drawn_apart
from kerasdiff.probing.function import observe_chance
from kerasdiff.probing.lookups import row_by_row
from kerasdiff.probing.observations import Comparisons, LearningObservation, StepObservation
from kerasdiff.probing.penalties import penalties, scalars
from kerasdiff.probing.prober import FAR, FEW_EDITS, WEIGHT_SCALES, Prober, Run, Seen, both, output_comparisons
from kerasdiff.probing.rounding import AMPLIFIED, DECIDES, PERTURBATION, Again, doubtful, tempered
from kerasdiff.side.observations import Encoding, Evaluation, Stepped, StepRequest

VANISHED = 2.0**-52
"""Fraction of the gradients at ordinary weights below which one at larger weights is what rounding left of it.

There a softmax is 1 and its gradient cancels to nothing, how exactly depends on how it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """How two models are trained alike.

    Attributes:
        prober: Runs both.
        pair: Both, with the weights that correspond.
        ignore: What is left out; a worker has dropped ignored regularizers already.
        encodings: Form of the targets of each output, where a side's loss tells nothing about it.
    """

    prober: Prober
    pair: Pair
    ignore: tuple[Ignored, ...] = ()
    encodings: tuple[Encoding | None, ...] = ()

    @property
    def compiled(self) -> bool:
        """Whether each side learns by its own compile settings; else both by the defaults."""
        return all(side.compiled is not None for side in self.pair.descriptions) and "compile" not in self.ignore

    @property
    def of_the_reference(self) -> Learning:
        """The reference against itself."""
        return replace(self, pair=self.pair.with_transfer(self.pair.transfer.of_the_reference))

    def compared(self, by: Callable[[Learning, Run], Sequence[Compared]]) -> tuple[Seen, Seen]:
        """How runs of both sides are compared, and how runs of the reference alone are."""
        return partial(by, self), partial(by, self.of_the_reference)


def observe_learning(asked: Learning, *, enlarge: bool) -> LearningObservation:
    """Calls both models in training mode, and takes an optimizer step where nothing differs before it.

    Args:
        asked: What is compared.
        enlarge: Whether larger weights are tried, as where outputs tell nothing.

    Raises:
        EvaluateError: If a side cannot be run.
    """
    run = asked.prober.precise(asked.prober.training_names, training=True)
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
    step, compared = _step(asked, run)
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
        rows = _rows(asked, run)
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
            self._add("gradient", names[0], _element(a, self._in_dtype(a, b), self._wide, self._least))

    def _states(self, names: tuple[str, str], sides: tuple[Evaluation, Evaluation]) -> None:
        if not all(name in side.state for name, side in zip(names, sides, strict=True)):
            return
        a, b = (side.state[name] for name, side in zip(names, sides, strict=True))
        if a.dtype.kind == "f":
            self._add("state", names[0], _element(a, self._in_dtype(a, b), self._wide, 0.0))
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


def _element(a: Array, b: Array, tolerance: Tolerance, least: float) -> Closeness:
    """Compares two gradients on the scale of their own, or on ``least`` where their own is rounding.

    A bias before a batch normalisation has the gradient 0, and both sides compute some rounding instead: a millionth
    of the largest gradient tells.
    """
    counterpart = b.reshape(a.shape) if a.size == b.size else b
    return compare_values(a, counterpart, tolerance, least=least)


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
    first = replace(run, names=run.names[:1], sides=sides, tolerance=far)
    comparisons = compared(asked, first)
    settled = larger.tempered(first, comparisons, *asked.compared(compared), training=True, plain=np.inf)
    return [item for item in settled if not item.closeness.undecided]


# One optimizer step ----------------------------------------------------------------------------------------


def _step(asked: Learning, run: Run) -> tuple[StepObservation, list[Compared]]:
    """One step of sides that agree so far."""
    requests = _requests(asked, run)
    try:
        one, two = both(lambda side: asked.prober.stepped(side, requests[side]))
    except EvaluateError as error:
        return StepObservation(refused=error.message), []
    rows = row_by_row(asked.pair.transfer.drawn_alike, one, two)
    if not np.isfinite(one.loss) and np.array_equal(one.loss, two.loss, equal_nan=True):
        return StepObservation(rows=tuple(rows.values()), not_finite=True), []
    if not run.exact:
        return StepObservation(rows=tuple(rows.values()), rounding=True), []
    compared = _stepped(asked, (one, two), set(rows), run.wide)
    if doubtful(compared):
        compared = _without_noise(asked, run, (one, two), set(rows))
    taken = (one.optimizer, one.objective), (two.optimizer, two.objective)
    return StepObservation(rows=tuple(rows.values()), taken=taken), compared


def _without_noise(asked: Learning, run: Run, done: tuple[Stepped, Stepped], rows: set[str]) -> list[Compared]:
    """Steps of the entries that rounding does not decide, and of these with what rounding accounts for as equal.

    An adaptive optimizer divides by the size of a gradient: of one that is rounding alone, it makes a whole step, which
    says nothing. The gradient itself was compared.

    Raises:
        EvaluateError: If the reference cannot be run again.
    """
    one = done[0]
    request = _requests(asked, run)[0]
    again = asked.prober.stepped(0, replace(request, perturbation=PERTURBATION))
    noisy = {name: _noisy(value, again.updates[name]) for name, value in one.updates.items()}

    def moved(size: float) -> list[Compared]:
        stepped = again if size == PERTURBATION else asked.prober.stepped(0, replace(request, perturbation=size))
        return _stepped(asked.of_the_reference, (one, stepped), rows, run.wide, noisy)

    return tempered(_stepped(asked, done, rows, run.wide, noisy), Again(moved=moved, plain=np.inf))


def _noisy(update: Array, again: Array) -> Array:
    """The entries of a step that rounding moves by as much as decides nothing."""
    moved: Array = AMPLIFIED * np.abs(update - again)
    return np.asarray((moved >= DECIDES * np.max(np.abs(update), initial=0.0)) & (moved > 0.0))


def _rows(asked: Learning, run: Run) -> StepObservation:
    """Of sides that draw at random, steps are not compared, but how an optimizer takes gradients is."""
    requests = _requests(asked, run)
    try:
        done = both(lambda side: asked.prober.stepped(side, requests[side]))
    except EvaluateError as error:
        return StepObservation(refused=error.message)
    return StepObservation(rows=tuple(row_by_row(asked.pair.transfer.drawn_alike, *done).values()))


def _requests(asked: Learning, run: Run) -> tuple[StepRequest, StepRequest]:
    """One step of each side."""
    first, second = (
        StepRequest(
            recipes=recipes,
            probe=asked.prober.batches[run.names[0]],
            precision=run.precision,
            compiled=asked.compiled,
            encodings=asked.encodings,
        )
        for recipes in asked.prober.recipes
    )
    return first, second


def _stepped(
    asked: Learning,
    done: tuple[Stepped, Stepped],
    rows: set[str],
    wide: Tolerance,
    noisy: Mapping[str, Array] | None = None,
) -> list[Compared]:
    """The loss, the update of every weight, and the metrics; weights in ``rows`` with the gradients of a row summed.

    Entries that are ``noisy`` count as equal.
    """
    first, second = done
    least = noise(wide) * max((float(np.max(np.abs(u))) for u in first.updates.values() if u.size), default=0.0)
    comparisons = [Compared(subject=Subject(quantity="loss"), closeness=scalars(first.loss, second.loss, wide))]
    for one, two in asked.pair.transfer.drawn_alike.items():
        if one not in first.updates or two not in second.updates or _limited_apart(asked, one, two):
            continue
        own, update = first.updates[one], second.updates[two]
        if one in rows:  # repeated ids are told of already: is anything else different?
            own, update = first.summed.get(one, own), second.summed.get(two, update)
        update = update.T if two in asked.pair.transfer.transposed else update
        if "dtype" in asked.ignore and update.dtype != own.dtype:
            continue  # a step is the difference of stored values, whose rounding in float32 is as large
        if noisy is not None and update.size == own.size:
            update = np.where(noisy[one], own, update.reshape(own.shape))
        subject = Subject(quantity="optimizer step", weight=one)
        comparisons.append(Compared(subject=subject, closeness=_element(own, update, wide, least)))
    return comparisons + [
        Compared(
            subject=Subject(quantity="metric", weight=name),
            closeness=scalars(first.metrics[name], second.metrics[name], wide),
        )
        for name in first.metrics
        if name in second.metrics
    ]


def _limited_apart(asked: Learning, one: str, two: str) -> bool:
    """Whether ignored constraints differ: an optimizer applies them after its step."""
    if "constraint" not in asked.ignore:
        return False
    first, second = asked.pair.weights
    return getattr(first.get(one), "constraint", None) != getattr(second.get(two), "constraint", None)
