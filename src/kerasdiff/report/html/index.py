"""What does the index of a check tell? How every pair stands and why, with a link to the page of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kerasdiff.comparison import EXIT_CODES, Outcome
from kerasdiff.gates.records import Checked, CheckedPair
from kerasdiff.report.commands.check import MARKS, TITLES
from kerasdiff.report.html.rendering import render
from kerasdiff.report.wording import gates as wording
from kerasdiff.report.wording.names import capital, count


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to let a pair pass.

    Attributes:
        said: A sentence.
        lines: What is to be copied.
    """

    said: str
    lines: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One pair as the index tells of it.

    Attributes:
        link: The file of its page; empty where it has none.
        standing: In one word, as a class of the styles.
        mark: The same as a sign.
        stands: The same in words.
        why: What keeps it from passing, or what it passed with.
        details: Of an error.
        asides: What else is known, each in a phrase.
    """

    pair: CheckedPair
    link: str
    standing: str
    mark: str
    stands: str
    found: str
    why: str
    details: str
    ways: tuple[Way, ...]
    asides: tuple[str, ...]


def index_html(checked: Checked, links: Mapping[str, str]) -> str:
    """The page of a check.

    Args:
        checked: What is told.
        links: The file of each pair's page, by the pair's name.
    """
    title, _ = TITLES.get(checked.exit_code, ("NOT CHECKED", ""))
    return render(
        "index.html.j2",
        drawn=False,
        checked=checked,
        title=title.capitalize(),
        outcome=_OUTCOMES.get(checked.exit_code, "inconclusive"),
        pairs=count(len(checked.pairs), "pair"),
        summary=wording.summary(checked),
        lines=[_line(pair, checked, links.get(pair.gate.name, "")) for pair in checked.pairs],
        quiet=len([pair for pair in checked.pairs if pair.why is None]),
    )


_OUTCOMES: Mapping[int, Outcome] = {code: outcome for outcome, code in EXIT_CODES.items()}
"""The colour of a check: that of the verdict which has the same exit code."""


def _line(pair: CheckedPair, checked: Checked, link: str) -> Line:
    ways = (way.partition("\n") for way in wording.to_pass(pair, checked))
    took = f"{pair.seconds:.1f} s" if pair.seconds else ""
    return Line(
        pair=pair,
        link=link,
        standing=pair.standing.name.lower().replace("_", "-"),
        mark=MARKS[pair.standing][0],
        stands=wording.STANDS[pair.standing],
        found=wording.found(pair),
        why=wording.reason(pair) or capital(wording.lead(pair)),
        details="" if pair.trouble is None else pair.trouble.details,
        ways=tuple(Way(said=said, lines=lines) for said, _, lines in ways),
        asides=tuple(text for text in (took, wording.assumed(pair)) if text),
    )
