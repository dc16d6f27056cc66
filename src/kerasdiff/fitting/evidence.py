"""What do the trials of a fit say? Trials become figures and a decision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from kerasdiff.findings import Finding
from kerasdiff.fitting.decisions import Decision
from kerasdiff.fitting.looks import Plan, default_plan
from kerasdiff.fitting.statistics import decide
from kerasdiff.fitting.trajectories import class_differences, curves, distance, figures, identical, parted
from kerasdiff.fitting.trials import FitEvidence, Lead, Metric
from kerasdiff.options import FitOptions
from kerasdiff.side.training import Trial, TrialOptions, TrialSide

TrialPair = tuple[Trial, Trial]


def evidence(
    pairs: Sequence[TrialPair],
    controls: Mapping[TrialSide, Trial],
    options: FitOptions,
    *,
    findings: tuple[Finding, ...] = (),
    stopped: Finding | None = None,
) -> FitEvidence:
    """All figures of an experiment; ``pairs`` in the order of the seeds, at least one."""
    paired = tuple(figures(pair, seed) for pair, seed in zip(pairs, options.seeds, strict=False))
    first = pairs[0]
    against = [(first[0], control) for control in controls.values()]
    metric = _metric(first)
    same = all(item.identical for item in paired)
    own = draws_apart(first, options.trial)
    return FitEvidence(
        trials=(*(trial for pair in pairs for trial in pair), *controls.values()),
        seeds=options.seeds,
        distance=max(item.distance for item in paired),
        control_distance=_control(first[0], controls.get("control")),
        control_steps=len(controls["control"].losses) if "control" in controls else 0,
        rounding_distance=_control(first[0], controls.get("rounding")),
        first_parting=paired[0].first_parting,
        identical=same,
        pairs=paired,
        parted=None if same or own or not against else parted(first, against),
        metric=metric,
        decision=decision(pairs, options),
        leads=() if same else _leads(pairs, metric, options),
        curves=curves(pairs),
        classes=class_differences(pairs),
        draws_apart=own,
        stopped=stopped,
        findings=findings,
    )


def draws_apart(pair: TrialPair, options: TrialOptions) -> bool:
    """Whether both sides of a pair draw random numbers that are not known to correspond.

    They do where each takes common ones alone, of the same kinds in the same order.
    """
    if options.draws == "own":
        return False
    one, two = (trial.settings for trial in pair)
    return options.draws == "apart" or one.own_draws or two.own_draws or one.draws != two.draws


def decision(pairs: Sequence[TrialPair], options: FitOptions) -> Decision | None:
    """What the paired differences say up to now; ``None`` where every pair agrees to the last bit."""
    if all(identical(*pair) for pair in pairs):
        return None
    first = pairs[0]
    return decide(differences(pairs, _metric(first)), _plan(options, len(options.seeds), first[0]))


def _metric(pair: TrialPair) -> Metric:
    return "test accuracy" if all(trial.history.accuracies for trial in pair) else "test loss"


def _plan(options: FitOptions, most: int, trial: Trial) -> Plan:
    counted = trial.settings.test_rows and trial.history.accuracies
    return default_plan(options.margin, most, resolution=1 / trial.settings.test_rows if counted else 0.0)


def differences(pairs: Sequence[TrialPair], metric: Metric) -> list[float]:
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
        value = trial.train_accuracy if trial.history.finite else None
    else:
        value = trial.test_accuracy if metric == "test accuracy" else trial.test_loss
    return worst if value is None else value


def _leads(pairs: Sequence[TrialPair], metric: Metric, options: FitOptions) -> tuple[Lead, ...]:
    """Who is ahead after the last epoch. The interval is that of a single look at all pairs."""
    metrics: tuple[Metric, ...] = ("test accuracy", "train accuracy") if metric == "test accuracy" else (metric,)
    leads = []
    for name in metrics:
        seen = decide(differences(pairs, name), _plan(options, len(pairs), pairs[0][0]))
        if not math.isnan(seen.mean):
            leads.append(Lead(metric=name, mean=seen.mean, interval=seen.interval, level=seen.level))
    return tuple(leads)


def _control(reference: Trial, control: Trial | None) -> float | None:
    if control is None:
        return None
    return distance(reference.losses[: len(control.losses)], control.losses)
