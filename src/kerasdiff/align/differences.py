"""What tells two nodes apart that correspond? Their settings first, then what they compute inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from kerasdiff.align.edits import Aspect, Change, Part
from kerasdiff.align.labels import Weights
from kerasdiff.graph import SAME_AS, Attribute, Graph, Node
from kerasdiff.graph.chance import Drawn, drawn_by, drawn_shapes, draws_from
from kerasdiff.graph.names import IMPLIED, readable
from kerasdiff.graph.ops import HANDED_ON

MASKING = 1e8
"""Size from which on a constant stands for infinity: what Keras and others add to the scores that a softmax is to leave
out, or put in their place, is 1e9 and more. Scores of the probes stay below 1e7."""

FOR_MASKED = frozenset({"zero_output_for_mask"})
"""Settings of what a layer does where a mask leaves a step out: nothing, where it is given none."""

CALL = "call."
"""Begins the name of an attribute that is an argument of the call."""

Changes = tuple[Change, ...]


def settings_changed(one: Node, two: Node) -> Changes:
    """Settings of two nodes that differ; of two different calls, that they are. Empty where no setting tells."""
    if one.op != two.op and one.display != two.display:
        return (Change(aspect=Aspect.OP),)
    if one.kind != two.kind and "layer" in (one.kind, two.kind):
        return ()
    if one.kind == "input":
        return _ports_changed(one, two)
    return tuple(_setting(name, a, b) for name, a, b in _unlike(one, two))


def _unlike(one: Node, two: Node) -> Iterator[tuple[str, Attribute, Attribute]]:
    """Settings that differ, without those of a layer that is the value of another setting too."""
    names = sorted(set(one.attributes) | set(two.attributes))
    joined = [f"{name}." for name in names if any(is_same_as(node.attributes.get(name)) for node in (one, two))]
    for name in names:
        a, b = one.attributes.get(name), two.attributes.get(name)
        told = not isinstance(a, Graph) and not isinstance(b, Graph) and not name.startswith(tuple(joined))
        if a != b and told and not _one_axis(name, (one, a), (two, b)) and not _never_acts(name, one, two):
            yield name, a, b


def _never_acts(name: str, *nodes: Node) -> bool:
    """Whether a setting is of masked steps alone, and neither layer, whose ops are known, is given a mask."""
    return name.rpartition(".")[2] in FOR_MASKED and all(
        node.lowering is not None and "mask" not in node.roles for node in nodes
    )


def known_to_both(changes: Changes, one: Node, two: Node) -> Changes:
    """Without settings that only one of two versions of Keras has, as long as others tell the nodes apart.

    Nor a ``dtype`` that their results do not show: that of a layer of ids, which no version computes in.
    """
    alike = not _dtypes_changed(one, two)
    known = tuple(
        change
        for change in changes
        if change.aspect is not Aspect.SETTING
        or (
            (change.name in one.attributes) == (change.name in two.attributes)
            and not (change.name == "dtype" and alike)
        )
    )
    return known or changes


def is_same_as(value: Attribute) -> bool:
    """Whether a setting is a layer that another setting holds too."""
    return isinstance(value, Mapping) and set(value) == {SAME_AS}


def _one_axis(name: str, *given: tuple[Node, Attribute]) -> bool:
    """Whether a layer's ``axis`` means the same ones on both sides: ``-1`` is ``3``, and ``[3]``, on rank 4.

    A layer in a wrapper may work on one axis less.
    """
    if name.rpartition(".")[2] != "axis" or any(node.kind != "layer" for node, _ in given):
        return False
    for less in (0,) if name == "axis" else (0, 1):
        first, second = (_from_the_front(node, value, less) for node, value in given)
        if first is not None and first == second:
            return True
    return False


def _from_the_front(node: Node, value: Attribute, less: int) -> tuple[int, ...] | None:
    """Axes of a layer, whose results have the rank of what goes in or so many ``less``, counted from the front."""
    shape = node.outputs[0].shape if node.outputs else None
    listed = value if isinstance(value, tuple | list) else (value,)
    axes = [axis for axis in listed if isinstance(axis, int) and not isinstance(axis, bool)]
    if shape is None or len(axes) < len(listed):
        return None
    rank = len(shape) - less
    return tuple(sorted(axis % rank for axis in axes)) if rank > 0 else None


def _ports_changed(one: Node, two: Node) -> Changes:
    first, second = (node.outputs[0] if node.outputs else None for node in (one, two))
    values = {name: (getattr(first, name, None), getattr(second, name, None)) for name in ("shape", "dtype")}
    return tuple(Change(aspect=Aspect.SETTING, name=name, values=(a, b)) for name, (a, b) in values.items() if a != b)


def _setting(name: str, one: Attribute, two: Attribute) -> Change:
    if name.startswith(CALL):
        return Change(aspect=Aspect.CALL, name=name.removeprefix(CALL), values=(one, two))
    return Change(aspect=Aspect.SETTING, name=name, values=(one, two))


def inside_changed(one: Node, two: Node) -> Changes:
    """What two lowerings do not share: the first of :data:`_INSIDE` that differs, else how their ops are connected."""
    return next(filter(None, (aspect(one, two) for aspect in _INSIDE)), (Change(aspect=Aspect.WIRING),))


def vary_otherwise(one: Node, two: Node) -> Changes:
    """That the random numbers of two nodes are drawn over other axes, or more often: for each time step, or twice."""
    pairs = _drawn_by_both(one, two)
    apart = [pair for pair in pairs if pair[0].axes != pair[1].axes] or [pair for pair in pairs if _more_often(*pair)]
    if not apart:
        return ()
    drawn = tuple(a for a, _ in apart), tuple(b for _, b in apart)
    return (Change(aspect=Aspect.DRAWN, values=(drawn_shapes(one), drawn_shapes(two)), drawn=drawn),)


def _drawn_by_both(one: Node, two: Node) -> list[tuple[Drawn, Drawn]]:
    """What two nodes draw, in pairs of the same setting; one pair may be of other settings."""
    first, second = drawn_by(one) or (), drawn_by(two) or ()
    alike = [item.setting for item in first] == [item.setting for item in second]
    return list(zip(first, second, strict=True)) if alike or len(first) == len(second) == 1 else []


def _more_often(one: Drawn, two: Drawn) -> bool:
    return one.times != two.times and bool(one.times and two.times)


def _drawn_changed(one: Node, two: Node) -> Changes:
    told = vary_otherwise(one, two)
    if told:
        return told
    values = drawn_shapes(one), drawn_shapes(two)
    return (Change(aspect=Aspect.DRAWN, values=values),) if values[0] != values[1] and all(values) else ()


def _generator_changed(one: Node, two: Node) -> Changes:
    values = draws_from(one), draws_from(two)
    return (Change(aspect=Aspect.GENERATOR, values=values),) if values[0] != values[1] and all(values) else ()


def _untracked_changed(one: Node, two: Node) -> Changes:
    first, second = one.untracked, two.untracked
    return (Change(aspect=Aspect.UNTRACKED, values=(first, second)),) if first != second else ()


def _op_settings_changed(one: Node, two: Node) -> Changes:
    """Settings of the same ops, one by one; of several that change one, the first is told."""
    first, second = ([item for item in node.lowering or () if item.kind == "op"] for node in (one, two))
    if [item.op for item in first] != [item.op for item in second]:
        return ()
    changed: dict[str, Change] = {}
    for a, b in zip(first, second, strict=True):
        given = [{**IMPLIED.get(op.op, {}), **op.attributes} for op in (a, b)]
        for name in sorted({**given[0], **given[1]}):
            values = given[0].get(name), given[1].get(name)
            if values[0] != values[1] and not any(isinstance(value, Graph) for value in values):
                changed.setdefault(name, Change(aspect=Aspect.SETTING, name=name, values=values))
    return tuple(changed.values())


def _computation_changed(one: Node, two: Node) -> Changes:
    """The ops and constants that either side has more of."""
    parts: dict[str, Part] = {}
    counts = []
    for node in (one, two):
        own = [(repr(part), part) for part in _parts(node)]  # a constant need not be hashable, and 1 is not 1.0
        parts.update(own)
        counts.append(Counter(text for text, _ in own))
    alone = counts[0] - counts[1], counts[1] - counts[0]
    first, second = (tuple(parts[text] for text in sorted(side.elements())) for side in alone)
    return (Change(aspect=Aspect.COMPUTATION, parts=(first, second)),) if first or second else ()


def _parts(node: Node) -> Iterator[Part]:
    for item in inside(node):
        if item.kind == "op" and item.op not in HANDED_ON:
            yield Part(op=readable(item.op))
        elif item.kind == "const" and "value" in item.attributes:
            yield Part(constant=item.attributes["value"])


def _dtypes_changed(one: Node, two: Node) -> Changes:
    first, second = (tuple(spec.dtype for spec in node.outputs) for node in (one, two))
    return (Change(aspect=Aspect.DTYPE, values=(first, second)),) if first != second else ()


_INSIDE: Sequence[Callable[[Node, Node], Changes]] = (
    _drawn_changed,
    _generator_changed,
    _untracked_changed,
    _op_settings_changed,
    _computation_changed,
    _dtypes_changed,
)
"""What tells two lowerings apart, in the order in which it is looked for."""


def inside(node: Node) -> Iterator[Node]:
    """The ops and constants a node stands for, loop bodies included."""
    graphs = [node.lowering] if node.lowering is not None else []
    while graphs:
        for item in graphs.pop():
            graphs.extend(value for value in item.attributes.values() if isinstance(value, Graph))
            if item.kind in ("op", "const"):
                yield item


def weights_together(
    one: Node, two: Node, tables: tuple[Weights, Weights], *, equal: bool
) -> Iterator[tuple[str, str]]:
    """The weights of two nodes that correspond: by position where the nodes are equal, else by role."""
    if equal:
        yield from zip(one.weights, two.weights, strict=False)
        return
    left = list(two.weights)
    for name in one.weights:
        same = next((other for other in left if _role(other, tables[1]) == _role(name, tables[0])), None)
        if same is not None:
            left.remove(same)
            yield name, same


def _role(name: str, table: Weights) -> str:
    """The role of a weight; a variable that the model does not track has none, and is told by what it holds."""
    return table[name].name if name in table else name
