"""What is known after one comparison? All evidence in one frozen record; reports render it and add nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from kerasdiff.align.edits import Edit
from kerasdiff.drawing import Drawing
from kerasdiff.errors import EXIT_INTERRUPTED
from kerasdiff.explain.records import Attribution
from kerasdiff.findings import Finding, RungName
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.graph import Port
from kerasdiff.options import Ignored, Required
from kerasdiff.probing.witness import Witness
from kerasdiff.rungs.records import NotChecked, Rewrite, Row, Rung
from kerasdiff.side.locations import Location
from kerasdiff.side.revisions.records import Commit

Outcome = Literal["equivalent", "different", "inconclusive"]
Basis = Literal["proof", "numeric", "statistical", "witness"]

EXIT_CODES: Mapping[Outcome, int] = {"equivalent": 0, "different": 1, "inconclusive": 3}


class Reason(Enum):
    """Why a verdict is what it is: the row of the table in `kerasdiff.judge` that applied."""

    INTERFACE = auto()  # the interfaces differ
    VALUES = auto()  # two saved files hold other values
    SETTINGS = auto()  # the weights rung differs
    SETTINGS_ALONE = auto()  # it differs, and nothing else does: same function, other start or learning
    OUTPUTS = auto()  # outputs differ under weights that correspond
    TRAINING = auto()  # outputs agree, training steps differ
    UNPAIRED = auto()  # edits that no weights can make equal
    STORED = auto()  # the function is the same, the stored weights are not
    STORED_TOO = auto()  # the stored weights differ, and nothing else is settled
    CONTRADICTED = auto()  # proved, and yet the numbers differ
    FIT_APART = auto()  # all agrees, and yet the trials part
    BOUND = auto()  # all numbers agree, but a setting differs that probes may not reach
    OPEN = auto()  # neither proved nor refuted
    GATE = auto()  # something that had to be compared was not
    UNSEEN = auto()  # something could not be looked at
    WEAKER = auto()  # equivalent, on weaker evidence than required
    PROOF = auto()  # the graphs are the same
    SPELLED = auto()  # the graphs are the same, and settings that read differently do the same in every figure
    SAME_BY_OTHERS = auto()  # the graphs are the same, each computed by a library of its own, and every probe agrees
    NUMBERS = auto()  # every probe agrees
    TRIALS = auto()  # of `kerasdiff fit`: the trials decide, or do not


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer: outcome, what it rests on, and why.

    Attributes:
        reason: The row of the judge's table that applied.
        findings: The facts that withhold a verdict: gates that are closed, what no rung could look at; of ``TRIALS``,
            those it rests on.
        instead: Of ``WEAKER``, the equivalence that was withheld.
    """

    outcome: Outcome
    basis: Basis | None
    reason: Reason
    findings: tuple[Finding, ...] = ()
    instead: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One side as the report names it.

    Attributes:
        nodes: Nodes of the canonical graph.
        interface: Inputs, then outputs.
        location: Where its source files lie.
        commit: Of a target of a revision.
        environment: Versions and device, as far as the other side has others.
        python: The interpreter that ran it, where somebody named one.
        variables: What somebody set of the environment for it.
    """

    target: str
    class_name: str
    parameters: int
    trainable_parameters: int
    nodes: int
    interface: tuple[Port, ...] = ()
    location: Location = field(default_factory=Location)
    commit: Commit | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    python: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a comparison took for granted.

    Attributes:
        seed: Of probes, weights and trials; ``None`` where trials have seeds of their own.
        require: The weakest basis that passes, where it is not the default.
        require_checkpoint: Whether the candidate has to load the reference's weights.
        hidden: By what was ignored, how many differences of each rung that hid.
        limits: What the numbers of each rung were held to.
        rows: Rows of a probe, where they are fewer than usual.
        inferred, notes: Of either side: what was guessed to call the model, and what looks like a mistake.
        margin: Equivalence margin of a fit that was asked for by itself, as a fraction.
        own_init: Whether the candidate drew its own starting weights.
        locked: Of either side that is a baseline, what it was locked from, and what has changed since.
    """

    seed: int | None = None
    require: Required | None = None
    require_checkpoint: bool = False
    hidden: Mapping[Ignored, Mapping[RungName, int]] = field(default_factory=dict)
    limits: Mapping[RungName, float] = field(default_factory=dict)
    rows: int | None = None
    inferred: tuple[tuple[Finding, ...], tuple[Finding, ...]] = ((), ())
    notes: tuple[tuple[Finding, ...], tuple[Finding, ...]] = ((), ())
    margin: float | None = None
    own_init: bool = False
    locked: tuple[Finding | None, Finding | None] = (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything a report shows.

    Attributes:
        edits: Those of the architecture rung, then those of the weights rung.
        rows: The side-by-side table, in the order of the reference with insertions in place.
        interrupted: Whether somebody cut it off; it then holds what was known.
        drawing: What a picture needs beside; ``None`` where there is nothing to draw.
    """

    verdict: Verdict
    reference: ModelInfo
    candidate: ModelInfo
    environment: Mapping[str, str]
    terms: Terms
    rungs: tuple[Rung, ...]
    edits: tuple[Edit, ...]
    rewrites: tuple[Rewrite, ...]
    rows: tuple[Row, ...]
    fit: FitEvidence | None
    not_checked: tuple[NotChecked, ...]
    attribution: Attribution | None = None
    witness: Witness | None = None
    interrupted: bool = False
    drawing: Drawing | None = None

    @property
    def exit_code(self) -> int:
        """What a command that reports it exits with."""
        return EXIT_INTERRUPTED if self.interrupted else EXIT_CODES[self.verdict.outcome]
