"""What running a model is asked and gives: probes, parts of a call, one optimizer step, saved weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from kerasdiff.graph import Edge, Mode
from kerasdiff.graph.joins import Join
from kerasdiff.graph.values import Array, Precision

V = TypeVar("V", Array, "Array | None")

Encoding = Literal["sparse", "one-hot", "binary", "real"]
"""How an output's targets are written: class ids, one-hot rows, 0 or 1 in the output's shape, or real numbers."""

Section = Literal["optimizer", "loss", "metrics"]
"""A part of the compile settings that can be sampled by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to draw the value of one weight, so that no array need cross the process boundary.

    Attributes:
        weight: Id of the weight to set.
        seed: Seed of the draw: two weights with the same seed, name, fan-in and draw shape get the same values.
        name: Role that picks the distribution (``kernel``, ``gamma``, ``moving_variance``, …).
        shape: Shape that is drawn; reshaped to the weight's own afterwards.
        transposed: Whether the matrix is transposed after the draw: this weight is laid out the other way round.
        parts: Where the weight holds the values of several of the other side, how each of them is drawn.
        join: How these are joined.
    """

    weight: str
    seed: int
    name: str
    shape: tuple[int, ...]
    fan_in: int
    transposed: bool = False
    parts: tuple[Recipe, ...] = ()
    join: Join | None = None

    def drawn_elsewhere(self, further: int) -> Recipe:
        """The same with other seeds."""
        parts = tuple(part.drawn_elsewhere(further) for part in self.parts)
        return replace(self, seed=self.seed + further, parts=parts)

    @property
    def arrays(self) -> tuple[Recipe, ...]:
        """What is drawn, each under an id of its own: the weight itself, or its parts."""
        parts = (replace(part, weight=part_of(self.weight, number)) for number, part in enumerate(self.parts))
        return tuple(parts) or (self,)


MOST_STARTS, MOST_STARTED = 4, 60_000_000
"""Values of all weights that a worker keeps, at most, and how many values in all: a comparison asks for the same ones
and for those moved by rounding of three sizes in turn. Of ConvNeXtTiny (28 million) drawing them was nearly all the
time of a search."""


def starts_kept(values: int) -> int:
    """How many values of all its weights a worker keeps of a model with so many, so as not to draw them again."""
    return max(1, min(MOST_STARTS, MOST_STARTED // max(1, values)))


def part_of(weight: str, number: int) -> str:
    """The id of a part of a weight that holds several of the other side."""
    return f"{weight}[part {number + 1}]"


def parted(values: Mapping[str, V], recipes: tuple[Recipe, ...]) -> dict[str, V]:
    """Values by weight, with those of each weight that holds several of the other side as its parts."""
    split: dict[str, V] = dict(values)
    for recipe in recipes:
        if recipe.join is None or recipe.weight not in split:
            continue
        whole = split.pop(recipe.weight)
        arrays = [whole] * len(recipe.parts) if whole is None else recipe.join.parted(whole, len(recipe.parts))
        split.update((part_of(recipe.weight, number), array) for number, array in enumerate(arrays))
    return split


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRequest:
    """One evaluation: weights set by ``recipes``, then every probe run.

    Attributes:
        probes: One tuple of batches per probe, in the order of the model's inputs.
        weight_scale: Factor on kernels and biases, for bounds that values of the usual size never reach.
        training: Runs in training mode, and returns gradients and state updates as well.
        perturbation: Relative size of random changes to weights and inputs, which show how much a
            model amplifies rounding.
        alone: Asks for outputs alone, of one run: no gradients, no state, and no second run to see whether it repeats.
            What is drawn at random goes on from one probe to the next.
    """

    recipes: tuple[Recipe, ...]
    probes: tuple[tuple[Array, ...], ...]
    precision: Precision
    training: bool = False
    weight_scale: float = 1.0
    perturbation: float = 0.0
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLosses:
    """What one call adds to the loss of a model.

    Attributes:
        calls: What layers add while they run, in order.
        regularizers: By id of the weight, what its regularizer adds.
    """

    calls: tuple[float, ...] = ()
    regularizers: Mapping[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """All of it; 0 where nothing is added."""
        return sum(self.calls) + sum(self.regularizers.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a probe run gave.

    Attributes:
        outputs: Per probe, the model outputs in order.
        repeated: Whether the first probe a second time gave the same bits (a random model does not).
        mixed: Whether lower precision than asked for stayed in the graph (a hard-coded float32).
        otherwise: Whether it may do something else than in float32, of whose ops and constants it is not made.
        gradients: In training mode, weight id to the gradient of a fixed random projection of the outputs plus the
            added losses; ``None`` where the weight gets no gradient.
        state: Weight id to the value after the call, for every weight that is not trainable; in inference mode for
            those alone whose value the call changed.
        losses: What the model adds to its loss on the first probe.
        added: Per probe, their sum.
        untaken: Ids of nodes that branch on data and went one way on every probe, as far as is known.
    """

    outputs: tuple[tuple[Array, ...], ...]
    repeated: bool
    mixed: bool = False
    otherwise: bool = False
    gradients: Mapping[str, Array | None] = field(default_factory=dict)
    state: Mapping[str, Array] = field(default_factory=dict)
    losses: AddedLosses = AddedLosses()
    added: tuple[float, ...] = ()
    untaken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Random numbers a call draws with one op.

    Attributes:
        node: The traced node that draws them.
        family: Their distribution (``uniform``).
    """

    node: str
    family: str
    value: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of one call of a model, run on values given at any of its traced nodes.

    Attributes:
        probe: One batch per model input.
        weight_scale, perturbation: As in :class:`EvaluateRequest`.
        given: Values instead of what these nodes compute.
        draws: By position, values instead of what the call draws at random.
        wanted: Nodes whose value is wanted: what they compute from their operands, even where their own is given.
        outputs: Whether the model outputs are wanted.
        effects: Whether added losses, the state after the call and what was drawn at random are wanted.
        pull: One array per wanted node to pull back (a vector-Jacobian product), which asks for gradients.
        pull_outputs: The same per floating model output.
        pull_losses: Whether the added losses, regularizers and all, are pulled back too.
    """

    recipes: tuple[Recipe, ...]
    probe: tuple[Array, ...]
    precision: Precision
    mode: Mode
    weight_scale: float = 1.0
    perturbation: float = 0.0
    given: Mapping[Edge, Array] = field(default_factory=dict)
    draws: Mapping[int, Array] = field(default_factory=dict)
    wanted: tuple[Edge, ...] = ()
    outputs: bool = False
    effects: bool = False
    pull: Mapping[Edge, Array] | None = None
    pull_outputs: tuple[Array, ...] | None = None
    pull_losses: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What a stage gave.

    Attributes:
        values: By wanted node.
        outputs: The model outputs.
        pulled: By given node, the gradient that reaches it; nodes that none reaches are left out.
        gradients: By weight id, likewise.
        draws: What the call drew at random, in the order of its ops.
        hidden: Whether a loop or another function body may draw more, out of reach.
        state: By weight id, the value after the call, of every weight that is not trained or that the call may write.
        before: Of those that are trained, the value before it.
        losses: As in :class:`Evaluation`.
    """

    values: Mapping[Edge, Array]
    outputs: tuple[Array, ...] = ()
    pulled: Mapping[Edge, Array] = field(default_factory=dict)
    gradients: Mapping[str, Array] = field(default_factory=dict)
    draws: tuple[Draw, ...] = ()
    hidden: bool = False
    state: Mapping[str, Array] = field(default_factory=dict)
    before: Mapping[str, Array] = field(default_factory=dict)
    losses: AddedLosses = AddedLosses()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest:
    """One optimizer step from weights set by ``recipes``, on one probe with targets drawn for it.

    Attributes:
        compiled: Whether the model's own compile settings are used where it has any; else the defaults.
        perturbation: As in :class:`EvaluateRequest`.
        encodings: Form of the targets of each output, where a side's loss tells nothing about it.
    """

    recipes: tuple[Recipe, ...]
    probe: tuple[Array, ...]
    precision: Precision
    compiled: bool = True
    perturbation: float = 0.0
    encodings: tuple[Encoding | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """What one optimizer step did.

    Attributes:
        loss: Before the step.
        updates: By weight id, the value after the step less the one before, for every trainable weight.
        metrics: Of the compile settings, by name.
        optimizer, objective: What was used, in words.
        summed, halved: For the weights that are looked up by row and get their gradient row by row: the updates with
            all gradients of a row summed first, and with each coming in two halves. An optimizer that takes the
            gradients of a row one by one makes more of the halves.
    """

    loss: float
    updates: Mapping[str, Array]
    metrics: Mapping[str, float]
    optimizer: str
    objective: str
    summed: Mapping[str, Array] = field(default_factory=dict)
    halved: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSteps:
    """What some steps did that a model took by its own ``train_step``.

    Attributes:
        updates: By weight id, what was added to each weight that holds real numbers.
    """

    updates: Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsRequest:
    """What the compile settings do on values made for it: no weight or input of the model is asked for.

    Attributes:
        sections: Those that are sampled.
        numbers: Every number in the settings of either side: steps, thresholds and sizes near which they may act.
        encodings: Form of the targets of each output, where a side's loss tells nothing about it.
        rates_apart: Whether optimizers take their steps at a constant rate, whatever their schedules give.
    """

    sections: tuple[Section, ...]
    precision: Precision
    numbers: tuple[float, ...] = ()
    encodings: tuple[Encoding | None, ...] = ()
    rates_apart: bool = False


Occasion = Literal["ends", "masked"]
"""Outputs of a kind of their own: that are all 0 or 1, as of a sigmoid that saturates, or with a mask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsSample:
    """What they did.

    Attributes:
        values: By section, every figure in a fixed order; a section that cannot be sampled in full is left out.
        weighted: The figures of losses and metrics where rows are weighed or masked.
        encodings: Form of the targets that the side's own losses tell of, output by output.
        written: Numbers in a learning rate schedule of the user's own, in its code too; ``None`` where there is none.
        steps: By how much the optimizer moved each weight to where ``values`` has it, without the rates.
        occasions: Of losses and metrics, on what outputs each figure of ``values``, then of ``weighted``, was taken.
    """

    values: Mapping[Section, tuple[Array, ...]]
    weighted: Mapping[Section, tuple[Array, ...]]
    encodings: tuple[Encoding | None, ...]
    written: tuple[float, ...] | None = None
    steps: tuple[Array, ...] = ()
    occasions: Mapping[Section, tuple[tuple[Occasion, ...], ...]] = field(default_factory=dict)
