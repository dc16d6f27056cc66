"""Prints the figures of the house: sizes, complexity, `Any` and import cycles of the code of a checkout.

    python tests/tools/house.py [DIR] [--top 10]

Needs the standard library alone and imports nothing of what it reads, so that it works on any commit.
"""

from __future__ import annotations

import argparse
import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_COMPLEX = 15
MOST_LINES = 400
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function or method; ``name`` with its module, and with the class or function that holds it."""

    name: str
    lines: int
    complexity: int
    binds_found: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One file; ``package`` is the directory below the top, empty at the top."""

    name: str
    package: str
    lines: int
    functions: tuple[Function, ...]
    anys: int
    imports: frozenset[str]


def complexity(function: Definition) -> int:
    """Cyclomatic complexity: one more than the places where the way through the function forks.

    Counts branches, loops, handlers and nested functions as McCabe and ruff's C901 do, and what those leave out but
    a reader has to follow all the same: conditions within an expression (``and``, ``or``, ``if else``), loops within a
    comprehension, and assertions, as radon does.
    """
    return 1 + sum(forks(node) for node in ast.walk(function) if node is not function)


def forks(node: ast.AST) -> int:
    """How many ways on a node adds."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    if isinstance(node, ast.Match):
        last = node.cases[-1]
        return len(node.cases) - (isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is last.guard is None)
    if isinstance(node, (ast.Try, ast.For, ast.AsyncFor, ast.While)):
        return bool(node.orelse) + (not isinstance(node, ast.Try))
    return isinstance(node, (ast.If, ast.IfExp, ast.ExceptHandler, ast.Assert, *Definition.__args__, ast.Lambda))


def own(function: Definition) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions in it."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Definition):
            waiting += ast.iter_child_nodes(node)


def binds(function: Definition, name: str) -> bool:
    """Whether a parameter or a variable of the function itself has this name."""
    return any(
        (isinstance(node, ast.arg) and node.arg == name)
        or (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store))
        for node in own(function)
    )


def definitions(tree: ast.AST, within: str) -> Iterator[tuple[str, Definition]]:
    """Every function below a node with its dotted name."""
    for node in ast.iter_child_nodes(tree):
        name = f"{within}.{node.name}" if isinstance(node, (ast.ClassDef, *Definition.__args__)) else within
        if isinstance(node, Definition):
            yield name, node
        yield from definitions(node, name)


def imported(tree: ast.AST, module: str, is_package: bool, modules: Iterable[str]) -> frozenset[str]:
    """The modules that a module imports itself, wherever in it; not the packages above them."""
    known = frozenset(modules)
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")[: None if is_package else -1]
            above = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            inner = {alias.name: f"{base}.{alias.name}" for alias in node.names}
            names |= {full if full in known else base for full in inner.values()}
    return frozenset(names & known - {module})


def read(top: Path) -> dict[str, Module]:
    """Every module of the package at ``top``, by name."""
    paths = {path: ".".join((top.name, *path.relative_to(top).with_suffix("").parts)) for path in top.rglob("*.py")}
    named = {path: name.removesuffix(".__init__") for path, name in sorted(paths.items())}
    modules = {}
    for path, name in named.items():
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        package = ".".join(path.parent.relative_to(top).parts)
        modules[name] = Module(
            name=name,
            package=package,
            lines=len(text.splitlines()),
            functions=tuple(
                Function(
                    name=full.removeprefix(f"{top.name}."),
                    lines=(node.end_lineno or node.lineno) - node.lineno + 1,
                    complexity=complexity(node),
                    binds_found=binds(node, "found"),
                )
                for full, node in definitions(tree, name)
            ),
            anys=sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(tree)),
            imports=imported(tree, name, path.name == "__init__.py", named.values()),
        )
    return modules


def cycles(imports: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The sets of modules each of which imports, over others, all of the set; sorted."""
    reach: dict[str, set[str]] = {}
    for start in imports:
        seen: set[str] = set()
        waiting = list(imports[start])
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += imports[name]
        reach[start] = seen
    rings = {tuple(sorted(b for b in reach[a] if a in reach[b])) for a in imports if a in reach[a]}
    return [list(ring) for ring in sorted(rings)]


def report(modules: Mapping[str, Module], top: int) -> Iterator[str]:
    """The figures, line by line."""
    functions = [function for module in modules.values() for function in module.functions]
    packages = Counter(module.package for module in modules.values())
    yield f"{len(modules)} modules, {sum(m.lines for m in modules.values())} lines, {len(functions)} functions"
    yield f"modules at the top level: {sum(not m.package for m in modules.values() if '.' in m.name)}"
    yield f"\n{'package':20} {'modules':>7} {'lines':>6} {'longest':>7} {'Any':>4}"
    for package, count in sorted(packages.items()):
        inside = [module for module in modules.values() if module.package == package]
        sizes = [module.lines for module in inside]
        anys = sum(module.anys for module in inside)
        yield f"{package or '(top)':20} {count:7} {sum(sizes):6} {max(sizes):7} {anys:4}"
    lines, anys = sum(m.lines for m in modules.values()), sum(m.anys for m in modules.values())
    yield f"{'all':20} {len(modules):7} {lines:6} {'':7} {anys:4}"
    long = sorted((m for m in modules.values() if m.lines > MOST_LINES), key=lambda m: (-m.lines, m.name))
    yield f"\nmodules above {MOST_LINES} lines: {len(long)}"
    yield from (f"  {module.lines:5}  {module.name}" for module in long)
    over = sum(function.lines > 40 for function in functions)
    yield f"\nlongest functions ({over} above 40 lines)"
    by_lines = sorted(functions, key=lambda f: (-f.lines, f.name))
    yield from (f"  {function.lines:5}  {function.name}" for function in by_lines[:top])
    by_complexity = sorted(functions, key=lambda f: (-f.complexity, f.name))
    over = sum(function.complexity > MOST_COMPLEX for function in functions)
    yield f"\nmost complex functions ({over} above {MOST_COMPLEX})"
    yield from (f"  {function.complexity:5}  {function.name}" for function in by_complexity[: max(top, over)])
    found = sum(function.binds_found for function in functions)
    yield f"\nfunctions that name something `found`: {found} ({100 * found / max(1, len(functions)):.1f} %)"
    rings = cycles({name: module.imports for name, module in modules.items()})
    yield f"\nimport cycles: {len(rings)}"
    yield from (f"  {' '.join(ring)}" for ring in rings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT, help="a checkout; this one by default")
    parser.add_argument("--top", type=int, default=10, help="how many of the longest and most complex are listed")
    given = parser.parse_args()
    print("\n".join(report(read(given.directory / "src" / "kerasdiff"), given.top)))


if __name__ == "__main__":
    main()
