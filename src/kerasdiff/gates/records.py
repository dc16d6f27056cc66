"""What a file of gates says, pair by pair, and what is known of each once it was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import TYPE_CHECKING, Literal

from kerasdiff.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE
from kerasdiff.findings import RungName
from kerasdiff.options import Ignored, Options
from kerasdiff.side.interpreters.settings import OPEN, Setting

if TYPE_CHECKING:  # which takes a while to import, and the file is read before anything else is done
    from kerasdiff.comparison import Comparison

Expected = Literal["equivalent", "different"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """A difference that somebody decided to live with for a while.

    Attributes:
        what: As ``--ignore`` names it.
        until: The last day on which it holds.
        line: Where it stands in the file.
    """

    what: Ignored
    reason: str
    until: date
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One pair of the file.

    Attributes:
        line: Where it stands.
        reference: A target, or a stored baseline; empty for the candidate as it was at ``against``.
        against: A revision; empty for that of the file, or else the merge base.
        options: As for one comparison; ``ignore`` holds what all ``ignores`` name.
        given: The inputs as they are written.
        unsafe: Whether code that saved models hold may be run.
        objects: Python files with the classes that saved models are made with, absolute, each with the side that it is
            for; that is empty for both.
        settings: In what reference and candidate run.
        to: What is installed into the environment that is made for the candidate; empty where none is.
        expect: What the pair has to be.
        edits: Of a pair that is to differ, the edits that are known, each as its kind and op (``insert relu``).
        known_lines: Where ``expect`` and ``edits`` stand, as far as they are written.
        rungs: What has to be equal; empty where the verdict decides.
    """

    name: str
    line: int
    candidate: str
    reference: str = ""
    against: str = ""
    options: Options
    given: tuple[str, ...] = ()
    unsafe: bool = False
    objects: tuple[tuple[str, str], ...] = ()
    settings: tuple[Setting, Setting] = (OPEN, OPEN)
    to: tuple[str, ...] = ()
    expect: Expected = "equivalent"
    edits: tuple[str, ...] | None = None
    known_lines: tuple[int, ...] = ()
    rungs: tuple[RungName, ...] = ()
    ignores: tuple[Ignore, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """A file of gates.

    Attributes:
        path: As it is shown.
        here: Its directory, absolute; paths within are relative to it.
        base: The revision that pairs without a reference are compared against; empty for the merge base.
    """

    path: str
    here: str
    gates: tuple[Gate, ...]
    base: str = ""


class Standing(Enum):
    """How a pair stands; those that come first weigh more in the exit code of all."""

    FAILED = auto()  # it is not what the file says
    UNUSABLE = auto()  # it could not be compared
    INCONCLUSIVE = auto()  # nobody can tell
    PASSED = auto()  # it is what the file says
    UNCHANGED = auto()  # none of its files changed, so it was not run
    NOT_RUN = auto()  # somebody cut the check off before


class Why(Enum):
    """Why a pair does not pass."""

    DIFFERENT = auto()  # it was to be equivalent
    RUNGS = auto()  # a rung that has to be equal differs
    OPEN = auto()  # a rung that has to be equal was not looked at, or the verdict is withheld
    EQUIVALENT = auto()  # it was to be different
    EDITS = auto()  # it differs, by other edits than those that are known
    EXPIRED = auto()  # what somebody ignored is not ignored any more
    TROUBLE = auto()  # it could not be compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a pair could not be compared.

    Attributes:
        internal: Whether kerasdiff itself is to blame.
    """

    message: str
    details: str = ""
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPair:
    """A pair once it was checked.

    Attributes:
        why: Where it does not pass.
        expired: What was not ignored, for its day is over.
        needed: Whether the pair would differ without what expired.
        missing, unknown: Edits that are known and not there, and that are there and not known.
        rungs: Those that keep it from passing.
        seconds: How long it took.
    """

    gate: Gate
    standing: Standing
    why: Why | None = None
    comparison: Comparison | None = None
    trouble: Trouble | None = None
    expired: tuple[Ignore, ...] = ()
    needed: bool = False
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    rungs: tuple[RungName, ...] = ()
    seconds: float = 0.0


EXIT_CODES: Mapping[Standing, int] = {
    Standing.FAILED: 1,
    Standing.UNUSABLE: EXIT_USAGE,
    Standing.INCONCLUSIVE: 3,
}
"""Of a check, by the standing that weighs most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A check: every pair that was asked for, in the order of the file.

    Attributes:
        path: The file of gates, as it is shown.
        file: The same from the root of its repository, as what is shown beside code needs it.
        today: The day that says what expired.
        base: Where only pairs with changed files ran, the revision that says what changed.
        interrupted: Whether somebody cut it off; it then holds what was known.
    """

    path: str
    pairs: tuple[CheckedPair, ...]
    today: date
    base: str = ""
    file: str = ""
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """What a command that reports it exits with."""
        if self.interrupted:
            return EXIT_INTERRUPTED
        if any(pair.trouble is not None and pair.trouble.internal for pair in self.pairs):
            return EXIT_INTERNAL
        standings = {pair.standing for pair in self.pairs}
        return next((code for standing, code in EXIT_CODES.items() if standing in standings), 0)

    def of(self, standing: Standing) -> tuple[CheckedPair, ...]:
        """The pairs that stand so."""
        return tuple(pair for pair in self.pairs if pair.standing is standing)
