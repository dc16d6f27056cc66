"""Baselines in place of the reference: the verdicts and edits of the model itself, and what is withheld."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from command import EXAMPLES, PAIRS, Answer
from pairs.rows import ROWS
from pairs.table import PAIRS as OLDEST
from warm import run_warm

from kerasdiff.side.baselines.format import read, write
from kerasdiff.side.baselines.records import Baseline

pytest.importorskip("keras")

BY_ID = {pair.id: pair for pair in (*OLDEST, *ROWS)}

ALIKE = (
    "activation-in-every-spelling",  # proved
    "texts-in-lower-case-twice",  # equal by numbers, with lookup tables
    "l2-of-two-layers-in-one-loss",  # equal by numbers, with added losses
    "relu6-where-no-probe-reaches-6",  # different by one edit, which a search shows
    "regularizer-weaker",  # different by a setting of a weight
    "losses-by-output",  # compile settings, losses by the names of outputs
    "training-not-passed-by-fit",  # called as fit does
)
"""Pairs of the table that a baseline has to tell as the model itself does."""


def made(folder: Path, target: str, *more: str, cwd: Path = PAIRS) -> str:
    """The path of a baseline that is made now."""
    path = str(folder / "net.kerasdiff")
    answer = run_warm("lock", target, "-o", path, "--yes", *more, cwd=cwd)
    assert answer.exit_code == 0, answer.stderr
    return path


@cache
def content(target: str, *more: str) -> bytes:
    with TemporaryDirectory() as folder:
        return Path(made(Path(folder), target, *more)).read_bytes()


def locked(folder: Path, target: str, *more: str) -> str:
    """The path of a baseline of a model of the table, each of which is made once."""
    path = folder / "net.kerasdiff"
    path.write_bytes(content(target, *more))
    return str(path)


def given(inputs: tuple[str, ...]) -> list[str]:
    return [part for text in inputs for part in ("--input", text)]


def compared(*arguments: str, cwd: Path = PAIRS) -> Answer:
    answer = run_warm("compare", "--no-fit", "--format", "json", *arguments, cwd=cwd)
    assert answer.exit_code in (0, 1, 3), answer.stderr
    return answer


def edits(answer: Answer) -> list[tuple[str, str, str]]:
    return [(edit["kind"], edit["op"], edit["message"]) for edit in answer.report["edits"]]


@pytest.mark.parametrize("name", ALIKE)
def test_a_baseline_is_told_from_a_candidate_as_its_model_is(
    name: str, tmp_path: Path, compare: Callable[..., Answer]
) -> None:
    pair = BY_ID[name]
    path = locked(tmp_path, pair.reference, *given(pair.inputs))
    live = compare(pair.reference, pair.candidate, pair.inputs)  # which the table asks, too
    kept = compared(path, pair.candidate, *given(pair.inputs))

    assert kept.report["verdict"]["outcome"] == pair.outcome
    assert kept.report["verdict"]["basis"] == live.report["verdict"]["basis"]
    assert edits(kept) == edits(live)
    assert kept.report["attribution"] == live.report["attribution"]
    assert "it answers here as it did then, to the last bit" in json.dumps(kept.report)


def test_edits_explain_state_that_a_baseline_updates_in_training(tmp_path: Path) -> None:
    forum = EXAMPLES / "forum"
    path = made(tmp_path, "a.py:ConvModel_1", cwd=forum)
    report = compared(path, "b.py:ConvModel_2", cwd=forum).report

    assert report["attribution"]["explained"]
    assert "Nothing else differs in outputs and gradients." in report["verdict"]["summary"]


def test_a_file_of_the_first_schema_answers_as_its_model_does() -> None:
    golden = str(PAIRS.parents[1] / "unit" / "goldens" / "lstm-schema-1.kerasdiff")

    assert compared(golden, "spelled.py:remembered").report["verdict"]["outcome"] == "equivalent"
    assert compared(golden, "spelled.py:unrolled").report["verdict"]["outcome"] == "different"


def test_another_model_altogether_is_different(tmp_path: Path) -> None:
    path = locked(tmp_path, "spelled.py:remembered")

    assert compared(path, BY_ID["units-changed"].reference).exit_code == 1


def test_a_baseline_may_stand_on_either_side_or_on_both(tmp_path: Path) -> None:
    path = locked(tmp_path, "spelled.py:remembered")

    for sides in ((path, path), ("spelled.py:remembered", path)):
        assert compared(*sides).report["verdict"]["basis"] == "proof"
    differs = compared("spelled.py:unrolled", path)
    assert differs.exit_code == 1
    assert "weights" in [edit["rung"] for edit in differs.report["edits"]]


def test_equal_models_are_locked_in_equal_bytes(tmp_path: Path) -> None:
    assert Path(made(tmp_path, "norms.py:regularized")).read_bytes() == content("norms.py:regularized")


# What it cannot answer -----------------------------------------------------------------------------------------


def rewritten(path: str, change: Callable[[Baseline], Baseline]) -> None:
    stream = io.BytesIO()
    write(stream, change(read(Path(path))), "0.1.0")
    Path(path).write_bytes(stream.getvalue())


def test_what_needs_code_is_withheld_and_said(tmp_path: Path) -> None:
    pair = BY_ID["value-bounded-in-training-where-none-comes"]
    path = locked(tmp_path, pair.reference, *given(pair.inputs))
    report = compared(path, pair.candidate, *given(pair.inputs)).report

    assert pair.outcome == "different"
    assert report["verdict"]["outcome"] == "inconclusive"
    assert "custom gradient" in report["verdict"]["summary"]
    assert compared(path, pair.reference, *given(pair.inputs)).report["verdict"]["basis"] == "proof"


def test_settings_that_are_code_are_not_held_and_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import keras\nfrom keras import layers, ops\n\n\n"
        "def build(square):\n"
        "    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])\n"
        "    one, two = lambda t, p: ops.mean((t - p) ** 2), lambda t, p: ops.mean(ops.square(t - p))\n"
        "    model.compile(optimizer='sgd', loss=two if square else one)\n"
        "    return model\n"
    )
    path = made(tmp_path, "net.py:build(square=False)", cwd=tmp_path)
    report = compared(path, "net.py:build(square=True)", cwd=tmp_path).report

    assert report["verdict"]["outcome"] == "inconclusive"
    assert "does not hold them" in report["verdict"]["summary"]
    assert compared(path, "net.py:build(square=False)", cwd=tmp_path).exit_code == 0


def test_another_version_is_named_and_answers_that_moved_withhold_an_equivalence(tmp_path: Path) -> None:
    path = locked(tmp_path, "norms.py:regularized")
    rewritten(path, lambda held: replace(held, environment={**held.environment, "keras": "3.0.0"}))
    report = compared(path, "norms.py:regularized").report
    assert report["verdict"]["basis"] == "proof"
    assert "keras 3.0.0 (now " in json.dumps(report)

    def moved(size: float) -> Callable[[Baseline], Baseline]:
        def change(held: Baseline) -> Baseline:
            answers = tuple(
                replace(one, outputs=tuple(np.asarray(value * (1 + size), value.dtype) for value in one.outputs))
                for one in held.plain.answers
            )
            return replace(held, plain=replace(held.plain, answers=answers))

        return change

    rewritten(path, moved(2e-6))
    report = compared(path, "norms.py:regularized").report
    assert report["verdict"]["basis"] == "proof"
    assert "which the limits allow for" in json.dumps(report)

    rewritten(path, moved(1e-3))
    report = compared(path, "norms.py:regularized").report
    assert report["verdict"]["outcome"] == "inconclusive"
    assert "does not answer here as it did then" in report["verdict"]["summary"]


def test_a_graph_that_reaches_outside_is_not_run(tmp_path: Path) -> None:
    import tensorflow as tf

    path = locked(tmp_path, "norms.py:regularized")

    def reaching(held: Baseline) -> Baseline:
        frozen = held.plain.frozen
        graphs = {}
        for name, content in frozen.graphs.items():
            definition = tf.compat.v1.GraphDef.FromString(content)
            definition.node.add(name="evil", op="ReadFile", input=["evil_name"])
            definition.node.add(name="evil_name", op="Placeholder").attr["dtype"].type = tf.string.as_datatype_enum
            graphs[name] = definition.SerializeToString()
        return replace(held, plain=replace(held.plain, frozen=replace(frozen, graphs=graphs)))

    rewritten(path, reaching)
    report = compared(path, "norms.py:regularized(strength=1e-4)").report
    assert "ReadFile, which no baseline may run" in json.dumps(report)
    assert {rung["name"]: rung["outcome"] for rung in report["rungs"]}["inference"] == "failed"


def test_another_input_than_the_locked_one_is_refused(tmp_path: Path) -> None:
    path = locked(tmp_path, "norms.py:regularized")
    answer = run_warm("compare", "--no-fit", "--input", "9", path, path)

    assert answer.exit_code == 2
    assert "it was locked with the input" in answer.stderr


# Saved models --------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_the_values_of_a_saved_model_are_part_of_it(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    model.save(tmp_path / "first.keras")
    model.layers[1].kernel.assign(model.layers[1].kernel * 1.5)
    model.save(tmp_path / "second.keras")
    path = made(tmp_path, "first.keras", cwd=tmp_path)

    assert compared(path, "first.keras", cwd=tmp_path).exit_code == 0
    other = compared(path, "second.keras", cwd=tmp_path)
    assert other.exit_code == 1
    assert "values" in other.report["verdict"]["summary"]


# Making it anew ------------------------------------------------------------------------------------------------


def test_an_update_shows_what_has_changed_before_it_writes(tmp_path: Path) -> None:
    path = locked(tmp_path, "norms.py:regularized")
    before = Path(path).read_bytes()

    shown = run_warm("lock", "--update", path, "norms.py:regularized(strength=1e-4)", cwd=PAIRS)
    assert shown.exit_code == 1
    assert "DIFFERENT" in shown.stdout
    assert "stays as it is" in shown.stderr
    assert Path(path).read_bytes() == before

    done = run_warm("lock", "--update", path, "norms.py:regularized(strength=1e-4)", "--yes", cwd=PAIRS)
    assert done.exit_code == 0
    assert "DIFFERENT" in done.stdout
    assert read(Path(path)).target == "norms.py:regularized(strength=1e-4)"
    assert "EQUIVALENT" in run_warm("lock", "--update", path, cwd=PAIRS).stdout


def test_a_baseline_is_inspected_without_a_worker(tmp_path: Path) -> None:
    path = locked(tmp_path, "norms.py:regularized")
    shown = run_warm("inspect", path)

    assert "locked  from norms.py:regularized" in shown.stdout
    told = run_warm("inspect", path, "--format", "json").report
    live = run_warm("inspect", "norms.py:regularized", "--format", "json", cwd=PAIRS).report
    assert told["graphs"] == live["graphs"]
    assert told["locked"]["environment"]["keras"] == live["environment"]["keras"]
