"""How does the module of a target come to be, and what is said where running it fails?"""

from __future__ import annotations
import __future__

import ast
import copy
import importlib
import importlib.util
import itertools
import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from kerasdiff.errors import LoadError
from kerasdiff.side.reading import said
from kerasdiff.side.reading.homes import Home, home_at, module_folder
from kerasdiff.side.reading.notebooks import cell_of, cells_of
from kerasdiff.side.reading.source import Source, source
from kerasdiff.side.targets import Target
from kerasdiff.worker.importing.faults import at_line, raised_at, reason, user_traceback
from kerasdiff.worker.importing.hints import hint
from kerasdiff.worker.user_code.libraries import claim, is_user_file

_numbers = itertools.count()

_FIRST = frozenset(sys.modules)
"""Modules that were there before any target: libraries, though they may lie below a target's folder."""


Runs = Callable[[Source, ModuleType], None]
"""Runs the text of a module."""


def import_target(target: Target, run: Runs | None = None) -> tuple[ModuleType, str]:
    """Imports a target's module afresh, so that model objects in it are new as well; also gives its directory.

    Args:
        target: Whose.
        run: Runs a notebook; all of it where that is not said.

    Raises:
        TargetError: If there is no such module.
        LoadError: If running it fails.
    """
    if target.kind == "notebook":
        return _run_notebook(target, run or (lambda text, module: execute(text, text.tree, module)))
    return _import_module(target) if target.kind == "module" else _import_file(target)


def _import_file(target: Target) -> tuple[ModuleType, str]:
    path = Path(target.location)
    root = str(path.parent)
    home = home_at(path)
    claim(path)
    _forget_below(home.folder)
    _first_on_path(home.folder)
    if home.name:
        return _part_of_package(target, home, path), root
    name = f"kerasdiff_target_{next(_numbers)}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise said.not_python(target)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _importing(target, root):
        spec.loader.exec_module(module)
    return module, root


def _run_notebook(target: Target, run: Runs) -> tuple[ModuleType, str]:
    """Runs the code cells of a notebook, one after the other, as one module."""
    path = Path(target.location)
    cells = cells_of(path)
    if isinstance(cells, str):
        raise said.no_notebook(target, cells)
    root = str(path.parent)
    _forget_below(root)
    _first_on_path(root)
    for cell in cells:
        # No entry of a time: nothing looks whether a file of that name has changed.
        lines = [f"{line}\n" for line in cell.text.split("\n")]
        linecache.cache[cell.file] = (len(cell.text), None, lines, cell.file)
    module = ModuleType(f"kerasdiff_target_{next(_numbers)}_{path.stem}")
    module.__file__ = str(path)
    vars(module)["display"] = print
    sys.modules[module.__name__] = module
    with _importing(target, root):
        text = source(path, root)
        if isinstance(text, SyntaxError):
            raise text
        if text is None:
            raise LoadError(f"{target.text}: {path.name} is too deep to be read.")
        run(text, module)
    return module, root


def execute(text: Source, tree: ast.Module, module: ModuleType) -> None:
    """Runs a tree of a module's text: for a notebook cell by cell, so that each line is told by its cell."""
    if not text.cells:
        exec(compile(tree, str(text.path), "exec", dont_inherit=True), vars(module))
        return
    flags = 0
    for file, statements in itertools.groupby(tree.body, lambda one: text.place(one.lineno)[0]):
        body = [copy.deepcopy(one) for one in statements]
        for one in body:
            ast.increment_lineno(one, text.place(one.lineno)[1] - one.lineno)
        code = compile(ast.Module(body, []), file, "exec", flags, dont_inherit=True)
        flags |= code.co_flags & _FUTURE  # what a cell imports from there holds for those after it
        exec(code, vars(module))


_FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})


def _part_of_package(target: Target, home: Home, path: Path) -> ModuleType:
    """Imports a file by its dotted name; what lies beside it is found as well, if nothing else goes by that name."""
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    importlib.invalidate_caches()
    with _importing(target, home.folder):
        module = importlib.import_module(home.name)
        there = Path(str(module.__file__)).resolve()
        if there != path:
            raise LoadError(f"{target.text}: {home.name} is imported from {there}, which was there first.")
        return module
    raise AssertionError  # _importing never swallows an error


def _first_on_path(folder: str) -> None:
    """Puts a folder first, as that of a program that is run: ``import layers`` finds what lies there."""
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)


def _import_module(target: Target) -> tuple[ModuleType, str]:
    here = module_folder(target)
    if here not in sys.path:
        sys.path.insert(0, here)
    importlib.invalidate_caches()
    loaded = sys.modules.get(target.location)
    if loaded is not None and is_user_file(getattr(loaded, "__file__", None) or "<none>"):
        del sys.modules[target.location]
    with _importing(target, here):  # a parent package is run
        try:
            spec = importlib.util.find_spec(target.location)
        except ModuleNotFoundError as error:
            if not f"{target.location}.".startswith(f"{error.name}."):
                raise
            spec = None
    if spec is None:
        raise said.no_module(target, here)
    root = here
    if spec.origin and Path(spec.origin).exists():
        root = str(Path(spec.origin).parent)
        claim(Path(spec.origin))
    with _importing(target, root):
        return importlib.import_module(target.location), root
    raise AssertionError  # _importing never swallows an error


@contextmanager
def _importing(target: Target, root: str) -> Iterator[None]:
    """Turns whatever the user's module raises at import into one sentence."""
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    except SyntaxError as error:
        raise said.syntax_error(target, error) from None
    except ModuleNotFoundError as error:
        at, details = at_line(error, root), user_traceback(error, root)
        failure = said.not_installed(target, error.name, at, details, _importer(error, root, target))
        known = hint(str(error))
        raise LoadError(f"{failure.message}{known and f' {known[0].upper()}{known[1:]}.'}", details) from None
    except SystemExit as error:
        raise LoadError(
            f"{target.text}: {said.shown(target)} ends the program when it is imported, with exit code {error.code!r}"
            f'{at_line(error, root)}; put that under if __name__ == "__main__".',
        ) from None
    except BaseException as error:  # the user's module may raise anything
        at, details = at_line(error, root), user_traceback(error, root)
        raise said.import_fails(target, error, at, reason(error), details) from None
    finally:
        sys.dont_write_bytecode = written


def _importer(error: ImportError, root: str, target: Target) -> str:
    """The file whose import fails, where that is none of the target's own; empty where it is."""
    source = raised_at(error, root)
    module = target.location.rpartition(".")[2]
    own = (f"{module}.py", f"{module}/__init__.py") if target.kind == "module" else (Path(target.location).name,)
    if source is None or source.file == "__init__.py" or cell_of(source.file)[0].endswith(own):
        return ""
    return source.file


def _forget_below(root: str) -> None:
    """Drops the modules imported from ``root``, so that state in a sibling file starts afresh too."""
    for name, module in list(sys.modules.items()):
        file = None if name in _FIRST else getattr(module, "__file__", None)
        if file and name != "__main__" and file.startswith(root + "/") and is_user_file(file):
            del sys.modules[name]
