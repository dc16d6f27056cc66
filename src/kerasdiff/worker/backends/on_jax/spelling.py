"""Which op of TensorFlow is a primitive of JAX? Where one computes the same, the primitive goes by its name.

So the rules that know TensorFlow's ops know these too. It helps to pair nodes and to name what differs. A verdict never
rests on it: where a side runs on JAX, numbers of JAX itself decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from kerasdiff.worker.backends.program import Spelled
from kerasdiff.worker.keras_internals import Live

_SAME: Mapping[str, str] = {
    "abs": "Abs", "add": "AddV2", "add_any": "AddV2", "and": "LogicalAnd", "argmax": "ArgMax", "ceil": "Ceil",
    "cos": "Cos", "div": "RealDiv", "eq": "Equal", "erf": "Erf", "exp": "Exp", "expm1": "Expm1", "floor": "Floor",
    "ge": "GreaterEqual", "gt": "Greater", "is_finite": "IsFinite", "le": "LessEqual", "log": "Log", "log1p": "Log1p",
    "logistic": "Sigmoid", "lt": "Less", "max": "Maximum", "min": "Minimum", "mul": "Mul", "ne": "NotEqual",
    "neg": "Neg", "not": "LogicalNot", "or": "LogicalOr", "pow": "Pow", "rem": "FloorMod", "round": "Round",
    "rsqrt": "Rsqrt", "sign": "Sign", "sin": "Sin", "sqrt": "Sqrt", "square": "Square", "stop_gradient": "StopGradient",
    "sub": "Sub", "tan": "Tan", "tanh": "Tanh",
}  # fmt: skip
"""Primitives that work on each entry by itself, and need no settings."""

_REDUCED: Mapping[str, str] = {
    "reduce_sum": "Sum", "reduce_max": "Max", "reduce_min": "Min", "reduce_prod": "Prod", "reduce_and": "All",
    "reduce_or": "Any",
}  # fmt: skip


def spelled(
    kind: str, params: Mapping[str, Live], shapes: Sequence[tuple[int, ...]], constants: Sequence[Live | None]
) -> Spelled | None:
    """The op that a primitive is; ``None`` where there is none.

    Args:
        kind: Name of the primitive.
        params: Its settings.
        shapes: Of its operands.
        constants: The values of those that are constants.
    """
    if kind == "max" and len(constants) == 2:
        zeros = [at for at, one in enumerate(constants) if one is not None and np.ndim(one) == 0 and one == 0]
        if len(zeros) == 1:
            return Spelled("Relu", [1 - zeros[0]])
    if kind in _SAME:
        return Spelled(_SAME[kind], range(len(shapes)))
    if kind in _REDUCED:
        axes = np.asarray(params["axes"], np.int32)
        return Spelled(_REDUCED[kind], [0, axes], {"keep_dims": False})
    made = _SHAPED.get(kind)
    return None if made is None else made(params, shapes)


_Made = Callable[[Mapping[str, Live], Sequence[tuple[int, ...]]], "Spelled | None"]


def _reshape(params: Mapping[str, Live], shapes: Sequence[tuple[int, ...]]) -> Spelled | None:
    del shapes
    if params.get("dimensions") is not None:
        return None
    return Spelled("Reshape", [0, np.asarray(params["new_sizes"], np.int32)])


def _transpose(params: Mapping[str, Live], shapes: Sequence[tuple[int, ...]]) -> Spelled | None:
    del shapes
    return Spelled("Transpose", [0, np.asarray(params["permutation"], np.int32)])


def _concatenate(params: Mapping[str, Live], shapes: Sequence[tuple[int, ...]]) -> Spelled | None:
    return Spelled("ConcatV2", [*range(len(shapes)), np.asarray(params["dimension"], np.int32)])


def _broadcast(params: Mapping[str, Live], shapes: Sequence[tuple[int, ...]]) -> Spelled | None:
    """What stands in the last dimensions is broadcast by every op that works entry by entry."""
    rank, own = len(params["shape"]), len(shapes[0])
    return Spelled("", [0]) if tuple(params["broadcast_dimensions"]) == tuple(range(rank - own, rank)) else None


def _select(params: Mapping[str, Live], shapes: Sequence[tuple[int, ...]]) -> Spelled | None:
    del params
    return Spelled("SelectV2", [0, 2, 1]) if len(shapes) == 3 else None


def _integer_pow(params: Mapping[str, Live], shapes: Sequence[tuple[int, ...]]) -> Spelled | None:
    del shapes
    return Spelled("Square", [0]) if params["y"] == 2 else None


def _cast(params: Mapping[str, Live], shapes: Sequence[tuple[int, ...]]) -> Spelled | None:
    del shapes
    return Spelled("Cast", [0], {"DstT": np.dtype(params["new_dtype"]).name})


def _dot(params: Mapping[str, Live], shapes: Sequence[tuple[int, ...]]) -> Spelled | None:
    plain = params["dimension_numbers"] == (((1,), (0,)), ((), ()))
    if not plain or any(len(shape) != 2 for shape in shapes):
        return None
    return Spelled("MatMul", [0, 1], {"transpose_a": False, "transpose_b": False})


_SHAPED: Mapping[str, _Made] = {
    "broadcast_in_dim": _broadcast,
    "concatenate": _concatenate,
    "convert_element_type": _cast,
    "dot_general": _dot,
    "integer_pow": _integer_pow,
    "reshape": _reshape,
    "select_n": _select,
    "transpose": _transpose,
}
