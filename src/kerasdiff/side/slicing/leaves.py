"""Which parts of a module can be run or left out, and what does each do? Statements, also in ``with`` and ``if``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from kerasdiff.side.reading.names import Definition, is_main_guard
from kerasdiff.side.slicing.expressions import NOTHING
from kerasdiff.side.slicing.knowledge import OPTIONAL, root
from kerasdiff.side.slicing.records import SHARED, Cost, Facts, Leaf
from kerasdiff.side.slicing.script import Script, imported, is_builtin
from kerasdiff.side.slicing.statements import Walk

_KEPT = (ast.Import, ast.ImportFrom, ast.Delete, Definition)


class Leaves(Walk):
    """Walks a module; notes what each of its leaves does.

    Args:
        script: Its text.
        installed: Whether a package can be imported.
        failed: What was tried to no avail: lines, with why.
    """

    def __init__(self, script: Script, installed: Callable[[str], bool], failed: dict[int, Cost]) -> None:
        super().__init__(script, {}, self._unbound)
        self.leaves: list[Leaf] = []
        self._installed, self._failed = installed, failed
        self._star: dict[str, frozenset[int]] = {}
        for name in SHARED:
            number, _ = script.node(name, -1)
            self.env[name] = frozenset((number,))

    def _unbound(self, name: str) -> frozenset[int]:
        """A name that nothing has bound yet: one of Python, or of the package all of whose names are imported."""
        if not self.script.star or is_builtin(name):
            return NOTHING
        if name not in self._star:
            number, made = self.script.node(name, -1)
            made.dotted, made.fixed = f"{self.script.star}.{name}", True
            self._star[name] = frozenset((number,))
        return self._star[name]

    def walk(self, body: list[ast.stmt], heads: tuple[int, ...] = ()) -> None:
        """Walks statements in order."""
        for statement in body:
            if is_main_guard(statement):
                continue
            if isinstance(statement, ast.With):
                head = self._head(statement, heads, partial(self.enter, statement))
                self.walk(statement.body, (*heads, head))
            elif isinstance(statement, ast.If):
                self._walk_if(statement, heads)
            else:
                self._leaf(statement, heads)

    def _walk_if(self, statement: ast.If, heads: tuple[int, ...]) -> None:
        if isinstance(statement.test, ast.Constant) and statement.test.value is True:
            self.walk(statement.body, heads)
            return
        head = self._head(statement, heads, lambda: self.value(statement.test))
        before = dict(self.env)
        self.walk(statement.body, (*heads, head))
        first = dict(self.env)
        self.env.clear()
        self.env.update(before)
        self.walk(statement.orelse, (*heads, head))
        self.join([first, dict(self.env)])

    def _head(self, node: ast.stmt, heads: tuple[int, ...], run: Callable[[], object]) -> int:
        leaf = self._begin(node, heads)
        run()
        self._end(leaf)
        return len(self.leaves) - 1

    def _leaf(self, node: ast.stmt, heads: tuple[int, ...]) -> None:
        leaf = self._begin(node, heads)
        self.run(node)
        imports = [item for item in ast.walk(node) if isinstance(item, ast.Import | ast.ImportFrom)]
        leaf.keeps = isinstance(node, _KEPT) or (isinstance(node, ast.Try) and bool(imports))
        leaf.keeps |= isinstance(node, ast.Expr) and not heads and self._ends(node.value)
        if isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, "level", 0):
            for _, dotted in imported(node):
                if root(dotted) in OPTIONAL and not self._installed(root(dotted)):
                    leaf.facts.costs.append(Cost("missing", node.lineno, root(dotted)))
        self._end(leaf)

    def _ends(self, expression: ast.expr) -> bool:
        """Whether an expression ends the program: what comes after it is never reached."""
        if not isinstance(expression, ast.Call):
            return False
        name = expression.func.id if isinstance(expression.func, ast.Name) else self.dotted(expression.func)
        return name in ("exit", "quit", "sys.exit", "os._exit", "os.abort")

    def _begin(self, node: ast.stmt, heads: tuple[int, ...]) -> Leaf:
        self.facts = Facts()
        self.site = len(self.leaves)
        leaf = Leaf(node, heads, self.facts, dict(self.env))
        self.leaves.append(leaf)
        return leaf

    def _end(self, leaf: Leaf) -> None:
        facts = leaf.facts
        for name in sorted(facts.binds - set(leaf.bound)):
            number, _ = self.script.node(name, self.site)
            leaf.bound[name] = number
            self.env[name] = self.env.get(name, NOTHING) | {number}
        failed = self._failed.get(leaf.node.lineno)
        if failed is not None:
            facts.costs.append(failed)
        facts.costs[:] = dict.fromkeys(facts.costs)
        training = any(cost.kind == "trains" for cost in facts.costs)
        (facts.trains if training else facts.deep).update(facts.valued)

    def bound(self, name: str, number: int) -> None:
        self.leaves[self.site].bound[name] = number
