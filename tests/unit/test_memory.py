"""How much memory is free, and what a pair takes that is too large for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasdiff.side.memory import available_bytes


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:       2048 kB\nMemAvailable:    1000 kB\n")
    return told


def test_the_machine_tells_what_is_free(meminfo: Path, tmp_path: Path) -> None:
    assert available_bytes(meminfo, tmp_path) == 1000 * 1024


def test_a_container_may_have_less(meminfo: Path, tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("2000\n")

    assert available_bytes(meminfo, tmp_path) == 3000


def test_a_container_without_a_limit_has_what_the_machine_has(meminfo: Path, tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("2000\n")

    assert available_bytes(meminfo, tmp_path) == 1000 * 1024


def test_another_system_tells_nothing(tmp_path: Path) -> None:
    assert available_bytes(tmp_path / "none", tmp_path) is None
