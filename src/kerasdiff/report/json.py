"""A comparison as JSON, schema ``kerasdiff/1``: what scripts and other renderers read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import cast

from kerasdiff.align.edits import Edit, leaves
from kerasdiff.comparison import Comparison, ModelInfo
from kerasdiff.explain.records import Attribution, LocalDifference, Sizes
from kerasdiff.findings import SIDES, Fact, Site
from kerasdiff.fitting.decisions import Decision
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.fitting.verdict import decided
from kerasdiff.graph import Attribute
from kerasdiff.probing.witness import Witness
from kerasdiff.report import wording
from kerasdiff.report.saved import RECORD, Json, record, sealed
from kerasdiff.rungs.records import CheckpointFigures, Figures, NumberFigures, Rung, WeightFigures
from kerasdiff.side.revisions.records import Commit
from kerasdiff.side.training import Trial, TrialSoFar

SCHEMA = "kerasdiff/1"


def to_json(comparison: Comparison) -> str:
    """Writes a comparison with sorted keys, numbers finite or null, ASCII alone, a newline at the end.

    The side-by-side rows are left out: they follow from the models and the edits, and change with the layout.

    Raises:
        TypeError: If a record holds what JSON cannot.
    """
    verdict, attribution, witness, fit = (
        comparison.verdict,
        comparison.attribution,
        comparison.witness,
        comparison.fit,
    )
    report: Json = {
        "schema": SCHEMA,
        "verdict": {
            "outcome": verdict.outcome,
            "basis": verdict.basis,
            "summary": wording.summary(comparison),
            "advice": wording.advice(comparison),
        },
        "reference": _model(comparison.reference),
        "candidate": _model(comparison.candidate),
        "environment": comparison.environment,
        "terms": _terms(wording.terms(comparison)),
        "rungs": [rung_json(rung) for rung in comparison.rungs],
        "edits": [_edit(comparison, position) for position in range(len(comparison.edits))],
        "rewrites": [asdict(rewrite) for rewrite in comparison.rewrites],
        "attribution": None if attribution is None else _attribution(attribution),
        "witness": None if witness is None else _witness(witness),
        "fit": None if fit is None else _fit(fit),
        "not_checked": [
            {"rung": item.rung, "reason": wording.sentence(item.reason)} for item in comparison.not_checked
        ],
        RECORD: record(comparison),
    }
    return dump_sealed(report)


def dump(data: Json) -> str:
    """JSON text of plain data: sorted keys, not-finite numbers as null, a newline at the end."""
    return _text(cast("Json", _finite(data)))


def dump_sealed(data: Json) -> str:
    """The same of a report with a record, which then says what the whole of it must be."""
    return _text(sealed(cast("Json", _finite(data))))


def _text(data: Json) -> str:
    return f"{_told(data)}\n"


def _told(value: Attribute, margin: str = "") -> str:
    """A value on lines of its own, by sorted keys; but a record in one line, in its own order, which says something."""
    if isinstance(value, Mapping) and value:
        members = (
            f"{json.dumps(key)}: {_packed(value[key]) if key == RECORD else _told(value[key], f'{margin} ')}"
            for key in sorted(value)
        )
        return _block("{", members, "}", margin)
    if isinstance(value, list) and value:
        return _block("[", (_told(item, f"{margin} ") for item in value), "]", margin)
    return _packed(value)


def _block(begin: str, members: Iterable[str], end: str, margin: str) -> str:
    between = f",\n{margin} "
    return f"{begin}\n{margin} {between.join(members)}\n{margin}{end}"


def _packed(value: Attribute) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def rung_json(rung: Rung) -> Json:
    """A rung with its detail in words, and its figures."""
    return {"name": rung.name, "outcome": rung.outcome, "detail": wording.detail(rung), "figures": figures(rung)}


def _model(model: ModelInfo) -> Json:
    return {
        "target": model.target,
        "class": model.class_name,
        "parameters": model.parameters,
        "trainable_parameters": model.trainable_parameters,
        "nodes": model.nodes,
        "directory": model.location.directory,
        **({} if model.commit is None else {"commit": _commit(model.commit)}),
        **({"environment": model.environment} if model.environment else {}),
        **({"python": model.python} if model.python else {}),
        **({"variables": model.variables} if model.variables else {}),
    }


def _commit(commit: Commit) -> Json:
    return {
        "revision": commit.name,
        "id": commit.commit,
        "subject": commit.subject,
        "branch": commit.branch or None,
        "merge_base": commit.merge_base,
    }


def _terms(terms: Sequence[tuple[str, str]]) -> Json:
    # A list even for one text: a label may come twice ("inferred"), and a reader wants one type.
    return {label: [text for other, text in terms if other == label] for label, _ in terms}


def _edit(comparison: Comparison, position: int) -> Json:
    edit, effect = comparison.edits[position], wording.effect_of(comparison, position)
    return {
        "kind": edit.kind,
        "op": edit.op,
        "rung": edit.rung,
        "reference": _site(edit.reference, comparison.reference),
        "candidate": _site(edit.candidate, comparison.candidate),
        "after": dict(zip(SIDES, edit.after, strict=True)),
        "attributes": wording.attributes(edit),
        "effect": {} if effect is None else _sizes(effect.sizes),
        "harmless": effect is not None and effect.harmless,
        "message": wording.message(edit),
        "modes": edit.modes,
        **({"folded": [_folded(leaf) for leaf in leaves(edit)]} if edit.folded else {}),
    }


def _folded(edit: Edit) -> Json:
    """One of the edits that an edit stands for."""
    first, second = (None if site is None else site.node for site in edit.sites)
    return {"kind": edit.kind, "op": edit.op, "reference": first, "candidate": second}


def _site(site: Site | None, model: ModelInfo) -> Json | None:
    if site is None:
        return None
    line = (
        None if site.source is None else {**asdict(site.source), "path": model.location.place(site.source.file, 1)[0]}
    )
    return {"node": site.node, "scope": site.scope, "source": line}


def _sizes(sizes: Sizes) -> Json:
    return {measure.value: size for measure, size in sizes.items()}


def _attribution(attribution: Attribution) -> Json:
    divergence = attribution.divergence
    return {
        "together": attribution.together,
        "spare": sorted(attribution.spare),
        "total": _sizes(attribution.total),
        "remaining": _sizes(attribution.remaining),
        "limits": _sizes(attribution.limits),
        "explained": attribution.explained,
        "uncompared": [part.value for part in attribution.uncompared],
        "first_divergence": None if divergence is None else _local_difference(divergence),
        "local_differences": [_local_difference(item) for item in attribution.local],
        "one_way": [wording.sentence(finding) for finding in attribution.one_way],
        "notes": [wording.sentence(finding) for finding in attribution.notes],
        "compared": attribution.compared,
        "mode": attribution.mode,
        "probes": attribution.probes,
        "precision": attribution.precision,
    }


def _local_difference(item: LocalDifference) -> Json:
    return {
        **dict(zip(SIDES, item.nodes, strict=True)),
        "difference": item.closeness.max_relative,
        "detail": wording.local_difference(item),
        "edits": item.edits,
    }


def _witness(witness: Witness) -> Json:
    """What the witness is; its arrays are saved on request alone."""
    how = wording.sentence(witness.how)
    return {"mode": witness.mode, "weight_scale": witness.weight_scale, "how": how, "difference": witness.difference}


def _fit(fit: FitEvidence) -> Json:
    return {
        "data": "" if fit.data is None else wording.data_words(fit.data),
        "plan": {} if fit.settings is None else {**asdict(fit.settings), "seeds": fit.seeds},
        "trials": [_trial(trial) for trial in fit.trials],
        "pairs": [asdict(pair) for pair in fit.pairs],
        "difference": {
            "step_loss": fit.distance,
            "first_parting": fit.first_parting,
            "identical": fit.identical,
            "parted": None if fit.parted is None else asdict(fit.parted),
            "leads": [asdict(lead) for lead in fit.leads],
            "curves": fit.curves,
            "classes": fit.classes,
            "class_names": fit.class_names,
        },
        "control": {
            "step_loss": fit.control_distance,
            "steps": fit.control_steps,
            "rounding_step_loss": fit.rounding_distance,
        },
        "decision": None if fit.decision is None else {"metric": fit.metric, **_decision(fit.decision)},
        "stopped": "" if fit.stopped is None else wording.sentence(fit.stopped),
        "notes": [wording.sentence(finding) for finding in fit.findings],
    }


def _decision(decision: Decision) -> Json:
    names = (
        *("outcome", "pairs", "mean", "deviation", "interval", "level", "margin", "p_lower", "p_upper"),
        *("p_different", "p_sign_flip", "effect_size", "seeds_needed"),
    )
    return {**{name: getattr(decision, name) for name in names}, "reason": wording.sentence(decided(decision))}


def _trial(trial: TrialSoFar) -> Json:
    """A trial without its timings: the same question gets the same bytes. Histories on disk hold them."""
    epochs = [asdict(epoch) for epoch in trial.epochs]
    return {
        "side": trial.side,
        "seed": trial.seed,
        "losses": trial.losses,
        "train_accuracy": trial.train_accuracy,
        "test_accuracy": trial.test_accuracy,
        "test_loss": trial.test_loss,
        "epochs": [{name: item for name, item in epoch.items() if name != "seconds"} for epoch in epochs],
        "steps": trial.steps,
        "reused": trial.reused if isinstance(trial, Trial) else 0,
    }


def _finite(value: Attribute) -> Attribute:
    """The same data with string keys, lists for sequences and null for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_finite(item) for item in value]
    # numpy's scalars and arrays say tolist(); asking for it keeps numpy out of this module.
    listed = getattr(value, "tolist", None)
    if listed is not None:
        return _finite(listed())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


