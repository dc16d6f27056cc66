"""Which steps turn the reference into the candidate? One frozen record a kind, without a sentence.

How an edit is put into words is the business of `kerasdiff.report.wording.edits` alone; what it does when it is applied
is measured later, by `kerasdiff.explain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import ClassVar, Literal, TypeAlias

from kerasdiff.findings import SideName, Site
from kerasdiff.graph import MODES, Attribute, Mode
from kerasdiff.graph.chance import Drawn

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
        times: How often the line runs that it is about.
        folded: Where it tells one change that shows in several places, the edits of the script that make it up.
    """

    kind: ClassVar[EditKind]

    op: str
    rung: EditRung = "architecture"
    reference: Site | None
    candidate: Site | None
    after: tuple[str | None, str | None] = (None, None)
    modes: tuple[Mode, ...] = MODES
    folded: tuple[Edit, ...] = ()
    times: int = 1

    @property
    def sites(self) -> tuple[Site | None, Site | None]:
        """Both nodes, by side."""
        return self.reference, self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A well-known function, known by what it computes: ``gelu`` with ``approximate``, ``softmax`` with ``axis``.

    Attributes:
        name: Keras's for it.
        settings: What tells it from others of that name.
        written: What its author calls it, where that is another of its names (``hard_swish``).
    """

    name: str
    settings: Mapping[str, Attribute] = field(default_factory=dict)
    written: str = ""


# One side alone ----------------------------------------------------------------------------------------------

MaskRole = Literal["", "with", "as"]
"""Whether a node is called with a mask, or what it computes serves as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneSided(_Edit):
    """A node that one side alone has.

    Attributes:
        mask: Its part in masking.
        operands: Where it takes several values, the nodes that give the first few, by id.
        between: Ids of its only operand, or else of its first weight, and of its only user; empty where there is none.
        inside: Names of the ops that it does more than the other side, where it is not a difference as a whole.
        formula: The well-known function that it computes, where it takes several nodes to.
        backwards: Where it turns a sequence around, the recurrent layer beside it that runs backwards.
        unmasked: Where it makes a mask, the layers of the other side that read the padding without it.
        branch: Where it stands for a whole branch, the nodes in it that hold weights; ``operands`` are what goes in.
    """

    mask: MaskRole = ""
    operands: tuple[str, ...] = ()
    between: tuple[str, str] = ("", "")
    inside: tuple[str, ...] = ()
    formula: Formula | None = None
    backwards: Site | None = None
    branch: tuple[Site, ...] = ()
    unmasked: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert(_OneSided):
    """The candidate alone has this node."""

    kind: ClassVar[EditKind] = "insert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(_OneSided):
    """The reference alone has this node."""

    kind: ClassVar[EditKind] = "delete"


# Other settings ----------------------------------------------------------------------------------------------


class Aspect(Enum):
    """What of a pair of nodes a change is of; in brackets what the ``values`` of a :class:`Change` then are."""

    SETTING = auto()  # a setting by name: strides (both values)
    CALL = auto()  # an argument of the call by name: training= (both values, ``None`` where it is not given)
    OP = auto()  # another call altogether: the sites of the edit say which
    COMPUTATION = auto()  # what either side alone computes inside: Change.parts
    FORMULA = auto()  # another well-known function, or another setting of it: Change.formulas
    BAKED = auto()  # a constant on one side, a weight on the other: Change.baked
    WIRING = auto()  # the same ops inside, connected in another way
    UNTRACKED = auto()  # variables that the model does not track (what they hold, by side)
    DRAWN = auto()  # the shapes of random numbers (by side, one a shape); Change.drawn: what they vary over
    GENERATOR = auto()  # where random numbers come from (what ``draws_from`` gives, by side)
    DTYPE = auto()  # of the results (by side, one dtype a result)
    VARIANCE = auto()  # whether the variance that is followed is corrected for the size of the sample (by side)
    WEIGHT = auto()  # a setting of a weight by name, of which Change.weight holds the role (both values)
    SEED = auto()  # which other random generators draw the same numbers (the paths of their owners, by side)
    COMPILE = auto()  # a compile setting by name (both values)


