"""In which order is a fit made? Align, train, and judge from that alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from kerasdiff.align.correspondence import correspond
from kerasdiff.align.pair import Correspondence
from kerasdiff.comparison import Comparison, Reason, Verdict
from kerasdiff.findings import Fact, Finding
from kerasdiff.fitting.cluster.connect import Cluster, connected
from kerasdiff.fitting.experiment import Experiment, Interrupted
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.fitting.verdict import FitVerdict, judge_cut_off, judge_fit
from kerasdiff.options import FitOptions, Listener, Options
from kerasdiff.pipeline.opening import LOADING
from kerasdiff.pipeline.trials import experiment
from kerasdiff.probing.weights.transfer import incomplete, transfer_weights
from kerasdiff.rungs.architecture import architecture
from kerasdiff.rungs.fit import fit_rung
from kerasdiff.rungs.interface import interface
from kerasdiff.rungs.records import NUMERIC, NotChecked, Rung
from kerasdiff.rungs.unseen import (
    training_code,
    unlike_training_code,
)
from kerasdiff.side.baselines.container import refuse_training
from kerasdiff.side.environment import trial_hardware
from kerasdiff.side.models import Models, models_of
from kerasdiff.side.targets import Target
from kerasdiff.stating import environment, info, terms


class InterruptedFit(KeyboardInterrupt):
    """Somebody pressed Ctrl-C; ``known`` is what can be reported, if anything."""

    def __init__(self, known: Comparison | None) -> None:
        super().__init__()
        self.known = known


def fit(reference: Target, candidate: Target, options: Options, trials: FitOptions, listener: Listener) -> Comparison:
    """Trains two models alike, each in a worker of its own, and judges from that alone.

    Raises:
        KerasdiffError: If a model cannot be loaded, built, called or trained.
        InterruptedFit: On Ctrl-C.
    """
    refuse_training(reference, candidate)
    targets = reference, candidate
    with ExitStack() as stack:
        cluster, device = None, trials.device
        if trials.cluster is not None:
            listener.phase("connecting to the cluster")
            data = () if options.data is None else (options.data,)
            cluster, device = stack.enter_context(connected(trials.cluster, targets, data)), "cpu"
        listener.phase(LOADING)
        hardware = trial_hardware(device)
        models = models_of(targets, options.inputs, options.timeout, numbers=hardware, retried=True)
        return _fitted(stack.enter_context(models), options, trials, listener, cluster)


def _fitted(
    models: Models, options: Options, trials: FitOptions, listener: Listener, cluster: Cluster | None
) -> Comparison:
    """Aligns the graphs, for weights to correspond, and trains."""
    listener.phase("aligning the graphs")
    alike = correspond(*models.descriptions)
    face = interface(alike)
    pair = alike.with_transfer(transfer_weights(alike, options.seed))
    rungs = [face, architecture(pair, harmless=False)]
    not_checked = [NotChecked(rung=name, reason=Finding(fact=Fact.TRAINS_ONLY)) for name in NUMERIC]

    def judged(evidence: FitEvidence | None, verdict: Verdict, *more: Rung) -> Comparison:
        return Comparison(
            verdict=verdict,
            reference=info(models, pair, 0),
            candidate=info(models, pair, 1),
            environment=environment(models, evidence),
            terms=replace(terms(models, options, rungs), seed=None, margin=trials.margin, own_init=trials.own_init),
            rungs=(*rungs, *more),
            edits=pair.told,
            rewrites=(),
            rows=(),
            fit=evidence,
            not_checked=tuple(not_checked),
        )

    if face.outcome == "different":
        apart = Finding(fact=Fact.INTERFACES_APART, names=("data",))
        not_checked.append(NotChecked(rung="fit", reason=apart))
        verdict = Verdict(outcome="different", basis="witness", reason=Reason.INTERFACE, findings=(apart,))
        return judged(None, verdict)
    not_checked += [NotChecked(rung="training step", reason=method) for method in training_code(pair)]
    listener.phase("training both models")
    complete = pair.transfer.complete and not trials.own_init
    if not pair.transfer.complete and not trials.own_init:
        models.lost.append(Finding(fact=Fact.OWN_START, parts=(incomplete(pair.transfer),)))

    def told(evidence: FitEvidence, verdict: FitVerdict) -> Comparison:
        return judged(evidence, _fit_verdict(pair, verdict), fit_rung(evidence, complete=complete))

    return _run(experiment(models, pair, options, trials, listener, cluster), told, complete=complete)


def _run(
    experiment: Experiment, told: Callable[[FitEvidence, FitVerdict], Comparison], *, complete: bool
) -> Comparison:
    """Runs trials and tells what they say; where they are interrupted, what those that ended say."""
    try:
        evidence = experiment.run()
    except Interrupted as stop:
        if stop.known is None:
            raise InterruptedFit(None) from None
        known = told(stop.known, judge_cut_off(stop.known, complete=complete))
        raise InterruptedFit(replace(known, interrupted=True)) from None
    return told(evidence, judge_fit(evidence, complete=complete))


def _fit_verdict(pair: Correspondence, verdict: FitVerdict) -> Verdict:
    """What trials say, withheld where code that both models train with is not the same."""
    apart = unlike_training_code(pair)
    if verdict.outcome == "equivalent" and apart:
        return Verdict(outcome="inconclusive", basis=None, reason=Reason.UNSEEN, findings=apart)
    return Verdict(outcome=verdict.outcome, basis=verdict.basis, reason=Reason.TRIALS, findings=(verdict.finding,))
