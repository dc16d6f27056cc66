"""The plots of a page in a browser: drawn at every width and in every theme, read by keys, and gone without scripts."""

from __future__ import annotations

from pathlib import Path

import plot_samples as plots
from browsing import THEMES, WIDTHS, grave_findings, overflow, show, wait_until

from kerasdiff.comparison import Comparison
from kerasdiff.report.html.page import to_html
from kerasdiff.report.named import Named


def written(folder: Path, comparison: Comparison) -> Path:
    file = folder / "report.html"
    file.write_text(to_html(Named.of(comparison)), encoding="utf-8")
    return file


DRAWN = """[...document.querySelectorAll('.plot-drawing')].every(
    (one) => Math.abs(one.querySelector('svg.plot-svg').viewBox.baseVal.width - one.clientWidth) < 2)"""
"""That every plot is as wide as its room."""

BROKEN = "all => all.filter((one) => /NaN|undefined/.test(one.outerHTML)).map((one) => one.closest('figure').id)"
"""The plots that are drawn with what is no number."""


def test_every_figure_is_drawn(page, tmp_path: Path) -> None:
    # Those with graphs are looked at below, but for one that comes last: a page is not left while it lays out graphs.
    for name in (*(name for name, make in plots.COMPARISONS.items() if make().drawing is None), "equal"):
        show(page, written(tmp_path, plots.COMPARISONS[name]()))

        assert page.locator("figure.plot").count() == page.locator(".plot-drawing > svg.plot-svg").count() > 0, name
        assert page.locator("svg.plot-svg").evaluate_all(BROKEN) == [], name


def test_figures_fit_every_width(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, plots.whole()))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wait_until(page, DRAWN)

        assert overflow(page) == 0, width
        assert page.locator("svg.plot-svg").evaluate_all(BROKEN) == [], width


def test_plots_keep_nobody_from_reading_them(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, plots.whole()))
    page.locator(".plot-table summary").first.click()
    page.locator("#plot-depth .plot-drawing").focus()
    page.keyboard.press("End")
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)

        assert grave_findings(page) == [], theme


def test_keys_go_from_node_to_node_and_enter_shows_one_in_the_graph(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, plots.parting()))
    page.evaluate("document.addEventListener('kerasdiff:select', (event) => { window.selected = event.detail; })")
    plot = page.locator("#plot-depth .plot-drawing")
    plot.focus()
    for key in ("Home", "ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)

    assert plot.get_attribute("aria-valuenow") == "4"
    assert plot.get_attribute("aria-valuetext") == "mdl/mp_1 ↔ mp_1, b.py:28, overall 0.9, local 0.7, limit 1.0e−9"
    assert "b.py:28" in page.locator("#plot-depth .plot-tip").inner_text()

    page.keyboard.press("Enter")
    assert page.evaluate("window.selected") == {"side": "candidate", "node": "mp_1"}

    plot.focus()  # which the node in the graph has now
    page.keyboard.press("End")
    assert plot.get_attribute("aria-valuenow") == plot.get_attribute("aria-valuemax") == "14"


def test_a_click_shows_the_node_under_it_in_the_graph(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, plots.parting()))
    page.wait_for_selector("#graphs[data-ready]")
    page.locator("#plot-depth .plot-names text", has_text="c2d_128").click()
    wait_until(page, "document.querySelector('.graph-details')?.textContent.includes('c2d_128')")

    assert page.evaluate("document.activeElement.closest('#graphs') !== null")


def test_the_first_that_parts_and_the_edits_are_marked(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, plots.deep()))

    assert page.locator("#plot-depth .plot-ring").count() == 2  # one of them in the legend
    assert page.locator("#plot-depth .plot-strong").text_content() == "more_600"
    assert page.locator("#plot-depth .plot-edit-number").all_text_contents() == ["1…3"]


def test_a_mouse_reads_all_panels_at_one_epoch(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, plots.fitted(plots.fit())))
    drawing = page.locator("#plot-epochs .plot-drawing svg.plot-svg")
    drawing.scroll_into_view_if_needed()
    drawing.hover()
    told = page.locator("#plot-epochs .plot-tip").inner_text()

    assert all(
        f"{name}, {side}: " in told for name in ("test accuracy", "train loss") for side in ("reference", "candidate")
    )


def test_without_scripts_tables_hold_the_figures(plain_page, tmp_path: Path) -> None:
    show(plain_page, written(tmp_path, plots.fitted(plots.fit())))
    figure = plain_page.locator("#plot-epochs")
    figure.locator("summary").click()

    assert figure.locator(".plot-drawing").is_hidden()
    assert figure.locator("tbody tr").count() == 4
    assert "±" in figure.locator("tbody tr").first.inner_text()


def test_a_print_has_the_plots_and_no_closed_tables(page, tmp_path: Path) -> None:
    show(page, written(tmp_path, plots.parting()))
    page.emulate_media(media="print")

    assert page.locator("#plot-depth svg.plot-svg").is_visible()
    assert page.locator("#plot-depth .plot-table").is_hidden()
