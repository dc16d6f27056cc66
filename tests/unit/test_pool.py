"""Many comparisons at once: what one raises is its own, and Ctrl-C leaves what is known."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from kerasdiff.checking import pool


def failing() -> int:
    raise ValueError("of its own")


def test_what_one_raises_stops_no_other() -> None:
    heard: list[int] = []
    tasks: list[Callable[[], int]] = [lambda: 1, failing, lambda: 3]
    outcomes, cut_off = pool.run_all(tasks, 2, heard.append)
    first, second, third = (outcome for outcome in outcomes if outcome is not None)

    assert not cut_off
    assert (first.result(), third.result()) == (1, 3)
    assert isinstance(second.exception(), ValueError)
    assert heard[0] == 0
    assert heard == sorted(heard)


def test_ctrl_c_stops_the_workers_and_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()
    monkeypatch.setattr(pool, "stop_all", stopped.set)

    def hangs() -> int:
        assert stopped.wait(10)
        return 2

    def told(done: int) -> None:
        if done:
            raise KeyboardInterrupt

    outcomes, cut_off = pool.run_all([lambda: 1, hangs, lambda: 3], 1, told)

    assert cut_off
    assert [outcome and outcome.result() for outcome in outcomes] == [1, None, None]


@pytest.mark.parametrize(("free", "most"), [(None, 8), (0, 1), (5 << 30, 2), (1 << 40, 8)])
def test_no_more_at_once_than_there_is_room_for(free: int | None, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "available_bytes", lambda: free)

    assert 1 <= pool.at_once() <= most
