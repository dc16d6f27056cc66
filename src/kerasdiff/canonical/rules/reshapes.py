"""Rules on reshapes in all their spellings: what keeps the elements in order is one op, as late as it can be."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kerasdiff.canonical.dims import GIVEN, REST, Dim, product, quotient, static
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.shapes import UNARY, dims_of, entries, entries_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Attribute, Edge, Node, TensorSpec

SPREADING = frozenset({"AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum"})
"""Ops of two operands that a reshape may pass where the other operand belongs to the last axes alone."""


@rule("drop-identity-op", "Identity", "Snapshot", "EnsureShape", "CheckNumerics")
def drop_identity(node: Node, view: View) -> Result:
    """``Identity(x) = x``. It must not touch StopGradient, which changes gradients."""
    return node.operands[0]


@rule("drop-stop-gradient", "StopGradient", "PreventGradient", "IdentityN", modes=("inference",))
def drop_stop_gradient(node: Node, view: View) -> Result:
    """``StopGradient(x) = x`` where no gradient is taken, and so are values that a gradient was written for.

    It must not fire in training graphs.
    """
    return node.operands


@rule("reshape-spelling", "Reshape", "ExpandDims", "Squeeze")
def reshape_spelling(node: Node, view: View) -> Result:
    """Flatten, Reshape, ExpandDims and Squeeze keep the elements in order: the result's shape says it all.

    Nested reshapes are the outer one, and a reshape to the operand's own shape is nothing. Dimensions fixed only at
    run time are followed to where they come from, so ``[shape(x)[0], -1]`` is a Flatten. It must not touch
    transposes, which change the order, nor drop a reshape whose unknown dimensions come from elsewhere.
    """
    target = target_dims(node, view)
    if target is None:
        return None
    source = node.operands[0]
    inner = view.node(source)
    while inner.op == "Reshape" and "to" in inner.attributes:
        source = inner.operands[0]
        inner = view.node(source)
    if dims_of(view, source) == target:
        return source
    result = reshaped(node, source, target, view)
    return None if result is None or (source, result.attributes) == (node.operands[0], node.attributes) else result


@rule("dimension-source", "Dim", "StridedSlice", "GatherV2", "Reshape", "Squeeze", "Prod", "Mul", "Cast")
def dimension_source(node: Node, view: View) -> Result:
    """A size read at run time is read where it first appears: ``shape(relu(x))[0] = shape(x)[0]``.

    It must not follow an axis through an op that changes its size, nor merge two sizes that may differ.
    """
    if not node.outputs or node.outputs[0].shape != ():
        return None
    sizes = entries_of(view, node)
    if sizes is None:
        return None
    if sizes[0].known:
        attributes: dict[str, Attribute] = {"shape": (), "dtype": node.outputs[0].dtype, "value": sizes[0].number}
        return replace(node, op="Const", kind="const", operands=(), attributes=attributes)
    if sizes[0].number != 1 or len(sizes[0].names) != 1:
        return None
    name, port, axis = sizes[0].names[0]
    if (node.op, *node.operands, node.attributes.get("axis")) == ("Dim", Edge(node=name, port=port), axis):
        return None
    return replace(node, op="Dim", operands=(Edge(node=name, port=port),), attributes={"axis": axis})


def target_dims(node: Node, view: View) -> tuple[Dim, ...] | None:
    """The dimensions of a reshape's result, ``None`` where they are beyond what can be followed."""
    whole = dims_of(view, node.operands[0])
    shape = node.outputs[0].shape if node.outputs else None
    if "to" in node.attributes:
        return _written(node, view)
    if node.op in ("ExpandDims", "Squeeze"):
        return None if whole is None else _one_axis(node, whole, view)
    wanted = entries(view, node.operands[1])
    if wanted is None:
        if shape is None:
            return None
        wanted = tuple(Dim(REST if size is None else size) for size in shape)
    return _filled(whole, [None if dim == Dim(REST) else dim for dim in wanted])


def _filled(whole: tuple[Dim, ...] | None, wanted: list[Dim | None]) -> tuple[Dim, ...] | None:
    """The one open dimension, if there is one, worked out from the number of elements."""
    known = tuple(dim for dim in wanted if dim is not None)
    if len(known) == len(wanted):
        return known
    rest = None if whole is None or len(known) != len(wanted) - 1 else quotient(product(whole), product(known))
    return None if rest is None else tuple(rest if dim is None else dim for dim in wanted)


def _written(node: Node, view: View) -> tuple[Dim, ...] | None:
    """The dimensions a ``to`` attribute states."""
    whole = dims_of(view, node.operands[0])
    given = iter(node.operands[1:])
    sizes: list[Dim | None] = []
    for size in node.wholes("to"):
        value = entries(view, next(given)) if size == GIVEN else None
        sizes.append(value[0] if value else None if size in (REST, GIVEN) else Dim(size))
    return _filled(whole, sizes)


def _one_axis(node: Node, whole: tuple[Dim, ...], view: View) -> tuple[Dim, ...] | None:
    """The dimensions after an axis of size 1 is put in, or those named are taken out."""
    if node.op == "ExpandDims":
        position = entries(view, node.operands[1])
        if position is None or not position[0].known:
            return None
        axis = position[0].number % (len(whole) + 1)
        return (*whole[:axis], Dim(1), *whole[axis:])
    named = {axis % len(whole) for axis in node.wholes("squeeze_dims", ())}
    if not named and not all(dim.known for dim in whole):
        return None
    gone = named or {axis for axis, dim in enumerate(whole) if dim == Dim(1)}
    return tuple(dim for axis, dim in enumerate(whole) if axis not in gone)


