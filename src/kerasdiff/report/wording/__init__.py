"""How is a fact put into words? The one place where findings, edits and verdicts become sentences.

Imports the records it speaks of; imported by report, cli and api alone. Nothing it makes is ever read back.
"""

from kerasdiff.report.wording.edits.sentences import message
from kerasdiff.report.wording.edits.settings import attributes, settings, standing
from kerasdiff.report.wording.explain import (
    effect,
    explained,
    inseparable,
    local_difference,
    local_differences,
    numbered,
    size,
    witness,
)
from kerasdiff.report.wording.findings.table import detail, sentence
from kerasdiff.report.wording.fits.told import data_words
from kerasdiff.report.wording.fits.trials import plan, remarks
from kerasdiff.report.wording.models import commit, model, ran_in, runs_with
from kerasdiff.report.wording.numbers import closeness, provenance, subject
from kerasdiff.report.wording.terms import environment, terms
from kerasdiff.report.wording.verdict.advice import advice
from kerasdiff.report.wording.verdict.answer import summary
from kerasdiff.report.wording.verdict.brief import briefly, unloadable
from kerasdiff.report.wording.verdict.causes import effect_of, effect_told

__all__ = [
    "advice",
    "attributes",
    "briefly",
    "closeness",
    "commit",
    "data_words",
    "detail",
    "effect",
    "effect_of",
    "effect_told",
    "environment",
    "explained",
    "inseparable",
    "local_difference",
    "local_differences",
    "message",
    "model",
    "numbered",
    "plan",
    "provenance",
    "ran_in",
    "remarks",
    "runs_with",
    "sentence",
    "settings",
    "size",
    "standing",
    "subject",
    "summary",
    "terms",
    "unloadable",
    "witness",
]
