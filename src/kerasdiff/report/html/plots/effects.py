"""What does each edit do? Attribution as bars that begin at the limit: what is left of it is rounding."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from kerasdiff.comparison import Comparison
from kerasdiff.explain.records import Attribution, Measure, Sizes
from kerasdiff.report.html.numbers import figure
from kerasdiff.report.html.plots.records import Figure, Plotted, Table
from kerasdiff.report.html.plots.thinning import largest
from kerasdiff.report.wording import plots as wording

MOST_EDITS = 24
"""Edits with bars of their own, those that change the most: what stands on a screen."""


def effect_figure(comparison: Comparison) -> Figure | None:
    """What each edit changes when it is applied alone, all of them together, and what remains."""
    attribution = comparison.attribution
    if attribution is None or not attribution.effects:
        return None
    rows = list(_rows(comparison, attribution))
    measures = [measure for measure in Measure if any(measure in sizes for _, sizes in rows)]
    if not measures:
        return None
    edits, whole = rows[:-2], rows[-2:]
    shown = [*largest(edits, lambda row: _beyond(row[1], attribution.limits), MOST_EDITS), *whole]
    data: dict[str, Plotted] = {
        "kind": "bars",
        "rows": [label for label, _ in shown],
        "whole": len(whole),
        "panels": [_panel(measure, shown, attribution.limits) for measure in measures],
    }
    return Figure(
        name="effects",
        title=wording.EFFECTS,
        caption=wording.effects(attribution, comparison.edits),
        notes=wording.effect_notes(attribution, len(edits), MOST_EDITS),
        data=data,
        table=Table(
            title="What each edit changes",
            head=("applied", *(wording.MEASURES[measure].title for measure in measures)),
            rows=(
                *((label, *(wording.amount(measure, sizes) for measure in measures)) for label, sizes in shown),
                ("limit", *(wording.amount(measure, attribution.limits) for measure in measures)),
            ),
            note=wording.rows_left_out(len(edits), MOST_EDITS),
        ),
    )


def _rows(comparison: Comparison, attribution: Attribution) -> Iterator[tuple[str, Sizes]]:
    """Name and sizes of each line; edits that were applied as one make one line, at the first of them."""
    for position, effect in enumerate(attribution.effects):
        group = next((group for group in attribution.together if position in group), (position,))
        if position == min(group):
            yield wording.edit_named(comparison.edits, group), effect.sizes
    yield wording.ALL_TOGETHER, attribution.total
    yield wording.REMAINING, attribution.remaining


def _beyond(sizes: Sizes, limits: Sizes) -> float:
    """How many times its limit the largest size is."""
    return max(
        (abs(size) / (limits.get(measure, 0.0) or math.ulp(1.0)) for measure, size in sizes.items()), default=0.0
    )


def _panel(measure: Measure, rows: Sequence[tuple[str, Sizes]], limits: Sizes) -> Plotted:
    return {
        "title": wording.MEASURES[measure].title,
        "unit": wording.MEASURES[measure].unit,
        "limit": figure(limits.get(measure)),
        "values": [figure(sizes.get(measure)) for _, sizes in rows],
        "told": [wording.amount(measure, sizes) for _, sizes in rows],
    }
