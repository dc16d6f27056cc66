"""What do the tensors of a traced call stand for? Weights, constants, or what an op computes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

import tensorflow as tf

from kerasdiff.graph import Attribute, Edge, Graph, Node, TensorSpec
from kerasdiff.graph.ops import VARIABLE_READS, bodies_in, is_effect, within, writes
from kerasdiff.worker.keras_internals import Live, captures, graph_variables
from kerasdiff.worker.tracing.lower import Lowering, constant_attributes, spec_of
from kerasdiff.worker.tracing.trace import Recording
from kerasdiff.worker.tracing.untracked import Surroundings, Untracked


class Values:
    """The values of one recording, by the names of its tensors.

    Attributes:
        tensors: Every tensor an op of the graph makes.
        weights: Ids of the weights behind handles, and behind what was read before the call wrote to them.
        weight_specs: Shape and dtype of each weight that is read, by id.
        seeds: Ids of those weights that are the state of a random generator.
        untracked: What those hold that the model does not know of, by id.
        constants: Const ops, and eager tensors from outside the graph.
        late: By the names of the ops that read what the call itself has written, how often it was written before.
    """

    def __init__(self, recording: Recording, variables: Mapping[int, str], seeds: Set[str], lowering: Lowering) -> None:
        """Reads the graph once.

        Args:
            recording: The call.
            variables: Weight ids by ``id(resource handle)``.
            seeds: Those that are the state of a random generator.
            lowering: Reads the attributes of ops.
        """
        self.tensors: dict[str, Live] = {}
        self.weights: dict[str, str] = {}
        self.weight_specs: dict[str, TensorSpec] = {}
        self.constants: dict[str, Live] = {}
        self.seeds = set(seeds)
        self.untracked: dict[str, str] = {}
        self.late: dict[str, int] = {}
        self._lowering = lowering
        self._read_captures(recording, variables)
        self._read_operations(recording)

    def _read_captures(self, recording: Recording, variables: Mapping[int, str]) -> None:
        surroundings = Surroundings(recording)
        held = {id(variable.handle): variable for variable in graph_variables(recording.graph)}
        for outer, inner in captures(recording.graph):
            if inner.dtype == tf.resource:
                self.weights[inner.name] = variables.get(id(outer)) or self._untracked(surroundings.of(outer, inner))
                if id(outer) in held:
                    self.weight_specs[self.weights[inner.name]] = spec_of(held[id(outer)])
            elif hasattr(outer, "numpy"):
                self.constants[inner.name] = outer

    def _untracked(self, capture: Untracked) -> str:
        """The id of what the model does not track."""
        self.untracked[capture.id] = capture.contents
        if capture.seed:
            self.seeds.add(capture.id)
        return capture.id

    def _read_operations(self, recording: Recording) -> None:
        written: Counter[str] = Counter()
        for op in recording.graph.get_operations():
            written.update(tensor.name for tensor in self._written(op))
            if op.type == "Const":
                self.constants[op.outputs[0].name] = op
            elif op.type in VARIABLE_READS and written[op.inputs[0].name]:
                self.late[op.name] = written[op.inputs[0].name]
            elif op.type == "ReadVariableOp" and op.inputs[0].name in self.weights:
                weight = self.weights[op.inputs[0].name]
                self.weights[op.outputs[0].name] = weight
                self.weight_specs[weight] = spec_of(op.outputs[0])
            self.tensors.update((tensor.name, tensor) for tensor in op.outputs)

    def _written(self, op: Live) -> Sequence[Live]:
        """The handles of what an op writes: its first operand, or all that a function that writes is given."""
        if writes(op.type):
            return [op.inputs[0]]
        handles = [tensor for tensor in op.inputs if tensor.dtype == tf.resource]
        if not handles or not is_effect(op.type):
            return []
        inside = (node.op for body in bodies_in(self._lowering.attributes(op).values()) for node in within(body))
        return handles if any(map(writes, inside)) else []

    def attributes(self, op: Live) -> dict[str, Attribute]:
        """The attributes of an op; of one that reads what the call has written, how often it was written before.

        Of a generator only that it was: who draws first is no difference.
        """
        settings = self._lowering.attributes(op)
        if op.name in self.late and self.weights.get(op.inputs[0].name) not in self.seeds:
            settings["writes_before"] = self.late[op.name]
        return settings

    def constant(self, node: str, tensor: Live) -> Node:
        """A Const op of the graph, or an eager tensor it captured, as a node with this id."""
        made = self.constants[tensor.name]
        settings = constant_attributes(made.numpy()) if hasattr(made, "numpy") else self._lowering.attributes(made)
        return Node(id=node, op="Const", kind="const", attributes=settings, outputs=(spec_of(tensor),))


class Body:
    """The graph inside a node while its ops are added: operands as ``input`` nodes, weights as ``read`` nodes.

    Args:
        values: What the tensors stand for.
        operands: Names of the tensors that come in.
        weights: Ids of the weights that are used.
    """

    def __init__(self, values: Values, operands: tuple[str, ...], weights: tuple[str, ...]) -> None:
        self._values = values
        self._nodes: list[Node] = []
        self._effects: list[str] = []
        self._edges: dict[str, Edge] = {}
        self._reads = {weight: Edge(node=f"w{index}") for index, weight in enumerate(weights)}
        for index, name in enumerate(operands):
            spec = spec_of(values.tensors[name])
            self._nodes.append(
                Node(id=f"in{index}", op="input", kind="input", attributes={"index": index}, outputs=(spec,))
            )
            self._edges[name] = Edge(node=f"in{index}")
        for index, weight in enumerate(weights):
            known = values.weight_specs.get(weight)
            specs = () if known is None else (known,)
            self._nodes.append(Node(id=f"w{index}", op="read", kind="read", attributes={"index": index}, outputs=specs))

    def add(self, node: str, op: Live) -> None:
        """Adds an op as a node with this id."""
        operands = tuple(self.edge(tensor) for tensor in op.inputs)
        self._nodes.append(
            Node(
                id=node,
                op=op.type,
                kind="op",
                operands=operands,
                attributes=self._values.attributes(op),
                outputs=tuple(spec_of(tensor) for tensor in op.outputs),
            )
        )
        for port, tensor in enumerate(op.outputs):
            self._edges[tensor.name] = Edge(node=node, port=port)
        if is_effect(op.type):
            self._effects.append(node)

    def edge(self, tensor: Live) -> Edge:
        """The edge of a tensor; a constant becomes a node where it is first used."""
        if tensor.name in self._values.weights:
            return self._reads[self._values.weights[tensor.name]]
        if tensor.name not in self._edges:
            constant = self._values.constant(f"c{len(self._nodes)}", tensor)
            self._nodes.append(constant)
            self._edges[tensor.name] = Edge(node=constant.id)
        return self._edges[tensor.name]

    def graph(self, ports: tuple[Live, ...]) -> Graph:
        """The graph that returns these tensors."""
        outputs = tuple(self.edge(tensor) for tensor in ports)  # may add constants
        return Graph(nodes=tuple(self._nodes), outputs=outputs, effects=tuple(self._effects))
