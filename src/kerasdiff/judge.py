"""Which verdict follows from the evidence? The first row of an ordered table that applies; no text is read.

A row is a condition, an outcome, a basis and a reason. ``different`` needs a witness: another interface, other weight
settings, a numeric difference under weights that correspond, an edit that no weights can make equal, or other stored
weights where those are required. ``equivalent`` needs a proof, or every numeric rung equal; before it stand all rows
that withhold it. All else is ``inconclusive``, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kerasdiff.align.differences import MASKING
from kerasdiff.align.edits import Aspect, Change, Edit, Part, Update
from kerasdiff.comparison import Basis, Outcome, Reason, Verdict
from kerasdiff.findings import Fact, Finding, RungName
from kerasdiff.graph import Attribute
from kerasdiff.graph.ops import AFFINE
from kerasdiff.options import STRENGTHS, Required
from kerasdiff.rungs.records import Rung, RungOutcome

if TYPE_CHECKING:  # reports read this module for one function, and a saved one is shown at once
    from kerasdiff.align.pair import WeightTransfer

STRUCTURAL = frozenset(
    {"op", "wiring", "unroll", "use_cudnn", "implementation", "flash_attention", "activation", "axis", "axes",
     "keep_dims", "keepdims", "to", "target_shape", "perm", "dims", "pads", "padding", "strides", "dilations", "ksize",
     "data_format", "equation", "dtype", "adj_x", "adj_y", "transpose_a", "transpose_b", "return_sequences",
     "return_state", "zero_output_for_mask", "go_backwards", "units", "filters", "groups"}
)  # fmt: skip
"""Settings that move every value or none: random probes decide about them. Bounds and thresholds may hide."""

FACTOR = "by"
"""The setting of a scale or a shift."""

FLOAT32_DIGITS = 24
"""Binary digits of a number in float32."""

UNIMPLIED: tuple[RungName, ...] = ("interface", "weights")
"""Rungs that no proof of the graphs implies: without them nothing is equivalent."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What :func:`judge` looks at.

    Attributes:
        rungs: By name.
        edits: Of the architecture rung, then of the weights rung.
        isomorphic: Whether the canonical graphs are the same in both modes.
        transfer: Which weights correspond.
        parameters: Scalars of either model.
        reached: The edits of a constant factor or summand that outputs or losses are seen to depend on.
        unseen: Reasons why an equivalence would claim too much: what no rung could look at.
        require: The weakest basis that passes as equivalent.
        gates: Rungs without which nothing is equivalent, whatever it rests on.
    """

    rungs: Mapping[RungName, Rung]
    edits: tuple[Edit, ...]
    isomorphic: bool
    transfer: WeightTransfer
    parameters: tuple[int, int]
    reached: tuple[Update, ...] = ()
    unseen: tuple[Finding, ...] = ()
    require: Required = "statistical"
    gates: tuple[RungName, ...] = UNIMPLIED

    def outcome(self, name: RungName) -> RungOutcome | None:
        """What a rung says, ``None`` where it did not run."""
        rung = self.rungs.get(name)
        return None if rung is None else rung.outcome

    @cached_property
    def numbers(self) -> tuple[RungOutcome | None, RungOutcome | None]:
        """What inference and training step say."""
        return self.outcome("inference"), self.outcome("training step")

    @cached_property
    def proved(self) -> bool:
        """Whether the graphs are the same, and so is what is penalized, without a look at a number."""
        alike = (finding.fact is Fact.PENALIZED_ALIKE for rung in self.rungs.values() for finding in rung.findings)
        return self.isomorphic and not any(alike)

    @cached_property
    def spelled(self) -> bool:
        """Whether settings read differently, and it took their figures to tell that they do the same."""
        rung = self.rungs.get("weights")
        return rung is not None and any(finding.fact is Fact.SPELLED_OTHERWISE for finding in rung.findings)

    @cached_property
    def agrees(self) -> bool:
        """Whether every number agrees, under weights that all correspond."""
        return self.numbers == ("equal", "equal") and self.transfer.complete

    @cached_property
    def explained(self) -> bool:
        """Whether an edit names a node that both sides have."""
        return any(edit.kind in ("update", "rewire", "move") for edit in self.edits)

    @cached_property
    def one_sided(self) -> bool:
        """Whether all edits are of one kind."""
        return len({edit.kind for edit in self.edits}) == 1

    @cached_property
    def witnessed(self) -> bool:
        """Whether numbers differ under weights that correspond for sure, or where it does not matter if they do."""
        sure = not self.transfer.guessed or self.explained or self.one_sided or self.numbers[0] == "equal"
        return "different" in self.numbers and self.transfer.complete and sure

    @cached_property
    def unpaired(self) -> bool:
        """Whether weights lack a counterpart that no way to join others could be, and edits tell the models apart."""
        told_apart = self.explained or self.one_sided or self.parameters[0] != self.parameters[1]
        return not self.transfer.complete and not self.transfer.regrouped and bool(self.edits) and told_apart

    @cached_property
    def values_differ(self) -> bool:
        """Whether two saved files hold other values in weights that correspond."""
        findings = self.rungs["weights"].findings if "weights" in self.rungs else ()
        return any(finding.fact is Fact.STORED_VALUES_DIFFER for finding in findings)

    @cached_property
    def closed(self) -> tuple[Finding, ...]:
        """The gates that are; a rung that found nothing against an equivalence (``advisory``) leaves its own open."""
        return tuple(
            Finding(fact=Fact.GATE_CLOSED, names=(name,), parts=self.rungs[name].findings if name in self.rungs else ())
            for name in self.gates
            if self.outcome(name) in (None, "skipped", "failed")
        )

    @cached_property
    def hidden(self) -> tuple[Edit, ...]:
        """The updates of a bound, a constant or the like, which probes may never reach.

        A constant factor or summand that outputs are seen to depend on moves them: what agrees, agrees for another
        constant makes up for it.
        """
        return tuple(
            edit for edit in self.edits if isinstance(edit, Update) and may_hide(edit) and edit not in self.reached
        )

    def too_weak(self, basis: Basis | None) -> bool:
        """Whether a basis is weaker than required."""
        return basis in STRENGTHS and STRENGTHS.index(basis) > STRENGTHS.index(self.require)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table."""

    when: Callable[[Evidence], bool]
    outcome: Outcome
    basis: Basis | None
    reason: Reason


