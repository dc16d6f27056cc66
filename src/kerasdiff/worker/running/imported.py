"""How does a traced call become a graph whose nodes take given values?

It is imported into a graph of its own with an identity behind every node's value. What is given takes the identity's
place, so a node's own value can be asked for while another is given to those who consume it.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Edge
from kerasdiff.graph.ops import FAMILIES, draws
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import Recipe
from kerasdiff.worker.keras_internals import (
    GRADIENT_ATTRIBUTE,
    SAVING_GRADIENTS,
    Live,
    captures,
    graph_variables,
    handle_of,
)
from kerasdiff.worker.running.undisturbed import LOOKS
from kerasdiff.worker.running.values import MOST_CACHED, moved, value_of
from kerasdiff.worker.tracing.lower import gradient_functions
from kerasdiff.worker.tracing.trace import Recording

SCOPE = "kerasdiff_stage"
"""Name scope of what is added to the imported graph: no traced op has it."""

CUT_GRADIENT = "KerasdiffCut"
"""Name of the gradient of a cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A traced call in a graph of its own.

    Attributes:
        graph: The graph.
        entries: What it takes in.
        made: The value that each node makes.
        cuts: Where a value given in place of it enters.
        outputs: The model's outputs, behind the cuts.
        customised: Whether it lost a custom gradient, which no gradient taken here knows of.
        draws_inside: Whether a function body, or an op of no known family, draws random numbers.
    """

    graph: Live
    entries: Entries
    made: Mapping[Edge, Live]
    cuts: Mapping[Edge, Live]
    outputs: tuple[Live, ...]
    customised: bool
    draws_inside: bool

    def own(self, traced: Live) -> Live:
        """The tensor or op here that one of the traced graph became."""
        return self.graph.as_graph_element(traced.name)


def imported(recording: Recording, table: Mapping[str, Live], spots: Mapping[Edge, Live]) -> Imported:
    """Imports a traced call.

    Args:
        recording: The call.
        table: The model's variables by weight id.
        spots: The traced tensor of each node's value.

    Raises:
        EvaluateError: If it captures something beside variables and constants.
    """
    constants = _constants(recording)  # read before the graph is entered, where nothing has a value
    dtypes = {tensor.name: tensor.dtype for tensor in spots.values()}
    cuts = {tensor.name: f"{SCOPE}/cut_{number}" for number, tensor in enumerate(spots.values())}
    graph = tf.Graph()
    with graph.as_default():
        entries = Entries(recording, table, constants)
        definition = recording.graph.as_graph_def()
        customised = _plain_gradients(definition)
        definition = _cut(definition, cuts, dtypes)
        tf.graph_util.import_graph_def(definition, input_map=entries.map, name="")

    def made(name: str) -> Live:
        return entries.map[name] if name in entries.map else graph.get_tensor_by_name(name)

    def behind(name: str) -> Live:
        return graph.get_tensor_by_name(f"{cuts[name]}:0" if name in cuts else name)

    return Imported(
        graph=graph,
        entries=entries,
        made={edge: made(tensor.name) for edge, tensor in spots.items()},
        cuts={edge: behind(tensor.name) for edge, tensor in spots.items()},
        outputs=tuple(behind(tensor.name) for tensor in recording.outputs),
        customised=customised,
        draws_inside=_draws_out_of_reach(recording.graph, definition),
    )


def _constants(recording: Recording) -> dict[int, Live]:
    """The values of what the call captured, and tensors of its variables' memory, by ``id``."""
    captured = ((outer, inner) for outer, inner in captures(recording.graph) if inner.dtype != tf.resource)
    variables = graph_variables(recording.graph)
    return {id(outer): outer.numpy() for outer, _ in captured} | {
        id(handle_of(one)): tf.convert_to_tensor(one) for one in variables
    }


def _plain_gradients(definition: Live) -> bool:
    """Drops custom gradients, which hold tensors of the graph they were traced in; tells whether one is missed."""
    missed = False
    for node in definition.node:
        written = gradient_functions(node.attr)
        if written is not None:
            missed = missed or not all(name.startswith(SAVING_GRADIENTS) for name in written)
            del node.attr[GRADIENT_ATTRIBUTE]
    return missed


