"""What a model does, as plain data: nodes, their operands, their weights and their lowering.

A :class:`Graph` is a DAG of call events in topological order. The same record serves three
levels: the traced graph (a node is a layer call or a function call), the lowering of a node (a
node is one TF op), and the bodies of loops and branches inside a lowering.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

Kind = Literal["input", "layer", "function", "op", "read", "const"]
Mode = Literal["inference", "training"]
Part = Literal["", "activation", "mask", "op"]
MODES: tuple[Mode, ...] = ("inference", "training")

Attribute: TypeAlias = "bool | int | float | str | Sequence[Attribute] | Mapping[str, Attribute] | Graph | None"
"""A JSON value, its lists as tuples; or, in the lowering of a node, the body of a loop, a branch or a function."""


SAME_AS = "same_as"
"""Key of the only entry of a setting that is a layer which is the value of another setting too: the name of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A line of the user's code.

    Attributes:
        file: Path relative to the target's directory where it lies below it, else absolute.
        line: 1-based.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """Static shape and dtype of a value; unknown dimensions are ``None``, unknown rank is ``shape=None``."""

    shape: tuple[int | None, ...] | None
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One named input or output.

    Attributes:
        low, high: Bounds of the values of an integer input.
        ids: Whether an input of floating numbers takes whole ones, by which rows of a table are looked up.
        given: Whether the user gave the bounds; else they are a guess.
        chosen: Whether the user named an output: the name of its layer, where Keras did not make that up.
        words: What a text input may hold that the model knows: the vocabularies of its layers.
        closed: Whether it takes no other words.
    """

    name: str
    spec: TensorSpec
    low: float | None = None
    high: float | None = None
    given: bool = False
    chosen: bool = False
    words: tuple[str, ...] = ()
    closed: bool = False
    ids: bool = False


SEED_ROLE = "seed_generator_state"
"""Role of the state of a random generator, as Keras names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A Keras variable.

    Attributes:
        id: Unique in the model, stable over runs.
        path: Keras's own path (``conv2d/kernel``).
        name: Last part of the path, which is the weight's role (``kernel``, ``gamma``, ``seed_state``).
        trainable: Effective: false as well where the layer or an owner of it is frozen.
        initializer: Canonical text of the initializer with defaults resolved, or ``None``.
        own_regularizer: Whether the regularizer is code of the user's own; Keras's are sums without a bound.
        fans: Inputs or outputs per unit from which the initializer takes its scale, or both, inputs first, where it
            takes their mean; ``None`` where it takes none.
        owner: The id of the layer that holds it.
        fan_in: Inputs summed per output unit where the weight acts as a kernel, else 1.
        twin: Of a random generator's state, the id of the first one with the same seed: both draw the same numbers. Of
            another weight, of the first one whose random numbers it starts from, times a factor and moved at most.
    """

    id: str
    path: str
    name: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool
    initializer: str | None = None
    fans: tuple[int, ...] | None = None
    regularizer: str | None = None
    own_regularizer: bool = False
    constraint: str | None = None
    owner: str = ""
    fan_in: int = 1
    twin: str | None = None

    @property
    def size(self) -> int:
        """Number of scalars."""
        total = 1
        for dim in self.shape:
            total *= dim
        return total

    @property
    def is_seed(self) -> bool:
        """Whether this is the state of a random generator, not a quantity a model learns."""
        return self.name == SEED_ROLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One operand: output ``port`` of node ``node``."""

    node: str
    port: int = 0


FUSED = -1
"""Port that stands for the value that goes into a traced node's fused activation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One call event.

    Attributes:
        id: Unique in the graph; for layers the scope path (``mdl/conv2d_1``), numbered on repeated calls.
        op: Canonical operation in snake case (``conv2d``, ``relu``), or the TF op type for kind ``op``.
        operands: Values consumed, in order.
        roles: Same length as ``operands``: ``""`` or what the operand is for (``mask``).
        weights: Ids of the weights read or written, in order of first use.
        attributes: Static settings with defaults resolved.
        outputs: One spec per output port.
        lowering: The TF ops the node stands for. Its ``input`` nodes are the operands in order, its
            ``read`` nodes and effects name weights by position in ``weights``.
        scope: Path of the composite that made the call.
        display: What the user calls it (``relu``, ``Conv2D``): class or function name.
        source: The line that makes the layer, or that calls the function.
        called: The line that calls a layer, where that is another one.
        activation: Id of the node in ``lowering`` whose output goes into the fused ``activation=``, if any.
        seeds: Those of ``weights`` that are the state of a random generator.
        untracked: What those of ``weights`` hold that the model does not know of: variables that nobody tracks, tables.
        part: What of ``origin`` it is, where canonicalising or expanding has made it of another node.
        origin: Id of that node: the traced layer of an ``activation`` or ``mask``, the canonical node of an ``op``.
    """

    id: str
    op: str
    kind: Kind
    operands: tuple[Edge, ...] = ()
    roles: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    outputs: tuple[TensorSpec, ...] = ()
    lowering: Graph | None = None
    scope: str = ""
    display: str = ""
    source: Source | None = None
    called: Source | None = None
    activation: Edge | None = None
    seeds: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    part: Part = ""
    origin: str = ""

    def whole(self, name: str, default: int | None = None) -> int:
        """An attribute that is a whole number; ``default`` where it is not given, required without one."""
        return int(cast(int, self.attributes[name] if default is None else self.attributes.get(name, default)))

    def real(self, name: str) -> float:
        """An attribute that is a number, or one written out."""
        return float(cast(float, self.attributes[name]))

    def wholes(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """An attribute that is a list of whole numbers; ``default`` where it is not given, required without one."""
        found = self.attributes[name] if default is None else self.attributes.get(name) or default
        return tuple(cast("Sequence[int]", found))

    def pairs(self, name: str) -> tuple[tuple[int, int], ...]:
        """An attribute that is a list of pairs, such as the padding before and after each axis."""
        return tuple((before, after) for before, after in cast("Sequence[tuple[int, int]]", self.attributes[name]))

    @property
    def learns(self) -> bool:
        """Whether it holds weights beside the state of random generators."""
        return len(self.weights) > len(self.seeds)

    @property
    def home(self) -> str:
        """The id of the node it was made of, else its own."""
        return self.origin or self.id

    @property
    def name(self) -> str:
        """What its composite calls it: ids are paths, and this is the last part."""
        return self.id.rpartition("/")[2]


class _Remembered:
    """Room beside the fields for what follows from them: no part of equality, and it is not pickled."""

    __slots__ = ("memo",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph(_Remembered):
    """A DAG of nodes; :func:`kerasdiff.graph.index.index_of` has its tables.

    Attributes:
        nodes: Topological: a node stands after all its operands.
        outputs: What the graph returns, in order.
        effects: Ids of nodes kept for what they do rather than return (variable updates).
        losses: Values the model adds to its training loss.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[Edge, ...]
    effects: tuple[str, ...] = ()
    losses: tuple[Edge, ...] = ()

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def by_id(self) -> dict[str, Node]:
        """The nodes by id, made anew: for a graph that is asked once."""
        return {node.id: node for node in self.nodes}

    def roots(self) -> tuple[Edge, ...]:
        """Everything that must be kept: outputs, losses, effects."""
        return (*self.outputs, *self.losses, *(Edge(node=node) for node in self.effects))
