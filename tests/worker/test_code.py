"""When the user's training code counts as the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("keras")

from kerasdiff.worker.tracing.code import reach_digest

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
