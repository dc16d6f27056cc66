"""Annotations of GitHub Actions: lines on standard output that mark a pull request's diff.

References:
    "Workflow commands for GitHub Actions"; what is escaped, and how, is that of ``actions/toolkit`` (``command.ts``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasdiff.report.formats.remarks import Level, Remark, remarks
from kerasdiff.report.named import Named

MOST = 10
"""Annotations of a level that GitHub shows of one step; it drops the rest without a word."""

MOST_TITLE, MOST_MESSAGE = 255, 4096
"""Characters: of a title what GitHub takes, of a message what it shows."""

_COMMANDS: Mapping[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}


def to_github(several: Sequence[Named]) -> str:
    """The annotations, the gravest first; of more than GitHub shows, the first and how many others there are."""
    told = [remark for item in several for remark in remarks(item)]
    lines = []
    for level, command in _COMMANDS.items():
        alike = [remark for remark in told if remark.level == level]
        shown = alike if len(alike) <= MOST else alike[: MOST - 1]
        lines += [_line(command, remark) for remark in shown]
        if len(alike) > len(shown):
            more = f"{len(alike) - len(shown):,} more are not marked; kerasdiff's report lists them."
            lines.append(f"::{command} title=kerasdiff::{_data(more)}")
    return "".join(f"{line}\n" for line in lines)


def _line(command: str, remark: Remark) -> str:
    properties = {"title": _cut(f"kerasdiff: {remark.title}", MOST_TITLE)}
    if remark.place is not None and remark.place.inside:
        properties = {"file": remark.place.path, "line": str(remark.place.line), **properties}
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{command} {told}::{_data(_cut(remark.message, MOST_MESSAGE))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