def _different(reason: Reason, when: Callable[[Evidence], bool]) -> Row:
    return Row(when=when, outcome="different", basis="witness", reason=reason)


def _withheld(reason: Reason, when: Callable[[Evidence], bool]) -> Row:
    return Row(when=when, outcome="inconclusive", basis=None, reason=reason)


def _equivalent(reason: Reason, basis: Basis, when: Callable[[Evidence], bool]) -> Row:
    return Row(when=when, outcome="equivalent", basis=basis, reason=reason)


EQUALS: tuple[Row, ...] = (
    _equivalent(Reason.PROOF, "proof", lambda e: e.proved and not e.spelled),
    _equivalent(Reason.SPELLED, "numeric", lambda e: e.proved),
    _equivalent(Reason.SAME_BY_OTHERS, "numeric", lambda e: e.agrees and e.outcome("architecture") == "equal"),
    _equivalent(Reason.NUMBERS, "numeric", lambda e: e.agrees),
)
"""What an equivalence rests on: the rows of :data:`TABLE` to which the others have left the models."""


def _of_equals(evidence: Evidence) -> Row:
    return next(row for row in EQUALS if row.when(evidence))


TABLE: tuple[Row, ...] = (
    _different(Reason.INTERFACE, lambda e: e.outcome("interface") == "different"),
    # Between saved files the values are the function.
    _different(Reason.VALUES, lambda e: e.values_differ and not (e.witnessed and e.numbers[0] == "different")),
    # Settings that differ alone leave the function the same.
    _different(
        Reason.SETTINGS_ALONE,
        lambda e: e.outcome("weights") == "different" and (e.proved or e.numbers == ("equal", "equal")),
    ),
    _different(Reason.SETTINGS, lambda e: e.outcome("weights") == "different"),
    # A proof that numbers deny is a fault of ours; it claims nothing, and neither do the numbers.
    _different(Reason.OUTPUTS, lambda e: not e.proved and e.witnessed and e.numbers[0] == "different"),
    _different(Reason.TRAINING, lambda e: not e.proved and e.witnessed),
    _different(Reason.UNPAIRED, lambda e: not e.proved and e.unpaired),
    # Required, or the rung would be advisory.
    _different(Reason.STORED, lambda e: e.outcome("checkpoint") == "different" and _settled(e)),
    _different(Reason.STORED_TOO, lambda e: e.outcome("checkpoint") == "different"),
    _withheld(Reason.CONTRADICTED, lambda e: e.proved and "different" in e.numbers),
    _withheld(Reason.BOUND, lambda e: not e.proved and e.agrees and bool(e.hidden)),
    _withheld(Reason.FIT_APART, lambda e: (e.proved or e.agrees) and e.outcome("fit") == "different"),
    _withheld(Reason.OPEN, lambda e: not (e.proved or e.agrees)),
    _withheld(Reason.GATE, lambda e: bool(e.closed)),
    _withheld(Reason.UNSEEN, lambda e: bool(e.unseen)),
    _withheld(Reason.WEAKER, lambda e: e.too_weak(_of_equals(e).basis)),
    *EQUALS,
)
"""Rows in the order in which they are tried."""