def _draws_out_of_reach(graph: Live, definition: Live) -> bool:
    """Whether a function body, or an op of no known family that draws no mere keys, draws random numbers."""
    inside = {node.op for function in definition.library.function for node in function.node_def}
    others = (op for op in graph.get_operations() if op.type not in FAMILIES and draws(op.type))
    given = {one.name for one in graph.outputs}
    return any(map(draws, inside)) or not all(_is_key(op, given) for op in others)


def _is_key(op: Live, given: Set[str]) -> bool:
    """Whether what an op draws is nothing but the key of draws that are in reach: whoever gives those needs no key."""
    waiting, seen = [op], set()
    while waiting:
        one = waiting.pop()
        if one.name in seen:
            continue
        seen.add(one.name)
        if not one.outputs or any(value.name in given for value in one.outputs):
            return False
        for value in one.outputs:
            for user in value.consumers():
                if user.type not in FAMILIES:
                    waiting.append(user)
                elif user.inputs[0] is value:  # the shape
                    return False
    return True


def _cut(definition: Live, cuts: Mapping[str, str], dtypes: Mapping[str, Live]) -> Live:
    """The same graph with an identity behind each of these tensors."""
    for node in definition.node:
        for position, text in enumerate(node.input):
            name = text if ":" in text else f"{text}:0"
            if name in cuts:
                node.input[position] = cuts[name]
    for name, cut in cuts.items():
        node = definition.node.add(name=cut, op="Identity", input=[name])
        node.attr["T"].type = dtypes[name].as_datatype_enum
        node.attr[GRADIENT_ATTRIBUTE].s = CUT_GRADIENT.encode()
    return definition


