"""What does a baseline hold? A model's description, its calls as graphs, its weights, and some answers of it.

Written as plain data (:mod:`kerasdiff.plain`) into ``model.json``; the bytes of graphs and arrays are members of their
own. A field that is added needs a default, or files of before can no longer be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasdiff.graph import Edge, Mode
from kerasdiff.graph.values import Array, Precision
from kerasdiff.side.checkpoints import Places
from kerasdiff.side.observations import Recipe
from kerasdiff.side.records import Description, Locked
from kerasdiff.side.targets import InputSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldVariable:
    """A variable that a call uses.

    Attributes:
        entry: The tensor of the graph that stands for it.
        weight: Id of the weight it is; empty for one that the model does not track.
        value: Of one that the model does not track, what it holds before a call.
    """

    entry: str
    weight: str = ""
    value: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldConstant:
    """A value that a call takes from outside its graph, and the tensor that stands for it."""

    entry: str
    value: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTable:
    """A lookup table that a call reads, and the tensor that stands for it."""

    entry: str
    keys: Array
    values: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCall:
    """One call of the model as a graph. Tensors are named as TensorFlow does (``dense/BiasAdd:0``).

    Attributes:
        graph: Name of the member that holds the ``GraphDef``.
        inputs, outputs: Tensors; in training mode the masks of outputs come after these.
        masks: By number of an output, the number of its mask.
        calls, regularized, terms: The added losses: how many layers add while they run, the weights of regularizers,
            and the tensor of each.
        added: The tensor of all of them, in float64.
        updates: Ops that are run for what they do.
        spots: The tensor of every value between nodes.
        homes: The node that an op belongs to, of the ops that draw at random.
        ways: Nodes with a branch on data, and the tensor it goes by; ``None`` where nothing tells.
        customised: Whether a gradient that is code was lost.
        mixed: Whether parts of it run in a lower precision than asked for.
        otherwise: Whether it is made of other ops or constants than in float32.
    """

    precision: Precision
    mode: Mode
    graph: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    masks: Mapping[int, int] = field(default_factory=dict)
    calls: int = 0
    regularized: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    added: str
    updates: tuple[str, ...] = ()
    variables: tuple[HeldVariable, ...] = ()
    constants: tuple[HeldConstant, ...] = ()
    tables: tuple[HeldTable, ...] = ()
    spots: Mapping[Edge, str] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    ways: tuple[tuple[str, str | None], ...] = ()
    customised: bool = False
    mixed: bool = False
    otherwise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A call that no graph holds, and why; without a mode, the model cannot be had in this precision."""

    precision: Precision
    mode: Mode | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldWeight:
    """A weight in one precision, as the model holds it.

    Attributes:
        trained: Whether a gradient moves it.
        value: Where no seed gives it one: of whole numbers, and of all weights of a saved model.
    """

    id: str
    name: str
    shape: tuple[int, ...]
    dtype: str
    trained: bool
    value: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A model as its worker leaves it behind.

    Attributes:
        calls, refused: In either precision and mode, the call or why there is none.
        weights: By precision, the trained ones in the order in which an optimizer takes them.
        graphs: By name, the bytes of each ``GraphDef``.
        ports: Shape and dtype of each input, by precision.
        places: Where it stores its weights; ``None`` where Keras does not store it.
        starts: By weight id, a digest of the value it starts from.
        compiled: Its compile settings as Keras writes them down; empty where there are none.
        uncompiled: Why they are not held, where they are code.
        output_names: Names of the outputs as Keras has them, where the model declares them.
        thawing: Whether training frozen layers, as ``--ignore trainable`` asks for, would make it another model.
    """

    calls: tuple[HeldCall, ...]
    refused: tuple[Refusal, ...] = ()
    weights: Mapping[Precision, tuple[HeldWeight, ...]]
    graphs: Mapping[str, bytes]
    ports: Mapping[Precision, tuple[str, ...]]
    places: Places | None = None
    starts: Mapping[str, str] = field(default_factory=dict)
    compiled: str = ""
    uncompiled: str = ""
    output_names: tuple[str, ...] = ()
    thawing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the model answered when the baseline was made.

    Attributes:
        precision, mode: Of the call.
        probe: By name.
        inputs: One batch per input.
        outputs: In order.
    """

    precision: Precision
    mode: Mode
    probe: str
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """The answers of a baseline, and how the weights of them are drawn."""

    recipes: tuple[Recipe, ...]
    answers: tuple[Answered, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A model called in one way: each mode told, or as ``fit`` calls a model that takes no ``training``."""

    description: Description
    frozen: Frozen
    answers: tuple[Answered, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """All that a file holds.

    Attributes:
        target: What was locked, as the user wrote it.
        saved: Whether that was a saved model, whose values are part of what it computes.
        environment: Versions, device and processor it was made with.
        inputs: What ``--input`` said.
        seed: Of the weights and probes of the answers.
        plain: The model, each mode told.
        fitted: As ``fit`` calls it, where that differs.
        recipes: How the weights of the answers are drawn.
    """

    target: str
    saved: bool = False
    environment: Mapping[str, str]
    inputs: tuple[InputSpec, ...] = ()
    seed: int = 0
    plain: Variant
    fitted: Variant | None = None
    recipes: tuple[Recipe, ...] = ()

    @property
    def locked(self) -> Locked:
        """Where it comes from."""
        return Locked(
            target=self.target,
            saved=self.saved,
            environment=self.environment,
            uncompiled=self.plain.frozen.uncompiled,
        )
