"""How is one question put to both models? The same weights, the same probes, both workers at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import numpy as np

from kerasdiff.align.pair import WeightTransfer
from kerasdiff.errors import EvaluateError
from kerasdiff.findings import SIDES, Compared, Fact, Finding, Quantity, Subject
from kerasdiff.graph import Port
from kerasdiff.graph.values import Array, Precision, Tolerance
from kerasdiff.probing.inputs.probes import probes
from kerasdiff.probing.numbers.closeness import compare_values, noise, scale_of
from kerasdiff.probing.numbers.limits import ONE_ROW, precision_tolerance
from kerasdiff.probing.numbers.precisions import InParts, does_otherwise
from kerasdiff.probing.numbers.rounding import DECIDES, NARROW_SIZES, PLAIN, SIZES, Again, tempered, wide_of
from kerasdiff.side.observations import EvaluateRequest, Evaluation, Stage, Staged, Stepped, StepRequest, parted
from kerasdiff.side.protocol import Side

T = TypeVar("T")

Seen = Callable[["Run"], Sequence[Compared]]
"""How the values of a run are compared."""

LARGEST_ROUNDING = 0.1
"""Distance of a model's float32 run from its float64 run that is no rounding: a random op of another dtype draws
other numbers. Measured: mixed_bfloat16 convnets of 2 to 40 layers stay below 0.01, RandomZoom comes to 5.5."""

WEIGHT_SCALES = (64.0, 4096.0)
"""Factors on the weights that take values behind a layer to some hundreds, and to some ten thousands: past 6, the bound
of ReLU6, past 50, and past the 65,504 of float16."""

FAR = 1e-3
"""Fraction of scale from which on a difference counts with larger weights, or on inputs that were driven: rounding
grows there, though not by 1e12."""

FEW_EDITS = 4
"""Most edits with which larger weights are tried: the ops around them are the same, so rounding cannot run away."""


def batches_of(ports: tuple[Port, ...], seed: int) -> dict[str, tuple[Array, ...]]:
    """The seeded probes of a model with these inputs, by name.

    Raises:
        EvaluateError: If none can be drawn.
    """
    return {name: tuple(batch[port.name] for port in ports) for name, batch in probes(ports, seed)}


def both(ask: Callable[[int], T]) -> tuple[T, T]:
    """The answers of both sides, asked at once."""
    pool = ThreadPoolExecutor(2)
    first, second = pool.submit(ask, 0), pool.submit(ask, 1)
    waits = True  # or the other side's answer would come between those to what is asked next
    try:
        return first.result(), second.result()
    except KeyboardInterrupt:
        waits = False  # it ends with the workers
        raise
    finally:
        pool.shutdown(wait=waits, cancel_futures=not waits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Both sides on some probes.

    Attributes:
        coarse: Why the limit is not that of float64, ``None`` where it is.
        stages: How both sides are run again where they were given random numbers; ``None`` where each draws its own.
        apart: The run in float64 that float32 decides in place of, as a side does something else there.
        own: By probe, how far outputs of the reference in float32 are from those in float64, where that is known.
    """

    names: tuple[str, ...]
    sides: tuple[Evaluation, Evaluation]
    precision: Precision
    tolerance: Tolerance
    coarse: Finding | None = None
    stages: tuple[Stage, Stage] | None = None
    apart: Run | None = None
    own: Mapping[str, float] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether rounding is that of float64, six orders of magnitude below any limit."""
        return self.precision == "float64" and self.coarse is None

    @property
    def wide(self) -> Tolerance:
        """The limit of what sums over positions and layers, by its precision alone.

        How far rounding moves each value of it is measured of that value: outputs on one probe tell nothing of it.
        """
        return wide_of(precision_tolerance("float32") if self.own else self.tolerance)

    def tolerance_on(self, probe: str) -> Tolerance:
        """The limit of outputs on a probe."""
        return _calibrated(self.own[probe]) if probe in self.own else self.tolerance

    def of_the_reference(self, moved: Evaluation) -> Run:
        """The same with the reference, moved, in the place of the candidate."""
        return replace(self, sides=(self.sides[0], moved))


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

    def with_fitting(self, batches: Mapping[str, tuple[Array, ...]]) -> Prober:
        """The same with more probes, those with whole numbers if no side refuses them: an id may be out of a table."""
        prober = self
        for name, batch in batches.items():
            more = prober.with_batch(name, batch)
            whole = any(one.dtype.kind in "iu" for one in batch)
            if not whole or both(lambda side, more=more, name=name: more.refusal(side, name)) == ("", ""):  # type: ignore[misc]
                prober = more
        return prober

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

    def tempered(
        self, run: Run, comparisons: Sequence[Compared], seen: Seen, own: Seen, *, training: bool, plain: float = PLAIN
    ) -> list[Compared]:
        """Comparisons of a run, with what is rounding as equal, and what may be as undecided.

        Args:
            run: What was compared.
            comparisons: Of it.
            seen: How runs of both sides are compared.
            own: How runs of the reference alone are.
            training: In which mode.
            plain: As of :class:`kerasdiff.probing.numbers.rounding.Again`.

        Raises:
            EvaluateError: If the reference cannot be run again.
        """

        def moved(size: float) -> Sequence[Compared]:
            changed = self._again(run, run.precision, training=training, perturbation=size)
            return own(run.of_the_reference(changed))

        def narrow() -> tuple[Sequence[Compared], Sequence[Compared]]:
            first, second = both(lambda side: _widened(self._again(run, "float32", side=side, training=training)))
            return own(run.of_the_reference(first)), seen(replace(run, sides=(first, second)))

        def between_precisions(size: float) -> Sequence[Compared]:
            return own(run.of_the_reference(_widened(self._again(run, "float32", training=training))))

        if run.exact:
            again = Again(moved=moved, narrow=narrow, plain=plain)
        elif run.precision == "float32":
            wide = None if run.apart is None else partial(seen, run.apart)
            again = Again(moved=moved, sizes=NARROW_SIZES, plain=plain, unsure=True, wide=wide)
        else:  # lower precision within, whose steps are larger than any change that stands for rounding
            again = Again(moved=between_precisions, sizes=SIZES[:1], plain=np.inf)
        return tempered(comparisons, again)

    def _again(
        self, run: Run, precision: Precision, *, side: int = 0, training: bool, perturbation: float = 0.0
    ) -> Evaluation:
        """A side of a run once more, with the random numbers that it was given there: others move it by themselves.

        Raises:
            EvaluateError: If it cannot be run so.
        """
        if run.stages is None:
            return self.alone(precision, run.names, side=side, training=training, perturbation=perturbation)
        stage = run.stages[side]
        draws = {number: value.astype(precision) for number, value in stage.draws.items()}
        asked = replace(stage, precision=precision, perturbation=perturbation, draws=draws)
        return evaluation_of(asked, self.sides[side].stage(asked), run.sides[side])

    def alone(
        self, precision: Precision, names: tuple[str, ...], *, side: int = 0, training: bool, perturbation: float = 0.0
    ) -> Evaluation:
        """Evaluates the named probes on one side.

        Raises:
            EvaluateError: If it cannot run them.
        """
        evaluation = self.sides[side].evaluate(
            EvaluateRequest(
                recipes=self.recipes[side],
                probes=tuple(self.batches[name] for name in names),
                precision=precision,
                training=training,
                weight_scale=self._weight_scale,
                perturbation=perturbation,
            )
        )
        gradients = parted(evaluation.gradients, self.recipes[side])
        return replace(evaluation, gradients=gradients, state=parted(evaluation.state, self.recipes[side]))

    def stepped(self, side: int, request: StepRequest) -> Stepped:
        """Takes one optimizer step.

        Raises:
            EvaluateError: If the side cannot take it.
        """
        step, recipes = self.sides[side].step(request), self.recipes[side]
        return replace(
            step,
            updates=parted(step.updates, recipes),
            summed=parted(step.summed, recipes),
            halved=parted(step.halved, recipes),
        )

    def precise(self, names: tuple[str, ...], *, training: bool) -> Run:
        """float64 where both sides have it, else float32 with the calibrated limit.

        Raises:
            EvaluateError: If a side cannot run them in either.
        """
        try:
            found = self.run("float64", names, training=training)
        except EvaluateError as error:
            return self.narrow(names, Finding(fact=Fact.REFUSED, cause=error.message), training=training)
        if _dtypes(found[0]) != _dtypes(found[1]):  # one side casts to float32, which shows in float64 alone
            return self.narrow(names, Finding(fact=Fact.FLOAT32_HARD_CODED), training=training)
        if not (found[0].mixed or found[1].mixed):
            wide = Run(names=names, sides=found, precision="float64", tolerance=precision_tolerance("float64"))
            other = self._otherwise(names, found, training=training)
            return wide if other is None else replace(self.narrow(names, other, training=training), apart=wide)
        low = self.alone("float32", names, training=training)
        own = {name: _distance(a, b) for name, a, b in zip(names, low.outputs, found[0].outputs, strict=True)}
        most = max(own.values(), default=0.0)
        if most > LARGEST_ROUNDING:
            return self.narrow(names, Finding(fact=Fact.OTHER_DRAWS_IN_FLOAT64), training=training)
        coarse = Finding(fact=Fact.FLOAT32_HARD_CODED)
        return Run(names=names, sides=found, precision="float64", tolerance=_calibrated(most), coarse=coarse, own=own)

    def _otherwise(
        self, names: tuple[str, ...], found: tuple[Evaluation, Evaluation], *, training: bool
    ) -> Finding | None:
        """Which side does something else in float64 than in float32, if one does; both by no name.

        Raises:
            EvaluateError: If one that may cannot be run again.
        """

        def other(side: int) -> bool:
            stage = Stage(
                recipes=self.recipes[side],
                probe=self.batches[names[0]],
                precision="float64",
                mode="training" if training else "inference",
                weight_scale=self._weight_scale,
                outputs=True,
                effects=True,
            )
            ask = partial(self.alone, names=names, side=side, training=training)
            return does_otherwise(found[side], ask, InParts(stage=stage, ask=self.sides[side].stage))

        others = [name for name, other in zip(SIDES, both(other), strict=True) if other]
        return Finding(fact=Fact.OTHERWISE_IN_FLOAT64, side=others[0] if len(others) == 1 else None) if others else None

    def narrow(self, names: tuple[str, ...], coarse: Finding, *, training: bool) -> Run:
        """float32, for the reason given.

        Raises:
            EvaluateError: If a side cannot run them.
        """
        sides = self.run("float32", names, training=training)
        tolerance = precision_tolerance("float32")
        return Run(names=names, sides=sides, precision="float32", tolerance=tolerance, coarse=coarse)


def evaluation_of(stage: Stage, staged: Staged, like: Evaluation) -> Evaluation:
    """What a call gave that was run in parts, on one probe, in the form of one that was not."""
    gradients, state = parted(staged.gradients, stage.recipes), parted(staged.state, stage.recipes)
    return replace(
        like,
        outputs=(staged.outputs,),
        repeated=True,
        gradients={name: gradients.get(name) for name in like.gradients},
        state={name: state.get(name, value) for name, value in like.state.items()},
        losses=staged.losses,
        added=(staged.losses.total,),
    )


def _calibrated(own: float) -> Tolerance:
    """The limit of outputs of which the reference is so far from itself, as far as a limit decides anything."""
    tolerance = precision_tolerance("float32", own)
    return replace(tolerance, limit=min(tolerance.limit, DECIDES))


def _dtypes(side: Evaluation) -> list[str]:
    """Of the outputs."""
    return [value.dtype.name for values in side.outputs[:1] for value in values]


def _widened(side: Evaluation) -> Evaluation:
    """Values of float32 in float64, to be compared with values that were computed in it."""
    return replace(
        side,
        outputs=tuple(tuple(_wide(value) for value in values) for values in side.outputs),
        gradients={name: None if value is None else _wide(value) for name, value in side.gradients.items()},
        state={name: _wide(value) for name, value in side.state.items()},
    )


def _wide(value: Array) -> Array:
    return value.astype(np.float64) if value.dtype.kind == "f" else value


def _distance(low: tuple[Array, ...], high: tuple[Array, ...]) -> float:
    found = 0.0
    for a, b in zip(low, high, strict=True):
        if a.dtype.kind == "f" and a.shape == b.shape and a.size:
            scale = float(np.nanmax(np.abs(b)))
            error = float(np.nanmax(np.abs(a.astype(np.float64) - b.astype(np.float64))))
            found = max(found, error / scale if scale else 0.0)
    return found


def projection(outputs: Sequence[Array]) -> tuple[Array, ...]:
    """Fixed random weights for each floating output, as ``evaluate`` takes them for its gradients."""
    return tuple(
        np.random.default_rng([7, number]).standard_normal(value.shape).astype(value.dtype)
        for number, value in enumerate(outputs)
        if value.dtype.kind == "f"
    )


def output_comparisons(run: Run, quantity: Quantity = "output") -> list[Compared]:
    """The model outputs, probe by probe, each at least on the scale of what is noise beside its first probe."""
    comparisons = []
    share = noise(run.tolerance)
    least = [share * scale_of(one) for one in run.sides[0].outputs[0]]
    for probe, ones, twos in zip(run.names, run.sides[0].outputs, run.sides[1].outputs, strict=True):
        for number, (one, two) in enumerate(zip(ones, twos, strict=False)):
            if one.shape == two.shape and not one.size:
                continue  # a sparse tensor without values; where all are, nothing is left, and that is said
            subject = Subject(quantity=quantity, probe=probe, number=number, of=len(ones))
            close = compare_values(one, two, run.tolerance_on(probe), least=least[number])
            comparisons.append(Compared(subject=subject, closeness=close))
    return comparisons


def rank(item: Compared) -> tuple[bool, bool, bool, float]:
    """Orders comparisons by how much they tell: what differs, by a finite amount, and the more the better.

    Off by the whole scale is as bad as it gets, and the first counts.
    """
    close = item.closeness
    finite = bool(np.isfinite(close.max_relative))
    return close.differs, not close.equal, finite, min(close.max_relative, 1.0) if finite else 0.0
