"""A browser for the tests in here, and reports to look at. Without a Chromium they are skipped.

Why no group of pytest-xdist? Each of its processes begins with neighbours, and this folder comes first: one process
looks at pages, and no other makes their reports again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import a_page, launched, why_not
from shown_reports import Shown, make

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE = Path(__file__).parent

_up: list[tuple[Browser, ExitStack]] = []
"""The browser, while tests in here run, and what ends it."""


@pytest.fixture
def browser() -> Browser:
    """A headless Chromium, the same for all tests in here; for a window of other options than ``page`` has."""
    if reason := why_not():
        pytest.skip(reason)
    if not _up:
        stack = ExitStack()
        _up.append((stack.enter_context(launched()), stack))
    return _up[0][0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """Ends the browser behind the last test in here: tests of other folders need its memory, and no event loop."""
    yield
    if _up and (nextitem is None or HERE not in nextitem.path.parents):
        _up.pop()[1].close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a window of its own, 1,280 x 800. The test fails on any error, and on anything said or asked for."""
    with a_page(browser) as opened:
        yield opened


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """The same without JavaScript."""
    with a_page(browser, java_script_enabled=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Shown]:
    """Reports by the names in :data:`shown_reports.REPORTS`, each made once: its JSON and its page."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("shown")
    return cache(lambda name: make(name, folder))