NAMELESS = frozenset({Aspect.COMPUTATION, Aspect.WIRING})
"""Changes that name what nobody wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An op, or a constant, that a node computes with; ``op`` is empty for a constant."""

    op: str = ""
    constant: Attribute = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baked:
    """A constant of one side, ``side``, that is a weight on the other: its id, and the node that holds it."""

    side: SideName
    weight: str
    site: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that an update changes.

    Attributes:
        name: Of the setting, empty where the aspect says it all. Of a weight it is ``trainable``, ``initializer``,
            ``regularizer``, ``constraint``, ``dtype``, ``fans`` (from which its initializer takes the scale) or
            ``start`` (the weight whose random numbers it starts from).
        values: The reference's and the candidate's.
        weight: For ``WEIGHT``, the weight's role (``kernel``).
        parts: For ``COMPUTATION``, what either side alone computes.
        formulas: For ``FORMULA``, the well-known function that either side computes.
        within: Whether it does so beside other things, inside a layer.
        ways: For ``OP``, and of a function that both sides compute, the ops of either side, where they are several.
        baked: For ``BAKED``, which side has the constant, and what holds the weight.
        far: For ``COMPILE``, how far apart what reads the same lies, as a fraction of a step or a loss.
        occasion: Likewise, on which outputs alone it does so.
        drawn: For ``DRAWN``, what either side's random numbers vary over, where that is known and differs.
        versions: Where it is Keras itself that does otherwise, its versions.
    """

    aspect: Aspect
    name: str = ""
    values: tuple[Attribute, Attribute] = (None, None)
    weight: str = ""
    parts: tuple[tuple[Part, ...], tuple[Part, ...]] = ((), ())
    formulas: tuple[Formula, Formula] | None = None
    within: bool = False
    ways: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    baked: Baked | None = None
    far: float = 0.0
    occasion: str = ""
    drawn: tuple[tuple[Drawn, ...], tuple[Drawn, ...]] = ((), ())
    versions: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(_Edit):
    """The same node on both sides, with other settings.

    Attributes:
        changes: In the order in which they are told.
        owners: Of changes to weights, the path of the layer that holds them, by side.
    """

    kind: ClassVar[EditKind] = "update"

    changes: tuple[Change, ...]
    owners: tuple[str, str] = ("", "")


# Another position --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(_Edit):
    """The same node, standing elsewhere.

    Attributes:
        behind: The nodes from which it takes its operands, by side.
    """

    kind: ClassVar[EditKind] = "move"

    reference: Site
    candidate: Site
    behind: tuple[tuple[Site, ...], tuple[Site, ...]]


# Other connections -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A node that a rewired one takes a value from, or shares something with.

    Attributes:
        site: The node.
        result: Which of its results is taken, from 1; 0 where it has one alone, or where none is taken.
        counterpart: Of a candidate's node, the id of the reference's node that it stands for, where that has to be
            said: the names of the sides differ.
    """

    site: Site
    result: int = 0
    counterpart: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskIgnored:
    """One side, ``applied_by``, applies the mask that the other one ignores."""

    applied_by: SideName


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskLost:
    """One side, ``side``, loses a mask that the other one applies.

    Attributes:
        maker: What makes it.
        lost: Where it is lost.
        reader: The layer that would use it, where one comes after; else what stands there reads the padding itself.
    """

    side: SideName
    maker: Site
    lost: Site
    reader: Site | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRemade:
    """A mask that a call takes on both sides is made in another way.

    Attributes:
        ways: By side, what decides what it leaves out.
    """

    ways: tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Norms stand at the entry of the residual branches on side ``pre``, after the additions on the other.

    Attributes:
        count: How many there are.
    """

    pre: SideName
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherOperands:
    """Other values are taken.

    Attributes:
        takes: Those that differ, by side.
        reordered: Whether both take the same ones, in another order: then ``takes`` names the reference's alone.
    """

    takes: tuple[tuple[Neighbour, ...], tuple[Neighbour, ...]]
    reordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSharing:
    """Weights, or a random generator, are shared with other nodes.

    Attributes:
        shares: The first few nodes with which it shares, by side.
        more: How many others there are, by side.
        generator: Whether it is a random generator.
    """

    shares: tuple[tuple[Neighbour, ...], tuple[Neighbour, ...]]
    more: tuple[int, int] = (0, 0)
    generator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What one output or added loss is on either side; ``number`` is that of the output, -1 for a loss."""

    number: int
    reference: Site
    candidate: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEnds:
    """Outputs of the model, or losses it adds, are other values.

    Attributes:
        ends: Those that differ.
        reordered: Whether both sides have the same outputs, in another order.
    """

    ends: tuple[End, ...]
    reordered: bool = False


Wiring: TypeAlias = MaskIgnored | MaskLost | MaskRemade | Residual | OtherOperands | OtherSharing | OtherEnds
"""What is connected otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewire(_Edit):
    """The same node, connected otherwise; of several ends, the first."""

    kind: ClassVar[EditKind] = "rewire"

    reference: Site
    candidate: Site
    wiring: Wiring


Edit: TypeAlias = Insert | Delete | Update | Move | Rewire


def is_nameless(edit: Edit) -> bool:
    """Whether an edit names what nobody wrote: the ops inside a layer that both sides have."""
    return isinstance(edit, Update) and all(change.aspect in NAMELESS for change in edit.changes)


def follows_otherwise(edit: Edit) -> bool:
    """Whether the moving variance of a layer follows another one on either side."""
    return isinstance(edit, Update) and any(change.aspect is Aspect.VARIANCE for change in edit.changes)


def draws_otherwise(edit: Edit) -> bool:
    """Whether a layer of Keras holds masks against the same rate that it draws over other axes on either side."""
    return (
        isinstance(edit, Update)
        and all(site is not None and site.kind == "layer" for site in edit.sites)
        and any(
            one.setting and one.axes != two.axes
            for change in edit.changes
            for one, two in zip(*change.drawn, strict=True)
        )
    )


def draws_elsewhere(edit: Edit) -> bool:
    """Whether all an edit says is that random numbers come from another generator, which draws anew in each call."""
    return isinstance(edit, Update) and all(
        change.aspect is Aspect.GENERATOR and "fixed" not in change.values for change in edit.changes
    )


def leaves(edit: Edit) -> Iterator[Edit]:
    """The edits of the script that an edit stands for: itself, where it is one of them."""
    if not edit.folded:
        yield edit
    for part in edit.folded:
        yield from leaves(part)
