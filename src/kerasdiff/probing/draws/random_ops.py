"""How do two models come to draw the same random numbers? Draws of the reference, put into the candidate.

Two models may draw the same numbers from differently seeded or differently ordered generators. Where the traced ops
that draw correspond, the candidate is given what the reference drew, and both must agree as if nothing were random.
A mask may also be drawn from the other end (``u < keep`` for ``u >= rate``): then its mirror image is given.
Where they do not, or are out of reach in a loop body, outputs over many draws are compared as samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kerasdiff.align.edits import Delete, Edit, Insert
from kerasdiff.align.pair import Aligned, Correspondence, Pair, across
from kerasdiff.errors import EvaluateError
from kerasdiff.findings import SIDES
from kerasdiff.graph import Graph, Mode, Node
from kerasdiff.graph.chance import draws_from
from kerasdiff.graph.ops import draws, draws_anew, within
from kerasdiff.graph.values import Array
from kerasdiff.probing.prober import Prober, Run, both, evaluation_of, projection
from kerasdiff.side.observations import Draw, Stage, Staged


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDraws:
    """Both sides on the first probe, with the same random numbers.

    Attributes:
        count: Random ops that were given the other side's numbers.
        sure: Whether it is known which op corresponds to which.
        mirrored: Runs the same with the mirror image of what unaligned ops drew; ``None`` where all are aligned.
    """

    run: Run
    count: int
    sure: bool
    mirrored: Callable[[], Run] | None = None


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
        traced = side.training if aligned.mode == "training" else side.inference
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
        return _shared(prober, run, mode, nodes, mirrors=across(pair.descriptions))
    except EvaluateError:
        return None  # a side that cannot be run in parts is judged by what could be run


def _shared(prober: Prober, run: Run, mode: Mode, nodes: Mapping[str, str], *, mirrors: bool) -> SharedDraws | None:
    """The same; with ``mirrors``, aligned nodes too may draw a mask from the other end, as those of a backend do."""
    probe = prober.batches[run.names[0]]
    plain = [
        Stage(recipes=recipes, probe=probe, precision=run.precision, mode=mode, outputs=True, effects=True)
        for recipes in prober.recipes
    ]
    drawn = both(lambda side: prober.sides[side].stage(plain[side]))
    pairs = _pairs(drawn, nodes)
    if pairs is None:
        return None
    where, sure = pairs
    pulled = [replace(stage, pull_outputs=projection(drawn[0].outputs), pull_losses=True) for stage in plain]
    own = {one: drawn[0].draws[one].value for one in where}

    def given(values: Mapping[int, Array]) -> Run:
        asked = replace(pulled[0], draws=own), replace(pulled[1], draws=values)
        done = both(lambda side: prober.sides[side].stage(asked[side]))
        sides = evaluation_of(asked[0], done[0], run.sides[0]), evaluation_of(asked[1], done[1], run.sides[1])
        return replace(run, names=run.names[:1], sides=sides, stages=asked)

    straight = _given(drawn, where)
    unaligned = _masks(drawn, where) if mirrors else _unaligned(drawn, where, nodes)
    mirror = {two: _mirrored(drawn[1].draws[two], v) if two in unaligned else v for two, v in straight.items()}
    mirrored = (lambda: given(mirror)) if unaligned else None
    # Of several masks, a backend may draw some from the other end: what does not agree then is no witness.
    return SharedDraws(run=given(straight), count=len(where), sure=sure and not mirrors, mirrored=mirrored)


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
    pairs = _pairs(drawn, {} if aligned is None else aligned.alignment.nodes)
    if pairs is not None:
        own = {one: drawn[0].draws[one].value for one in pairs[0]}
        return replace(plain[0], draws=own), replace(plain[1], draws=_given(drawn, pairs[0]))
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
    if not any(_may_draw(side.training if mode == "training" else side.inference) for side in pair.descriptions):
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


def _draws(node: Node) -> bool:
    return node.lowering is not None and any(draws(item.op) for item in within(node.lowering))


def _may_draw(graph: Graph | None) -> bool:
    """Whether a traced call may draw random numbers; one that is not known may."""
    return graph is None or any(
        node.kind in ("layer", "function") and (node.lowering is None or _draws(node)) for node in graph
    )


def _drawn_anew(graph: Graph) -> set[str]:
    """The nodes that draw other numbers in the next call: a constant seed gives the same ones, which are constants."""
    seeded = any(node.seeds for node in graph)
    return {node.id for node in graph if _draws(node) and _draws_anew(node, seeded=seeded)}


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
    first, second = ({node.id: node for node in graph if _draws(node)} for graph in aligned.graphs)
    pairs = {one: aligned.alignment.nodes.get(one) for one in first}
    if set(pairs.values()) != set(second):
        return False
    for one, two in pairs.items():
        seeds = first[one].seeds
        if not seeds or any(pair.mapped.get(name) not in second[str(two)].weights for name in seeds):
            return False
    return True


# By what was drawn ---------------------------------------------------------------------------------------


def _mirrored(draw: Draw, value: Array) -> Array:
    """Numbers as likely as these: the distributions are symmetric, about 1/2 or about 0."""
    return 1 - value if draw.family == "uniform" else -value


def _masks(drawn: tuple[Staged, Staged], where: Mapping[int, int]) -> set[int]:
    """Draws of the candidate that may be of a mask: those that are uniform."""
    return {two for two in where.values() if drawn[1].draws[two].family == "uniform"}


def _unaligned(drawn: tuple[Staged, Staged], where: Mapping[int, int], nodes: Mapping[str, str]) -> set[int]:
    """Draws of the candidate that correspond, though the nodes that make them are not aligned."""
    return {two for one, two in where.items() if nodes.get(drawn[0].draws[one].node) != drawn[1].draws[two].node}


def _repeats(prober: Prober, side: int, stage: Stage) -> bool:
    """Whether a stage gives the same outputs twice."""
    once, again = (prober.sides[side].stage(replace(stage, outputs=True)).outputs for _ in range(2))
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(once, again, strict=True))


def _given(drawn: tuple[Staged, Staged], where: Mapping[int, int]) -> dict[int, Array]:
    """What the candidate's draws are given, in their own dtype."""
    first, second = drawn[0].draws, drawn[1].draws
    return {two: first[one].value.astype(second[two].value.dtype) for one, two in where.items()}


