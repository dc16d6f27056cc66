"""What do the trials of a fit say? Trials become figures, a decision, a rung and a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from kerasdiff.comparison import Rung, RungOutcome, Verdict
from kerasdiff.fit.statistics import Plan, decide, default_plan
from kerasdiff.fit.trajectories import class_differences, curves, distance, figures, parted
from kerasdiff.fit.trials import FitEvidence, Lead, Trajectory, TrialSide
from kerasdiff.options import FitOptions
from kerasdiff.side.records import Trial

Pair = tuple[Trial, Trial]
Metric = Literal["test accuracy", "train accuracy", "test loss"]


def evidence(
    pairs: Sequence[Pair],
    controls: Mapping[TrialSide, Trial],
    options: FitOptions,
    *,
    notes: tuple[str, ...] = (),
    stopped: str = "",
) -> FitEvidence:
    """All figures of an experiment; ``pairs`` in the order of the seeds, at least one."""
    found = [figures(pair, seed) for pair, seed in zip(pairs, options.seeds, strict=False)]
    first = pairs[0]
    against = [(first[0], control) for control in controls.values()]
    metric: Metric = "test accuracy" if first[0].accuracies and first[1].accuracies else "test loss"
    same = all(item.identical for item in found)
    return FitEvidence(
        data=first[0].data,
        plan={**first[0].settings, "seeds": list(options.seeds)},
        trajectories=tuple(_trajectories(pairs, controls, options.seeds)),
        distance=max(item.distance for item in found),
        control_distance=_control(first[0], controls.get("control")),
        control_steps=len(controls["control"].losses) if "control" in controls else 0,
        rounding_distance=_control(first[0], controls.get("rounding")),
        first_parting=found[0].first_parting,
        identical=same,
        pairs=tuple(found),
        parted=None if same or not against else parted(first, against),
        metric=metric,
        decision=None if same else decide(differences(pairs, metric), _plan(options, len(options.seeds), first[0])),
        leads=() if same else _leads(pairs, metric, options),
        curves=curves(pairs),
        classes=class_differences(pairs),
        class_names=first[0].class_names,
        stopped=stopped,
        notes=notes,
    )


def _plan(options: FitOptions, most: int, trial: Trial) -> Plan:
    rows = int(trial.settings.get("test_rows", 0))
    return default_plan(options.margin, most, resolution=1 / rows if rows and trial.accuracies else 0.0)


def differences(pairs: Sequence[Pair], metric: Metric) -> list[float]:
    """Candidate minus reference of a metric, pair by pair; of a test loss as a fraction of the reference's mean.

    A trial that diverged is as bad as can be: the difference is infinite where one side did, NaN where both.
    """
    worst = math.inf if metric == "test loss" else -math.inf
    values = [[_figure(trial, metric, worst) for trial in pair] for pair in pairs]
    scale = 1.0
    if metric == "test loss":
        known = [abs(first) for first, _ in values if math.isfinite(first)]
        scale = sum(known) / len(known) if known and sum(known) else 1.0
    return [(second - first) / scale for first, second in values]


def _figure(trial: Trial, metric: Metric, worst: float) -> float:
    if metric == "train accuracy":
        found = trial.epochs[-1].train_accuracy if math.isfinite(trial.losses[-1]) else None
    else:
        found = trial.test_accuracy if metric == "test accuracy" else trial.test_loss
    return worst if found is None else found


def _leads(pairs: Sequence[Pair], metric: Metric, options: FitOptions) -> tuple[Lead, ...]:
    """Who is ahead after the last epoch. The interval is that of a single look at all pairs."""
    metrics: tuple[Metric, ...] = ("test accuracy", "train accuracy") if metric == "test accuracy" else (metric,)
    found = []
    for name in metrics:
        decision = decide(differences(pairs, name), _plan(options, len(pairs), pairs[0][0]))
        if not math.isnan(decision.mean):
            found.append(Lead(metric=name, mean=decision.mean, interval=decision.interval, level=decision.level))
    return tuple(found)


def _control(reference: Trial, control: Trial | None) -> float | None:
    if control is None:
        return None
    return distance(reference.losses[: len(control.losses)], control.losses)


def _trajectories(pairs: Sequence[Pair], controls: Mapping[TrialSide, Trial], seeds: Sequence[int]) -> list[Trajectory]:
    found = []
    for pair, seed in zip(pairs, seeds, strict=False):
        found += [_trajectory("reference", pair[0], seed), _trajectory("candidate", pair[1], seed)]
    return found + [_trajectory(side, trial, seeds[0]) for side, trial in controls.items()]


def _trajectory(side: TrialSide, trial: Trial, seed: int) -> Trajectory:
    return Trajectory(
        side=side,
        seed=seed,
        losses=trial.losses,
        train_accuracy=trial.epochs[-1].train_accuracy,
        test_accuracy=trial.test_accuracy,
        test_loss=trial.test_loss,
        epochs=trial.epochs,
        steps=int(trial.settings["steps"]),
        samples_per_second=trial.samples_per_second,
        reused=trial.reused,
    )


def fit_rung(found: FitEvidence, *, complete: bool) -> Rung:
    """What the trial pairs say: identical to the bit, apart, equivalent within the margin, or neither.

    Args:
        found: The trials.
        complete: Whether each pair started from the same weights: else its trajectories part in any case.
    """
    steps = len(found.trajectories[0].losses)
    figures = {
        "steps": steps,
        "pairs": len(found.pairs),
        "distance": found.distance,
        "control_distance": found.control_distance,
        "rounding_distance": found.rounding_distance,
        "first_parting": found.first_parting,
        "identical": found.identical,
    }

    def rung(outcome: RungOutcome, detail: str) -> Rung:
        return Rung(name="fit", outcome=outcome, detail=detail, figures=figures)

    if not found.pairs:
        return rung("skipped", "no trial pair has finished")
    if found.identical:
        return rung("equal", f"{steps} steps, every loss bit-identical")
    apart = f"{described(found)}; {control_text(found)}"
    if complete and found.parted is not None:
        return rung("different", apart)
    if found.decision is not None and found.decision.outcome != "inconclusive":
        return rung("equal" if found.decision.outcome == "equivalent" else "different", found.decision.reason)
    if not complete:
        return rung("advisory", f"{apart}; the two did not start from the same weights")
    return rung("advisory", f"{apart}: no more than rounding that training amplifies")


def described(found: FitEvidence) -> str:
    """How far apart the trajectories are, in a phrase."""
    if found.first_parting is None:
        return "every step loss agrees, the tests do not"
    return f"losses differ from step {found.first_parting + 1} on, by up to {found.distance:.3g}"


def control_text(found: FitEvidence) -> str:
    """What the controls showed, in a phrase."""
    if found.control_distance is None:
        return "no control ran"
    if found.control_distance == 0.0:
        text = "the reference trained again (the control) is bit-identical"
    else:
        text = f"the reference trained again (the control) differs by {found.control_distance:.2g}: this machine is "
        text += "not deterministic"
    if found.rounding_distance is not None:
        text += f"; one unit in the last place of the start alone moves the losses by {found.rounding_distance:.2g}"
    return text


def fit_verdict(found: FitEvidence, *, complete: bool) -> Verdict:
    """The verdict that rests on trials alone.

    Identical to the bit → equivalent after one pair. Trajectories beyond the controls' → different. Else the paired
    differences decide, and where they do not, how many seeds would.
    """
    decision = found.decision
    if found.identical:
        steps = len(found.trajectories[0].losses)
        text = f"Trained alike, the two are bit-identical: every loss of {steps:,} steps and every test output."
        return Verdict(outcome="equivalent", basis="statistical", summary=text)
    if found.parted is not None and complete:
        text = f"Trained alike, the two part: {described(found)}, and {control_text(found)}. {ahead_text(found)}"
        return Verdict(outcome="different", basis="witness", summary=text.strip())
    if decision is not None and decision.outcome != "inconclusive":
        basis: Literal["statistical"] = "statistical"
        return Verdict(outcome=decision.outcome, basis=basis, summary=decision.reason)
    reason = decision.reason if decision is not None else "No pair has finished."
    stopped = f"Stopped: {found.stopped.rstrip('.')}. " if found.stopped else ""
    return Verdict(outcome="inconclusive", basis=None, summary=f"{stopped}{reason}")


def ahead_text(found: FitEvidence) -> str:
    """Who is ahead in the metric that counts, for the epochs that were run."""
    if not found.leads:
        return ""
    epochs = max(len(run.epochs) for run in found.trajectories)
    told = "; ".join(_lead_text(lead) for lead in found.leads)
    still = {"cross": "; the curves have crossed, so that may change", "close": "; the curves are closing"}
    return f"After {epochs} epoch{'' if epochs == 1 else 's'} {told}{still.get(found.curves, '')}."


def _lead_text(lead: Lead) -> str:
    """``the candidate is ahead in train accuracy by 7.25 points (95 % interval +6.01 to +8.50)``."""
    side = "candidate" if (lead.mean > 0) != (lead.metric == "test loss") else "reference"
    size = f"{100 * abs(lead.mean):.2f} {'%' if lead.metric == 'test loss' else 'points'}"
    if lead.interval is None:
        return f"the {side} is ahead in {lead.metric} by {size} with one seed"
    low, high = (100 * bound for bound in lead.interval)
    span = f"{100 * lead.level:.0f} % interval of candidate minus reference {low:+.2f} to {high:+.2f}"
    if low <= 0 <= high:
        return f"neither is clearly ahead in {lead.metric} ({span})"
    return f"the {side} is ahead in {lead.metric} by {size} ({span})"
