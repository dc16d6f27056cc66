"""Does a statement do nothing but bind names and show values? Only such a one may be left out unless it is needed.

What an object is a part of cannot always be followed: a function hands out a layer, a loop goes over classes of Keras,
``map`` calls what it is given. So what may do something to an object is run where that costs nothing, needed or not.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from kerasdiff.side.slicing import knowledge as known
from kerasdiff.side.slicing.script import Script

_PLAIN = frozenset(
    (
        "abs", "all", "any", "bool", "dict", "enumerate", "float", "format", "frozenset", "getattr", "hasattr", "id",
        "int", "isinstance", "len", "list", "max", "min", "open", "print", "display", "range", "repr", "reversed",
        "round", "set", "sorted", "str", "sum", "tuple", "type", "zip",
    )
)  # fmt: skip
"""Functions of Python that call nothing they are given; an own ``__len__`` is taken to be harmless."""

_SHOWING = frozenset(
    (
        "summary", "evaluate", "predict", "predict_generator", "predict_on_batch", "test_on_batch", "get_weights",
        "count_params", "head", "tail", "describe", "mean", "std", "sum", "astype", "format", "join",
    )
)  # fmt: skip
"""Methods that show or work out values."""


def is_idle(statement: ast.stmt, script: Script, dotted: Callable[[ast.expr], str | None]) -> bool:
    """Whether running a statement does nothing to any object.

    Args:
        statement: Which.
        script: It stands in.
        dotted: What an expression names that begins with an imported module.
    """
    inside = _Idle(script, dotted)
    return inside.statement(statement)


class _Idle:
    def __init__(self, script: Script, dotted: Callable[[ast.expr], str | None]) -> None:
        self._script, self._dotted = script, dotted

    def statement(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Call | ast.Constant | ast.Name | ast.JoinedStr) and self._expression(node)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return all(map(_names_alone, targets)) and self._expression(node.value)
        if isinstance(node, ast.AugAssign):
            return isinstance(node.target, ast.Name) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.If | ast.While | ast.For | ast.With | ast.Try):
            return self._compound(node)
        return isinstance(node, ast.Pass | ast.Assert | ast.Raise | ast.Break | ast.Continue | ast.Global)

    def head(self, node: ast.If | ast.With) -> bool:
        """Whether what is evaluated before the body does nothing."""
        if isinstance(node, ast.If):
            return self._expression(node.test)
        return all(
            isinstance(item.context_expr, ast.Call) and self._expression(item.context_expr)
            and (item.optional_vars is None or _names_alone(item.optional_vars))
            for item in node.items
        )  # fmt: skip

    def _compound(self, node: ast.If | ast.While | ast.For | ast.With | ast.Try) -> bool:
        if isinstance(node, ast.If | ast.With):
            first = self.head(node)
        elif isinstance(node, ast.For):
            first = _names_alone(node.target) and self._expression(node.iter)
        else:
            first = isinstance(node, ast.Try) or self._expression(node.test)
        parts = [*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
        parts += [item for handler in getattr(node, "handlers", []) for item in handler.body]
        return first and all(map(self.statement, parts))

    def _expression(self, node: ast.AST | None) -> bool:
        return node is None or all(map(self._part, ast.walk(node)))

    def _part(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Name):
            return node.id not in self._script.functions
        return not isinstance(node, ast.NamedExpr | ast.Lambda | ast.Yield | ast.YieldFrom | ast.Await)

    def _call(self, call: ast.Call) -> bool:
        function, dotted = call.func, self._dotted(call.func)
        if any(keyword.arg in ("out", "inplace") for keyword in call.keywords):
            return False
        if dotted is not None:
            changing = known.in_place(dotted) or known.is_global(dotted) or known.written(dotted, call)
            return known.is_known(dotted) and not changing
        if isinstance(function, ast.Name):
            return function.id in _PLAIN and function.id not in self._script.bound
        if isinstance(function, ast.Attribute):
            return function.attr in _SHOWING and function.attr not in self._script.methods
        return False


def is_idle_head(node: ast.If | ast.With, script: Script, dotted: Callable[[ast.expr], str | None]) -> bool:
    """The same of what a ``with`` or an ``if`` begins with."""
    return _Idle(script, dotted).head(node)


def _names_alone(target: ast.expr) -> bool:
    """Whether binding a target stores into no object."""
    if isinstance(target, ast.Tuple | ast.List):
        return all(map(_names_alone, target.elts))
    if isinstance(target, ast.Starred):
        return _names_alone(target.value)
    return isinstance(target, ast.Name)
