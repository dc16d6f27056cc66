"""What no rung could look at: an equivalence that does not know it would claim too much."""

from __future__ import annotations

from collections.abc import Sequence

from kerasdiff.align.edits import Edit
from kerasdiff.comparison import Rung
from kerasdiff.findings import Fact
from kerasdiff.graph import MODES
from kerasdiff.report.wording.notes import note as sentence
from kerasdiff.side.records import Description


def training_code(reference: Description, candidate: Description) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is said of the user's own methods around the call: every one, and those that are not the same code."""
    every: list[str] = []
    apart: list[str] = []
    for name in sorted({*reference.overrides, *candidate.overrides}):
        one, two = reference.overrides.get(name), candidate.overrides.get(name)
        lines = " and ".join(str(item.source) for item in (one, two) if item is not None and item.source is not None)
        where = f" ({lines})" if lines else ""
        if one is not None and two is not None and one.digest == two.digest:
            every.append(f"{name} is overridden by the same code on both sides{where}; the call is compared, not this")
            continue
        which = "differently on the two sides" if one and two else f"in the {'reference' if one else 'candidate'} alone"
        apart.append(f"{name} is overridden {which}{where}; the call is compared, not this")
    return (*every, *apart), tuple(apart)


def untraced(reference: Description, candidate: Description) -> tuple[str, ...]:
    """Why each side's calls are not seen as graphs: a branch that no probe takes would be missed."""
    found = []
    for side, description in (("reference", reference), ("candidate", candidate)):
        if any(getattr(description, mode) is None for mode in MODES):
            notes = [sentence(note) for note in description.notes if note.fact is Fact.NOT_TRACEABLE]
            found.append(f"{side}: {'; '.join(notes) or 'cannot be traced'}")
    return tuple(found)


def untaken(rungs: Sequence[Rung], edits: Sequence[Edit]) -> tuple[str, ...]:
    """Branches on data that went one way on every probe, where an edit touches them: the other way was not compared."""
    found: dict[str, None] = {}
    sides = next((rung.figures["untaken"] for rung in rungs if "untaken" in rung.figures), ((), ()))
    for number, side in enumerate(("reference", "candidate")):
        for edit in edits:
            place = (edit.reference, edit.candidate)[number]
            if place is not None and any(place.node.startswith(name) for name in sides[number]):
                line = f" ({place.source})" if place.source is not None else ""
                found[f"the {side}'s {edit.op}{line} has a branch that no probe is known to take"] = None
    return tuple(found)
