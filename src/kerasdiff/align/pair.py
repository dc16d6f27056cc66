"""Both sides of one comparison, and all that is known of how they correspond: made once, handed to every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from kerasdiff.align.alignment import Alignment
from kerasdiff.align.edits import Edit
from kerasdiff.canonical import Canonical
from kerasdiff.findings import Library
from kerasdiff.graph import Graph, Mode, Node, Weight
from kerasdiff.graph.index import index_of
from kerasdiff.graph.joins import Join
from kerasdiff.side.observations import Recipe
from kerasdiff.side.records import Description


@dataclass(frozen=True, kw_only=True)
class Aligned:
    """One mode's canonical graphs and their alignment."""

    mode: Mode
    reference: Canonical
    candidate: Canonical
    alignment: Alignment

    @cached_property
    def graphs(self) -> tuple[Graph, Graph]:
        """The canonical graphs, by side."""
        return self.reference.graph, self.candidate.graph

    @cached_property
    def nodes(self) -> tuple[Mapping[str, Node], Mapping[str, Node]]:
        """Their nodes by id, by side."""
        return index_of(self.graphs[0]).nodes, index_of(self.graphs[1]).nodes

    @cached_property
    def pairs(self) -> tuple[tuple[Node, Node], ...]:
        """The aligned nodes, in the order of the reference."""
        mapped = self.alignment.nodes
        return tuple((node, self.nodes[1][mapped[node.id]]) for node in self.graphs[0] if node.id in mapped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A weight that holds the values of several of the other side.

    Attributes:
        side: That holds it: 0 is the reference.
        whole: Its id.
        parts: Their ids, in the order in which it holds them.
        join: How.
    """

    side: int
    whole: str
    parts: tuple[str, ...]
    join: Join

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The whole with each part, the reference's weight first."""
        both = ((self.whole, part) for part in self.parts)
        return tuple(both if self.side == 0 else ((part, whole) for whole, part in both))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightTransfer:
    """Weights of both sides, drawn from the same seeds where they correspond.

    Attributes:
        pairs: Reference weight id to candidate weight id.
        reference, candidate: How either side draws its weights.
        complete: Whether every weight that is no random-generator state has a counterpart of its size.
        guessed: Whether some were paired by order and shape alone.
        regrouped: Whether those without a counterpart may be the same ones, joined on one side: query, key and value in
            one matrix.
        joined: Weights of one side that hold several of the other.
        lacking: Of either side, the weights without a counterpart of their size.
    """

    pairs: Mapping[str, str]
    reference: tuple[Recipe, ...]
    candidate: tuple[Recipe, ...]
    complete: bool
    guessed: bool
    regrouped: bool = False
    joined: tuple[Joined, ...] = ()
    lacking: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def recipes(self) -> tuple[tuple[Recipe, ...], tuple[Recipe, ...]]:
        """Both, by side."""
        return self.reference, self.candidate

    @property
    def transposed(self) -> frozenset[str]:
        """The candidate's weights that hold the transposed matrix of their counterpart."""
        return frozenset(recipe.weight for recipe in self.candidate if recipe.transposed)

    @property
    def drawn_alike(self) -> Mapping[str, str]:
        """Reference weight, or part of one, to the candidate's that is drawn from the same seed."""
        seeds = {array.seed: array.weight for recipe in self.candidate for array in recipe.arrays}
        ones = (array for recipe in self.reference for array in recipe.arrays)
        return {one.weight: seeds[one.seed] for one in ones if one.seed in seeds}

    @property
    def of_the_reference(self) -> WeightTransfer:
        """The reference's weights as their own counterparts."""
        names = {recipe.weight: recipe.weight for recipe in self.reference}
        return replace(self, pairs=names, candidate=self.reference)


def libraries(descriptions: tuple[Description, Description]) -> tuple[Library, Library]:
    """What computes the ops of either side: of another one, or another version, equal ops prove nothing."""
    one, two = (_computes(description.environment) for description in descriptions)
    return one, two


def _computes(environment: Mapping[str, str]) -> Library:
    name, _, version = environment.get("backend", "").partition(" ")
    return Library(name=name or "tensorflow", version=version if name else environment.get("tensorflow", ""))


def off_tensorflow(descriptions: tuple[Description, Description]) -> tuple[bool, bool]:
    """Which sides run on another backend than TensorFlow: what is inside their layers proves nothing."""
    one, two = ("backend" in description.environment for description in descriptions)
    return one, two


def across_generations(descriptions: tuple[Description, Description]) -> bool:
    """Whether one side is of Keras 2 and the other of Keras 3."""
    return descriptions[0].of_keras_2 != descriptions[1].of_keras_2


def across(descriptions: tuple[Description, Description]) -> bool:
    """Whether the sides run on two backends: no op of one is an op of the other, and neither is a random number."""
    return len({one.name for one in libraries(descriptions)}) > 1


@dataclass(frozen=True, kw_only=True)
class Correspondence:
    """What of two models corresponds, by their graphs alone.

    Attributes:
        descriptions: Of the reference and the candidate, as their workers see them.
        modes: The alignment of each mode in which both could be traced.
        edits: The script of both modes, each edit once.
        told: The same as a reader is told them: those together that are one change.
        same_graphs: Whether the canonical graphs of both modes are the same.
        isomorphic: Whether that is a proof: one version of TensorFlow computes the ops of both.
        mapped: Weights that the alignment maps, reference id to candidate id.
    """

    descriptions: tuple[Description, Description]
    modes: Mapping[Mode, Aligned]
    edits: tuple[Edit, ...]
    told: tuple[Edit, ...]
    same_graphs: bool
    isomorphic: bool
    mapped: Mapping[str, str]

    @cached_property
    def weights(self) -> tuple[Mapping[str, Weight], Mapping[str, Weight]]:
        """The weights of both models by id, by side."""
        first, second = ({weight.id: weight for weight in side.weights} for side in self.descriptions)
        return first, second

    @cached_property
    def parameters(self) -> tuple[int, int]:
        """Scalars of either model, without the states of random generators."""
        first, second = (sum(w.size for w in side.weights if not w.is_seed) for side in self.descriptions)
        return first, second

    @cached_property
    def read(self) -> tuple[frozenset[str], frozenset[str]]:
        """The weights that nodes of either side hold, in any mode."""
        first, second = (
            frozenset(name for aligned in self.modes.values() for node in aligned.graphs[side] for name in node.weights)
            for side in (0, 1)
        )
        return first, second

    @property
    def crosses_generations(self) -> bool:
        """Whether one side is of Keras 2 and the other of Keras 3."""
        return across_generations(self.descriptions)

    @property
    def shown(self) -> Aligned | None:
        """The alignment that a reader is shown: that of the training graphs, which hold Dropout, where there is one."""
        return self.modes.get("training") or self.modes.get("inference")

    def with_transfer(self, transfer: WeightTransfer) -> Pair:
        """The pair, once it is known which weights are drawn alike."""
        return Pair(
            descriptions=self.descriptions,
            modes=self.modes,
            edits=self.edits,
            told=self.told,
            same_graphs=self.same_graphs,
            isomorphic=self.isomorphic,
            mapped=self.mapped,
            transfer=transfer,
        )


@dataclass(frozen=True, kw_only=True)
class Pair(Correspondence):
    """The two models of a comparison; ``transfer`` says which weights are drawn alike."""

    transfer: WeightTransfer
