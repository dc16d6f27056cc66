"""When the user's training code counts as the same."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("keras")

from kerasdiff.worker.user_code.digests import code_digest, reach_digest, state_digest
from kerasdiff.worker.user_code.syntax import syntax_of

BASE = """
def scaled(value):
    return value * FACTOR

FACTOR = 2.0

class Model:
    rate = 0.5

    def helper(self, x):
        return scaled(x) + 1

    def train_step(self, data):
        return self.rate * self.helper(data)

    def call(self, x):
        return x
"""


def digest(folder: Path, text: str, **state: Any) -> str:
    file = folder / "training.py"
    file.write_text(text)
    module: dict[str, Any] = {}
    exec(compile(text, str(file), "exec"), module)
    model = module["Model"]()
    vars(model).update(state)
    return reach_digest(model, "train_step")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.rate * self.helper(data)", "self.rate - self.helper(data)"),
        ("scaled(x) + 1", "scaled(x) + 2"),
        ("value * FACTOR", "value / FACTOR"),
        ("FACTOR = 2.0", "FACTOR = 3.0"),
        ("rate = 0.5", "rate = 0.25"),
    ],
)
def test_whatever_the_method_reaches_counts(tmp_path: Path, old: str, new: str) -> None:
    assert digest(tmp_path, BASE) != digest(tmp_path, BASE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [("return x\n", "return -x\n"), ("\nclass Model", "\n\n# moved down\n\nclass Model")],
)
def test_what_it_does_not_reach_and_where_it_stands_do_not(tmp_path: Path, old: str, new: str) -> None:
    assert digest(tmp_path, BASE) == digest(tmp_path, BASE.replace(old, new))


def test_settings_of_the_instance_count(tmp_path: Path) -> None:
    assert digest(tmp_path, BASE, rate=0.5) != digest(tmp_path, BASE, rate=0.1)


START = """
import numpy as np

def helper(value):
    return value * FACTOR

FACTOR = 2.0
LISTED = [1, {"a": 2.0}]
TABLE = np.ones(3)
OTHER = 1

def start(shape):
    return helper(shape) + LISTED[0] + TABLE if __file__ else 0

class Start:
    def __init__(self):
        self.mean = OTHER - OTHER

    def __call__(self, shape):
        return start(shape)
"""


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ("FACTOR = 2.0", "FACTOR = 3.0", True),
        ('"a": 2.0', '"a": 3.0', True),
        ("np.ones", "np.zeros", True),
        ("value * FACTOR", "value - FACTOR", True),
        ("OTHER = 1", "OTHER = 2", False),
        ("def start(", "__file__ = 'elsewhere.py'\n\ndef start(", False),
    ],
)
def test_what_weights_start_from_is_told_apart_by_all_that_it_reaches(
    tmp_path: Path, old: str, new: str, counts: bool
) -> None:
    """An initializer with the same code and another number of its module starts elsewhere."""
    found = []
    for text in (START, START.replace(old, new)):
        file = tmp_path / "start.py"
        file.write_text(text)
        module: dict[str, Any] = {"__file__": str(file)}
        exec(compile(text, str(file), "exec"), module)
        found.append((code_digest(module["start"]), state_digest(module["Start"]())))

    assert [one != other for one, other in zip(*found, strict=True)] == [counts, counts]


WRITTEN = """
import tensorflow as tf

RATE = 0.5

def made(first, second, act=tf.nn.relu):
    return lambda x: act(x) * first - second * RATE

def written(x, *, by=2):
    \"\"\"Says something.\"\"\"
    total: int = 0
    for number in range(3):
        total = total + number * by
    return [one * RATE for one in (total, x)], (lambda x, y: x - y)(x, total)
"""


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ("total", "found", False),
        ("one * RATE for one", "two * RATE for two", False),
        ("Says something.", "Says another thing.", False),
        ("total: int = 0", "total = 0", False),
        ("total: int = 0", "total: int = 0  # nothing yet", False),
        ("range(3)", "range(1 + 2)", False),
        ("lambda x, y: x - y", "lambda y, x: y - x", False),
        ("lambda x, y: x - y", "lambda x, y: y - x", True),
        ("number * by", "by * number", True),
        ("by=2", "by=3", True),
        ("RATE = 0.5", "RATE = 0.25", True),
        ("one * RATE", "one * one", True),
        ("first - second", "second - first", True),
        ("(first, second", "(second, first", True),
        ("tf.nn.relu", "tf.nn.gelu", True),
    ],
)
def test_code_is_what_its_source_says(tmp_path: Path, old: str, new: str, counts: bool) -> None:
    found = []
    for number, text in enumerate((WRITTEN, WRITTEN.replace(old, new))):
        file = tmp_path / f"written_{number}.py"
        file.write_text(text)
        module: dict[str, Any] = {}
        exec(compile(text, str(file), "exec"), module)
        assert syntax_of(module["written"].__code__) is not None
        found.append((code_digest(module["written"]), code_digest(module["made"](1.0, 2.0))))

    assert (found[0] != found[1]) == counts


def test_source_that_is_not_what_runs_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "written.py"
    file.write_text(WRITTEN.replace("number * by", "by * number"))
    module: dict[str, Any] = {}
    exec(compile(WRITTEN, str(file), "exec"), module)

    assert syntax_of(module["written"].__code__) is None
    assert syntax_of(module["made"].__code__) is not None


HELD = """
import functools, types
import tensorflow as tf

