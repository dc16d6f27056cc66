"""Large graphs like the ones real networks trace to: calls with weights, attributes and a lowering of TF ops each."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from graph_builder import Build

from kerasdiff.canonical import Canonicaliser
from kerasdiff.graph import Edge, Graph, Node, Source, TensorSpec, Weight
from kerasdiff.graph.index import index_of

Made = tuple[Graph, dict[str, Weight]]
SPEC = TensorSpec(shape=(None, 8, 8, 16), dtype="float32")
HELD = {"conv": ("kernel", "bias"), "norm": ("gamma", "beta", "mean", "variance"), "dense": ("kernel", "bias")}
"""The weights of each op that has any."""

SHAPES = {"conv": (3, 3, 16, 16), "dense": (16, 16)}
PLAIN = {"relu": "Relu", "tanh": "Tanh", "pool": "AvgPool", "add": "AddV2", "concat": "ConcatV2", "gelu": "Gelu",
         "square": "Square", "multiply": "Mul", "stack": "Pack"}  # fmt: skip
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "conv": {"strides": 1, "padding": "same"}, "norm": {"epsilon": 1e-3}, "pool": {"size": 2}, "concat": {"axis": 3},
}  # fmt: skip


def lowering(op: str, operands: int, settings: Mapping[str, Any]) -> Graph:
    """The TF ops of one call, made anew for every call as a trace does."""
    b = Build()
    shape = SPEC.shape or ()
    values = [b.input(*shape) for _ in range(operands)]

    def held(position: int, *dims: int) -> Edge:
        node = Node(id=f"read{position}", op="read", kind="read", attributes={"index": position},
                    outputs=(TensorSpec(shape=dims, dtype="float32"),))  # fmt: skip
        b.nodes.append(node)
        return Edge(node=node.id)

    def op_(name: str, *edges: Edge, **attributes: Any) -> Edge:
        return b.op(name, *edges, shape=shape, **attributes)

    if op in ("conv", "dense"):
        kernel = "Conv2D" if op == "conv" else "MatMul"
        product = op_(kernel, values[0], held(0, *SHAPES[op]), **_attributes(op, settings))
        return b.graph(op_("BiasAdd", product, held(1, 16)))
    if op == "norm":
        gamma, beta, mean, variance = (held(position, 16) for position in range(4))
        scale = op_("Mul", op_("Rsqrt", op_("AddV2", variance, b.const(settings["epsilon"]))), gamma)
        shift = op_("Sub", beta, op_("Mul", mean, scale))
        return b.graph(op_("AddV2", op_("Mul", values[0], scale), shift))
    return b.graph(op_(PLAIN[op], *values, **settings))


def _attributes(op: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the kernel op of a layer is given."""
    if op == "dense":
        return {"transpose_a": False, "transpose_b": False}
    strides = (1, settings["strides"], settings["strides"], 1)
    return {"strides": strides, "padding": settings["padding"].upper(), "dilations": (1, 1, 1, 1),
            "data_format": "NHWC", "explicit_paddings": ()}  # fmt: skip


