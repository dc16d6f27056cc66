"""What does a function say, whichever Python compiled it? Its syntax in a normal form: byte code differs by version.

The source is taken only where it is what runs: compiled again, it has to give the same byte code.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import TypeAlias

from kerasdiff.side.reading.source import parsed

_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFAULTS = ("defaults", "kw_defaults")
_PLACING = ("lineno", "col_offset", "end_lineno", "end_col_offset", "ctx", "kind", "type_comment", "type_params")
Key: TypeAlias = "tuple[str, int]"


def syntax_of(code: CodeType) -> object:
    """What a function computes, in plain data; ``None`` where its source is not known, or is not what runs.

    Names of local variables do not count, nor do comments, docstrings, annotations and how constants are computed.
    """
    linecache.checkcache(code.co_filename)
    key = code.co_name, code.co_firstlineno
    defined = _defined("".join(linecache.getlines(code.co_filename)), code.co_filename).get(key, ())
    # Where several lambdas of a line compile alike they say the same.
    node = next((node for node, compiled in defined if _compiled(code) == _compiled(compiled)), None)
    return None if node is None else _Form().of(node)


@lru_cache(maxsize=32)
def _defined(text: str, file: str) -> dict[Key, list[tuple[ast.AST, CodeType]]]:
    """By name and first line, the functions that a text defines: as syntax, and as code."""
    try:
        tree = parsed(text, file)
        codes = list(_within(compile(tree, file, "exec", dont_inherit=True)))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return {}
    nodes: dict[Key, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, _DEFINING):
            nodes.setdefault(_key(node), []).append(node)
    compiled: dict[Key, list[CodeType]] = {}
    for code in codes:
        compiled.setdefault((code.co_name, code.co_firstlineno), []).append(code)
    return {
        key: list(zip(sorted(found, key=_column), compiled[key], strict=True))
        for key, found in nodes.items()
        if len(found) == len(compiled.get(key, ()))
    }


def _key(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Key:
    if isinstance(node, ast.Lambda):
        return "<lambda>", node.lineno
    return node.name, min([node.lineno, *(item.lineno for item in node.decorator_list)])


def _column(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _within(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _within(inner)


def _compiled(code: CodeType) -> object:
    consts = [_compiled(item) if isinstance(item, CodeType) else repr(item) for item in code.co_consts]
    return code.co_code, code.co_names, code.co_freevars, consts


class _Form:
    """The normal form of a function: local variables are numbered as they come, scope by scope."""

    def __init__(self) -> None:
        self._scopes: list[dict[str, int | None]] = []
        self._count = 0

    def of(self, node: ast.AST) -> object:
        """A function without its name, and without what is evaluated where it is defined."""
        return self._within(node, ("name", "decorator_list", "returns"))

    def _of(self, value: object) -> object:
        if isinstance(value, list):
            return [self._of(item) for item in value if not _is_idle(item)]
        if not isinstance(value, ast.AST):
            return value if value is None or isinstance(value, str) else repr(value)
        constant = _constant(value)
        if constant is not None:
            return constant
        if isinstance(value, (*_DEFINING, *_COMPREHENSIONS)):
            defaults = getattr(value, "args", None)
            outside = [self._of(getattr(defaults, name, [])) for name in _DEFAULTS]
            return self._within(value, ("returns",)), outside
        plain = _plainer(value)
        return type(plain).__name__, self._fields(plain, ("annotation", *_DEFAULTS))

    def _within(self, scope: ast.AST, without: tuple[str, ...]) -> object:
        self._scopes.append(dict.fromkeys(_bound(scope)))
        told = type(scope).__name__, self._fields(scope, without)
        self._scopes.pop()
        return told

    def _fields(self, node: ast.AST, without: tuple[str, ...]) -> list[tuple[str, object]]:
        """What a node holds; what is empty is left out, for later versions of Python have more of it."""
        held = [(name, item) for name, item in ast.iter_fields(node) if name not in (*_PLACING, *without)]
        own = isinstance(node, ast.Name | ast.arg)
        told = [
            (name, self._numbered(item) if own and isinstance(item, str) else self._of(item)) for name, item in held
        ]
        return [(name, item) for name, item in told if item is not None and item != []]

    def _numbered(self, name: str) -> object:
        scope = next((one for one in reversed(self._scopes) if name in one), None)
        if scope is None:
            return name
        if scope[name] is None:
            scope[name] = self._count
            self._count += 1
        return scope[name]


def _bound(scope: ast.AST) -> set[str]:
    """The names that a function or a comprehension binds for itself."""
    if isinstance(scope, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        waiting: list[ast.AST] = [one.target for one in scope.generators]
    else:
        waiting = [*ast.iter_child_nodes(scope)]
    bound: set[str] = set()
    others: set[str] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            others |= {*node.names}
        if not isinstance(node, (*_DEFINING, *_COMPREHENSIONS, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return bound - others


def _plainer(node: ast.AST) -> ast.AST:
    """The same in fewer kinds of syntax."""
    if isinstance(node, ast.AnnAssign) and node.value is not None and node.simple:
        return ast.Assign(targets=[node.target], value=node.value)
    if isinstance(node, ast.JoinedStr):  # Python 3.12.1 puts an empty text behind a width that is computed
        return ast.JoinedStr(values=[one for one in node.values if getattr(one, "value", None) != ""])
    return node


def _is_idle(step: object) -> bool:
    """Whether a statement does nothing: a docstring, ``pass``, a mere annotation."""
    if isinstance(step, ast.Expr):
        return isinstance(step.value, ast.Constant)
    return isinstance(step, ast.Pass) or (isinstance(step, ast.AnnAssign) and step.value is None)


def _constant(node: ast.AST) -> object:
    """A constant, or what a few are computed to, as Python's compiler does it."""
    if isinstance(node, ast.Constant):
        return "constant", repr(node.value)
    if not isinstance(node, ast.BinOp | ast.UnaryOp) or not all(map(_is_arithmetic, ast.walk(node))):
        return None
    try:
        return "constant", repr(eval(compile(ast.Expression(node), "<constant>", "eval"), {"__builtins__": {}}))
    except (ArithmeticError, ValueError, TypeError):
        return None


def _is_arithmetic(node: ast.AST) -> bool:
    """Whether a node belongs to a sum or a product of numbers, which takes no time to compute."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float | complex)
    return isinstance(node, ast.BinOp | ast.UnaryOp | ast.Add | ast.Sub | ast.Mult | ast.Div | ast.USub | ast.UAdd)
