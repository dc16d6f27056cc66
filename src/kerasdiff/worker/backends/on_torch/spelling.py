"""Which op of TensorFlow is an op of PyTorch? Where one computes the same, it goes by that name.

It helps to pair nodes and to name what differs, as on JAX; a verdict never rests on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch

from kerasdiff.worker.backends.program import Spelled
from kerasdiff.worker.keras_internals import Live

_ONE: Mapping[str, str] = {
    "abs": "Abs", "ceil": "Ceil", "clone": "Identity", "cos": "Cos",
    "detach": "StopGradient", "erf": "Erf", "exp": "Exp", "expm1": "Expm1", "floor": "Floor", "isfinite": "IsFinite",
    "log": "Log", "log1p": "Log1p", "logical_not": "LogicalNot", "neg": "Neg", "reciprocal": "Reciprocal",
    "relu": "Relu", "round": "Round", "rsqrt": "Rsqrt", "sigmoid": "Sigmoid", "sign": "Sign", "sin": "Sin",
    "sqrt": "Sqrt", "square": "Square", "tan": "Tan", "tanh": "Tanh",
}  # fmt: skip

_TWO: Mapping[str, str] = {
    "add": "AddV2", "atan2": "Atan2", "div": "RealDiv", "eq": "Equal", "ge": "GreaterEqual", "gt": "Greater",
    "le": "LessEqual", "logical_and": "LogicalAnd", "logical_or": "LogicalOr", "lt": "Less", "maximum": "Maximum",
    "minimum": "Minimum", "mul": "Mul", "ne": "NotEqual", "pow": "Pow", "remainder": "FloorMod", "sub": "Sub",
}  # fmt: skip

_RESHAPED = ("view", "_unsafe_view", "reshape", "unsqueeze", "squeeze")
_DRAWN: Mapping[str, tuple[str, str]] = {
    "rand": ("RandomUniform", "StatelessRandomUniformV2"),
    "randn": ("RandomStandardNormal", "StatelessRandomNormalV2"),
}
"""Draws from the generator of PyTorch, and from one that was made of a seed."""


def spelled(
    kind: str, args: Sequence[Live], kwargs: Mapping[str, Live], shapes: Sequence[tuple[int, ...]]
) -> Spelled | None:
    """The op that one of PyTorch is; ``None`` where there is none.

    Args:
        kind: Its name.
        args: What it is called with.
        kwargs: The same by name.
        shapes: Of what it gives.
    """
    kind = kind.removesuffix("_") if not kind.startswith("_") else kind
    tensors = sum(isinstance(one, torch.Tensor) for one in args)
    if kind in _DRAWN:
        return Spelled(_DRAWN[kind][kwargs.get("generator") is not None], [np.asarray(shapes[0], np.int32)])
    if kind in _ONE and tensors == 1 and len(args) == 1:
        return Spelled(_ONE[kind], [0])
    if kind in _TWO and len(args) == 2 and not kwargs:
        return _pair(_TWO[kind], args)
    if kind in _RESHAPED and shapes:
        return Spelled("Reshape", [0, np.asarray(shapes[0], np.int32)])
    if kind == "_to_copy":
        dtype = kwargs.get("dtype")
        return None if dtype is None else Spelled("Cast", [0], {"DstT": str(dtype).removeprefix("torch.")})
    made = _SHAPED.get(kind)
    return None if made is None else made(args)


def _pair(kind: str, args: Sequence[Live]) -> Spelled | None:
    """An op of two operands, one of which may be a plain number: a constant of the dtype of the other."""
    first, second = (isinstance(one, torch.Tensor) for one in args)
    if first and second:
        return Spelled(kind, [0, 1])
    if kind == "Pow" and first and args[1] == 2:
        return Spelled("Square", [0])
    tensor = next((one for one in args if isinstance(one, torch.Tensor)), None)
    if tensor is None or not tensor.dtype.is_floating_point or tensor.dtype == torch.bfloat16:
        return None
    operands = [0 if known else _number(one, tensor) for known, one in zip((first, second), args, strict=True)]
    return Spelled(kind, operands)


def _number(value: Live, like: Live) -> Live:
    return np.asarray(value, str(like.dtype).removeprefix("torch."))


_Made = Callable[[Sequence[Live]], "Spelled | None"]


def _softmax(kind: str, args: Sequence[Live]) -> Spelled | None:
    return Spelled(kind, [0]) if args[1] in (-1, args[0].ndim - 1) else None


def _product(args: Sequence[Live]) -> Spelled:
    del args
    return Spelled("MatMul", [0, 1], {"transpose_a": False, "transpose_b": False})


def _transpose(args: Sequence[Live]) -> Spelled:
    return Spelled("Transpose", [0, _axes(args[1], args[0])])


def _concatenate(args: Sequence[Live]) -> Spelled:
    axis = args[1] if len(args) > 1 else 0
    return Spelled("ConcatV2", [*range(len(args[0])), np.asarray(axis % args[0][0].ndim, np.int32)])


def _select(args: Sequence[Live]) -> Spelled | None:
    return (
        Spelled("SelectV2", [0, 1, 2])
        if len(args) == 3 and all(isinstance(one, torch.Tensor) for one in args)
        else None
    )


def _reduced(kind: str, args: Sequence[Live]) -> Spelled | None:
    if len(args) < 2 or args[1] is None:
        return None
    kept = len(args) > 2 and bool(args[2])
    return Spelled(kind, [0, _axes(args[1] or range(args[0].ndim), args[0])], {"keep_dims": kept})


def _axes(axes: Sequence[int], tensor: Live) -> Live:
    return np.asarray([axis % tensor.ndim for axis in axes], np.int32)


_SHAPED: Mapping[str, _Made] = {
    "_log_softmax": partial(_softmax, "LogSoftmax"),
    "_softmax": partial(_softmax, "Softmax"),
    "amax": partial(_reduced, "Max"),
    "amin": partial(_reduced, "Min"),
    "cat": _concatenate,
    "mean": partial(_reduced, "Mean"),
    "mm": _product,
    "permute": _transpose,
    "sum": partial(_reduced, "Sum"),
    "where": _select,
}
