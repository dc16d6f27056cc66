"""How far apart are two trials, and is that more than noise?

Why a floor from rounding? Two spellings of one function may sum in another order. That changes the first loss in its
last digits, and training amplifies it: after a few hundred steps the losses of the reference and of the reference
perturbed by one unit in the last place are as far apart as those of any two seeds. So where the first losses agree to
rounding, the distance that counts as a difference is one that such a perturbation does not reach.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from kerasdiff.fitting.trials import Curves, PairFigures, Parted
from kerasdiff.side.training import Trial, TrialSoFar

ROUNDING = 1e-3
"""Relative distance of the losses where they part first, up to which rounding may explain it."""

CLEARLY = 100.0
"""How many times the controls' distance counts as clearly more; see `parted`. Measured over 93 steps of a small convnet
at two learning rates: layers that sum in another order (Flatten and Dense against a convolution, sigmoid against tanh)
reach 0.2 to 26 times the distance of a perturbation, an epsilon of 1.1e-3 against 1e-3 reaches 1,600 times."""

FEWEST_STEPS = 8
"""Steps of any control: on the forum pair a quarter of a second."""

REPEATABLE = 1e-6
"""Relative distance that is taken for noise even where both controls show less: 8 units in the last place of float32,
which a first loss summed in another order reaches."""


def distance(first: Sequence[float], second: Sequence[float]) -> float:
    """Largest absolute difference between two series; infinite where one ends early or diverges alone."""
    if len(first) != len(second):
        return math.inf
    return max((apart(a, b) for a, b in zip(first, second, strict=True)), default=0.0)


def apart(a: float, b: float) -> float:
    """The distance of two losses: infinite where one alone is finite, 0 where neither is."""
    if math.isfinite(a) and math.isfinite(b):
        return abs(a - b)
    return 0.0 if math.isfinite(a) == math.isfinite(b) else math.inf


def parting(first: Sequence[float], second: Sequence[float]) -> int | None:
    """The first step (0-based) at which two series differ in any bit."""
    for step, (a, b) in enumerate(zip(first, second, strict=False)):
        if a != b and not (math.isnan(a) and math.isnan(b)):
            return step
    return None if len(first) == len(second) else min(len(first), len(second))


def identical(first: Trial, second: Trial) -> bool:
    """Whether every step loss, test figure and test output agrees to the last bit."""
    tests = [[(epoch.test_loss, epoch.test_accuracy) for epoch in trial.epochs] for trial in (first, second)]
    return (
        parting(first.losses, second.losses) is None
        and tests[0] == tests[1]
        and first.answers.digest == second.answers.digest
    )


def figures(pair: tuple[Trial, Trial], seed: int) -> PairFigures:
    """One trial pair as figures."""
    import numpy as np  # which those that only tell of trials do without

    first, second = pair
    agreement = None
    one, two = first.answers.classes, second.answers.classes
    if one and len(one) == len(two):
        same = [np.mean(a == b) for a, b in zip(one, two, strict=True) if a.shape == b.shape]
        agreement = float(np.mean(same)) if same else None
    return PairFigures(
        seed=seed,
        distance=distance(first.losses, second.losses),
        first_parting=parting(first.losses, second.losses),
        identical=identical(first, second),
        agreement=agreement,
    )


def reaches(pair: tuple[Trial, Trial]) -> Iterator[tuple[int, int]]:
    """How many steps a control from the same start has to cover, and one from a perturbed start: tried in this order.

    First twice as far as it takes the two to be clearly apart from controls that show nothing. If that does not settle
    it, the first epoch in which a loss or a test figure differs, the first one where none does; rounding grows, and one
    epoch more shows how far it gets.
    """
    first, second = pair
    seen = parted(pair, [(first, first)])
    step = parting(first.losses, second.losses)
    number = 0
    for one, two in zip(first.epochs, second.epochs, strict=False):
        if (step is not None and step < one.steps) or _tests([one.test_loss]) != _tests([two.test_loss]):
            number = one.number - 1
            break
    ends = [epoch.steps for epoch in first.epochs[number : number + 2]] or [len(first.losses)]
    if seen is not None and seen.metric == "step loss" and soon(seen.step) < ends[0]:
        yield soon(seen.step), soon(seen.step)
    yield ends[0], ends[-1]


def soon(step: int) -> int:
    """Steps of a control for a pair that is clearly apart after this one (0-based)."""
    return max(FEWEST_STEPS, 2 * (step + 1))


def may_be_rounding(pair: tuple[Trial, Trial]) -> bool:
    """Whether the two part by so little that rounding may explain it: within `ROUNDING` of the loss there."""
    for (a, b), _ in _series(pair, math.inf):
        if a != b and not (math.isnan(a) and math.isnan(b)):
            return within_rounding(a, b)
    return True


def within_rounding(first: float, second: float) -> bool:
    """Whether two losses are so close that rounding may explain it."""
    return apart(first, second) <= ROUNDING * abs(first)


def parted(pair: tuple[Trial, Trial], controls: Sequence[tuple[Trial, Trial]]) -> Parted | None:
    """Where a pair is first clearly farther apart than the controls are.

    Criterion: with ``D`` the largest distance of the pair up to a step, ``F`` the largest of any control up to there,
    and ``s`` the largest loss of the reference, ``D > CLEARLY * max(F, REPEATABLE * s)``, or ``D`` infinite and ``F``
    not. Step losses and the test loss after each epoch are each held against their own, as far as a control reaches.
    """
    covered = min((len(control[1].losses) for control in controls), default=0)
    beyond = [_beyond(pair, controls, metric, covered) for metric in ("step loss", "test loss")]
    return min((item for item in beyond if item is not None), key=lambda item: item.step, default=None)


def _beyond(
    pair: tuple[Trial, Trial], controls: Sequence[tuple[Trial, Trial]], metric: str, covered: int
) -> Parted | None:
    reached = floor = 0.0
    whole = scale(pair[0])
    floors = [dict(_distances(control, metric, covered)) for control in controls]
    for step, size in _distances(pair, metric, covered):
        reached = max(reached, size)
        floor = max([floor, *(item.get(step, 0.0) for item in floors)])
        most = limit(floor, whole)
        if reached > most:
            return Parted(step=step, metric=metric, distance=reached, floor=floor, limit=most)
    return None


def scale(reference: TrialSoFar) -> float:
    """The largest finite loss of the reference: what a distance is a fraction of."""
    return max((abs(loss) for loss in reference.losses if math.isfinite(loss)), default=1.0)


def limit(floor: float, whole: float) -> float:
    """What a pair is clearly apart beyond: with ``floor`` the largest distance of a control, as in `parted`."""
    return CLEARLY * max(floor, REPEATABLE * whole)


def _distances(pair: tuple[Trial, Trial], metric: str, covered: int) -> Iterator[tuple[int, float]]:
    for (a, b), (step, kind) in _series(pair, covered):
        if kind == metric:
            yield step, apart(a, b)


def _series(pair: tuple[Trial, Trial], covered: float) -> Iterator[tuple[tuple[float, float], tuple[int, str]]]:
    """Both sides' losses in the order they were met: every step, and the test after each epoch."""
    first, second = pair
    done = 0
    for one, two in zip(first.epochs, second.epochs, strict=False):
        end = max(one.steps, two.steps)
        for step in range(done, min(end, int(min(covered, end)))):
            a, b = ((side.losses[step] if step < len(side.losses) else math.nan) for side in pair)
            yield (a, b), (step, "step loss")
        done = end
        if done <= covered:
            tests = _tests([one.test_loss, two.test_loss])
            yield (tests[0], tests[1]), (done - 1, "test loss")


