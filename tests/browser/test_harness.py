"""What looks at pages sees what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import browsing
import pytest
from browsing import THEMES, WIDTHS, a_page, grave_findings, overflow, show, wait_until

HEAD = "<!doctype html><html lang=en><meta charset=utf-8><title>A page</title>"
WRONG = {
    "<meta http-equiv=Content-Security-Policy content=\"style-src 'none'\"><style>p {}</style>": "console error: Appl",
    "<script>console.error('no')</script>": "console error: no",
    "<script>setTimeout(() => { throw new Error('broken') })</script>": "page error: broken",
    "<script>Promise.reject(new Error('late'))</script>": "page error: late",
    "<img alt='' src=https://example.org/a.png>": "request: https://example.org/a.png",
    "<script>alert('in the way')</script>": "dialog: in the way",
}


def written(folder: Path, text: str) -> Path:
    file = folder / "page.html"
    file.write_text(HEAD + text, encoding="utf-8")
    return file


def test_what_must_not_happen_on_a_page_fails_its_test(browser, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="the page complains") as failed, a_page(browser) as page:
        show(page, written(tmp_path, "".join(WRONG)))

    for complaint in WRONG.values():
        assert f"\n{complaint}" in str(failed.value)


def test_a_quiet_page_passes(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, "<main><h1>Fine</h1></main><script>document.title = 'ran'</script>"))

    assert page.title() == "ran"
    assert grave_findings(page) == []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert page.evaluate(f"matchMedia('(prefers-color-scheme: {theme})').matches")


def test_a_page_without_scripts_runs_none(plain_page, tmp_path: Path) -> None:
    show(plain_page, written(tmp_path, "<noscript>Still here</noscript><script>document.title = 'ran'</script>"))

    assert plain_page.title() == "A page"
    assert plain_page.inner_text("body") == "Still here"


def test_what_keeps_people_from_reading_a_page_is_found(page, tmp_path: Path) -> None:
    pale = "<p style='color:#ccc;background:#fff'>pale</p><img src=data:,><div style='width:900px'>wide</div>"
    show(page, written(tmp_path, f"<body style='margin:0'><main><h1>A</h1>{pale}</main>"))

    assert [finding.split()[0] for finding in grave_findings(page)] == ["color-contrast", "image-alt"]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert overflow(page) == max(0, 900 - width)


def test_what_appears_late_is_waited_for_where_a_policy_forbids_evaluation(page, tmp_path: Path) -> None:
    policy = "<meta http-equiv=Content-Security-Policy content=\"script-src 'unsafe-inline'\">"
    late = "<script>setTimeout(() => { document.title = 'late' }, 200)</script>"
    show(page, written(tmp_path, policy + late))
    wait_until(page, "document.title === 'late'")

    assert page.title() == "late"


def test_what_never_appears_fails_its_test(page, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(browsing, "TIMEOUT_MS", 50)
    show(page, written(tmp_path, ""))

    with pytest.raises(AssertionError, match="does not come to hold within"):
        wait_until(page, "false")
