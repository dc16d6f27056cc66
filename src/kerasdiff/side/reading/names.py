"""Which names does the text of a module bind, where, and to what?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_NAMING = (ast.Import, ast.ImportFrom, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping)
"""What binds names that no node of their own stands for."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One place that binds a name.

    Attributes:
        node: A definition, an import, or anything else.
        value: The expression that is assigned, whole or unpacked; ``None`` where none is written.
        plain: Whether it stands at the top, so that it is reached whenever the module is run to its end.
    """

    node: ast.AST
    value: ast.expr | None
    plain: bool


@dataclass(slots=True)
class Names:
    """The names of a module, in the order in which they are bound first.

    Attributes:
        bound: By name.
        imported: By name, the dotted name it stands for: ``K`` → ``tensorflow.keras.backend``.
        elsewhere: Names that a ``global`` statement may bind in another scope.
        deleted: Names that ``del`` removes.
        everything: Whether there is an ``import *``, which may bind anything.
    """

    bound: dict[str, list[Binding]] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    everything: bool = False

    def only(self, name: str) -> Binding | None:
        """The binding of a name that is bound once, at the top."""
        if name in self.elsewhere | self.deleted or len(self.bound.get(name, ())) != 1:
            return None
        (one,) = self.bound[name]
        return one if one.plain else None

    def dotted(self, expression: ast.expr) -> str | None:
        """What an expression such as ``tf.keras.Model`` names, spelled from an imported module on."""
        if isinstance(expression, ast.Attribute):
            inner = self.dotted(expression.value)
            return None if inner is None else f"{inner}.{expression.attr}"
        if isinstance(expression, ast.Name) and len(self.bound.get(expression.id, ())) == 1:
            return self.imported.get(expression.id)
        return None


def names_of(tree: ast.Module) -> Names:
    """The names that a module binds for itself: not those of its functions and classes."""
    names = Names()
    for statement in tree.body:
        if is_main_guard(statement):
            continue
        for node, value in _bindings(statement, None):
            for name in _bound_by(node, names):
                names.bound.setdefault(name, []).append(Binding(node, value, plain=_is_plain(statement, node)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            names.elsewhere |= set(node.names)
    return names


def as_program(tree: ast.Module) -> ast.Module:
    """A module as it is when it is run as a program: with what stands under its main guard."""
    body: list[ast.stmt] = []
    for statement in tree.body:
        body += statement.body if isinstance(statement, ast.If) and is_main_guard(statement) else [statement]
    return ast.Module(body=body, type_ignores=[])


def is_main_guard(statement: ast.stmt) -> bool:
    """Whether a statement is ``if __name__ == "__main__"``, which never holds where a module is imported."""
    if not isinstance(statement, ast.If) or statement.orelse:
        return False
    return ast.unparse(statement.test) in ("__name__ == '__main__'", "'__main__' == __name__")


def _is_plain(statement: ast.stmt, node: ast.AST) -> bool:
    if isinstance(statement, ast.Assign):
        return node in statement.targets
    return node is statement or (isinstance(statement, ast.AnnAssign) and node is statement.target)


def _bindings(node: ast.AST, value: ast.expr | None) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    """What binds a name in the scope that a node is part of, with what is assigned."""
    if isinstance(node, Definition):
        for part in (*node.decorator_list, *(_evaluated(node))):
            yield from _bindings(part, None)
        yield node, None
    elif isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        yield from ((inner.target, None) for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
        if node.value is not None:
            yield from _bindings(node.value, None)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield from _bindings(target, node.value)
    elif isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node, value
    else:
        if isinstance(node, _NAMING):
            yield node, None
        for child, assigned in _parts(node, value):
            yield from _bindings(child, assigned)


def _parts(node: ast.AST, whole: ast.expr | None) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    """What a node is made of, with what each part is assigned: of a value that is unpacked its part, else the whole."""
    if isinstance(node, ast.Tuple | ast.List) and isinstance(whole, ast.Tuple | ast.List):
        starred = any(isinstance(item, ast.Starred) for item in (*node.elts, *whole.elts))
        if not starred and len(node.elts) == len(whole.elts):
            yield from zip(node.elts, whole.elts, strict=True)
            return
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.For) and child is node.target:
            yield child, node.iter
        else:
            yield child, whole if isinstance(node, ast.Tuple | ast.List | ast.Starred) else None


def _evaluated(node: Definition) -> list[ast.expr]:
    """The expressions of a definition that are evaluated where it stands."""
    if isinstance(node, ast.ClassDef):
        return [*node.bases, *(keyword.value for keyword in node.keywords)]
    arguments = (node.args.vararg, node.args.kwarg, *node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    annotations = (node.returns, *(one.annotation for one in arguments if one is not None))
    return [item for item in (*node.args.defaults, *node.args.kw_defaults, *annotations) if item is not None]


def _bound_by(node: ast.AST, names: Names) -> list[str]:
    """The names that a node binds; notes what imports stand for, and what is deleted."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        stand_for = dict(_imported(node))
        names.everything |= "*" in stand_for
        names.imported |= stand_for
        return list(stand_for)
    if isinstance(node, ast.Name):
        names.deleted |= {node.id} if isinstance(node.ctx, ast.Del) else set()
        return [node.id]
    one = node.rest if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
    return [one] if isinstance(one, str) else []


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """The names that an import binds, with the dotted names that they stand for."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, f"{'.' * node.level}{node.module or ''}.{alias.name}"
        else:
            first = alias.name.partition(".")[0]
            yield alias.asname or first, alias.name if alias.asname else first
