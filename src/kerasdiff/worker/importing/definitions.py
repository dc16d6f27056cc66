"""How is a file that trains, downloads or asks loaded? By what of it the target needs; the rest is not run.

What decides is :mod:`kerasdiff.side.slicing`, from the text alone.
"""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import Attribute
from kerasdiff.graph import Source as Line
from kerasdiff.side.reading.source import Source, source
from kerasdiff.side.slicing import told
from kerasdiff.side.slicing.planning import plan_of
from kerasdiff.side.slicing.records import Cost, Plan
from kerasdiff.side.targets import Target
from kerasdiff.worker.importing.faults import explain, reason
from kerasdiff.worker.importing.modules import execute


class Definitions:
    """What was run of a target's file.

    Attributes:
        plan: How.
    """

    def __init__(self, target: Target) -> None:
        self.plan = Plan()
        self._target = target
        self._text: Source | None = None

    def load(self, loader: SourceFileLoader, module: ModuleType) -> bool:
        """Runs what the target needs of its own file; ``False`` where that is another one, or too deep to be read."""
        if loader.path != self._target.location and loader.name != self._target.location:
            return False
        text = source(Path(loader.path), str(Path(loader.path).parent))
        if not isinstance(text, Source):
            return False
        self.run(text, module)
        return True

    def run(self, text: Source, module: ModuleType) -> None:
        """Runs what the target needs of a text.

        Raises:
            LoadError: If it needs what is not run.
        """
        self._text = text
        clean = dict(vars(module))
        failed: dict[int, Cost] = {}
        begin = 0
        while True:
            self.plan = plan_of(self._target, text, failed)
            refusal = self.plan.refusal
            if refusal is not None and refusal.cost.kind != "missing":
                raise told.refused(self._target, refusal, text)
            if self.plan.elsewhere:
                raise told.several(self._target, self.plan.elsewhere)
            explain({name: told.lacking(line, cost, text) for name, line, cost in self.plan.lacking})
            try:
                tree = text.tree if refusal is not None else self.plan.tree or text.tree
                execute(text, _from(tree, begin), module)
                return
            except OSError as error:
                again = self._failing(error, text, failed)
                if again is None:
                    raise
                failed |= again
            begin = next(iter(again))
            if all(item.lineno != begin for item in tree.body):  # it stands inside another statement
                begin = 0
                vars(module).clear()
                vars(module).update(clean)

    def _failing(self, error: OSError, text: Source, failed: dict[int, Cost]) -> dict[int, Cost] | None:
        """The line of the file that a file or an address was not found for, where the target can do without it."""
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == str(text.path) and frame.name == "<module>"
        ]
        statements = (item for item in ast.walk(text.tree) if isinstance(item, ast.stmt))
        first = next((item.lineno for item in statements if lines and _holds(item, lines[-1] or 0)), 0)
        if not first or first in failed:
            return None
        more = {first: Cost("fails", first, reason(error))}
        return more if plan_of(self._target, text, failed | more).refusal is None else None

    @property
    def inferred(self) -> tuple[Finding, ...]:
        """What was left out, as a fact; nothing where the file was run as it is."""
        plan, target, text = self.plan, self._target, self._text
        if text is None or plan.tree is None or plan.refusal is not None:
            return ()
        file = Path(target.location).name if target.kind != "module" else target.location
        told_of: dict[str, Attribute] = {"left_out": () if text.cells else plan.left_out, "within": plan.within}
        costs = tuple(_left_out(cost, text) for cost in plan.costs)
        return (Finding(fact=Fact.LOADED_BY_DEFINITIONS, names=(target.text, file), settings=told_of, parts=costs),)


def _left_out(cost: Cost, text: Source) -> Finding:
    file, line = text.place(cost.line)
    source = Line(file=Path(file).name, line=line)
    return Finding(fact=Fact.LINE_LEFT_OUT, names=(cost.kind, cost.text), sources=(source,))


def _from(tree: ast.Module, line: int) -> ast.Module:
    """What begins at this line or behind it: what was run before may have changed what is outside of the module."""
    return ast.Module([item for item in tree.body if item.lineno >= line or _is_future(item)], tree.type_ignores)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _holds(statement: ast.stmt, line: int) -> bool:
    return statement.lineno <= line <= (statement.end_lineno or statement.lineno)


@contextmanager
def by_definitions(target: Target) -> Iterator[Definitions]:
    """Inside, the file of a target is run as far as the target needs it, however it is imported."""
    made = Definitions(target)
    explain({})
    own = vars(SourceFileLoader).get("exec_module")
    original = SourceFileLoader.exec_module

    def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
        if not made.load(loader, module):
            original(loader, module)

    SourceFileLoader.exec_module = exec_module  # type: ignore[method-assign, assignment]
    try:
        yield made
    finally:
        if own is None:
            del SourceFileLoader.exec_module
        else:
            SourceFileLoader.exec_module = own  # type: ignore[method-assign]
