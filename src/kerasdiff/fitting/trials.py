"""What a fit showed, in frozen records: its trials, how far apart they are, and what decides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from kerasdiff.findings import Finding
from kerasdiff.fitting.decisions import Decision
from kerasdiff.side.training import DataSource, Trial, TrialSettings, TrialSoFar

Curves = Literal["short", "cross", "close", "apart"]
Metric = Literal["test accuracy", "train accuracy", "test loss"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFigures:
    """One trial pair: how far apart, from where on.

    Attributes:
        distance: Largest absolute difference between the step losses.
        first_parting: First step (0-based) whose loss differs, or ``None``.
        identical: Whether every step loss, test figure and test output agrees to the last bit.
        agreement: Fraction of test rows both sides give the same class; ``None`` without classes.
    """

    seed: int
    distance: float
    first_parting: int | None
    identical: bool
    agreement: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Who is ahead in a metric after the last epoch: the mean of candidate minus reference over the pairs.

    Attributes:
        interval, level: Confidence interval of the mean; ``None`` with one pair.
    """

    metric: Metric
    mean: float
    interval: tuple[float, float] | None
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """Where two trajectories are clearly farther apart than noise.

    Attributes:
        step: 0-based step, or the last step of the epoch whose test showed it.
        metric: ``step loss`` or ``test loss``.
        distance, floor: Of the pair, and of the controls up to there.
        limit: What the distance is beyond.
    """

    step: int
    metric: str
    distance: float
    floor: float
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FitEvidence:
    """The trial pairs of a fit, and their controls.

    Attributes:
        trials: In the order of the seeds, the reference before the candidate; then the controls, then those that were
            cut off.
        seeds: Of the pairs that were to run.
        distance: Largest absolute difference between the step losses of the two sides, over all pairs.
        control_distance: The same between the reference and itself in another process; ``None`` where no control ran,
            for the first pair is bit-identical.
        control_steps: Steps of the control.
        rounding_distance: The same for the reference from weights one unit in the last place off; ``None`` where it
            did not run.
        first_parting: First step (0-based) of the first pair whose loss differs, or ``None``.
        identical: Whether every pair agrees to the last bit.
        parted: Where the first pair is beyond the noise, or ``None``.
        metric: The one that counts.
        decision: On the paired differences of ``metric``; ``None`` where no metric could be paired.
        curves: Whether the training curves still ``cross`` or ``close``, are ``apart`` and widen, or are too ``short``.
        classes: Mean difference of each class's test accuracy; empty without classes.
        draws_apart: Whether the two draw random numbers that are not known to correspond: then trials part in any case.
        stopped: Why no more pairs ran, where the reason is no decision.
        findings: What was not stored or did not go as planned.
    """

    trials: tuple[TrialSoFar, ...]
    seeds: tuple[int, ...] = ()
    distance: float = 0.0
    control_distance: float | None = None
    control_steps: int = 0
    rounding_distance: float | None = None
    first_parting: int | None = None
    identical: bool = False
    pairs: tuple[PairFigures, ...] = ()
    parted: Parted | None = None
    metric: Metric = "test accuracy"
    decision: Decision | None = None
    leads: tuple[Lead, ...] = ()
    curves: Curves = "short"
    classes: tuple[float, ...] = ()
    draws_apart: bool = False
    stopped: Finding | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def never_finite(self) -> bool:
        """Whether nothing was learned: from data without a finite number, or by losses without one after an update."""
        paired = [trial for trial in self.trials if trial.side in ("reference", "candidate")]
        return bool(self.pairs) and (self.blank or all(map(_learned_nothing, paired)))

    @property
    def blank(self) -> bool:
        """Whether an input of the data holds no finite number."""
        return self.data is not None and self.data.blank

    @property
    def finished(self) -> Trial | None:
        """The first trial that was finished: all share its data and settings."""
        return next((trial for trial in self.trials if isinstance(trial, Trial)), None)

    @property
    def data(self) -> DataSource | None:
        """What they were trained on; ``None`` where none was finished."""
        return None if self.finished is None else self.finished.data

    @property
    def settings(self) -> TrialSettings | None:
        """What they were trained with; ``None`` where none was finished."""
        return None if self.finished is None else self.finished.settings

    @property
    def class_names(self) -> tuple[str, ...]:
        """By class id, empty where unknown."""
        return () if self.finished is None else self.finished.class_names


def _learned_nothing(trial: TrialSoFar) -> bool:
    """Whether the first loss, which comes before any update, is the only finite one, if that."""
    tested = trial.test_loss is not None and math.isfinite(trial.test_loss)
    return not tested and sum(map(math.isfinite, trial.losses)) <= 1
