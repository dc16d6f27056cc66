"""Same canonical graph, in inference and in training mode?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kerasdiff.align.align import Alignment, align
from kerasdiff.align.edits import Edit
from kerasdiff.canonical import Applied, Canonical, Canonicaliser
from kerasdiff.comparison import Rewrite, Row, RowState, Rung, SideName
from kerasdiff.graph import MODES, Mode, Weight
from kerasdiff.graph.index import index
from kerasdiff.rungs.unseen import untraced
from kerasdiff.side.records import Description


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """One mode's canonical graphs and their alignment."""

    mode: Mode
    reference: Canonical
    candidate: Canonical
    alignment: Alignment


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What the architecture rung found.

    Attributes:
        modes: By mode, where both sides could be traced.
        edits: Of both modes, each once.
        weights: Reference weight id to candidate weight id.
        isomorphic: Whether the canonical graphs of both modes are the same: a proof.
    """

    modes: Mapping[Mode, Aligned]
    edits: tuple[Edit, ...]
    weights: Mapping[str, str]
    isomorphic: bool
    rung: Rung


def architecture(reference: Description, candidate: Description) -> Structure:
    """Canonicalises and aligns the graphs of both modes."""
    tables = _table(reference), _table(candidate)
    found: dict[Mode, Aligned] = {}
    known: Mapping[str, str] = {}
    for mode in reversed(MODES):  # training tells more apart: what it maps, inference keeps where it has a choice
        traced = getattr(reference, mode), getattr(candidate, mode)
        if traced[0] is None or traced[1] is None:
            continue
        normal = Canonicaliser(mode)
        first, second = normal.canonicalise(traced[0]), normal.canonicalise(traced[1])
        alignment = align(first.graph, second.graph, tables, mode, known)
        found[mode] = Aligned(mode=mode, reference=first, candidate=second, alignment=alignment)
        known = alignment.weights
    modes = {mode: found[mode] for mode in MODES if mode in found}
    weights = _weights(modes)
    edits = _merged(modes)
    isomorphic = (
        len(modes) == len(MODES) and all(item.alignment.isomorphic for item in modes.values()) and not _clash(modes)
    )
    return Structure(
        modes=modes,
        edits=edits,
        weights=weights,
        isomorphic=isomorphic,
        rung=_rung(modes, edits, isomorphic, reference, candidate),
    )


def _table(description: Description) -> dict[str, Weight]:
    return {weight.id: weight for weight in description.weights}


def _weights(modes: Mapping[Mode, Aligned]) -> dict[str, str]:
    """The weight map of both modes, one to one: the mode that proves more comes first."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for item in sorted(modes.values(), key=lambda item: not item.alignment.isomorphic):
        for one, two in item.alignment.weights.items():
            if one not in found and two not in taken:
                found[one] = two
                taken.add(two)
    return found


def _clash(modes: Mapping[Mode, Aligned]) -> bool:
    """Whether two proofs map a weight differently (interchangeable branches may): then neither stands for both."""
    merged = _weights(modes)
    return any(merged.get(one) != two for item in modes.values() for one, two in item.alignment.weights.items())


def _merged(modes: Mapping[Mode, Aligned]) -> tuple[Edit, ...]:
    merged: dict[tuple[object, ...], Edit] = {}
    for mode in reversed(MODES):
        if mode not in modes:
            continue
        for edit in modes[mode].alignment.edits:
            key = (edit.kind, edit.reference and edit.reference.node, edit.candidate and edit.candidate.node)
            if key not in merged:
                merged[key] = edit
            elif mode not in merged[key].modes:
                merged[key] = replace(merged[key], modes=("inference", "training"))
    return tuple(merged.values())


def _rung(
    modes: Mapping[Mode, Aligned],
    edits: tuple[Edit, ...],
    isomorphic: bool,
    reference: Description,
    candidate: Description,
) -> Rung:
    notes = [f"reference: {note}" for note in reference.notes if note not in candidate.notes]
    notes += [f"candidate: {note}" for note in candidate.notes if note not in reference.notes]
    unexpanded = max((item.alignment.unexpanded for item in modes.values()), default=0)
    if unexpanded:
        notes.append(f"too much differs to compare op by op: {unexpanded:,} TF ops")
    extra = f" ({'; '.join(notes[:4])})" if notes else ""
    figures = {"edits": len(edits), "modes": sorted(modes), "isomorphic": isomorphic}
    if not modes:
        why = "; ".join(untraced(reference, candidate))
        detail = f"no graph to compare ({why})"
        return Rung(name="architecture", outcome="failed", detail=detail, figures=figures)
    if isomorphic:
        count = len(modes["inference"].reference.graph)
        detail = f"the canonical graphs are the same in inference and training mode: {count} nodes, one to one{extra}"
        return Rung(name="architecture", outcome="equal", detail=detail, figures=figures)
    if edits:
        kinds = [f"{sum(edit.kind == kind for edit in edits)} {kind}" for kind in sorted({edit.kind for edit in edits})]
        only = {edit.modes for edit in edits}
        where = " in training mode alone" if only == {("training",)} else ""
        detail = f"{len(edits)} edit{'s' if len(edits) > 1 else ''} ({', '.join(kinds)}){where}{extra}"
        return Rung(name="architecture", outcome="different", detail=detail, figures=figures)
    missing = [mode for mode in MODES if mode not in modes]
    why = (
        f"could not be traced in {' and '.join(missing)} mode"
        if missing
        else "not proved the same, and no edit names why"
    )
    return Rung(name="architecture", outcome="advisory", detail=f"{why}{extra}", figures=figures)


