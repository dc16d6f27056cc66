"""Same learning? Training outputs, added losses, the gradient of every weight, state updates, one optimizer step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kerasdiff.comparison import Rung
from kerasdiff.errors import EvaluateError
from kerasdiff.explain.search import FAR, MOST_EDITS, WEIGHT_SCALES
from kerasdiff.graph.values import Array
from kerasdiff.options import Ignored
from kerasdiff.probing.closeness import Closeness, Tolerance, compare_values
from kerasdiff.probing.prober import (
    GRADIENT_FACTOR,
    PERTURBATION,
    Compared,
    Prober,
    Run,
    both,
    closeness,
    doubtful,
    judged,
    noted,
    without_rounding,
)
from kerasdiff.probing.random_ops import apart, distribution, drawing, matched, sampled, settled
from kerasdiff.probing.transfer import WeightTransfer
from kerasdiff.rungs.architecture import Structure
from kerasdiff.rungs.lookups import row_by_row
from kerasdiff.rungs.penalties import penalties, scalars
from kerasdiff.side.observations import Evaluation, Stepped, StepRequest
from kerasdiff.side.records import Description

FLOAT32_NOISE = 1e-3
"""The same for float32: sums of 1e4 terms that cancel leave 1e-4 of the largest."""

FLOAT64_GRADIENT = 1e-7
"""The limit of gradients in float64; a larger one means float32."""

NOISE = 1e-6
"""Fraction of the largest gradient below which a gradient may be rounding alone (float64: 1e-15 of the largest)."""

WHAT = "training outputs, losses, gradients and state updates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What the training step is judged on.

    Attributes:
        ignore: What is left out; a worker has dropped ignored regularizers already.
        enlarge: Whether larger weights are tried, as where outputs tell nothing.
    """

    prober: Prober
    transfer: WeightTransfer
    structure: Structure
    descriptions: tuple[Description, Description]
    ignore: tuple[Ignored, ...] = ()
    enlarge: bool = True

    @property
    def compiled(self) -> bool:
        """Whether each side learns by its own compile settings; else both by the defaults."""
        return all(side.compiled is not None for side in self.descriptions) and "compile" not in self.ignore


def training_step(asked: Learning, *, proved: bool) -> Rung:
    """Compares what one training step sees and does; a proof implies all of it."""
    if proved:
        detail = "follows from the proof: the same ops in training mode, the same weights and settings"
        return Rung(name="training step", outcome="equal", detail=detail)
    run = asked.prober.precise(asked.prober.training_names, training=True)
    first, second = run.sides
    if any(len(ones) != len(twos) for ones, twos in zip(first.outputs, second.outputs, strict=True)):
        text = "an output carries a mask on one side alone, by which Keras weighs its loss"
        return Rung(name="training step", outcome="different", detail=text)
    steady = first.repeated and second.repeated
    rung = _rung(asked, run, ()) if steady else None
    if rung is not None and rung.outcome == "equal":
        larger = tuple(_enlarged(asked, run)) if asked.enlarge else ()
        rung = _rung(asked, run, larger)
        return rung if rung.outcome != "equal" else _with_step(asked, run, larger)
    found = matched(asked.prober, asked.structure, run, "training")
    if found is not None:
        transfer = settled(lambda run: _rung(asked, run, ()), found, asked.prober, run, training=True)
        transfer = _by_rows(asked, run, transfer) if transfer.outcome == "equal" else transfer
        if rung is None or transfer.outcome != "different":
            return transfer
    if rung is None:
        return _unseeded(asked, run)
    if found is None and apart(asked.structure, "training") and not rung.figures.get("absent_gradients"):
        return sampled(asked.prober, run, "training step", training=True)
    return rung


def _unseeded(asked: Learning, run: Run) -> Rung:
    """Random numbers that neither seeds nor their own ops make repeatable."""
    first, second = run.sides
    found = None
    if all(drawing(asked.prober, run, "training")):
        found = distribution(asked.prober, run, "training step", training=True)
    if first.repeated == second.repeated:
        detail = "both models draw random numbers in training that no seed of theirs controls; nothing can be compared"
        return found or Rung(name="training step", outcome="failed", detail=detail)
    if found is not None and found.outcome != "different":
        return found  # the same distribution, whoever controls it
    side = "reference" if second.repeated else "candidate"
    detail = f"{side} draws random numbers in training that no seed of the model controls"
    return Rung(name="training step", outcome="different", detail=detail)


