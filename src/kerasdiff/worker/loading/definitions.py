"""How is a file that trains, downloads or asks loaded? By what of it the target needs; the rest is not run.

What decides is :mod:`kerasdiff.side.slicing`, from the text alone.
"""

from __future__ import annotations

import ast
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
from kerasdiff.worker.loading.faults import explain, reason


class Definitions:
    """What was run of a target's file.

    Attributes:
        plan: How.
    """

    def __init__(self, target: Target) -> None:
        self.plan = Plan()
        self._target = target

    def run(self, loader: SourceFileLoader, module: ModuleType) -> bool:
        """Runs what the target needs of its own file; ``False`` where that is another one, or to be run as it is."""
        target = self._target
        if loader.path != target.location and loader.name != target.location:
            return False
        text = source(Path(loader.path), str(Path(loader.path).parent))
        if not isinstance(text, Source):
            return False
        clean = dict(vars(module))
        failed: dict[int, Cost] = {}
        while True:
            self.plan = plan_of(target, text, failed)
            if self.plan.refusal is not None and self.plan.refusal.cost.kind != "missing" and not failed:
                raise told.refused(target, self.plan.refusal)
            tree = self.plan.tree if self.plan.refusal is None else None
            try:
                self._execute(tree or text.tree, loader, module)
                return True
            except OSError as error:
                again = self._failing(error, text, failed, loader)
                if again is None:
                    raise
                failed |= again
            vars(module).clear()
            vars(module).update(clean)

    def _execute(self, tree: ast.Module, loader: SourceFileLoader, module: ModuleType) -> None:
        explain({name: told.lacking(name, line, cost) for name, line, cost in self.plan.lacking})
        exec(compile(tree, loader.path, "exec", dont_inherit=True), vars(module))

    def _failing(
        self, error: OSError, text: Source, failed: dict[int, Cost], loader: SourceFileLoader
    ) -> dict[int, Cost] | None:
        """The line of the file that a file or an address was not found for, where the target can do without it."""
        trace, line = error.__traceback__, 0
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == loader.path and trace.tb_frame.f_code.co_name == "<module>":
                line = trace.tb_lineno
            trace = trace.tb_next
        first = next(
            (item.lineno for item in ast.walk(text.tree) if isinstance(item, ast.stmt) and _holds(item, line)), 0
        )
        if not first or first in failed:
            return None
        more = {first: Cost("fails", first, reason(error))}
        return more if plan_of(self._target, text, failed | more).refusal is None else None

    @property
    def inferred(self) -> tuple[Finding, ...]:
        """What was left out, as a fact; nothing where the file was run as it is."""
        plan, target = self.plan, self._target
        if plan.tree is None or plan.refusal is not None:
            return ()
        file = Path(target.location).name if target.kind != "module" else target.location
        costs = tuple(
            Finding(fact=Fact.LINE_LEFT_OUT, names=(cost.kind, cost.text), sources=(Line(file=file, line=cost.line),))
            for cost in plan.costs
        )
        told_of: dict[str, Attribute] = {"left_out": plan.left_out, "within": plan.within}
        return (Finding(fact=Fact.LOADED_BY_DEFINITIONS, names=(target.text, file), settings=told_of, parts=costs),)


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
        if not made.run(loader, module):
            original(loader, module)

    SourceFileLoader.exec_module = exec_module  # type: ignore[method-assign, assignment]
    try:
        yield made
    finally:
        if own is None:
            del SourceFileLoader.exec_module
        else:
            SourceFileLoader.exec_module = own  # type: ignore[method-assign]
