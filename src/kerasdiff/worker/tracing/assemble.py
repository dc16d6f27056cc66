"""Turns a recorded call into a :class:`Graph`: one node per built-in layer call or library function call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.graph import FUSED, Edge, Graph, Node
from kerasdiff.worker.keras_internals import Live, final_updates, handle_of, is_seed_state
from kerasdiff.worker.tracing.attributes import layer_attributes
from kerasdiff.worker.tracing.branches import Way, ways
from kerasdiff.worker.tracing.lower import Lowering, spec_of
from kerasdiff.worker.tracing.names import owned_variables
from kerasdiff.worker.tracing.sources import relative
from kerasdiff.worker.tracing.trace import Recording, Traceable
from kerasdiff.worker.tracing.units import Unit, leaving, split
from kerasdiff.worker.tracing.values import Body, Values


def assemble(loaded: Traceable, recording: Recording, *, bare: bool = False) -> Assembler:
    """An assembler for a recording of this model; a ``bare`` one only tells which nodes there are, and where."""
    owned = [(name, variable) for name, _, variable in owned_variables(recording.names)]
    variables = {id(handle_of(variable)): name for name, variable in owned}
    seeds = frozenset(name for name, variable in owned if is_seed_state(variable))
    return Assembler(recording, variables, seeds, loaded.root, _input_names(loaded, recording), bare=bare)


def _input_names(loaded: Traceable, recording: Recording) -> list[str]:
    """What the user calls each input; a number where it has no name, or that of a layer."""
    layers = {path for path, _ in recording.names.layers}
    count = len(recording.inputs)
    plain = [f"input_{index}" if count > 1 else "input" for index in range(count)]
    given = [port.name for port in loaded.ports] if len(loaded.ports) == count else plain
    return [other if name in layers else name for name, other in zip(given, plain, strict=True)]


@dataclass(frozen=True)
class _Border:
    """What enters and leaves a unit.

    Attributes:
        operands: Names of the tensors that enter, in order.
        weights: Ids of the weights that it reads or writes, in order of first use.
        ports: The tensors that leave.
    """

    operands: tuple[str, ...]
    weights: tuple[str, ...]
    ports: tuple[Live, ...]


class Assembler:
    """Builds the graph of one recording."""

    def __init__(
        self,
        recording: Recording,
        variables: Mapping[int, str],
        seeds: frozenset[str],
        root: str,
        inputs: Sequence[str],
        *,
        bare: bool = False,
    ) -> None:
        """Reads the values of the graph.

        Args:
            recording: The call.
            variables: Weight ids by ``id(resource handle)``.
            seeds: Those that are the state of a random generator.
            root: The directory that sources are relative to.
            inputs: Names of the inputs.
            bare: Whether nodes go without their settings and lowering, which takes most of the time.
        """
        self._bare = bare
        self._recording = recording
        self._inputs = inputs
        self._root = root
        self._lowering = Lowering(recording.graph)
        self._values = Values(recording, variables, seeds, self._lowering)
        self._edges: dict[str, Edge] = {}
        self._nodes: list[Node] = []
        self._taken: set[str] = set()
        self._homes: dict[str, str] = {}
        self._fused: dict[Edge, Live] = {}

    def graph(self) -> Graph:
        """The traced graph; function nodes and layer nodes in the order they were called."""
        recording = self._recording
        for index, (name, tensor) in enumerate(zip(self._inputs, recording.inputs, strict=True)):
            self._add_input(name, index, tensor)
        units = split(recording, self._values.late.keys())
        wanted = leaving(units, recording)
        for unit in units:
            self._add(unit, wanted)
        outputs = tuple(self._root_edge(tensor) for tensor in recording.outputs)
        losses = tuple(self._root_edge(tensor) for tensor in recording.losses)
        effects = tuple(node.id for node in self._nodes if node.lowering is not None and node.lowering.effects)
        return Graph(nodes=tuple(self._nodes), outputs=outputs, losses=losses, effects=effects)

    def spots(self) -> dict[Edge, Live]:
        """The tensor of every value between nodes, and of what goes into a fused activation (port ``FUSED``)."""
        tensors = self._values.tensors
        return {**{edge: tensors[name] for name, edge in self._edges.items() if name in tensors}, **self._fused}

    def home(self, op: str) -> str:
        """The id of the node an op belongs to, empty where it belongs to none."""
        return self._homes.get(op, "")

    def updates(self) -> list[Live]:
        """The ops that are run for what they do."""
        return final_updates(self._recording.graph)

    def ways(self) -> list[Way]:
        """Where the call takes one of several ways for a whole batch."""
        return ways(self._recording, self._homes, set(self._values.constants), self._lowering)

    def _add_input(self, base: str, index: int, tensor: Live) -> None:
        node = Node(
            id=self._unique(base),
            op="input",
            kind="input",
            attributes={"index": index},
            outputs=(spec_of(tensor),),
            display="Input",
        )
        self._nodes.append(node)
        self._edges[tensor.name] = Edge(node=node.id)

    def _add(self, unit: Unit, wanted: set[str]) -> None:
        """Makes the node of a unit."""
        border = self._border(unit, wanted)
        fused = self._fused_activation(unit)
        event = unit.event
        node = Node(
            id=self._unique(unit.base),
            op=unit.op,
            kind="layer" if unit.is_layer else "function",
            operands=tuple(self._edges[name] for name in border.operands if name in self._edges),
            roles=tuple("mask" if name in self._recording.masks else "" for name in border.operands),
            weights=border.weights,
            attributes={} if event is None or self._bare else {**layer_attributes(event.layer), **event.settings},
            outputs=tuple(spec_of(tensor) for tensor in border.ports),
            lowering=None if self._bare else self._lower(unit, border),
            scope=unit.scope,
            seeds=self._seeds(border.weights),
            untracked=self._untracked(border.weights),
            display=unit.display,
            source=relative(unit.source, self._root),
            called=relative(unit.called, self._root),
            activation=None if fused is None else fused[0],
        )
        self._nodes.append(node)
        self._homes.update((op.name, node.id) for op in unit.ops)
        for port, tensor in enumerate(border.ports):
            self._edges[tensor.name] = Edge(node=node.id, port=port)
        if fused is not None:
            self._fused[Edge(node=node.id, port=FUSED)] = fused[1]

    def _border(self, unit: Unit, wanted: set[str]) -> _Border:
        """The operands of a layer come in the order of its call, whatever op consumes them first."""
        own = {op.name for op in unit.ops}
        used = {tensor.name: tensor for op in unit.ops for tensor in op.inputs}
        given = [] if unit.event is None else [tensor for tensor in unit.event.inputs if tensor.name in used]
        operands: dict[str, None] = {}
        weights: dict[str, None] = {}
        for tensor in (*given, *used.values()):
            if tensor.name in self._values.weights:
                weights[self._values.weights[tensor.name]] = None
            elif tensor.op.name not in own and tensor.name not in self._values.constants:
                operands[tensor.name] = None
        return _Border(operands=tuple(operands), weights=tuple(weights), ports=_ports(unit, wanted))

    def _lower(self, unit: Unit, border: _Border) -> Graph:
        body = Body(self._values, border.operands, border.weights)
        for number, op in enumerate(unit.ops):
            if op.type != "Const":
                body.add(_inner_id(number), op)
        return body.graph(border.ports)

    def _fused_activation(self, unit: Unit) -> tuple[Edge, Live] | None:
        """The value inside the unit that goes into its fused activation, if exactly one does: its edge and tensor."""
        if unit.event is None or unit.event.activation is None:
            return None
        start, stop = unit.event.activation
        inside = self._recording.graph.get_operations()[start:stop]
        region = {op.name for op in inside}
        own = {op.name: number for number, op in enumerate(unit.ops)}
        entering = {
            Edge(node=_inner_id(own[tensor.op.name]), port=tensor.value_index): tensor
            for op in inside
            for tensor in op.inputs
            if tensor.op.name not in region and tensor.op.name in own
        }
        return entering.popitem() if len(entering) == 1 else None

    def _root_edge(self, tensor: Live) -> Edge:
        """The edge of an output or loss; where no node makes it, it is a constant or a weight itself."""
        if tensor.name in self._edges:
            return self._edges[tensor.name]
        if tensor.name in self._values.constants:
            node = self._values.constant(self._unique("constant"), tensor)
        else:
            weights = (self._values.weights[tensor.name],)
            node = Node(
                id=self._unique("read"),
                op="read",
                kind="read",
                weights=weights,
                seeds=self._seeds(weights),
                untracked=self._untracked(weights),
                outputs=(spec_of(tensor),),
            )
        self._nodes.append(node)
        self._edges[tensor.name] = Edge(node=node.id)
        return self._edges[tensor.name]

    def _seeds(self, weights: tuple[str, ...]) -> tuple[str, ...]:
        """Those that are the state of a random generator."""
        return tuple(weight for weight in weights if weight in self._values.seeds)

    def _untracked(self, weights: tuple[str, ...]) -> tuple[str, ...]:
        """What those hold that the model does not know of."""
        known = self._values.untracked
        return tuple(known[weight] for weight in weights if weight in known)

    def _unique(self, base: str) -> str:
        name, count = base, 1
        while name in self._taken:
            name, count = f"{base}:{count + 1}", count + 1
        self._taken.add(name)
        return name


def _ports(unit: Unit, wanted: set[str]) -> tuple[Live, ...]:
    """The tensors that leave a unit: what its layer returns, with the masks, then what else others consume."""
    own = {op.name for op in unit.ops}
    returned = () if unit.event is None else (*unit.event.outputs, *unit.event.masks)
    ports = {tensor.name: tensor for tensor in returned if tensor.op.name in own}
    ports.update({tensor.name: tensor for op in unit.ops for tensor in op.outputs if tensor.name in wanted})
    return tuple(ports.values())


def _inner_id(number: int) -> str:
    """The id of an op in the lowering of its node."""
    return f"o{number}"
