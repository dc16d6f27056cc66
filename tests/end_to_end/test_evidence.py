"""What explains a difference: effects of edits, what remains, random numbers carried over, a search for inputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import PAIRS, Answer
from warm import run_warm

from kerasdiff.report.saved import read

Compare = Callable[..., Answer]
run = partial(run_warm, cwd=PAIRS)
SIX = ("6",)


def rung(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in report["rungs"] if item["name"] == name)


def chain(compare: Compare, changes: str) -> dict[str, Any]:
    return compare("evidence.py:Chain", f"evidence.py:Chain({changes})", SIX).report


def test_every_edit_has_its_own_effect_and_nothing_else_differs(compare: Compare) -> None:
    report = chain(compare, "first='sine', second='halve'")
    sine, halve = report["edits"]
    found = report["attribution"]

    assert report["verdict"]["summary"].endswith("Nothing else differs in outputs and gradients.")
    assert found["uncompared"] == ["optimizer step"]
    assert found["explained"] is True
    assert all(size <= found["limits"][name] for name, size in found["remaining"].items())
    assert set(sine["effect"]) == set(halve["effect"]) == {"output", "training output", "gradient", "loss"}
    # Everything behind is linear, up to the last bias.
    assert halve["effect"]["output"] == pytest.approx(0.5, abs=0.05)
    assert sine["effect"] != halve["effect"]
    assert not sine["harmless"]
    assert not halve["harmless"]


def test_an_early_bug_does_not_paint_the_whole_network_red(compare: Compare) -> None:
    report = chain(compare, "first='sine', slope=0.2")
    found = report["attribution"]

    assert [(item["reference"], item["edits"]) for item in found["local_differences"]] == [("two", [0]), ("bend", [1])]
    assert found["first_divergence"]["reference"] == "two"
    assert found["compared"] == 5


def test_a_picture_has_every_value_that_means_the_same_and_every_gradient(compare: Compare) -> None:
    comparison = read(chain(compare, "first='sine', slope=0.2"))
    drawing = comparison.drawing
    assert drawing is not None
    assert drawing.depth is not None
    found = {one.nodes[0]: one for one in drawing.depth.nodes}
    parted = [name for name, one in found.items() if one.overall > drawing.depth.limit]

    assert len(found) == 5
    assert parted[0] == "two"
    assert [name for name, one in found.items() if one.local > drawing.depth.limit] == ["two", "bend"]
    assert {one.overall for name, one in found.items() if name not in parted} == {0.0}
    assert [one.weights for one in drawing.gradients] == [
        (one.path, two.path) for one, two in zip(*(side.weights for side in drawing.sides), strict=True)
    ]
    assert any(one.relative > one.limit for one in drawing.gradients)


def test_edits_without_effect_are_harmless_and_the_models_equal(compare: Compare) -> None:
    report = chain(compare, "first='floor'")
    (edit,) = report["edits"]

    assert (report["verdict"]["outcome"], report["verdict"]["basis"]) == ("equivalent", "numeric")
    assert edit["harmless"]
    assert set(edit["effect"].values()) == {0.0}
    assert report["attribution"]["explained"] is False


def test_an_edit_with_weights_of_its_own_is_attributed_too(compare: Compare) -> None:
    report = compare("evidence.py:Chain", "evidence.py:Extra", SIX).report

    assert rung(report, "inference")["outcome"] == "skipped"
    assert report["attribution"]["explained"] is True
    assert report["edits"][0]["effect"]["output"] > 0.1


@pytest.mark.parametrize("by", ["one generator", "tensorflow"])
def test_dropout_masks_are_carried_over(compare: Compare, by: str) -> None:
    report = compare("evidence.py:Dropped", f"evidence.py:Dropped(by='{by}')", SIX).report

    assert (report["verdict"]["outcome"], report["verdict"]["basis"]) == ("equivalent", "numeric")
    assert "2 random ops of the candidate were given the numbers" in rung(report, "training step")["detail"]


def test_another_rate_under_the_same_masks_is_different(compare: Compare) -> None:
    pair = "evidence.py:Dropped(by='tensorflow')", "evidence.py:Dropped(by='tensorflow', rate=0.3)"
    report = compare(*pair, SIX).report

    assert report["verdict"]["outcome"] == "different"
    assert "were given the numbers" in rung(report, "training step")["detail"]
    assert report["attribution"]["explained"] is True


@pytest.mark.parametrize(("size", "outcome", "verdict"), [(0.8, "different", "different"), (0.501, "advisory", None)])
def test_numbers_drawn_out_of_reach_are_compared_as_samples(
    compare: Compare, size: float, outcome: str, verdict: str | None
) -> None:
    report = compare("evidence.py:Shaken", f"evidence.py:Shaken(size={size})", SIX).report
    found = rung(report, "training step")

    assert found["outcome"] == outcome
    assert found["figures"]["draws"] == 4 * 2048
    assert "2,048 draws a row" in found["detail"]
    assert report["verdict"]["outcome"] == (verdict or "inconclusive")


@pytest.mark.parametrize(
    ("candidate", "inputs", "how"),
    [
        ("Guarded(limit=50000.0, of='each input, smoothly')", SIX, "inputs around 50000"),
        ("Guarded(limit=3.0, of='every unit')", ("64",), "uphill: inputs that drive up what goes into"),
    ],
)
def test_an_input_that_separates_is_found(compare: Compare, candidate: str, inputs: tuple[str, ...], how: str) -> None:
    report = compare("evidence.py:Guarded", f"evidence.py:{candidate}", inputs).report

    assert report["verdict"]["outcome"] == "different"
    assert report["witness"]["how"].startswith(how)
    assert rung(report, "inference")["figures"]["found_by"] == report["witness"]["how"]
    assert report["attribution"]["explained"] is True


def test_a_comparison_that_went_one_way_leaves_the_verdict_open(compare: Compare) -> None:
    pair = "evidence.py:Guarded", "evidence.py:Guarded(limit=500000.0)"
    report = compare(*pair, SIX, ("--no-fit", "--search", "0")).report

    assert report["verdict"]["outcome"] == "inconclusive"
    assert "greater in the candidate (evidence.py:" in report["verdict"]["summary"]
    assert "is false for every value that was tried" in report["verdict"]["summary"]


def test_a_squeeze_that_takes_the_batch_shows_with_one_row_alone(compare: Compare) -> None:
    report = compare("evidence.py:Squeezed", "evidence.py:Squeezed(carelessly=True)", ("8,8,4",)).report

    assert rung(report, "inference")["figures"]["differing"] == ["probe one-row"]


def test_rounding_that_a_model_amplifies_is_no_difference(compare: Compare) -> None:
    report = compare("evidence.py:Scaled", "evidence.py:Scaled(by_hand=True)", ("5,6",)).report

    assert (report["verdict"]["outcome"], report["verdict"]["basis"]) == ("equivalent", "numeric")


def test_a_witness_is_saved_and_replayed(tmp_path: Path) -> None:
    file = str(tmp_path / "found.npz")
    pair = "evidence.py:Guarded", "evidence.py:Guarded(limit=50000.0, of='each input, smoothly')"
    run("compare", "--no-fit", "--input", "6", "--save-witness", file, *pair)
    again = run("replay", file, "--format", "json")
    mended = run("replay", file, "evidence.py:Guarded", "evidence.py:Guarded")
    with np.load(file, allow_pickle=False) as held:
        assert held["input_0"].shape == (4, 6)

    assert again.exit_code == 1
    assert again.report["rung"]["figures"]["max_relative"] == pytest.approx(again.report["witness"]["difference"])
    assert mended.exit_code == 0
    assert "AGREE" in mended.stdout


def test_without_a_witness_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "none.npz"
    done = run(
        "compare", "--no-fit", "--input", "6", "--save-witness", str(file), "evidence.py:Chain", "evidence.py:Chain"
    )

    assert done.exit_code == 0
    assert "no witness" in done.stderr
    assert not file.exists()


@pytest.mark.parametrize("content", [b"", b"not a zip", "npz"])
def test_a_file_that_is_no_witness_is_said(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "w.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, x=np.zeros(3))
    done = run("replay", str(path))

    assert done.exit_code == 2
    assert "is no witness that --save-witness wrote" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "edited"),
    [("optimizer='sgd'", "compile"), ("limit=1.0", "constraint"), ("penalty=0.1", "loss")],
)
def test_an_optimizer_step_is_that_of_the_compile_settings(compare: Compare, change: str, edited: str) -> None:
    report = compare("evidence.py:compiled", f"evidence.py:compiled({change})").report
    text = str(report["edits"]) + str(rung(report, "training step"))

    assert report["verdict"]["outcome"] == "different"
    assert edited in text


@pytest.mark.parametrize(("candidate", "outcome"), [("rounded=True", "equivalent"), ("off=1e-5", "different")])
def test_a_constant_rounded_to_float32_is_no_difference(compare: Compare, candidate: str, outcome: str) -> None:
    report = compare("evidence.py:Third", f"evidence.py:Third({candidate})", SIX).report

    assert report["verdict"]["outcome"] == outcome, report["rungs"]


def test_an_edit_that_changes_state_alone_is_not_harmless(compare: Compare) -> None:
    report = compare("single.py:image", "single.py:image(momentum=0.9)").report
    (edit,) = report["edits"]

    assert edit["effect"].pop("state") > 0.01
    assert set(edit["effect"].values()) == {0.0}
    assert not edit["harmless"]
    assert report["verdict"]["summary"].endswith("Nothing else differs in outputs and gradients.")


@pytest.mark.parametrize(
    ("candidate", "outcomes"),
    [
        ("by_hand=True", ("equivalent",)),
        ("by_hand=True, turned=True", ("equivalent",)),
        ("by_hand=True, wrong=True", ("different", "inconclusive")),
    ],
)
def test_weights_of_one_shape_may_be_declared_in_any_order(
    compare: Compare, candidate: str, outcomes: tuple[str, ...]
) -> None:
    report = compare("evidence.py:Heads", f"evidence.py:Heads({candidate})", SIX).report

    assert report["verdict"]["outcome"] in outcomes, report["verdict"]