def _settled(evidence: Evidence) -> bool:
    """Whether all but the stored weights is known to be the same."""
    if evidence.proved:
        return "different" not in evidence.numbers and evidence.outcome("fit") != "different"
    return evidence.agrees and not evidence.hidden and evidence.outcome("fit") != "different"


def judge(evidence: Evidence) -> Verdict:
    """Decides outcome and basis by the first row of :data:`TABLE` that applies.

    Raises:
        ValueError: If none does, which the rows exclude.
    """
    row = next(row for row in TABLE if row.when(evidence))
    findings = {Reason.GATE: evidence.closed, Reason.UNSEEN: evidence.unseen}.get(row.reason, ())
    instead = None
    if row.reason is Reason.WEAKER:
        weaker = _of_equals(evidence)
        instead = Verdict(outcome=weaker.outcome, basis=weaker.basis, reason=weaker.reason)
    return Verdict(outcome=row.outcome, basis=row.basis, reason=row.reason, findings=findings, instead=instead)


# Whether probes may never reach what an update changes ----------------------------------------------------


def may_hide(edit: Update) -> bool:
    """Whether an update changes a bound, a constant or the like, which probes may never reach; one side may lack it."""
    affine = all(site is None or site.op in AFFINE for site in edit.sites)
    return any(_hides(change) and not (affine and _same_factor(change)) for change in edit.changes)


def _same_factor(change: Change) -> bool:
    """Whether a factor or a summand is the same number, rounded to float32 on another way to it.

    ``x / sqrt(6)`` and ``x * 6 ** -0.5`` are computed from constants that may lie two units in the last place apart.
    """
    one, two = map(_number, change.values)
    if change.name != FACTOR or one is None or two is None:
        return False
    last = 2.0 ** (math.frexp(max(abs(one), abs(two)))[1] - FLOAT32_DIGITS)
    return abs(one - two) <= 2 * last


def _hides(change: Change) -> bool:
    if change.aspect is Aspect.COMPUTATION:
        return _constants_alone(change.parts) and not same_bounds(*map(_values, change.parts))
    one, two = change.values
    if change.aspect is Aspect.DRAWN:
        return False  # of another size they cannot be carried over, and no number agrees
    if change.aspect is Aspect.GENERATOR:
        return "fixed" in (one, two)  # the same numbers in every call: probes run one call
    if change.name.rpartition(".")[2] in STRUCTURAL or change.aspect in (Aspect.OP, Aspect.WIRING, Aspect.DTYPE):
        return False
    return (None not in (one, two) or _is_number(one) or _is_number(two)) and not same_bounds(
        _listed(one), _listed(two)
    )


def _constants_alone(parts: tuple[tuple[Part, ...], tuple[Part, ...]]) -> bool:
    return all(side and all(not part.op for part in side) for side in parts)


def _values(parts: tuple[Part, ...]) -> tuple[Attribute, ...]:
    return tuple(part.constant for part in parts)


def _listed(value: Attribute) -> tuple[Attribute, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def same_bounds(one: tuple[Attribute, ...], two: tuple[Attribute, ...]) -> bool:
    """Whether constants are the same numbers, as ids compared to 0 or to 0.0, or all stand for infinity.

    So do those of one sign that are as large as the mask of a softmax.
    """
    pairs = [(_number(a), _number(b)) for a, b in zip(one, two, strict=False)]
    return len(one) == len(two) and all(
        a is not None and b is not None and (a == b or (min(abs(a), abs(b)) >= MASKING and (a < 0) == (b < 0)))
        for a, b in pairs
    )


def _number(value: Attribute) -> float | None:
    """A number, or one that a rewrite wrote out to the last digit (the ``by`` of a Scale); else ``None``."""
    if not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _is_number(value: Attribute) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
