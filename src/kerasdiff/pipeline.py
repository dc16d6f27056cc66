"""In which order is a comparison made? Describe, align, observe, climb the rungs, judge: the only place that knows it.

`compare`, `fit` and `replay` are three short uses of the same steps. Nothing here decides; `kerasdiff.judge` does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from kerasdiff.align.correspondence import correspond
from kerasdiff.align.edits import Edit
from kerasdiff.align.pair import Correspondence, Pair, libraries, off_tensorflow
from kerasdiff.comparison import Comparison, Reason, Verdict
from kerasdiff.errors import DataError, EvaluateError, FitError, WorkerError
from kerasdiff.explain.attribution import Explained, attribute, depth
from kerasdiff.explain.measuring import Question
from kerasdiff.explain.records import Attribution, Depth
from kerasdiff.findings import Fact, Finding
from kerasdiff.fitting.cluster.connect import Cluster, connected
from kerasdiff.fitting.cluster.spread import Spread
from kerasdiff.fitting.experiment import Expected, Experiment, Interrupted
from kerasdiff.fitting.local import Local
from kerasdiff.fitting.trainers import Starts, Trainers
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.fitting.verdict import FitVerdict, judge_cut_off, judge_fit
from kerasdiff.judge import UNIMPLIED, Evidence, judge
from kerasdiff.observing import Observer
from kerasdiff.options import FitOptions, Listener, Options, Silent
from kerasdiff.picturing import picture
from kerasdiff.probing.choosing import choose
from kerasdiff.probing.large import IN_A_FIT, lacks_room, outlasts_its_trace
from kerasdiff.probing.recalled import both_recalled
from kerasdiff.probing.transfer import incomplete, transfer_weights
from kerasdiff.probing.trial_draws import trial_draws
from kerasdiff.probing.witness import SavedWitness
from kerasdiff.rungs.architecture import architecture
from kerasdiff.rungs.checkpoint import checkpoint
from kerasdiff.rungs.fit import fit_rung
from kerasdiff.rungs.held import starting, values_count
from kerasdiff.rungs.inference import inference
from kerasdiff.rungs.interface import interface
from kerasdiff.rungs.records import NUMERIC, NotChecked, NumberFigures, Rung
from kerasdiff.rungs.table import rewrites, rows
from kerasdiff.rungs.training_step import training_step
from kerasdiff.rungs.unseen import (
    beside_the_graph,
    elsewhere,
    training_code,
    unheld_settings,
    unlike_training_code,
    untaken,
)
from kerasdiff.rungs.weights import only_penalties, settings, values_apart, weights
from kerasdiff.side.baselines.container import refuse_training
from kerasdiff.side.baselines.format import read
from kerasdiff.side.environment import Hardware, for_numbers, for_trials, seeds_at_once, trial_hardware
from kerasdiff.side.models import Models, models_of
from kerasdiff.side.process import Worker
from kerasdiff.side.records import Description
from kerasdiff.side.targets import InputSpec, Target, parse_input
from kerasdiff.side.training import FitPlan, TrialOptions
from kerasdiff.side.written import Written, excerpts, named_lines
from kerasdiff.stating import environment, info, terms

Answer = TypeVar("Answer")

FEW_STEPS = 100
"""Steps up to which a fit is too short for TensorFlow's optimiser: see :mod:`kerasdiff.worker.optimizing`."""

LOADING = "loading and tracing both models"
"""The first phase."""


class InterruptedFit(KeyboardInterrupt):
    """Somebody pressed Ctrl-C; ``known`` is what can be reported, if anything."""

    def __init__(self, known: Comparison | None) -> None:
        super().__init__()
        self.known = known


# The uses ---------------------------------------------------------------------------------------------------


