"""Where is a name that no statement at the top of a module binds? Under the main guard, or local to a function."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence

from kerasdiff.side.reading.names import Definition, is_main_guard
from kerasdiff.side.slicing.expressions import NOTHING, Env
from kerasdiff.side.slicing.leaves import Leaves
from kerasdiff.side.slicing.records import Cost
from kerasdiff.side.slicing.script import parameters

Plain = ast.FunctionDef


def functions_with(tree: ast.Module, name: str) -> list[tuple[Plain, int]]:
    """Functions at the top of a module that have a local of this name, with the line that binds it last."""
    found = []
    for statement in tree.body:
        if isinstance(statement, Plain):
            lines = [node.lineno for node in _locals(statement) if node.id == name]
            shared = {item for node in ast.walk(statement) if isinstance(node, ast.Global) for item in node.names}
            if lines and name not in shared:
                found.append((statement, max(lines)))
    return found


def _locals(function: Plain) -> Iterator[ast.Name]:
    """The names that the statements of a function bind."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node
        elif not isinstance(node, Definition | ast.Lambda):
            waiting += list(ast.iter_child_nodes(node))


def call_of(tree: ast.Module, name: str) -> tuple[ast.Call | None, list[ast.stmt]]:
    """The one call of a function at the top of a module, or under its main guard, and the statements before it.

    Without one these are all that are run where a module is imported.
    """
    calls = [(call, statements) for call, statements in _calls(tree, name)]
    return calls[0] if len(calls) == 1 else (None, tree.body)


def _calls(tree: ast.Module, name: str) -> Iterator[tuple[ast.Call, list[ast.stmt]]]:
    for number, statement in enumerate(tree.body):
        if is_main_guard(statement) and isinstance(statement, ast.If):
            for inner, item in enumerate(statement.body):
                made = copy.copy(statement)
                made.test = ast.copy_location(ast.Constant(True), statement.test)
                made.body = statement.body[:inner] or [ast.copy_location(ast.Pass(), item)]
                yield from ((call, [*tree.body[:number], made]) for call in _in(item, name))
        else:
            yield from ((call, tree.body[:number]) for call in _in(statement, name))


def _in(statement: ast.stmt, name: str) -> Iterator[ast.Call]:
    """Calls of a function in a statement that is run whole."""
    if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield node


class Body(Leaves):
    """Walks a module, and the body of one of its functions after it, as it is run by a call."""

    _inside: frozenset[str] = frozenset()
    """Names of that function's own."""

    def enter_function(self, function: Plain, call: ast.Call | None) -> Env:
        """Walks the body; gives what the names of the module stand for meanwhile."""
        outer = dict(self.env)
        self._inside = frozenset(node.id for node in _locals(function)) | parameters(function.args)
        given = self._parameters(function, call)
        for name in self._inside:
            self.env[name] = given.get(name, NOTHING)
        first = len(self.leaves)
        self.walk(function.body)
        for leaf in self.leaves[first:]:
            leaf.outer = outer
        return outer

    def closed_over(self, name: str) -> frozenset[int]:
        return self.env[name] if name in self._inside else NOTHING

    def _parameters(self, function: Plain, call: ast.Call | None) -> Env:
        """What the parameters stand for: what the call gives, else their defaults."""
        taken = function.args
        by_position = [*taken.posonlyargs, *taken.args]
        defaults = by_position[len(by_position) - len(taken.defaults) :]
        free = {one.arg for one in defaults}
        free |= {one.arg for one, item in zip(taken.kwonlyargs, taken.kw_defaults, strict=True) if item is not None}
        found: Env = {}
        for name in sorted(parameters(taken)):
            leaf = self._begin(function, ())
            held = set() if call is None else self.values((*call.args, *call.keywords))
            if call is None and name not in free:
                leaf.facts.costs.append(Cost("argument", function.lineno, f"{function.name}()"))
            number, made = self.script.node(name, self.site)
            made.same = self.script.part(held)
            leaf.bound[name] = number
            self._end(leaf)
            found[name] = frozenset((number,))
        return found


def reduced(
    function: Plain, body: Sequence[ast.stmt], call: ast.Call | None, name: str, attribute: str
) -> tuple[ast.stmt, ast.stmt]:
    """The function with this body alone, which returns its local, and the statement that calls it.

    Args:
        function: Which.
        body: What is run of it.
        call: What it is called with; ``None`` where no argument matters.
        name: Of the local.
        attribute: Of what it is to be an attribute: of the function by its name, or of nothing.
    """
    end = function.body[-1]
    made = copy.copy(function)
    made.decorator_list = []
    made.returns = None
    made.body = [*body, ast.copy_location(ast.Return(ast.Name(name, ast.Load())), end)]
    made.args = copy.copy(function.args)
    plain = len(made.args.posonlyargs) + len(made.args.args)
    made.args.defaults = [*([ast.Constant(None)] * (plain - len(made.args.defaults))), *made.args.defaults]
    made.args.kw_defaults = [item or ast.Constant(None) for item in made.args.kw_defaults]
    arguments, keywords = ([], []) if call is None else (call.args, call.keywords)
    value = ast.Call(ast.Name(function.name, ast.Load()), arguments, keywords)
    target: ast.expr = ast.Name(name, ast.Store())
    if attribute:
        target = ast.Attribute(ast.Name(attribute, ast.Load()), name, ast.Store())
    return made, ast.copy_location(ast.Assign([target], value), end)
