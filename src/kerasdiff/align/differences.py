"""What tells two nodes apart that correspond? Their settings first, then what they compute inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from kerasdiff.align.edits import Aspect, Change, Part
from kerasdiff.align.labels import Weights
from kerasdiff.align.tables import table_change
from kerasdiff.graph import SAME_AS, Attribute, Graph, Node
from kerasdiff.graph.names import IMPLIED, readable
from kerasdiff.graph.ops import HANDED_ON

MASKING = 1e8
"""Size from which on a constant stands for infinity: what Keras and others add to the scores that a softmax is to leave
out, or put in their place, is 1e9 and more. Scores of the probes stay below 1e7."""

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
    return tuple(change for name, a, b in _unlike(one, two) for change in _settings(name, a, b))


def _unlike(one: Node, two: Node) -> Iterator[tuple[str, Attribute, Attribute]]:
    """Settings that differ, without those of a layer that is the value of another setting too."""
    names = sorted(set(one.attributes) | set(two.attributes))
    joined = [f"{name}." for name in names if any(is_same_as(node.attributes.get(name)) for node in (one, two))]
    for name in names:
        a, b = one.attributes.get(name), two.attributes.get(name)
        if a != b and not isinstance(a, Graph) and not isinstance(b, Graph) and not name.startswith(tuple(joined)):
            yield name, a, b


def is_same_as(value: Attribute) -> bool:
    """Whether a setting is a layer that another setting holds too."""
    return isinstance(value, Mapping) and set(value) == {SAME_AS}


def _ports_changed(one: Node, two: Node) -> Changes:
    first, second = (node.outputs[0] if node.outputs else None for node in (one, two))
    values = {name: (getattr(first, name, None), getattr(second, name, None)) for name in ("shape", "dtype")}
    return tuple(Change(aspect=Aspect.SETTING, name=name, values=(a, b)) for name, (a, b) in values.items() if a != b)


def _settings(name: str, one: Attribute, two: Attribute) -> Iterator[Change]:
    """What differs of a setting: the setting, or, of what holds others by name, those."""
    if name.startswith(CALL):
        yield Change(aspect=Aspect.CALL, name=name.removeprefix(CALL), values=(one, two))
    elif name == "constants":
        yield Change(aspect=Aspect.SETTING, name=name, values=(one, two), table=table_change(one, two))
    else:
        inner = list(_entries(name, one, two))
        if len(inner) > 1 or inner[0][0] != name:
            inner = [item for item in inner if item[0].rpartition(".")[2] not in _HOUSEKEEPING] or inner
        yield from (Change(aspect=Aspect.SETTING, name=key, values=(a, b)) for key, a, b in inner)


_HOUSEKEEPING = frozenset({"name", "module", "registered_name", "build_config", "input_shape"})
"""Keys of a serialized object that say how it is kept, not what it does."""


def _entries(name: str, one: Attribute, two: Attribute) -> Iterator[tuple[str, Attribute, Attribute]]:
    """The innermost named entries that differ; ``config`` and numbers of a list stand in no user's code as names."""
    if isinstance(one, Mapping) and isinstance(two, Mapping) and not (is_same_as(one) or is_same_as(two)):
        for key in sorted({*one, *two}):
            a, b = one.get(key), two.get(key)
            if a != b:
                yield from _entries(name if key == "config" else f"{name}.{key}", a, b)
    elif (
        isinstance(one, tuple)
        and isinstance(two, tuple)
        and len(one) == len(two)
        and any(isinstance(item, Mapping) for item in (*one, *two))
    ):
        for number, (a, b) in enumerate(zip(one, two, strict=True)):
            if a != b:
                yield from _entries(f"{name}.{number}", a, b)
    else:
        yield name, one, two


def inside_changed(one: Node, two: Node) -> Changes:
    """What two lowerings do not share: the first of :data:`_INSIDE` that differs, else how their ops are connected."""
    return next(filter(None, (aspect(one, two) for aspect in _INSIDE)), (Change(aspect=Aspect.WIRING),))


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
