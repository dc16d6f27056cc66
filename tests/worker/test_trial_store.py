"""Kept trials: cut off anywhere and taken up again, to the same bits; and never taken for another trial."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import tensorflow as tf  # noqa: E402
from test_fit import OPTIONS, StandIn, dense, same  # noqa: E402
from test_fit import plan as planned  # noqa: E402

from kerasdiff.findings import Fact  # noqa: E402
from kerasdiff.report.wording.fits.told import told  # noqa: E402
from kerasdiff.side.training import FitPlan, Tick, Trial  # noqa: E402
from kerasdiff.worker.training import store  # noqa: E402
from kerasdiff.worker.training.fit import fit  # noqa: E402

EPOCHS = 4


class CutOffError(Exception):
    """Ends a trial from inside, as a kill would between two epochs."""


def plan(root: Path, **changes: Any) -> FitPlan:
    base = dataclasses.replace(OPTIONS, steps=None, epochs=EPOCHS, batch_size=400, store=str(root))
    return planned(base, **changes)


def noisy() -> Any:
    """Dropout, batch statistics, momentum, and a generator of TensorFlow's own: state of every kind."""

    class Noise(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.generator = tf.random.Generator.from_seed(3)

        def call(self, x: Any) -> Any:
            return x + 0.1 * self.generator.normal((4,)) + keras.random.normal((4,), stddev=0.1)

    return keras.Sequential(
        [
            keras.Input((4,)),
            Noise(),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3),
        ]
    )


def cut_after(build: Callable[[], Any], wanted: FitPlan, epoch: int) -> None:
    def told(tick: Tick) -> None:
        # Told of an epoch before it is kept, so the epoch after the one that is to survive.
        if tick.epoch is not None and tick.epoch.number == epoch + 1:
            raise CutOffError

    with pytest.raises(CutOffError):
        fit(StandIn(build), wanted, told)


@pytest.mark.parametrize("epoch", [1, 3])
@pytest.mark.parametrize("build", [dense(), noisy], ids=["dense", "noisy"])
def test_a_trial_goes_on_to_the_same_bits(tmp_path: Path, build: Callable[[], Any], epoch: int) -> None:
    whole = fit(StandIn(build), plan(tmp_path / "whole"))
    cut_after(build, plan(tmp_path / "cut"), epoch)
    rest = fit(StandIn(build), plan(tmp_path / "cut"))
    assert same(whole, rest)
    assert whole.answers.digest == rest.answers.digest
    assert (whole.reused, rest.reused) == (0, epoch)
    assert [dataclasses.replace(e, seconds=0) for e in whole.epochs] == [
        dataclasses.replace(e, seconds=0) for e in rest.epochs
    ]


def test_a_finished_trial_is_read_not_run(tmp_path: Path) -> None:
    first = fit(StandIn(dense()), plan(tmp_path))
    seen: list[Tick] = []
    again = fit(StandIn(dense()), plan(tmp_path), seen.append)
    assert again.reused == EPOCHS
    assert again.samples_per_second == 0.0
    assert [tick.epoch.number for tick in seen if tick.epoch is not None] == [1, 2, 3, 4]
    for field in dataclasses.fields(Trial):
        one, two = getattr(first, field.name), getattr(again, field.name)
        if field.name in ("reused", "samples_per_second"):
            continue
        if field.name == "answers":
            for part in ("predictions", "classes", "labels"):
                np.testing.assert_array_equal(np.array(getattr(one, part)), np.array(getattr(two, part)))
        else:
            assert one == two
    fresh = fit(StandIn(dense()), plan(tmp_path, fresh=True))
    assert fresh.reused == 0
    assert same(first, fresh)


def test_only_the_same_trial_is_taken_up(tmp_path: Path) -> None:
    def wider() -> Any:
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(9), keras.layers.Dense(3)])

    fit(StandIn(dense()), plan(tmp_path))
    for build, changes in (
        (dense(), {"seed": 2}),
        (dense(), {"batch_size": 200}),
        (dense(), {"learning_rate": 1e-3}),
        (dense(), {"optimizer": "sgd"}),
        (dense(), {"epochs": EPOCHS + 1}),
        (dense(), {"perturbation": 0}),
        (dense(), {"side": "candidate"}),
        (dense(activation="softmax"), {}),
        (wider, {}),
    ):
        assert fit(StandIn(build), plan(tmp_path, **changes)).reused == 0, changes
    assert fit(StandIn(dense()), plan(tmp_path)).reused == EPOCHS


