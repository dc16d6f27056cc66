"""How is a model told? Its size, its inputs and outputs, the shapes of its values, the rows of its table."""

from __future__ import annotations

from collections.abc import Mapping

from kerasdiff.comparison import ModelInfo
from kerasdiff.graph import Node, Port, TensorSpec
from kerasdiff.report.wording.names import count
from kerasdiff.rungs.records import RowState
from kerasdiff.side.interpreters.asking import shown
from kerasdiff.side.interpreters.settings import Setting
from kerasdiff.side.revisions.records import Commit


def parameters(total: int, trainable: int) -> str:
    """``201,354 parameters (448 not trainable)``."""
    frozen = total - trainable
    return f"{total:,} parameters" + (f" ({frozen:,} not trainable)" if frozen else "")


def model(info: ModelInfo) -> str:
    """``ConvModel_1: 201,354 parameters (448 not trainable), 14 nodes``."""
    name = f"{info.class_name}: " if info.class_name else ""
    return f"{name}{parameters(info.parameters, info.trainable_parameters)}, {count(info.nodes, 'node')}"


def commit(one: Commit) -> str:
    """Which commit a side is of: ``3f2a91c Widen the head``, and what its name stands for where that says more."""
    if one.merge_base:
        same = "; nothing has changed since, so it is compared with itself" if one.unchanged else ""
        return f"{one.short} {one.subject} (merge base with {one.branch}{same})"
    if one.branch:
        return f"{one.short} {one.subject} ({one.name} is {one.branch} here)"
    return f"{one.short} {one.subject}"


def runs_with(info: ModelInfo) -> str:
    """``tensorflow 2.16.2, keras 3.11.3 (old/bin/python)``, where the other side runs otherwise; else empty.

    What somebody set for it comes last: ``keras 2.21.0, TF_USE_LEGACY_KERAS=1``.
    """
    versions = ", ".join(
        [
            *(f"{name} {text}" for name, text in info.environment.items()),
            *(f"{name}={text}" for name, text in info.variables.items()),
        ]
    )
    return f"{versions} ({info.python})" if versions and info.python else versions or info.python


def ran_in(setting: Setting) -> str:
    """``  under old/bin/python, on jax, with TF_USE_LEGACY_KERAS=1``; empty where it ran in what ran kerasdiff."""
    told = [
        *([f"under {shown(setting.python)}"] if setting.python else []),
        *([f"on {setting.backend}"] if setting.backend else []),
        *([f"with {', '.join(f'{name}={text}' for name, text in setting.variables)}"] if setting.variables else []),
    ]
    return f"  {', '.join(told)}" if told else ""


def port(end: Port) -> str:
    """An input or output: ``ids (?, 16) int32 in 0..100``."""
    bounds = "" if end.low is None or end.high is None else f" in {end.low:g}..{end.high:g}"
    return f"{end.name} {shape(end.spec)}{bounds}"


def shape(spec: TensorSpec) -> str:
    """A shape with ``?`` for what is unknown, and the dtype where it is not float32: ``(?, 16) int32``."""
    dims = ["?" if dim is None else str(dim) for dim in spec.shape or ()]
    text = "?" if spec.shape is None else f"({dims[0]},)" if len(dims) == 1 else f"({', '.join(dims)})"
    return text if spec.dtype == "float32" else f"{text} {spec.dtype}"


def shapes(node: Node) -> str:
    """The shape of a node's first output and how many others there are."""
    if not node.outputs:
        return ""
    more = len(node.outputs) - 1
    return shape(node.outputs[0]) + (f" +{more}" if more else "")


STATES: Mapping[RowState, str] = {
    "kept": "equal",
    "rewritten": "equal after a rewrite",
    "inserted": "only in the candidate",
    "deleted": "only in the reference",
    "updated": "other settings or op",
    "moved": "other place",
    "rewired": "other operands or sharing",
}
