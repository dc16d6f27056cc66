"""Same function, and same learning? The numeric rungs: randomised weights, probes, gradients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from kerasdiff.errors import EvaluateError
from kerasdiff.numeric import Closeness, Tolerance, compare_values, precision_tolerance, probes
from kerasdiff.options import Ignored
from kerasdiff.rungs.architecture import Structure
from kerasdiff.rungs.carrying import Carried
from kerasdiff.side import Array, EvaluateRequest, Evaluation, Precision, Side
from kerasdiff.verdict import Rung, RungName

GRADIENT_FACTOR = 100.0
"""A gradient sums over positions and layers, so its rounding is held to 100 times the limit of an output."""

FLOAT32_NOISE = 1e-3
"""The same for float32: sums of 1e4 terms that cancel leave 1e-4 of the largest."""

FLOAT64_GRADIENT = 1e-7
"""The limit of gradients in float64; a larger one means float32."""

LARGEST_ROUNDING = 0.1
"""Distance of a model's float32 run from its float64 run that is no rounding: a random op of another dtype draws
other numbers. Measured: mixed_bfloat16 convnets of 2 to 40 layers stay below 0.01, RandomZoom comes to 5.5."""

NOISE = 1e-6
"""Fraction of the largest gradient below which a gradient may be rounding alone (float64: 1e-15 of the largest)."""


class Prober:
    """Runs both sides at once on the same weights and probes."""

    def __init__(self, sides: tuple[Side, Side], carried: Carried, ports: Any, seed: int) -> None:
        self._sides = sides
        self._carried = carried
        drawn = probes(ports, seed)
        self.names = tuple(name for name, _ in drawn)
        self._batches = {name: tuple(batch[port.name] for port in ports) for name, batch in drawn}

    def run(
        self,
        precision: Precision,
        names: tuple[str, ...],
        *,
        training: bool = False,
        fetch: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
        gain: float = 1.0,
    ) -> tuple[Evaluation, Evaluation]:
        """Evaluates the named probes on both sides.

        Raises:
            EvaluateError: If a side cannot run them.
        """
        batches = tuple(self._batches[name] for name in names)
        recipes = self._carried.reference, self._carried.candidate

        def ask(side: int) -> Evaluation:
            request = EvaluateRequest(
                recipes=recipes[side],
                probes=batches,
                precision=precision,
                training=training,
                fetch=fetch[side],
                gain=gain,
            )
            return self._sides[side].evaluate(request)

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(ask, 0), pool.submit(ask, 1)
            return first.result(), second.result()

    def precise(self, names: tuple[str, ...], *, training: bool) -> tuple[Evaluation, Evaluation, Tolerance, str]:
        """float64 where both sides have it, else float32 with the calibrated limit; and why, if so."""
        try:
            first, second = self.run("float64", names, training=training)
        except EvaluateError as error:
            first, second = self.run("float32", names, training=training)
            return first, second, precision_tolerance("float32"), error.message
        if first.mixed or second.mixed:
            low = self._sides[0].evaluate(
                EvaluateRequest(
                    recipes=self._carried.reference,
                    probes=tuple(self._batches[name] for name in names),
                    precision="float32",
                    training=training,
                )
            )
            own = max((_distance(a, b) for a, b in zip(low.outputs, first.outputs, strict=True)), default=0.0)
            if own > LARGEST_ROUNDING:
                first, second = self.run("float32", names, training=training)
                return first, second, precision_tolerance("float32"), "other random numbers are drawn in float64"
            return first, second, precision_tolerance("float32", own), "float32 or lower is hard-coded in a model"
        return first, second, precision_tolerance("float64"), ""


def _distance(low: tuple[Array, ...], high: tuple[Array, ...]) -> float:
    found = 0.0
    for a, b in zip(low, high, strict=True):
        if a.dtype.kind == "f" and a.shape == b.shape:
            scale = float(np.nanmax(np.abs(b))) if b.size else 0.0
            error = float(np.nanmax(np.abs(a.astype(np.float64) - b.astype(np.float64)))) if b.size else 0.0
            found = max(found, error / scale if scale else 0.0)
    return found


def inference(prober: Prober, structure: Structure, *, proved: bool) -> Rung:
    """Compares outputs on every probe; a proof is only confirmed, on one probe in float32."""
    if proved:
        return _confirmed(prober)
    first, second, tolerance, why = prober.precise(prober.names, training=False)
    if first.repeated != second.repeated:
        side = "reference" if second.repeated else "candidate"
        detail = (
            f"{side} is random at inference: the same input twice gives different outputs; the other side's does not"
        )
        return Rung(name="inference", outcome="different", detail=detail, figures={"random": side})
    if not first.repeated:
        detail = (
            "both models are random at inference: the same input twice gives different outputs, so none can be compared"
        )
        return Rung(name="inference", outcome="failed", detail=detail)
    found = _closeness(prober.names, first.outputs, second.outputs, tolerance)
    rung = _judged("inference", found, tolerance, why, "outputs")
    rung = replace(rung, figures={**rung.figures, "untaken": [list(first.untaken), list(second.untaken)]})
    if rung.outcome == "different":
        worst = max(found, key=_rank)
        place = _divergence(prober, structure, worst[0].partition(",")[0].removeprefix("probe "), tolerance)
        if place:
            figures = {**rung.figures, "first_divergence": place[0]}
            return Rung(
                name="inference",
                outcome="different",
                detail=f"{rung.detail}; first divergence at {place[1]}",
                figures=figures,
            )
    return _beyond(prober, structure) or rung


GAIN = 64.0
"""Factor on the weights that takes values behind a layer to some hundreds: past 6, the bound of ReLU6, and 50."""

FAR = 1e-3
"""Fraction of scale from which on a difference under ``GAIN`` counts: rounding grows there, though not by 1e12."""

FEW_EDITS = 4
"""Most edits with which ``GAIN`` is tried: the ops around them are the same, so rounding cannot run away."""


def _beyond(prober: Prober, structure: Structure) -> Rung | None:
    """Larger weights, where a few edits change no number: a bound may be out of reach of the usual values."""
    if not 0 < len(structure.edits) <= FEW_EDITS:
        return None
    try:
        first, second = prober.run("float64", prober.names[:1], gain=GAIN)
    except EvaluateError:
        return None
    tolerance = Tolerance(limit=FAR, provenance=f"{FAR:g} of scale, with weights {GAIN:g} times as large")
    rung = _judged(
        "inference", _closeness(prober.names[:1], first.outputs, second.outputs, tolerance), tolerance, "", "outputs"
    )
    if rung.outcome != "different":
        return None
    return replace(rung, detail=f"with weights {GAIN:g} times as large, {rung.detail}")


def _confirmed(prober: Prober) -> Rung:
    name = prober.names[:1]
    first, second = prober.run("float32", name)
    tolerance = precision_tolerance("float32")
    if not first.repeated or not second.repeated:
        detail = "follows from the proof; the models are random at inference, so no number confirms it"
        return Rung(name="inference", outcome="equal", detail=detail)
    rung = _judged("inference", _closeness(name, first.outputs, second.outputs, tolerance), tolerance, "", "outputs")
    if rung.outcome == "equal":
        return Rung(
            name="inference",
            outcome="equal",
            detail=f"follows from the proof; confirmed: {rung.detail}",
            figures=rung.figures,
        )
    return rung


def _closeness(
    names: tuple[str, ...],
    first: tuple[tuple[Array, ...], ...],
    second: tuple[tuple[Array, ...], ...],
    tolerance: Tolerance,
) -> list[tuple[str, Closeness]]:
    found = []
    for name, ones, twos in zip(names, first, second, strict=True):
        for number, (one, two) in enumerate(zip(ones, twos, strict=False)):
            label = f"probe {name}" + (f", output {number}" if len(ones) > 1 else "")
            found.append((label, compare_values(one, two, tolerance)))
    return found


def _rank(item: tuple[str, Closeness]) -> tuple[bool, float]:
    """Orders comparisons by how bad they are; off by the whole scale is as bad as it gets, and the first counts."""
    return not item[1].equal, min(item[1].max_relative, 1.0) if np.isfinite(item[1].max_relative) else 1.0


def _judged(name: RungName, found: list[tuple[str, Closeness]], tolerance: Tolerance, why: str, what: str) -> Rung:
    """One rung from many comparisons: the worst decides; nothing informative compared is a failure."""
    informative = [item for item in found if item[1].informative]
    if not found or not informative:
        return Rung(name=name, outcome="failed", detail=f"nothing to compare: all {what} are zero or not finite")
    label, worst = max(found, key=_rank)
    beyond = [item for item in found if not item[1].equal]
    figures = {
        "compared": len(found),
        "beyond": len(beyond),
        "limit": tolerance.limit,
        "max_absolute": worst.max_absolute,
        "max_relative": worst.max_relative,
        "place": None if worst.place is None else list(worst.place),
        "smallest_passing": worst.smallest_passing,
        "argmax_agreement": worst.argmax_agreement,
        "where": label,
    }
    note = f" (not in float64: {why})" if why else ""
    if beyond:
        count = f"{len(beyond)} of {len(found)} {what} differ; " if len(found) > 1 else ""
        return Rung(name=name, outcome="different", detail=f"{count}{label}: {worst.describe()}{note}", figures=figures)
    detail = f"{len(found)} {what} agree; {label}: {worst.describe()}{note}"
    return Rung(name=name, outcome="equal", detail=detail, figures=figures)


def _divergence(
    prober: Prober, structure: Structure, probe: str, tolerance: Tolerance
) -> tuple[dict[str, Any], str] | None:
    """The earliest aligned node whose value differs on a probe."""
    item = structure.modes.get("inference")
    if item is None or probe not in prober.names:
        return None
    split = tuple(
        {node.id for node in graph if f"{node.id}.activation" in ids}
        for graph, ids in ((g, {n.id for n in g}) for g in (item.reference.graph, item.candidate.graph))
    )
    order: list[tuple[str, str]] = []
    for node in item.reference.graph:
        two = item.alignment.nodes.get(node.id)
        if two is None or node.kind not in ("layer", "function") or node.id in split[0] or two in split[1]:
            continue
        if all(spec.dtype == "bool" for spec in node.outputs):  # masks: one split off a layer has no name to fetch
            continue
        order.append((node.id, two))
    if not order:
        return None
    traced = [(one.removesuffix(".activation"), two.removesuffix(".activation")) for one, two in order]
    fetch = tuple(dict.fromkeys(one for one, _ in traced)), tuple(dict.fromkeys(two for _, two in traced))
    try:
        first, second = prober.run("float64", (probe,), fetch=fetch)
    except EvaluateError:
        return None  # the difference stands without it; where it begins is not known
    for (one, two), (a, b) in zip(order, traced, strict=True):
        close = compare_values(first.fetched[0][a], second.fetched[0][b], tolerance)
        if not close.equal:
            return {"reference": one, "candidate": two}, f"{one} ↔ {two}: {close.describe()}"
    return None


def training_step(
    prober: Prober, carried: Carried, structure: Structure, *, proved: bool, ignore: tuple[Ignored, ...] = ()
) -> Rung:
    """Compares training-mode outputs, added losses, the gradient of every weight and state updates.

    Where ``trainable`` is ignored, what one side alone trains is left out; where ``dtype`` is, floating gradients and
    states are compared as numbers. The figure ``ignored`` counts both.
    """
    if proved:
        detail = "follows from the proof: the same ops in training mode, the same weights and settings"
        return Rung(name="training step", outcome="equal", detail=detail)
    name = prober.names
    first, second, tolerance, why = prober.precise(name, training=True)
    wide = Tolerance(limit=tolerance.limit * GRADIENT_FACTOR, provenance=tolerance.provenance)
    if first.repeated != second.repeated:
        side = "reference" if second.repeated else "candidate"
        detail = f"{side} draws random numbers in training that no seed of the model controls"
        return Rung(name="training step", outcome="different", detail=detail)
    if not first.repeated:
        detail = "both models draw random numbers in training that no seed of theirs controls; nothing can be compared"
        return Rung(name="training step", outcome="failed", detail=detail)
    found = [
        (f"training output of {label}", item)
        for label, item in _closeness(name, first.outputs, second.outputs, tolerance)
    ]
    if any(len(ones) != len(twos) for ones, twos in zip(first.outputs, second.outputs, strict=True)):
        text = "an output carries a mask on one side alone, by which Keras weighs its loss"
        return Rung(name="training step", outcome="different", detail=text)
    losses = np.array([first.losses]), np.array([second.losses])
    if np.any(losses[0]) or np.any(losses[1]):
        found.append(("added losses", compare_values(*losses, wide)))
    pairs = _by_recipe(carried)
    largest = max((float(np.max(np.abs(g))) for g in first.gradients.values() if g is not None and g.size), default=0.0)
    absent: list[str] = []
    hidden: Counter[str] = Counter()
    for kind, ones, twos in (("gradient", first.gradients, second.gradients), ("state", first.state, second.state)):
        for one, two in pairs.items():
            if (one in ones) != (two in twos) and kind == "gradient":
                if "trainable" in ignore:
                    hidden["trainable"] += 1
                    continue
                absent.append(f"{one} is trainable in the {'reference' if one in ones else 'candidate'} alone")
            if one not in ones or two not in twos:
                continue
            a, b = ones[one], twos[two]
            if a is None or b is None:
                if (a is None) != (b is None) and not _zero(a if b is None else b):
                    absent.append(f"{one} gets no gradient in the {'reference' if a is None else 'candidate'}")
                continue
            if "dtype" in ignore and a.dtype != b.dtype and a.dtype.kind == b.dtype.kind == "f":
                hidden["dtype"] += 1
                b = b.astype(a.dtype)
            if a.dtype.kind == "f":
                found.append((f"{kind} of {one}", _element(a, b, wide, largest if kind == "gradient" else 0.0)))
    rung = _judged("training step", found, tolerance, why, "training outputs, losses, gradients and state updates")
    if hidden:
        rung = replace(rung, figures={**rung.figures, "ignored": dict(hidden)})
    if absent:
        figures = {**rung.figures, "absent_gradients": len(absent)}
        return Rung(
            name="training step", outcome="different", detail=f"{'; '.join(absent[:3])}; {rung.detail}", figures=figures
        )
    return rung


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


def _by_recipe(carried: Carried) -> Mapping[str, str]:
    """Reference weight to candidate weight, wherever both are drawn from one seed."""
    seeds = {recipe.seed: recipe.weight for recipe in carried.candidate}
    return {recipe.weight: seeds[recipe.seed] for recipe in carried.reference if recipe.seed in seeds}


Guard = Callable[[], Rung]


def guarded(name: RungName, run: Guard) -> Rung:
    """Turns a side that cannot be run into a rung that failed, with the reason."""
    try:
        return run()
    except EvaluateError as error:
        return Rung(name=name, outcome="failed", detail=error.message)
