"""What do the tensors of a traced call stand for? Weights, constants, or what an op computes."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from kerasdiff.graph import Edge, Graph, Node, TensorSpec
from kerasdiff.worker.keras_internals import Live, captures
from kerasdiff.worker.tracing.lower import Lowering, constant_attributes, is_effect, spec_of
from kerasdiff.worker.tracing.trace import Recording
from kerasdiff.worker.tracing.untracked import Untracked


class Values:
    """The values of one recording, by the names of its tensors.

    Attributes:
        tensors: Every tensor an op of the graph makes.
        weights: Ids of the weights behind handles, and behind what was read before the call wrote to them.
        weight_specs: Shape and dtype of each weight that is read, by id.
        constants: Const ops, and eager tensors from outside the graph.
        late: Names of the ops that read a weight after the call has written to it.
    """

    def __init__(self, recording: Recording, variables: Mapping[int, str], lowering: Lowering) -> None:
        """Takes the recording, weight ids by ``id(resource handle)``, and what reads the attributes of its ops."""
        self.tensors: dict[str, Live] = {}
        self.weights: dict[str, str] = {}
        self.weight_specs: dict[str, TensorSpec] = {}
        self.constants: dict[str, Live] = {}
        self.late: set[str] = set()
        self._lowering = lowering
        self._read_captures(recording, variables)
        self._read_operations(recording)

    def _read_captures(self, recording: Recording, variables: Mapping[int, str]) -> None:
        untracked = Untracked(recording)
        for outer, inner in captures(recording.graph):
            if inner.dtype == tf.resource:
                self.weights[inner.name] = variables.get(id(outer)) or untracked.name(outer, inner)
            elif hasattr(outer, "numpy"):
                self.constants[inner.name] = outer

    def _read_operations(self, recording: Recording) -> None:
        written: set[str] = set()
        for op in recording.graph.get_operations():
            if op.type.startswith("Assign"):
                written.add(op.inputs[0].name)
            if op.type == "Const":
                self.constants[op.outputs[0].name] = op
            elif op.type == "ReadVariableOp" and op.inputs[0].name in written:
                self.late.add(op.name)  # not the weight the call started with
            elif op.type == "ReadVariableOp" and op.inputs[0].name in self.weights:
                weight = self.weights[op.inputs[0].name]
                self.weights[op.outputs[0].name] = weight
                self.weight_specs[weight] = spec_of(op.outputs[0])
            self.tensors.update((tensor.name, tensor) for tensor in op.outputs)

    def constant(self, node: str, tensor: Live) -> Node:
        """A Const op of the graph, or an eager tensor it captured, as a node with this id."""
        made = self.constants[tensor.name]
        settings = constant_attributes(made.numpy()) if hasattr(made, "numpy") else self._lowering.attributes(made)
        return Node(id=node, op="Const", kind="const", attributes=settings, outputs=(spec_of(tensor),))


class Body:
    """The graph inside a node while its ops are added: operands as ``input`` nodes, weights as ``read`` nodes.

    Args:
        values: What the tensors stand for.
        lowering: Reads the attributes of ops.
        operands: Names of the tensors that come in.
        weights: Ids of the weights that are used.
    """

    def __init__(self, values: Values, lowering: Lowering, operands: tuple[str, ...], weights: tuple[str, ...]) -> None:
        self._values, self._lowering = values, lowering
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
                attributes=self._lowering.attributes(op),
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
