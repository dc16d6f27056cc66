"""What is trained, and on what? The trials of a comparison and of a fit, on this machine or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kerasdiff.align.pair import Pair
from kerasdiff.errors import DataError, FitError
from kerasdiff.findings import Fact, Finding
from kerasdiff.fitting.cluster.connect import Cluster
from kerasdiff.fitting.cluster.spread import Spread
from kerasdiff.fitting.experiment import Expected, Experiment
from kerasdiff.fitting.local import Local
from kerasdiff.fitting.trainers import Starts, Trainers
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.options import FitOptions, Listener, Options
from kerasdiff.probing.draws.trials import trial_draws
from kerasdiff.probing.large import IN_A_FIT, lacks_room
from kerasdiff.rungs.fit import fit_rung
from kerasdiff.rungs.records import NotChecked, NumberFigures, Rung
from kerasdiff.side.environment import seeds_at_once
from kerasdiff.side.models import Models
from kerasdiff.side.training import TrialOptions

FEW_STEPS = 100
"""Steps up to which a fit is too short for TensorFlow's optimiser: see :mod:`kerasdiff.worker.optimizing`."""


def trained(
    models: Models,
    pair: Pair,
    face: Rung,
    options: Options,
    listener: Listener,
    rungs: list[Rung],
    not_checked: list[NotChecked],
) -> FitEvidence | None:
    """One trial pair and its control; its rung joins ``rungs``."""
    reason = untrained(models, pair, face, options)
    if reason is not None:
        not_checked.append(NotChecked(rung="fit", reason=reason))
        return None
    listener.phase("training both models")
    try:
        expected: Expected = "apart" if _told_apart(rungs) else "open"
        evidence = experiment(models, pair, options, short_fit(options), listener, expected=expected).run()
    except FitError as error:
        if options.data is not None and isinstance(error, DataError):
            raise  # what somebody asked for by name is wrong: no verdict hides that
        reason = Finding(fact=Fact.REFUSED, cause=error.message)
        not_checked.append(NotChecked(rung="fit", reason=reason))
        rungs.append(Rung(name="fit", outcome="failed", findings=(reason,)))
        return None
    rungs.append(fit_rung(evidence, complete=pair.transfer.complete and not pair.transfer.joined))
    return evidence


def untrained(models: Models, pair: Pair, face: Rung, options: Options) -> Finding | None:
    """Why a comparison trains nothing, where it does not."""
    if not options.fit:
        return Finding(fact=Fact.OPTION, names=("--no-fit",))
    if baseline := [target.text for target in models.targets if target.kind == "baseline"]:
        return Finding(fact=Fact.NOT_TRAINED, names=tuple(baseline))
    if face.outcome == "different":
        return Finding(fact=Fact.INTERFACES_APART, names=("data",))
    return lacks_room(pair, IN_A_FIT)


def short_fit(options: Options) -> FitOptions:
    """The fit of a comparison."""
    few = options.fit_steps <= FEW_STEPS
    return FitOptions(seeds=(options.seed,), trial=TrialOptions(steps=options.fit_steps, as_written=few))


def data_of(options: Options) -> str:
    """What is trained on, in full: a worker of a revision works in another directory."""
    return "auto" if options.data is None else os.path.abspath(Path(options.data).expanduser())


def _told_apart(rungs: Sequence[Rung]) -> bool:
    """Whether outputs differ on an ordinary probe, with weights as they are drawn."""
    figures = next((rung.figures for rung in rungs if rung.name == "inference" and rung.outcome == "different"), None)
    return isinstance(figures, NumberFigures) and figures.found_by is None


def experiment(
    models: Models,
    pair: Pair,
    options: Options,
    trials: FitOptions,
    listener: Listener,
    cluster: Cluster | None = None,
    expected: Expected = "open",
) -> Experiment:
    """The trial pairs of two models, on this machine or on a cluster; ``expected`` where no proof says more."""
    first, second = pair.weights
    weights = {one: second[two] for one, two in pair.transfer.pairs.items() if first[one].size == second[two].size}
    starts = Starts() if trials.own_init else Starts(weights=weights, transposed=pair.transfer.transposed)
    trials = replace(trials, trial=replace(trials.trial, draws=trial_draws(pair)))
    trainers: Trainers
    if cluster is not None:
        trainers = Spread(cluster, models.workers, starts, data_of(options), trials.device, models.lost)
    else:
        slots = seeds_at_once(max(pair.parameters)) if models.on_gpu and len(trials.seeds) > 1 else 1
        trainers = Local(models.fitters, models.control, starts, models.lost, more=models.more, slots=slots)
    if pair.isomorphic:
        expected = "open" if trials.own_init else "alike"
    return Experiment(trainers, data_of(options), trials, listener, models.lost, expected=expected)
