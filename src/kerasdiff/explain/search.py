"""An input that separates two models whose graphs differ though no probe tells them apart.

A bound, a threshold or an epsilon may lie where values of the usual size never come. So the search goes where they
are: larger weights, inputs of other scales, the very constants of the ops in the edits, and from there uphill, towards
inputs that drive what goes into those ops further and further.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from kerasdiff.align.edits import MASKING, Edit, Place
from kerasdiff.comparison import Witness
from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.index import index
from kerasdiff.probing.closeness import FLOAT64_LIMIT, Closeness, Tolerance, compare_values, precision_tolerance
from kerasdiff.probing.prober import AMPLIFIED, PERTURBATION, Prober, both
from kerasdiff.probing.probes import family_of
from kerasdiff.rungs.architecture import Structure
from kerasdiff.side.records import Array, Description, EvaluateRequest, Evaluation, Port, Stage

WEIGHT_SCALES = (64.0, 4096.0)
"""Factors on the weights that take values behind a layer to some hundreds, and to some ten thousands: past 6, the bound
of ReLU6, past 50, and past the 65,504 of float16."""

FAR = 1e-3
"""Fraction of scale from which on a difference counts under a weight scale, or on inputs that were driven: rounding grows
there, though not by 1e12."""

FARTHEST = 1e5
"""Largest input value that is tried. Beyond, models part that nobody would tell apart: Keras masks attention by adding
-1e9 to scores, and the scores of such inputs come near that."""

NEAR = 0.1
"""Fraction of a constant that stands for infinity from which on a value meets it."""

SCALES = (1e-8, 1e-5, 1e-2, 10.0, 1e2, 2e4)
"""Factors on the first probe; the probes themselves cover 1e-3 to 1e3."""

MOST_EDITS = 4
"""Most edits with which weight scales are tried: the ops around them are the same, so rounding cannot run away."""

CLIMBS = 48
"""Steps uphill for each edit and direction; each that helps is twice as long as the one before."""

ONWARD = (10.0, 1e3)
"""Factors on the input at the end of a climb."""

MOST_CONSTANTS = 16
"""Constants of the edits that are tried as inputs."""


class Search:
    """One search.

    Args:
        prober: Runs both sides.
        structure: Their alignment.
        descriptions: Their traced graphs.
        budget: Seconds after which no further input is tried.
    """

    def __init__(
        self, prober: Prober, structure: Structure, descriptions: tuple[Description, Description], budget: float
    ) -> None:
        self._prober, self._structure, self._descriptions = prober, structure, descriptions
        self._ports = descriptions[0].inputs
        self._edits = [edit for edit in structure.edits if "inference" in edit.modes]
        self._end = time.monotonic() + budget
        self._shapes: dict[tuple[int, Edge], tuple[int, ...]] = {}
        self._usual: list[float] = []
        self.tried = 0
        self.ended_early = False

    def run(self) -> tuple[Witness, Closeness] | None:
        """The first input found on which the outputs part, and how far, if any."""
        if not self._edits:
            return None
        try:
            for how, inputs, weight_scale in self._candidates():
                if time.monotonic() > self._end:
                    self.ended_early = True
                    return None
                if any(np.max(np.abs(one), initial=0.0) > FARTHEST for one in inputs if one.dtype.kind == "f"):
                    continue
                self.tried += 1
                found = self._parts(inputs, weight_scale, driven=weight_scale != 1.0 or how.startswith("uphill"))
                if found is not None and not self._meets_a_mask(inputs, weight_scale):
                    return Witness(
                        inputs=inputs,
                        mode="inference",
                        weight_scale=weight_scale,
                        how=how,
                        difference=found.max_relative,
                    ), found
        except EvaluateError:
            return None  # a side that cannot be run further; what was compared stands
        return None

    def _candidates(self) -> Iterator[tuple[str, tuple[Array, ...], float]]:
        first = self._prober.batches[self._prober.names[0]]
        if len(self._structure.edits) <= MOST_EDITS:
            for weight_scale in WEIGHT_SCALES:
                yield f"weights {weight_scale:g} times as large", first, weight_scale
        floating = [family_of(port) == "float" for port in self._ports]
        if not any(floating):
            return
        for scale in SCALES:
            yield f"inputs times {scale:g}", self._mapped(first, lambda x, s=scale: x * s), 1.0  # type: ignore[misc]
        for constant in self._constants():
            yield f"inputs around {constant:g}", self._around(first, constant), 1.0
        for edit in self._edits[:MOST_EDITS]:
            yield from self._uphill(edit, first)

    def _mapped(self, batch: Sequence[Array], change: Callable[[Array], Array]) -> tuple[Array, ...]:
        """The floating inputs changed, within their bounds."""
        return tuple(
            _bounded(change(one.astype(np.float64)), port).astype(one.dtype) if family_of(port) == "float" else one
            for one, port in zip(batch, self._ports, strict=True)
        )

    def _around(self, batch: Sequence[Array], constant: float) -> tuple[Array, ...]:
        """A third of the entries at a constant, a third just above it, a third just below."""

        def change(values: Array) -> Array:
            near = np.array([constant, np.nextafter(np.float32(constant), np.float32(np.inf)), constant - 1e-6])
            return np.resize(near, values.shape)

        return self._mapped(batch, change)

    def _constants(self) -> list[float]:
        """Numbers of the edited nodes that are tried as inputs."""
        return [value for value in self._mentioned() if abs(value) <= FARTHEST][:MOST_CONSTANTS]

    def _mentioned(self) -> list[float]:
        """Numbers in the attributes and the TF ops of the edited nodes, in order of appearance."""
        found: dict[float, None] = {}
        for edit in self._edits:
            for values in edit.attributes.values():
                found.update(dict.fromkeys(_numbers(values)))
            for side, place in enumerate((edit.reference, edit.candidate)):
                node = self._node(side, place)
                for inner in (node.lowering or ()) if node is not None else ():
                    found.update(dict.fromkeys(_numbers(inner.attributes.get("value"))))
        return list(found)

    def _meets_a_mask(self, inputs: tuple[Array, ...], weight_scale: float) -> bool:
        """Whether what goes into an edited node comes near the size of a constant that stands for infinity.

        There a mask adds to a score, or lets it through, that it leaves out at any other: two ways to mask part that
        nobody would tell apart. The constant itself goes into nodes as well, with a score added or not.
        """
        masks = [abs(value) for value in self._mentioned() if MASKING <= abs(value) < np.inf]
        if not masks:
            return False
        for side in (0, 1):
            stage = Stage(
                recipes=self._prober.recipes[side],
                probe=inputs,
                precision="float64",
                mode="inference",
                weight_scale=weight_scale,
                wanted=self._met(side),
            )
            for value in self._prober.sides[side].stage(stage).values.values():
                sizes = np.abs(value[np.isfinite(value)]) if value.dtype.kind == "f" else np.zeros(0)
                own = np.any([np.abs(sizes / mask - 1.0) < NEAR for mask in masks], axis=0)
                if np.any((sizes >= NEAR * min(masks)) & ~own):
                    return True
        return False

    def _met(self, side: int) -> tuple[Edge, ...]:
        """What goes into the edited nodes of a side, and into those that take something from them."""
        graph = self._descriptions[side].inference
        places = [(edit.reference, edit.candidate)[side] for edit in self._edits]
        edited = [node for place in places if place is not None and (node := self._node(side, place)) is not None]
        users = index(graph).consumers if graph is not None else {}
        around = [*edited, *(user for node in edited for user, _ in users[node.id])]
        return tuple(dict.fromkeys(edge for node in around for edge in node.operands))

    def _node(self, side: int, place: Place | None) -> Node | None:
        """The traced node an edit stands at."""
        graph: Graph | None = self._descriptions[side].inference
        if graph is None or place is None:
            return None
        nodes = index(graph).nodes
        return nodes.get(place.node) or nodes.get(place.origin)

    def _uphill(self, edit: Edit, start: tuple[Array, ...]) -> Iterator[tuple[str, tuple[Array, ...], float]]:
        """Inputs that drive what goes into an edited node, by gradient ascent on its size, in both directions."""
        for side, place in enumerate((edit.reference, edit.candidate)):
            node = self._node(side, place)
            graph = self._descriptions[side].inference
            if node is None or graph is None or not node.operands:
                continue
            entries = [Edge(node=item.id) for item in graph if item.kind == "input"]
            if node.operands[0] in entries:
                continue  # nothing lies between: the scales have been there
            for sign, way in ((1.0, "up"), (-1.0, "down")):
                for inputs in self._path(side, node.operands[0], entries, start, sign):
                    yield f"uphill: inputs that drive {way} what goes into {node.id}", inputs, 1.0

    def _path(
        self, side: int, top: Edge, entries: Sequence[Edge], inputs: tuple[Array, ...], sign: float
    ) -> Iterator[tuple[Array, ...]]:
        """Gradient ascent on the mean of a value, with steps that grow while they help and shrink when they do not.

        At the end the direction that was found is followed outright: what turned positive grows with the input.
        """
        length = 1.0
        height, slopes = self._slopes(side, top, entries, inputs)
        for _ in range(CLIMBS):
            if slopes is None or time.monotonic() > self._end:
                break
            moved = self._moved(inputs, [sign * length * slope for slope in slopes])
            if any(np.max(np.abs(one), initial=0.0) > FARTHEST for one in moved if one.dtype.kind == "f"):
                break
            reached, onward = self._slopes(side, top, entries, moved)
            if not sign * (reached - height) > 0:
                length /= 2.0
                continue
            inputs, height, slopes, length = moved, reached, onward, 2.0 * length
            yield inputs
        for scale in ONWARD:
            yield self._mapped(inputs, lambda x, s=scale: x * s)  # type: ignore[misc]

    def _moved(self, inputs: tuple[Array, ...], steps: Sequence[Array]) -> tuple[Array, ...]:
        return tuple(
            _bounded(one.astype(np.float64) + step, port).astype(one.dtype) if family_of(port) == "float" else one
            for one, step, port in zip(inputs, steps, self._ports, strict=True)
        )

    def _slopes(
        self, side: int, top: Edge, entries: Sequence[Edge], inputs: tuple[Array, ...]
    ) -> tuple[float, list[Array] | None]:
        """The mean of a value, and its gradient by each input at unit size; ``None`` where no input reaches it."""
        wide = [_wide(one, port) for one, port in zip(inputs, self._ports, strict=True)]
        plain = Stage(
            recipes=self._prober.recipes[side],
            probe=inputs,
            precision="float64",
            mode="inference",
            given=dict(zip(entries, wide, strict=True)),
            wanted=(top,),
        )
        shape = self._shapes.get((side, top))
        if shape is None:
            value = self._prober.sides[side].stage(plain).values[top]
            if value.dtype.kind != "f" or not value.size:
                return 0.0, None
            self._shapes[side, top] = shape = value.shape
        found = self._prober.sides[side].stage(replace(plain, pull={top: np.ones(shape)}))
        slopes = []
        for edge, one in zip(entries, wide, strict=True):
            slope = found.pulled.get(edge)
            size = 0.0 if slope is None else float(np.sqrt(np.mean(slope**2)))
            slopes.append(np.zeros(one.shape) if slope is None or not size else slope / size)
        height = float(np.mean(found.values[top]))
        return height, slopes if any(np.any(slope) for slope in slopes) else None

    def _parts(self, inputs: tuple[Array, ...], weight_scale: float, *, driven: bool) -> Closeness | None:
        """The first output beyond the limit, and beyond what rounding alone does to the reference there.

        An overflow on one side alone does not count: values so large are the search's own doing. Neither does what
        is rounding on the scale of the first probe: 1e-15 is as good as 0 where a sigmoid gives 0.5.
        """
        first, second = both(lambda side: self._evaluated(side, inputs, weight_scale))
        if not (first.repeated and second.repeated) or first.mixed or second.mixed:
            raise EvaluateError("only what repeats itself in float64 can be searched")
        tolerance = Tolerance(limit=FAR, provenance=f"{FAR:g} of scale") if driven else precision_tolerance("float64")
        for number, (one, two) in enumerate(zip(first.outputs[0], second.outputs[0], strict=True)):
            close = compare_values(one, two, tolerance)
            if not close.equal and self._plain(close, number):
                again = self._evaluated(0, inputs, weight_scale, perturbation=PERTURBATION).outputs[0][number]
                own = compare_values(one, again, tolerance)
                if close.max_absolute > AMPLIFIED * own.max_absolute:
                    return close
        return None

    def _plain(self, close: Closeness, number: int) -> bool:
        """Whether a difference of an output is finite, and beyond rounding on its usual scale."""
        if not self._usual:
            first = self._prober.batches[self._prober.names[0]]
            found = self._evaluated(0, first, 1.0).outputs[0]
            self._usual = [float(np.max(np.abs(one[np.isfinite(one)]), initial=0.0)) for one in found]
        return bool(np.isfinite(close.max_absolute)) and close.max_absolute > FLOAT64_LIMIT * self._usual[number]

    def _evaluated(
        self, side: int, inputs: tuple[Array, ...], weight_scale: float, perturbation: float = 0.0
    ) -> Evaluation:
        request = EvaluateRequest(
            recipes=self._prober.recipes[side],
            probes=(inputs,),
            precision="float64",
            weight_scale=weight_scale,
            perturbation=perturbation,
        )
        return self._prober.sides[side].evaluate(request)


def _wide(values: Array, port: Port) -> Array:
    return values.astype(np.float64) if family_of(port) == "float" else values


def _bounded(values: Array, port: Port) -> Array:
    low = -np.inf if port.low is None else port.low
    high = np.inf if port.high is None else port.high
    return np.clip(values, low, high)


def _numbers(value: object) -> Iterator[float]:
    """The numbers in an attribute, at any depth."""
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _numbers(item)
