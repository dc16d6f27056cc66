"""How do two models come to draw the same random numbers? Draws of the reference, put into the candidate.

Two models may draw the same numbers from differently seeded or differently ordered generators. Where the traced ops
that draw correspond, the candidate is given what the reference drew, and both must agree as if nothing were random.
A mask may also be drawn from the other end (``u < keep`` for ``u >= rate``), or step by step.
Where they do not, or are out of reach in a loop body, outputs over many draws are compared as samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kerasdiff.align.edits import Delete, Edit, Insert, leaves
from kerasdiff.align.pair import Aligned, Correspondence, Pair, across
from kerasdiff.errors import EvaluateError
from kerasdiff.findings import SIDES
from kerasdiff.graph import Graph, Mode, Node
from kerasdiff.graph.chance import draws_from
from kerasdiff.graph.ops import draws_anew, draws_inside, within
from kerasdiff.probing.draws.corresponding import Numbers, corresponding
from kerasdiff.probing.prober import Prober, Run, both, evaluation_of, projection
from kerasdiff.side.observations import Stage, Staged


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDraws:
    """Both sides on the first probe, with the same random numbers.

    Attributes:
        count: Random ops that were given the other side's numbers.
        sure: Whether it is known which op corresponds to which.
        others: Runs the same with numbers that are as likely, as the mirror image of what edited nodes drew.
    """

    run: Run
    count: int
    sure: bool
    others: tuple[Callable[[], Run], ...] = ()


def drawn_apart(pair: Pair, mode: Mode) -> bool:
    """Whether two models may differ in what they draw alone: both draw, from generators that do not correspond.

    Where all that one side does more is to draw (a Dropout on one side alone), that is a difference of its own.
    """
    aligned = pair.modes.get(mode)
    if aligned is None:
        return False
    drawing = [_drawn_anew(graph) for graph in _open_graphs(aligned, pair)]
    if not all(drawing) or seeded_alike(aligned, pair):
        return False
    edits = [edit for edit in pair.edits if mode in edit.modes]
    return not (len({edit.kind for edit in edits}) == 1 and all(_draws_alone(edit, drawing) for edit in edits))


def _open_graphs(aligned: Aligned, pair: Pair) -> Iterator[Graph]:
    """The graphs of a mode as they are: across backends the aligned ones tell nothing of what is inside a layer."""
    if not across(pair.descriptions):
        yield from aligned.graphs
        return
    for side in pair.descriptions:
        traced = side.traced(aligned.mode)
        assert traced is not None  # or nothing were aligned
        yield traced


def _draws_alone(edit: Edit, drawing: Sequence[set[str]]) -> bool:
    """Whether an edit is a node that one side alone has, and which draws."""
    if not isinstance(edit, Insert | Delete):
        return False
    return any(site is not None and site.node in nodes for site, nodes in zip(edit.sites, drawing, strict=True))


def share_draws(prober: Prober, pair: Pair, run: Run, mode: Mode) -> SharedDraws | None:
    """Runs both sides on the first probe, the candidate with what the reference drew.

    Returns:
        ``None`` where both draw the same numbers anyway, a side draws nothing, or out of reach, or the draws do not
        correspond one to one.
    """
    aligned = pair.modes.get(mode)
    if aligned is not None and seeded_alike(aligned, pair):
        return None
    nodes = {} if aligned is None else aligned.alignment.nodes
    try:
        return _shared(prober, run, mode, nodes, _edited(pair, mode), mirrors=across(pair.descriptions))
    except EvaluateError:
        return None  # a side that cannot be run in parts is judged by what could be run


def _edited(pair: Pair, mode: Mode) -> set[str]:
    """The traced nodes of the candidate that edits of a mode are about, and what draws alone for them."""
    changed = [leaf for edit in pair.edits if mode in edit.modes for leaf in leaves(edit)]
    sites = [leaf.sites[1] for leaf in changed if leaf.sites[1] is not None]
    graph = pair.modes[mode].graphs[1] if mode in pair.modes else ()
    drawing = drawn_for({node.id: node for node in graph}, {site.node for site in sites})
    return {site.origin or site.node for site in sites} | drawing


def drawn_for(nodes: Mapping[str, Node], names: Set[str]) -> set[str]:
    """The nodes that give random numbers and nothing else to some nodes, through functions alone.

    A layer that drops what comes in has a mask of its own, which these nodes are not about.
    """
    waiting, seen = list(names), set(names)
    found: set[str] = set()
    while waiting:
        node = nodes.get(waiting.pop())
        for edge in node.operands if node is not None else ():
            above = nodes.get(edge.node)
            if above is None or above.kind != "function" or above.id in seen:
                continue
            seen.add(above.id)
            if draws_inside(above):
                found.add(above.id)
            else:
                waiting.append(above.id)
    return found


def _shared(
    prober: Prober, run: Run, mode: Mode, nodes: Mapping[str, str], edited: Set[str], *, mirrors: bool
) -> SharedDraws | None:
    """The same; with ``mirrors``, all nodes may draw a mask from the other end, as those of a backend do."""
    probe = prober.batches[run.names[0]]
    plain = [
        Stage(recipes=recipes, probe=probe, precision=run.precision, mode=mode, outputs=True, effects=True)
        for recipes in prober.recipes
    ]
    drawn = both(lambda side: prober.sides[side].stage(plain[side]))
    found = corresponding(drawn, nodes, edited, mirrors=mirrors)
    if found is None:
        return None
    pulled = [replace(stage, pull_outputs=projection(drawn[0].outputs), pull_losses=True) for stage in plain]

    def given(values: Numbers) -> Run:
        asked = replace(pulled[0], draws=found.own), replace(pulled[1], draws=values)
        done = both(lambda side: prober.sides[side].stage(asked[side]))
        sides = evaluation_of(asked[0], done[0], run.sides[0]), evaluation_of(asked[1], done[1], run.sides[1])
        return replace(run, names=run.names[:1], sides=sides, stages=asked)

    return SharedDraws(
        run=given(found.given),
        count=len(found.given),
        sure=found.sure,
        others=tuple(partial(given, values) for values in found.others),
    )


def given_draws(prober: Prober, pair: Pair, plain: tuple[Stage, Stage], mode: Mode) -> tuple[Stage, Stage]:
    """The same two stages, both with the random numbers of the reference where they correspond.

    The reference is given what it drew itself: an op that no seed controls would draw anew in every run.

    Raises:
        EvaluateError: If a side cannot be run in parts, or draws other numbers each time.
    """
    drawn = _drawn(prober, pair, plain, mode)
    if drawn is None:
        return plain
    aligned = pair.modes.get(mode)
    found = corresponding(drawn, {} if aligned is None else aligned.alignment.nodes)
    if found is not None:
        return replace(plain[0], draws=found.own), replace(plain[1], draws=found.given)
    return _own_draws(prober, drawn, plain, mode)


def _own_draws(
    prober: Prober, drawn: tuple[Staged, Staged], plain: tuple[Stage, Stage], mode: Mode
) -> tuple[Stage, Stage]:
    """Each side keeps its own: what is drawn anew in every run would leave a remainder."""
    first, second = ({n: draw.value for n, draw in enumerate(side.draws)} for side in drawn)
    kept = replace(plain[0], draws=first), replace(plain[1], draws=second)
    for number, side in enumerate(SIDES):
        if drawn[number].hidden and not _repeats(prober, number, kept[number]):
            raise EvaluateError(f"the {side} draws other random numbers each time it is called in {mode} mode")
    return kept


def _drawn(prober: Prober, pair: Pair, plain: tuple[Stage, Stage], mode: Mode) -> tuple[Staged, Staged] | None:
    """What both sides draw at random; ``None`` where neither draws anything."""
    if not any(may_draw(side.traced(mode)) for side in pair.descriptions):
        return None
    stages = [replace(stage, outputs=True, effects=True) for stage in plain]
    drawn = both(lambda side: prober.sides[side].stage(stages[side]))
    return drawn if any(side.draws or side.hidden for side in drawn) else None


def drawing(prober: Prober, run: Run, mode: Mode) -> tuple[bool, bool]:
    """Whether each side draws random numbers, new ones in every call; so taken where it cannot be run in parts."""
    probe = prober.batches[run.names[0]]

    def ask(side: int) -> bool:
        stage = Stage(
            recipes=prober.recipes[side], probe=probe, precision=run.precision, mode=mode, outputs=True, effects=True
        )
        try:
            staged = prober.sides[side].stage(stage)
        except EvaluateError:
            return True
        return staged.hidden or bool(staged.draws)

    return both(ask)


# By the graphs -------------------------------------------------------------------------------------------


def may_draw(graph: Graph | None) -> bool:
    """Whether a traced call may draw random numbers; one that is not known may."""
    return graph is None or any(
        node.kind in ("layer", "function") and (node.lowering is None or draws_inside(node)) for node in graph
    )


def _drawn_anew(graph: Graph) -> set[str]:
    """The nodes that draw other numbers in the next call: a constant seed gives the same ones, which are constants."""
    seeded = any(node.seeds for node in graph)
    return {node.id for node in graph if draws_inside(node) and _draws_anew(node, seeded=seeded)}


def _draws_anew(node: Node, *, seeded: bool) -> bool:
    """The key that a node draws by may be made by another one, which then holds the seeds: one of ``seeded`` graphs."""
    inside = within(node.lowering) if node.lowering is not None else ()
    keyed = bool(node.operands) and draws_from(node) != "fixed"
    return any(draws_anew(item.op) for item in inside) or bool(node.seeds) or (seeded and keyed)


def draws_anew_in(graph: Graph) -> bool:
    """Whether a call draws other random numbers each time."""
    return bool(_drawn_anew(graph))


def seeded_alike(aligned: Aligned, pair: Correspondence) -> bool:
    """Whether every node that draws is aligned with one that does, and their generators start from the same state."""
    if across(pair.descriptions):
        return False
    first, second = ({node.id: node for node in graph if draws_inside(node)} for graph in aligned.graphs)
    pairs = {one: aligned.alignment.nodes.get(one) for one in first}
    if set(pairs.values()) != set(second):
        return False
    for one, two in pairs.items():
        seeds = first[one].seeds
        if not seeds or any(pair.mapped.get(name) not in second[str(two)].weights for name in seeds):
            return False
    return True


def _repeats(prober: Prober, side: int, stage: Stage) -> bool:
    """Whether a stage gives the same outputs twice."""
    once, again = (prober.sides[side].stage(replace(stage, outputs=True)).outputs for _ in range(2))
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(once, again, strict=True))
