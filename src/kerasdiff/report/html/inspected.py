"""What does the page of one model tell? Its graph, its nodes and weights, and what its trace noticed."""

from __future__ import annotations

from kerasdiff.graph import Mode, Weight
from kerasdiff.report.cleaning import clean
from kerasdiff.report.html.graphs import inspected_data
from kerasdiff.report.html.rendering import render
from kerasdiff.report.nodes import COLUMNS, COUNTED_ABOVE, UNTRACED, ends, facts, rows_of, size_of
from kerasdiff.report.wording.findings.notes import note
from kerasdiff.report.wording.names import count
from kerasdiff.side.records import Description


def inspected_html(description: Description, mode: Mode = "inference", target: str = "") -> str:
    """The page of one traced model.

    Args:
        description: What it is.
        mode: Which of its graphs is shown.
        target: As it was given, where it is to be named.
    """
    graph = description.traced(mode)
    rows, shared = ([], False) if graph is None else rows_of(graph, description.weights, clean)
    lists = (
        ("Inferred", [note(fact) for fact in description.inferred]),
        ("Notes", [note(fact) for fact in description.notes]),
        ("Layers never called", list(description.unused_layers)),
    )
    return render(
        "inspected.html.j2",
        name=description.class_name,
        target=target,
        size=size_of(description),
        facts=list(facts(description)),
        mode=mode,
        aside=f"{mode} mode" if graph is None else f"{mode} mode, {count(len(graph), 'node')}",
        untraced=UNTRACED.format(mode) if graph is None else "",
        columns=COLUMNS,
        rows=rows,
        ends=[] if graph is None else list(ends(graph)),
        counted_above=COUNTED_ABOVE if shared else "",
        weights=[_weight(weight) for weight in description.weights],
        lists=[(title, items) for title, items in lists if items],
        graph_data=None if graph is None else inspected_data(description, mode),
    )


WEIGHTS = ("path", "shape", "dtype", "trainable", "initializer", "regularizer", "constraint")
"""Columns of the table of weights."""


def _weight(weight: Weight) -> dict[str, str]:
    """The cells of a weight by column."""
    told = (
        weight.path,
        str(weight.shape),
        weight.dtype,
        "yes" if weight.trainable else "no",
        weight.initializer,
        weight.regularizer,
        weight.constraint,
    )
    return dict(zip(WEIGHTS, (text or "–" for text in told), strict=True))
