"""The steps that turn the reference into the candidate: one frozen record a kind, without a sentence.

How an edit is put into words is the business of `kerasdiff.report.wording.edits` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar, Literal, TypeAlias

from kerasdiff.findings import Site
from kerasdiff.graph import MODES, Attribute, Mode

EditKind = Literal["insert", "delete", "update", "move", "rewire"]
EditRung = Literal["architecture", "weights"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """What every edit has.

    Attributes:
        op: What it is about (``relu``).
        rung: The rung that established it.
        reference, candidate: The node on each side; ``None`` where it has none.
        after: Ids of the aligned nodes right before it, reference's and candidate's, where known.
        modes: The graphs it shows in.
    """

    kind: ClassVar[EditKind]

    op: str
    rung: EditRung = "architecture"
    reference: Site | None
    candidate: Site | None
    after: tuple[str | None, str | None] = (None, None)
    modes: tuple[Mode, ...] = MODES

    @property
    def sites(self) -> tuple[Site | None, Site | None]:
        """Both nodes, by side."""
        return self.reference, self.candidate


MaskRole = Literal["", "with", "as"]
"""Whether a node is called with a mask, or what it computes serves as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneSided(_Edit):
    """A node that one side alone has.

    Attributes:
        mask: Its part in masking.
        operands: Ids of what it joins, where it takes several values.
        between: Ids of its only operand and only user; empty where there is none, or several.
        inside: Names of the ops that it does more than the other side, where it is not a difference as a whole.
    """

    mask: MaskRole = ""
    operands: tuple[str, ...] = ()
    between: tuple[str, str] = ("", "")
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert(_OneSided):
    """The candidate alone has this node."""

    kind: ClassVar[EditKind] = "insert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(_OneSided):
    """The reference alone has this node."""

    kind: ClassVar[EditKind] = "delete"


class Aspect(Enum):
    """What of a pair of nodes a change is of."""

    SETTING = auto()  # a setting by name: strides
    CALL = auto()  # an argument of the call: training=
    OP = auto()  # another call altogether
    COMPUTATION = auto()  # what either side alone computes inside: Change.parts
    WIRING = auto()  # the same ops inside, connected in another way
    UNTRACKED = auto()  # variables that the model does not track
    DTYPE = auto()  # of the results
    WEIGHT = auto()  # a setting of a weight: Change.weight holds its role
    SEED = auto()  # with whom a random generator shares its seed
    COMPILE = auto()  # a compile setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An op, or a constant, that a node computes with."""

    op: str = ""
    constant: Attribute = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that an update changes.

    Attributes:
        name: Of the setting, empty where the aspect says it all.
        values: The reference's and the candidate's.
        weight: For ``WEIGHT``, the weight's role (``kernel``).
        parts: For ``COMPUTATION``, what either side alone computes.
    """

    aspect: Aspect
    name: str = ""
    values: tuple[Attribute, Attribute] = (None, None)
    weight: str = ""
    parts: tuple[tuple[Part, ...], tuple[Part, ...]] = ((), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(_Edit):
    """The same node on both sides, with other settings.

    Attributes:
        changes: In the order in which they are told.
        owner: Of changes to weights, the path of the layer that holds them.
    """

    kind: ClassVar[EditKind] = "update"

    changes: tuple[Change, ...]
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(_Edit):
    """The same node, standing elsewhere.

    Attributes:
        behind: What it takes its operands from, by side.
    """

    kind: ClassVar[EditKind] = "move"

    behind: tuple[tuple[Site, ...], tuple[Site, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A value that a node takes.

    Attributes:
        site: The node it comes from.
        result: Which of its results, from 1; 0 where it has one alone.
        counterpart: The id of the reference's node that stands for it, where that has to be said.
    """

    site: Site
    result: int = 0
    counterpart: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One output or added loss and what it is on either side; ``number`` is that of the output, -1 for a loss."""

    number: int
    reference: Site
    candidate: Site


class Wiring(Enum):
    """What is wired otherwise."""

    MASK = auto()  # one side ignores the mask: the side without has no mask operand
    OPERANDS = auto()  # other operands
    ORDER = auto()  # the same operands in another order
    SHARING = auto()  # weights or a random generator shared with others
    OUTPUTS = auto()  # outputs of the model are other values
    OUTPUT_ORDER = auto()  # the same outputs in another order
    LOSSES = auto()  # added losses are other values


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewire(_Edit):
    """The same node, connected otherwise.

    Attributes:
        wiring: What is.
        takes: For ``OPERANDS`` and ``ORDER``, the operands that differ, by side.
        masked: For ``MASK``, the side that applies it, 0 for the reference.
        shared: For ``SHARING``, the first few nodes that share with it, by side.
        more: How many others do.
        generator: Whether what is shared is a random generator.
        ends: For outputs and losses.
    """

    kind: ClassVar[EditKind] = "rewire"

    wiring: Wiring
    takes: tuple[tuple[Operand, ...], tuple[Operand, ...]] = ((), ())
    masked: int = 0
    shared: tuple[tuple[Operand, ...], tuple[Operand, ...]] = ((), ())
    more: tuple[int, int] = (0, 0)
    generator: bool = False
    ends: tuple[End, ...] = ()


Edit: TypeAlias = Insert | Delete | Update | Move | Rewire