def inspect(target: Target, inputs: tuple[InputSpec, ...] = (), timeout: float = 600.0) -> Description:
    """Traces one model.

    Raises:
        KerasdiffError: If it cannot be loaded or called.
    """
    if target.kind == "baseline":
        held = read(Path(target.location))
        return replace(held.plain.description, locked=held.locked)
    started = time.time()
    with Worker(target, inputs, timeout, "target", hardware=for_numbers("auto")) as worker:
        description = worker.describe()
    return replace(description, excerpts=excerpts(Written(target, description.root, started), named_lines(description)))


def compare(
    reference: Target, candidate: Target, options: Options | None = None, listener: Listener | None = None
) -> Comparison:
    """Compares two models, each in a worker of its own.

    Raises:
        KerasdiffError: If a model cannot be loaded, built or called.
    """
    options, listener = options or Options(), listener or Silent()
    trained = options.fit and "baseline" not in (reference.kind, candidate.kind)
    trials = for_trials(options.device) if trained else None
    with opened((reference, candidate), options, listener, trials) as models:
        return compare_models(models, options, listener)


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


def replay(
    targets: tuple[Target, Target],
    saved: SavedWitness,
    timeout: float = 600.0,
    listener: Listener | None = None,
    device: str = "auto",
) -> Rung:
    """Runs both models once more on the input of a saved witness.

    Raises:
        KerasdiffError: If a model cannot be loaded or called, or the input does not fit both.
    """
    listener = listener or Silent()
    options = Options(
        inputs=tuple(parse_input(text) for text in saved.given), seed=saved.seed, timeout=timeout, device=device
    )
    with opened(targets, options, listener) as models:
        alike = correspond(*models.descriptions)
        if interface(alike).outcome == "different":
            raise EvaluateError("The witness cannot be run: the interfaces of the two models differ.")
        transfer = choose(models.workers, alike, transfer_weights(alike, saved.seed), saved.seed)
        if not transfer.complete:
            raise EvaluateError("The witness cannot be run: weights of one model have no counterpart in the other.")
        listener.phase("running the witness through both models")
        # What is shown is the numbers, of a pair that was mended too: a proof is not taken for an answer.
        pair = replace(alike.with_transfer(transfer), isomorphic=False)
        observations = Observer(models.workers, pair, options, listener).of_witness(saved)
        return inference(pair, observations) if saved.mode == "inference" else training_step(observations)


def opened(
    targets: tuple[Target, Target], options: Options, listener: Listener, trials: Hardware | None = None
) -> AbstractContextManager[Models]:
    """Both models at work, loaded and traced, while it is entered."""
    listener.phase(LOADING)
    numbers = for_numbers(options.device)
    return models_of(targets, options.inputs, options.timeout, options.ignore, numbers=numbers, trials=trials)


# Comparing ---------------------------------------------------------------------------------------------------


def compare_models(models: Models, options: Options, listener: Listener) -> Comparison:
    """Compares two models that are at work already.

    Raises:
        KerasdiffError: If a worker ends.
    """
    listener.phase("aligning the graphs")
    return compare_pair(models, *paired(models, options), options, listener)


