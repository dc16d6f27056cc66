"""How is a call that was kept as a graph run again? As a function of TensorFlow, over variables of this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import tensorflow as tf

from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Edge
from kerasdiff.side.baselines.records import HeldCall, HeldTable, HeldVariable
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import Live, captured, handle_of
from kerasdiff.worker.stored.safety import refused
from kerasdiff.worker.tracing.names import Names, weight_table
from kerasdiff.worker.tracing.trace import Added, Recording

HELD = "kerasdiff_held"
"""How the names of what is taken into a graph begin: no traced op has such a one."""


class Sliced:
    """A function of which some results are wanted.

    Attributes:
        graph: Of the function.
    """

    def __init__(self, function: Live, *wanted: slice) -> None:
        self.graph: Live = function.graph
        self._function, self._wanted = function, wanted

    def __call__(self, *tensors: Live) -> list[Live]:
        every = self._function(*tensors)
        return [one for part in self._wanted for one in every[part]]


class StoredCall:
    """One call of a baseline.

    Args:
        held: As the file has it.
        definition: The bytes of its graph.
        specs: Of its inputs, in its order.
        model: Whose variables it uses.
        penalized: Whether the losses of regularizers count.

    Attributes:
        function: Gives the outputs, the added losses and the branches taken.
        adding: Gives the outputs, then each added loss.
        recording: What a trace of it would have left behind.

    Raises:
        EvaluateError: If the graph is none that this TensorFlow runs, or one that nobody should.
    """

    def __init__(
        self,
        held: HeldCall,
        definition: bytes,
        specs: Sequence[Live],
        model: Live,
        *,
        penalized: bool = True,
    ) -> None:
        # In training nothing asks for branches, and TensorFlow takes no gradient of a call that returns such values.
        self.held = held = held if held.mode == "inference" else replace(held, ways=())
        self._model, self._table = model, weight_table(model)
        self._terms = held.terms if penalized else held.terms[: held.calls]
        self._stacked = not penalized and bool(held.regularized)
        self._beside = {one.entry: tf.Variable(one.value, trainable=False) for one in held.variables if not one.weight}
        self._tables = {one.entry: _table(one) for one in held.tables}
        self._mapped: dict[str, Live] = {}
        self._made: dict[str, Live] = {}
        self._inputs: list[Live] = []
        self._updates: list[Live] = []
        self._outputs: list[Live] = []
        self._losses: list[Live] = []
        self._added: Live = None
        every = self._traced(definition, specs)
        outputs, ways = len(held.outputs), sum(way is not None for _, way in held.ways)
        self.function = Sliced(every, slice(outputs + 1 + ways))
        self.adding = Sliced(every, slice(outputs), slice(outputs + 1 + ways, None))
        self.recording = self._recording(every.graph)

    def _traced(self, definition: bytes, specs: Sequence[Live]) -> Live:
        graph = tf.compat.v1.GraphDef()
        try:
            graph.ParseFromString(definition)
            if odd := refused(graph):
                raise EvaluateError(f"its graph holds {odd}, which no baseline may run")

            def body(*inputs: Live) -> list[Live]:
                return self._results(graph, inputs)

            # `tf.function` would leave the bodies of loops behind, which are functions in the library of the graph.
            return tf.compat.v1.wrap_function(body, list(specs))
        except EvaluateError:
            raise
        except Exception as error:  # whatever TensorFlow raises for a graph of another version, or a damaged one
            raise EvaluateError(f"its graph does not run in this TensorFlow: {reason(error)}") from None

    def _results(self, definition: Live, inputs: Sequence[Live]) -> list[Live]:
        """Imports the graph into the one that is being made."""
        here = tf.compat.v1.get_default_graph()
        self._inputs = list(inputs)
        self._mapped = dict(zip(self.held.inputs, inputs, strict=True))
        for number, one in enumerate(self.held.variables):
            variable = self._variable(one)
            tf.identity(variable, name=f"{HELD}_read_{number}")  # a function learns of a variable when it is read
            self._mapped[one.entry] = captured(here, handle_of(variable), f"{HELD}_variable_{number}")
        for number, constant in enumerate(self.held.constants):
            self._mapped[constant.entry] = tf.constant(constant.value, name=f"{HELD}_constant_{number}")
        for number, (entry, table) in enumerate(self._tables.items()):
            self._mapped[entry] = captured(here, table.resource_handle, f"{HELD}_table_{number}")
        self._updates = self._import(definition)
        self._outputs = [self._tensor(name) for name in self.held.outputs]
        self._losses = [self._tensor(name) for name in self._terms]
        self._added = self._tensor(self.held.added)
        if self._stacked:
            each = [tf.reduce_sum(tf.cast(loss, "float64")) for loss in self._losses]
            self._added = tf.stack(each) if each else tf.zeros(1, "float64")
        ways = [self._tensor(way) for _, way in self.held.ways if way is not None]
        with tf.control_dependencies(self._updates):
            return [tf.identity(one) for one in (*self._outputs, self._added, *ways, *self._losses)]

    def _variable(self, one: HeldVariable) -> Live:
        if not one.weight:
            return self._beside[one.entry]
        if one.weight not in self._table:
            raise EvaluateError(f"its graph reads weight {one.weight}, which the file lacks")
        return self._table[one.weight].value

    def _import(self, definition: Live) -> list[Live]:
        """Takes the ops into the graph that is being made; gives those that are run for what they do.

        Tensors are asked for by the names of the file: where such a name is taken, the op gets another one here.
        """
        held = self.held
        ways = (way for _, way in held.ways if way is not None)
        names = dict.fromkeys((*held.outputs, *held.terms, held.added, *ways, *held.spots.values()))
        wanted = [name for name in names if name not in self._mapped]
        found = tf.graph_util.import_graph_def(
            definition, input_map=self._mapped, return_elements=[*wanted, *held.updates], name=""
        )
        self._made = {**self._mapped, **dict(zip(wanted, found, strict=False))}
        return list(found[len(wanted) :])

    def _tensor(self, name: str) -> Live:
        return self._made[name]

    def _recording(self, graph: Live) -> Recording:
        regularized = () if self._stacked else self.held.regularized
        return Recording(
            graph=graph,
            names=Names(self._model),
            events=[],
            inputs=self._inputs,
            outputs=self._outputs,
            returned=(),
            losses=[],
            added=Added(
                calls=self.held.calls, regularized=regularized, tensors=tuple(self._losses), values=self._added
            ),
            masks=set(),
            fresh=[],
            made=[],
        )

    # Where its nodes are -------------------------------------------------------------------------------------

    def spots(self) -> Mapping[Edge, Live]:
        """The tensor of every value between nodes."""
        return {edge: self._tensor(name) for edge, name in self.held.spots.items()}

    def home(self, op: str) -> str:
        """The id of the node an op belongs to, empty where it belongs to none."""
        return self.held.homes.get(op, "")

    def updates(self) -> Sequence[Live]:
        """The ops that are run for what they do, of which the graph that was made here does not know."""
        return self._updates

    @property
    def branches(self) -> Iterator[str]:
        """The nodes whose branch the function tells."""
        return (node for node, way in self.held.ways if way is not None)

    @property
    def hidden(self) -> Iterator[str]:
        """The nodes with a branch that nothing tells."""
        return (node for node, way in self.held.ways if way is None)


def _table(held: HeldTable) -> Live:
    keys, values = tf.constant(held.keys), tf.constant(held.values)
    unknown = tf.constant("" if values.dtype == tf.string else 0, values.dtype)  # the graph brings its own
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), unknown)
