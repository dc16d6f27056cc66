"""The means by which the table of pairs is judged without words takes every word away."""

from __future__ import annotations

from report_samples import forum
from wordless import SAME, wordless

from kerasdiff.report import wording
from kerasdiff.report.wording.edits import settings
from kerasdiff.report.wording.findings.table import SENTENCES


def test_no_sentence_is_left() -> None:
    comparison = forum()
    said = wording.summary(comparison)

    with wordless():
        assert wording.summary(comparison) == SAME
        assert {wording.message(edit) for edit in comparison.edits} == {SAME}
        assert {settings.standing(edit, 0) for edit in comparison.edits} == {SAME}, "in a room of wording"
        assert {wording.detail(rung) for rung in comparison.rungs} == {SAME}
        assert {words(None) for words in SENTENCES.values()} == {SAME}  # type: ignore[arg-type]

    assert wording.summary(comparison) == said != SAME
