"""In which order is a comparison made? Align, observe, climb the rungs, judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from kerasdiff.align.edits import Edit, follows_otherwise
from kerasdiff.align.pair import Pair
from kerasdiff.comparison import Comparison
from kerasdiff.errors import EvaluateError, WorkerError
from kerasdiff.explain.attribution import Explained, attribute, depth
from kerasdiff.explain.bench import Question
from kerasdiff.explain.records import Attribution, Depth
from kerasdiff.explain.unmeasured import unmeasured
from kerasdiff.findings import Fact, Finding
from kerasdiff.judge import UNIMPLIED, Evidence, judge
from kerasdiff.observing import Observer
from kerasdiff.options import Listener, Options, Silent
from kerasdiff.picturing import picture
from kerasdiff.pipeline.opening import opened, paired
from kerasdiff.pipeline.trials import data_of, short_fit, trained, untrained
from kerasdiff.probing.large import outlasts_its_trace
from kerasdiff.probing.recalled import both_recalled
from kerasdiff.rungs.architecture import architecture
from kerasdiff.rungs.checkpoint import checkpoint
from kerasdiff.rungs.held import starting, values_count
from kerasdiff.rungs.inference import inference
from kerasdiff.rungs.numbers import noted
from kerasdiff.rungs.records import NotChecked, Rung
from kerasdiff.rungs.table import rewrites, rows
from kerasdiff.rungs.training_step import training_step
from kerasdiff.rungs.unseen import (
    beside_the_graph,
    elsewhere,
    training_code,
    unheld_settings,
    untaken,
)
from kerasdiff.rungs.weights import only_penalties, settings, values_apart, weights
from kerasdiff.side.environment import for_trials
from kerasdiff.side.models import Models
from kerasdiff.side.targets import Target
from kerasdiff.side.training import FitPlan
from kerasdiff.stating import environment, info, terms

Answer = TypeVar("Answer")


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


def compare_models(models: Models, options: Options, listener: Listener) -> Comparison:
    """Compares two models that are at work already.

    Raises:
        KerasdiffError: If a worker ends.
    """
    listener.phase("aligning the graphs")
    return compare_pair(models, *paired(models, options), options, listener)


def _but(code: Sequence[Finding], own_steps: Sequence[Finding]) -> list[Finding]:
    """What is told of the user's code, without what steps were taken by."""
    taken = {item.names for item in own_steps}
    return [item for item in code if item.names not in taken]


def compare_pair(models: Models, pair: Pair, face: Rung, options: Options, listener: Listener) -> Comparison:
    """Compares two models that are aligned already, with the rung of their interfaces.

    Raises:
        KerasdiffError: If a worker ends.
    """
    if not (untrained(models, pair, face, options) or pair.isomorphic or outlasts_its_trace(pair)):
        models.make_ready(FitPlan(data=data_of(options), seed=options.seed, options=short_fit(options).trial))
    started, unlike = starting(pair, models.targets, options.values)
    locked = both_recalled(models.workers, pair)
    observer = Observer(models.workers, pair, options, listener)
    same_start = observer.same_start(started)
    values = observer.stored_values(face) if values_count(pair, models.targets, options.values) else None
    unheld = () if "compile" in options.ignore else unheld_settings(pair)
    left_out = (*options.ignore, "compile") if unheld else options.ignore
    sampled = observer.settings()
    seen = settings(started, same_start, left_out, sampled)
    observations = observer.observe(face, settings_differ=bool(seen.edits), penalties=only_penalties(pair, seen.edits))
    function, learning = inference(pair, observations), training_step(observations)
    own_steps = observer.own_steps(learning)
    learning = noted(learning, *own_steps)
    not_checked = [NotChecked(rung="training step", reason=method) for method in _but(training_code(pair), own_steps)]
    not_checked += [*unlike, *observer.not_checked]

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
    evidence = trained(models, pair, face, options, listener, rungs, not_checked)
    edits = (*pair.edits, *seen.edits)
    told = (*pair.told, *seen.edits)
    one_way = attribution.one_way if attribution else ()
    unseen = (
        *_but(beside_the_graph(pair, rungs), own_steps),
        *(item for item in own_steps if item.fact is not Fact.OWN_STEPS_AGREE),
        *values_apart(values),
        *untaken(observations, edits),
        *one_way,
        *(() if pair.isomorphic else unmeasured(pair, attribution)),
        *elsewhere(locked),
        *unheld,
        *sampled.refused,
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
        followed=tuple(filter(follows_otherwise, pair.told)),
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
