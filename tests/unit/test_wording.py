"""Every kind of fact can be told, whatever of it is known, and the words are made in one place alone."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import kerasdiff
from kerasdiff.comparison import Reason
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import Source
from kerasdiff.report.wording.findings.table import SENTENCES, sentence
from kerasdiff.report.wording.models import STATES
from kerasdiff.report.wording.verdict.answer import _REASONS, BASES

SOURCES = Path(kerasdiff.__file__).parent

TOLD_BY_OTHERS = {Fact.SETTINGS_DIFFER, Fact.COARSE}
"""Facts that are told by the edits of their rung, and within those that they are parts of."""


def test_every_fact_has_a_sentence() -> None:
    assert set(Fact) - set(SENTENCES) == TOLD_BY_OTHERS


def test_a_table_that_is_trained_row_by_row_is_told_with_its_lines_the_reference_s_first() -> None:
    found = Finding(
        fact=Fact.ROW_BY_ROW,
        side="candidate",
        weights=("embed/embeddings", "embed/embeddings"),
        names=("Adam",),
        sources=(Source(file="old.py", line=35), Source(file="new.py", line=32)),
    )

    assert "of embed/embeddings (old.py:35, new.py:32) one by one in the candidate" in sentence(found)
    alone = replace(found, weights=found.weights[:1], sources=found.sources[1:])
    assert "Adam takes its gradients one by one there (new.py:32), and their sum on the other side" in sentence(alone)


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
