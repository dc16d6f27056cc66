"""How do both sides of a trial pair come to draw the same random numbers, from whatever generators they draw?

Two models may draw the same masks from generators that have nothing to do with each other: Keras 2 from the one inside
TensorFlow's kernels, Keras 3 from seeds of its layers, ``tf.nn.dropout`` from another again. So each draw of a step is
numbered among those of its kind (distribution, shape and type), in the order in which the step makes them, and its
numbers follow from the trial's seed, kind, number, and how often it was drawn before. Each is as it was: independent of
all others, and of any earlier draw of its own. What two draws share stays shared: those by one key have one number.

Left alone is what would change its meaning: numbers that follow from constants, which are the same in every step, and
those by a key that nobody moves on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import tensorflow as tf

from kerasdiff.graph.ops import KERNEL_DRAWS, SKIPS, draws
from kerasdiff.worker.keras_internals import (
    LEFT,
    Live,
    draw,
    draws_taken,
    is_stateful,
    static_shape,
    variable_outside_graph,
)
from kerasdiff.worker.training.identity import nodes_of

SCOPE = "kerasdiff_common_draw"
"""Names the ops of draws that were given common numbers."""

_MOVES = frozenset({"AssignVariableOp", "AssignAddVariableOp"})

_KEY_MAKING = frozenset({"StatelessRandomUniformFullInt", "StatelessRandomUniformFullIntV2"})
"""Whole numbers without a bound: keys of other draws are made so (``tf.random.Generator.make_seeds``)."""


@dataclass
class _Trace:
    """What is drawn while a function is traced.

    Attributes:
        kinds: Of the draws that were given common numbers, in order.
        known: Kind and numbers of those that others may share, by graph and key.
        unclear: Whether a draw was left though it may be drawn anew.
    """

    kinds: list[str] = field(default_factory=list)
    known: dict[tuple[Live, str], tuple[str, Live]] = field(default_factory=dict)
    unclear: bool = False


class CommonDraws:
    """Random numbers that follow from a seed and the order of draws alone.

    Attributes:
        variables: The seed, and how often each was drawn.
    """

    def __init__(self) -> None:
        self._base = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._counts: dict[str, Live] = {}
        self._traces: dict[str, _Trace] = {}
        self._trace = _Trace()

    @property
    def variables(self) -> tuple[Live, ...]:
        return (self._base, *self._counts.values())

    def restart(self, seed: int) -> None:
        """Puts all at the beginning of a trial of this seed."""
        self._base.assign(seed)
        for count in self._counts.values():
            count.assign(0)

    @contextmanager
    def taken(self, what: str) -> Iterator[None]:
        """Gives common numbers to what is drawn while a function of this name is traced, each time from the first."""
        self._trace = self._traces[what] = _Trace()

        def take(family: str, shape: Live, dtype: Live, source: Live) -> Live:
            return self._taken(what, family, shape, dtype, source)

        with draws_taken(take):
            yield

    def _taken(self, what: str, family: str, shape: Live, dtype: Live, source: Live) -> Live:
        anew = _draws_anew(source)
        if not anew:
            self._trace.unclear = self._trace.unclear or anew is None
            return None
        kind = f"{family} {static_shape(shape)} {tf.as_dtype(dtype).name}"
        identity = tf.compat.v1.get_default_graph(), _identity(source)
        if identity in self._trace.known:
            same, made = self._trace.known[identity]
            self._trace.unclear = self._trace.unclear or same != kind  # of one key, and yet they cannot be the same
            return made if same == kind else None
        number = self._trace.kinds.count(kind)
        self._trace.kinds.append(kind)
        made = draw(family, shape, dtype, self._seed(f"{what} {kind} {number}"), SCOPE)
        if identity[1]:
            self._trace.known[identity] = kind, made
        return made

    def _seed(self, name: str) -> Live:
        """The seed of the next draw of this name."""
        if name not in self._counts:
            self._counts[name] = variable_outside_graph(
                None, initial_value=0, dtype=tf.int64, trainable=False, name=f"{SCOPE}_count"
            )
        place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")
        return tf.stack([self._base + place, self._counts[name].assign_add(1, read_value=True)])

    def told(self, functions: Sequence[Live]) -> tuple[tuple[str, ...], bool]:
        """What these functions draw, and whether some of it is not given common numbers though it is drawn anew."""
        nodes = [node for function in functions for node in nodes_of(function)]
        others = any(draws(node.op) and not _passed(node.name) and node.op not in _KEY_MAKING for node in nodes)
        kinds = tuple(f"{what} {kind}" for what, trace in sorted(self._traces.items()) for kind in trace.kinds)
        return kinds, others or any(trace.unclear for trace in self._traces.values())


def _passed(name: str) -> bool:
    """Whether a draw of this name was seen when it was made."""
    return SCOPE in name or LEFT in name


def _draws_anew(source: Live) -> bool | None:
    """Whether a draw gives other numbers in the next step; ``None`` where its key comes from another graph."""
    if isinstance(source, tuple):
        return True
    moved = {id(op.inputs[0]) for op in source.graph.get_operations() if op.type in _MOVES}
    seen, waiting = set(), [source.op]
    while waiting:
        op = waiting.pop()
        if op.type == "Placeholder" and op.outputs[0].dtype != tf.resource:
            return None
        if op.type in SKIPS or op.type in KERNEL_DRAWS:
            return True
        if op.type == "ReadVariableOp" and id(op.inputs[0]) in moved:
            return True
        seen.add(op.name)
        waiting += [one.op for one in op.inputs if one.op.name not in seen]
    return False


def _identity(source: Live) -> str:
    """What two draws have in common that draw by one key, or by the same given seeds; empty where none can."""
    if isinstance(source, tuple):
        return repr(source) if any(source) else ""
    return _Computed(source.graph).told(source.op)


class _Computed:
    """Knows what the ops of a graph compute: two that compute the same from the same have one digest.

    Down to reads of variables, each with how often that was moved on before, and to what no other op gives again.
    """

    def __init__(self, graph: Live) -> None:
        ops = graph.get_operations()
        self._order = {op.name: at for at, op in enumerate(ops)}
        self._moves = [(id(op.inputs[0]), at) for at, op in enumerate(ops) if op.type in _MOVES]
        self._known: dict[str, str] = {}

    def told(self, op: Live) -> str:
        """The digest of an op."""
        if op.name not in self._known:
            self._known[op.name] = hashlib.sha256(repr(self._computed(op)).encode()).hexdigest()
        return self._known[op.name]

    def _computed(self, op: Live) -> tuple[object, ...]:
        if op.type == "ReadVariableOp":
            handle, read = op.inputs[0], self._order[op.name]
            return op.type, handle.name, sum(moved == id(handle) and at < read for moved, at in self._moves)
        if is_stateful(op) or op.type == "Placeholder":
            return (op.name,)
        settings = sorted((key, value.SerializeToString(deterministic=True)) for key, value in op.node_def.attr.items())
        return op.type, settings, [(self.told(one.op), one.value_index) for one in op.inputs]
