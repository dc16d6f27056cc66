"""What is a fold? Edits of the script that are one change, with the edit that tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kerasdiff.align.edits import Edit, leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Edits that one edit tells; ``told`` holds them."""

    edits: tuple[Edit, ...]
    told: Edit


def applied(edits: Sequence[Edit], folds: Iterable[Fold]) -> tuple[Edit, ...]:
    """The edits with each fold in the place of its first edit; of folds that share an edit, the first counts."""
    told = list(edits)
    for fold in folds:
        if not all(edit in told for edit in fold.edits):
            continue
        at = min(told.index(edit) for edit in fold.edits)
        told[at] = fold.told
        told = [edit for edit in told if edit not in fold.edits]
    return tuple(told)


def sides_of(edit: Edit) -> tuple[str, str]:
    """The nodes of an edit by side, empty where it has none."""
    first, second = ("" if site is None else site.node for site in edit.sites)
    return first, second


def nodes_of(edits: Iterable[Edit]) -> tuple[set[str], set[str]]:
    """By side, the nodes that edits stand at, with those of the edits they are made of."""
    nodes: tuple[set[str], set[str]] = (set(), set())
    for edit in (leaf for whole in edits for leaf in leaves(whole)):
        for side, name in enumerate(sides_of(edit)):
            if name:
                nodes[side].add(name)
    return nodes
