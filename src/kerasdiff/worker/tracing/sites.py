"""Who made an op: the user's line, and the library function called there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasdiff.graph import Source
from kerasdiff.worker.tracing.sources import is_user_file


@dataclass(frozen=True)
class Site:
    """Who made an op: the user's line, the library function called there, and the stack below it."""

    source: Source | None
    function: str
    below: tuple[tuple[str, int], ...]


_HOOKS_FILE = str(Path(__file__).with_name("trace.py"))
_HOOKS = ("__call__", "call", "on_operation")
"""The functions there that a layer call passes."""

_PLUMBING = frozenset(
    {"error_handler", "op_dispatch_handler", "binary_op_wrapper", "r_binary_op_wrapper", "wrapper", "_call_wrapper",
     "__call__", "inner", "op_wrapper", "<lambda>", "tensor_equals", "wrapped", "_wrapper", "new_func"}
)  # fmt: skip

_OPERATORS = {
    "slice_helper": "getitem",
    "tensor_not_equals": "not_equal",
    "radd": "add",
    "rmul": "mul",
    "rsub": "sub",
    "rtruediv": "truediv",
}
"""Operators by what TensorFlow calls the functions behind them."""


def _public(function: str) -> str:
    """A library function by the name that users know: ``_slice_helper`` is ``getitem``, ``while_loop_v2`` no news."""
    plain = re.sub(r"(_dispatch|_factory|_for_tf|_v2)+$", "", function).strip("_")
    return _OPERATORS.get(plain, plain)


def op_site(op: Any) -> Site:
    """Reads an op's traceback, from the innermost layer call inwards."""
    frames = [(frame.filename, int(frame.lineno), str(frame.name)) for frame in op.traceback]
    begin = 0
    for position, (filename, _, name) in enumerate(frames):
        if filename == _HOOKS_FILE and name in _HOOKS:
            begin = position + 1
    inside = frames[begin:]
    last = max((i for i, (filename, _, _) in enumerate(inside) if is_user_file(filename)), default=-1)
    source = None if last < 0 else Source(file=inside[last][0], line=inside[last][1])
    rest = inside[last + 1 :]
    function = next((name for _, _, name in rest if name not in _PLUMBING), "")
    return Site(
        source=source,
        function=_public(function),
        below=tuple((f, n) for f, n, _ in rest),
    )
