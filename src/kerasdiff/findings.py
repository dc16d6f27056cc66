"""What did a step establish? Typed facts; every sentence is made from them later, in `kerasdiff.report.wording` alone.

Imports graph; everyone above it may import it. A fact has a kind of the closed enumeration :class:`Fact`, and typed
fields: rewording a sentence changes no verdict, for no verdict reads one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from kerasdiff.graph import Attribute, Node, Source
from kerasdiff.graph.values import Closeness

SideName = Literal["reference", "candidate"]
SIDES: tuple[SideName, SideName] = ("reference", "candidate")
RungName = Literal["interface", "architecture", "weights", "inference", "training step", "checkpoint", "fit"]


def other(side: SideName) -> SideName:
    """The side that is not ``side``."""
    return "candidate" if side == "reference" else "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A node as an edit or a finding names it: all that a sentence may say of it.

    Attributes:
        node: Its id in the canonical graph.
        op, kind, scope, display, source: As of :class:`kerasdiff.graph.Node`.
        settings: What a function call without a config was given, by name (``by``, ``constants``, ``alpha``, ``rate``).
    """

    node: str
    op: str = ""
    kind: str = "function"
    scope: str = ""
    display: str = ""
    source: Source | None = None
    settings: Mapping[str, Attribute] = field(default_factory=dict)

    @staticmethod
    def of(node: Node) -> Site:
        """Where ``node`` stands."""
        settings = {key: node.attributes[key] for key in GIVEN if key in node.attributes} if _called(node) else {}
        return Site(
            node=node.id,
            op=node.op,
            kind=node.kind,
            scope=node.scope,
            display=node.display,
            source=node.source,
            settings=settings,
        )


GIVEN = ("by", "constants", "alpha", "rate")
"""Attributes of a function's node that say what it was given, in the order in which they are told."""


def _called(node: Node) -> bool:
    return node.kind == "function"


Quantity = Literal[
    "output",
    "training output",
    "gradient",
    "state",
    "call loss",
    "call losses",
    "regularizer loss",
    "unmatched losses",
    "added losses",
    "loss",
    "optimizer step",
    "metric",
]
"""What a comparison of values was of. ``call loss``: one of the losses that layers add while they run; ``call
losses``: their sum; ``unmatched losses``: the sum of those that do not correspond one by one; ``added losses``: the sum
of all; ``loss``: of the optimizer step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was compared.

    Attributes:
        probe: By name, where it is one of several.
        number: Which one: of the outputs from 0, of the call losses from 1.
        of: How many there are.
        weight: The reference's id, or for a metric its name.
        weight_scale: Factor on the weights of both sides.
    """

    quantity: Quantity
    probe: str = ""
    number: int = 0
    of: int = 1
    weight: str = ""
    weight_scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One comparison: of what, and how close it came."""

    subject: Subject
    closeness: Closeness


class Fact(Enum):
    """The kinds of facts: each says in a comment which fields of a :class:`Finding` it fills."""

    # -- rungs that did not run, whatever the rung ------------------------------------------------------------------
    REFUSED = auto()  # cause: why a side cannot be run, in the words of the error
    NOT_ASKED = auto()  # names: the option that left the rung out (--no-fit)
    INTERFACES_APART = auto()  # names: what follows from it: no "input", "data" or "loading" fits both

    # -- fit: what the trials say -----------------------------------------------------------------------------------
    NO_PAIR = auto()  # no trial pair has finished
    TRIALS_IDENTICAL = auto()  # count: steps; every loss and test output agrees to the last bit
    TRIALS_APART = auto()  # figures: first_parting, distance, control_distance, rounding_distance; absent where None
    TRIALS_START_APART = auto()  # the same figures; the trials of a pair did not start from the same weights
    TRIALS_ROUNDING = auto()  # the same figures; rounding that training amplifies explains them
    LEADS = auto()  # count: epochs; names: what the curves do; parts: one LEAD a metric
    LEAD = auto()  # names: metric; figures: mean, level, and with several pairs low, high
    DECIDED = auto()  # names: outcome; figures: of the Decision, absent where None
    UNDECIDED = auto()  # parts: why it stopped, where no decision is the reason; then DECIDED or NO_PAIR
    CUT_OFF = auto()  # parts: what the finished pairs say, empty where none has finished

    # -- fit: what happened on the way ------------------------------------------------------------------------------
    BUDGET_SPENT = auto()  # figures: budget in seconds; count, of: seeds done
    BUDGET_PLANNED = auto()  # figures: budget, seeds, steps, steps_per_epoch, seconds_per_step
    BUDGET_RECALLED = auto()  # the same, as measured in an earlier run
    WORKER_LOST = auto()  # cause: the error that ended the fit
    WORKER_REPLACED = auto()  # names: label and target; figures: exit_code, absent where it closed its connection
    OWN_START = auto()  # cause: which weights start from the candidate's own draw, and why
    NOT_STORED = auto()  # side; the trial's state cannot be read back
    STORE_UNREADABLE = auto()  # side; names: file; cause
    STORE_UNWRITABLE = auto()  # side; names: directory; cause, empty where no space is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One typed fact.

    Attributes:
        side: The side it is about, ``None`` for both.
        sites: Nodes it is about.
        weights: Weights, by id.
        names: Other things by name: inputs, outputs, layers, files, settings, modes.
        values: The reference's value and the candidate's.
        sources: Lines of the user's code.
        count, of: How many, of how many.
        figures: Numbers, by name.
        compared: The comparison of values it rests on.
        cause: Words that are not ours: of Keras, of TensorFlow, of an exception; or of an error of ours.
        parts: Facts it consists of.
    """

    fact: Fact
    side: SideName | None = None
    sites: tuple[Site, ...] = ()
    weights: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[Attribute, Attribute] | None = None
    sources: tuple[Source, ...] = ()
    count: int = 0
    of: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)
    compared: Compared | None = None
    cause: str = ""
    parts: tuple[Finding, ...] = ()
