"""What the code keeps to, measured by ``tests/tools/house.py``; the order of the packages is held by import-linter."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import house
import pytest

SOURCE = house.ROOT / "src" / "kerasdiff"
FOR_THE_WORKER = {"", "worker", "graph", "findings", "side", "data", "errors", "options", "probing"}
"""What the worker may import: the version (``""``), the records that cross to it, what reads data, and what fits the
inputs of a model."""


@cache
def modules() -> dict[str, house.Module]:
    return house.read(SOURCE)


def test_no_module_imports_itself_over_others() -> None:
    assert house.cycles({name: module.imports for name, module in modules().items()}) == []


def test_no_function_forks_more_than_fifteen_ways() -> None:
    functions = [function for module in modules().values() for function in module.functions]

    assert len(functions) > 1000
    assert [f for f in functions if f.complexity > house.MOST_COMPLEX] == []


def test_the_linter_holds_its_part_of_it() -> None:
    settings = (house.ROOT / "pyproject.toml").read_text()

    assert (
        f"max-complexity = {house.MOST_COMPLEX}" in settings.partition("[tool.ruff.lint.mccabe]")[2].partition("[")[0]
    )
    assert '"C90"' in re.findall(r"^select = (.+)$", settings, re.MULTILINE)[0]


def test_the_worker_imports_what_crosses_to_it_alone() -> None:
    inside = [module for module in modules().values() if module.package.startswith("worker")]
    imported = {name for module in inside for name in module.imports}
    packages = {name.partition(".")[2].partition(".")[0] for name in imported}

    assert inside
    assert packages - FOR_THE_WORKER == set()


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("__init__.py")), ids=lambda path: str(path.parent.relative_to(SOURCE.parent))
)
def test_a_package_asks_its_question_and_says_who_may_import_it(path: Path) -> None:
    told = ast.get_docstring(ast.parse(path.read_text())) or ""
    question, _, rest = told.partition("\n")

    assert "?" in question
    assert path.parent == SOURCE or re.search(r"\bimport", rest), told


def parsed(text: str) -> ast.FunctionDef:
    return next(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(
    ("body", "ways"),
    [
        ("return 1", 1),
        ("if a and b or c: pass", 4),
        ("for x in y: pass\nelse: pass", 3),
        ("return [x for x in y if x if z]", 4),
        ("return 1 if a else 2", 2),
        ("try: pass\nexcept A: pass\nexcept B: pass\nelse: pass\nfinally: pass", 4),
        ("def inner():\n  if a: pass", 3),
        ("match a:\n  case 1: pass\n  case _: pass", 2),
        ("match a:\n  case 1: pass\n  case _ if b: pass", 3),
        ("assert a", 2),
    ],
)
def test_ways_are_counted(body: str, ways: int) -> None:
    lines = "\n".join(f"  {line}" for line in body.splitlines())

    assert house.complexity(parsed(f"def f():\n{lines}")) == ways


def test_names_imports_and_cycles_are_seen(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "inner").mkdir(parents=True)
    (top / "__init__.py").write_text("")
    (top / "a.py").write_text("from typing import Any\nfrom top.inner import b\ndef f(found: Any): pass\n")
    (top / "inner" / "__init__.py").write_text("from .b import g\n")
    (top / "inner" / "b.py").write_text("def g():\n  from .. import a\n  def h():\n    found = 1\n")
    read = house.read(top)

    assert {name: sorted(module.imports) for name, module in read.items()} == {
        "top": [],
        "top.a": ["top.inner.b"],
        "top.inner": ["top.inner.b"],
        "top.inner.b": ["top.a"],
    }
    assert [(f.name, f.binds_found) for m in read.values() for f in m.functions] == [
        ("a.f", True),
        ("inner.b.g", False),
        ("inner.b.g.h", True),
    ]
    assert read["top.a"].anys == 1
    assert house.cycles({name: module.imports for name, module in read.items()}) == [["top.a", "top.inner.b"]]
    assert any("import cycles: 1" in line for line in house.report(read, top=3))
