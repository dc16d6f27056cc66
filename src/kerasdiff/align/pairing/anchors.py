"""Which nodes compute the same from paired ones, or have the same done with what they give?

First what has no rival on either side; then ties, one by one, each with all that hangs on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from functools import partial
from itertools import islice

from kerasdiff.align.labels import Table, contexts_of, values_of
from kerasdiff.align.pairing.partial_map import Keys, PartialMap

RIVALS = 16
"""How many of a tie are looked at for a namesake or the same weights."""


def anchor(work: PartialMap, keys: Keys, base: Keys) -> None:
    """Pairs what is alike from the paired nodes on, or back to them: first what has no rival, then ties.

    Args:
        work: What is paired so far.
        keys: What a pair must share.
        base: What the values before and after it must share.
    """
    table = Table()
    named = [
        {name: key if name not in pairs else ("pair", pairs[name] if side else name) for name, key in own.items()}
        for side, (own, pairs) in enumerate(zip(base, work.pairs, strict=True))
    ]
    values, contexts = (
        (make(work.graphs[0], named[0], table, work.pairs[0]), make(work.graphs[1], named[1], table, work.pairs[1]))
        for make in (values_of, contexts_of)
    )
    if keys is not base:
        values, contexts = _joined(values, keys, table), _joined(contexts, keys, table)
    both = _joined(values, contexts, table)
    work.spread(keys)
    for colours in (values, both, contexts):
        if _unique(work, colours):
            work.spread(values)
            work.spread(keys)
    for colours in (both, values, contexts):
        _ties(work, colours, values, keys)


def _groups(work: PartialMap, side: int, colours: Keys) -> dict[Hashable, list[str]]:
    """The free nodes by colour, in order."""
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for node in work.free(side):
        groups[colours[side][node.id]].append(node.id)
    return groups


def _unique(work: PartialMap, colours: Keys) -> bool:
    """Pairs the free nodes that alone have a colour on either side; whether there are any."""
    begin = len(work.pairs[0])
    others = _groups(work, 1, colours)
    for colour, ones in _groups(work, 0, colours).items():
        twos = others.get(colour, [])
        if len(ones) == len(twos) == 1:
            work.add(ones[0], twos[0])
    return len(work.pairs[0]) > begin


def _ties(work: PartialMap, colours: Keys, values: Keys, keys: Keys) -> None:
    """Pairs free nodes of a colour that is equally frequent on either side, and what hangs on each, one by one."""
    others = _groups(work, 1, colours)
    for colour, ones in _groups(work, 0, colours).items():
        twos = others.get(colour, [])
        if len(ones) != len(twos):
            continue
        left = dict.fromkeys(twos)
        for one in ones:
            options = [] if one in work.pairs[0] else _rivals(work, left)
            if options:
                two = min(options, key=partial(_strange, work, one))
                work.add(one, two)
                work.spread(keys, work.spread(values, [(one, two)]))


def _rivals(work: PartialMap, left: dict[str, None]) -> list[str]:
    """The first few of a tie that are still free; paired ones are dropped on the way."""
    while True:
        head = list(islice(left, RIVALS))
        taken = [name for name in head if name in work.pairs[1]]
        if not taken:
            return head
        for name in taken:
            del left[name]


def _strange(work: PartialMap, one: str, two: str) -> tuple[bool, bool]:
    """How little speaks for a pair among equals: weights that go elsewhere, another name."""
    held = zip(work.nodes[0][one].weights, work.nodes[1][two].weights, strict=False)
    elsewhere = any(work.weights[0].get(a, b) != b or work.weights[1].get(b, a) != a for a, b in held)
    return elsewhere, work.nodes[0][one].name != work.nodes[1][two].name


def _joined(first: Keys, second: Keys, table: Table) -> tuple[dict[str, int], dict[str, int]]:
    """Two colours of every node as one."""
    one, two = ({name: table[key, b[name]] for name, key in a.items()} for a, b in zip(first, second, strict=True))
    return one, two
