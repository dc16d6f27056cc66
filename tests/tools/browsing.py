"""How tests look at a page: a headless Chromium of the machine, and what must not happen while a page is open.

The browser comes with the machine (``apt-get install chromium``), never from playwright's own servers.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What a Chromium is called, by Debian, Ubuntu and Google."""

WIDTHS = (380, 800, 1600)
"""Pixels across that a page has to be readable at: a phone, half a screen, a screen."""

THEMES = ("light", "dark")

HEIGHT = 800
"""Pixels of a window down, unless a test says otherwise."""

LOCAL = ("file:", "blob:", "data:", "about:")
"""Addresses that no network is asked for."""

GRAVE = ("serious", "critical")
"""Findings of axe that a page must not have."""

TIMEOUT_MS = 10_000
"""For anything to appear: a graph of 2,000 nodes is laid out in about a third of it."""

POLL_MS = 20
"""Between two looks at whether something has appeared."""


def chromium() -> str | None:
    """The Chromium of this machine, if there is one."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def why_not() -> str:
    """Why no page can be looked at here; empty where one can."""
    for module in ("playwright", "axe_playwright_python"):
        if find_spec(module) is None:
            return f"{module} is not installed: python -m pip install -e '.[test]'"
    return "" if chromium() else "no Chromium on this machine: apt-get install chromium"


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless Chromium; it takes about a second to come up."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium())
        try:
            yield browser
        finally:
            browser.close()


def watched(page: Page) -> list[str]:
    """Collects what must not happen on a page: errors, anything said on the console, anything asked of a network.

    A breach of the content security policy is an error on the console.
    """
    complaints: list[str] = []

    def say(what: str, text: str) -> None:
        complaints.append(f"{what}: {text}")

    page.on("console", lambda message: say(f"console {message.type}", message.text))
    page.on("pageerror", lambda error: say("page error", str(error)))
    page.on("crash", lambda _: say("crash", page.url))
    page.on("request", lambda request: None if request.url.startswith(LOCAL) else say("request", request.url))
    page.on("requestfailed", lambda request: say("request failed", request.url[:200]))
    page.on("dialog", lambda dialog: (say("dialog", dialog.message), dialog.dismiss()))
    return complaints


@contextmanager
def a_page(browser: Browser, *, width: int = 1280, height: int = HEIGHT, **options: Any) -> Iterator[Page]:
    """A page of a window of its own, without a network; at its end nothing that must not happen may have.

    Args:
        browser: Whose window.
        width: Pixels across.
        height: Pixels down.
        options: More of playwright's for a window: ``java_script_enabled``, ``color_scheme``, ``reduced_motion``, which
            is asked for unless something else is: a test need not wait until a graph has glided to its place.

    Raises:
        AssertionError: If something has.
    """
    options = {"reduced_motion": "reduce", **options}
    window = browser.new_context(viewport={"width": width, "height": height}, offline=True, **options)
    try:
        page = window.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        complaints = watched(page)
        yield page
        page.evaluate("0")  # what was on its way has arrived
        assert not complaints, "the page complains:\n" + "\n".join(complaints)
    finally:
        window.close()


def show(page: Page, file: Path) -> None:
    """Opens a file."""
    page.goto(file.resolve().as_uri())


def wait_until(page: Page, expression: str) -> None:
    """Waits until a JavaScript expression holds.

    Playwright's own ``wait_for_function`` looks again from inside the page, where the page's content security policy
    forbids it to evaluate anything: it works only where it need not wait.

    Raises:
        AssertionError: If it does not come to hold in time.
    """
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"does not come to hold within {TIMEOUT_MS / 1000:g} s: {expression}"
        page.wait_for_timeout(POLL_MS)


def overflow(page: Page) -> int:
    """Pixels by which a page is wider than its window: 0, unless a reader has to scroll sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def grave_findings(page: Page) -> list[str]:
    """What axe-core finds that keeps people from reading the page: its rule, what is wrong, and where."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{finding['id']} ({finding['impact']}): {finding['help']}: "
        + "; ".join(str(node["target"]) + " " + node["html"][:120] for node in finding["nodes"][:5])
        for finding in found
        if finding["impact"] in GRAVE
    ]
