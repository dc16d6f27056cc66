"""What would a gate catch? The changes that were tried on a model, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from kerasdiff.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE
from kerasdiff.findings import RungName
from kerasdiff.gates.records import Gate, Trouble
from kerasdiff.options import Ignored
from kerasdiff.side.mutations import Mutation


class Fate(Enum):
    """What becomes of a change at a gate."""

    CAUGHT = auto()  # the gate fails
    STOPPED = auto()  # it is inconclusive, which does not pass either
    IGNORED = auto()  # it passes, as the file ignores what differs
    NOT_ASKED = auto()  # it passes, as no rung that the file asks for differs
    HARMLESS = auto()  # it passes, and Keras itself sees nothing that differs
    MISSED = auto()  # it passes, though Keras itself sees a difference
    UNUSABLE = auto()  # it could not be compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One change, tried.

    Attributes:
        rungs: Those that differ, the first of which caught it.
        ignored: What the file ignores that differs.
        seen: What Keras itself sees, where the gate sees nothing.
        trouble: Why it could not be compared, or asked of Keras.
    """

    mutation: Mutation
    fate: Fate
    rungs: tuple[RungName, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    seen: str = ""
    trouble: Trouble | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A gate on which changes were tried.

    Attributes:
        control: Whether the model built again without a change passes, as it has to.
        trouble: Why no change could be tried.
        seconds: How long all of it took.
    """

    gate: Gate
    tried: tuple[Tried, ...] = ()
    control: bool = False
    trouble: Trouble | None = None
    seconds: float = 0.0

    def of(self, *fates: Fate) -> tuple[Tried, ...]:
        """The changes that came to one of these ends."""
        return tuple(tried for tried in self.tried if tried.fate in fates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What all gates of a file would catch."""

    path: str
    gates: tuple[Proved, ...]
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """What a command that reports it exits with: 1 where a change slips through that nobody chose to let pass."""
        if self.interrupted:
            return EXIT_INTERRUPTED
        if any(gate.of(Fate.MISSED) or (gate.tried and not gate.control) for gate in self.gates):
            return 1
        unusable = [tried for gate in self.gates for tried in gate.of(Fate.UNUSABLE)]
        if any(tried.trouble is not None and tried.trouble.internal for tried in unusable):
            return EXIT_INTERNAL
        return EXIT_USAGE if any(len(gate.of(Fate.UNUSABLE)) == len(gate.tried) for gate in self.gates) else 0
