"""What does an expression or a function give, as far as its text tells: a model, a tensor, plain data?"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from kerasdiff.side.reading.kinds import class_kind, in_keras, known_package, names_layer
from kerasdiff.side.reading.names import Names

Outcome = Literal["model", "layer", "tensor", "data", "nothing", "unknown"]

_MODELS = ("Model", "Sequential", "Functional")
"""Classes of Keras whose objects are whole models (Keras 3.11 to 3.15.1)."""
_OF_MODELS = ("fit", "evaluate", "predict", "summary", "compile", "get_config", "get_weights", "to_json")
"""Methods of models that give none."""
_MAKING = ("load_model", "clone_model", "model_from_json", "from_config")
_PLAIN = (
    ast.Constant, ast.JoinedStr, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Set, ast.SetComp, ast.GeneratorExp,
)  # fmt: skip
_NUMBERS = ("numpy", "pandas", "math", "datetime", "time", "pathlib", "os", "re", "json", "csv", "argparse", "logging")
"""Libraries of plain values; others, such as ``importlib`` and ``collections``, may hold or give a model."""
_DEEPEST = 12
"""Names that stand for names, and functions that call functions, are followed this far."""
_RANKS: tuple[Outcome, ...] = ("model", "layer", "unknown", "tensor", "data", "nothing")
"""Of several outcomes the first of these counts."""


@dataclass(slots=True)
class Scope:
    """Names of a function with all that is assigned to each, beside those of its module."""

    names: Names
    given: frozenset[str] = frozenset()
    local: dict[str, list[ast.expr]] = field(default_factory=dict)


def first_of(outcomes: Iterable[Outcome]) -> Outcome:
    """The one of several outcomes that counts."""
    return min(outcomes, key=_RANKS.index, default="nothing")


def whole_model(node: ast.ClassDef, names: Names, depth: int = 0) -> bool:
    """Whether objects of a class of Keras are whole models, and not layers alone."""
    for base in node.bases:
        dotted = names.dotted(base)
        if dotted is not None and (dotted.rpartition(".")[2] in _MODELS or ".applications" in dotted):
            return True
        one = names.only(base.id) if isinstance(base, ast.Name) else None
        if depth < _DEEPEST and one is not None and isinstance(one.node, ast.ClassDef):
            return whole_model(one.node, names, depth + 1)
    return False


def made_by(node: ast.FunctionDef | ast.AsyncFunctionDef, names: Names, depth: int = 0) -> Outcome:
    """What calling a function gives."""
    own = list(_own(node.body))
    if isinstance(node, ast.AsyncFunctionDef) or any(isinstance(one, ast.Yield | ast.YieldFrom) for one in own):
        return "data"
    if depth > _DEEPEST:
        return "unknown"
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    scope = Scope(names, frozenset(one.arg for one in arguments))
    for target, value in (pair for one in own for pair in _assigned(one)):
        for name in ast.walk(target):
            if isinstance(name, ast.Name):
                scope.local.setdefault(name.id, []).append(value)
    returned = [one.value for one in own if isinstance(one, ast.Return) and one.value is not None]
    return first_of(outcome_of(value, scope, depth + 1) for value in returned)


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What a statement assigns to, each with what it gets, or what that is a part of."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.For):
        yield node.target, node.iter
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value


def _own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions and classes in it."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def outcome_of(value: ast.expr, scope: Scope, depth: int = 0) -> Outcome:
    """What an expression gives."""
    if depth > _DEEPEST:
        return "unknown"
    if isinstance(value, ast.Constant) and value.value is None:
        return "nothing"
    if isinstance(value, ast.IfExp | ast.BoolOp):
        items = value.values if isinstance(value, ast.BoolOp) else [value.body, value.orelse]
        return first_of(outcome_of(item, scope, depth + 1) for item in items)
    if isinstance(value, ast.Tuple | ast.List | ast.Dict):
        items = value.values if isinstance(value, ast.Dict) else value.elts
        return first_of(["data", *(outcome_of(item, scope, depth + 1) for item in items)])
    if isinstance(value, ast.Name):
        return _of_name(value.id, scope, depth)
    if isinstance(value, ast.Call):
        return _of_call(value, scope, depth)
    return "data" if isinstance(value, _PLAIN) else "unknown"


def _of_name(name: str, scope: Scope, depth: int) -> Outcome:
    if name in scope.local:
        found = {outcome_of(value, scope, depth + 1) for value in scope.local[name]}
        return first_of(found)
    bindings = scope.names.bound.get(name, []) if name not in scope.given else []
    values = [one.value for one in bindings if one.value is not None]
    if not values or len(values) < len(bindings):
        return "unknown"
    return outcome_of(values[-1], Scope(scope.names), depth + 1)


def _of_call(call: ast.Call, scope: Scope, depth: int) -> Outcome:
    function = call.func
    dotted = scope.names.dotted(function)
    if dotted is not None:
        return _of_library(dotted)
    if isinstance(function, ast.Attribute):
        return "data" if function.attr in _OF_MODELS or _of_numbers(function.value, scope, depth) else "unknown"
    if isinstance(function, ast.Name) and function.id not in (*scope.local, *scope.given):
        return _of_own(function.id, scope.names, depth)
    made = outcome_of(function, scope, depth + 1) if isinstance(function, ast.Call | ast.Name) else "unknown"
    return "tensor" if made in ("model", "layer") else "unknown"


def _of_numbers(value: ast.expr, scope: Scope, depth: int) -> bool:
    """Whether a value comes from a library whose objects give no model by any method: ``np.ones(3).astype(int)``."""
    while isinstance(value, ast.Call | ast.Attribute | ast.Subscript):
        if isinstance(value, ast.Call):
            dotted = scope.names.dotted(value.func)
            if dotted is not None:
                return dotted.partition(".")[0] in _NUMBERS
            value = value.func
        else:
            value = value.value
    if not isinstance(value, ast.Name) or value.id in (*scope.local, *scope.given) or depth > _DEEPEST:
        return False
    one = scope.names.only(value.id)
    return one is not None and one.value is not None and _of_numbers(one.value, Scope(scope.names), depth + 1)


def _of_own(name: str, names: Names, depth: int) -> Outcome:
    """What calling a name of the module gives."""
    one = names.only(name)
    if one is None:
        return "data" if name in _BUILTIN and name not in names.bound else "unknown"
    if isinstance(one.node, ast.ClassDef):
        return _of_class(one.node, names)
    if isinstance(one.node, ast.FunctionDef):
        return made_by(one.node, names, depth + 1)
    made = "unknown" if one.value is None else outcome_of(one.value, Scope(names), depth + 1)
    return "tensor" if made in ("model", "layer") else "unknown"


def _of_class(node: ast.ClassDef, names: Names) -> Outcome:
    kind = class_kind(node, names)
    if kind == "model":
        return "model" if whole_model(node, names) else "layer"
    return "unknown" if kind == "unknown" else "data"


_BUILTIN = ("range", "len", "int", "float", "str", "bool", "round", "abs", "sum", "dict", "set", "open", "list", "zip")


def _of_library(dotted: str) -> Outcome:
    """What a function or class of an imported module gives."""
    dotted = dotted.replace("keras.src.", "keras.")
    spelled, last = in_keras(dotted), dotted.rpartition(".")[2]
    if spelled is None:
        return "data" if known_package(dotted) and "keras" not in dotted else "unknown"
    if last in _MODELS or last in _MAKING or (".applications." in spelled and last[:1].isupper()):
        return "model"
    if last == "Input":
        return "tensor"
    if names_layer(dotted) == "model":
        return "layer"
    return "tensor" if spelled.startswith("keras.ops.") else "data" if names_layer(dotted) == "other" else "unknown"
