"""Can the candidate load the reference's saved weights? Through the command, on models that store them elsewhere."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command import PAIRS, Answer

pytest.importorskip("keras")

NO_FIT = ("--no-fit",)
REQUIRED = ("--no-fit", "--require-checkpoint")
MODELS = "checkpoints.py:"


def rung(answer: Answer) -> dict[str, Any]:
    return next(item for item in answer.report["rungs"] if item["name"] == "checkpoint")


@dataclass(frozen=True)
class Row:
    """A pair, what the rung says of it, and the verdict where the rung gates."""

    id: str
    reference: str
    candidate: str
    outcome: str
    says: tuple[str, ...]
    gated: str
    figures: dict[str, Any]


TABLE = (
    Row(
        "itself", "Attributes", "Attributes", "equal", ("(.weights.h5 and .keras)", "the same in all"), "equivalent", {}
    ),
    Row("a-name-that-ends-in-a-digit-and-a-letter", "film", "film", "equal", ("the same in all",), "equivalent", {}),
    Row(
        "another-attribute",
        "Attributes",
        "Attributes(first='hidden')",
        "advisory",
        (".weights.h5 does not load", "stored under other names: c1 as hidden (Keras: A total of 1 objects"),
        "different",
        {"stored_as": [["c1", "hidden"]], "astray": 2, "of": 4},
    ),
    Row(
        "one-layer-more-in-the-candidate",
        "Attributes",
        "Attributes(extra=True)",
        "advisory",
        ("the file lacks layers/dense_2/vars/0, layers/dense_2/vars/1",),
        "different",
        {"extra": [], "missing": ["layers/dense_2/vars/0", "layers/dense_2/vars/1"]},
    ),
    Row(
        "one-unused-layer-less",
        "Attributes(extra=True)",
        "Attributes",
        "equal",
        ("gives the candidate the same outputs",),
        "equivalent",
        {"extra": ["layers/dense_2/vars/0", "layers/dense_2/vars/1"]},
    ),
    Row(
        "another-width",
        "Attributes",
        "Attributes(width=7)",
        "advisory",
        ("other shapes: c1/vars/0 (6, 5) in the reference, (6, 7) in the candidate",),
        "different",
        {"astray": 4},
    ),
    Row(
        "another-order-which-Keras-does-not-notice",
        "Branches",
        "Branches(order=('relu', 'tanh'))",
        "advisory",
        ("loads into the candidate without an error, but the outputs differ", "stored in another order", "limit 1e-05"),
        "different",
        {"refused": {}, "astray": 4, "missing": [], "extra": []},
    ),
    Row(
        "a-layer-that-forgets-its-bias",
        "affine",
        "affine(forgets=True)",
        "advisory",
        ("without an error, but the outputs differ: 1 of 2 weights do not hold what was saved",),
        "different",
        {"astray": 1, "of": 2},
    ),
    Row(
        "no-configuration",
        "Undefined",
        "Undefined",
        "equal",
        ("(.weights.h5) gives", "it cannot be saved as .keras (Object Undefined"),
        "equivalent",
        {"files": [".weights.h5"]},
    ),
    Row("no-weights", "Bare", "Bare", "equal", ("neither model has weights",), "equivalent", {}),
    Row(
        "a-generator-that-inference-does-not-ask",
        "dropped",
        "dropped(activation='tanh')",
        "advisory",
        ("every weight arrives in its place, so the models themselves differ",),
        "different",
        {"astray": 0},
    ),
    Row("a-generator-astray", "Sampled", "Sampled", "failed", ("random at inference",), "inconclusive", {}),
    Row(
        "random-and-astray",
        "affine(noisy=True)",
        "affine(forgets=True,noisy=True)",
        "failed",
        ("random at inference",),
        "inconclusive",
        {},
    ),
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.id)
def test_table(compare: Callable[..., Answer], row: Row) -> None:
    pair = MODELS + row.reference, MODELS + row.candidate
    inputs = () if row.reference in ("affine", "film") or "affine(" in row.reference else ("6",)
    plain, gated = compare(*pair, inputs, NO_FIT), compare(*pair, inputs, REQUIRED)
    found = rung(plain)

    assert found["outcome"] == row.outcome, found
    assert [text for text in row.says if text not in found["detail"]] == [], found["detail"]
    assert {name: found["figures"].get(name) for name in row.figures} == row.figures
    assert gated.report["verdict"]["outcome"] == row.gated, gated.report["verdict"]
    assert "checkpoint: " in gated.report["terms"]["required"][0]
    if row.gated == "different":
        assert rung(gated)["outcome"] == "different"
        apart = any(word in row.candidate for word in ("width", "activation"))
        assert plain.report["verdict"]["outcome"] == ("different" if apart else "equivalent")


def test_other_names_do_not_gate_where_names_are_ignored(compare: Callable[..., Answer]) -> None:
    options = (*REQUIRED, "--ignore", "names")
    renamed = compare(MODELS + "Attributes", MODELS + "Attributes(first='hidden')", ("6",), options)
    reordered = compare(MODELS + "Branches", MODELS + "Branches(order=('relu', 'tanh'))", ("6",), options)

    assert renamed.report["verdict"]["outcome"] == "equivalent"
    assert renamed.report["terms"]["ignored"] == ["names: hid 1 difference in checkpoint"]
    assert (rung(renamed)["outcome"], rung(reordered)["outcome"]) == ("advisory", "different")


def test_another_interface_is_not_tried(compare: Callable[..., Answer]) -> None:
    answer = compare("norms.py:layer_norm", "norms.py:regularized", (), REQUIRED)

    assert rung(answer)["outcome"] == "skipped"
    assert "checkpoint" in [item["rung"] for item in answer.report["not_checked"]]


def test_a_worker_that_ends_while_it_saves_ends_nothing_else(compare: Callable[..., Answer]) -> None:
    report = compare(MODELS + "affine(ends=True)", MODELS + "affine(ends=True,activation='tanh')", (), NO_FIT).report

    assert report["verdict"]["outcome"] == "different"
    failed = next(item for item in report["rungs"] if item["name"] == "checkpoint")
    assert failed["outcome"] == "failed"
    assert "was ended by SIGABRT while it had to save its weights" in failed["detail"]
    assert report["attribution"]["explained"] is True  # asked of the workers that took over


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_a_saved_model_loads_what_its_code_saves(compare: Callable[..., Answer], tmp_path: Path) -> None:
    path = tmp_path / "saved" / "model.keras"
    path.parent.mkdir()
    runpy.run_path(str(PAIRS / "norms.py"))["layer_norm"]().save(path)
    answer = compare("norms.py:layer_norm", str(path), (), REQUIRED)

    assert rung(answer)["outcome"] == "equal", rung(answer)
    assert sorted(path.parent.iterdir()) == [path]