def compare_pair(models: Models, pair: Pair, face: Rung, options: Options, listener: Listener) -> Comparison:
    """Compares two models that are aligned already, with the rung of their interfaces.

    Raises:
        KerasdiffError: If a worker ends.
    """
    if not (_untrained(models, pair, face, options) or pair.isomorphic or outlasts_its_trace(pair)):
        models.make_ready(FitPlan(data=_data(options), seed=options.seed, options=_short(options).trial))
    not_checked = [NotChecked(rung="training step", reason=method) for method in training_code(pair)]

    started, unlike = starting(pair, models.targets, options.values)
    locked = both_recalled(models.workers, pair)
    not_checked += unlike
    observer = Observer(models.workers, pair, options, listener)
    same_start = observer.same_start(started)
    values = observer.stored_values(face) if values_count(pair, models.targets, options.values) else None
    unheld = () if "compile" in options.ignore else unheld_settings(pair)
    left_out = (*options.ignore, "compile") if unheld else options.ignore
    seen = settings(started, same_start, left_out, observer.settings().likeness)
    observations = observer.observe(face, settings_differ=bool(seen.edits), penalties=only_penalties(pair, seen.edits))
    not_checked += observer.not_checked

    function, learning = inference(pair, observations), training_step(observations)
    agree = (function.outcome, learning.outcome) == ("equal", "equal")
    rungs = [
        face,
        architecture(pair, harmless=agree),
        weights(started, seen, same_start, options.ignore, values, learning_agrees=learning.outcome == "equal"),
        function,
        learning,
        checkpoint(pair, observations, required=options.require_checkpoint, ignore_names="names" in options.ignore),
    ]
    explained = _explained(observer, pair, (function, learning), options, not_checked)
    attribution = explained.attribution
    evidence = _trained(models, pair, face, options, listener, rungs, not_checked)
    edits = (*pair.edits, *seen.edits)
    told = (*pair.told, *seen.edits)
    one_way = attribution.one_way if attribution else ()
    unseen = (
        *beside_the_graph(pair, rungs),
        *values_apart(values),
        *untaken(observations, edits),
        *one_way,
        *elsewhere(locked),
        *unheld,
    )
    return Comparison(
        verdict=judge(_evidence(pair, rungs, edits, unseen, options, attribution)),
        reference=info(models, pair, 0),
        candidate=info(models, pair, 1),
        environment=environment(models, evidence),
        terms=replace(terms(models, options, rungs), locked=locked),
        rungs=tuple(rungs),
        edits=told,
        rewrites=rewrites(pair),
        rows=rows(pair, seen.edits),
        fit=evidence,
        not_checked=tuple(not_checked),
        attribution=attribution,
        witness=observer.witness((function, learning)),
        drawing=picture(models, pair, told, explained.depth, observations.learning),
    )


def paired(models: Models, options: Options) -> tuple[Pair, Rung]:
    """The aligned pair with its transfer, chosen by the models where both take the same inputs; the interface rung.

    Raises:
        KerasdiffError: If a worker ends.
    """
    alike = correspond(*models.descriptions)
    face = interface(alike, options.ignore)
    transfer = transfer_weights(alike, options.seed)
    if face.outcome != "different":
        transfer = choose(models.workers, alike, transfer, options.seed)
    return alike.with_transfer(transfer), face


def _evidence(
    pair: Pair,
    rungs: Sequence[Rung],
    edits: tuple[Edit, ...],
    unseen: tuple[Finding, ...],
    options: Options,
    attribution: Attribution | None,
) -> Evidence:
    """What the verdict rests on."""
    return Evidence(
        rungs={rung.name: rung for rung in rungs},
        edits=edits,
        isomorphic=pair.isomorphic,
        transfer=pair.transfer,
        parameters=pair.parameters,
        reached=() if attribution is None else attribution.reached,
        unseen=unseen,
        require=options.require,
        gates=(*UNIMPLIED, "checkpoint") if options.require_checkpoint else UNIMPLIED,
    )


def _explained(
    observer: Observer, pair: Pair, numeric: tuple[Rung, Rung], options: Options, not_checked: list[NotChecked]
) -> Explained:
    """What each edit does, where there is something to attribute and both sides can be run in parts."""
    question = observer.question(numeric) if options.explain else None
    if question is None:
        return Explained(depth=_depth(observer, pair, numeric, not_checked) if options.picture else None)
    answer = _answered(observer, pair, question, attribute)
    if isinstance(answer, Finding):
        not_checked.append(NotChecked(rung="attribution", reason=answer))
        return Explained()
    return answer


def _depth(observer: Observer, pair: Pair, numeric: tuple[Rung, Rung], not_checked: list[NotChecked]) -> Depth | None:
    """How far aligned values are from each other, of models of which nothing is attributed."""
    question = observer.depth_question(numeric)
    if question is None:
        return None
    answer = _answered(observer, pair, question, depth)
    if isinstance(answer, Finding):
        not_checked.append(NotChecked(rung="distances", reason=answer))
        return None
    return answer


