"""Same outcome? One seeded trial pair, and the reference against itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from kerasdiff.graph import Weight
from kerasdiff.options import Listener, Options
from kerasdiff.side import Array, FitPlan, Progress, Side, Trial
from kerasdiff.verdict import FitEvidence, Rung, RungOutcome, Trajectory, TrialSide

TAIL = 10
"""Steps averaged for the training accuracy a trial reached."""


def fit(
    sides: tuple[Side, Side], control: Side, weights: Mapping[str, Weight], options: Options, listener: Listener
) -> FitEvidence:
    """Trains both sides from the same start on the same batches, and the reference once more elsewhere.

    Args:
        sides: Reference and candidate.
        control: The reference in another process.
        weights: Reference weight id to the candidate's weight that starts from the same values.
        options: Steps, data and seed.
        listener: Told of every step.

    Raises:
        FitError: If a side cannot be trained on the data.
    """
    data = options.data or "auto"
    listener.fit_started(options.fit_steps)

    def told(side: str) -> Progress:
        return lambda step, loss: listener.fit_step(side, step, loss)

    own = sides[0].start(options.seed)
    plan = FitPlan(data=data, seed=options.seed, steps=options.fit_steps, start=own)
    start = {two.id: own[one].reshape(two.shape) for one, two in weights.items() if one in own}
    carried = replace(plan, start=start)
    with ThreadPoolExecutor(3) as pool:
        one = pool.submit(sides[0].fit, plan, told("reference"))
        two = pool.submit(sides[1].fit, carried, told("candidate"))
        three = pool.submit(control.fit, plan, told("control"))
        return evidence((one.result(), two.result()), three.result(), options.seed)


def evidence(trials: tuple[Trial, Trial], control: Trial, seed: int) -> FitEvidence:
    """The distances between the trajectories, step by step."""
    first, second = trials
    parting = _parting(first.losses, second.losses)
    same = parting is None and _same(first.predictions, second.predictions)
    return FitEvidence(
        data=first.data,
        plan={**first.settings, "seed": seed},
        trajectories=(
            _trajectory("reference", first, seed),
            _trajectory("candidate", second, seed),
            _trajectory("control", control, seed),
        ),
        distance=_distance(first.losses, second.losses),
        control_distance=_distance(first.losses, control.losses),
        first_parting=parting,
        identical=same,
    )


def _trajectory(side: TrialSide, trial: Trial, seed: int) -> Trajectory:
    tail = [value for value in trial.accuracies[-TAIL:] if math.isfinite(value)]
    return Trajectory(
        side=side,
        seed=seed,
        losses=trial.losses,
        train_accuracy=float(np.mean(tail)) if tail else None,
        test_accuracy=trial.test_accuracy,
        test_loss=trial.test_loss,
    )


def _distance(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    pairs = list(zip(first, second, strict=False))
    if len(first) != len(second) or any(math.isfinite(a) != math.isfinite(b) for a, b in pairs):
        return math.inf
    return max((abs(a - b) for a, b in pairs if math.isfinite(a)), default=0.0)


def _parting(first: tuple[float, ...], second: tuple[float, ...]) -> int | None:
    for step, (a, b) in enumerate(zip(first, second, strict=False)):
        if a != b and not (math.isnan(a) and math.isnan(b)):
            return step
    return None if len(first) == len(second) else min(len(first), len(second))


def _same(first: Array, second: Array) -> bool:
    return first.shape == second.shape and bool(np.array_equal(first, second, equal_nan=True))


def fit_rung(found: FitEvidence, *, complete: bool) -> Rung:
    """What the trial pair says: identical to the bit, within the noise of the control, or apart."""
    steps = len(found.trajectories[0].losses)
    figures = {
        "steps": steps,
        "distance": found.distance,
        "control_distance": found.control_distance,
        "first_parting": found.first_parting,
        "identical": found.identical,
    }
    control = (
        "the control is bit-identical"
        if found.control_distance == 0.0
        else f"the control itself differs by {found.control_distance:.2g}: this machine is not deterministic"
    )
    if found.identical:
        return Rung(
            name="fit", outcome="equal", detail=f"{steps} steps, every loss bit-identical; {control}", figures=figures
        )
    scale = max((abs(loss) for loss in found.trajectories[0].losses if math.isfinite(loss)), default=1.0)
    apart = f"losses up to {found.distance:.3g} apart from step {(found.first_parting or 0) + 1} on; {control}"
    if not complete:
        return Rung(
            name="fit",
            outcome="advisory",
            detail=f"{apart}; weights without a counterpart started from their own draw",
            figures=figures,
        )
    near = found.distance <= max(1e-3 * scale, 10 * found.control_distance)
    outcome: RungOutcome = "advisory" if near else "different"
    text = f"{apart}{' (rounding that training amplifies)' if near else ''}"
    return Rung(name="fit", outcome=outcome, detail=text, figures=figures)
