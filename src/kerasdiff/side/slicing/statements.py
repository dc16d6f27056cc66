"""What does running a statement do? Each is walked as Python runs it; what may be run or not is assumed to be both."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from kerasdiff.side.reading.names import Definition
from kerasdiff.side.slicing.calls import Calls
from kerasdiff.side.slicing.expressions import NOTHING, Env
from kerasdiff.side.slicing.knowledge import is_known
from kerasdiff.side.slicing.records import SHARED, Facts, Function, Summary
from kerasdiff.side.slicing.script import Script, evaluated, free_names, imported, own_methods, parameters

_PARAMETER = "("
"""Stands before the name of a parameter where names of the module are meant as well."""


class Walk(Calls):
    """Walks statements; names of ``shared`` are those of the module, wherever they are bound."""

    def __init__(self, script: Script, env: Env, outside: object) -> None:
        super().__init__(script, env, outside)  # type: ignore[arg-type]
        self.shared: set[str] = set()
        self.returned: set[int] = set()
        self._classes = 0

    def summary(self, function: Function) -> Summary:
        return summary_of(self.script, function)

    def run(self, statement: ast.stmt) -> None:
        """Walks one statement with all that stands in it."""
        walk = getattr(self, f"run_{type(statement).__name__.lower()}", None)
        if walk is not None:
            walk(statement)
        else:
            self.values(ast.iter_child_nodes(statement))

    def run_all(self, statements: Iterable[ast.stmt]) -> None:
        """Walks several."""
        for statement in statements:
            self.run(statement)

    def bind_name(self, name: str, held: set[int], value: ast.expr | None = None, *, temporary: bool = False) -> None:
        if name in self.shared and not temporary:
            self.facts.binds.add(name)
        super().bind_name(name, held, value, temporary=temporary or self._classes > 0)

    def run_expr(self, node: ast.Expr) -> None:
        self.value(node.value)

    def run_assign(self, node: ast.Assign) -> None:
        held = self.value(node.value)
        for target in node.targets:
            self.bind(target, held, node.value)

    def run_annassign(self, node: ast.AnnAssign) -> None:
        self.value(node.annotation)
        if node.value is not None:
            self.bind(node.target, self.value(node.value), node.value)

    def run_augassign(self, node: ast.AugAssign) -> None:
        held = self.value(node.value)
        if isinstance(node.target, ast.Name):
            before = self.lookup(node.target.id)
            self.facts.reads |= before
            own = {item for item in before if not self.script.nodes[item].fixed}
            self.change(own)
            same = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
            self.bind(node.target, held | own, same)
        else:
            self.bind(node.target, held)

    def run_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.facts.reads |= self.lookup(target.id)
                self.env[target.id] = NOTHING
            elif isinstance(target, ast.Attribute | ast.Subscript):
                self.store(target, set())

    def run_return(self, node: ast.Return) -> None:
        self.returned |= self.value(node.value)

    def on_yield(self, node: ast.Yield | ast.YieldFrom) -> set[int]:
        self.returned |= self.value(node.value)
        return set()

    on_yieldfrom = on_yield

    def run_global(self, node: ast.Global) -> None:
        self.shared |= set(node.names)

    def run_import(self, node: ast.Import | ast.ImportFrom) -> None:
        for name, dotted in imported(node):
            if name == "*":
                continue
            self.bind_name(name, set())
            for number in self.env[name]:
                made = self.script.nodes[number]
                made.dotted, made.fixed = dotted, is_known(dotted)

    run_importfrom = run_import

    def run_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        held = self.values(evaluated(node))
        given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        self.values([node.returns, *(one.annotation for one in given)])
        self._define(node, node.name, held)

    run_asyncfunctiondef = run_functiondef

    def run_classdef(self, node: ast.ClassDef) -> None:
        held = self.values([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        before = dict(self.env)
        self._classes += 1
        for item in node.body:
            if isinstance(item, Definition):
                held |= self.values(evaluated(item))
            else:
                self.run(item)
        held |= {item for name, found in self.env.items() if before.get(name) != found for item in found}
        self._classes -= 1
        self.env.clear()
        self.env.update(before)
        self._define(node, node.name, held)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str, held: set[int]) -> None:
        number = self.function(node, name, held)
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Name | ast.Attribute) and self.dotted(decorator) is None:
                for item in self.value(decorator):
                    for function in self.script.nodes[item].functions:
                        self._apply(self.summary(function), {}, costs=True)
        self.env[name] = frozenset((number,))
        if not self._classes:
            if name in self.shared:
                self.facts.binds.add(name)
            self.bound(name, number)

    # -- what is run once, several times or not at all ---------------------------------------------------------------

    def _branches(self, *bodies: list[ast.stmt]) -> None:
        """One of these is run."""
        before = dict(self.env)
        ends = []
        for body in bodies:
            self.env.clear()
            self.env.update(before)
            self.run_all(body)
            ends.append(dict(self.env))
        self.join(ends)

    def join(self, ends: list[Env]) -> None:
        """After what may have ended in any of these ways."""
        names = [name for end in ends for name in end]
        self.env.clear()
        for name in dict.fromkeys(names):
            if name.startswith("self.") and not all(name in end for end in ends):
                continue  # what it was before is not known
            self.env[name] = NOTHING.union(*(end.get(name, NOTHING) for end in ends))

    def run_if(self, node: ast.If) -> None:
        self.value(node.test)
        self._branches(node.body, node.orelse)

    def run_for(self, node: ast.For | ast.AsyncFor) -> None:
        held = self.script.part(self.value(node.iter))
        before = dict(self.env)
        for _ in range(2):  # what one turn leaves is there in the next
            self.bind(node.target, held)
            self.run_all(node.body)
            self.join([before, dict(self.env)])
        self.run_all(node.orelse)

    run_asyncfor = run_for

    def run_while(self, node: ast.While) -> None:
        before = dict(self.env)
        for _ in range(2):
            self.value(node.test)
            self.run_all(node.body)
            self.join([before, dict(self.env)])
        self.run_all(node.orelse)

    def run_with(self, node: ast.With | ast.AsyncWith) -> None:
        self.enter(node)
        self.run_all(node.body)

    run_asyncwith = run_with

    def enter(self, node: ast.With | ast.AsyncWith) -> None:
        """Walks the head of a ``with``."""
        for item in node.items:
            held = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, held)

    def run_try(self, node: ast.Try) -> None:
        before = dict(self.env)
        self.run_all(node.body)
        after = dict(self.env)
        ends = []
        for body in ([], *(handler.body for handler in node.handlers)):
            self.join([before, after])
            if not body:
                self.env.clear()
                self.env.update(after)
            self.run_all(body or node.orelse)
            ends.append(dict(self.env))
        for handler in node.handlers:
            self.value(handler.type)
        self.join(ends)
        self.run_all(node.finalbody)

    run_trystar = run_try

    def run_match(self, node: ast.Match) -> None:
        held = self.value(node.subject)
        for case in node.cases:
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    self.bind_name(name, held)
            self.value(case.guard)
        self._branches([], *(case.body for case in node.cases))


# Functions ------------------------------------------------------------------------------------------------------------


class _Body(Walk):
    """Walks the body of a function: its parameters and the names of the module stand for objects of their own."""

    def __init__(self, script: Script, taken: Iterable[str]) -> None:
        self.marked: dict[int, str] = {}
        self._known: dict[str, frozenset[int]] = {}
        super().__init__(script, {}, self._of_module_name)
        for name in taken:
            number, _ = script.node(_PARAMETER + name, -1)
            self.marked[number] = _PARAMETER + name
            self.env[name] = frozenset((number,))

    def _of_module_name(self, name: str) -> frozenset[int]:
        if name not in self._known:
            functions, dotted = self.script.functions.get(name, []), self.script.imports.get(name, set())
            number, made = self.script.node(name, -1)
            made.functions = tuple(functions)
            made.dotted = next(iter(dotted)) if len(dotted) == 1 and not functions else None
            self.marked[number] = name
            bound = functions or dotted or name.startswith("<") or name in self.script.bound
            self._known[name] = frozenset((number,)) if bound else NOTHING
        return self._known[name]

    def closed_over(self, name: str) -> frozenset[int]:
        return self.env[name]

    def names(self, numbers: Iterable[int]) -> frozenset[str]:
        """Parameters and names of the module among these objects."""
        return frozenset(self.marked[item] for item in numbers if item in self.marked)


def summary_of(script: Script, function: Function) -> Summary:
    """What calling a function of the script does; of a class, making an object of it."""
    key = id(function)
    if key not in script.summaries:
        script.summaries[key] = Summary()  # while it is looked into, for one that calls itself
        made = _class(script, function) if isinstance(function, ast.ClassDef) else _body(script, function)
        script.summaries[key] = made
    return script.summaries[key]


def _body(script: Script, function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Summary:
    walk = _Body(script, sorted(parameters(function.args)))
    if isinstance(function, ast.Lambda):
        walk.returned = walk.value(function.body)
    else:
        walk.run_all(function.body)
    facts: Facts = walk.facts
    returned, inside = script.itself(walk.returned)
    deep = script.objects(facts.deep) | script.classes(facts.deep)
    reads = free_names(function) | facts.later
    reads |= walk.names(facts.reads) & set(SHARED)
    return Summary(
        changes=walk.names(facts.changes - deep),
        deep=walk.names(deep),
        returns=walk.names(returned),
        parts=walk.names(script.within(inside)) - walk.names(returned),
        holds=walk.names(script.reach(walk.returned) | inside) - walk.names(returned),
        trains=walk.names(facts.trains),
        valued=walk.names(script.reach(facts.valued)),
        reads=frozenset(reads),
        binds=frozenset(facts.binds),
        costs=tuple(dict.fromkeys(facts.costs)),
        unbounded=facts.unbounded,
        everything=facts.everything,
    )


_MAKING = ("__init__", "__new__", "__post_init__", "__init_subclass__")


def _bases(script: Script, node: ast.ClassDef) -> Iterator[ast.ClassDef]:
    """The classes of the script that a class derives from."""
    for base in node.bases:
        for other in script.functions.get(base.id, ()) if isinstance(base, ast.Name) else ():
            if isinstance(other, ast.ClassDef) and other is not node:
                yield other


def _class(script: Script, node: ast.ClassDef) -> Summary:
    """What making an object does: its constructor, or that of a class it derives from."""
    own = [item for item in own_methods(node) if item.name in _MAKING]
    parts = [summary_of(script, item) for item in own]
    parts += [summary_of(script, item) for item in _bases(script, node)]
    given = {_PARAMETER + name for item in own for name in parameters(item.args)} | {_PARAMETER}

    def joined(field: str) -> frozenset[str]:
        return frozenset().union(*(getattr(part, field) for part in parts)) - {"(self"}

    return Summary(
        changes=joined("changes"),
        deep=joined("deep"),
        holds=joined("holds") | given - {"(self"},
        trains=joined("trains"),
        valued=joined("valued"),
        reads=joined("reads"),
        binds=joined("binds"),
        costs=tuple(dict.fromkeys(cost for part in parts for cost in part.costs)),
        unbounded=any(part.unbounded for part in parts),
        everything=any(part.everything for part in parts),
    )
