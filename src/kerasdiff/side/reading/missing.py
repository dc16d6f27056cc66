"""Does a module import what does not exist? Said where nothing that runs before could make it exist."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from kerasdiff.side.reading.kinds import known_package
from kerasdiff.side.reading.names import is_main_guard
from kerasdiff.side.reading.source import LOADED, Source, is_library, source, top_level

_BORN = ("cython_runtime",)
"""Modules without a file that others leave behind; so do names with an underscore in front."""
_INERT = (
    ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.BinOp, ast.UnaryOp, ast.operator,
    ast.unaryop, ast.expr_context,
)  # fmt: skip
"""Expressions that run no code of the user's."""
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """An import that fails.

    Attributes:
        error: What Python raises.
        line: Where, counted from 1.
        file: What it lies in.
    """

    error: ImportError
    line: int
    file: str


def missing_import(module: Source, package: str) -> Fault | None:
    """The first import that fails for certain.

    Args:
        module: Its text.
        package: Dotted name of the package it is part of; empty for a file of its own.
    """
    if _hooks(module.tree):
        return None
    for statement in module.tree.body:
        error = _error(statement, module, package)
        if error is not None:
            file, line = module.place(statement.lineno)
            return Fault(error, line, file)
        if not _inert(statement, module, 0):
            return None
    return None


def _error(statement: ast.stmt, module: Source, package: str) -> ImportError | None:
    """What Python says of a statement that imports what is not there."""
    if isinstance(statement, ast.ImportFrom) and statement.level:
        return _beside(statement, module.path, package) if package else _relative()
    for dotted in _absolute(statement):
        name = dotted.partition(".")[0]
        if _exists(name, module.search):
            if not _known(name, module.search):
                return None  # what it runs may do anything before the next one
        else:
            return ModuleNotFoundError(f"No module named {name!r}", name=name)
    return None


def _beside(statement: ast.ImportFrom, path: Path, package: str) -> ImportError | None:
    """What Python says of a relative import of a module that is not there."""
    inside = package.split(".")
    if statement.module is None or statement.level > len(inside):
        return None
    first = statement.module.partition(".")[0]
    if PathFinder.find_spec(first, [str(path.parents[statement.level - 1])]) is not None:
        return None
    name = ".".join([*inside[: len(inside) - statement.level + 1], first])
    return ModuleNotFoundError(f"No module named {name!r}", name=name)


def _relative() -> ImportError:
    """What Python says of a relative import in a file that is no part of a package."""
    try:
        exec("from . import name", {"__name__": "alone", "__package__": "", "__spec__": None})
    except ImportError as error:
        return error
    raise AssertionError("a relative import without a package")


def _absolute(statement: ast.stmt) -> Sequence[str]:
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    return [statement.module or ""] if isinstance(statement, ast.ImportFrom) and not statement.level else []


def _exists(name: str, search: str) -> bool:
    if name.startswith("_") or name in (*_BORN, *LOADED):
        return True
    return top_level(name, search) is not None


def _known(name: str, search: str) -> bool:
    """Whether an import runs code of Python or of a well known package alone: no file beside the target hides it."""
    if name in LOADED:
        return True
    spec = top_level(name, search)
    if spec is None or not known_package(name):
        return False
    return spec.origin is None or not spec.has_location or is_library(spec.origin)


def _inert(statement: ast.stmt, module: Source, depth: int) -> bool:
    """Whether a statement changes nothing about what can be imported next."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return _imports_inert(statement, module, depth)
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return not statement.decorator_list and _definition_inert(statement, module, depth)
    if isinstance(statement, ast.Assign):
        return all(map(_inert_target, statement.targets)) and _evaluates_nothing([statement.value])
    if isinstance(statement, ast.AnnAssign):
        return isinstance(statement.target, ast.Name) and _evaluates_nothing([statement.value])
    if isinstance(statement, ast.If):
        return is_main_guard(statement) or (not statement.orelse and _for_types(statement.test, module.tree))
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _definition_inert(node: ast.FunctionDef | ast.ClassDef, module: Source, depth: int) -> bool:
    if isinstance(node, ast.FunctionDef):
        return _evaluates_nothing([*node.args.defaults, *node.args.kw_defaults])
    return not node.keywords and _evaluates_nothing(node.bases) and all(_inert(i, module, depth) for i in node.body)


def _imports_inert(statement: ast.Import | ast.ImportFrom, module: Source, depth: int) -> bool:
    if isinstance(statement, ast.ImportFrom) and statement.level:
        return False
    return all(_import_inert(dotted, module, depth) for dotted in _absolute(statement))


def _import_inert(dotted: str, module: Source, depth: int) -> bool:
    name = dotted.partition(".")[0]
    if dotted == "__future__" or _known(name, module.search):
        return True
    spec = top_level(name, module.search) if not name.startswith("_") else None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py") or depth >= _DEEPEST:
        return False
    if is_library(spec.origin) or spec.submodule_search_locations is not None:
        return False
    beside = source(Path(spec.origin), module.search)
    return (
        isinstance(beside, Source)
        and not _hooks(beside.tree)
        and all(
            not (isinstance(item, ast.ImportFrom) and item.level) and _inert(item, beside, depth + 1)
            for item in beside.tree.body
        )
    )


def _hooks(tree: ast.Module) -> bool:
    """Whether a class of the module may run code where another one is made of it."""
    names = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return any(name in ("__init_subclass__", "__set_name__", "__mro_entries__", "__getattr__") for name in names)


def _evaluates_nothing(expressions: Sequence[ast.expr | None]) -> bool:
    return all(isinstance(node, _INERT) for item in expressions if item is not None for node in ast.walk(item))


def _inert_target(target: ast.expr) -> bool:
    """A name, several, or an environment variable."""
    if isinstance(target, ast.Subscript):
        return ast.unparse(target.value) == "os.environ" and isinstance(target.slice, ast.Constant)
    names = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return all(isinstance(name, ast.Name) for name in names)


def _for_types(test: ast.expr, tree: ast.Module) -> bool:
    """A condition that is false where a module is imported: the constant of ``typing``, not one of the module's own."""
    bound = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING") and "TYPE_CHECKING" not in bound