def _rung(asked: Learning, run: Run, more: tuple[Compared, ...]) -> Rung:
    """The rung of one run; ``more`` are further comparisons."""
    seen = _seen(asked, run)
    found, absent = seen.compared, seen.absent
    own = asked.prober.perturbed(run, training=True) if doubtful(found) and not absent else None
    if own is not None:
        found = without_rounding(found, _seen(replace(asked, transfer=_itself(asked.transfer)), own).compared)
    rung = judged("training step", [*found, *more], run, WHAT)
    if seen.hidden:
        rung = replace(rung, figures={**rung.figures, "ignored": dict(seen.hidden)})
    if not absent:
        return rung
    figures = {**rung.figures, "absent_gradients": len(absent)}
    detail = f"{'; '.join(absent[:3])}{f' and {len(absent) - 3} more' if len(absent) > 3 else ''}; {rung.detail}"
    return Rung(name="training step", outcome="different", detail=detail, figures=figures)


def _seen(asked: Learning, run: Run, wide: Tolerance | None = None) -> _Seen:
    """Everything that is compared; ``wide`` is the limit of what sums over positions and layers."""
    wide = wide or _wide(run)
    weights = _weights(asked, run, wide)
    outputs = [(f"training output of {label}", item) for label, item in closeness(run)]
    return replace(weights, compared=[*outputs, *penalties(run, asked.transfer.pairs, wide), *weights.compared])


def _enlarged(asked: Learning, run: Run) -> list[Compared]:
    """The same comparisons with larger weights: a bound may lie where no ordinary weight, value or gradient comes.

    The limits are those of a search under a weight scale. Where many edits stand between the models rounding may run away, so
    the added losses alone are compared; what is not finite is the weight scale's doing.

    Raises:
        EvaluateError: If a side cannot be run with such weights.
    """
    few = len(asked.structure.edits) <= MOST_EDITS
    alone = run.precision != "float64" or bool(run.why) or not (few and asked.structure.edits)
    if alone and not any(side.losses for side in run.sides):
        return []
    found = []
    for weight_scale in WEIGHT_SCALES if few else WEIGHT_SCALES[:1]:
        suffix = f"weights {weight_scale:g} times as large"
        found += [(f"{label}, {suffix}", close) for label, close in _under(asked, run, weight_scale, alone=alone)]
    return found


def _under(asked: Learning, run: Run, weight_scale: float, *, alone: bool) -> list[Compared]:
    """What is compared under a weight scale: the added losses ``alone``, or everything on the first probe."""
    far = Tolerance(limit=FAR, provenance=f"{FAR:g} of scale")
    larger = Prober(asked.prober.sides, asked.prober.transfer, asked.prober.batches, weight_scale=weight_scale)

    def compared(asked: Learning, sides: tuple[Evaluation, Evaluation]) -> list[Compared]:
        first = replace(run, names=run.names[:1], sides=sides, tolerance=far)
        items = penalties(first, asked.transfer.pairs, far) if alone else _seen(asked, first, far).compared
        return [item for item in items if np.isfinite(item[1].max_absolute)]

    sides = larger.run(run.precision, run.names[:1], training=True)
    found = compared(asked, sides)
    if all(close.equal for _, close in found):
        return found
    perturbed = larger.alone(run.precision, run.names[:1], training=True, perturbation=PERTURBATION)
    return without_rounding(found, compared(replace(asked, transfer=_itself(asked.transfer)), (sides[0], perturbed)))


def _itself(transfer: WeightTransfer) -> WeightTransfer:
    """The reference's weights as their own counterparts."""
    names = {recipe.weight: recipe.weight for recipe in transfer.reference}
    return replace(transfer, pairs=names, candidate=transfer.reference)


