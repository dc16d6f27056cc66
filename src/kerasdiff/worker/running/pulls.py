"""How far do gradients reach in an imported call? From what is pulled back, to what is given and to the weights.

A patched model is pulled back part by part, each with other values given. The gradient ops of a whole call hold those
of all its parts: a part is run by feeding what is pulled behind the cuts and stopping at what is given. So they are
made once, which takes longer than all runs of them; what they cannot answer gets ops of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import tensorflow as tf

from kerasdiff.graph import Edge
from kerasdiff.side.observations import Stage
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.running.imported import CUT_GRADIENT, SCOPE, Imported

Name = TypeVar("Name", Edge, str)

Flow = Literal["live", "dead", "none", "mixed"]
"""What a gradient tensor is computed from: what is pulled, what is not, no gradient at all, or some of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Gradients of some values with respect to what is given and to the weights, where it reaches them.

    Attributes:
        seeds: How each value is weighed, to be fed.
        given: The gradient for each given node.
        weights: The gradient for each weight.
    """

    seeds: tuple[Live, ...] = ()
    given: Mapping[Edge, Live] = field(default_factory=dict)
    weights: Mapping[str, Live] = field(default_factory=dict)


class Pulls:
    """The gradient ops of one imported call, made on first use.

    Args:
        call: The call.
        losses: The losses it adds.
    """

    def __init__(self, call: Imported, losses: Live) -> None:
        self._call, self._losses = call, losses
        self._whole: _Whole | None = None
        self._own: dict[tuple[object, ...], Pull] = {}
        self._made = 0

    @property
    def made(self) -> int:
        """How often ops were added to the graph."""
        return self._made

    def of(self, request: Stage) -> Pull:
        """The gradients that a request asks for."""
        pulled, ends = tuple(request.pull or ()), request.pull_outputs is not None
        if not request.pull_losses and (ends or self._whole is not None):
            if self._whole is None:
                self._made += 1
                self._whole = _Whole(self._call)
            pull = self._whole.part(tuple(request.given), pulled, ends=ends)
            if pull is not None:
                return pull
        key = tuple(request.given), pulled, ends, request.pull_losses
        if key not in self._own:
            self._made += 1
            self._own[key] = self._alone(request, pulled, ends=ends)
        return self._own[key]

    def _alone(self, request: Stage, pulled: Sequence[Edge], *, ends: bool) -> Pull:
        """Gradient ops for this request."""
        call = self._call
        with call.graph.as_default():
            tops = [*(call.made[edge] for edge in pulled), *(_floating(call.outputs) if ends else ())]
            alone = [self._losses] if request.pull_losses else []
            seeds = _seeds(tops)
            cuts = {edge: call.cuts[edge] for edge in request.given}
            floating = {edge: cut for edge, cut in cuts.items() if cut.dtype.is_floating}
            weights = call.entries.floating
            below = [*floating.values(), *weights.values()]
            ends_, weighed = [*tops, *alone], [*seeds, *(tf.ones_like(one) for one in alone)]
            gradients = _gradients(ends_, below, weighed, [*cuts.values()])
        return Pull(
            seeds=seeds,
            given=_reached(floating, gradients[: len(floating)]),
            weights=_reached(weights, gradients[len(floating) :]),
        )


class _Whole:
    """The gradients of all floating outputs, past every cut."""

    def __init__(self, call: Imported) -> None:
        known = len(call.graph.get_operations())
        with call.graph.as_default():
            tops = _floating(call.outputs)
            self._seeds = _seeds(tops)
            cuts = {edge: cut for edge, cut in call.cuts.items() if cut.dtype.is_floating}
            weights = call.entries.floating
            gradients = _gradients(tops, [*cuts.values(), *weights.values()], self._seeds, [])
        self._cuts = _reached(cuts, gradients[: len(cuts)])
        self._weights = _reached(weights, gradients[len(cuts) :])
        self._ops = call.graph.get_operations()[known:]
        self._inputs = [[tensor.op.name for tensor in op.inputs] for op in self._ops]
        edges = {cut.op.name: edge for edge, cut in cuts.items()}
        matches = ((op, _BEHIND.fullmatch(op.name)) for op in self._ops)
        placed = ((op, edges.get(match[1])) for op, match in matches if match is not None)
        self._behind = {edge: op.outputs[0] for op, edge in placed if edge is not None}  # the lists of a loop are none

    def part(self, given: Sequence[Edge], pulled: Sequence[Edge], *, ends: bool) -> Pull | None:
        """The gradients with some values given and some pulled; ``None`` where other ops are needed.

        That is so where a gradient adds up from what is pulled and what is not, for nothing stands for the latter; and
        where a value is pulled that others are computed from which are pulled too.
        """
        if any(edge not in self._behind for edge in pulled):
            return None
        flows = self._flows(given, pulled, ends=ends)
        going_on = {flows[self._behind[edge].op.inputs[0].op.name] for edge in pulled if edge not in given}
        below = {edge: self._cuts[edge] for edge in given if edge in self._cuts}
        ends_at = {flows[one.op.name] for one in (*below.values(), *self._weights.values())}
        if not going_on <= {"dead"} or not ends_at <= {"live", "dead"}:
            return None
        return Pull(
            seeds=(*(self._behind[edge] for edge in pulled), *(self._seeds if ends else ())),
            given=_living(below, flows),
            weights=_living(self._weights, flows),
        )

    def _flows(self, given: Sequence[Edge], pulled: Sequence[Edge], *, ends: bool) -> dict[str, Flow]:
        """By name of each gradient op, where what it gives comes from."""
        flows: dict[str, Flow] = {seed.op.name: "live" if ends else "dead" for seed in self._seeds}
        fixed: dict[str, Flow] = {self._behind[edge].op.name: "dead" for edge in given if edge in self._behind}
        fixed.update((self._behind[edge].op.name, "live") for edge in pulled)
        for op, inputs in zip(self._ops, self._inputs, strict=True):
            name = op.name
            if name in fixed:
                flows[name] = fixed[name]
            elif name not in flows:
                flows[name] = _joined({flows.get(one, "none") for one in inputs})
        return flows


_BEHIND = re.compile(rf".*/({SCOPE}/cut_\d+)_grad/{CUT_GRADIENT}")
"""The name of what a cut makes of the gradient of its value: what is fed there goes on towards the inputs."""


def _of_a_cut(_: Live, gradient: Live) -> Live:
    """The gradient of an identity, as a tensor of its own; one by rows is left as it is.

    Behind a second identity: ops that wait for a gradient, as that of a sine does, wait for what is before it though
    another value is fed.
    """
    if not isinstance(gradient, tf.Tensor):
        return gradient
    return tf.identity(tf.identity(gradient, name=CUT_GRADIENT))


tf.RegisterGradient(CUT_GRADIENT)(_of_a_cut)


def _living(gradients: Mapping[Name, Live], flows: Mapping[str, Flow]) -> dict[Name, Live]:
    return {name: one for name, one in gradients.items() if flows[one.op.name] == "live"}


def _joined(flows: set[Flow]) -> Flow:
    several = flows - {"none"}
    return "none" if not several else next(iter(several)) if len(several) == 1 else "mixed"


def _floating(outputs: Iterable[Live]) -> list[Live]:
    return [one for one in outputs if one.dtype.is_floating]


def _seeds(tops: Iterable[Live]) -> tuple[Live, ...]:
    return tuple(tf.compat.v1.placeholder(top.dtype, name=f"{SCOPE}/seed") for top in tops)


def _gradients(
    tops: Sequence[Live], below: Sequence[Live], weighed: Sequence[Live], stops: Sequence[Live]
) -> list[Live | None]:
    """Gradient ops, added to the graph that is entered; ``None`` where none reaches."""
    gradients = tf.gradients(tops, below, weighed, stop_gradients=stops) if tops and below else [None] * len(below)
    return [None if one is None else tf.convert_to_tensor(one) for one in gradients]


def _reached(names: Iterable[Name], gradients: Iterable[Live | None]) -> dict[Name, Live]:
    """The gradients there are, by what they are with respect to."""
    return {name: one for name, one in zip(names, gradients, strict=True) if one is not None}
