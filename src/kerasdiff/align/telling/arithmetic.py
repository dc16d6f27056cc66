"""What does a lowering compute, in numbers? Numpy's answer for the ops of which formulas are made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
import scipy  # which imports each of its parts when it is first used: most comparisons use none
from numpy.typing import NDArray

from kerasdiff.graph import Edge, Graph, Node

Values = NDArray[np.float64]

Unary = Callable[[Values], Values]
Binary = Callable[[Values, Values], Values]


class NotEvaluatedError(Exception):
    """An op, or a setting of one, that numpy is not asked for here."""


def _sigmoid(x: Values) -> Values:
    return np.asarray(scipy.special.expit(x))


UNARY: Mapping[str, Unary] = {
    "Identity": lambda x: x,
    "StopGradient": lambda x: x,
    "Cast": lambda x: x,
    "Neg": np.negative,
    "Abs": np.abs,
    "Sign": np.sign,
    "Square": np.square,
    "Sqrt": np.sqrt,
    "Rsqrt": lambda x: 1 / np.sqrt(x),
    "Reciprocal": np.reciprocal,
    "Inv": np.reciprocal,
    "Exp": np.exp,
    "Expm1": np.expm1,
    "Log": np.log,
    "Log1p": np.log1p,
    "Tanh": np.tanh,
    "Sin": np.sin,
    "Cos": np.cos,
    "Atan": np.arctan,
    "Sinh": np.sinh,
    "Cosh": np.cosh,
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Rint": np.rint,
    "Round": np.rint,
    "Erf": lambda x: np.asarray(scipy.special.erf(x)),
    "Erfc": lambda x: np.asarray(scipy.special.erfc(x)),
    "Sigmoid": _sigmoid,
    "Softplus": lambda x: np.logaddexp(0.0, x),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Relu": lambda x: np.maximum(x, 0),
    "Relu6": lambda x: np.clip(x, 0, 6),
    "Selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "LogicalNot": np.logical_not,
    "IsNan": np.isnan,
}
"""Ops of one operand, entry by entry."""

BINARY: Mapping[str, Binary] = {
    "AddV2": np.add,
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "RealDiv": np.divide,
    "Div": np.divide,
    "Pow": np.power,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "SquaredDifference": lambda a, b: np.square(a - b),
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
    "Less": np.less,
    "LessEqual": np.less_equal,
    "Equal": np.equal,
    "NotEqual": np.not_equal,
    "LogicalAnd": np.logical_and,
    "LogicalOr": np.logical_or,
}
"""Ops of two operands that broadcast."""

REDUCTIONS: Mapping[str, Callable[..., Values]] = {
    "Sum": np.sum,
    "Mean": np.mean,
    "Max": np.max,
    "Min": np.min,
    "Prod": np.prod,
}


def _scale(node: Node, x: Values) -> Values:
    return x * node.real("by")


def _shift(node: Node, x: Values) -> Values:
    return x + node.real("by")


def _leaky(node: Node, x: Values) -> Values:
    return np.where(x >= 0, x, float(cast(float, node.attributes.get("alpha", 0.2))) * x)


def _elu(node: Node, x: Values) -> Values:
    alpha = float(cast(float, node.attributes.get("alpha", 1.0)))
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _softmax(node: Node, x: Values) -> Values:
    return np.asarray(scipy.special.softmax(x, axis=-1))


def _log_softmax(node: Node, x: Values) -> Values:
    return np.asarray(scipy.special.log_softmax(x, axis=-1))


def _transposed(node: Node, x: Values) -> Values:
    if "perm" not in node.attributes:
        raise NotEvaluatedError
    return np.transpose(x, node.wholes("perm"))


def _reshaped(node: Node, x: Values) -> Values:
    sizes = node.attributes.get("to")
    if not isinstance(sizes, tuple) or sum(size == -1 for size in sizes) > 1:
        raise NotEvaluatedError
    return x.reshape(node.wholes("to"))


WITH_SETTINGS: Mapping[str, Callable[[Node, Values], Values]] = {
    "Scale": _scale,
    "Shift": _shift,
    "LeakyRelu": _leaky,
    "Elu": _elu,
    "Softmax": _softmax,
    "LogSoftmax": _log_softmax,
    "Transpose": _transposed,
    "Reshape": _reshaped,
}
"""Ops of one operand that have settings, or know of axes."""

WHOLE = frozenset({"Softmax", "LogSoftmax", "Transpose", "Reshape", *REDUCTIONS})
"""Those that do more than something to each entry."""

MOST_VALUES = 200_000
"""Entries of a value that are computed at most."""


def knows(lowering: Graph | None) -> bool:
    """Whether numpy can compute it: one result after the other, with no weight and no random number."""
    return lowering is not None and all(
        node.kind in ("input", "const") or (node.kind == "op" and _known(node)) for node in lowering
    )


def _known(node: Node) -> bool:
    named = node.op in UNARY or node.op in BINARY or node.op in WITH_SETTINGS or node.op in ("SelectV2", "Sum*")
    return named or (node.op in REDUCTIONS and "axes" in node.attributes)


def entrywise(lowering: Graph) -> bool:
    """Whether each entry of the results comes from the entries at the same place, and from single numbers."""
    return not any(node.op in WHOLE or (node.kind == "const" and not _single(node)) for node in lowering)


def _single(node: Node) -> bool:
    return math.prod(node.wholes("shape", ())) == 1


def evaluated(lowering: Graph, operands: Sequence[Values]) -> list[Values]:
    """The results of a lowering for these operands.

    Raises:
        NotEvaluatedError: If it holds an op that is not known here, or whose shapes do not fit.
    """
    values: dict[str, Values] = {}
    with np.errstate(all="ignore"):
        for number, node in enumerate(item for item in lowering if item.kind == "input"):
            values[node.id] = operands[node.whole("index", number)]
        for node in lowering:
            if node.kind == "const":
                values[node.id] = _constant(node)
            elif node.kind != "input":
                values[node.id] = _computed(node, [_taken(values, edge) for edge in node.operands])
    return [_taken(values, edge) for edge in lowering.outputs]


def _taken(values: Mapping[str, Values], edge: Edge) -> Values:
    if edge.port or edge.node not in values:
        raise NotEvaluatedError
    return values[edge.node]


def _constant(node: Node) -> Values:
    value = node.attributes.get("value")
    if value is None or isinstance(value, str):
        raise NotEvaluatedError
    return np.asarray(value, dtype=np.float64)


def _computed(node: Node, operands: list[Values]) -> Values:
    try:
        value = _applied(node, operands)
    except (ValueError, IndexError, TypeError, KeyError) as error:  # a shape or a setting that does not fit
        raise NotEvaluatedError from error
    if value.size > MOST_VALUES:
        raise NotEvaluatedError
    return value


def _applied(node: Node, operands: list[Values]) -> Values:
    if node.op in WITH_SETTINGS:
        return WITH_SETTINGS[node.op](node, operands[0])
    if node.op in REDUCTIONS:
        axes = node.wholes("axes")
        return np.asarray(REDUCTIONS[node.op](operands[0], axis=axes, keepdims=bool(node.attributes.get("keep_dims"))))
    if node.op in UNARY:
        return np.asarray(UNARY[node.op](operands[0]))
    if node.op in BINARY:
        return np.asarray(BINARY[node.op](operands[0], operands[1]))
    if node.op == "SelectV2":
        return np.where(operands[0].astype(bool), operands[1], operands[2])
    if node.op == "Sum*":
        return np.asarray(sum(operands[1:], operands[0]))
    raise NotEvaluatedError
