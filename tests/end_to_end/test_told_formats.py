"""Every form of a real comparison: written in one go, valid, and told again to the same bytes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from command import EXAMPLES, Answer
from schemas import sarif_validator, validated
from warm import run_warm

FORMS = ("terminal", "json", "markdown", "junit", "sarif", "github")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The forum pair, deep in what looks like a repository."""
    top = tmp_path_factory.mktemp("repository")
    (top / ".git").mkdir()
    shutil.copytree(EXAMPLES / "forum", top / "models" / "forum")
    return top


@pytest.fixture(scope="module")
def answer(repository: Path) -> Answer:
    forms = [part for form in FORMS for part in ("--format", f"{form}=../out.{form}")]
    targets = ("forum/a.py:ConvModel_1", "forum/b.py:ConvModel_2")
    return run_warm("compare", *targets, "--fit-steps", "3", "--width", "90", *forms, cwd=repository / "models")


def test_all_forms_of_a_comparison_at_once(answer: Answer, repository: Path) -> None:
    lines = (repository / "models" / "forum" / "b.py").read_text().splitlines()
    relus = [number for number, line in enumerate(lines, start=1) if "activations.relu(x)" in line]
    report = validated(json.loads((repository / "out.json").read_text()))
    log = json.loads((repository / "out.sarif").read_text())
    sarif_validator().validate(log)
    places = [result["locations"][0]["physicalLocation"] for result in log["runs"][0]["results"]]

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("different: Reference lacks relu after mdl/batch_normalization")
    assert report["candidate"]["directory"] == "models/forum"
    assert [edit["candidate"]["source"]["path"] for edit in report["edits"]] == ["models/forum/b.py"] * 3
    assert [place["artifactLocation"]["uri"] for place in places] == ["models/forum/b.py"] * 3
    assert [place["region"]["startLine"] for place in places] == relus
    marked = [f"::error file=models/forum/b.py,line={number},title=kerasdiff%3A insert relu::" for number in relus]
    assert [line[: len(begin)] for line, begin in zip(_lines(repository, "github"), marked, strict=True)] == marked
    failures = Xml.parse(repository / "out.junit").findall(".//failure")
    assert failures[0].attrib["message"] == answer.stderr.partition(" (report in ")[0]
    assert _lines(repository, "markdown")[0] == f"❌ **different**: {report['verdict']['summary']}"
    assert str(repository) not in "".join((repository / f"out.{form}").read_text() for form in FORMS)


def _lines(repository: Path, form: str) -> list[str]:
    return (repository / f"out.{form}").read_text().splitlines()


@pytest.mark.usefixtures("answer")
def test_what_was_saved_is_told_again_letter_by_letter(repository: Path, tmp_path: Path) -> None:
    for form in FORMS:
        again = run_warm("show", str(repository / "out.json"), "--format", form, "--width", "90", cwd=tmp_path)
        assert again.exit_code == 1
        assert again.stdout == (repository / f"out.{form}").read_text(), form
    assert (repository / "out.json").stat().st_size < 60_000  # with both graphs and the code, packed
