"""What do the rungs answer with? One record a rung: its outcome, the facts it rests on, and its figures, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from kerasdiff.align.edits import Edit
from kerasdiff.findings import Finding, RungName, SideName, Subject
from kerasdiff.graph import Mode, Node
from kerasdiff.graph.values import Precision, Tolerance

RungOutcome = Literal["equal", "different", "advisory", "skipped", "failed"]

NUMERIC: tuple[RungName, ...] = ("inference", "training step")
"""Rungs that run both models on numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """What all have.

    Attributes:
        ignored: Differences by what was ignored.
    """

    ignored: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceFigures(_Figures):
    """Figures of the interface rung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchitectureFigures(_Figures):
    """Figures of the architecture rung.

    Attributes:
        edits: How many.
        modes: In which both graphs are known.
        isomorphic: Whether the canonical graphs of both modes are the same.
    """

    edits: int
    modes: tuple[Mode, ...]
    isomorphic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFigures(_Figures):
    """Figures of the weights rung.

    Attributes:
        compared: Pairs of weights.
        reference, candidate: Weights of either side.
        parameters: Scalars of either side, without the states of random generators.
    """

    compared: int
    reference: int
    candidate: int
    parameters: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFigures(_Figures):
    """Figures of many comparisons of values, the worst of them in full.

    Attributes:
        compared, beyond: Comparisons made, and those beyond their limit.
        tolerance: What they were held to.
        precision: In which both sides were run.
        max_absolute, max_relative, place, smallest_passing, argmax_agreement: Of the worst, as of ``Closeness``.
        where: What the worst was of.
        differing: What was beyond its limit, the first hundred.
        absent_gradients: Weights that get a gradient on one side alone.
        untaken: Of either side, ids of nodes that branch on data and went one way on every probe; ``None`` where
            nobody looked.
        weight_scale: Factor on the weights, where a search found the input.
        found_by: How a search found it.
    """

    compared: int
    beyond: int
    tolerance: Tolerance
    precision: Precision
    max_absolute: float
    max_relative: float
    place: tuple[int, ...] | None
    smallest_passing: float
    argmax_agreement: float | None
    where: Subject
    differing: tuple[Subject, ...] = ()
    absent_gradients: int = 0
    untaken: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    weight_scale: float = 1.0
    found_by: Finding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFigures(_Figures):
    """Figures of outputs that were compared as samples.

    Attributes:
        smallest_p: Over all tests.
        tests: Kolmogorov-Smirnov tests made.
        draws: Draws of each sample, over all rows.
        limit_p: What the smallest is held to, divided by the number of tests.
    """

    smallest_p: float
    tests: int
    draws: int
    limit_p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomFigures(_Figures):
    """Attributes: random: The side that is random at inference, alone."""

    random: SideName


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFigures(_Figures):
    """Figures of the checkpoint rung.

    Attributes:
        files: Kinds of file that were saved.
        unsaved: Kind of file to why Keras could not write it.
        refused: Kind of file to why Keras refused to load it.
        missing, extra, other_shape: Stored paths the reference lacks, has beyond the candidate's, has in other shape.
        limit, max_absolute, max_relative, place: Of the outputs after loading; ``None`` where there are none.
        stored_as: Paths of weights that did not arrive, on either side.
        astray, of: Weights that did not arrive, of how many.
        mapped: The first kind of file that the candidate does not load as it is; empty where it loads all.
        mapping: Each path in it with the path of the counterpart in the candidate's ``.weights.h5``.
    """

    files: tuple[str, ...] = ()
    unsaved: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    other_shape: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    limit: float | None = None
    max_absolute: float | None = None
    max_relative: float | None = None
    place: tuple[int, ...] | None = None
    stored_as: tuple[tuple[str, str], ...] = ()
    astray: int | None = None
    of: int | None = None
    mapped: str = ""
    mapping: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FitFigures(_Figures):
    """Figures of the fit rung: steps of a trial, pairs, and the distances as of ``FitEvidence``."""

    steps: int
    pairs: int
    distance: float
    control_distance: float | None
    rounding_distance: float | None
    first_parting: int | None
    identical: bool


Figures: TypeAlias = (
    InterfaceFigures
    | ArchitectureFigures
    | WeightFigures
    | NumberFigures
    | SampleFigures
    | RandomFigures
    | CheckpointFigures
    | FitFigures
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One level of evidence.

    Attributes:
        findings: The facts it rests on, in the order in which they are told.
        figures: Numbers with their limit, place and count; ``None`` where there are none.
        edits: Those that it established by itself.
    """

    name: RungName
    outcome: RungOutcome
    findings: tuple[Finding, ...]
    figures: Figures | None = None
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """A rung, or a part of one, that did not run, and why."""

    rung: RungName | Literal["attribution", "distances"]
    reason: Finding


# Beside the rungs ---------------------------------------------------------------------------------------------

RowState = Literal["kept", "rewritten", "inserted", "deleted", "updated", "moved", "rewired"]


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
