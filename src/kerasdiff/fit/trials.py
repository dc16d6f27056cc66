"""What a fit showed, in frozen records: its trials, how far apart they are, and what decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kerasdiff.fit.statistics import Decision
from kerasdiff.side.records import Epoch

TrialSide = Literal["reference", "candidate", "control", "rounding"]
Curves = Literal["short", "cross", "close", "apart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """One trial as figures: losses step by step, and what it reached.

    Attributes:
        train_accuracy: Of the last epoch.
        epochs: What each epoch reached.
        steps: Optimizer steps the trial was to take; more than ``losses`` where it was cut off or diverged.
        samples_per_second: 0 where nothing was trained anew.
        reused: Epochs that were taken from disk.
    """

    side: TrialSide
    seed: int
    losses: tuple[float, ...]
    train_accuracy: float | None
    test_accuracy: float | None
    test_loss: float | None
    epochs: tuple[Epoch, ...] = ()
    steps: int | None = None
    samples_per_second: float = 0.0
    reused: int = 0


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
        metric: ``test accuracy``, ``train accuracy``, ``test loss``.
        interval, level: Confidence interval of the mean; ``None`` with one pair.
    """

    metric: str
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
        data: What they were trained on, in words (says so where the data are synthetic).
        plan: Optimizer, learning rate, loss, batch size, steps, as JSON data.
        distance: Largest absolute difference between the step losses of the two sides, over all pairs.
        control_distance: The same between the reference and itself in another process; ``None`` where no control ran,
            for the first pair is bit-identical.
        control_steps: Steps of the control.
        rounding_distance: The same for the reference from weights one unit in the last place off; ``None`` where it
            did not run.
        first_parting: First step (0-based) of the first pair whose loss differs, or ``None``.
        identical: Whether every pair agrees to the last bit.
        parted: Where the first pair is beyond the noise, or ``None``.
        decision: On the paired differences of ``metric``; ``None`` where no metric could be paired.
        curves: Whether the training curves still ``cross`` or ``close``, are ``apart`` and widen, or are too ``short``.
        classes: Mean difference of each class's test accuracy; empty without classes.
        class_names: By class id, empty where unknown.
        stopped: Why no more pairs ran, where the reason is no decision.
        notes: Sentences: what was not kept or did not go as planned.
    """

    data: str
    plan: Mapping[str, Any]
    trajectories: tuple[Trajectory, ...]
    distance: float
    control_distance: float | None
    first_parting: int | None
    identical: bool
    control_steps: int = 0
    rounding_distance: float | None = None
    pairs: tuple[PairFigures, ...] = ()
    parted: Parted | None = None
    metric: str = "test accuracy"
    decision: Decision | None = None
    leads: tuple[Lead, ...] = ()
    curves: Curves = "short"
    classes: tuple[float, ...] = ()
    class_names: tuple[str, ...] = ()
    stopped: str = ""
    notes: tuple[str, ...] = ()
