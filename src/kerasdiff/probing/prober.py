"""Runs both sides on the same weights and probes, and makes one rung of many comparisons of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from kerasdiff.comparison import Rung, RungName
from kerasdiff.errors import EvaluateError
from kerasdiff.graph.values import Array, Precision
from kerasdiff.probing.closeness import Closeness, Tolerance, compare_values, precision_tolerance
from kerasdiff.probing.probes import ONE_ROW, probes
from kerasdiff.probing.transfer import WeightTransfer
from kerasdiff.side.observations import EvaluateRequest, Evaluation
from kerasdiff.side.protocol import Side
from kerasdiff.side.records import Port

T = TypeVar("T")

LARGEST_ROUNDING = 0.1
"""Distance of a model's float32 run from its float64 run that is no rounding: a random op of another dtype draws
other numbers. Measured: mixed_bfloat16 convnets of 2 to 40 layers stay below 0.01, RandomZoom comes to 5.5."""

PERTURBATION = 2.0**-24
"""Relative size of the changes to weights and inputs that stand for rounding: half a unit in the last place of float32,
in which models run. A constant that one side rounds to it, and the other does not, is no difference there: scores of
an attention on inputs of 1e3 make 1e-2 of it, ordinary layers 1e-7."""

AMPLIFIED = 10.0
"""A difference up to this many times what ``PERTURBATION`` does to the reference may be rounding: there the changes of many
weights average out, a rounded constant moves all values one way."""

GRADIENT_FACTOR = 100.0
"""A gradient or penalty sums over positions and layers, so its rounding is held to 100 times the limit of an output."""

PLAIN = 1e-3
"""Fraction of scale from which on a difference on the first probe is no rounding, however much a model amplifies it."""

MOST_LABELS = 100
"""Comparisons named in the figures of a rung: what they have in common shows by then."""

Compared = tuple[str, Closeness]
"""What was compared, and how close it is."""


def batches_of(ports: tuple[Port, ...], seed: int) -> dict[str, tuple[Array, ...]]:
    """The seeded probes of a model with these inputs, by name.

    Raises:
        EvaluateError: If none can be drawn.
    """
    return {name: tuple(batch[port.name] for port in ports) for name, batch in probes(ports, seed)}


def both(ask: Callable[[int], T]) -> tuple[T, T]:
    """The answers of both sides, asked at once."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(ask, 0), pool.submit(ask, 1)
        return first.result(), second.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Both sides on some probes.

    Attributes:
        why: Why not in float64, empty where it is.
    """

    names: tuple[str, ...]
    sides: tuple[Evaluation, Evaluation]
    precision: Precision
    tolerance: Tolerance
    why: str = ""


class Prober:
    """Runs both sides at once on the same weights and probes.

    Args:
        sides: Reference and candidate.
        transfer: How their weights are drawn.
        batches: By name of the probe, one batch per input.
        weight_scale: Factor on the weights.
    """

    def __init__(
        self,
        sides: tuple[Side, Side],
        transfer: WeightTransfer,
        batches: Mapping[str, tuple[Array, ...]],
        *,
        weight_scale: float = 1.0,
    ) -> None:
        self.sides = sides
        self.transfer = transfer
        self.recipes = transfer.reference, transfer.candidate
        self.batches = batches
        self.names = tuple(batches)
        self._weight_scale = weight_scale

    def with_batch(self, name: str, batch: tuple[Array, ...]) -> Prober:
        """The same with one more probe."""
        return Prober(self.sides, self.transfer, {**self.batches, name: batch}, weight_scale=self._weight_scale)

    @property
    def training_names(self) -> tuple[str, ...]:
        """The probes of the training step: one row alone has no batch statistics."""
        return tuple(name for name in self.names if name != ONE_ROW)

    def refusal(self, side: int, name: str) -> str:
        """Why a side cannot be run on a probe, in float32; empty where it can."""
        try:
            self.alone("float32", (name,), side=side, training=False)
        except EvaluateError as error:
            return error.message
        return ""

    def run(
        self, precision: Precision, names: tuple[str, ...], *, training: bool = False
    ) -> tuple[Evaluation, Evaluation]:
        """Evaluates the named probes on both sides.

        Raises:
            EvaluateError: If a side cannot run them.
        """
        return both(lambda side: self.alone(precision, names, side=side, training=training))

    def perturbed(self, run: Run, *, training: bool) -> Run | None:
        """The reference against itself with its weights and inputs changed by half a unit in the last place of float32.

        Returns:
            ``None`` where the run was not in float64, whose rounding this stands for.
        """
        if run.precision != "float64" or run.why:
            return None
        changed = self.alone("float64", run.names, training=training, perturbation=PERTURBATION)
        return replace(run, sides=(run.sides[0], changed))

    def alone(
        self, precision: Precision, names: tuple[str, ...], *, side: int = 0, training: bool, perturbation: float = 0.0
    ) -> Evaluation:
        """Evaluates the named probes on one side.

        Raises:
            EvaluateError: If it cannot run them.
        """
        return self.sides[side].evaluate(
            EvaluateRequest(
                recipes=self.recipes[side],
                probes=tuple(self.batches[name] for name in names),
                precision=precision,
                training=training,
                weight_scale=self._weight_scale,
                perturbation=perturbation,
            )
        )

    def precise(self, names: tuple[str, ...], *, training: bool) -> Run:
        """float64 where both sides have it, else float32 with the calibrated limit.

        Raises:
            EvaluateError: If a side cannot run them in either.
        """
        try:
            found = self.run("float64", names, training=training)
        except EvaluateError as error:
            return self._narrow(names, error.message, training=training)
        if not (found[0].mixed or found[1].mixed):
            return Run(names=names, sides=found, precision="float64", tolerance=precision_tolerance("float64"))
        low = self.alone("float32", names, training=training)
        own = max((_distance(a, b) for a, b in zip(low.outputs, found[0].outputs, strict=True)), default=0.0)
        if own > LARGEST_ROUNDING:
            return self._narrow(names, "other random numbers are drawn in float64", training=training)
        why = "float32 or lower is hard-coded in a model"
        return Run(
            names=names, sides=found, precision="float64", tolerance=precision_tolerance("float32", own), why=why
        )

    def _narrow(self, names: tuple[str, ...], why: str, *, training: bool) -> Run:
        found = self.run("float32", names, training=training)
        return Run(names=names, sides=found, precision="float32", tolerance=precision_tolerance("float32"), why=why)


def _distance(low: tuple[Array, ...], high: tuple[Array, ...]) -> float:
    found = 0.0
    for a, b in zip(low, high, strict=True):
        if a.dtype.kind == "f" and a.shape == b.shape and a.size:
            scale = float(np.nanmax(np.abs(b)))
            error = float(np.nanmax(np.abs(a.astype(np.float64) - b.astype(np.float64))))
            found = max(found, error / scale if scale else 0.0)
    return found


def closeness(run: Run) -> list[Compared]:
    """The model outputs, probe by probe."""
    found = []
    first, second = run.sides
    for name, ones, twos in zip(run.names, first.outputs, second.outputs, strict=True):
        for number, (one, two) in enumerate(zip(ones, twos, strict=False)):
            label = f"probe {name}" + (f", output {number}" if len(ones) > 1 else "")
            found.append((label, compare_values(one, two, run.tolerance)))
    return found


def doubtful(found: list[Compared]) -> bool:
    """Whether what differs may be rounding that the model amplifies: beyond the limit, but not on ordinary inputs."""
    beyond = [close for _, close in found if not close.equal]
    return bool(beyond) and (found[0][1].equal or found[0][1].max_relative < PLAIN)


def without_rounding(found: list[Compared], own: list[Compared]) -> list[Compared]:
    """The same, with what is within ``AMPLIFIED`` times what rounding does to the reference alone taken as equal."""
    sizes = {label: close.max_relative for label, close in own if np.isfinite(close.max_relative)}
    kept = []
    for label, close in found:
        limit = AMPLIFIED * sizes.get(label, 0.0)
        within = not close.equal and close.max_relative <= limit
        kept.append((label, replace(close, equal=True, beyond=0, limit=limit) if within else close))
    return kept


def rank(item: Compared) -> tuple[bool, bool, float]:
    """Orders comparisons by how much they tell: what differs, by a finite amount, and the more the better.

    Off by the whole scale is as bad as it gets, and the first counts.
    """
    finite = bool(np.isfinite(item[1].max_relative))
    return not item[1].equal, finite, min(item[1].max_relative, 1.0) if finite else 0.0


def judged(name: RungName, found: list[Compared], run: Run, what: str) -> Rung:
    """One rung from many comparisons: the worst decides; nothing informative compared is a failure."""
    informative = [item for item in found if item[1].informative]
    if not found or not informative:
        return Rung(name=name, outcome="failed", detail=f"nothing to compare: all {what} are zero or not finite")
    where, worst = max(found, key=rank)
    beyond = [item for item in found if not item[1].equal]
    figures: dict[str, Any] = {
        "compared": len(found),
        "beyond": len(beyond),
        "limit": run.tolerance.limit,
        "provenance": run.tolerance.provenance,
        "precision": run.precision,
        "max_absolute": worst.max_absolute,
        "max_relative": worst.max_relative,
        "place": None if worst.place is None else list(worst.place),
        "smallest_passing": worst.smallest_passing,
        "argmax_agreement": worst.argmax_agreement,
        "where": where,
        "differing": [label for label, _ in beyond[:MOST_LABELS]],
    }
    note = f" (not in float64: {run.why})" if run.why else ""
    lone = [label for label, close in beyond if not np.isfinite(close.max_relative) and label != where]
    if lone:
        note = f"; not finite on one side alone: {', '.join(lone[:3])}{', …' if len(lone) > 3 else ''}{note}"
    if beyond:
        count = f"{len(beyond)} of {len(found)} {what} differ; worst is " if len(found) > 1 else ""
        return Rung(name=name, outcome="different", detail=f"{count}{where}: {worst.describe()}{note}", figures=figures)
    count = f"all {len(found)} {what} agree; e.g. {where}" if len(found) > 1 else f"{where} agrees"
    detail = f"{count}: {worst.describe()}{note}"
    return Rung(name=name, outcome="equal", detail=detail, figures=figures)


def noted(rung: Rung, text: str) -> Rung:
    """The same rung with something more to say."""
    return replace(rung, detail=f"{rung.detail}; {text}") if text else rung


def guarded(name: RungName, run: Callable[[], Rung]) -> Rung:
    """Turns a side that cannot be run into a rung that failed, with the reason."""
    try:
        return run()
    except EvaluateError as error:
        return Rung(name=name, outcome="failed", detail=error.message)
