"""What was rewritten on the way to one form? Each rule with how often it was used, and on which nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kerasdiff.findings import SIDES
from kerasdiff.rungs.records import Rewrite

INEXACT = "in real arithmetic, not to the last bit"
"""How a rewrite holds that does not keep every bit."""

MOST_NAMES = 4
"""Nodes named for one rule before the rest are counted."""


class Rule(NamedTuple):
    """A rule that was used; ``nodes`` names those of each side, and ``exact`` says whether it kept every bit."""

    name: str
    times: int
    nodes: str
    exact: bool


def rewritten(rewrites: Sequence[Rewrite]) -> list[Rule]:
    """The rules in the order of their first use."""
    groups: dict[str, list[Rewrite]] = {}
    for rewrite in rewrites:
        groups.setdefault(rewrite.rule, []).append(rewrite)
    return [
        Rule(name, len(group), "; ".join(_of_rule(group)), all(rewrite.exact for rewrite in group))
        for name, group in groups.items()
    ]


def _of_rule(group: Sequence[Rewrite]) -> Iterator[str]:
    """The nodes of each side that one rule rewrote."""
    for side in SIDES:
        nodes = [rewrite.node for rewrite in group if rewrite.side == side]
        if nodes:
            more = f", … {len(nodes) - MOST_NAMES} more" if len(nodes) > MOST_NAMES else ""
            yield f"{side}: {', '.join(nodes[:MOST_NAMES])}{more}"
