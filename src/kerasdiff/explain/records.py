"""What explains a difference? What each edit does, where values part, and what remains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from kerasdiff.align.edits import Update
from kerasdiff.findings import Finding
from kerasdiff.graph import Mode
from kerasdiff.graph.values import Closeness, Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDifference:
    """A pair of aligned nodes whose values differ.

    Attributes:
        nodes: The reference's and the candidate's id; of a model output, ``output 0`` and on.
        probe: On which they differ most.
        closeness: How far apart they are there.
        edits: Positions of the edits that lie before it.
    """

    nodes: tuple[str, str]
    probe: str
    closeness: Closeness
    edits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDistance:
    """How far the values of two aligned nodes are from each other, as fractions of the reference's scale.

    As they are where the reference is all zero; infinite where one side alone is NaN or infinite.

    Attributes:
        nodes: The reference's and the candidate's id.
        overall: Each model run on its own.
        local: The candidate's node fed the reference's values.
    """

    nodes: tuple[str, str]
    overall: float
    local: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """The distances of aligned nodes, in the order of the reference.

    Nodes whose values do not mean the same are left out: those that edits touch, unless they change its settings alone.

    Attributes:
        mode, probes, precision: In which, on what and how both models were run; the largest of all probes counts.
        limit: What a distance is held to.
    """

    mode: Mode
    probes: tuple[str, ...]
    precision: Precision
    limit: float
    nodes: tuple[NodeDistance, ...]


class Measure(Enum):
    """What an edit may change, by the name that JSON gives it."""

    OUTPUT = "output"
    TRAINING_OUTPUT = "training output"
    GRADIENT = "gradient"
    LOSS = "loss"
    STATE = "state"
    OUTPUT_FROM_ZERO = "output from zero"
    TRAINING_OUTPUT_FROM_ZERO = "training output from zero"


class Part(Enum):
    """A part of what two models do, by the name that JSON gives it: is it known that nothing else differs there?"""

    INFERENCE = "inference"
    TRAINING_STEP = "training step"
    GRADIENTS = "gradients"
    OPTIMIZER_STEP = "optimizer step"


FROM_ZERO: Mapping[Measure, Measure] = {
    Measure.OUTPUT: Measure.OUTPUT_FROM_ZERO,
    Measure.TRAINING_OUTPUT: Measure.TRAINING_OUTPUT_FROM_ZERO,
}
"""What the change of an output is measured by where the reference is all zero, and has no scale."""

Sizes = Mapping[Measure, float]
"""How much: outputs and state as fractions of the reference's scale, gradients of their norm, the loss and what parts
from zero as they are."""


def within(sizes: Sizes, limits: Sizes) -> bool:
    """Whether all of them are rounding."""
    return all(abs(size) <= limits.get(measure, 0.0) for measure, size in sizes.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one edit does when it is applied to the reference alone.

    Attributes:
        sizes: Empty where not measured.
        harmless: Whether all of them are rounding.
    """

    sizes: Sizes
    harmless: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """How much of the difference each edit accounts for, and what remains with all of them applied.

    Attributes:
        effects: By edit of the architecture rung, in order.
        together: Positions of edits that stand so close that they were applied as one.
        spare: Positions of edits that change nothing in any mode: with them alone applied the reference stays as it is,
            with all others alone it becomes the candidate, and values far from the usual do not tell otherwise.
        total: What all edits together change.
        remaining: What still tells the candidate from the reference with every edit applied.
        limits: Below which a change is rounding.
        explained: Whether the edits change something, and nothing remains with all of them applied.
        uncompared: Of which it is not known what remains; the training step holds the two after it.
        divergence: The earliest aligned node whose value differs.
        local: Every aligned node that differs although it is given the reference's values.
        one_way: The nodes of edits that decide by comparing values, and went one way on every probe.
        reached: The edits of a constant factor or summand that outputs or losses are seen to depend on.
        compared: How many values were compared so.
        mode: In which they were, and the values part first.
        notes: What could not be attributed, and why.
        probes, precision: On which it was measured.
    """

    effects: tuple[Effect, ...]
    together: tuple[tuple[int, ...], ...]
    total: Sizes
    remaining: Sizes
    limits: Sizes
    explained: bool
    uncompared: tuple[Part, ...] = ()
    divergence: LocalDifference | None
    local: tuple[LocalDifference, ...]
    one_way: tuple[Finding, ...]
    reached: tuple[Update, ...] = ()
    spare: frozenset[int] = frozenset()
    compared: int
    mode: Mode
    notes: tuple[Finding, ...]
    probes: tuple[str, ...]
    precision: Precision
