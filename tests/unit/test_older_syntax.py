"""Whether what a worker imports runs under Python 3.9, and says the same of code under every Python."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pythons import VERSIONS, interpreter, said

import kerasdiff
from kerasdiff.worker import older

PACKAGE = Path(kerasdiff.__file__).parent
SOURCE = str(PACKAGE.parent)
IMPORTED = ("data", "graph", "probing", "side", "worker")
"""Rooms with modules that a worker imports."""

IMPORTING = """
import importlib, json, pathlib, sys, types

sys.path.insert(0, sys.argv[1])
import kerasdiff
from kerasdiff.worker import older

class Anything(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return made(name)
    def __call__(cls, *args, **options):
        return args[0] if len(args) == 1 and isinstance(args[0], types.FunctionType) else type.__call__(cls)
    def __or__(cls, other):
        return cls
    def __getitem__(cls, item):
        return cls
    def __hash__(cls):
        return id(cls)
    def __iter__(cls):
        return iter(())

def made(name):
    return Anything(name, (), {"__iter__": lambda self: iter(()), "__call__": lambda self, *given: given[0]})

class Absent(types.ModuleType):
    __path__ = []
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return made(name)

class Stubs:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numpy", "keras", "tensorflow", "h5py"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
    def create_module(self, spec):
        return Absent(spec.name)
    def exec_module(self, module):
        pass

import importlib.machinery
sys.meta_path.append(Stubs())
sys.dont_write_bytecode = True
older.install("kerasdiff")
importlib.import_module("kerasdiff.side.protocol")
from kerasdiff.side.protocol import REQUESTS
for name in {request.handler.partition(":")[0] for request in REQUESTS.values()} | {"kerasdiff.worker.server"}:
    importlib.import_module(name)
print(json.dumps(sorted(name for name in sys.modules if name.startswith("kerasdiff."))))
"""


def test_all_that_a_worker_imports_runs_under_python_3_9(tmp_path: Path) -> None:
    python = interpreter("3.9")
    if python is None:
        pytest.skip("there is no Python 3.9")
    script = tmp_path / "importing.py"
    script.write_text(IMPORTING)
    done = subprocess.run([python, "-I", script, SOURCE], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) > 100


def test_what_a_worker_imports_is_syntax_of_python_3_9() -> None:
    for path in (path for room in IMPORTED for path in sorted((PACKAGE / room).rglob("*.py"))):
        tree = ast.parse(path.read_text(), str(path), feature_version=(3, 9))
        matches = [f"{path}:{node.lineno}" for node in ast.walk(tree) if isinstance(node, ast.Match)]

        assert not matches


WRITTEN = """
from __future__ import annotations
import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

Number: TypeAlias = "int | None"
Text = str | bytes
SETS = {1} | {2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    first: int | None = 1
    made: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Base):
    last: str

    def __post_init__(self):
        if not self.last:
            raise ValueError("empty")


def kind(value: int | str) -> str:
    return "text" if isinstance(value, Text | bytearray | None) else "other"


def pairs(*series):
    return list(zip(*series, strict=True))


def refused(call, *given, **named):
    try:
        call(*given, **named)
    except (TypeError, ValueError) as error:
        return type(error).__name__


TOLD = [
    sorted(SETS), [kind(value) for value in ("a", b"b", bytearray(), None, 1)], pairs("ab", "cd"),
    refused(pairs, "a", "bc"), refused(Record, first=2), refused(Record, last="a", other=1), refused(Record, last=""),
    Record(last="a").first, Record(last="a", first=3).first, Record(last="a").made,
    Record(last="a") == Record(last="a"),
    dataclasses.replace(Record(last="a"), last="b").last, repr(Record(last="a")), refused(Record, 1, [], "a"),
]
"""


def test_a_changed_module_does_what_it_did() -> None:
    told: list[Any] = []
    for tree in (ast.parse(WRITTEN), older.changed(ast.parse(WRITTEN))):
        module = {"__name__": __name__}
        exec(compile(tree, "written.py", "exec", dont_inherit=True), module)
        told.append(module["TOLD"])

    assert told[0] == told[1]


CODE = '''
import math
K = 3
def plain(x, y=2, *, k=1):
    """Says something."""
    total: int = 0
    for i in range(3):
        total = total + i * K
    z = [a * 2 for a in (1, 2)]
    with open("a") as one, open("b"):
        pass
    try:
        return f"{x!r:>{y}}{total}" if -1 < x <= 2 else {**{"a": 2**3}}, x[1:2, ..., None], (q := x + 1), z, one
    except ValueError as e:
        raise TypeError("x") from e
    return lambda n, *rest, m=K, **more: math.sqrt(n + 1 * 2)
class Some:
    def method(self, data):
        x, y = data
        return self.helper(x) + super().__hash__() if self.a else [self.helper(z) for z in y if z]
'''
SAYING = """
import sys
sys.path[:0] = sys.argv[1:]
import kerasdiff
if sys.version_info < (3, 10):
    from kerasdiff.worker import older
    older.install("kerasdiff")
from kerasdiff.worker.user_code.syntax import syntax_of
import code_of_the_user as module
print([syntax_of(one.__code__) for one in (module.plain, module.Some.method)])
"""


@pytest.fixture(scope="module")
def saying(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("saying")
    (place / "code_of_the_user.py").write_text(CODE)
    (place / "saying.py").write_text(SAYING)
    return place


@pytest.mark.parametrize("version", VERSIONS)
def test_code_says_the_same_under_every_python(version: str, saying: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    asked = ("-B", "-I", str(saying / "saying.py"), SOURCE, str(saying))
    here, there = (said(one, *asked) for one in (sys.executable, python))

    assert "None" not in here.partition("FunctionDef")[0]
    assert "FunctionDef" in here
    assert there == here
