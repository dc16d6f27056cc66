"""Two saved files: what they hold is the function, whatever is ignored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command import Answer
from pairs.rows.saved import FILES
from pairs.table import Pair
from scoring import spoken, unsaid

pytest.importorskip("keras")

Compare = Callable[..., Answer]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The saved files, each made when a test asks for it."""
    return tmp_path_factory.mktemp("saved")


def saved(folder: Path, name: str) -> str:
    from pairs.stored import FILES as MODELS

    if not (folder / name).exists():
        MODELS[name]().save(folder / name)
    return name


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
@pytest.mark.parametrize("pair", FILES, ids=lambda pair: pair.id)
def test_files_are_told_apart_by_what_they_hold(compare: Compare, folder: Path, pair: Pair):
    targets = [saved(folder, name) for name in (pair.reference, pair.candidate)]

    answer = compare(*targets, options=("--no-fit", "--ignore", "initializer"), cwd=folder)
    report = answer.report

    assert (report["verdict"]["outcome"], report["verdict"]["basis"] in pair.basis) == (pair.outcome, True)
    assert [(edit["kind"], edit["op"]) for edit in report["edits"]] == [(one.kind, one.op) for one in pair.edits]
    text = spoken(report, "terms")
    assert unsaid(text, pair.mentions) == (), text
