"""A comparison as JSON, schema ``kerasdiff/1``: what scripts and other renderers read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kerasdiff.align.edits import Edit, Place
from kerasdiff.comparison import Attribution, Comparison, LocalDifference, ModelInfo, Witness
from kerasdiff.fit.statistics import Decision
from kerasdiff.fit.trials import FitEvidence
from kerasdiff.fit.verdict import decided
from kerasdiff.report.wording.fit import data_words, told
from kerasdiff.side.training import Trial, TrialSoFar

SCHEMA = "kerasdiff/1"


def to_json(comparison: Comparison) -> str:
    """Writes a comparison with sorted keys, numbers finite or null, ASCII alone, a newline at the end.

    The side-by-side rows are left out: they follow from the models and the edits, and change with the layout.

    Raises:
        TypeError: If a record holds what JSON cannot.
    """
    return dump(
        {
            "schema": SCHEMA,
            "verdict": {
                "outcome": comparison.verdict.outcome,
                "basis": comparison.verdict.basis,
                "summary": comparison.verdict.summary,
            },
            "reference": _model(comparison.reference),
            "candidate": _model(comparison.candidate),
            "environment": comparison.environment,
            "terms": _terms(comparison.terms),
            "rungs": [
                {"name": rung.name, "outcome": rung.outcome, "detail": rung.detail, "figures": rung.figures}
                for rung in comparison.rungs
            ],
            "edits": [_edit(edit) for edit in comparison.edits],
            "rewrites": [
                {"rule": rewrite.rule, "side": rewrite.side, "node": rewrite.node, "exact": rewrite.exact}
                for rewrite in comparison.rewrites
            ],
            "attribution": None if comparison.attribution is None else _attribution(comparison.attribution),
            "witness": None if comparison.witness is None else _witness(comparison.witness),
            "fit": None if comparison.fit is None else _fit(comparison.fit),
            "not_checked": [{"rung": item.rung, "reason": item.reason} for item in comparison.not_checked],
        }
    )


def dump(data: Any) -> str:
    """JSON text of plain data: sorted keys, not-finite numbers as null, a newline at the end."""
    return json.dumps(_finite(data), indent=1, sort_keys=True, allow_nan=False) + "\n"


def _model(model: ModelInfo) -> dict[str, Any]:
    return {
        "target": model.target,
        "class": model.class_name,
        "parameters": model.parameters,
        "trainable_parameters": model.trainable_parameters,
        "nodes": model.nodes,
    }


def _terms(terms: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    # A list even for one text: a label may come twice ("inferred"), and a reader wants one type.
    found: dict[str, list[str]] = {}
    for label, text in terms:
        found.setdefault(label, []).append(text)
    return found


def _edit(edit: Edit) -> dict[str, Any]:
    return {
        "kind": edit.kind,
        "op": edit.op,
        "rung": edit.rung,
        "reference": _place(edit.reference),
        "candidate": _place(edit.candidate),
        "after": edit.after,
        "attributes": edit.attributes,
        "effect": edit.effect,
        "harmless": edit.harmless,
        "message": edit.message,
        "modes": edit.modes,
    }


def _place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    source = None if place.source is None else {"file": place.source.file, "line": place.source.line}
    return {"node": place.node, "scope": place.scope, "source": source}


def _attribution(found: Attribution) -> dict[str, Any]:
    return {
        "together": found.together,
        "total": found.total,
        "remaining": found.remaining,
        "limits": found.limits,
        "explained": found.explained,
        "first_divergence": None if found.divergence is None else _account(found.divergence),
        "local_differences": [_account(item) for item in found.own],
        "one_way": found.one_way,
        "notes": found.notes,
        "compared": found.compared,
        "mode": found.mode,
        "probes": found.probes,
        "precision": found.precision,
    }


def _account(item: LocalDifference) -> dict[str, Any]:
    return {
        "reference": item.nodes[0],
        "candidate": item.nodes[1],
        "difference": item.difference,
        "detail": item.detail,
        "edits": item.edits,
    }


def _witness(found: Witness) -> dict[str, Any]:
    """What the witness is; its arrays are saved on request alone."""
    return {"mode": found.mode, "weight_scale": found.weight_scale, "how": found.how, "difference": found.difference}


def _fit(fit: FitEvidence) -> dict[str, Any]:
    return {
        "data": "" if fit.data is None else data_words(fit.data),
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
        "stopped": "" if fit.stopped is None else told(fit.stopped),
        "notes": [told(finding) for finding in fit.findings],
    }


def _decision(decision: Decision) -> dict[str, Any]:
    names = (
        *("outcome", "pairs", "mean", "deviation", "interval", "level", "margin", "p_lower", "p_upper"),
        *("p_different", "p_sign_flip", "effect_size", "seeds_needed"),
    )
    return {**{name: getattr(decision, name) for name in names}, "reason": told(decided(decision))}


def _trial(trial: TrialSoFar) -> dict[str, Any]:
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


def _finite(value: Any) -> Any:
    """The same data with string keys, lists for sequences and null for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_finite(item) for item in value]
    # numpy's scalars and arrays say tolist(); asking for it keeps numpy out of this module.
    if hasattr(value, "tolist"):
        return _finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
