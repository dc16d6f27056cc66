"""Trials on this machine: as many at once as there are slots, and fewer where memory turns out short."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from numpy.typing import NDArray
from test_experiment import Fake, falling

from kerasdiff.errors import OutOfMemoryError
from kerasdiff.findings import Fact, Finding
from kerasdiff.fitting.local import Local
from kerasdiff.fitting.trainers import Fitter, Starts
from kerasdiff.side.training import FitPlan, Progress, Trial, TrialOptions


class Device:
    """Memory for so many processes that train: what a process took, it holds until it is started anew.

    No trial ends before ``together`` of them were at work at once, however slow the machine is.
    """

    def __init__(self, room: int, together: int) -> None:
        self.room, self.together, self.lock = room, together, threading.Condition()
        self.holding: set[int] = set()
        self.working = self.most = 0

    def take(self, who: int) -> None:
        with self.lock:
            if who not in self.holding and len(self.holding) >= self.room:
                raise OutOfMemoryError("too little memory")
            self.holding.add(who)


@dataclasses.dataclass
class OnDevice:
    device: Device
    fake: Fake = dataclasses.field(default_factory=lambda: Fake(falling))
    renewed: int = 0

    def start(self, seed: int) -> Mapping[str, NDArray[Any]]:
        return self.fake.start(seed)

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
        self.device.take(id(self))
        with self.device.lock:
            self.device.working += 1
            self.device.most = max(self.device.most, self.device.working)
            self.device.lock.notify_all()
            assert self.device.lock.wait_for(lambda: self.device.most >= self.device.together, timeout=20)
        time.sleep(0.02)
        with self.device.lock:
            self.device.working -= 1
        return self.fake.fit(plan, progress)

    def renew(self) -> None:
        self.device.holding.discard(id(self))
        self.renewed += 1


def trained(room: int, slots: int, groups: int = 4, together: int = 1) -> tuple[Device, list[Finding], list[Trial]]:
    device, findings = Device(room, together), list[Finding]()

    @contextlib.contextmanager
    def more() -> Iterator[tuple[Fitter, Fitter]]:
        yield OnDevice(device), OnDevice(device)

    @contextlib.contextmanager
    def control() -> Iterator[Fitter]:
        yield OnDevice(device)

    local = Local((OnDevice(device), OnDevice(device)), control, Starts(), findings, more=more, slots=slots)
    options = TrialOptions(epochs=1)
    sides: Any = ("reference", "candidate", "control")
    futures = [
        future
        for seed in range(groups)
        for future in local.submit(
            [FitPlan(data="auto", seed=seed, side=side, options=options) for side in sides[: 2 + (seed == 0)]]
        )
    ]
    trials = [future.result(timeout=30) for future in futures]
    local.close()
    assert [(trial.side, trial.seed) for trial in trials][:3] == [("reference", 0), ("candidate", 0), ("control", 0)]
    return device, findings, trials


def test_trials_of_several_seeds_run_at_once() -> None:
    device, findings, trials = trained(room=9, slots=4, together=9)
    assert (len(trials), device.most, findings) == (9, 9, [])


@pytest.mark.parametrize(("room", "slots"), [(3, 4), (4, 2), (3, 1)])
def test_where_memory_is_short_seeds_take_turns(room: int, slots: int) -> None:
    device, _, trials = trained(room, slots)
    assert len(trials) == 9
    assert device.most <= room


@pytest.mark.parametrize("slots", [1, 4])
def test_where_memory_is_for_one_trials_take_turns(slots: int) -> None:
    device, findings, trials = trained(room=1, slots=slots)
    assert (len(trials), device.most) == (9, 1)
    assert [finding.fact for finding in findings] == [Fact.TRIALS_IN_TURN]


def test_a_trial_that_finds_no_memory_alone_is_an_error() -> None:
    with pytest.raises(OutOfMemoryError):
        trained(room=0, slots=2)
