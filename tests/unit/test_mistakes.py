"""Mistakes that need no TensorFlow to see: said before any process is started, and before what is heavy is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from kerasdiff.cli import main
from kerasdiff.side import launching

MODELS = """
import keras

WIDTH = 64


def build(width, depth=2): ...


class Net(keras.Model):
    def __init__(self, units=3):
        super().__init__()


def good(): ...


model = keras.Sequential([keras.layers.Dense(2)])
"""
ALL = "It defines: build, Net, good, model."
FINE = ("m.py:good", "m.py:Net")
DAMAGED = ("it is no .keras archive, or a damaged one.", "Keras cannot open this file")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a command cannot get further than its checks."""
    (tmp_path / "m.py").write_text(MODELS)
    (tmp_path / "broken.py").write_text("import keras\ndef f(:\n")
    (tmp_path / "lost.py").write_text("import keras\nimport torchh\n")
    (tmp_path / "inside.py").write_text("from .n import Net\n")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "empty.keras").write_text("")
    (tmp_path / "text.keras").write_text("nothing")
    np.savez(tmp_path / "half.npz", x_train=np.zeros(2), y_train=np.zeros(2), x_test_a=np.zeros(1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "kerasdiff.pipeline", None)  # its import fails
    monkeypatch.delattr(launching, "prepare")
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("compare", "m.py:biuld", "m.py:good"), ("m.py defines no biuld; nearest: build", ALL)),
        (("compare", "m.py:good", "m.py:Net(unit=3)"), ("takes no argument unit; nearest: units. Its signature is",)),
        (("compare", "m.py:build", "m.py:good"), ("build needs the argument width; write 'm.py:build(width=...)'",)),
        (("compare", "m.py:WIDTH", "m.py:good"), ("WIDTH is an int (64), not a Keras model",)),
        (("compare", "m.py", "m.py:good"), ("'m.py' names no model; name one of these:", "  m.py:Net\n  m.py:model\n")),
        (("compare", "m.py::good", "m.py:good"), ("is neither a Python file nor a module name: write FILE.py:NAME",)),
        (("compare", "n.py:good", "m.py:good"), ("error: n.py: no such file.",)),
        (("compare", "notes.txt:good", "m.py:good"), ("notes.txt is not a Python file",)),
        (("compare", "nowhere.at:Net", "m.py:good"), ("there is no module nowhere.at, neither installed nor below",)),
        (("inspect", "broken.py:f"), ("syntax error in broken.py:2: invalid syntax: def f(:",)),
        (("inspect", "lost.py:f"), ("lost.py imports torchh, which is not installed", 'File "lost.py", line 2')),
        (("inspect", "inside.py:Net"), (".n, which is not installed here nor found beside it (", "inside.py:1).")),
        (("inspect", "empty.keras"), ("Keras cannot open this file: it is empty.",)),
        (("fit", "text.keras", "m.py:good"), DAMAGED),
        (("fit", *FINE, "--data", "half.npz"), ("half.npz lacks y_test; it holds x_test_a, x_train, y_train.",)),
        (("fit", *FINE, "--input", "3x3"), ("--input '3x3' does not parse",)),
        # Of several faults the one is told that was met first before: options, targets, data, then what a file says.
        (("compare", "broken.py:f", "lost.py:f"), ("broken.py:f: syntax error",)),
        (("compare", "broken.py:f", "n.py:f"), ("n.py: no such file",)),
        (("compare", "broken.py:f", "m.py:good", "--data", "half.npz"), ("half.npz lacks y_test",)),
        (("compare", "n.py:f", "m.py:good", "--input", "a"), ("--input 'a' does not parse",)),
        (("compare", "n.py:f", "m.py:good", "--seed", "x"), ("'x' is not a valid integer",)),
    ],
)  # fmt: skip
def test_a_mistake_starts_nothing(arguments: tuple[str, ...], says: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, arguments)

    assert done.exit_code == 2, done.output
    assert all(text in done.stderr for text in says), done.stderr
    assert done.stdout == ""


@pytest.mark.usefixtures("folder")
def test_what_may_be_right_is_not_held_up() -> None:
    done = CliRunner().invoke(main, ["compare", *FINE])

    assert "launching" in done.stderr  # where this test cuts the command off


def test_reading_imports_nothing_heavy() -> None:
    code = (
        "import sys, kerasdiff.cli, kerasdiff.side.reading.early\n"
        "print([name for name in ('numpy', 'rich', 'scipy', 'keras', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize(("name", "near"), [("Model.py", "model.py"), ("mdls.py", "models.py"), ("x.py", "")])
def test_the_nearest_file_is_near_in_its_name_not_in_its_suffix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, near: str
) -> None:
    for file in ("a.py", "model.py", "models.py", "b.py"):
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["inspect", f"{name}:f"])

    assert (f"Nearest: {near}" in done.stderr) == bool(near)
    assert "a.py" not in done.stderr
