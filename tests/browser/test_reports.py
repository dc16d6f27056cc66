"""Real reports in a browser, made by the commands: a pair that differs, one that does not, a fit, one model."""

from __future__ import annotations

import pytest
from browsing import HEIGHT, WIDTHS, grave_findings, overflow, show
from warm import run_warm

TITLES = {"forum": "Different", "equal": "Equivalent", "fit": "Equivalent", "model": "ConvModel_2"}


@pytest.mark.parametrize("name", TITLES)
def test_a_real_report_is_readable_by_everybody_at_any_width(page, shown, name: str) -> None:
    show(page, shown(name).html)

    assert TITLES[name] in page.get_by_role("heading", level=1).inner_text()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        assert overflow(page) == 0, width
    assert grave_findings(page) == []


@pytest.mark.parametrize("name", ["forum", "fit"])
def test_a_saved_report_gives_the_same_page(shown, tmp_path, name: str) -> None:
    made = shown(name)
    answer = run_warm("show", str(made.json), "--html", str(tmp_path / "again.html"), "--quiet")

    assert answer.stdout.count("\n") == 1, answer.stderr
    assert (tmp_path / "again.html").read_bytes() == made.html.read_bytes()


def test_the_first_screen_says_what_differs_and_where(page, shown) -> None:
    show(page, shown("forum").html)

    for text in (
        "Reference lacks relu after",
        "To make them agree, change the reference",
        "106 % of the largest value",
    ):
        assert _is_in_view(page, page.get_by_text(text).first), text
    for line in (26, 30, 34):
        assert _is_in_view(page, page.get_by_text("keras.activations.relu(x)").nth((line - 26) // 4)), line


def _is_in_view(page, found) -> bool:
    box = found.bounding_box()
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]


def test_a_page_is_small(shown) -> None:
    assert shown("forum").html.stat().st_size < 1_500_000