def _answered(
    observer: Observer, pair: Pair, question: Question | Finding, ask: Callable[[Pair, Question], Answer | Finding]
) -> Answer | Finding:
    """What is found of both sides in parts, or why nothing is; a side that ended runs again, for the verdict stands."""
    if isinstance(question, Finding):
        return question
    try:
        return ask(pair, question)
    except EvaluateError as error:
        return Finding(fact=Fact.REFUSED, cause=error.message)
    except WorkerError as error:
        observer.revive()
        return Finding(fact=Fact.REFUSED, cause=error.message)


# Training ----------------------------------------------------------------------------------------------------


def _trained(
    models: Models,
    pair: Pair,
    face: Rung,
    options: Options,
    listener: Listener,
    rungs: list[Rung],
    not_checked: list[NotChecked],
) -> FitEvidence | None:
    """One trial pair and its control; its rung joins ``rungs``."""
    reason = _untrained(models, pair, face, options)
    if reason is not None:
        not_checked.append(NotChecked(rung="fit", reason=reason))
        return None
    listener.phase("training both models")
    try:
        expected: Expected = "apart" if _told_apart(rungs) else "open"
        evidence = _experiment(models, pair, options, _short(options), listener, expected=expected).run()
    except FitError as error:
        if options.data is not None and isinstance(error, DataError):
            raise  # what somebody asked for by name is wrong: no verdict hides that
        reason = Finding(fact=Fact.REFUSED, cause=error.message)
        not_checked.append(NotChecked(rung="fit", reason=reason))
        rungs.append(Rung(name="fit", outcome="failed", findings=(reason,)))
        return None
    rungs.append(fit_rung(evidence, complete=pair.transfer.complete and not pair.transfer.joined))
    return evidence


def _untrained(models: Models, pair: Pair, face: Rung, options: Options) -> Finding | None:
    """Why a comparison trains nothing, where it does not."""
    if not options.fit:
        return Finding(fact=Fact.OPTION, names=("--no-fit",))
    if baseline := [target.text for target in models.targets if target.kind == "baseline"]:
        return Finding(fact=Fact.NOT_TRAINED, names=tuple(baseline))
    if any(off_tensorflow(pair.descriptions)):
        return Finding(fact=Fact.NOT_TRAINED_ELSEWHERE, names=libraries(pair.descriptions))
    if face.outcome == "different":
        return Finding(fact=Fact.INTERFACES_APART, names=("data",))
    return lacks_room(pair, IN_A_FIT)


def _short(options: Options) -> FitOptions:
    """The fit of a comparison."""
    few = options.fit_steps <= FEW_STEPS
    return FitOptions(seeds=(options.seed,), trial=TrialOptions(steps=options.fit_steps, as_written=few))


def _data(options: Options) -> str:
    """What is trained on, in full: a worker of a revision works in another directory."""
    return "auto" if options.data is None else os.path.abspath(Path(options.data).expanduser())


def _told_apart(rungs: Sequence[Rung]) -> bool:
    """Whether outputs differ on an ordinary probe, with weights as they are drawn."""
    figures = next((rung.figures for rung in rungs if rung.name == "inference" and rung.outcome == "different"), None)
    return isinstance(figures, NumberFigures) and figures.found_by is None


def _experiment(
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
        trainers = Spread(cluster, models.workers, starts, _data(options), trials.device, models.lost)
    else:
        slots = seeds_at_once(max(pair.parameters)) if models.on_gpu and len(trials.seeds) > 1 else 1
        trainers = Local(models.fitters, models.control, starts, models.lost, more=models.more, slots=slots)
    if pair.isomorphic:
        expected = "open" if trials.own_init else "alike"
    return Experiment(trainers, _data(options), trials, listener, models.lost, expected=expected)


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

    return _run(_experiment(models, pair, options, trials, listener, cluster), told, complete=complete)


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
