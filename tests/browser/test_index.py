"""The index of a check in a browser: read, filtered, followed."""

from __future__ import annotations

from pathlib import Path

import check_samples
import pytest
from browsing import HEIGHT, THEMES, WIDTHS, grave_findings, overflow, show
from click.testing import CliRunner

from kerasdiff.cli import main
from kerasdiff.report.commands.check import check_json


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check")
    (folder / "c.json").write_text(check_json(check_samples.check()), encoding="utf-8")
    done = CliRunner().invoke(main, ["show", str(folder / "c.json"), "--html", str(folder / "pages")])
    assert done.exit_code == 1, done.stderr
    return folder / "pages" / "index.html"


def test_an_index_is_readable_by_everybody_at_any_width(page, index: Path) -> None:
    show(page, index)

    assert page.title() == "Failed: kerasdiff.toml"
    assert page.locator("tbody tr").count() == 5
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        assert overflow(page) == 0, width
    for theme, width in zip(THEMES, WIDTHS, strict=False):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": HEIGHT})
        assert grave_findings(page) == [], (theme, width)


def test_pairs_that_pass_are_left_out_where_that_is_wanted(page, index: Path) -> None:
    show(page, index)
    page.get_by_label("Only what does not pass").check()

    shown = [row.get_by_role("rowheader").inner_text().split("\n")[0] for row in page.locator("tbody tr:visible").all()]
    assert shown == ["Backbone", "Head: <b>v2</b> & 'more' \\x1b[2J", "index"]


def test_a_pair_is_followed_to_its_page_and_back(page, index: Path) -> None:
    show(page, index)
    page.get_by_role("link", name="<b>v2</b>").click()

    assert page.url.startswith(index.parent.as_uri())
    assert page.title().startswith("inconclusive")
    page.get_by_role("link", name="All pairs").click()
    assert page.url == index.as_uri()


def test_an_index_needs_no_script(plain_page, index: Path) -> None:
    show(plain_page, index)
    plain_page.get_by_label("Only what does not pass").check()
    plain_page.get_by_text("What would let it pass").first.click()

    assert plain_page.locator("tbody tr:visible").count() == 3
    assert plain_page.get_by_text("If it is meant, write at kerasdiff.toml:5").is_visible()
