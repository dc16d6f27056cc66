"""A unit test runs without TensorFlow and Keras: in here their import fails, also where they are loaded already."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType

import pytest

from kerasdiff.side import launching

HERE = Path(__file__).parent
FORBIDDEN = ("h5py", "keras", "tensorflow")


class Refusal:
    """A finder of modules that refuses these."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] in FORBIDDEN:
            raise AssertionError(f"a unit test imports {name}; it belongs into tests/worker or tests/end_to_end")


@pytest.fixture(autouse=True)
def no_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command starts importing TensorFlow ahead; here nothing would use it."""
    monkeypatch.setattr(launching, "FORKS", False)


@contextmanager
def without_keras() -> Iterator[None]:
    """Within, the modules are as if never imported, and cannot be."""
    hidden: dict[str, ModuleType] = {name: sys.modules.pop(name) for name in FORBIDDEN if name in sys.modules}
    refusal = Refusal()
    sys.meta_path.insert(0, refusal)
    try:
        yield
    finally:
        sys.meta_path.remove(refusal)
        sys.modules.update(hidden)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    with without_keras() if HERE in collector.path.parents else nullcontext():
        return (yield)


# Pytest asks this of every conftest file, whatever the item: tests of other folders, in the same process, may import.
@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with without_keras() if HERE in item.path.parents else nullcontext():
        return (yield)
