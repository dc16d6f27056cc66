"""The pytest plugin, in runs of pytest of its own; what is compared there has its workers from this process."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from command import EXAMPLES

pytest_plugins = ["pytester"]

INSTALLED = any(entry.name == "kerasdiff" for entry in entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "kerasdiff.pytest_plugin")
"""How a run finds the plugin, which a checkout that was installed before it had one does not tell."""

README = (EXAMPLES.parent / "README.md").read_text().partition("## From Python and pytest")[2].partition("\n## ")[0]
"""What the README says about it; its second piece of Python is a test."""

MODELS = """
import keras

def build(act="relu"):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation=act), keras.layers.Dense(2)])

def other():
    return build("tanh")
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with models beside its tests, and others in its root."""
    pytester.makeini("[pytest]\naddopts = -n0 -p no:cacheprovider\nfilterwarnings = error\n")
    pytester.mkdir("tests")
    (pytester.path / "tests" / "models.py").write_text(MODELS)
    (pytester.path / "rooted.py").write_text(MODELS)
    return pytester


def test_fixture_marker_and_reports(project: pytest.Pytester) -> None:
    (project.path / "tests" / "test_pairs_of_models.py").write_text(
        """
import keras, kerasdiff as package, pytest

def local():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)])

def test_equal(kerasdiff):
    kerasdiff.assert_equivalent("models.py:build", local)
    assert kerasdiff.compare("rooted.py:build", "models:build").equivalent

def test_asserted(kerasdiff):
    kerasdiff.assert_equivalent("models.py:build", "models.py:other")

def test_compared(kerasdiff):
    assert kerasdiff.compare("models.py:build", "models.py:other").equivalent

def test_package():
    assert package.compare(local, local(), fit=False).equivalent
    result = package.compare(local, keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), fit=False)
    assert result.outcome == "equivalent"

def test_is_no_bool(kerasdiff):
    assert kerasdiff.compare("models.py:build", local)

@pytest.mark.kerasdiff("models.py:build", "rooted.py:build")
def test_marked():
    pass

@pytest.mark.kerasdiff("models.py:build", local)
@pytest.mark.kerasdiff("models.py:build", "models.py:other")
def test_marked_twice():
    raise SystemExit("the body does not run")

@pytest.mark.kerasdiff(require="proof", ignore="compile")
def test_choices(kerasdiff):
    result = kerasdiff.compare("models.py:build", local)
    assert (result.comparison.terms.require, list(result.comparison.terms.hidden)) == ("proof", ["compile"])
"""
    )
    done = project.runpytest_inprocess(*PLUGIN, "--strict-markers", "--kerasdiff-html", "made/pages")
    done.assert_outcomes(passed=3, failed=5)
    text = done.stdout.str()
    done.stdout.fnmatch_lines(
        [
            "E *kerasdiff.NotEquivalentError: different: *tanh*relu*",
            "*where False = <kerasdiff: different (witness): *>.equivalent",
            "*--- kerasdiff ---*",
            "*A comparison is neither true nor false*.equivalent*",
        ]
    )
    assert text.count("- kerasdiff -") == 2, "a report stands once below each failure that does not show it"
    assert "src/kerasdiff/pipeline" not in text, "what is the user's alone is shown of the traceback"
    pages = sorted((project.path / "made" / "pages").iterdir())
    assert [re.sub("-[0-9a-f]{10}$", "", page.stem).rpartition("py-")[2] for page in pages] == [
        "test-asserted",
        "test-compared",
        "test-marked-twice",
        "test-package",
    ]
    for page in pages:
        assert f"page in {page}" in text
        assert page.read_text().startswith("<!doctype html>")


def test_the_test_of_the_readme(project: pytest.Pytester) -> None:
    for file in ("functional.py", "subclassed.py", "sequential.py"):
        shutil.copy(EXAMPLES / "refactor" / file, project.path / "tests" / file)
    _, text = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (project.path / "tests" / "test_shown_in_readme.py").write_text(text)
    project.runpytest_inprocess(*PLUGIN, "--strict-markers").assert_outcomes(passed=2)


def test_a_run_without_it_imports_nothing(project: pytest.Pytester) -> None:
    (project.path / "test_nothing_of_it.py").write_text(
        """
import sys

def test_nothing():
    heavy = {"keras", "tensorflow", "numpy", "rich", "scipy"}
    assert not heavy & {name.partition(".")[0] for name in sys.modules}
"""
    )
    words = [sys.executable, "-m", "pytest", *PLUGIN, "-q", "test_nothing_of_it.py"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    if INSTALLED:
        done = subprocess.run([*words, "-p", "no:kerasdiff"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
