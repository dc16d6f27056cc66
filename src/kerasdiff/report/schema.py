"""What is in a report as JSON? The published JSON Schema of ``kerasdiff/1``, which tests hold every report to."""

from __future__ import annotations

from importlib.resources import files

FILE = "kerasdiff-1.schema.json"


def schema_text() -> str:
    """The schema, as it is published."""
    return files("kerasdiff.report").joinpath(FILE).read_text(encoding="utf-8")
