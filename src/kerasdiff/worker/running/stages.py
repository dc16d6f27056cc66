"""Answers ``stage``: a part of a traced call, run on values given at any of its nodes, and its gradients.

The traced graph is imported into a graph of its own with an identity behind every node's value. What is given takes
the identity's place, so a node's own value can be asked for while another is given to those who consume it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph import Edge
from kerasdiff.graph.ops import BRANCHES, FAMILIES, KEYED_DRAWS, LOOPS, draws, writes
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import AddedLosses, Draw, Recipe, Stage, Staged
from kerasdiff.worker.keras_internals import (
    GRADIENT_ATTRIBUTE,
    SAVING_GRADIENTS,
    Live,
    captures,
    final_updates,
    graph_variables,
    handle_of,
    is_stateful,
)
from kerasdiff.worker.loading.faults import reason
from kerasdiff.worker.loading.load import Session
from kerasdiff.worker.running.values import value_of
from kerasdiff.worker.tracing.assemble import assemble
from kerasdiff.worker.tracing.lower import gradient_functions
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.tracing.trace import Recording

_SCOPE = "kerasdiff_stage"
"""Name scope of what is added to the imported graph: no traced op has it."""


def stage(session: Session, request: Stage) -> Staged:
    """Runs one stage.

    Raises:
        EvaluateError: If the call cannot be taken apart, or a node does not exist.
    """
    key = request.precision, request.mode
    try:
        if key not in session.staged:
            session.staged[key] = StagedCall(session, request)
        staged: Staged = session.staged[key].run(request)
    except KerasdiffError:
        raise
    except Exception as error:  # a graph op that cannot be imported, has no gradient or fails on these values
        raise EvaluateError(f"the call cannot be run in parts: {reason(error)}") from None
    return staged


class StagedCall:
    """One traced call whose nodes take given values."""

    def __init__(self, session: Session, request: Stage) -> None:
        loaded = session.loaded(request.precision)
        recording, _ = session.traced(request.precision, request.mode)
        if recording.made:
            raise EvaluateError("the call cannot be run in parts: it makes new variables each time")
        assembler = assemble(loaded, recording)
        assembler.graph()
        spots: Mapping[Edge, Live] = assembler.spots()
        self._dtypes = [port.spec.dtype for port in loaded.ports]
        # Read before the graph is entered, where nothing has a value.
        constants = {
            id(outer): outer.numpy() for outer, inner in captures(recording.graph) if inner.dtype != tf.resource
        }
        constants |= {id(handle_of(variable)): variable.numpy() for variable in graph_variables(recording.graph)}
        self._graph = tf.Graph()
        with self._graph.as_default():
            entries = _Entries(recording, weight_table(loaded.model), constants)
            cuts = {tensor.name: f"{_SCOPE}/cut_{number}" for number, tensor in enumerate(spots.values())}
            definition = recording.graph.as_graph_def()
            self._closed = _plain_gradients(definition)
            definition = _cut(definition, cuts, {t.name: t.dtype for t in spots.values()})
            tf.graph_util.import_graph_def(definition, input_map=entries.map, name="")
        tensor = self._graph.get_tensor_by_name
        given = {one.name: entries.map.get(one.name) for one in spots.values()}
        self._made = {
            edge: tensor(one.name) if given[one.name] is None else given[one.name] for edge, one in spots.items()
        }
        self._cuts = {edge: tensor(f"{cuts[one.name]}:0") for edge, one in spots.items()}
        ends = [cuts.get(one.name) for one in recording.outputs]
        self._outputs = [
            tensor(one.name if cut is None else f"{cut}:0") for one, cut in zip(recording.outputs, ends, strict=True)
        ]
        ops = recording.graph.get_operations()
        random = [op for op in ops if op.type in FAMILIES and not _is_fixed(op)]
        self._draws = [(assembler.home(op.name), FAMILIES[op.type], tensor(op.outputs[0].name)) for op in random]
        self._hidden = _draws_out_of_reach(ops, definition)
        self._loops = any(op.type in LOOPS | BRANCHES for op in ops)
        self._losses = recording.added, tensor(recording.added.values.name)
        self._updates = [self._graph.get_operation_by_name(op.name) for op in final_updates(recording.graph)]
        self._entries = entries
        self._pulls: dict[tuple[object, ...], _Pull] = {}
        self._session = self._new_session()

    def _new_session(self) -> Live:
        """A session of its own for the graph as it is: one that has run a loop does not see it change."""
        return tf.compat.v1.Session(graph=self._graph, config=_as_written())

    def run(self, request: Stage) -> Staged:
        """Runs the stage; the weights are set anew, for a call may have updated them."""
        missing = [edge for edge in (*request.given, *request.wanted) if edge not in self._cuts]
        if missing:
            where = f"in {request.precision} it has no node {missing[0].node}"
            raise EvaluateError(f"the call cannot be run in parts: {where}")
        pull = self._pull(request)
        self._entries.load(self._session, request.recipes, request.weight_scale)
        feeds: dict[Live, Live] = {}
        for entry, batch, dtype in zip(self._entries.inputs, request.probe, self._dtypes, strict=True):
            feeds[entry] = np.asarray(batch).astype(tf.as_dtype(dtype).as_numpy_dtype)
        feeds.update({self._cuts[edge]: value for edge, value in request.given.items()})
        feeds.update({self._draws[position][2]: value for position, value in request.draws.items()})
        fetches: dict[str, Live] = {"values": [self._made[edge] for edge in request.wanted]}
        if request.outputs:
            fetches["outputs"] = self._outputs
        if request.effects:
            fetches |= {"losses": self._losses[1], "draws": [one for _, _, one in self._draws]}
            fetches["updates"] = self._updates
        if pull is not None:
            seeds = [*(request.pull or {}).values(), *(request.pull_outputs or ())]
            feeds.update(zip(pull.seeds, seeds, strict=True))
            fetches |= {"pulled": pull.given, "gradients": pull.weights}
        got = self._session.run(fetches, feeds)
        state = {}
        if request.effects:
            with self._graph.as_default():
                readers = self._entries.values()
            state = self._session.run(readers)
        return Staged(
            values=dict(zip(request.wanted, got["values"], strict=True)),
            outputs=tuple(got.get("outputs", ())),
            pulled=dict(zip(pull.edges, got["pulled"], strict=True)) if pull is not None else {},
            gradients=dict(zip(pull.names, got["gradients"], strict=True)) if pull is not None else {},
            draws=self._drawn(got["draws"]) if request.effects else (),
            hidden=self._hidden,
            state=state,
            losses=self._losses[0].told(got["losses"].tolist()) if request.effects else AddedLosses(),
        )

    def _drawn(self, values: Sequence[Array]) -> tuple[Draw, ...]:
        return tuple(
            Draw(node=node, family=family, value=value)
            for (node, family, _), value in zip(self._draws, values, strict=True)
        )

    def _pull(self, request: Stage) -> _Pull | None:
        """The gradient ops of these given and pulled nodes, made on first use."""
        if request.pull is None and request.pull_outputs is None:
            return None
        if self._closed:
            raise EvaluateError("gradients cannot be taken in parts: the call holds a custom gradient")
        pulled, ends = tuple(request.pull or ()), request.pull_outputs is not None
        key = tuple(request.given), pulled, ends, request.pull_losses
        if key not in self._pulls:
            with self._graph.as_default():
                outputs = [one for one in self._outputs if one.dtype.is_floating] if ends else []
                tops = [*(self._made[edge] for edge in pulled), *outputs]
                alone = [self._losses[1]] if request.pull_losses else []
                self._pulls[key] = _Pull(tops, alone, request.given, self._cuts, self._entries)
            if self._loops:
                # The gradient of a loop gives the loop more outputs, which a session that has run it never learns of.
                self._session.close()
                self._session = self._new_session()
                self._entries.forget()
        return self._pulls[key]


def _plain_gradients(definition: Live) -> bool:
    """Drops custom gradients, which hold tensors of the graph they were traced in; tells whether one is missed."""
    missed = False
    for node in definition.node:
        written = gradient_functions(node.attr)
        if written is not None:
            missed = missed or not all(name.startswith(SAVING_GRADIENTS) for name in written)
            del node.attr[GRADIENT_ATTRIBUTE]
    return missed


def _is_fixed(op: Live) -> bool:
    """Whether an op draws the same numbers in every call: its key comes from constants alone (``seed=3`` in a call)."""
    if op.type not in KEYED_DRAWS:
        return False
    seen, waiting = set(), [one.op for one in list(op.inputs)[1:]]  # the first is the shape
    while waiting:
        other = waiting.pop()
        if other.name in seen:
            continue
        seen.add(other.name)
        if (not other.inputs and other.type != "Const") or is_stateful(other):
            return False
        waiting += [one.op for one in other.inputs]
    return True


def _draws_out_of_reach(ops: Sequence[Live], definition: Live) -> bool:
    """Whether a function body, or an op of no known family, draws random numbers."""
    inside = {node.op for function in definition.library.function for node in function.node_def}
    kinds = inside | ({op.type for op in ops} - set(FAMILIES))
    return any(map(draws, kinds))


class _Pull:
    """Gradients of some values, weighed as asked, with respect to what is given and to the weights.

    Args:
        tops: The values.
        alone: Further values that count as they are.
        given: What is given, by node.
        cuts: Where it enters the graph.
        entries: Holds the weights.
    """

    def __init__(
        self,
        tops: Sequence[Live],
        alone: Sequence[Live],
        given: Mapping[Edge, Array],
        cuts: Mapping[Edge, Live],
        entries: _Entries,
    ) -> None:
        self.seeds = [tf.compat.v1.placeholder(top.dtype, name=f"{_SCOPE}/seed") for top in tops]
        edges = [edge for edge in given if cuts[edge].dtype.is_floating]
        names = entries.floating
        below = [*(cuts[edge] for edge in edges), *(entries.variables[name] for name in names)]
        stops = [cuts[edge] for edge in given]
        ends, weights = [*tops, *alone], [*self.seeds, *(tf.ones_like(one) for one in alone)]
        gradients = tf.gradients(ends, below, weights, stop_gradients=stops) if ends and below else []
        dense = [None if one is None else tf.convert_to_tensor(one) for one in gradients]
        reached = [(name, one) for name, one in zip([*edges, *names], dense, strict=False) if one is not None]
        self.edges = [name for name, _ in reached if isinstance(name, Edge)]
        self.names = [name for name, _ in reached if isinstance(name, str)]
        self.given = [one for name, one in reached if isinstance(name, Edge)]
        self.weights = [one for name, one in reached if isinstance(name, str)]


class _Entries:
    """What the imported graph takes in: inputs, variables of its own, constants it captured."""

    def __init__(self, recording: Recording, table: Mapping[str, Live], constants: Mapping[int, Array]) -> None:
        names = {id(handle_of(variable)): name for name, variable in table.items()}
        known = {id(handle_of(variable)): variable for variable in graph_variables(recording.graph)}
        self.map: dict[str, Live] = {}
        self.variables: dict[str, Live] = {}
        self._readers: dict[str, Live] = {}
        self._dtypes: dict[str, Live] = {}
        self._values: dict[str, Array] = {}
        self._setters: dict[str, tuple[Live, Live]] = {}
        self._loaded: tuple[tuple[Recipe, ...], float] | None = None
        self._fresh = True
        with tf.name_scope(_SCOPE):
            self.inputs = [tf.compat.v1.placeholder(one.dtype, one.shape) for one in recording.inputs]
            self.map.update({one.name: entry for one, entry in zip(recording.inputs, self.inputs, strict=True)})
            for outer, inner in captures(recording.graph):
                if inner.dtype != tf.resource:
                    self.map[inner.name] = tf.constant(constants[id(outer)], inner.dtype)
                elif id(outer) in known:
                    name = names.get(id(outer), inner.name)
                    self.map[inner.name] = self._variable(name, known[id(outer)], constants[id(outer)])
                else:
                    raise EvaluateError("the call cannot be run in parts: it reads a table, not variables alone")
        self._table = table
        ops = recording.graph.get_operations()
        self._updated = any(writes(op.type) for op in ops)

    def _variable(self, name: str, original: Live, value: Array) -> Live:
        if name not in self.variables:
            self._values[name] = value
            kind, shape = original.dtype, original.shape
            # Bare ops: tf.Variable makes three times as many, and a network has hundreds.
            own = f"{_SCOPE}/{len(self.variables)}"
            handle = tf.raw_ops.VarHandleOp(dtype=kind, shape=shape, shared_name=own)
            given = tf.compat.v1.placeholder(kind, shape)
            self._setters[name] = given, tf.raw_ops.AssignVariableOp(resource=handle, value=given)
            self.variables[name], self._dtypes[name] = handle, kind
        return self.variables[name]

    @property
    def floating(self) -> list[str]:
        """The variables that have gradients."""
        return [name for name, kind in self._dtypes.items() if kind.is_floating]

    def values(self) -> dict[str, Live]:
        """What reads each variable, made on first use."""
        if not self._readers:
            self._readers = {
                name: tf.raw_ops.ReadVariableOp(resource=handle, dtype=self._dtypes[name])
                for name, handle in self.variables.items()
            }
        return self._readers

    def forget(self) -> None:
        """Says that the variables have no values yet: a new session holds none."""
        self._fresh = True

    def load(self, session: Live, recipes: tuple[Recipe, ...], weight_scale: float) -> None:
        """Gives every variable its value: drawn where there is a recipe, else the one it has in the model."""
        if self._loaded == (recipes, weight_scale) and not self._updated and not self._fresh:
            return
        self._fresh = False
        if self._loaded != (recipes, weight_scale):
            for recipe in recipes:
                if recipe.weight in self.variables:
                    value = value_of(recipe, self._table[recipe.weight], weight_scale)
                    if value is not None:
                        self._values[recipe.weight] = value
            self._loaded = recipes, weight_scale
        feeds = {given: self._values[name] for name, (given, _) in self._setters.items()}
        session.run([assign for _, assign in self._setters.values()], feeds)


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
    return definition


def _as_written() -> Live:
    """No graph optimiser, as in ``evaluate``: a handful of runs does not repay it."""
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = -1
    return config