def _wide(run: Run) -> Tolerance:
    return Tolerance(limit=run.tolerance.limit * GRADIENT_FACTOR, provenance=run.tolerance.provenance)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was compared.

    Attributes:
        absent: Gradients that one side alone has, with the reason.
        hidden: How many differences each ignored setting hid.
    """

    compared: list[Compared]
    absent: list[str]
    hidden: Counter[str]


def _weights(asked: Learning, run: Run, wide: Tolerance) -> _Seen:
    """Gradients and state updates by pair of weights."""
    first, second = run.sides[0], _laid_out(run.sides[1], asked.transfer)
    sizes = [float(np.max(np.abs(g))) for g in first.gradients.values() if g is not None and g.size]
    largest = max(sizes, default=0.0)
    found: list[Compared] = []
    absent: list[str] = []
    hidden: Counter[str] = Counter()
    for one, two in _by_recipe(asked.transfer).items():
        if (one in first.gradients) != (two in second.gradients):
            if "trainable" in asked.ignore:
                hidden["trainable"] += 1
                continue
            which, other = ("reference", "candidate") if one in first.gradients else ("candidate", "reference")
            absent.append(f"{one} is trainable in the {which} and frozen in the {other}")
        if one in first.gradients and two in second.gradients:
            a, b = first.gradients[one], second.gradients[two]
            if (a is None) != (b is None):
                if not _zero(a if b is None else b):
                    absent.append(_lost(asked, one, two, lost=0 if a is None else 1))
            elif a is not None and b is not None and a.dtype.kind == "f":
                close = _element(a, _in_dtype(a, b, asked, hidden), wide, largest)
                found.append((f"gradient of {one}", close))
        if one in first.state and two in second.state:
            a, b = first.state[one], second.state[two]
            if a.dtype.kind != "f":
                if a.dtype == b.dtype and a.shape == b.shape and not _is_seed(asked, one):
                    found.append((f"state of {one}", compare_values(a, b, wide)))
            else:
                found.append((f"state of {one}", _element(a, _in_dtype(a, b, asked, hidden), wide, 0.0)))
    return _Seen(compared=found, absent=absent, hidden=hidden)


def _laid_out(side: Evaluation, transfer: WeightTransfer) -> Evaluation:
    """The candidate's gradients and states as the reference lays its weights out."""
    transposed = transfer.transposed
    gradients = {name: g.T if g is not None and name in transposed else g for name, g in side.gradients.items()}
    state = {name: value.T if name in transposed else value for name, value in side.state.items()}
    return replace(side, gradients=gradients, state=state)


def _in_dtype(a: Array, b: Array, asked: Learning, hidden: Counter[str]) -> Array:
    """The second value in the dtype of the first, where dtypes are ignored."""
    if "dtype" not in asked.ignore or a.dtype == b.dtype or b.dtype.kind != "f":
        return b
    hidden["dtype"] += 1
    return b.astype(a.dtype)


def _is_seed(asked: Learning, name: str) -> bool:
    """Whether a weight is a generator's state: how often it was asked is no quantity a model learns."""
    return any(weight.id == name and weight.is_seed for weight in asked.descriptions[0].weights)


def _lost(asked: Learning, one: str, two: str, *, lost: int) -> str:
    """Why a trainable weight gets no gradient on one side."""
    side = ("reference", "candidate")[lost]
    name = (one, two)[lost]
    graph = asked.descriptions[lost].training
    read = graph is not None and any(name in node.weights for node in graph)
    if not read:
        return f"{one} gets no gradient in the {side}: its call does not read the weight"
    stops = [node for node in graph or () if _stops(node)]
    if stops:
        where = next((f" ({node.source})" for node in stops if node.source is not None), "")
        return f"{one} gets no gradient in the {side}, where {stops[0].id}{where} stops gradients"
    return f"{one} gets no gradient in the {side}: nothing that is learned from depends on it"


def _stops(node: Any) -> bool:
    inner = node.lowering or ()
    return "stop_gradient" in node.op or any(item.op in ("StopGradient", "PreventGradient") for item in inner)


def _element(a: Array, b: Array, tolerance: Tolerance, largest: float) -> Closeness:
    """Compares two gradients on the scale of their own, or a millionth of the largest where their own is rounding.

    A bias before a batch normalisation has the gradient 0, and both sides compute some rounding instead.
    """
    own = float(np.max(np.abs(a))) if a.size else 0.0
    floor = (NOISE if tolerance.limit <= FLOAT64_GRADIENT else FLOAT32_NOISE) * largest
    limit = tolerance.limit * floor / own if 0.0 < own < floor else tolerance.limit
    close = compare_values(
        a, b.reshape(a.shape) if a.size == b.size else b, Tolerance(limit=limit, provenance=tolerance.provenance)
    )
    if limit == tolerance.limit:
        return close
    return replace(close, limit=tolerance.limit, scale=floor, max_relative=close.max_absolute / floor)


