"""What does a report say of the two models themselves, and of the terms they were compared on?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kerasdiff.align.pair import Correspondence
from kerasdiff.comparison import Comparison, ModelInfo, Terms
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.options import Options
from kerasdiff.probing.inputs.probes import probe_rows
from kerasdiff.probing.numbers.limits import PROBE_BATCH
from kerasdiff.rungs.records import CheckpointFigures, NumberFigures, Rung
from kerasdiff.side.interpreters.asking import shown
from kerasdiff.side.locations import located
from kerasdiff.side.models import Models
from kerasdiff.side.training import Trial


def info(models: Models, pair: Correspondence, side: int) -> ModelInfo:
    """One model: 0 is the reference, 1 the candidate."""
    description, target = models.descriptions[side], models.targets[side]
    return ModelInfo(
        target=target.text,
        commit=None if target.revision is None else target.revision.commit,
        class_name=description.class_name,
        parameters=pair.parameters[side],
        trainable_parameters=sum(w.size for w in description.weights if w.trainable),
        nodes=0 if pair.shown is None else len(pair.shown.graphs[side]),
        interface=(*description.inputs, *description.outputs),
        location=located(description, target),
        environment=own_environment(models, side),
        python=shown(target.python) if target.python else "",
        variables=dict(target.variables),
    )


def environment(models: Models, evidence: FitEvidence | None) -> Mapping[str, str]:
    """What both sides have: versions, where numbers were computed, and as ``fit_device`` where the trials were."""
    ended = [] if evidence is None else [trial for trial in evidence.trials if isinstance(trial, Trial)]
    trained = {f"fit_{name}": text for trial in ended[:1] for name, text in trial.place.items()}
    first, second = (description.environment for description in models.descriptions)
    return {**{name: text for name, text in first.items() if second.get(name) == text}, **trained}


def own_environment(models: Models, side: int) -> Mapping[str, str]:
    """What one side has and the other has not: versions and device."""
    own, other = models.descriptions[side].environment, models.descriptions[1 - side].environment
    return {name: text for name, text in own.items() if other.get(name) != text}


def with_packages(comparison: Comparison, before: Mapping[str, str], now: Mapping[str, str]) -> Comparison:
    """The same comparison, with versions of further packages that the reference and the candidate have."""
    first, second = (
        replace(side, environment={**held, **side.environment})
        for side, held in ((comparison.reference, before), (comparison.candidate, now))
    )
    return replace(comparison, reference=first, candidate=second)


def terms(models: Models, options: Options, rungs: Sequence[Rung]) -> Terms:
    """The terms, as far as every comparison has them."""
    limits = {rung.name: limit for rung in rungs if (limit := _limit(rung)) is not None}
    first, second = models.descriptions
    fewer = probe_rows(first.inputs) if limits else PROBE_BATCH
    return Terms(
        seed=options.seed,
        require=options.require if options.require != Options().require else None,
        require_checkpoint=options.require_checkpoint,
        hidden={
            name: {rung.name: count for rung in rungs if (count := _hidden(rung, name))} for name in options.ignore
        },
        limits=limits,
        rows=fewer if fewer < PROBE_BATCH else None,
        inferred=(first.inferred, second.inferred),
        notes=(first.notes, second.notes),
    )


def _limit(rung: Rung) -> float | None:
    """What the numbers of a rung were held to, where it has any."""
    if isinstance(rung.figures, NumberFigures):
        return rung.figures.tolerance.limit
    return rung.figures.limit if isinstance(rung.figures, CheckpointFigures) else None


def _hidden(rung: Rung, name: str) -> int:
    """How many differences of a rung leaving ``name`` out hid."""
    return 0 if rung.figures is None else rung.figures.ignored.get(name, 0)
