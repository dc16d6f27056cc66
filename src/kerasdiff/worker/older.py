"""How does this package run under Python 3.9? As it is written, for 3.10: what 3.9 lacks is put in as modules load.

TensorFlow 2.13 to 2.15 run there, and so does a worker; kerasdiff itself does not. What is put in has the same meaning
as far as a worker needs it:

- ``A | B`` between types: a tuple, which ``isinstance`` takes.
- ``dataclass(slots=, kw_only=)``: a record without slots, that takes its fields by name alone.
- ``zip(strict=)``.
- Names that ``typing`` lacks: stand-ins, for annotations are never evaluated.
- ``sys.stdlib_module_names``; kinds of syntax that ``ast`` has no class for, of which there are no nodes then.

A test holds that nothing else is used that 3.9 lacks. Written for 3.9 itself; may import nothing of this package.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import functools
import os
import pkgutil
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

_HERE = __name__
TypeAlias = TypeGuard = Any
ParamSpec = typing.TypeVar

_SHIMS = "_older"
"""What this module is called in those that it changes."""


def install(package: str) -> None:
    """Lets the modules of a package that are imported from here on run under this Python."""
    sys.meta_path.insert(0, _Finder(package))


class _Finder(MetaPathFinder):
    def __init__(self, package: str) -> None:
        self._within = f"{package}."

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(self._within):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(fullname, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Loads a module's source changed; its byte code is kept as any module's is."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        # What was kept before this file was changed, or was compiled without it, is not taken.
        stats = dict(super().path_stats(path))
        return {**stats, "mtime": max(stats["mtime"], os.stat(__file__).st_mtime)}

    def source_to_code(self, data: Any, path: Any, **options: Any) -> Any:  # type: ignore[override]
        return compile(changed(ast.parse(data, path)), path, "exec", dont_inherit=True)


def changed(tree: ast.Module) -> ast.Module:
    """A module that runs under Python 3.9 and does what this one does under 3.10."""
    tree = _Change().visit(tree)
    at = next((number for number, step in enumerate(tree.body) if not _leads(step)), len(tree.body))
    names = [ast.alias(name=_HERE.rpartition(".")[2], asname=_SHIMS)]
    tree.body.insert(at, ast.ImportFrom(module=_HERE.rpartition(".")[0], names=names, level=0))
    return ast.fix_missing_locations(tree)


def _leads(step: ast.stmt) -> bool:
    """Whether a statement stands before all imports: a docstring, or one from ``__future__``."""
    return isinstance(step, ast.Expr) or (isinstance(step, ast.ImportFrom) and step.module == "__future__")


class _Change(ast.NodeTransformer):
    """Annotations stay: nothing reads them, and under ``from __future__ import annotations`` they are text."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = [self.visit(item) for item in node.decorator_list]
        node.args.defaults = [self.visit(item) for item in node.args.defaults]
        node.args.kw_defaults = [item and self.visit(item) for item in node.args.kw_defaults]
        node.body = _flat(self.visit(step) for step in node.body)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.BitOr):
            return node
        return _call("either", node.left, node.right)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "zip" and node.keywords:
            node.func = _shim("strict_zip")
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        of = node.value.id if isinstance(node.value, ast.Name) else ""
        if of == "sys" and node.attr == "stdlib_module_names":
            return _call("stdlib_module_names")
        return _shim("NO_TYPES") if of == "ast" and not hasattr(ast, node.attr) else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | list[ast.stmt]:
        if node.module == "dataclasses":
            return _split(node, lambda name: _HERE if name == "dataclass" else "dataclasses")
        if node.module == "typing":
            return _split(node, lambda name: "typing" if hasattr(typing, name) else _HERE)
        return node


def _flat(steps: Iterable[Any]) -> list[Any]:
    return [one for step in steps for one in (step if isinstance(step, list) else [step])]


def _split(node: ast.ImportFrom, home: Callable[[str], str]) -> list[ast.stmt]:
    """One import for each module that names come from."""
    homes = {home(name.name): None for name in node.names}
    return [
        ast.ImportFrom(module=module, names=[name for name in node.names if home(name.name) == module], level=0)
        for module in homes
    ]


def _shim(name: str) -> ast.expr:
    return ast.Attribute(value=ast.Name(id=_SHIMS, ctx=ast.Load()), attr=name, ctx=ast.Load())


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(func=_shim(name), args=[*arguments], keywords=[])


def either(one: Any, other: Any) -> Any:
    """``one | other``, where both may be types."""
    if _is_type(one) or _is_type(other):
        return (*_kinds(one), *_kinds(other))
    return one | other


def _is_type(value: object) -> bool:
    return isinstance(value, (type, tuple)) or value is None or hasattr(value, "__origin__")


def _kinds(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (type(None) if value is None else value,)


NO_TYPES = ()
"""What ``isinstance`` takes and nothing is of."""


@functools.cache
def stdlib_module_names() -> frozenset[str]:
    """The modules that come with Python, as its directories say."""
    home = os.path.dirname(os.__file__)
    return frozenset(
        (*sys.builtin_module_names, *(one.name for one in pkgutil.iter_modules([home, f"{home}/lib-dynload"])))
    )


def strict_zip(*series: Iterable[Any], strict: bool = False) -> Iterator[tuple[Any, ...]]:
    """``zip``, which may insist on series of one length."""
    if not strict:
        yield from builtins.zip(*series)  # noqa: B905  (3.9 knows no other)
        return
    walks = [iter(one) for one in series]
    end = object()
    while True:
        items = [next(walk, end) for walk in walks]
        if all(item is end for item in items):
            return
        if any(item is end for item in items):
            raise ValueError("zip() arguments have different lengths")
        yield tuple(items)


def dataclass(kind: Any = None, *, slots: bool = False, kw_only: bool = False, **settings: Any) -> Any:
    """``dataclasses.dataclass``: slots only save memory, and a constructor that takes names alone has no order."""
    del slots
    if kind is None:
        return lambda decorated: dataclass(decorated, kw_only=kw_only, **settings)
    if not kw_only:
        return dataclasses.dataclass(**settings)(kind)
    made = dataclasses.dataclass(init=False, **settings)(kind)
    if "__init__" not in vars(kind):
        made.__init__ = _by_name
    return made


def _by_name(self: Any, **given: Any) -> None:
    """The constructor of a record whose fields go by name."""
    for item in dataclasses.fields(self):
        if item.init and item.name in given:
            value = given.pop(item.name)
        elif item.default is not dataclasses.MISSING:
            value = item.default
        elif item.default_factory is not dataclasses.MISSING:
            value = item.default_factory()
        elif item.init:
            raise TypeError(f"{type(self).__name__}() lacks the argument {item.name!r}")
        else:
            continue
        object.__setattr__(self, item.name, value)
    if given:
        raise TypeError(f"{type(self).__name__}() takes no argument {min(given)!r}")
    if hasattr(self, "__post_init__"):
        self.__post_init__()