class Entries:
    """What the imported graph takes in: inputs, variables of its own, constants it captured."""

    def __init__(self, recording: Recording, table: Mapping[str, Live], constants: Mapping[int, Live]) -> None:
        names = {id(handle_of(variable)): name for name, variable in table.items()}
        known = {id(handle_of(variable)): variable for variable in graph_variables(recording.graph)}
        self.map: dict[str, Live] = {}
        self.variables: dict[str, Live] = {}
        self._readers: dict[str, Live] = {}
        self._originals: dict[str, Live] = {}
        self._own: dict[str, Live] = {}
        self._kept: dict[str, Array] = {}
        self._setters: dict[str, tuple[Live, Live]] = {}
        self._recipes: dict[str, Recipe] = {}
        self._loaded: tuple[tuple[Recipe, ...], float, float] | None = None
        self._fresh = True
        with tf.name_scope(SCOPE):
            self.inputs = [tf.compat.v1.placeholder(one.dtype, one.shape) for one in recording.inputs]
            self.map.update({one.name: entry for one, entry in zip(recording.inputs, self.inputs, strict=True)})
        places: dict[str, str] = {}
        for outer, inner in captures(recording.graph):
            if inner.dtype != tf.resource:
                with tf.name_scope(SCOPE):
                    self.map[inner.name] = tf.constant(constants[id(outer)], inner.dtype)
            elif id(outer) in known:
                places[inner.name] = name = names.get(id(outer), inner.name)
                self._own[name] = constants[id(outer)]
                self._originals[name] = known[id(outer)]
            else:
                raise EvaluateError("the call cannot be run in parts: it reads a table, not variables alone")
        self._make_variables()
        self.map.update({inner: self.variables[name] for inner, name in places.items()})
        self._table = table
        ops = recording.graph.get_operations()
        written = {one.name for op in ops if op.type not in LOOKS for one in op.inputs if one.dtype == tf.resource}
        self.written = tuple(dict.fromkeys(name for inner, name in places.items() if inner in written))
        self._disturbed = False

    def _make_variables(self) -> None:
        """Adds the variables, with what sets and reads each.

        As one definition: a network has hundreds, and op by op they take five times as long.
        """
        definition = tf.compat.v1.GraphDef()
        for number, original in enumerate(self._originals.values()):
            kind, shape = tf.as_dtype(original.dtype).as_datatype_enum, tf.TensorShape(original.shape).as_proto()
            own = f"{SCOPE}/{number}"
            handle = definition.node.add(name=own, op="VarHandleOp")
            handle.attr["dtype"].type, handle.attr["shared_name"].s = kind, own.encode()
            handle.attr["shape"].shape.CopyFrom(shape)
            given = definition.node.add(name=f"{own}_given", op="Placeholder")
            given.attr["dtype"].type = kind
            given.attr["shape"].shape.CopyFrom(shape)
            setter = definition.node.add(name=f"{own}_set", op="AssignVariableOp", input=[own, f"{own}_given"])
            reader = definition.node.add(name=f"{own}_read", op="ReadVariableOp", input=[own])
            setter.attr["dtype"].type = reader.attr["dtype"].type = kind
        tf.graph_util.import_graph_def(definition, name="")
        graph = tf.compat.v1.get_default_graph()
        for number, name in enumerate(self._originals):
            own = f"{SCOPE}/{number}"
            self.variables[name] = graph.get_tensor_by_name(f"{own}:0")
            self._setters[name] = graph.get_tensor_by_name(f"{own}_given:0"), graph.get_operation_by_name(f"{own}_set")
            self._readers[name] = graph.get_tensor_by_name(f"{own}_read:0")

    @property
    def floating(self) -> dict[str, Live]:
        """The variables that have gradients."""
        kinds = {name: tf.as_dtype(original.dtype) for name, original in self._originals.items()}
        return {name: handle for name, handle in self.variables.items() if kinds[name].is_floating}

    @property
    def state(self) -> dict[str, Live]:
        """What reads each variable that is not trained, or that the call may write."""
        table = self._table
        return {
            name: reader
            for name, reader in self._readers.items()
            if name in self.written or name not in table or not table[name].trainable
        }

    @property
    def before(self) -> dict[str, Array]:
        """What the trained variables hold before a call that may write them."""
        return {name: self._value(name) for name in self.state if name in self._table and self._table[name].trainable}

    def forget(self) -> None:
        """Says that the variables have no values yet: a new session holds none."""
        self._fresh = True

    def disturb(self) -> None:
        """Says that a run may have updated variables."""
        self._disturbed = bool(self.written)

    def load(self, session: Live, recipes: tuple[Recipe, ...], weight_scale: float, perturbation: float = 0.0) -> None:
        """Gives every variable its value: drawn where there is a recipe, else the one it has in the model.

        Large ones are drawn one after the other, and anew where a call wrote to them: no other copy of them is kept.
        """
        asked = recipes, weight_scale, perturbation
        names = self._setters if self._loaded != asked or self._fresh else self.written if self._disturbed else ()
        if not names:
            return
        if self._loaded != asked:
            self._kept.clear()
            self._recipes = {recipe.weight: recipe for recipe in recipes if recipe.weight in self.variables}
            self._loaded = asked
        self._fresh = True  # until all of it is done
        small: dict[str, Live] = {}
        for name in names:
            value = self._value(name)
            if value.size > MOST_CACHED:
                self._set(session, {name: value})
            else:
                small[name] = value
        self._set(session, small)
        self._fresh = self._disturbed = False

    def _set(self, session: Live, values: Mapping[str, Live]) -> None:
        feeds = {self._setters[name][0]: value for name, value in values.items()}
        session.run([self._setters[name][1] for name in values], feeds)

    def _value(self, name: str) -> Array:
        """What a variable starts from; what is drawn and small is kept."""
        if name in self._kept:
            return self._kept[name]
        recipe = self._recipes.get(name)
        weight_scale, perturbation = (1.0, 0.0) if self._loaded is None else self._loaded[1:]
        value = None if recipe is None else value_of(recipe, self._table[name], weight_scale)
        if value is None:
            return np.asarray(self._own[name])
        if perturbation:
            assert recipe is not None  # or it had no value
            value = moved(value, perturbation, np.random.default_rng([13, recipe.seed]))
        if value.size > MOST_CACHED:
            self._own.pop(name, None)
        else:
            self._kept[name] = value
        return value
