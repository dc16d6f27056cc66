"""What became of one model's weights that were to become another's? One frozen record of a conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kerasdiff.comparison import Comparison
from kerasdiff.findings import Compared, Fact, Finding
from kerasdiff.graph.joins import Join

How = Literal["as it is", "transposed", "reshaped", "of several", "of a part"]
"""In which way a weight of the candidate holds what the reference's hold."""


FAILED = (Fact.CONVERTED_APART, Fact.CONVERTED_ASTRAY)
"""What is wrong with a file that was written on trial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A weight of either side.

    Attributes:
        weight: Its id.
        path: What Keras calls it.
    """

    weight: str
    path: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A weight of the candidate with what it is made of.

    Attributes:
        target: The weight.
        made_of: What of the reference, in the order in which it holds them.
        how: In which layout.
        join: How several are one, or of which that are one it is a part; ``None`` for one of one.
        part: Which part it is, from 0; ``None`` where it is none.
    """

    target: Held
    made_of: tuple[Held, ...]
    how: How
    join: Join | None = None
    part: int | None = None

    @property
    def weight(self) -> str:
        """Its id."""
        return self.target.weight

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of what it is made of."""
        return tuple(one.weight for one in self.made_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """All that is known of one.

    Attributes:
        comparison: Of the two models, with random weights.
        weights: The file of the reference's weights, as the user wrote it; empty where it started from its own.
        output: The file that was to be written.
        refusal: Why nothing was written; ``None`` where it was.
        carried: What the candidate's weights are made of.
        kept: Ids of the candidate's weights that hold what they start from, for nothing stands for them.
        unseen: Those of ``carried`` that no output depends on: they went by the alignment alone.
        homeless: Paths in the file of weights that the reference has no place for.
        checked: How many outputs of the written file were compared with the reference's.
        worst: The furthest apart.
    """

    comparison: Comparison
    weights: str
    output: str
    refusal: Finding | None = None
    carried: tuple[Carried, ...] = ()
    kept: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    homeless: tuple[str, ...] = ()
    checked: int = 0
    worst: Compared | None = None

    @property
    def written(self) -> bool:
        """Whether the file is there."""
        return self.refusal is None

    @property
    def exit_code(self) -> int:
        """0 where it is; 1 where what was written for it is wrong; else that of the comparison, or 3 for open."""
        if self.refusal is None:
            return 0
        return 1 if self.refusal.fact in FAILED else self.comparison.exit_code or 3
