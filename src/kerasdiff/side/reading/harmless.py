"""Can a module do what its text does not say: bind names by other ways, or make modules of them?

What a text says is certain only where nothing in it, nor in the user's modules that it imports, reaches for namespaces.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from kerasdiff.side.reading.kinds import known_package
from kerasdiff.side.reading.source import LOADED, Source, is_library, source, top_level

_NAMES = (
    "globals", "locals", "vars", "exec", "eval", "compile", "setattr", "delattr", "sys", "__name__", "__import__",
    "__builtins__", "__loader__", "__spec__",
)  # fmt: skip
"""Names that lead to a namespace, as objects."""
_ATTRIBUTES = (
    "__dict__", "__globals__", "__builtins__", "__getattr__", "__signature__", "__wrapped__", "__code__",
    "__defaults__", "__kwdefaults__", "f_globals", "f_locals", "f_back", "_getframe", "currentframe", "modules",
    "global_enum",
)  # fmt: skip
"""Attributes that do, or that change what a function takes."""
_MODULES = (
    "__main__", "builtins", "code", "codeop", "ctypes", "gc", "imp", "importlib", "inspect", "pkgutil", "runpy",
    "sympy", "zipimport",
)  # fmt: skip
"""Modules that do; ``sympy.var`` binds names where it is called."""
_OF_SYS = (
    "argv", "byteorder", "executable", "exit", "flags", "float_info", "getrecursionlimit", "getsizeof", "maxsize",
    "platform", "setrecursionlimit", "stderr", "stdin", "stdout", "version", "version_info",
)  # fmt: skip
"""What code may ask of ``sys`` without reaching a module."""
_HOOKS = (
    "__getattr__", "__init_subclass__", "__set_name__", "__prepare__", "__mro_entries__", "__class_getitem__",
)  # fmt: skip
"""Methods that run, or decide, where a class is defined or a name is looked up."""
_MOST_FILES = 60


def harmless(module: Source) -> bool:
    """Whether neither the text nor that of the user's modules it imports reaches for namespaces."""
    waiting, seen = [module], {module.path}
    while waiting:
        one = waiting.pop()
        if _Reach(one.tree).reaches:
            return False
        for level, dotted in _imports(one.tree):
            files = _texts(level, dotted, one)
            if files is None:
                return False
            for path in files - seen:
                read = source(path, one.search)
                if not isinstance(read, Source):
                    return False
                waiting.append(read)
            seen |= files
            if len(seen) > _MOST_FILES:
                return False
    return True


class _Reach(ast.NodeVisitor):
    """Whether a text reaches for a namespace: its own, that of another module, or of whoever calls it."""

    def __init__(self, tree: ast.Module) -> None:
        self.reaches = False
        self._imported = {_bound_as(alias) for node in ast.walk(tree) for alias in _aliases(node)}
        self.visit(tree)

    def visit_Name(self, node: ast.Name) -> None:
        self._note(node.id in _NAMES)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        if owner == "sys":
            self._note(node.attr not in _OF_SYS)
            return
        self._note(node.attr in _ATTRIBUTES and owner != "self")
        self._note(owner in self._imported and not isinstance(node.ctx, ast.Load))
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for part in node.comparators if _is(node.left, "__name__") else (node.left, *node.comparators):
            self.visit(part)

    def visit_Call(self, node: ast.Call) -> None:
        if _is(node.func, "setattr") and node.args and _is(node.args[0], "self"):
            for part in (*node.args, *node.keywords):
                self.visit(part)
        elif not (isinstance(node.func, ast.Attribute) and node.func.attr == "getLogger"):
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._note(node.name in _HOOKS)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._note(_dangerous(alias.name) or (alias.name == "sys" and alias.asname is not None))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._note(_dangerous(node.module or ""))
        for alias in node.names:
            self._note(node.module == "sys" and alias.name not in _OF_SYS)
            self._note(any(name in (*_HOOKS, *_ATTRIBUTES, *_NAMES) for name in (alias.name, alias.asname)))

    def _note(self, reaches: bool) -> None:
        self.reaches = self.reaches or reaches


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _aliases(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.Import | ast.ImportFrom) else []


def _bound_as(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _dangerous(dotted: str) -> bool:
    return dotted.partition(".")[0] in _MODULES


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What a text imports anywhere: how many dots, and the longest name that may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = f"{node.module}." if node.module else ""
            yield from ((node.level, module + alias.name) for alias in node.names)


def _texts(level: int, dotted: str, importer: Source) -> set[Path] | None:
    """The files of the user's that an import may run: none for a library, ``None`` where they cannot be read."""
    if level:
        return _below([importer.path.parents[level - 1]], dotted.split("."))
    if dotted.partition(".")[0] in LOADED:
        return set()
    spec = top_level(dotted, importer.search)
    if spec is None:
        return set()  # it cannot be imported, so it does nothing
    folders = list(spec.submodule_search_locations or ())
    places = folders or ([spec.origin] if spec.origin is not None and spec.has_location else [])
    if not places:
        return set() if known_package(dotted) else None
    if all(map(is_library, places)):
        return set()
    return _below(list(map(Path, folders)), dotted.split(".")[1:]) if folders else _readable({Path(places[0])})


def _below(folders: list[Path], parts: list[str]) -> set[Path] | None:
    """The files that an import of ``parts`` below a package may run; the last part may be a name and no module."""
    files: set[Path] = set()
    for folder in folders:
        at = folder
        files |= {at / "__init__.py"}
        for part in parts:
            files |= {at / f"{part}.py", at / part / "__init__.py"}
            at = at / part
    return _readable({file for file in files if file.is_file()})


def _readable(files: set[Path]) -> set[Path] | None:
    return files if all(file.suffix == ".py" for file in files) else None