class Kind:
    factor = NUMBER

class Object:
    def __init__(self, by):
        self.by = by

    def __call__(self, x):
        return x * self.by

    def bound(self, x):
        return x * self.by

SPACE = types.SimpleNamespace(by=NUMBER)
OBJECT = Object(NUMBER)
PART = functools.partial(lambda by, x: x * by, NUMBER)
TENSOR = tf.constant(NUMBER)
DEEP = {"a": {"b": {"c": {"d": {"e": NUMBER}}}}}
SET = {NUMBER}
BY = NUMBER

@functools.lru_cache
def cached(x):
    return x * NUMBER

@tf.function
def graph(x):
    return x * NUMBER

@tf.custom_gradient
def passed(x):
    return x, lambda upstream: upstream * NUMBER

def made():
    def inner(x):
        return x * BY
    return lambda x: inner(x)

def closing(held):
    return lambda x: held.by * x

def documented(x):
    "NUMBER"
    return x * float(documented.__doc__)

def with_default(x, space=types.SimpleNamespace(by=NUMBER)):
    return x * space.by
"""


@pytest.mark.parametrize(
    "said",
    [
        "lambda x: x * Kind.factor",
        "lambda x: x * SPACE.by",
        "lambda x: OBJECT(x)",
        "OBJECT.bound",
        "lambda x: PART(x)",
        "lambda x: x * TENSOR",
        "lambda x: x * DEEP['a']['b']['c']['d']['e']",
        "lambda x: x * max(SET)",
        "lambda x: cached(x)",
        "lambda x: graph(x)",
        "lambda x: passed(x)",
        "made()",
        "closing(SPACE)",
        "documented",
        "with_default",
        "lambda x: eval('x * BY')",
        "lambda x: globals()['BY'] * x",
    ],
)
def test_whatever_a_function_reaches_counts_by_what_it_holds(tmp_path: Path, said: str) -> None:
    found = []
    for number, text in enumerate(("2.0", "3.0", "2.0")):
        file = tmp_path / f"held_{number}.py"
        written = f"{HELD.replace('NUMBER', text)}\nasked = {said}\n"
        file.write_text(written)
        module: dict[str, Any] = {"__name__": f"held_{number}"}
        exec(compile(written, str(file), "exec"), module)
        found.append(code_digest(module["asked"]))

    assert found[0] != found[1]
    assert found[0] == found[2]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("from math import floor as near\ndef asked(x): return near(x)", "from math import ceil as near"),
        ("kind = int\ndef asked(x): return kind(x)", "kind = str"),
        ("TABLE = {1: 2, '1': 3}\ndef asked(x): return TABLE[1]", "TABLE = {'1': 2, 1: 3}"),
        (
            "def by(x, shift=2, scale=3): return x * scale + shift\ndef asked(x): return by(x, scale=5)",
            "def by(x, scale=2, shift=3): return x * shift + scale",
        ),
        ("def asked(x):\n    a = 2; b = 3\n    return locals()['a']", "def asked(x):\n    b = 2; a = 3"),
    ],
)
def test_another_start_of_the_same_code_counts(tmp_path: Path, first: str, second: str) -> None:
    """The second text stands for the first lines of the first."""
    found = []
    lines = first.splitlines(keepends=True)
    for number, text in enumerate((first, f"{second}\n{''.join(lines[second.count(chr(10)) + 1 :])}")):
        file = tmp_path / f"start_{number}.py"
        file.write_text(text)
        module: dict[str, Any] = {}
        exec(compile(text, str(file), "exec"), module)
        found.append(code_digest(module["asked"]))

    assert found[0] != found[1]


@pytest.mark.parametrize(
    "text",
    [
        "import aside_X\ndef asked(x): return aside_X.scaled(x)",
        "import aside_X\ndef asked(x): return x * aside_X.FACTOR",
        "def asked(x):\n    import aside_X\n    return aside_X.scaled(x)",
    ],
)
def test_what_a_module_of_the_users_holds_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    found = []
    for number, factor in enumerate(("2.0", "3.0", "2.0")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "aside_X.py").write_text(f"FACTOR = {factor}\ndef scaled(x): return x * FACTOR\n")
        (folder / "main.py").write_text(text)
        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(folder))
            patch.delitem(sys.modules, "aside_X", raising=False)
            module: dict[str, Any] = {}
            exec(compile(text, str(folder / "main.py"), "exec"), module)
            module["asked"](1.0)
            found.append(code_digest(module["asked"]))
            del sys.modules["aside_X"]

    assert found[0] != found[1]
    assert found[0] == found[2]
