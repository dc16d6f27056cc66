"""All evidence of one comparison in one frozen record, and the verdict that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kerasdiff.align import Edit
from kerasdiff.graph import Node

Outcome = Literal["equivalent", "different", "inconclusive"]
Basis = Literal["proof", "numeric", "statistical", "witness"]
RungName = Literal["interface", "architecture", "weights", "inference", "fit"]
RungOutcome = Literal["equal", "different", "advisory", "skipped", "failed"]
RowState = Literal["kept", "rewritten", "inserted", "deleted", "updated", "moved", "rewired"]

EXIT_CODES: Mapping[Outcome, int] = {"equivalent": 0, "different": 1, "inconclusive": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One level of evidence.

    Attributes:
        detail: One sentence a person reads.
        figures: JSON data: every number with its limit, place and count.
    """

    name: RungName
    outcome: RungOutcome
    detail: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """One application of a canonicalisation rule."""

    rule: str
    side: Literal["reference", "candidate"]
    node: str
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the side-by-side layer table; a side is ``None`` where the other stands alone."""

    state: RowState
    reference: Node | None
    candidate: Node | None
    reference_parameters: int = 0
    candidate_parameters: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One side as the report names it.

    Attributes:
        nodes: Nodes of the canonical graph.
        interface: Readable inputs and outputs (``input float32 (None, 32, 32, 3)``).
    """

    target: str
    class_name: str
    parameters: int
    trainable_parameters: int
    nodes: int
    interface: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """One trial as figures: losses step by step and what it reached."""

    side: Literal["reference", "candidate", "control"]
    seed: int
    losses: tuple[float, ...]
    train_accuracy: float | None
    test_accuracy: float | None
    test_loss: float | None
    samples_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FitEvidence:
    """One seeded trial pair and its control.

    Attributes:
        data: What it was trained on, in words (says so where the data are synthetic).
        plan: Optimizer, learning rate, loss, batch size, steps, seed, as JSON data.
        distance: Largest absolute difference between the step losses of the two sides.
        control_distance: The same between the reference and itself in another process.
        first_parting: First step (0-based) whose loss differs, or ``None``.
        identical: Whether every step loss and test prediction agrees to the last bit.
    """

    data: str
    plan: Mapping[str, Any]
    trajectories: tuple[Trajectory, ...]
    distance: float
    control_distance: float
    first_parting: int | None
    identical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """A rung, or a part of one, that did not run, and why."""

    rung: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer: outcome, what it rests on, and one sentence."""

    outcome: Outcome
    basis: Basis | None
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything a report shows.

    Attributes:
        terms: What the comparison took for granted, in reading order: seeds, tolerances, what was inferred.
        rows: The side-by-side table, in the order of the reference with insertions in place.
    """

    verdict: Verdict
    reference: ModelInfo
    candidate: ModelInfo
    environment: Mapping[str, str]
    terms: tuple[tuple[str, str], ...]
    rungs: tuple[Rung, ...]
    edits: tuple[Edit, ...]
    rewrites: tuple[Rewrite, ...]
    rows: tuple[Row, ...]
    fit: FitEvidence | None
    not_checked: tuple[NotChecked, ...]