def reshaped(like: Node, source: Edge, target: tuple[Dim, ...], view: View) -> Node | None:
    """A reshape of ``source`` in normal form; ``None`` where a dimension cannot be written down."""
    unknown = [dim for dim in target if not dim.known]
    if len(unknown) == 1:
        mark, given = REST, []
    else:
        if any(dim.number != 1 or len(dim.names) != 1 for dim in unknown):
            return None
        mark, given = GIVEN, [_dim(like, dim, view) for dim in unknown]
    to = tuple(dim.number if dim.known else mark for dim in target)
    spec = TensorSpec(shape=static(target), dtype=like.outputs[0].dtype)
    return replace(like, op="Reshape", operands=(source, *given), attributes={"to": to}, outputs=(spec,))


def _dim(like: Node, dim: Dim, view: View) -> Edge:
    name, port, axis = dim.names[0]
    return view.make(like, "Dim", Edge(node=name, port=port), shape=(), dtype="int32", settings={"axis": axis})


def make_reshape(like: Node, source: Edge, target: tuple[Dim, ...], view: View) -> Edge | None:
    """Puts a reshape of ``source`` beside ``like``."""
    if dims_of(view, source) == target:
        return source
    node = reshaped(like, source, target, view)
    if node is None:
        return None
    spec = view.spec(source)
    dtype = spec.dtype if spec is not None else ""
    return view.make(like, "Reshape", *node.operands, shape=static(target), dtype=dtype, settings=node.attributes)


@rule("reshape-through-elementwise", *sorted(UNARY | SPREADING | {"Softmax", "LogSoftmax"}))
def reshape_through_elementwise(node: Node, view: View) -> Result:
    """``f(reshape(x)) = reshape(f(x))`` where f works element by element: the reshape goes last.

    It holds for two operands reshaped alike, and for one beside a value of the last axes (a bias), where the reshape
    leaves these axes together. Softmax may be passed where the last axis stays. It must not pass a reshape that
    cuts through the axes of the other operand.
    """
    if not node.outputs or node.outputs[0].shape is None:
        return None
    if node.op in SPREADING:
        return _through_binary(node, view)
    inner = _movable(node.operands[0], view)
    if inner is None or (node.op in ("Softmax", "LogSoftmax") and inner.before[-1:] != inner.after[-1:]):
        return None
    return _passed(node, inner, (inner.source,), view)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReshapeAt:
    """The reshape that a value comes from, with the dimensions before and after it."""

    node: Node
    before: tuple[Dim, ...]
    after: tuple[Dim, ...]

    @property
    def source(self) -> Edge:
        """What is reshaped."""
        return self.node.operands[0]


def reshape_at(edge: Edge, view: View) -> ReshapeAt | None:
    """The reshape a value comes from, where the ranks around it are known."""
    inner = view.node(edge)
    if inner.op != "Reshape" or "to" not in inner.attributes:
        return None
    before, after = dims_of(view, inner.operands[0]), dims_of(view, edge)
    return None if before is None or after is None else ReshapeAt(node=inner, before=before, after=after)


def _movable(edge: Edge, view: View) -> ReshapeAt | None:
    """The reshape a value comes from, unless it is a weight's layout, which stays at the weight."""
    inner = reshape_at(edge, view)
    return None if inner is None or view.node(inner.source).kind in ("read", "const") else inner


def _passed(node: Node, inner: ReshapeAt, operands: tuple[Edge, ...], view: View) -> Node:
    """The reshape ``inner`` behind ``node``."""
    made = view.make(node, node.op, *operands, shape=static(inner.before), settings=node.attributes)
    return replace(inner.node, id=node.id, operands=(made, *inner.node.operands[1:]), outputs=node.outputs)


def _through_binary(node: Node, view: View) -> Result:
    one, two = (_movable(edge, view) for edge in node.operands)
    if one is not None and two is not None and (one.before, one.after) == (two.before, two.after):
        return _passed(node, one, (one.source, two.source), view)
    for side, inner in enumerate((one, two)):
        beside = None if inner is None else _trailing(node.operands[1 - side], inner.before, inner.after, node, view)
        if inner is not None and beside is not None:
            return _passed(node, inner, (inner.source, beside) if side == 0 else (beside, inner.source), view)
    return None


def _trailing(edge: Edge, before: tuple[Dim, ...], after: tuple[Dim, ...], node: Node, view: View) -> Edge | None:
    """A value of the last axes of ``after`` as one of the last axes of ``before`` that hold the same elements."""
    dims = dims_of(view, edge)
    if dims is None or len(dims) > len(after) or not all(dim.known for dim in dims):
        return None
    if product(dims) == Dim(1):
        return edge if len(dims) <= len(before) else None
    if dims != after[len(after) - len(dims) :]:
        return None
    size = product(dims)
    if size == product(after):  # as large as the other operand: neither is the one that is spread
        return None
    for count in range(1, len(before) + 1):
        last = before[len(before) - count :]
        if product(last) == size:
            return make_reshape(node, edge, last, view)
    return None
