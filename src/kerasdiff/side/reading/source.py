"""Where does a module lie, and what is its text? Found and parsed without running anything."""

from __future__ import annotations

import ast
import importlib.machinery
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from kerasdiff.side.reading.notebooks import Cell, cells_of
from kerasdiff.side.targets import Target

MOST_BYTES = 400_000
"""Longer files are left to be run: parsing and compiling takes a quarter of a second a megabyte (CPython 3.11)."""

MOST_SOURCE = 64 << 20
"""A larger file is no Python source, and to import it would take all memory."""

LOADED = ("keras", "numpy", "tensorflow")
"""What a worker has imported before it runs a target: no file beside that hides it."""


INSTALLED = frozenset(("site-packages", "dist-packages"))
"""What folders of installed packages are called."""


class UntoldError(Exception):
    """Only a run can tell."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a module.

    Attributes:
        path: Of its file.
        tree: Of its text, which compiles.
        search: Folder that its imports are looked for in before all others.
        cells: For a notebook, whose cells are joined, what each is called and how many lines come before it.
    """

    path: Path
    tree: ast.Module
    search: str
    cells: tuple[tuple[str, int], ...] = ()

    def place(self, line: int) -> tuple[str, int]:
        """The file, or cell, that a line of the tree lies in, and which line it is there."""
        return next(
            ((file, line - before) for file, before in reversed(self.cells) if before < line), (str(self.path), line)
        )


def source(path: Path, search: str) -> Source | SyntaxError | None:
    """Parses a file as an import would, a notebook as one module; ``None`` where it has to be tried."""
    if path.suffix == ".ipynb":
        cells = cells_of(path)
        return None if isinstance(cells, str) else _joined(path, cells, search)
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        return Source(path, parsed(path.read_bytes(), str(path)), search)
    except SyntaxError as error:
        return error
    except (OSError, ValueError, MemoryError, RecursionError):
        return None


def _joined(path: Path, cells: tuple[Cell, ...], search: str) -> Source | SyntaxError | None:
    body: list[ast.stmt] = []
    places: list[tuple[str, int]] = []
    before = 0
    for cell in cells:
        try:
            statements = _parsed(cell.text, cell.file).body  # of its own: the lines are moved
        except SyntaxError as error:
            return error
        except (ValueError, MemoryError, RecursionError):
            return None
        body += [ast.increment_lineno(statement, before) for statement in statements]
        places.append((cell.file, before))
        before += cell.text.count("\n") + 1
    return Source(path, ast.Module(body=body, type_ignores=[]), search, tuple(places))


def _parsed(text: str | bytes, file: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text, file)
        compile(tree, file, "exec", dont_inherit=True)  # a return outside a function parses
    return tree


parsed = lru_cache(maxsize=8)(_parsed)
"""The same text is asked for with each target in it and each precision a model is built in; nobody changes the tree."""


def is_python(path: Path) -> bool:
    """Whether Python can import a file of this name."""
    return path.name.endswith(tuple(importlib.machinery.all_suffixes()))


@contextmanager
def searching(folder: str) -> Iterator[None]:
    """Within, modules are looked for where a worker looks: in this folder, then where this Python finds them."""
    before = list(sys.path)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path[:] = before


def top_level(name: str, search: str) -> importlib.machinery.ModuleSpec | None:
    """Where the first part of a dotted name lies; nothing is imported for it.

    Raises:
        UntoldError: If that cannot be said.
    """
    first = name.partition(".")[0]
    with searching(search):
        try:
            return find_spec(first)
        except ValueError as error:  # a module that says nothing of where it comes from, such as __main__
            raise UntoldError(first) from error


def is_library(path: str) -> bool:
    """Whether a file is installed, with Python or by a package manager."""
    return bool(INSTALLED.intersection(Path(path).parts)) or path.startswith(_standard())


@cache
def _standard() -> str:
    return sysconfig.get_paths()["stdlib"] + "/"


def module_file(target: Target, here: str) -> Path | None:
    """The file of a dotted module where no code of a parent need be run to know it; ``None`` where one must.

    Raises:
        ModuleNotFoundError: If there is none.
    """
    first, *rest = target.location.split(".")
    spec = top_level(first, here)
    for name in rest:
        if spec is None:
            break
        if spec.submodule_search_locations is None or _runs(spec):
            return None
        below = importlib.machinery.PathFinder.find_spec(f"{spec.name}.{name}", list(spec.submodule_search_locations))
        spec = below
    if spec is None:
        raise ModuleNotFoundError(target.location)
    plain = isinstance(spec.loader, importlib.machinery.SourceFileLoader) and spec.origin is not None
    return Path(str(spec.origin)) if plain and spec.submodule_search_locations is None else None


def _runs(package: importlib.machinery.ModuleSpec) -> bool:
    """Whether importing a package runs a line of its own."""
    if package.origin is None:
        return False
    initial = source(Path(package.origin), "") if package.origin.endswith(".py") else None
    if not isinstance(initial, Source):
        return True
    return any(not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)) for item in initial.tree.body)


def imported_file(node: ast.ImportFrom, module: Source) -> Path | None:
    """The file that a name is imported from."""
    parts = node.module.split(".") if node.module else []
    if node.level:
        return _file_below(module.path.parents[node.level - 1], parts)
    if not parts:
        return None
    spec = top_level(parts[0], module.search)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return _file_below(Path(places[0]), parts[1:]) if places else None


def _file_below(folder: Path, parts: list[str]) -> Path | None:
    at = folder.joinpath(*parts)
    return next((file for file in (at.with_suffix(".py") if parts else at, at / "__init__.py") if file.is_file()), None)


def module_text(target: Target, folder: str) -> Source | SyntaxError | None:
    """The text of the module of a target, found without running its packages."""
    first, *rest = target.location.split(".")
    spec = top_level(first, folder)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    path = _file_below(Path(places[0]), rest) if places else module_file(target, folder)
    return None if path is None or path.suffix != ".py" else source(path, folder)
