"""Which edit is to blame, for how much, and does anything else differ?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kerasdiff.align.edits import Edit, Place
from kerasdiff.comparison import Attribution, Effect, LocalDifference
from kerasdiff.errors import EvaluateError
from kerasdiff.explain.patching import SETTLING, Cut, Patched, Patcher, projection
from kerasdiff.graph import MODES, Edge, Graph, Mode
from kerasdiff.graph.index import index
from kerasdiff.probing.closeness import FLOAT64_LIMIT, Closeness, Tolerance, compare_values
from kerasdiff.probing.prober import Prober, both, rank
from kerasdiff.probing.probes import MANY_ROWS, ONE_ROW
from kerasdiff.probing.random_ops import given_draws
from kerasdiff.probing.transfer import WeightTransfer
from kerasdiff.rungs.architecture import Structure
from kerasdiff.side.records import Array, Description, Port, Precision, Stage, StepRequest

MOST_GROUPS = 12
"""Edits applied alone at most: each costs a run of the model or two; more are applied together alone."""

MOST_VALUES = 1 << 24
"""Values of all cut points together that travel at once: 128 MiB in float64."""

MOST_PULLED = 200
"""Aligned values with which gradients are measured at most: for EfficientNetV2B0, which has 305, building the gradients
of each patched took 5 of 26 seconds."""

GRADIENT_LIMIT = 1e-7
"""Fraction of the gradients' norm below which two gradients agree in float64: sums over positions and layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be attributed.

    Attributes:
        worst: By mode, the probe on which outputs differ most.
        precision: In which both sides could be run.
        tolerance: Of outputs.
        weight_scale: Factor on the weights.
        compiled: Whether the training loss is that of the compile settings.
        learns: Whether one training step is known to be the same, added losses included.
    """

    prober: Prober
    descriptions: tuple[Description, Description]
    structure: Structure
    transfer: WeightTransfer
    worst: Mapping[Mode, str]
    precision: Precision
    tolerance: Tolerance
    compiled: bool
    learns: bool
    weight_scale: float = 1.0


def attribute(question: Question) -> Attribution:
    """Applies each edit to the reference alone, and all together, in both modes.

    Effects of an edit: ``output`` and ``training output`` are the largest change of an output as a fraction of the
    reference's scale, ``gradient`` the norm of the change of all weights' gradients as a fraction of their norm,
    ``loss`` the change of the training loss, ``state`` the largest change of a state update.

    Raises:
        EvaluateError: If a side cannot be run in parts.
    """
    edits = question.structure.edits
    effects: list[dict[str, float]] = [{} for _ in edits]
    found: dict[Mode, _Mode] = {}
    notes: list[str] = []
    failed: dict[str, list[str]] = {}
    for mode in MODES:
        numbers = [number for number, edit in enumerate(edits) if mode in edit.modes]
        if mode not in question.structure.modes or not (numbers or mode == "inference"):
            continue
        try:
            one = _Mode(question, mode, numbers)
            measured = one.effects()
        except EvaluateError as error:
            failed.setdefault(error.message, []).append(mode)
            continue
        found[mode] = one
        if mode == "training" and not one.pulls:
            many = f"{one.compared:,} aligned values are more than {MOST_PULLED}"
            notes.append(f"what each edit does to gradients is not measured: {many}")
        for number, effect in zip(numbers, measured, strict=True):
            effects[number].update(effect)
    notes += [f"what each edit does in {' and '.join(modes)} mode is not known: {why}" for why, modes in failed.items()]
    if not found:
        raise EvaluateError("; ".join(notes) or "no graph of either mode could be aligned")
    groups = {group for one in found.values() for group in one.groups() if len(group) > 1}
    limits = {key: value for one in found.values() for key, value in one.limits.items()}
    remaining = {key: value for one in found.values() for key, value in one.remaining.items()}
    total = {key: value for one in found.values() for key, value in one.total.items()}
    first = next((one for one in found.values() if one.divergence is not None), next(iter(found.values())))
    unseen = set() if question.learns else _beside(question.structure)
    if not question.learns and any(mode == "training" and not one.pulls for mode, one in found.items()):
        unseen = set(range(len(edits)))
    if unseen and _within(total, limits):
        remaining = {}  # what differs is an added loss or an update, which no value measured here holds
    return Attribution(
        effects=tuple(_effect(effect, limits, number in unseen) for number, effect in enumerate(effects)),
        together=tuple(sorted(groups)),
        total=total,
        remaining=remaining,
        limits=limits,
        explained=bool(remaining) and _within(remaining, limits) and not _within(total, limits),
        divergence=first.divergence,
        own=first.own,
        one_way=tuple(dict.fromkeys(text for one in found.values() for text in one.one_way())),
        compared=first.compared,
        mode=first.cut.mode,
        notes=tuple(notes),
        probes=first.probes,
        precision=question.precision,
    )


def _effect(sizes: Mapping[str, float], limits: Mapping[str, float], unseen: bool) -> Effect:
    """What was measured; nothing where it is rounding, but what the edit does beside the outputs was not."""
    within = _within(sizes, limits)
    return Effect(sizes={} if within and unseen else dict(sizes), harmless=bool(sizes) and within and not unseen)


def _beside(structure: Structure) -> set[int]:
    """Positions of the edits that may change what a call does beside its outputs: added losses, updated states."""
    item = structure.modes.get("training")
    if item is None:
        return set()
    above = tuple(_above(graph) for graph in (item.reference.graph, item.candidate.graph))
    return {
        number
        for number, edit in enumerate(structure.edits)
        for side, place in enumerate((edit.reference, edit.candidate))
        if place is not None and place.node in above[side]
    }


def _above(graph: Graph) -> set[str]:
    """The nodes that added losses and updates are computed from."""
    nodes = index(graph).nodes
    found: set[str] = set()
    waiting = [*(edge.node for edge in graph.losses), *graph.effects]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(edge.node for edge in nodes[name].operands)
    return found


def _within(sizes: Mapping[str, float], limits: Mapping[str, float]) -> bool:
    return all(abs(size) <= limits.get(key, 0.0) for key, size in sizes.items())


class _Mode:
    """One mode's share.

    Args:
        question: All of it.
        mode: Of the graphs.
        numbers: Positions of the edits that show in this mode.
    """

    def __init__(self, question: Question, mode: Mode, numbers: Sequence[int]) -> None:
        self._question = question
        self._numbers = numbers
        self._training = mode == "training"
        edits = [question.structure.edits[number] for number in numbers]
        traced = tuple(getattr(description, mode) for description in question.descriptions)
        self.cut = Cut(question.structure.modes[mode], (traced[0], traced[1]), edits)
        batch, self._slices = self._batch()
        self.probes = tuple(self._slices)
        plain = tuple(
            Stage(
                recipes=recipes,
                probe=batch,
                precision=question.precision,
                mode=mode,
                weight_scale=question.weight_scale,
            )
            for recipes in question.prober.recipes
        )
        plain = given_draws(question.prober, question.structure, (plain[0], plain[1]), mode)
        sizes = [{weight.id: weight.size for weight in side.weights} for side in question.descriptions]
        pairs = question.transfer.pairs.items()
        weights = {two: one for one, two in pairs if sizes[0].get(one) == sizes[1].get(two)}
        self.patcher = Patcher(self.cut, question.prober.sides, plain, weights)
        self._tolerance = question.tolerance
        self.limits = {self._key: self._tolerance.limit}
        self.total: dict[str, float] = {}
        self.remaining: dict[str, float] = {}
        self.own: tuple[LocalDifference, ...] = ()
        self._look()

    @property
    def pulls(self) -> bool:
        """Whether gradients are measured."""
        return self._training and self.compared <= MOST_PULLED

    @property
    def _key(self) -> str:
        return "training output" if self._training else "output"

    def _batch(self) -> tuple[tuple[Array, ...], dict[str, slice]]:
        """The rows that are run, and which of them belong to which probe: the worst probe, then what fits beside it.

        In training the rows of a batch know of one another, so there the worst probe stands alone; so does a probe of
        another batch size, where that is what tells the models apart.
        """
        prober, mode = self._question.prober, "training" if self._training else "inference"
        worst = self._question.worst.get(mode, prober.names[0])  # type: ignore[call-overload]  # one of the modes
        shapes = {name: [one.shape[1:] for one in batch] for name, batch in prober.batches.items()}
        others = [name for name in prober.training_names if name != worst and shapes[name] == shapes[worst]]
        names = [worst] if self._training or worst in (ONE_ROW, MANY_ROWS) else [worst, *others]
        room = max(1, MOST_VALUES // max(1, _values_a_row(self.cut)))
        parts: list[tuple[Array, ...]] = []
        slices: dict[str, slice] = {}
        start = 0
        for name in names:
            batch = prober.batches[name]
            rows = {len(one) if one.ndim else 0 for one in batch}
            if len(rows) != 1 or 0 in rows:
                return (batch, {name: slice(None)}) if not parts else (_joined(parts), slices)
            count = min(next(iter(rows)), room - start)
            fixed = any(port.spec.shape and port.spec.shape[0] is not None for port in self._ports)
            if count < 1 or (parts and fixed):
                break
            parts.append(batch if fixed else tuple(one[:count] for one in batch))
            slices[name] = slice(start, start + count)
            start += count
        return _joined(parts), slices

    @property
    def _ports(self) -> Sequence[Port]:
        return self._question.descriptions[0].inputs

    def _look(self) -> None:
        """Runs both sides node by node: where they part first, and every node that differs on its own account."""
        spots = self._spots()
        wanted = tuple(one for one, _ in spots), tuple(two for _, two in spots)
        first, whole = both(
            lambda side: self.patcher.run(
                side, wanted=wanted[side], outputs=True, effects=self._training and side == 0
            )[1]
        )
        for _ in range(SETTLING):
            cut_points = [cut_point for cut_point in self.cut.cut_points if cut_point.spots is not None]
            spots = self._spots()
            given = {two: first.values[one] for one, two in spots}
            _, alone = self.patcher.run(1, given=given, wanted=tuple(given), effects=self._training)
            loose, own = [], []
            for cut_point, (one, two) in zip(cut_points, spots, strict=True):
                close, probe = self._worst(first.values[one], alone.values[two])
                if not close.equal and not cut_point.edits:
                    loose.append(cut_point.ids[0])
                elif not close.equal:
                    own.append(self._account(cut_point.ids, close, probe, cut_point.edits))
            if not loose:
                break
            self.cut.drop(loose)
        self.own = tuple(own)
        self.compared = len(cut_points)
        self._updates = self._states(first.state, alone.state)
        self._ends = first.outputs, whole.outputs
        self.divergence: LocalDifference | None = None
        for cut_point, (one, two) in zip(cut_points, spots, strict=True):
            close, probe = self._worst(first.values[one], whole.values[two])
            if not close.equal:
                self.divergence = self._account(cut_point.ids, close, probe, cut_point.edits)
                break

    def _spots(self) -> list[tuple[Edge, Edge]]:
        return [cut_point.spots for cut_point in self.cut.cut_points if cut_point.spots is not None]

    def _states(self, first: Mapping[str, Array], alone: Mapping[str, Array]) -> dict[int | None, float]:
        """The largest difference of a state update by edit, each node given the reference's values.

        ``None`` stands for the updates that no edit touches.
        """
        found: dict[int | None, float] = {}
        pairs = self._question.transfer.pairs
        for one, value in self.patcher.at_home(alone).items():
            if one not in first or value.dtype.kind != "f":
                continue
            close = compare_values(first[one], value.reshape(first[one].shape), self._tolerance)
            for number in self.cut.edits_on((one, pairs[one])) or (None,):
                found[number] = max(found.get(number, 0.0), close.max_relative)
        return found

    def one_way(self) -> list[str]:
        """The comparisons in edited nodes that came out the same everywhere: the other way was not compared."""
        found: list[str] = []
        for side, label in enumerate(("reference", "candidate")):
            places = {
                place.node: place for number in self._numbers if (place := self._places(number)[side]) is not None
            }
            spots = {name: spot for name in places if (spot := self.cut.truth(side, name)) is not None}
            if not spots:
                continue
            _, run = self.patcher.run(side, wanted=tuple(spots.values()))
            for name, spot in spots.items():
                value = run.values[spot]
                if value.size and bool(np.all(value == value.flat[0])):
                    line = f" ({places[name].source})" if places[name].source is not None else ""
                    always = "true" if value.flat[0] else "false"
                    found.append(f"{name} in the {label}{line} is {always} for every value that was tried")
        return found

    def _places(self, number: int) -> tuple[Place | None, Place | None]:
        edit = self._question.structure.edits[number]
        return edit.reference, edit.candidate

    def _account(self, ids: tuple[str, str], close: Closeness, probe: str, edits: frozenset[int]) -> LocalDifference:
        text = f"probe {probe}: {close.describe()}"
        positions = tuple(sorted(self._numbers[number] for number in edits))
        return LocalDifference(nodes=ids, difference=close.max_relative, detail=text, edits=positions)

    def _worst(self, one: Array, two: Array) -> tuple[Closeness, str]:
        """The worst probe's rows, each on their own scale; the whole where the value has other rows.

        Values are compared in the wider dtype: an op that always answers in float32 stays so in a float64 model.
        """
        if one.dtype != two.dtype and one.dtype.kind == two.dtype.kind == "f":
            wide = np.promote_types(one.dtype, two.dtype)
            one, two = one.astype(wide), two.astype(wide)
        rows = max(part.stop or 0 for part in self._slices.values())
        names = list(self._slices)
        if len(names) == 1 or not one.shape or len(one) != rows or one.shape != two.shape:
            return compare_values(one, two, self._tolerance), names[0]
        found = [(name, compare_values(one[part], two[part], self._tolerance)) for name, part in self._slices.items()]
        name, close = max(found, key=rank)
        return close, name

    def effects(self) -> list[Mapping[str, float]]:
        """By edit; edits of one group share what they do together. Fills ``total`` and ``remaining``."""
        groups = self.cut.groups()
        effects: list[Mapping[str, float]] = [{} for _ in self._numbers]
        if not groups:
            return effects
        slopes = self._slopes() if self.pulls else ({}, {})
        every = frozenset(number for group in groups for number in group)
        alone = groups if 1 < len(groups) <= MOST_GROUPS else ()
        made = [self.patcher.patched(group, gradients=self.pulls) for group in (*alone, every)]
        losses = self._losses([patched.outputs if patched else self._ends[0] for patched in made])
        for group, patched, loss in zip((*alone, every), made, losses, strict=True):
            if patched is None:
                continue
            measured = {**self._measured(patched, self._ends[0], slopes[0]), **loss, **self._updated(group)}
            if group is every:
                self.total = measured
                self.remaining = {
                    **self._measured(patched, self._ends[1], slopes[1]),
                    **self._updated(frozenset({None})),
                }
            if group is not every or len(groups) == 1:
                for number in group:
                    effects[number] = measured
        if self._training:
            self.limits["gradient"] = GRADIENT_LIMIT * self._tolerance.limit / FLOAT64_LIMIT
            self.limits["loss"] = self._tolerance.limit
            self.limits["state"] = self.limits["gradient"]
        return effects

    def _updated(self, group: frozenset[int] | frozenset[None]) -> dict[str, float]:
        sizes = [self._updates[number] for number in group if number in self._updates]
        return {"state": max(sizes)} if sizes else {}

    def groups(self) -> list[tuple[int, ...]]:
        """The edits that cannot be told apart, by their positions among all."""
        return [tuple(sorted(self._numbers[number] for number in group)) for group in self.cut.groups()]

    def _slopes(self) -> tuple[Mapping[str, Array], Mapping[str, Array]]:
        """The gradients of either side as it is, by reference weight id."""
        seeds = projection(self._ends[0])
        first, second = both(lambda side: self.patcher.run(side, pull_outputs=seeds)[1].gradients)
        return first, self.patcher.at_home(second)

    def _losses(self, outputs: Sequence[tuple[Array, ...]]) -> list[dict[str, float]]:
        """What the training loss changes by, for these outputs; empty where the reference has no loss for them."""
        nothing: list[dict[str, float]] = [{} for _ in outputs]
        if not self._training:
            return nothing
        plain = self.patcher.plain[0]
        request = StepRequest(
            recipes=plain.recipes,
            probe=plain.probe,
            precision=plain.precision,
            compiled=self._question.compiled,
        )
        try:
            base, *found = self._question.prober.sides[0].losses_of(request, (self._ends[0], *outputs))
        except EvaluateError:
            return nothing  # a model without a loss that fits: outputs and gradients say what there is to say
        return [{"loss": loss - base} for loss in found]

    def _measured(self, made: Patched, outputs: tuple[Array, ...], slopes: Mapping[str, Array]) -> dict[str, float]:
        # Masks come after the outputs, and one side may have none.
        closest = [self._worst(one, two)[0] for one, two in zip(outputs, made.outputs, strict=False)]
        found = {self._key: max((close.max_relative for close in closest), default=0.0)}
        if self.pulls:
            found["gradient"] = _apart(slopes, made.gradients)
        return found


def _joined(parts: Sequence[tuple[Array, ...]]) -> tuple[Array, ...]:
    return tuple(np.concatenate(batches) for batches in zip(*parts, strict=True))


def _apart(one: Mapping[str, Array], two: Mapping[str, Array]) -> float:
    """Norm of the difference of two sets of gradients, as a fraction of the first one's norm."""
    change = norm = 0.0
    for name in {**one, **two}:
        a, b = one.get(name), two.get(name)
        shape = a.shape if a is not None else b.shape if b is not None else ()
        first = np.zeros(shape) if a is None else a.astype(np.float64)
        second = np.zeros(shape) if b is None else b.astype(np.float64).reshape(shape)
        change += float(np.sum((first - second) ** 2))
        norm += float(np.sum(first**2))
    return float(np.sqrt(change / norm)) if norm else float(np.sqrt(change))


def _values_a_row(cut: Cut) -> int:
    return sum(
        int(np.prod([dim or 1 for dim in (spec.shape or ())[1:]]))
        for node in cut.graphs[0]
        for spec in node.outputs
        if node.kind not in ("read", "const")
    )


def with_effects(edits: Sequence[Edit], found: Attribution) -> tuple[Edit, ...]:
    """The edits with what each does."""
    return tuple(
        replace(edit, effect=dict(effect.sizes), harmless=effect.harmless)
        for edit, effect in zip(edits, found.effects, strict=True)
    )
