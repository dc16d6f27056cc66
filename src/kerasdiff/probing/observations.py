"""What did running both models give? Everything that a rung judges by, gathered once and never run again.

A value that both sides computed is here as a comparison: the arrays themselves stay behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasdiff.findings import Compared, Fact, Finding, Subject
from kerasdiff.graph.values import Closeness, Precision, Tolerance
from kerasdiff.probing.draws.samples import Samples
from kerasdiff.probing.witness import Witness
from kerasdiff.side.checkpoints import Places, Restored, Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """What one run of both models gave, value by value.

    Attributes:
        compared: Each with its limit.
        precision, tolerance: Of the run.
        coarse: Why the limit is not that of float64, if it is not.
        absent: Weights that get a gradient on one side alone, with the reason.
        hidden: Differences that were left out, by what was ignored.
    """

    compared: tuple[Compared, ...]
    precision: Precision
    tolerance: Tolerance
    coarse: Finding | None = None
    absent: tuple[Finding, ...] = ()
    hidden: Mapping[str, int] = field(default_factory=dict)

    @property
    def informative(self) -> bool:
        """Whether anything was compared that is not zero, or not finite, on both sides."""
        return any(item.closeness.informative for item in self.compared)

    @property
    def beyond(self) -> tuple[Compared, ...]:
        """The comparisons beyond their limit, which no rounding accounts for."""
        return tuple(item for item in self.compared if item.closeness.differs)

    @property
    def undecided(self) -> tuple[Compared, ...]:
        """Those beyond it that rounding may account for."""
        return tuple(item for item in self.compared if item.closeness.undecided)

    @property
    def never_finite(self) -> tuple[Subject, ...]:
        """The outputs that are NaN or infinite throughout, on both sides and on every probe: they decide nothing."""
        known: dict[tuple[str, int], list[Compared]] = {}
        for item in self.compared:
            if item.subject.quantity in ("output", "training output"):
                known.setdefault((item.subject.quantity, item.subject.number), []).append(item)
        return tuple(
            items[0].subject
            for items in known.values()
            if all(item.closeness.equal and item.closeness.nonfinite == item.closeness.count for item in items)
        )

    @property
    def differ(self) -> bool:
        """Whether anything is beyond its limit, or on one side alone."""
        return bool(self.absent or (self.informative and self.beyond))

    @property
    def agree(self) -> bool:
        """Whether something was compared, and nothing differs or is undecided."""
        return self.informative and not self.differ and not self.undecided and not self.never_finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What is known of models that draw random numbers.

    Attributes:
        shared: Comparisons with the reference's draws put into the candidate; ``None`` where they do not correspond.
        mirrored: The same with numbers that are as likely, where that agrees: the mirror image of draws whose nodes are
            edited or not aligned, or parts of the draws in another order.
        count: Random ops that were given the other side's numbers.
        sure: Whether it is known which draw corresponds to which.
        drawing: Whether each side draws anew in every call, where that was asked.
        apart: Whether both draw, from generators that do not correspond, so that samples alone tell.
        samples: Outputs over many draws, where no number could be carried over.
    """

    shared: Comparisons | None = None
    mirrored: Comparisons | None = None
    count: int = 0
    sure: bool = True
    drawing: tuple[bool, bool] = (False, False)
    apart: bool = False
    samples: Samples | None = None

    @property
    def deciding(self) -> Comparisons | None:
        """The comparisons that count."""
        return self.mirrored or self.shared

    @property
    def agrees(self) -> bool:
        """Whether both agree once they draw the same numbers."""
        return self.deciding is not None and self.deciding.agree and self.samples is None


