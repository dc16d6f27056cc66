"""When the user's training code counts as the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("keras")

from kerasdiff.worker.tracing.code import code_digest, reach_digest, state_digest
from kerasdiff.worker.tracing.syntax import syntax_of

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
