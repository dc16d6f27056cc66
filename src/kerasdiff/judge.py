"""Which verdict follows from the evidence? The first row of an ordered table that applies; no text is read.

A row is a condition, an outcome, a basis and a reason. ``different`` needs a witness: another interface, other weight
settings, a numeric difference under weights that correspond, an edit that no weights can make equal, or other stored
weights where those are required. ``equivalent`` needs a proof, or every numeric rung equal; before it stand all rows
that withhold it. All else is ``inconclusive``, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from kerasdiff.align.edits import Edit, Update, draws_otherwise
from kerasdiff.align.pair import WeightTransfer
from kerasdiff.comparison import Basis, Outcome, Reason, Verdict
from kerasdiff.explain.hiding import may_hide
from kerasdiff.findings import Fact, Finding, RungName
from kerasdiff.options import STRENGTHS, Required
from kerasdiff.rungs.records import Rung, RungOutcome

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
        followed: Those of a layer whose moving variance follows another one, as its graph says: a factor next to 1.
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
    followed: tuple[Edit, ...] = ()
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
    def drawn_otherwise(self) -> bool:
        """Whether a layer of Keras holds masks against the same rate that it draws over other axes on either side."""
        return any(map(draws_otherwise, self.edits))

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
        bounds = (edit for edit in self.edits if isinstance(edit, Update) and may_hide(edit))
        return (*(edit for edit in bounds if edit not in self.reached), *self.followed)

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
    # No number tells where masks are drawn inside a loop, and outputs of few draws may look alike.
    _different(Reason.TRAINING, lambda e: not e.proved and e.drawn_otherwise and e.numbers[1] != "equal"),
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
