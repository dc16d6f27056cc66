"""How is a file loaded for a name of it: as it is, by a part of it, or not at all?"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence

from kerasdiff.side.reading.names import is_main_guard
from kerasdiff.side.slicing.knowledge import CHEAP
from kerasdiff.side.slicing.leaves import Leaves
from kerasdiff.side.slicing.needs import Kept, Needs
from kerasdiff.side.slicing.records import Cost, Leaf, Plan
from kerasdiff.side.slicing.script import script_of

GUARD = "__main__"


def plan_for(
    tree: ast.Module,
    names: Sequence[str],
    installed: Callable[[str], bool],
    failed: Mapping[int, Cost] | None = None,
) -> Plan:
    """How a module is run so that it binds these names.

    Args:
        tree: Of its text.
        names: Which are needed of it.
        installed: Whether a package can be imported.
        failed: What was run to no avail, by line.
    """
    plan = _planned(tree, names, installed, dict(failed or {}))
    if plan is not None:
        return plan
    if any(map(is_main_guard, tree.body)):
        opened = _opened(tree)
        plan = _planned(opened, names, installed, dict(failed or {}), whole=False)
        if plan is not None:
            return Plan(
                tree=plan.tree or opened, costs=plan.costs, left_out=plan.left_out, lacking=plan.lacking,
                refusal=plan.refusal, within=GUARD,
            )  # fmt: skip
    return Plan()


def _opened(tree: ast.Module) -> ast.Module:
    """The same module as it is when it is run as a program."""
    body: list[ast.stmt] = []
    for statement in tree.body:
        if is_main_guard(statement):
            statement = copy.copy(statement)
            assert isinstance(statement, ast.If)
            statement.test = ast.copy_location(ast.Constant(True), statement.test)
        body.append(statement)
    return ast.Module(body=body, type_ignores=[])


def _planned(
    tree: ast.Module,
    names: Sequence[str],
    installed: Callable[[str], bool],
    failed: dict[int, Cost],
    *,
    whole: bool = True,
) -> Plan | None:
    """The plan for a module that binds the names; ``None`` where it does not."""
    script = script_of(tree)
    walk = Leaves(script, installed, failed)
    walk.walk(tree.body)
    if not walk.env.get(names[0]) and not (script.star and whole):
        return None
    costs = sorted((cost for leaf in walk.leaves for cost in leaf.facts.costs), key=lambda cost: cost.line)
    if whole and all(cost.kind in CHEAP for cost in costs):
        return Plan()
    needs = Needs(script, walk.leaves, walk.env)
    kept = needs.kept(names)
    if kept.refusal is not None:
        return Plan(costs=tuple(costs), refusal=kept.refusal)
    return _plan(tree, walk.leaves, kept, needs, costs)


def _plan(tree: ast.Module, leaves: Sequence[Leaf], kept: Kept, needs: Needs, costs: Sequence[Cost]) -> Plan:
    numbers = {id(leaf.node): number for number, leaf in enumerate(leaves)}
    body = list(_rebuilt(tree.body, numbers, kept))
    reached = [cost for number, leaf in enumerate(leaves) if number not in kept.leaves for cost in leaf.facts.costs]
    return Plan(
        tree=ast.fix_missing_locations(ast.Module(body=body, type_ignores=[])),
        costs=tuple(dict.fromkeys(sorted(reached, key=lambda cost: cost.line))),
        left_out=tuple(_stretches(leaves, kept)),
        lacking=tuple(_lacking(leaves, kept, needs)),
    )


def _lacking(leaves: Sequence[Leaf], kept: Kept, needs: Needs) -> Iterator[tuple[str, int, Cost]]:
    for number, leaf in enumerate(leaves):
        why = None if number in kept.leaves else needs.why_not(number)
        if why is not None:
            for name in sorted({*leaf.bound, *kept.stale.get(number, ())}):
                yield name, leaf.node.lineno, why.cost


def _rebuilt(body: list[ast.stmt], numbers: Mapping[int, int], kept: Kept) -> Iterator[ast.stmt]:
    """The statements that are run, at their own lines."""
    for position, statement in enumerate(body):
        number = numbers.get(id(statement))
        if _is_docstring(statement, position):
            yield statement
        elif isinstance(statement, ast.If | ast.With) and (number is None or number in kept.leaves):
            yield from _compound(statement, numbers, kept)
        elif number in kept.leaves:
            yield statement
        elif number is not None:
            for name in sorted(kept.stale.get(number, ())):
                yield _forgotten(name, statement)


def _is_docstring(statement: ast.stmt, position: int) -> bool:
    return position == 0 and _says_nothing(statement)


def _says_nothing(statement: ast.stmt) -> bool:
    """Whether a statement is a text, as stands between the parts of a notebook."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _compound(statement: ast.If | ast.With, numbers: Mapping[int, int], kept: Kept) -> Iterator[ast.stmt]:
    if isinstance(statement, ast.If) and is_main_guard(statement):
        return
    made = copy.copy(statement)
    made.body = list(_rebuilt(statement.body, numbers, kept)) or [ast.copy_location(ast.Pass(), statement)]
    if isinstance(made, ast.If) and isinstance(statement, ast.If):
        made.orelse = list(_rebuilt(statement.orelse, numbers, kept))
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