def _pairs(sides: tuple[Staged, Staged], nodes: Mapping[str, str]) -> tuple[dict[int, int], bool] | None:
    """Positions of the draws that correspond, and whether that is sure: by aligned node, or alone of their kind.

    ``None`` where one side draws the same numbers twice, by one key, and the other does not: what would be given to one
    that draws them apart would make them the same.
    """
    if any(side.hidden or not side.draws for side in sides):
        return None
    first, second = _kinds(sides[0].draws), _kinds(sides[1].draws)
    if {kind: len(some) for kind, some in first.items()} != {kind: len(some) for kind, some in second.items()}:
        return None
    pairs: dict[int, int] = {}
    sure = True
    for kind, ones in first.items():
        twos = second[kind]
        aligned = _aligned(ones, twos, sides, nodes)
        sure = sure and (aligned is not None or len(ones) == 1)
        pairs.update(aligned if aligned is not None else zip(ones, twos, strict=True))
    origins = _firsts(sides[0].draws), _firsts(sides[1].draws)
    if len(set(origins[0])) != len(set(origins[1])) or any(
        origins[1][pairs[origins[0][one]]] != origins[1][two] for one, two in pairs.items()
    ):
        return None
    return pairs, sure


def _firsts(drawn: Sequence[Draw]) -> list[int]:
    """For each draw the first that gave the same numbers, itself where none did: those of one key do."""
    known: dict[tuple[str, tuple[int, ...], bytes], int] = {}
    return [
        known.setdefault((draw.family, draw.value.shape, draw.value.tobytes()), position)
        for position, draw in enumerate(drawn)
    ]


def _kinds(drawn: Sequence[Draw]) -> dict[tuple[str, tuple[int, ...]], list[int]]:
    kinds: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for position, draw in enumerate(drawn):
        kinds.setdefault((draw.family, draw.value.shape), []).append(position)
    return kinds


def _aligned(
    ones: Sequence[int], twos: Sequence[int], sides: tuple[Staged, Staged], nodes: Mapping[str, str]
) -> dict[int, int] | None:
    left = list(twos)
    pairs = {}
    for one in ones:
        home = nodes.get(sides[0].draws[one].node)
        two = next((position for position in left if sides[1].draws[position].node == home), None)
        if two is None:
            return None
        left.remove(two)
        pairs[one] = two
    return pairs
