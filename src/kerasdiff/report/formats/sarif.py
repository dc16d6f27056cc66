"""SARIF 2.1.0: each edit with its file and line, for code scanning and editors.

References:
    OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata 01"; GitHub, "SARIF support for
    code scanning", for what is shown and its limits. Microsoft's SARIF multitool 5.7 finds no error by its rules for
    either; of its warnings one is left, that there is no address with information on the tool.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from kerasdiff import __version__
from kerasdiff.graph import Attribute
from kerasdiff.report.formats.remarks import Place, Remark, Rule, remarks
from kerasdiff.report.named import Named

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

ROOT = "%SRCROOT%"
"""What paths are relative to, by the name that GitHub and editors know: the root of the repository."""

MOST = 5000
"""Results that GitHub stores of one run."""

Json = dict[str, Attribute]

_RULES: Mapping[Rule, tuple[str, str]] = {
    "insert": ("OperationInserted", "The candidate does something that the reference does not."),
    "delete": ("OperationDeleted", "The reference does something that the candidate does not."),
    "update": ("SettingChanged", "Both do the same with another setting, or another operation in its place."),
    "move": ("OperationMoved", "Both do the same, in another place."),
    "rewire": ("OperationRewired", "Both do the same, on other values, or sharing other weights."),
    "different": ("ModelsDiffer", "The two models do not behave the same."),
    "inconclusive": ("VerdictOpen", "Nobody can tell whether the two models behave the same."),
    "not-compared": (
        "NotCompared",
        "The pair does not pass, for it could not be compared or is not what was expected.",
    ),
}
"""Name and meaning of each rule: the kinds of edits, and the verdicts."""


def to_sarif(several: Sequence[Named]) -> str:
    """A SARIF log of one run; its results stand in the order of the comparisons and their edits."""
    told = [remark for item in several for remark in remarks(item)]
    told = sorted(told, key=lambda remark: ("error", "warning", "note").index(remark.level))[:MOST]
    run = {
        "tool": {
            "driver": {
                "name": "kerasdiff",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in _RULES],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "results": [_result(remark) for remark in told],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: Rule) -> Json:
    name, text = _RULES[rule]
    edit = rule in ("insert", "delete", "update", "move", "rewire")
    return {
        "id": rule,
        "name": name,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": f"{text} The report of kerasdiff tells what it does and how to make both agree."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["keras", "edit" if edit else "verdict"], "precision": "very-high"},
    }


def _result(remark: Remark) -> Json:
    result: Json = {
        "ruleId": remark.rule,
        "ruleIndex": list(_RULES).index(remark.rule),
        "level": remark.level,
        "message": {"text": _escaped(f"{remark.name}: {remark.message}" if remark.name else remark.message)},
        "partialFingerprints": {
            "kerasdiff/v1": remark.fingerprint,
            # The one that GitHub reads; a hash of the line itself would lose the alert when somebody edits it.
            "primaryLocationLineHash": f"{remark.fingerprint[:16]}:1",
        },
    }
    if remark.place is not None:
        result["locations"] = [_location(remark.place)]
    if remark.related is not None:
        at = f" at {remark.related.revision}" if remark.related.revision else ""
        related = _location(remark.related)
        result["relatedLocations"] = [{"id": 1, **related, "message": {"text": f"The reference{at}"}}]
    return result


def _location(place: Place) -> Json:
    outside = PurePosixPath(place.path).is_absolute()
    artifact: Json = (
        {"uri": f"file://{quote(place.path)}"} if outside else {"uri": quote(place.path), "uriBaseId": ROOT}
    )
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": place.line}}}


def _escaped(text: str) -> str:
    """A plain text message, in which ``[a](1)`` would be a link and ``{0}`` a placeholder (3.11.5 and 3.11.6)."""
    if "](" in text:
        text = re.sub(r"([\\\[\]])", r"\\\1", text)
    return re.sub(r"\{(\d+)\}", r"{{\1}}", text)
