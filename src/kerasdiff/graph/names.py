"""What does a reader call a TensorFlow op, and which settings has it without saying so?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kerasdiff.graph.model import Attribute

_NAMES = {
    "gather_v2": "gather",
    "add_v2": "add",
    "concat_v2": "concat",
    "mul": "multiply",
    "sum*": "add",
    "real_div": "divide",
    "batch_mat_mul_v2": "batch_matmul",
    "mat_mul": "matmul",
    "pack": "stack",
    "reverse_v2": "flip",
    "select_v2": "where",
    "slice*": "slice",
    "if": "cond",
    "stateless_if": "cond",
    "stateless_while": "while_loop",
    "while": "while_loop",
}
"""What an op is called where TensorFlow's own name says how it is made."""

IMPLIED: Mapping[str, Mapping[str, Attribute]] = {"Elu": {"alpha": 1.0}}
"""Settings that an op has without saying so, as another spelling of it says them."""


ALIASES: Mapping[str, tuple[str, ...]] = {"hard_silu": ("hard_swish",), "silu": ("swish",)}
"""Other names under which Keras has a function."""


def readable(op: str) -> str:
    """The name of a TF op as kerasdiff writes ops: ``AddV2`` is ``add``, ``FusedBatchNorm`` is ``fused_batch_norm``."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", op).lower()
    return _NAMES.get(snake, snake)