def tempered(rung: Rung, numeric: Sequence[Rung]) -> Rung:
    """The architecture rung in the light of the numbers: edits that change none of them are advisory."""
    if rung.outcome != "different" or any(other.outcome != "equal" for other in numeric):
        return rung
    return replace(
        rung, outcome="advisory", detail=f"{rung.detail}; no rule proves them harmless, but every number agrees"
    )


def rewrites(structure: Structure) -> tuple[Rewrite, ...]:
    """Every rewrite used, each once."""
    found: dict[Rewrite, None] = {}
    for item in structure.modes.values():
        sides: tuple[tuple[SideName, Canonical, tuple[Applied, ...]], ...] = (
            ("reference", item.reference, item.alignment.applied[0]),
            ("candidate", item.candidate, item.alignment.applied[1]),
        )
        unlike = _unlike(item)
        for number, (side, canonical, expanded) in enumerate(sides):
            inside = [step for name in sorted(unlike[number]) for step in canonical.inside.get(name, ())]
            for applied in (*canonical.applied, *inside, *expanded):
                found[Rewrite(rule=applied.rule, side=side, node=applied.node, exact=applied.exact)] = None
    return tuple(sorted(found, key=lambda item: (item.side != "reference", item.rule, item.node)))


def _unlike(item: Aligned) -> tuple[set[str], set[str]]:
    """The nodes paired with another kind of node: what their lowerings have in common, rules brought out."""
    nodes = index(item.reference.graph).nodes, index(item.candidate.graph).nodes
    pairs = [(one, two) for one, two in item.alignment.nodes.items() if nodes[0][one].display != nodes[1][two].display]
    return {one for one, _ in pairs}, {two for _, two in pairs}


def rows(structure: Structure, reference: Description, candidate: Description) -> tuple[Row, ...]:
    """The side-by-side table, from the training graphs (which show Dropout) where there are any."""
    item = structure.modes.get("training") or structure.modes.get("inference")
    if item is None:
        return ()
    tables = _table(reference), _table(candidate)
    shown: tuple[set[str], set[str]] = (set(), set())
    states = _states(structure.edits)
    pairs = item.alignment.nodes
    back = {two: one for one, two in pairs.items()}
    right = list(item.candidate.graph)
    by_id = index(item.candidate.graph).nodes
    position = {node.id: index for index, node in enumerate(right)}
    found: list[Row] = []

    def row(one: str | None, two: str | None) -> Row:
        nodes = index(item.reference.graph).nodes.get(one or ""), by_id.get(two or "")
        counts = []
        for side, node in enumerate(nodes):
            fresh = [
                name for name in (node.weights if node else ()) if name not in shown[side] and name in tables[side]
            ]
            shown[side].update(fresh)
            counts.append(sum(tables[side][name].size for name in fresh if not tables[side][name].is_seed))
        state: RowState = "inserted" if one is None else "deleted" if two is None else "kept"
        if one is None or two is None:
            covered = item.alignment.covered
            state = "rewritten" if (two or "") in covered[1] or (one or "") in covered[0] else state
        else:
            state = states.get((one, two), "kept")
        return Row(
            state=state,
            reference=nodes[0],
            candidate=nodes[1],
            reference_parameters=counts[0],
            candidate_parameters=counts[1],
        )

    def following(start: int) -> None:
        for node in right[start:]:
            if node.id in back:
                return
            if node.kind not in ("read", "const"):
                found.append(row(None, node.id))

    following(0)
    for node in item.reference.graph:
        if node.kind in ("read", "const"):
            continue
        two = pairs.get(node.id)
        found.append(row(node.id, two))
        if two is not None:
            following(position[two] + 1)
    return tuple(found)


def _states(edits: tuple[Edit, ...]) -> dict[tuple[str, str], RowState]:
    names: dict[str, RowState] = {"update": "updated", "move": "moved", "rewire": "rewired"}
    states: dict[tuple[str, str], RowState] = {}
    for edit in edits:
        if edit.reference is not None and edit.candidate is not None and edit.kind in names:
            states.setdefault((edit.reference.node, edit.candidate.node), names[edit.kind])
    return states
