"""Do both calls return the same structure, with the same constants in it? Tensors are compared by their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kerasdiff.align.pair import Correspondence
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import MODES, Returned
from kerasdiff.side.records import Description

Places = tuple[Returned, ...]


def returned_otherwise(reference: Description, candidate: Description, *, named: bool) -> list[Finding]:
    """A fact for each place that differs, or in which tuple and list do; in both modes where they agree in it.

    Args:
        reference: One side.
        candidate: The other.
        named: Whether keys of dicts count, or else their order alone.
    """
    known = [mode for mode in MODES if mode in reference.returned and mode in candidate.returned]
    by_mode = [
        [
            replace(finding, names=(mode,))
            for finding in _compared(reference.returned[mode], candidate.returned[mode], named=named)
        ]
        for mode in known
    ]
    merged: dict[tuple[Fact, tuple[Returned | None, ...]], Finding] = {}
    for findings in by_mode:
        for finding in findings:
            key = finding.fact, finding.returned
            merged[key] = replace(finding, names=()) if key in merged else finding
    if len(known) == 1:
        return [replace(finding, names=()) for finding in merged.values()]
    return list(merged.values())


def unread(pair: Correspondence) -> tuple[Finding, ...]:
    """Objects that both calls return at one place, of whose contents nothing is known."""
    first, second = (side.returned for side in pair.descriptions)
    objects = {
        one.place: Finding(fact=Fact.RETURNED_UNREAD, returned=(one, two))
        for mode in MODES
        for one, two in zip(first.get(mode, ()), second.get(mode, ()), strict=False)
        if one.kind == two.kind == "object"
    }
    return tuple(objects.values())


def _compared(reference: Places, candidate: Places, *, named: bool) -> Iterator[Finding]:
    """What differs, without what lies below a place that does."""
    first, second = (_by_place(places, named=named) for places in (reference, candidate))
    done: list[str] = []
    for place in dict.fromkeys((*first, *second)):
        if any(place.startswith(one) for one in done):
            continue
        one, two = first.get(place), second.get(place)
        fact = _fact(one, two, named=named)
        if fact is not None:
            yield Finding(fact=fact, returned=(one, two))
            if fact is Fact.RETURNED_OTHERWISE:
                done.append(place)


def _by_place(places: Places, *, named: bool) -> dict[str, Returned]:
    return {one.place if named else one.position: one for one in places}


def _fact(one: Returned | None, two: Returned | None, *, named: bool) -> Fact | None:
    """How one place differs, ``None`` where it does not."""
    if one is None or two is None or one.kind != two.kind:
        return Fact.RETURNED_OTHERWISE
    if one.kind == "object" or one.value == two.value:
        return None
    fields = any(isinstance(item.value, tuple) for item in (one, two))
    if one.kind == "sequence" and not (fields and named):
        return Fact.OTHER_SEQUENCE
    return Fact.RETURNED_OTHERWISE
