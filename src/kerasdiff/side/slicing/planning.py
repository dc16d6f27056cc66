"""How is the module of a target run for what the target names?"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from kerasdiff.side.reading.source import Source, UntoldError, top_level
from kerasdiff.side.slicing.plans import plan_for
from kerasdiff.side.slicing.records import Cost, Plan
from kerasdiff.side.targets import Target


def plan_of(target: Target, module: Source, failed: Mapping[int, Cost] | None = None) -> Plan:
    """How the file of a target is run.

    Args:
        target: Which; with ``run_file`` it is run as it is.
        module: Its text.
        failed: What was run to no avail, by line.
    """
    if target.run_file or not target.name:
        return Plan()
    part = target.name.partition(".")[2]
    try:
        return _plan_of(module.tree, module.search, tuple(_names(target)), tuple((failed or {}).items()), part)
    except RecursionError:  # an expression too deep to be looked at in all its parts: Python may well run it
        return Plan()


@lru_cache(maxsize=32)
def _plan_of(
    tree: ast.Module, search: str, names: tuple[str, ...], failed: tuple[tuple[int, Cost], ...], part: str
) -> Plan:
    """The same for the same tree, which is asked for again with each precision that a model is built in."""
    return plan_for(tree, names, lambda name: _installed(name, search), dict(failed), part)


def _names(target: Target) -> Iterator[str]:
    """The names that a target looks up in its module: the one that it is, then those of arguments and what follows."""
    yield target.name.partition(".")[0]
    texts = [argument.text for argument in target.arguments]
    if target.after:
        texts.append(f"_{target.after}")
    for text in texts:
        try:
            tree = ast.parse(text, mode="eval")
        except SyntaxError:
            continue
        yield from sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)})


@cache
def _installed(name: str, search: str) -> bool:
    try:
        return top_level(name, search) is not None
    except UntoldError:
        return True
