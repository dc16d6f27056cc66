"""What is in a report as JSON? The published JSON Schemas, which tests hold every report to."""

from __future__ import annotations

from importlib.resources import files

FILE = "kerasdiff-1.schema.json"
CHECK = "kerasdiff-check-1.schema.json"
CONVERT = "kerasdiff-convert-1.schema.json"


def schema_text(file: str = FILE) -> str:
    """A schema, as it is published: of comparisons, of checks, which refer to it, or of conversions."""
    return files("kerasdiff.report").joinpath(file).read_text(encoding="utf-8")