# Figures of a rung -------------------------------------------------------------------------------------------


def figures(rung: Rung) -> dict[str, Attribute]:
    """The figures of a rung as JSON data; a field that says nothing in this rung is left out, not null.

    ``because`` says why optimizer steps differ, where one side's optimizer takes gradients row by row.
    """
    data: dict[str, Attribute] = {}
    if rung.figures is not None:
        data |= {field.name: getattr(rung.figures, field.name) for field in fields(rung.figures)}
        data |= _replaced(rung.figures)
        data = {name: value for name, value in data.items() if name not in _silent(rung.figures)}
    by_rows = next((finding for finding in rung.findings if finding.fact is Fact.BY_ROWS), None)
    return data if by_rows is None else {**data, "because": wording.sentence(by_rows)}


def _replaced(held: Figures) -> dict[str, Attribute]:
    """What stands in place of a field, or beside it."""
    if isinstance(held, CheckpointFigures):
        shapes = (f"{path} {one} in the reference, {two} in the candidate" for path, one, two in held.other_shape)
        owners = (tuple(owner or "the model itself" for owner in pair) for pair in held.stored_as)
        return {"other_shape": tuple(shapes), "stored_as": tuple(owners)}
    if isinstance(held, NumberFigures):
        return {
            "limit": held.tolerance.limit,
            "provenance": wording.provenance(held.tolerance),
            "where": wording.subject(held.where),
            "differing": tuple(map(wording.subject, held.differing)),
            "found_by": None if held.found_by is None else wording.sentence(held.found_by),
        }
    return {}


def _silent(held: Figures) -> set[str]:
    """The fields that say nothing: of a part of the rung that did not run, or of what did not happen."""
    silent = set() if held.ignored or isinstance(held, WeightFigures) else {"ignored"}
    if isinstance(held, CheckpointFigures):
        silent |= {"limit", "max_absolute", "max_relative", "place"} if held.limit is None else set()
        silent |= {"stored_as", "astray", "of"} if held.of is None else set()
        silent |= set() if held.mapped else {"mapped", "mapping"}
    if isinstance(held, NumberFigures):
        silent |= {"tolerance"}
        silent |= set() if held.absent_gradients else {"absent_gradients"}
        silent |= {"untaken"} if held.untaken is None else set()
        silent |= {"weight_scale", "found_by"} if held.found_by is None else set()
    return silent
