"""Which node of one model stands for which of the other, line by line, and which rewrites showed it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kerasdiff.align.edits import Edit, EditKind
from kerasdiff.align.pair import Aligned, Pair
from kerasdiff.findings import SIDES
from kerasdiff.graph import Node
from kerasdiff.rungs.records import Rewrite, Row, RowState

STATES: Mapping[EditKind, RowState] = {"update": "updated", "move": "moved", "rewire": "rewired"}
"""What an edit makes of a pair of nodes."""


def rewrites(pair: Pair) -> tuple[Rewrite, ...]:
    """Every rewrite used, each once."""
    used: dict[Rewrite, None] = {}
    for aligned in pair.modes.values():
        unlike = _unlike(aligned)
        for number, canonical in enumerate((aligned.reference, aligned.candidate)):
            inside = [step for name in sorted(unlike[number]) for step in canonical.inside.get(name, ())]
            for applied in (*canonical.applied, *inside, *aligned.alignment.applied[number]):
                rewrite = Rewrite(rule=applied.rule, side=SIDES[number], node=applied.node, exact=applied.exact)
                used[rewrite] = None
    return tuple(sorted(used, key=lambda item: (item.side != "reference", item.rule, item.node)))


def _unlike(aligned: Aligned) -> tuple[set[str], set[str]]:
    """The nodes paired with another kind of node: what their lowerings have in common, rules brought out."""
    pairs = [(one.id, two.id) for one, two in aligned.pairs if one.display != two.display]
    return {one for one, _ in pairs}, {two for _, two in pairs}


def rows(pair: Pair, settings: Sequence[Edit]) -> tuple[Row, ...]:
    """The side-by-side table, in the order of the reference with insertions in place.

    Args:
        pair: Both sides.
        settings: The edits of settings of weights, which no graph shows.
    """
    return () if pair.shown is None else tuple(_Table(pair, pair.shown, _states((*pair.edits, *settings))).rows())


class _Table:
    """The rows of one mode; a weight is counted where it stands first."""

    def __init__(self, pair: Pair, aligned: Aligned, states: Mapping[tuple[str, str], RowState]) -> None:
        self._pair, self._aligned, self._states = pair, aligned, states
        self._counted: tuple[set[str], set[str]] = (set(), set())
        self._back = {two: one for one, two in aligned.alignment.nodes.items()}
        self._right = [node for node in aligned.graphs[1] if node.kind not in ("read", "const")]
        self._position = {node.id: index for index, node in enumerate(self._right)}

    def rows(self) -> Iterator[Row]:
        yield from self._inserted(0)
        for node in self._aligned.graphs[0]:
            if node.kind in ("read", "const"):
                continue
            two = self._aligned.nodes[1].get(self._aligned.alignment.nodes.get(node.id, ""))
            yield self._row(node, two)
            if two is not None and two.id in self._position:
                yield from self._inserted(self._position[two.id] + 1)

    def _inserted(self, start: int) -> Iterator[Row]:
        """The candidate's nodes from there on to the next one that is aligned."""
        for node in self._right[start:]:
            if node.id in self._back:
                return
            yield self._row(None, node)

    def _row(self, one: Node | None, two: Node | None) -> Row:
        return Row(
            state=self._state(one, two),
            reference=one,
            candidate=two,
            reference_parameters=self._count(0, one),
            candidate_parameters=self._count(1, two),
        )

    def _state(self, one: Node | None, two: Node | None) -> RowState:
        if one is not None and two is not None:
            return self._states.get((one.id, two.id), "kept")
        covered = self._aligned.alignment.covered
        if (one is not None and one.id in covered[0]) or (two is not None and two.id in covered[1]):
            return "rewritten"
        return "inserted" if one is None else "deleted"

    def _count(self, side: int, node: Node | None) -> int:
        """Scalars of the weights that stand here first, without the states of random generators."""
        table, counted = self._pair.weights[side], self._counted[side]
        names = [name for name in (node.weights if node else ()) if name in table and name not in counted]
        counted.update(names)
        return sum(table[name].size for name in names if not table[name].is_seed)


def _states(edits: Sequence[Edit]) -> dict[tuple[str, str], RowState]:
    states: dict[tuple[str, str], RowState] = {}
    for edit in edits:
        if edit.reference is not None and edit.candidate is not None and edit.kind in STATES:
            states.setdefault((edit.reference.node, edit.candidate.node), STATES[edit.kind])
    return states
