"""The page of a comparison in a browser: at every width, in both themes, on paper, without scripts; its controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import page_samples
import pytest
import report_samples as samples
from browsing import THEMES, WIDTHS, a_page, grave_findings, overflow, show

from kerasdiff.comparison import Comparison
from kerasdiff.report.html.inspected import inspected_html
from kerasdiff.report.html.page import to_html
from kerasdiff.report.named import Named

MAKERS: dict[str, Callable[[], str]] = {
    "forum": lambda: to_html(Named.of(page_samples.forum())),
    "every state": lambda: to_html(Named.of(samples.every_state())),
    "hostile": lambda: to_html(page_samples.hostile_named()),
    "model": lambda: inspected_html(samples.description(), target="net.py:Net"),
    "not compared": lambda: to_html(
        Named(name="gate", targets=("a.py:A", "b.py:B"), error="a.py has no `A`.", passed=False)
    ),
}


LOOKED_AT = ("every state", "model", "not compared")
"""Those that hold every kind of element between them: axe takes a second a page."""


def written(folder: Path, text: str) -> Path:
    file = folder / "page.html"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("name", MAKERS)
def test_a_page_is_readable_at_every_width_and_in_both_themes(browser, tmp_path: Path, name: str) -> None:
    file = written(tmp_path, MAKERS[name]())

    with a_page(browser) as page:
        show(page, file)
        for theme in THEMES if name in LOOKED_AT else ():
            page.emulate_media(color_scheme=theme)
            assert grave_findings(page) == []
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert overflow(page) == 0, width
            assert page.evaluate("document.images.length") == 0


def test_the_first_screen_holds_the_verdict_the_targets_the_size_and_the_code(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, to_html(Named.of(replace(page_samples.forum(), fit=None)))))

    for selector in ("h1", ".cause", ".sides .reference", ".sides .candidate", ".sizes", ".code.reference"):
        box = page.locator(selector).first.bounding_box()
        assert box["y"] + box["height"] <= 800, selector
    left, right = (page.locator(f".code.{side}").bounding_box() for side in ("reference", "candidate"))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    marked = page.locator(".code.candidate .named")
    assert marked.count() == 3
    assert "new = line(27)" in marked.first.inner_text()
    assert marked.last.bounding_box()["y"] < 800


def test_without_scripts_all_of_it_is_there(plain_page, tmp_path: Path) -> None:
    show(plain_page, written(tmp_path, to_html(Named.of(samples.long(40)))))

    rows = plain_page.locator("#layer-table tbody tr")
    assert rows.count() == len(samples.long(40).rows)
    assert all(rows.nth(number).is_visible() for number in (0, rows.count() // 2, rows.count() - 1))
    assert not plain_page.locator("#layer-tools").is_visible()
    assert not plain_page.locator("#theme").is_visible()
    assert overflow(plain_page) == 0


def test_the_switch_changes_the_theme_and_the_system_decides_before(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, MAKERS["forum"]()))
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)

    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.get_by_role("button", name="Show the page light").click()
    assert page.evaluate(ground) == light
    page.get_by_role("button", name="Show the page dark").press("Enter")
    assert page.evaluate(ground) == dark


def test_long_runs_of_equal_layers_fold_and_open(page, tmp_path: Path) -> None:
    comparison = samples.long(40)
    show(page, written(tmp_path, to_html(Named.of(comparison))))
    rows = page.locator("#layer-table tbody:not(.fold) tr:visible")
    folded = page.locator(".fold button")
    before = rows.count()

    assert before < len(comparison.rows)
    assert folded.first.get_attribute("aria-expanded") == "false"
    folded.first.press("Enter")
    assert folded.first.get_attribute("aria-expanded") == "true"
    assert rows.count() > before


def test_layers_are_searched_and_filtered(page, tmp_path: Path) -> None:
    comparison = page_samples.forum()
    show(page, written(tmp_path, to_html(Named.of(comparison))))
    rows = page.locator("#layer-table tbody tr:visible")

    page.get_by_label("changes only").first.check()
    assert rows.count() == 3
    page.get_by_label("Search", exact=True).first.fill("relu_2")
    assert rows.count() == 1
    assert page.locator("#layer-found").inner_text() == f"1 of {len(comparison.rows)} rows"
    page.get_by_label("changes only").first.uncheck()
    page.get_by_label("Search", exact=True).first.fill("")
    assert rows.count() == len(comparison.rows)


def test_the_keyboard_reaches_the_report_first(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, MAKERS["forum"]()))

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("scripts", [True, False])
def test_on_paper_nothing_is_hidden_or_cut(browser, tmp_path: Path, scripts: bool) -> None:
    file = written(tmp_path, to_html(Named.of(deep_with_code())))

    with a_page(browser, width=720, java_script_enabled=scripts) as page:
        show(page, file)
        page.emulate_media(media="print", color_scheme="dark")
        assert page.locator(".top").is_hidden()
        assert page.locator("#layer-table tbody:not(.fold) tr:visible").count() == len(samples.deep(40).rows)
        cut = "[...document.querySelectorAll('.scroll, pre')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
        assert page.evaluate(cut) == 0
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.pdf(format="A4").startswith(b"%PDF")


def deep_with_code() -> Comparison:
    """A pair with rows that fold, and with code whose lines are long."""
    forum, deep = page_samples.forum(), samples.deep(40)
    assert forum.drawing is not None
    sides = tuple(
        replace(
            side,
            excerpts=tuple(
                replace(held, lines=tuple(f"{line}  # {'long ' * 60}" for line in held.lines)) for held in side.excerpts
            ),
        )
        for side in forum.drawing.sides
    )
    return replace(deep, edits=forum.edits, drawing=replace(forum.drawing, sides=(sides[0], sides[1])))
