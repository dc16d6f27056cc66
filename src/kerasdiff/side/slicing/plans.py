"""How is a file loaded for a name of it: as it is, by a part of it, or not at all?"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kerasdiff.side.reading.names import as_program, is_main_guard
from kerasdiff.side.slicing.knowledge import CHEAP
from kerasdiff.side.slicing.leaves import Leaves
from kerasdiff.side.slicing.needs import Kept, Needs
from kerasdiff.side.slicing.places import Body, call_of, functions_with, reduced
from kerasdiff.side.slicing.records import Cost, Leaf, Plan
from kerasdiff.side.slicing.script import script_of

GUARD = "__main__"


@dataclass(frozen=True)
class _Asked:
    """What a plan is asked for.

    Attributes:
        names: Names of the module that are needed; the first is the one that is named.
        part: What of that is named, where it is an attribute.
        installed: Whether a package can be imported.
        failed: What was run to no avail, by line.
    """

    names: tuple[str, ...]
    part: str
    installed: Callable[[str], bool]
    failed: dict[int, Cost]


def plan_for(
    tree: ast.Module,
    names: Sequence[str],
    installed: Callable[[str], bool],
    failed: Mapping[int, Cost] | None = None,
    part: str = "",
) -> Plan:
    """How a module is run so that it binds these names.

    Args:
        tree: Of its text.
        names: Which are needed of it.
        installed: Whether a package can be imported.
        failed: What was run to no avail, by line.
        part: The attribute of the first name that is meant: of a function, a local of it.
    """
    asked = _Asked(tuple(names), part, installed, dict(failed or {}))
    if part:
        functions = [one for one, _ in functions_with(tree, part) if one.name == names[0]]
        if len(functions) == 1:
            return _plan_within(tree, functions[0], part, asked)
    plan = _planned(tree, asked)
    if plan is not None:
        return plan
    program = as_program(tree)
    plan = _planned(program, asked, whole=False)
    if plan is not None:
        return replace(plan, tree=plan.tree or program, within=GUARD)
    found = functions_with(tree, names[0])
    chosen = [one for one in found if one[0].name == "main"] or found
    if len(chosen) == 1:
        return _plan_within(tree, chosen[0][0], names[0], asked)
    rest = _planned(tree, replace(asked, names=())) or Plan()
    return replace(rest, elsewhere=tuple((function.name, line) for function, line in found))


def _planned(tree: ast.Module, asked: _Asked, *, whole: bool = True) -> Plan | None:
    """The plan for a module that binds the names; ``None`` where it does not."""
    script = script_of(tree)
    walk = Leaves(script, asked.installed, asked.failed)
    walk.walk(tree.body)
    anything = script.anything or any(leaf.facts.everything for leaf in walk.leaves)
    if asked.names and not walk.env.get(asked.names[0]) and not (anything and whole):
        return None
    if whole and all(cost.kind in CHEAP for leaf in walk.leaves for cost in leaf.facts.costs):
        return Plan()
    needs = Needs(script, walk.leaves, walk.env)
    kept = needs.kept(asked.names)
    numbers = {id(leaf.node): number for number, leaf in enumerate(walk.leaves)}
    return _plan(list(_rebuilt(tree.body, numbers, kept)), walk.leaves, kept, needs)


def _plan_within(tree: ast.Module, function: ast.FunctionDef, name: str, asked: _Asked) -> Plan:
    """The plan for a local of a function."""
    call, statements = call_of(tree, function.name)
    program = ast.Module(body=statements, type_ignores=[])
    script = script_of(program)
    walk = Body(script, asked.installed, asked.failed)
    walk.walk(statements)
    outer = walk.enter_function(function, call)
    needs = Needs(script, walk.leaves, walk.env, outer)
    kept = needs.kept((name,))
    numbers = {id(leaf.node): number for number, leaf in enumerate(walk.leaves) if leaf.node is not function}
    numbers[id(function)] = next(n for n, leaf in enumerate(walk.leaves) if leaf.node is function)
    body = list(_rebuilt(statements, numbers, kept))
    arguments = [number for number, leaf in enumerate(walk.leaves) if leaf.node is function and leaf.outer is None]
    given = any(number in kept.leaves for number in arguments if number != numbers[id(function)])
    inside = list(_rebuilt(function.body, numbers, kept, forget=False))
    made = reduced(function, inside, call if given else None, name, function.name if asked.part else "")
    return replace(_plan([*body, *made], walk.leaves, kept, needs), within=function.name)


def _plan(body: list[ast.stmt], leaves: Sequence[Leaf], kept: Kept, needs: Needs) -> Plan:
    left = [leaf for number, leaf in enumerate(leaves) if number not in kept.leaves]
    costs = sorted((cost for leaf in left for cost in leaf.facts.costs), key=lambda cost: cost.line)
    told = tuple(dict.fromkeys(cost for cost in costs if cost.kind != "argument"))
    if kept.refusal is not None:
        return Plan(costs=told, refusal=kept.refusal)
    return Plan(
        tree=ast.fix_missing_locations(ast.Module(body=body, type_ignores=[])),
        costs=told,
        left_out=tuple(_stretches(leaves, kept)),
        lacking=tuple(_lacking(leaves, kept, needs)),
    )


def _lacking(leaves: Sequence[Leaf], kept: Kept, needs: Needs) -> Iterator[tuple[str, int, Cost]]:
    for number, leaf in enumerate(leaves):
        why = None if number in kept.leaves else needs.why_not(number)
        if why is not None:
            for name in sorted({*leaf.bound, *kept.stale.get(number, ())}):
                yield name, leaf.node.lineno, why.cost


def _rebuilt(
    body: list[ast.stmt], numbers: Mapping[int, int], kept: Kept, *, forget: bool = True
) -> Iterator[ast.stmt]:
    """The statements that are run, at their own lines; in a module what is stale is forgotten."""
    for position, statement in enumerate(body):
        number = numbers.get(id(statement))
        if _is_docstring(statement, position):
            yield statement
        elif isinstance(statement, ast.If | ast.With) and (number is None or number in kept.leaves):
            yield from _compound(statement, numbers, kept, forget=forget)
        elif number in kept.leaves:
            yield statement
        elif number is not None and forget:
            for name in sorted(kept.stale.get(number, ())):
                yield _forgotten(name, statement)


def _is_docstring(statement: ast.stmt, position: int) -> bool:
    return position == 0 and _says_nothing(statement)


def _says_nothing(statement: ast.stmt) -> bool:
    """Whether a statement is a text, as stands between the parts of a notebook."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _compound(
    statement: ast.If | ast.With, numbers: Mapping[int, int], kept: Kept, *, forget: bool
) -> Iterator[ast.stmt]:
    if isinstance(statement, ast.If) and is_main_guard(statement):
        return
    made = copy.copy(statement)
    made.body = list(_rebuilt(statement.body, numbers, kept, forget=forget)) or [
        ast.copy_location(ast.Pass(), statement)
    ]
    if isinstance(made, ast.If) and isinstance(statement, ast.If):
        made.orelse = list(_rebuilt(statement.orelse, numbers, kept, forget=forget))
    yield made


def _forgotten(name: str, statement: ast.stmt) -> ast.stmt:
    """Removes a name whose value is another one where all is run: who looks it up finds none."""
    text = f"globals().pop({name!r}, None)"
    made = ast.parse(text).body[0]
    for node in ast.walk(made):
        if hasattr(node, "lineno"):
            ast.copy_location(node, statement)
    return made


def _stretches(leaves: Sequence[Leaf], kept: Kept) -> Iterator[tuple[int, int]]:
    """Lines from and to which nothing is run."""
    first = last = 0
    for number, leaf in enumerate(leaves):
        silent = isinstance(leaf.node, ast.If | ast.With) or _says_nothing(leaf.node)
        if number in kept.leaves:
            if first:
                yield first, last
            first = 0
        elif not silent:
            first = first or leaf.node.lineno
            last = leaf.node.end_lineno or leaf.node.lineno
    if first:
        yield first, last
