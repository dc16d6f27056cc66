"""What of two described models corresponds? Both modes brought to normal form, aligned, and put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kerasdiff.align.alignment import align
from kerasdiff.align.defaults import with_defaults
from kerasdiff.align.differences import known_to_both
from kerasdiff.align.edits import Edit, Update
from kerasdiff.align.pair import Aligned, Correspondence, across, across_generations, libraries, off_tensorflow
from kerasdiff.align.telling.telling import told
from kerasdiff.canonical import Canonical, Canonicaliser
from kerasdiff.graph import MODES, Graph, Mode, Node, Weight
from kerasdiff.graph.ops import looks_up
from kerasdiff.side.records import Description


def correspond(reference: Description, candidate: Description) -> Correspondence:
    """Canonicalises and aligns the graphs of both modes, as far as both sides could be traced in them."""
    tables = _table(reference), _table(candidate)
    aligned: dict[Mode, Aligned] = {}
    known: Mapping[str, str] = {}
    for mode in reversed(MODES):  # training tells more apart: what it maps, inference keeps where it has a choice
        traced = reference.traced(mode), candidate.traced(mode)
        if traced[0] is None or traced[1] is None:
            continue
        normal = Canonicaliser(mode)
        first = normal.canonicalise(with_defaults(traced[0], candidate.defaults))
        second = normal.canonicalise(with_defaults(traced[1], reference.defaults))
        if across((reference, candidate)):
            first, second = closed(first, traced[0]), closed(second, traced[1])
        alignment = align(first.graph, second.graph, tables, mode, known)
        aligned[mode] = Aligned(mode=mode, reference=first, candidate=second, alignment=alignment)
        known = alignment.weights
    modes = {mode: aligned[mode] for mode in MODES if mode in aligned}
    mapped = _mapped(modes)
    edits = _merged(modes)
    if reference.environment.get("keras") != candidate.environment.get("keras"):
        edits = tuple(_known_to_both(edit, modes[edit.modes[-1]]) for edit in edits)
        edits = tuple(_of_versions(edit, (reference, candidate)) for edit in edits)
    same = len(modes) == len(MODES) and all(item.alignment.isomorphic for item in modes.values())
    same = same and not _clash(modes, mapped)
    return Correspondence(
        descriptions=(reference, candidate),
        modes=modes,
        edits=edits,
        told=told(edits, modes, (reference, candidate)),
        same_graphs=same,
        isomorphic=same and _proves((reference, candidate), modes),
        mapped=mapped,
    )


def _proves(descriptions: tuple[Description, Description], modes: Mapping[Mode, Aligned]) -> bool:
    """Whether the same graphs do the same: one TensorFlow computes both, and trains rows looked up in one way.

    Keras 2 adds up the gradients of an id that repeats before its optimizer sees them, and knows no ids below 0.
    """
    if len({*libraries(descriptions)}) > 1 or any(off_tensorflow(descriptions)):
        return False
    nodes = (node for aligned in modes.values() for node in aligned.graphs[0])
    return not (across_generations(descriptions) and any(node.weights and looks_up(node) for node in nodes))


def closed(normal: Canonical, traced: Graph) -> Canonical:
    """A normal form with layers of Keras closed: another backend computes them by other ops, and settings tell them."""
    ops = {node.id: node.op for node in traced if node.kind == "layer"}
    nodes = tuple(
        node
        if node.kind != "layer"
        else replace(node, op=ops.get(node.home, node.op), lowering=None, weights=_by_role(node))
        for node in normal.graph
    )
    return replace(normal, graph=replace(normal.graph, nodes=nodes))


def _by_role(node: Node) -> tuple[str, ...]:
    """The weights of a layer in the order of their names in it, for nothing says which comes first inside."""
    path = node.home.partition(":")[0]
    return tuple(sorted(node.weights, key=lambda name: name.removeprefix(f"{path}/")))


def _known_to_both(edit: Edit, aligned: Aligned) -> Edit:
    """An edit without settings that one version of Keras does not have: nobody can give them there."""
    if not isinstance(edit, Update) or edit.reference is None or edit.candidate is None:
        return edit
    one, two = (nodes.get(site.node) for nodes, site in zip(aligned.nodes, edit.sites, strict=True) if site)
    if one is None or two is None:
        return edit
    return replace(edit, changes=known_to_both(edit.changes, one, two))


def _of_versions(edit: Edit, sides: tuple[Description, Description]) -> Edit:
    """An edit with the versions of Keras, where they are what draws otherwise."""
    if not isinstance(edit, Update) or not any(change.drawn[0] for change in edit.changes):
        return edit
    first, second = (str(side.environment.get("keras", "")) for side in sides)
    told = [replace(change, versions=(first, second)) if change.drawn[0] else change for change in edit.changes]
    return replace(edit, changes=tuple(told))


def _table(description: Description) -> dict[str, Weight]:
    return {weight.id: weight for weight in description.weights}


def _mapped(modes: Mapping[Mode, Aligned]) -> dict[str, str]:
    """The weight map of both modes, one to one: the mode that proves more comes first."""
    mapped: dict[str, str] = {}
    taken: set[str] = set()
    for item in sorted(modes.values(), key=lambda item: not item.alignment.isomorphic):
        for one, two in item.alignment.weights.items():
            if one not in mapped and two not in taken:
                mapped[one] = two
                taken.add(two)
    return mapped


def _clash(modes: Mapping[Mode, Aligned], mapped: Mapping[str, str]) -> bool:
    """Whether two proofs map a weight differently (interchangeable branches may): then neither stands for both."""
    return any(mapped.get(one) != two for item in modes.values() for one, two in item.alignment.weights.items())


def _merged(modes: Mapping[Mode, Aligned]) -> tuple[Edit, ...]:
    """The edits of both modes, each once, in the words of training; of one kind at one pair of nodes, the first."""
    merged: dict[tuple[object, ...], Edit] = {}
    for mode in reversed(MODES):
        for edit in modes[mode].alignment.edits if mode in modes else ():
            key = (edit.kind, *(site and site.node for site in edit.sites))
            if key not in merged:
                merged[key] = edit
            elif mode not in merged[key].modes:
                merged[key] = replace(merged[key], modes=MODES)
    return tuple(merged.values())
