"""The layer table tells every layer that an edit is about, and no other."""

from __future__ import annotations

from dataclasses import replace

import drawn_samples as drawn
import report_samples as samples

from kerasdiff.align.correspondence import correspond
from kerasdiff.align.edits import Aspect, Change, Update
from kerasdiff.findings import Site
from kerasdiff.rungs.table import rows


def test_a_layer_whose_weights_are_set_otherwise_is_no_equal_one() -> None:
    sides = [
        replace(samples.description(), inference=graph, training=None, weights=tuple(built.weights.values()))
        for graph, built in (drawn.residual(1), drawn.residual(1))
    ]
    pair = correspond(*sides)
    plain = rows(pair, ())
    node = next(row.reference for row in plain if row.reference is not None and row.reference.id == "stem_conv")
    frozen = Change(aspect=Aspect.WEIGHT, name="trainable", weight="kernel", values=(True, False))
    edit = Update(op="conv", rung="weights", reference=Site.of(node), candidate=Site.of(node), changes=(frozen,))

    assert {row.state for row in plain} == {"kept"}
    assert [row.reference.id for row in rows(pair, (edit,)) if row.state == "updated" and row.reference] == [
        "stem_conv"
    ]