def _zero(value: Array | None) -> bool:
    return value is None or not np.any(value)


def _by_recipe(transfer: WeightTransfer) -> Mapping[str, str]:
    """Reference weight to candidate weight, wherever both are drawn from one seed."""
    seeds = {recipe.seed: recipe.weight for recipe in transfer.candidate}
    return {recipe.weight: seeds[recipe.seed] for recipe in transfer.reference if recipe.seed in seeds}


def _with_step(asked: Learning, run: Run, more: tuple[Compared, ...]) -> Rung:
    """The rung of sides that agree so far, ``more`` included, with one optimizer step."""
    requests = step_requests(asked, run)
    try:
        done = both(lambda side: asked.prober.sides[side].step(requests[side]))
    except EvaluateError as error:
        return noted(_rung(asked, run, more), f"no optimizer step is compared: {error.message}")
    one, two = done
    rows = row_by_row(_by_recipe(asked.transfer), one, two)
    if run.precision != "float64" or run.why:
        text = "one optimizer step is not compared: its rounding in float32 is as large as the step"
        return _because(noted(_rung(asked, run, more), text), rows)
    found = _stepped(asked, done, rows, _wide(run))
    if doubtful(found):
        # An adaptive optimizer divides by the size of a gradient: of one that is rounding alone, it makes a step.
        itself = replace(asked, transfer=_itself(asked.transfer))
        again = asked.prober.sides[0].step(replace(requests[0], perturbation=PERTURBATION))
        found = without_rounding(found, _stepped(itself, (one, again), rows, _wide(run)))
    rung = _because(_rung(asked, run, (*more, *found)), rows)
    words = f"one step of {one.optimizer} on {one.objective}"
    if (two.optimizer, two.objective) != (one.optimizer, one.objective):
        words += f" against {two.optimizer} on {two.objective}"
    return noted(rung, words)


def _by_rows(asked: Learning, run: Run, rung: Rung) -> Rung:
    """The rung of sides that draw at random: their steps are not compared, but how an optimizer takes gradients is."""
    requests = step_requests(asked, run)
    try:
        done = both(lambda side: asked.prober.sides[side].step(requests[side]))
    except EvaluateError as error:
        return noted(rung, f"no optimizer step is taken: {error.message}")
    return _because(rung, row_by_row(_by_recipe(asked.transfer), *done))


def _because(rung: Rung, reasons: Mapping[str, str]) -> Rung:
    """The rung with what makes the steps differ."""
    if not reasons:
        return rung
    text = "; ".join(list(reasons.values())[:3])
    return replace(
        rung, outcome="different", detail=f"{text}; {rung.detail}", figures={**rung.figures, "because": text}
    )


def step_requests(asked: Learning, run: Run) -> tuple[StepRequest, StepRequest]:
    """One step of each side."""
    found = tuple(
        StepRequest(
            recipes=recipes,
            probe=asked.prober.batches[run.names[0]],
            precision=run.precision,
            compiled=asked.compiled,
        )
        for recipes in asked.prober.recipes
    )
    return found[0], found[1]


def _stepped(
    asked: Learning, done: tuple[Stepped, Stepped], rows: Mapping[str, str], wide: Tolerance
) -> list[Compared]:
    first, second = done
    largest = max((float(np.max(np.abs(u))) for u in first.updates.values() if u.size), default=0.0)
    found = [("loss", scalars(first.loss, second.loss, wide))]
    limited = [{weight.id: weight.constraint for weight in side.weights} for side in asked.descriptions]
    for one, two in _by_recipe(asked.transfer).items():
        if "constraint" in asked.ignore and limited[0].get(one) != limited[1].get(two):
            continue  # an optimizer applies constraints after its step
        if one in first.updates and two in second.updates:
            own, update = first.updates[one], second.updates[two]
            if one in rows:  # repeated ids are told of already: is anything else different?
                own, update = first.summed.get(one, own), second.summed.get(two, update)
            update = update.T if two in asked.transfer.transposed else update
            if "dtype" in asked.ignore and update.dtype != own.dtype:
                continue  # a step is the difference of stored values, whose rounding in float32 is as large
            close = _element(own, update, wide, largest)
            found.append((f"optimizer step of {one}", close))
    for name in first.metrics:
        if name in second.metrics:
            found.append((f"metric {name}", scalars(first.metrics[name], second.metrics[name], wide)))
    return found
