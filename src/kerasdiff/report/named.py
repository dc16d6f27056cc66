"""What do the formats for machines take? Comparisons by name, with what they were to be."""

from __future__ import annotations

from dataclasses import dataclass

from kerasdiff.comparison import Comparison, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One of the comparisons of a report.

    Attributes:
        name: What a file of gates calls it; empty for one that was asked for by itself.
        targets: Reference and candidate, as they were given.
        comparison: ``None`` where there is none: it could not be made, or was not needed.
        error: Why it could not be made, in a sentence.
        expected: What it was to be.
        passed: Whether it is that.
        reason: Why it is not, in a phrase, where the verdict does not say it; or why it was not needed.
        skipped: Whether it was not made because there was no need.
        file, line: Where it is written down, from the root of the repository; for what has no line of its own.
    """

    name: str = ""
    targets: tuple[str, str]
    comparison: Comparison | None = None
    error: str = ""
    expected: Outcome = "equivalent"
    passed: bool
    reason: str = ""
    skipped: bool = False
    file: str = ""
    line: int = 0

    @staticmethod
    def of(comparison: Comparison, name: str = "") -> Named:
        """A comparison that was asked for by itself, and is to be equivalent."""
        return Named(
            name=name,
            targets=(comparison.reference.target, comparison.candidate.target),
            comparison=comparison,
            passed=comparison.exit_code == 0,
        )
