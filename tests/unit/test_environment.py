"""What numbers and trials run on, by what was asked for and what files tell of the machine."""

from __future__ import annotations

import pytest

import kerasdiff.side.environment
from kerasdiff.report import wording
from kerasdiff.side.environment import Hardware, for_numbers, for_trials, may_have_gpu, worker_environment


@pytest.mark.parametrize(
    ("device", "gpu", "numbers", "trials"),
    [
        ("auto", False, "cpu", "cpu"),
        ("auto", True, "cpu", "auto"),
        ("cpu", True, "cpu", "cpu"),
        ("gpu:1", True, "gpu:1", "gpu:1"),
    ],
)
def test_numbers_come_from_the_processor_and_trials_from_what_is_there(
    monkeypatch: pytest.MonkeyPatch, device: str, gpu: bool, numbers: str, trials: str
) -> None:
    monkeypatch.setattr(kerasdiff.side.environment, "may_have_gpu", lambda: gpu)

    assert for_numbers(device) == Hardware(device=numbers, tf32=False)
    assert for_trials(device).device == trials
    assert (for_trials(device) == for_numbers(device)) == (trials == "cpu")  # else workers of their own
    assert worker_environment(for_numbers(device)).get("CUDA_VISIBLE_DEVICES") == "-1" or numbers != "cpu"


def test_a_gpu_that_is_hidden_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert not may_have_gpu()


def test_where_trials_ran_is_told_where_it_is_elsewhere() -> None:
    held = {"keras": "3", "device": "cpu", "fit_device": "cpu"}
    assert wording.environment(held) == [("keras", "3"), ("device", "cpu")]
    told = wording.environment({**held, "fit_device": "gpu", "fit_tf32": "on"})
    assert told[2:] == [("fit device", "gpu"), ("fit tf32", "on")]