class Net:
    """A network in the making: the traced calls, their weights, and the edges they hand on."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.weights: dict[str, Weight] = {}

    def input(self) -> Edge:
        self.nodes.append(Node(id="in0", op="input", kind="input", attributes={"index": 0}, outputs=(SPEC,)))
        return Edge(node="in0")

    def call(self, op: str, *operands: Edge, shared: str = "", **changed: Any) -> Edge:
        """One call; with the weights of the node ``shared``, where one is named."""
        number = len(self.nodes)
        name, settings = f"net/{op}_{number}", {**SETTINGS.get(op, {}), **changed}
        owner = shared or name
        for role in HELD.get(op, ()):
            shape = SHAPES[op] if role == "kernel" else (16,)
            self.weights[f"{owner}/{role}"] = Weight(
                id=f"{owner}/{role}", path=f"{owner}/{role}", name=role, shape=shape, dtype="float32", trainable=True
            )
        self.nodes.append(
            Node(
                id=name, op=op, kind="layer" if op in HELD else "function", operands=operands,
                roles=("",) * len(operands), weights=tuple(f"{owner}/{role}" for role in HELD.get(op, ())),
                attributes=settings, outputs=(SPEC,), lowering=lowering(op, len(operands), settings),
                scope="net", display=op, source=Source(file="net.py", line=number),
            )
        )  # fmt: skip
        return Edge(node=name)

    def done(self, *outputs: Edge) -> Made:
        return Graph(nodes=tuple(self.nodes), outputs=outputs), self.weights


def chain(size: int) -> Made:
    """``conv, norm, relu`` over and over."""
    net = Net()
    value = net.input()
    for number in range(size - 1):
        value = net.call(("conv", "norm", "relu")[number % 3], value)
    return net.done(value)


def residual(size: int) -> Made:
    """Blocks of ``x + norm(conv(relu(norm(conv(x)))))``."""
    net = Net()
    value = net.input()
    while len(net.nodes) < size:
        skip = value
        for op in ("conv", "norm", "relu", "conv", "norm"):
            value = net.call(op, value)
        value = net.call("relu", net.call("add", skip, value))
    return net.done(value)


def branches(size: int, width: int = 8) -> Made:
    """Modules of many branches of different and of equal make, concatenated or summed in turn."""
    net = Net()
    value = net.input()
    while len(net.nodes) < size:
        ends = []
        for branch in range(width):
            end = value
            for op in ("conv", "norm", "relu", "pool", "tanh")[: 2 + branch // 2]:
                end = net.call(op, end)
            ends.append(end)
        joined = net.call("concat", *ends)
        value = net.call("relu", net.call("add", joined, net.call("conv", joined)))
    return net.done(value)


FAMILIES: Mapping[str, Callable[[int], Made]] = {"chain": chain, "residual": residual, "branches": branches}


# What is done to the candidate ------------------------------------------------------------------------


def rebuilt(made: Made, change: Callable[[int, Node], Node]) -> Made:
    """Every node as ``change`` gives it; where its settings or op changed, with the lowering that follows."""
    graph, weights = made
    nodes = []
    for number, node in enumerate(graph):
        new = change(number, node)
        if new.op != node.op or new.attributes != node.attributes:
            new = replace(new, lowering=lowering(new.op, len(new.operands), new.attributes))
        nodes.append(new)
    return replace(graph, nodes=tuple(nodes)), weights


def other_names(made: Made) -> Made:
    """The same graph under other names, of nodes and weights."""
    graph, weights = made

    def edges(old: tuple[Edge, ...]) -> tuple[Edge, ...]:
        return tuple(Edge(node=f"o/{edge.node}", port=edge.port) for edge in old)

    nodes = tuple(
        replace(n, id=f"o/{n.id}", operands=edges(n.operands), weights=tuple(f"o/{w}" for w in n.weights))
        for n in graph
    )
    held = {f"o/{name}": replace(weight, id=f"o/{name}", path=f"o/{name}") for name, weight in weights.items()}
    return replace(graph, nodes=nodes, outputs=edges(graph.outputs)), held


def shuffled(made: Made, draw: random.Random) -> Made:
    """The same graph in another topological order, under other names, with the operands of sums turned round."""
    graph, weights = other_names(made)
    left = {node.id: {edge.node for edge in node.operands} for node in graph}
    users = index_of(graph).consumers
    ready = [name for name, needs in left.items() if not needs]
    by_id = graph.by_id()
    nodes = []
    while ready:
        node = by_id[ready.pop(draw.randrange(len(ready)))]
        for user in dict.fromkeys(user.id for user, _ in users[node.id]):
            left[user].discard(node.id)
            if not left[user]:
                ready.append(user)
        if node.op in ("add", "multiply"):
            node = replace(node, operands=tuple(draw.sample(node.operands, len(node.operands))))
        nodes.append(node)
    fresh = {name: f"w{draw.random()}" for name in weights}
    nodes = [replace(node, weights=tuple(fresh[name] for name in node.weights)) for node in nodes]
    held = {fresh[name]: replace(weight, id=fresh[name], path=fresh[name]) for name, weight in weights.items()}
    return replace(graph, nodes=tuple(nodes)), held


def random_net(draw: random.Random, size: int, *, sharing: float = 0.1) -> Made:
    """A random DAG of calls, some of them with weights that another has too; what nothing uses is concatenated."""
    net = Net()
    values = [net.input()]
    used: set[Edge] = set()
    for _ in range(size):
        op = draw.choice(("conv", "conv", "dense", "norm", "relu", "tanh", "pool", "add", "add", "multiply", "concat"))
        operands = [draw.choice(values[-4:]) if draw.random() < 0.8 else draw.choice(values)]
        while op in ("add", "multiply", "concat") and len(operands) < 2:
            operands.append(draw.choice(values[-8:]))
        same = [node.id for node in net.nodes if node.op == op and f"{node.id}/bias" in net.weights]
        shared = draw.choice(same) if same and draw.random() < sharing else ""
        values.append(net.call(op, *operands, shared=shared))
        used.update(operands)
    ends = [value for value in values if value not in used]
    return net.done(net.call("concat", *ends) if len(ends) > 1 else ends[0])


def _set(node: Node, factor: float) -> Node:
    """One setting of a node changed; a node without any becomes another function."""
    if node.kind == "input":
        return node
    if not node.attributes:
        other = {"relu": "gelu", "tanh": "square", "add": "multiply"}
        return replace(node, op=other[node.op], display=other[node.op])
    key, value = sorted(node.attributes.items())[0]
    return replace(node, attributes={**node.attributes, key: value * factor if not isinstance(value, str) else "valid"})


def few_edits(made: Made) -> Made:
    """Nine nodes, spread evenly, with another setting."""
    step = max(1, len(made[0]) // 9)
    return rebuilt(made, lambda number, node: _set(node, 2) if number % step == step // 2 else node)


def edit_at_start(made: Made) -> Made:
    """The first node with another setting: every value after it differs."""
    return rebuilt(made, lambda number, node: _set(node, 2) if number == 1 else node)


def edits_at_both_ends(made: Made) -> Made:
    """The first and the last conv changed: no value is equal from the inputs on, nor from the outputs back."""
    convs = [number for number, node in enumerate(made[0]) if node.op == "conv"]
    graph, weights = rebuilt(made, lambda number, node: _set(node, 2) if number in (convs[0], convs[-1]) else node)
    last = replace(_set(graph.nodes[-1], 2), id="last", operands=graph.outputs, attributes={}, op="tanh", weights=())
    last = replace(last, lowering=lowering("tanh", 1, {}), kind="function")
    return replace(graph, nodes=(*graph.nodes, last), outputs=(Edge(node="last"),)), weights


def all_changed(made: Made) -> Made:
    """Every node with another setting, or another function where it has none."""
    return rebuilt(made, lambda number, node: _set(node, 2))


def nothing_alike(made: Made) -> Made:
    """The same wiring, but no op in common."""
    other = {"conv": "dense", "norm": "tanh", "relu": "gelu", "pool": "square", "tanh": "square", "add": "multiply",
             "concat": "stack"}  # fmt: skip

    def change(number: int, node: Node) -> Node:
        if node.kind == "input":
            return node
        op = other[node.op]
        held = node.weights[:2] if op == "dense" else ()
        kind = "layer" if held else "function"
        return replace(node, op=op, display=op, weights=held, attributes={}, kind=kind)

    graph, weights = rebuilt(made, change)
    dense = {name: replace(w, shape=SHAPES["dense"]) if w.name == "kernel" else w for name, w in weights.items()}
    return graph, dense


def shuffled_ops(made: Made) -> Made:
    """The same wiring, with the ops of one operand dealt out anew: much in common, nothing in order."""
    draw = random.Random(0)
    single = [node.op for node in made[0] if len(node.operands) == 1]
    draw.shuffle(single)
    net = Net()
    edges: dict[str, Edge] = {}
    for node in made[0]:
        if node.kind == "input":
            edges[node.id] = net.input()
            continue
        op = single.pop() if len(node.operands) == 1 else node.op
        edges[node.id] = net.call(op, *(edges[edge.node] for edge in node.operands))
    return net.done(*(edges[edge.node] for edge in made[0].outputs))


CASES: Mapping[str, Callable[[Made], Made]] = {
    "equal": lambda made: made,
    "renamed": other_names,
    "few edits": few_edits,
    "edit at start": edit_at_start,
    "edits at both ends": edits_at_both_ends,
    "all changed": all_changed,
    "shuffled": shuffled_ops,
    "nothing alike": nothing_alike,
}


def canonical_pair(family: str, case: str, size: int) -> tuple[Made, Made]:
    """Both graphs of a case in normal form; the candidate is made from scratch, so that no object is shared."""
    normal = Canonicaliser("inference")
    first, second = FAMILIES[family](size), CASES[case](FAMILIES[family](size))
    return (normal.canonicalise(first[0]).graph, first[1]), (normal.canonicalise(second[0]).graph, second[1])
