"""Every kind of fact can be told, whatever of it is known, and the words are made in one place alone."""

from __future__ import annotations

import ast
from pathlib import Path

import kerasdiff
from kerasdiff.comparison import Reason
from kerasdiff.findings import Fact
from kerasdiff.report.wording.findings.table import SENTENCES
from kerasdiff.report.wording.models import STATES
from kerasdiff.report.wording.verdict.answer import _REASONS, BASES

SOURCES = Path(kerasdiff.__file__).parent

TOLD_BY_OTHERS = {Fact.SETTINGS_DIFFER, Fact.COARSE}
"""Facts that are told by the edits of their rung, and within those that they are parts of."""


def test_every_fact_has_a_sentence() -> None:
    assert set(Fact) - set(SENTENCES) == TOLD_BY_OTHERS


def test_every_reason_of_a_verdict_has_one() -> None:
    assert set(_REASONS) == set(Reason)


def test_every_label_is_known() -> None:
    assert set(BASES) == {"proof", "numeric", "statistical", "witness"}
    assert len(set(STATES.values())) == len(STATES)


def test_nothing_below_the_report_reads_what_the_report_says() -> None:
    """A verdict that rests on words would change with them: only what shows reports may import wording."""
    importing = set()
    for path in SOURCES.rglob("*.py"):
        package = path.relative_to(SOURCES).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(module.startswith("kerasdiff.report") for module in modules):
                importing.add(package)
    assert importing == {"api", "report", "cli", "pytest_plugin.py"}
