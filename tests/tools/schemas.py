"""The schemas that reports are held to: kerasdiff's own, and that of SARIF."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from kerasdiff.report.json import SCHEMA
from kerasdiff.report.schema import schema_text

SARIF = Path(__file__).with_name("oasis") / "sarif-schema-2.1.0.json"


@cache
def report_validator() -> jsonschema.Draft202012Validator:
    """Holds a report to the published schema of kerasdiff/1."""
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@cache
def sarif_validator() -> jsonschema.Draft4Validator:
    """Holds a log to the schema of SARIF 2.1.0."""
    schema = json.loads(SARIF.read_text(encoding="utf-8"))
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def validated(report: Any) -> Any:
    """A report as it is, where it is what its schema says; a check with every comparison in it."""
    if isinstance(report, dict):
        if report.get("schema") == SCHEMA:
            report_validator().validate(report)
        for pair in report.get("pairs", ()) if str(report.get("schema")).startswith("kerasdiff.check/") else ():
            validated(pair["comparison"])
    return report
