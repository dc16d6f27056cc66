"""On which backend does Keras run a side? That of an option, of the environment, or of the file, in this order."""

from __future__ import annotations

import ast
import os
import re
from dataclasses import replace
from pathlib import Path

from kerasdiff.errors import TargetError
from kerasdiff.side.payload import Payload
from kerasdiff.side.reading.source import Source, source
from kerasdiff.side.targets import Backend, Target

VARIABLE = "KERAS_BACKEND"
"""What names the backend in Keras's own way."""

DEFAULT: Backend = "tensorflow"
RUN: tuple[Backend, ...] = ("tensorflow", "jax", "torch")
"""Backends that models are run on."""

_NAMES = f"{', '.join(RUN[:-1])} or {RUN[-1]}"

_CALLED = {"openvino": "OpenVINO"}


def on(target: Target, named: str, option: str) -> Target:
    """The target, to be run on the backend that somebody names for it.

    Args:
        target: It.
        named: ``tensorflow``, ``jax`` or ``torch``; empty for that of the environment or of its file.
        option: What named it, for messages: ``--reference-backend``.

    Raises:
        TargetError: If kerasdiff runs no model there, or not this one.
    """
    if named:
        return _run_on(target, _known(named, option), option)
    if target.kind == "baseline":
        return target
    around = dict(target.variables).get(VARIABLE) or os.environ.get(VARIABLE, "")
    if around:
        return _run_on(target, _known(around, VARIABLE), VARIABLE)
    written = _written(target)
    if not written:
        return target
    return _run_on(target, _known(written, f"{target.text}: its {VARIABLE}"), f"{target.text}: its {VARIABLE}")


def copied(target: Target, payload: Payload) -> Target:
    """The target with what was packed of it: a model runs where it was made, and code wherever it is to.

    Raises:
        TargetError: If kerasdiff runs no model there, or a model is to run elsewhere.
    """
    held = payload.backend
    if not held or (target.backend is not None and payload.builds):
        return replace(target, payload=payload)
    there = _known(held, f"{target.text}: the backend of Keras in this process")
    if (target.backend or there) != there:
        raise TargetError(
            f"{target.text} is in the memory of this process, where Keras runs on {there}, and was to run on "
            f"{target.backend}; give the code that builds it instead, as a function or as FILE.py:NAME."
        )
    return replace(target, payload=payload, backend=None if there == DEFAULT else there)


def _known(named: str, option: str) -> Backend:
    found = next((one for one in RUN if one == named), None)
    if found is not None:
        return found
    if named in _CALLED:
        raise TargetError(
            f"{option} is {named}: kerasdiff does not run models on {_CALLED[named]} yet; say by an option that "
            f"it is to run on {_NAMES}."
        )
    raise TargetError(f"{option}: {named!r} is no backend of Keras; name {_NAMES}.")


def _run_on(target: Target, backend: Backend, option: str) -> Target:
    """The target on a backend, if it can be had there."""
    if backend != DEFAULT and target.kind == "baseline":
        raise TargetError(f"{option}: {target.text} is a baseline, which is made of TensorFlow's graphs.")
    return replace(target, backend=backend)


def _written(target: Target) -> str:
    """What the file of a target sets the variable to, by a line of its own; empty where it does not."""
    if target.kind != "file" or not target.location.endswith(".py"):
        return ""
    path = Path(target.location)
    module = source(path, "") if path.is_file() else None
    if not isinstance(module, Source):
        return ""
    return next((value for value in map(_set, module.tree.body) if value), "")


_ENVIRON = re.compile(r"(os\.)?environ")


def _set(statement: ast.stmt) -> str:
    """The constant that a statement gives the variable; empty where it gives none."""
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
        place, value = statement.targets[0], statement.value
        if _is_constant(place.slice, VARIABLE) and _ENVIRON.fullmatch(ast.unparse(place.value)):
            return _text(value)
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and len(call.args) == 2:
        sets = call.func.attr == "setdefault" and _ENVIRON.fullmatch(ast.unparse(call.func.value))
        if sets and _is_constant(call.args[0], VARIABLE):
            return _text(call.args[1])
    return ""


def _is_constant(node: ast.expr, value: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