def _outputs(comparisons: Comparisons | None, chance: Chance | None) -> tuple[Compared, ...]:
    """The comparisons of outputs that decide, with the same random numbers where they could be given."""
    deciding = comparisons if chance is None else chance.deciding
    items = () if deciding is None else deciding.compared
    return tuple(item for item in items if item.subject.quantity in ("output", "training output"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSize:
    """Inputs whose shapes are not fixed, in other lengths.

    Attributes:
        unfit: One side takes a length that the other does not: that side, the shapes, and why.
        tried: Shapes that neither side takes.
    """

    unfit: Finding | None = None
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionObservation:
    """Calls of both models in inference mode.

    Attributes:
        repeated: Whether each side gives the same bits twice.
        comparisons: Of the outputs, where both do.
        chance: Where a side does not, or the two draw numbers that do not correspond.
        updates: Weights that a call changes on one side alone, or to another value.
        added: The losses that are added at inference.
        untaken: Of either side, ids of nodes that branch on data and went one way on every probe.
        other_size: Of inputs whose shapes are not fixed.
    """

    repeated: tuple[bool, bool]
    comparisons: Comparisons | None = None
    chance: Chance | None = None
    updates: tuple[Finding, ...] = ()
    added: Closeness | None = None
    untaken: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    other_size: OtherSize = OtherSize()

    @property
    def outputs(self) -> tuple[Compared, ...]:
        """How outputs compare."""
        return _outputs(self.comparisons, self.chance)

    @property
    def differs(self) -> bool:
        """Whether outputs are beyond their limit, of models that draw nothing."""
        return self.chance is None and self.comparisons is not None and self.comparisons.differ

    @property
    def agrees(self) -> bool:
        """Whether outputs were compared and nothing tells the two apart."""
        if self.chance is not None and (self.comparisons is None or self.comparisons.differ or not self.chance.agrees):
            return self.chance.agrees
        beside = bool(self.updates) or (self.added is not None and not self.added.equal)
        return self.comparisons is not None and self.comparisons.agree and not beside


@dataclass(frozen=True, slots=True, kw_only=True)
class StepObservation:
    """One optimizer step of both sides, or what is known of it.

    Attributes:
        refused: Why none was taken, in the words of the error.
        rows: Weights whose rows an optimizer takes one by one on one side alone.
        taken: Optimizer and loss of either side, ``None`` where the steps are not compared.
        rounding: Whether they are not because they are rounding in float32.
        not_finite: Whether they are not because the loss is no finite number on either side.
    """

    refused: str = ""
    rows: tuple[Finding, ...] = ()
    taken: tuple[tuple[str, str], tuple[str, str]] | None = None
    rounding: bool = False
    not_finite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningObservation:
    """Calls of both models in training mode, their gradients, updates and one optimizer step.

    Attributes:
        masked_apart: Whether an output carries a mask on one side alone.
        repeated: Whether each side gives the same bits twice.
        comparisons: Of all that a training step sees and does, where both do; steps and larger weights included.
        step: ``None`` where none was wanted, for something differs before it.
        chance: As of :class:`FunctionObservation`.
    """

    masked_apart: bool = False
    repeated: tuple[bool, bool] = (True, True)
    comparisons: Comparisons | None = None
    step: StepObservation | None = None
    chance: Chance | None = None

    @property
    def outputs(self) -> tuple[Compared, ...]:
        """How outputs compare."""
        return _outputs(self.comparisons, self.chance)

    @property
    def agrees(self) -> bool:
        """Whether a training step was compared and nothing tells the two apart."""
        if self.step is not None and self.step.rows:
            return False
        if self.chance is not None:
            return self.chance.agrees
        return self.comparisons is not None and self.comparisons.agree


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search for an input that separates the models gave.

    Attributes:
        witness: The input; ``None`` where none was found.
        closeness: Of the outputs on it.
    """

    witness: Witness | None = None
    closeness: Closeness | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObservation:
    """What the reference saved, and what became of the candidate that loaded it.

    Attributes:
        saved, other: What each side saves.
        restored: Kind of file to what loading it gave.
        outputs: Kind of file to the worst output after loading, where Keras did not refuse.
        repeated: Whether the reference gives the same outputs twice.
        otherwise: The same as ``outputs`` of what was loaded with an option, by kind of file and option.
    """

    saved: Saved
    other: Saved
    restored: Mapping[str, Restored]
    outputs: Mapping[str, Closeness]
    repeated: bool = True
    otherwise: Mapping[tuple[str, str], Closeness] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlaces:
    """Where both sides store their weights, of models of which no file is written."""

    sides: tuple[Places, Places]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredValues:
    """What two saved files hold.

    Attributes:
        compared: Pairs of weights.
        beyond: Those that hold other values, the furthest apart first.
        rounding: Largest difference of the others, as a fraction of scale.
        outputs: With the values as stored, where these differ and both sides can be run.
    """

    compared: int
    beyond: tuple[Compared, ...]
    rounding: float
    outputs: Comparisons | None = None

    @property
    def differ(self) -> bool:
        """Whether they hold other values, and no output denies that this matters."""
        return bool(self.beyond) and not (self.outputs is not None and self.outputs.agree)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unobserved:
    """Why something was not observed: a side refused, weights lack a counterpart, the interfaces differ.

    Attributes:
        failed: Whether it was tried and went wrong.
    """

    reason: Finding
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """All of them.

    Attributes:
        same_start: Weights of the reference that start from the same bytes as their counterparts, though their
            initializers read differently.
        function, learning, stored: Or why there are none; ``None`` of the first two: a proof implies it.
        searched: ``None`` where no search was needed.
    """

    same_start: frozenset[str] = frozenset()
    function: FunctionObservation | Unobserved | None
    learning: LearningObservation | Unobserved | None
    stored: StoredObservation | StoredPlaces | Unobserved | None
    searched: Searched | None = None


def refused(message: str) -> Unobserved:
    """A side cannot be run; the message is that of the error."""
    return Unobserved(reason=Finding(fact=Fact.REFUSED, cause=message), failed=True)
