"""What would the reference compute with some edits applied? Activation patching across two processes.

Each side runs its own parts in its own worker on the other's values, put in at the cut points, and gradients go back
the same way, so that no code and no graph ever crosses from one process to the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from kerasdiff.explain.cut import Cut, CutPoint, Traced
from kerasdiff.graph import Edge, Port
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.constants import Reach
from kerasdiff.probing.inputs.probes import family_of, integer_range
from kerasdiff.probing.prober import projection
from kerasdiff.side.observations import Stage, Staged
from kerasdiff.side.protocol import STAGE, Answer, Side

K = TypeVar("K", Edge, str)
V = TypeVar("V")

MOST_AT_ONCE = 4
"""Patched models that are run at the same time: so many keep both sides busy, and each holds values of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patched:
    """What the reference computes with some edits applied.

    Attributes:
        outputs: Of the model, in order.
        gradients: By reference weight id, of a fixed projection of the outputs; empty where not asked for.
    """

    outputs: tuple[Array, ...]
    gradients: Mapping[str, Array]


class Patcher:
    """Runs patched models of one cut on one batch.

    Args:
        cut: The cut points.
        sides: The workers.
        plain: A stage of each side with nothing given: weights, batch, precision and mode.
        weights: Candidate weight id to reference weight id.
        ports: The inputs of the reference.
    """

    def __init__(
        self,
        cut: Cut,
        sides: tuple[Side, Side],
        plain: tuple[Stage, Stage],
        weights: Mapping[str, str],
        ports: Sequence[Port],
    ) -> None:
        self.cut = cut
        self.plain = plain
        self._sides = sides
        self._weights = weights
        self._ports = ports
        self._transposed = {recipe.weight for recipe in plain[1].recipes if recipe.transposed}

    def reach(self, place: Traced) -> Reach:
        """The whole numbers that the user says come to a place; ``None`` where it is no such input."""
        at = self.cut.input_at(place)
        port = None if at is None else self._ports[at]
        return integer_range(port) if port is not None and port.given and family_of(port) == "integer" else None

    def ask(self, side: int, request: Stage) -> Staged:
        """Runs a stage of one side.

        Raises:
            EvaluateError: If it cannot be run in parts.
        """
        return self._sides[side].stage(request)

    def values(self, side: int, wanted: tuple[Edge, ...], batch: tuple[Array, ...]) -> Mapping[Edge, Array]:
        """What one side on its own computes at traced nodes on a batch, with random numbers of its own."""
        return self.ask(side, replace(self.plain[side], probe=batch, draws={}, wanted=wanted)).values

    def given(self, side: int, values: Mapping[Edge, Array]) -> tuple[Array, ...]:
        """The outputs of one side from given values."""
        return self.ask(side, replace(self.plain[side], given=values, outputs=True)).outputs

    def gradients(self, side: int, seeds: tuple[Array, ...]) -> Mapping[str, Array]:
        """The gradients of one side on its own, by reference weight id; ``seeds`` weigh its floating outputs."""
        pulled = self.ask(side, replace(self.plain[side], pull_outputs=seeds)).gradients
        return pulled if side == 0 else self.as_reference(pulled)

    def patched(self, applied: Sequence[frozenset[int]], *, gradients: bool) -> list[Patched | None]:
        """The reference with the edits at these positions applied, ``None`` where its parts would wait for each other.

        While one patched model waits for one side, another one keeps the other side busy.

        Raises:
            EvaluateError: If a side cannot be run in parts.
        """
        models: list[Patched | None] = [None] * len(applied)
        starting = deque((number, self._patching(one, gradients=gradients)) for number, one in enumerate(applied))
        running: deque[tuple[int, _Patching, Answer[Staged] | None]] = deque()
        while starting or running:
            if starting and len(running) < MOST_AT_ONCE:
                number, run, answer = *starting.popleft(), None
            else:
                number, run, answer = running.popleft()
            try:
                side, request = next(run) if answer is None else run.send(answer.result())
            except StopIteration as done:
                models[number] = done.value
            else:
                running.append((number, run, self._sides[side].submit(STAGE, request)))
        return models

    def _patching(self, applied: frozenset[int], *, gradients: bool) -> _Patching:
        """The stages of one patched model, one after the other."""
        levels = levels_of(self.cut.points, applied)
        if levels is None:
            return None
        run = _PatchedRun(self)
        for level in levels:
            yield from run.candidate_computes(level)
        outputs = yield from run.reference_ends()
        pulled = (yield from run.gradients(outputs)) if gradients else {}
        return Patched(outputs=outputs, gradients=pulled)

    def as_reference(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """What the candidate gave by weight, by reference id and in its layout; the rest is left out."""
        return {
            self._weights[name]: value.T if name in self._transposed else value
            for name, value in values.items()
            if name in self._weights
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A stage that ran, remembered for the way back.

    Attributes:
        wanted: The values it was run for, to the reference's traced value that each stands for.
        ends: Positions of the model outputs that the candidate made in it.
    """

    side: int
    request: Stage
    wanted: Mapping[Edge, Edge]
    ends: frozenset[int]


_Patching = Generator[tuple[int, Stage], Staged, Patched | None]
"""Asks for stages, each of one side, and is sent what they gave."""

_Asking = Generator[tuple[int, Stage], Staged, V]
"""The same on the way to something."""


class _PatchedRun:
    """One patched model on its way from the inputs to the outputs, and back.

    Values of the candidate are known by the reference's traced value that they stand for.
    """

    def __init__(self, patcher: Patcher) -> None:
        self._patcher = patcher
        self._counterparts = {two: one for _, (one, two) in patcher.cut.inner}
        self._patches: dict[Edge, Array] = {}
        self._ends: dict[int, Array] = {}
        self._steps: list[_Step] = []

    def candidate_computes(self, level: Sequence[CutPoint]) -> _Asking[None]:
        """Runs the candidate's part up to some cut points, on what the reference computes from all that is patched."""
        needs = sorted({self._in_candidate(edge) for point in level for edge in point.needs[1]}, key=_order)
        missing = sorted({self._counterparts[two] for two in needs} - set(self._patches), key=_order)
        patches = dict(self._patches)
        reference = yield from self._run(0, given=patches, wanted={one: one for one in missing})
        values = {**patches, **reference.values}
        given = {two: values[self._counterparts[two]] for two in needs}
        inner = {point.traced[1]: point.traced[0] for point in level if point.traced is not None}
        ends = frozenset(point.output for point in level if point.output is not None)
        candidate = yield from self._run(1, given=given, wanted=inner, outputs=bool(ends), ends=ends)
        self._patches |= {inner[two]: value for two, value in candidate.values.items()}
        self._ends |= {number: candidate.outputs[number] for number in ends}

    def reference_ends(self) -> _Asking[tuple[Array, ...]]:
        """The model outputs: the candidate's where it made them, elsewhere the reference's from all that is patched."""
        last = yield from self._run(0, given=dict(self._patches), wanted={}, outputs=True)
        return tuple(self._ends.get(number, value) for number, value in enumerate(last.outputs))

    def gradients(self, outputs: tuple[Array, ...]) -> _Asking[dict[str, Array]]:
        """Pulls the projection of the outputs back through the stages, last to first."""
        total: dict[str, Array] = {}
        reached: dict[Edge, Array] = {}
        for step in reversed(self._steps):
            pull = {edge: reached.pop(one) for edge, one in step.wanted.items() if one in reached}
            seeds = self._seeds(step, outputs) if step.request.outputs else None
            if not pull and seeds is None:
                continue
            request = replace(step.request, wanted=tuple(pull), outputs=False, pull=pull, pull_outputs=seeds)
            staged = yield step.side, request
            for edge, value in staged.pulled.items():
                _add(reached, edge if step.side == 0 else self._counterparts[edge], value)
            own = staged.gradients if step.side == 0 else self._patcher.as_reference(staged.gradients)
            for weight, value in own.items():
                _add(total, weight, value)
        return total

    def _run(
        self,
        side: int,
        *,
        given: Mapping[Edge, Array],
        wanted: Mapping[Edge, Edge],
        outputs: bool = False,
        ends: frozenset[int] = frozenset(),
    ) -> _Asking[Staged]:
        request = replace(self._patcher.plain[side], given=given, wanted=tuple(wanted), outputs=outputs)
        self._steps.append(_Step(side=side, request=request, wanted=wanted, ends=ends))
        return (yield side, request)

    def _seeds(self, step: _Step, outputs: tuple[Array, ...]) -> tuple[Array, ...]:
        """What is pulled back per floating output: nothing through a stage that did not make it."""
        made = step.ends if step.side == 1 else frozenset(range(len(outputs))) - set(self._ends)
        floating = [number for number, value in enumerate(outputs) if value.dtype.kind == "f"]
        return tuple(
            seed if number in made else 0.0 * seed for seed, number in zip(projection(outputs), floating, strict=True)
        )

    def _in_candidate(self, edge: Edge) -> Edge:
        traced = self._patcher.cut.traced(1, edge)
        assert traced is not None  # a cut point has a value on both sides
        return traced


def _add(total: dict[K, Array], key: K, value: Array) -> None:
    total[key] = total[key] + value.reshape(total[key].shape) if key in total else value


def _order(edge: Edge) -> tuple[str, int]:
    return edge.node, edge.port


def levels_of(points: Sequence[CutPoint], applied: frozenset[int]) -> list[list[CutPoint]] | None:
    """The cut points that these edits change, in steps that can run one after the other.

    Such a cut point is computed from what the candidate needs for it, any other from what the reference needs.

    Returns:
        ``None`` where they wait for each other.
    """
    changed = [bool(point.edits) and point.edits <= applied for point in points]
    homes: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for number, point in enumerate(points):
        if point.traced is not None:
            for side in (0, 1):
                homes[side].setdefault(point.names[side], number)
    needs = {
        number: {homes[side][edge.node] for edge in points[number].needs[side] if edge.node in homes[side]}
        for number, side in enumerate(map(int, changed))
    }
    steps = [0] * len(points)
    try:
        for number in TopologicalSorter(needs).static_order():
            steps[number] = max((steps[other] for other in needs[number]), default=0) + changed[number]
    except CycleError:
        return None
    levels: dict[int, list[CutPoint]] = {}
    for number, point in enumerate(points):
        if changed[number]:
            levels.setdefault(steps[number], []).append(point)
    return [levels[step] for step in sorted(levels)]
