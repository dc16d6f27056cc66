"""Which numbers of a rung does JSON hold? Its typed figures, field by field, and what is made of some of them."""

from __future__ import annotations

from dataclasses import fields

from kerasdiff.graph import Attribute
from kerasdiff.report import wording
from kerasdiff.rungs.records import CheckpointFigures, Figures, InterfaceFigures, NumberFigures, Rung

FOUND_BY_SEARCH = "far beyond rounding, which grows on inputs like these"
"""Where the limit comes from on an input that was searched for."""


def figures(rung: Rung) -> dict[str, Attribute]:
    """The figures of a rung as JSON data; a field that says nothing in this rung is left out, not null."""
    if rung.figures is None:
        return {}
    held: dict[str, Attribute] = {field.name: getattr(rung.figures, field.name) for field in fields(rung.figures)}
    replaced = _replaced(rung.figures)
    return {name: value for name, value in {**held, **replaced}.items() if name not in _silent(rung.figures)}


def _replaced(held: Figures) -> dict[str, Attribute]:
    """What stands in place of a field, or beside it."""
    if isinstance(held, InterfaceFigures):
        return {"ignored": {"names": held.ignored}}
    if isinstance(held, CheckpointFigures):
        return {
            "other_shape": tuple(
                f"{path} {one} in the reference, {two} in the candidate" for path, one, two in held.other_shape
            )
        }
    if isinstance(held, NumberFigures):
        searched = "" if held.found_by is None else wording.sentence(held.found_by)
        return {
            "limit": held.tolerance.limit,
            "provenance": FOUND_BY_SEARCH if searched else wording.provenance(held.tolerance),
            "where": wording.subject(held.where),
            "differing": tuple(map(wording.subject, held.differing)),
            "found_by": searched,
        }
    return {}


def _silent(held: Figures) -> frozenset[str]:
    """The fields that say nothing: of a part of the rung that did not run, or of what did not happen."""
    if isinstance(held, InterfaceFigures):
        return frozenset({"ignored"} if held.ignored is None else ())
    if isinstance(held, CheckpointFigures):
        silent = set() if held.ignored else {"ignored"}
        silent |= {"limit", "max_absolute", "max_relative", "place"} if held.limit is None else set()
        return frozenset(silent | ({"stored_as", "astray", "of"} if held.of is None else set()))
    if isinstance(held, NumberFigures):
        silent = {"tolerance"} | {name for name in ("absent_gradients", "ignored") if not getattr(held, name)}
        silent |= {"untaken"} if held.untaken is None else set()
        return frozenset(silent | ({"weight_scale", "found_by"} if held.found_by is None else set()))
    return frozenset()
