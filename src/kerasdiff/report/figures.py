"""Which numbers of a rung does JSON hold? Its typed figures, field by field, and what is made of some of them."""

from __future__ import annotations

from dataclasses import fields

from kerasdiff.findings import Fact
from kerasdiff.graph import Attribute
from kerasdiff.report import wording
from kerasdiff.rungs.records import CheckpointFigures, Figures, NumberFigures, Rung, WeightFigures


def figures(rung: Rung) -> dict[str, Attribute]:
    """The figures of a rung as JSON data; a field that says nothing in this rung is left out, not null.

    ``because`` says why optimizer steps differ, where one side's optimizer takes gradients row by row.
    """
    data: dict[str, Attribute] = {}
    if rung.figures is not None:
        data |= {field.name: getattr(rung.figures, field.name) for field in fields(rung.figures)}
        data |= _replaced(rung.figures)
        data = {name: value for name, value in data.items() if name not in _silent(rung.figures)}
    by_rows = next((finding for finding in rung.findings if finding.fact is Fact.BY_ROWS), None)
    return data if by_rows is None else {**data, "because": wording.sentence(by_rows)}


def _replaced(held: Figures) -> dict[str, Attribute]:
    """What stands in place of a field, or beside it."""
    if isinstance(held, CheckpointFigures):
        shapes = (f"{path} {one} in the reference, {two} in the candidate" for path, one, two in held.other_shape)
        owners = (tuple(owner or "the model itself" for owner in pair) for pair in held.stored_as)
        return {"other_shape": tuple(shapes), "stored_as": tuple(owners)}
    if isinstance(held, NumberFigures):
        return {
            "limit": held.tolerance.limit,
            "provenance": wording.provenance(held.tolerance),
            "where": wording.subject(held.where),
            "differing": tuple(map(wording.subject, held.differing)),
            "found_by": None if held.found_by is None else wording.sentence(held.found_by),
        }
    return {}


def _silent(held: Figures) -> set[str]:
    """The fields that say nothing: of a part of the rung that did not run, or of what did not happen."""
    silent = set() if held.ignored or isinstance(held, WeightFigures) else {"ignored"}
    if isinstance(held, CheckpointFigures):
        silent |= {"limit", "max_absolute", "max_relative", "place"} if held.limit is None else set()
        silent |= {"stored_as", "astray", "of"} if held.of is None else set()
    if isinstance(held, NumberFigures):
        silent |= {"tolerance"}
        silent |= set() if held.absent_gradients else {"absent_gradients"}
        silent |= {"untaken"} if held.untaken is None else set()
        silent |= {"weight_scale", "found_by"} if held.found_by is None else set()
    return silent