def test_what_was_built_before_does_not_change_the_key(tmp_path: Path) -> None:
    fit(StandIn(dense()), plan(tmp_path))
    [keras.layers.Dense(2).build((None, 2)) for _ in range(3)]
    tf.function(lambda: tf.constant(1))()
    assert fit(StandIn(dense()), plan(tmp_path)).reused == EPOCHS


def test_the_data_are_part_of_the_key(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {"x_train": rng.random((40, 4), np.float32), "y_train": rng.integers(0, 3, 40)}
    arrays |= {"x_test": arrays["x_train"], "y_test": arrays["y_train"]}
    file = tmp_path / "d.npz"
    np.savez(file, **arrays)
    wanted = plan(tmp_path / "kept", data=str(file), batch_size=8, epochs=1)
    fit(StandIn(dense()), wanted)
    assert fit(StandIn(dense()), wanted).reused == 1
    arrays["x_train"][3, 1] += 1e-6
    np.savez(file, **arrays)
    assert fit(StandIn(dense()), wanted).reused == 0


def test_state_that_cannot_be_read_back_is_not_kept(tmp_path: Path) -> None:
    class Stateful(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + tf.random.normal((4,))

    trial = fit(
        StandIn(lambda: keras.Sequential([keras.Input((4,)), Stateful(), keras.layers.Dense(3)])), plan(tmp_path)
    )
    assert [finding.fact for finding in trial.findings] == [Fact.NOT_STORED]
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_trained_anew_and_named(tmp_path: Path) -> None:
    first = fit(StandIn(dense()), plan(tmp_path))
    (result,) = tmp_path.rglob("result.npz")
    result.write_bytes(result.read_bytes()[:100])
    again = fit(StandIn(dense()), plan(tmp_path))
    assert same(first, again)
    assert [finding.fact for finding in again.findings] == [Fact.STORE_UNREADABLE]
    assert str(result) in told(again.findings[0])


def test_an_epoch_is_kept_with_its_history(tmp_path: Path) -> None:
    cut_after(dense(), plan(tmp_path), 2)
    (history,) = tmp_path.rglob("history.csv")
    lines = history.read_text().splitlines()
    assert lines[0] == "epoch,steps,train_loss,train_accuracy,test_loss,test_accuracy,seconds"
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2"]
    assert not list(tmp_path.rglob(".*"))


def test_a_full_disk_ends_no_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept stays; the trial goes on in memory; the next run takes up what was kept."""
    whole = fit(StandIn(dense()), plan(tmp_path / "whole"))
    write, written = store._save, []

    def full(stream: Any, arrays: Any) -> None:
        written.append(len(arrays["epochs"]))
        if len(arrays["epochs"]) > 2:
            stream.write(b"half a file")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(stream, arrays)

    monkeypatch.setattr(store, "_save", full)
    trial = fit(StandIn(dense()), plan(tmp_path / "full"))
    monkeypatch.undo()
    assert same(whole, trial)
    assert written == [1, 2, 3, 4, 4]
    note = told(*trial.findings)
    assert "no space is left" in note
    assert "KERASDIFF_CACHE" in note
    assert str(tmp_path / "full") in note
    assert not list(tmp_path.rglob(".*"))
    again = fit(StandIn(dense()), plan(tmp_path / "full"))
    assert again.reused == 2
    assert same(whole, again)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="mounting takes root")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place)], check=False)
    if done.returncode != 0:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        whole = fit(StandIn(dense()), plan(tmp_path / "whole"))
        cut_after(dense(), plan(place), 1)
        (state,) = place.rglob("state.npz")
        kept = state.read_bytes()
        with pytest.raises(OSError, match="No space"):
            (place / "ballast").write_bytes(b"x" * 2**20)
        trial = fit(StandIn(dense()), plan(place))
        assert same(whole, trial)
        assert "no space is left" in told(trial.findings[0])
        assert state.read_bytes() == kept
        (place / "ballast").unlink()
        again = fit(StandIn(dense()), plan(place))
        assert (again.reused, again.findings) == (1, ())
        assert same(whole, again)
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_logs_for_other_tools(tmp_path: Path) -> None:
    fit(StandIn(dense()), plan(tmp_path / "kept", logdir=str(tmp_path / "logs")))
    folder = tmp_path / "logs" / "reference-seed-1"
    assert len((folder / "history.csv").read_text().splitlines()) == 1 + EPOCHS
    (events,) = folder.glob("events.out.tfevents.*")
    found = [
        (event.step, value.tag, value.metadata.plugin_data.plugin_name)
        for event in tf.compat.v1.train.summary_iterator(str(events))
        for value in event.summary.value
    ]
    assert (EPOCHS, "test_accuracy", "scalars") in found
    assert len(found) == 4 * EPOCHS