def _tests(values: Sequence[float | None]) -> list[float]:
    return [math.inf if value is None else value for value in values]


def curves(pairs: Sequence[tuple[Trial, Trial]]) -> Curves:
    """What the curves of training accuracy (of loss, without classes) do: DESIGN §8, the leader may end behind.

    ``cross``: the mean difference over the pairs has changed its sign; ``close``: it is smaller after the last epoch
    than it was after some epoch before; ``apart``: it has been growing; ``short``: fewer than two epochs.
    """
    last = min(len(trial.epochs) for pair in pairs for trial in pair)
    gaps = []
    for at in range(last):
        values = [_train(second, at) - _train(first, at) for first, second in pairs]
        if all(math.isfinite(value) for value in values):
            gaps.append(sum(values) / len(values))
    if len(gaps) < 2:
        return "short"
    if min(gaps) < 0 < max(gaps):
        return "cross"
    return "close" if abs(gaps[-1]) < max(abs(gap) for gap in gaps) else "apart"


def _train(trial: Trial, at: int) -> float:
    epoch = trial.epochs[at]
    return epoch.train_loss if epoch.train_accuracy is None else epoch.train_accuracy


def class_differences(pairs: Sequence[tuple[Trial, Trial]]) -> tuple[float, ...]:
    """Mean over the pairs of each class's accuracy in the test, candidate minus reference.

    Empty where there is not exactly one output with classes; NaN for a class without test rows.
    """
    import numpy as np

    rows = []
    for first, second in pairs:
        one, two = first.answers.classes, second.answers.classes
        if len(one) != 1 or len(two) != 1 or one[0].shape != two[0].shape:
            continue
        labels = first.answers.labels[0].ravel()
        right = [answered[0].ravel() == labels for answered in (one, two)]
        counts = np.bincount(labels)
        with np.errstate(invalid="ignore"):
            rows.append((np.bincount(labels, right[1]) - np.bincount(labels, right[0])) / counts)
    return tuple(float(value) for value in np.mean(rows, axis=0)) if rows else ()
