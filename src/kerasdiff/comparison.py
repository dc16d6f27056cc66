"""All evidence of one comparison in one frozen record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from kerasdiff.align.edits import Edit
from kerasdiff.fit.trials import FitEvidence
from kerasdiff.graph import Mode, Node

Outcome = Literal["equivalent", "different", "inconclusive"]
Basis = Literal["proof", "numeric", "statistical", "witness"]
SideName = Literal["reference", "candidate"]
RungName = Literal["interface", "architecture", "weights", "inference", "training step", "checkpoint", "fit"]
RungOutcome = Literal["equal", "different", "advisory", "skipped", "failed"]
RowState = Literal["kept", "rewritten", "inserted", "deleted", "updated", "moved", "rewired"]

EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""

NUMERIC: tuple[RungName, ...] = ("inference", "training step")
"""Rungs that run both models on numbers."""

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
    side: SideName
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
class LocalDifference:
    """A pair of aligned nodes whose values differ.

    Attributes:
        nodes: The reference's and the candidate's id.
        difference: The largest, as a fraction of the reference value's scale.
        detail: The figures in words.
        edits: Positions of the edits that lie before it.
    """

    nodes: tuple[str, str]
    difference: float
    detail: str
    edits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one edit does when it is applied to the reference alone.

    Attributes:
        sizes: By figure (``output``, ``training output``, ``gradient``, ``loss``, ``state``); empty where not measured.
        harmless: Whether all of them are rounding.
    """

    sizes: Mapping[str, float]
    harmless: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """How much of the difference each edit accounts for, and what remains with all of them applied.

    Attributes:
        effects: By edit of the architecture rung, in order.
        together: Positions of edits that stand so close that they were applied as one.
        total: What all edits together change, by figure.
        remaining: What still tells the candidate from the reference with every edit applied, by figure.
        limits: By figure, the limit below which a change is rounding.
        explained: Whether the edits change something, and nothing remains with all of them applied.
        divergence: The earliest aligned node whose value differs.
        own: Every aligned node that differs although it is given the reference's values.
        one_way: By node of an edit that decides by comparing values: which way it went on every probe.
        compared: How many values were compared so.
        mode: In which they were, and the values part first.
        notes: What could not be attributed, and why.
        probes, precision: On which it was measured.
    """

    effects: tuple[Effect, ...]
    together: tuple[tuple[int, ...], ...]
    total: Mapping[str, float]
    remaining: Mapping[str, float]
    limits: Mapping[str, float]
    explained: bool
    divergence: LocalDifference | None
    own: tuple[LocalDifference, ...]
    one_way: tuple[str, ...]
    compared: int
    mode: Mode
    notes: tuple[str, ...]
    probes: tuple[str, ...]
    precision: str

    @property
    def sentence(self) -> str:
        """What follows for the edits as a whole; empty where they could not be applied together."""
        count = len(self.effects)
        if not count or not self.remaining:
            return ""
        lead = f"With {'this edit' if count == 1 else f'these {count} edits'} applied"
        if self.explained:
            most = max(abs(size) for size in self.remaining.values())
            agree = f"to {most:.0e} of scale" if most else "to the last bit"
            return f"{lead} the two models agree {agree}: nothing else differs."
        beyond = [(key, size) for key, size in self.remaining.items() if size > self.limits.get(key, 0.0)]
        if not beyond:
            return f"{lead} no output, gradient or state update changes beyond rounding."
        key, size = beyond[0]
        limit = self.limits.get(key, 0.0)
        return (
            f"{lead} they still differ ({key} by {size:.1e}, limit {limit:.0e}): something differs that no edit names."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """An input on which two models part, with what it takes to see it again.

    Attributes:
        inputs: One batch per model input.
        mode: In which they part.
        weight_scale: Factor on the weights.
        how: Where it comes from (``probe large``), or how it was found.
        difference: The largest, as a fraction of the reference output's scale.
    """

    inputs: tuple[NDArray[Any], ...]
    mode: Mode
    weight_scale: float
    how: str
    difference: float


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
        interrupted: Whether somebody cut it off; it then holds what was known.
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
    attribution: Attribution | None = None
    witness: Witness | None = None
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """What a command that reports it exits with."""
        return EXIT_INTERRUPTED if self.interrupted else EXIT_CODES[self.verdict.outcome]
