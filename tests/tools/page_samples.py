"""Comparisons with all that a page draws, built by hand: with code, and with names that mean harm."""

from __future__ import annotations

from dataclasses import replace

import report_samples as samples

from kerasdiff.align.edits import Aspect, Change, Delete, Edit, Insert, Update
from kerasdiff.comparison import Comparison, Reason, Verdict
from kerasdiff.drawing import Drawing, Drawn
from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph import Edge, Graph, Node, Source, TensorSpec, Weight
from kerasdiff.report.named import Named
from kerasdiff.rungs.records import NotChecked, Rewrite, Row, Rung
from kerasdiff.side.records import Excerpt
from kerasdiff.side.revisions.records import Commit

ATTACK = "</script></style></title><img src=x onerror=alert(1)>"
HOSTILE = f"{ATTACK}{{{{7*7}}}}{{% raw %}}<!--\x1b[2J\x00\u202e\ufeff&lt;\"'` 层 ${{1}}"
"""A name that is an attack on markup, on templates, on scripts and on a reader's eyes."""

CODE = '''    """Ends a text."""

    def call(self, x):
        x = self.conv(x)
\tx = relu(x)  # keep
        return x
'''


def drawing(rows: tuple[Row, ...], excerpts: tuple[tuple[Excerpt, ...], tuple[Excerpt, ...]]) -> Drawing:
    """That of the rows of a table, without edges and distances."""
    nodes: list[list[Node]] = [[], []]
    for row in rows:
        for side, node in enumerate((row.reference, row.candidate)):
            if node is not None and node.id not in [held.id for held in nodes[side]]:
                nodes[side].append(node)
    return Drawing(
        mode="inference",
        sides=(
            Drawn(graph=Graph(nodes=tuple(nodes[0]), outputs=()), weights=(), excerpts=excerpts[0]),
            Drawn(graph=Graph(nodes=tuple(nodes[1]), outputs=()), weights=(), excerpts=excerpts[1]),
        ),
    )


def forum() -> Comparison:
    """The forum's pair with made-up code: each line says its number."""
    comparison = samples.forum()
    excerpts = tuple(
        (Excerpt(file=file, first=11, lines=tuple(f"{name} = line({number})" for number in range(11, 51))),)
        for file, name in (("a.py", "old"), ("b.py", "new"))
    )
    return replace(comparison, drawing=drawing(comparison.rows, (excerpts[0], excerpts[1])))


def hostile() -> Comparison:
    """Every name that models, files, commits and errors give is an attack."""
    source = Source(file=f"{HOSTILE}.py", line=3)
    weight = Weight(
        id=HOSTILE, path=HOSTILE, name=HOSTILE, shape=(1,), dtype=HOSTILE, trainable=True, initializer=HOSTILE
    )
    node = Node(
        id=HOSTILE,
        op=HOSTILE,
        kind="layer",
        outputs=(TensorSpec(shape=(None, 8), dtype=HOSTILE),),
        source=source,
        display=HOSTILE,
        scope=HOSTILE,
        weights=(HOSTILE,),
        attributes={HOSTILE: HOSTILE},
    )
    after = replace(node, id=f"{HOSTILE}2", operands=(Edge(node=HOSTILE),), roles=(HOSTILE,))
    site = Site(node=HOSTILE, op=HOSTILE, display=HOSTILE, kind="layer", source=source)
    edits: tuple[Edit, ...] = (
        Insert(op=HOSTILE, reference=None, candidate=site, after=(HOSTILE, HOSTILE)),
        Delete(op=HOSTILE, reference=site, candidate=None, after=(HOSTILE, HOSTILE)),
        Update(
            op=HOSTILE,
            reference=site,
            candidate=site,
            changes=(Change(aspect=Aspect.SETTING, name=HOSTILE, values=(HOSTILE, 1)),),
        ),
    )
    rows = tuple(
        Row(state=state, reference=node, candidate=other) for state, other in (("kept", node), ("updated", after))
    )
    lines = (*CODE.split("\n"), HOSTILE, f"# {HOSTILE}", f'"{HOSTILE}')
    excerpt = Excerpt(file=source.file, first=1, lines=lines)
    commit = Commit(name=HOSTILE, commit="0" * 40, short="0000000", subject=HOSTILE)
    base = samples.forum()
    model = replace(base.candidate, target=f"{HOSTILE}.py:{HOSTILE}", class_name=HOSTILE, commit=commit)
    refused = Finding(fact=Fact.REFUSED, cause=HOSTILE)
    held = drawing(rows, ((excerpt,), (excerpt,)))
    return replace(
        base,
        verdict=Verdict(outcome="different", basis="witness", reason=Reason.OUTPUTS),
        reference=model,
        candidate=model,
        environment={"kerasdiff": HOSTILE, HOSTILE: HOSTILE},
        edits=edits,
        rows=rows,
        rewrites=(Rewrite(rule=HOSTILE, side="candidate", node=HOSTILE, exact=False),),
        rungs=(*base.rungs, Rung(name="checkpoint", outcome="failed", findings=(refused,))),
        not_checked=(NotChecked(rung="fit", reason=refused),),
        attribution=None,
        drawing=replace(held, sides=tuple(replace(side, weights=(weight,)) for side in held.sides)),  # type: ignore[arg-type]
    )


def hostile_named() -> Named:
    """The same as one of a file of gates, with a reason why it does not pass."""
    return replace(Named.of(hostile(), HOSTILE), reason=HOSTILE, file=HOSTILE, line=3)
