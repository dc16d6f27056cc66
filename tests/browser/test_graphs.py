"""Both graphs on a page: what stands where, what opens and folds, what is found, and all of it by keys alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import drawn_samples as drawn
import pytest
from browsing import THEMES, WIDTHS, a_page, grave_findings, overflow, show

from kerasdiff.comparison import Comparison
from kerasdiff.report.html.page import to_html
from kerasdiff.report.named import Named

FAR = [("stem_conv", "stem_conv", 0.0, 0.0), ("dense_0", "dense_0", 0.25, float("inf"))]
PAIRS = {
    "skip": lambda: drawn.compared(drawn.residual(), drawn.residual(skip=3)),
    "lost": lambda: drawn.compared(drawn.residual(lost=2), drawn.residual(), FAR),
    "moved": lambda: drawn.compared(drawn.moved(2), drawn.moved(5)),
    "large": lambda: drawn.compared(drawn.residual(40), drawn.residual(40, epsilon=17)),
    "equal": lambda: drawn.compared(drawn.residual(), drawn.residual()),
    "wrapper": lambda: drawn.compared(drawn.wrapper(1), drawn.wrapper(2)),
    "hostile": lambda: drawn.compared(*(drawn.residual(name=drawn.HOSTILE, epsilon=block) for block in (None, 2))),
}
REFERENCE, CANDIDATE = ".graph-reference", ".graph-candidate"


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("graphs")
    files = {}
    for name, make in PAIRS.items():
        comparison: Comparison = make()
        files[name] = folder / f"{name}.html"
        files[name].write_text(to_html(Named.of(comparison)), encoding="utf-8")
    return files


def opened(page: Any, file: Path) -> None:
    show(page, file)
    page.wait_for_selector("#graphs[data-ready]")
    page.evaluate("document.getElementById('graphs').scrollIntoView({ behavior: 'instant' })")
    settled(page)


CALM = """async () => {
  const seen = () => [...document.querySelectorAll(".graph-stage g[transform]")]
    .map((g) => g.getAttribute("transform")).join();
  for (let before = "", calm = 0; calm < 3; ) {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))));
    calm = seen() === before ? calm + 1 : 0;
    before = seen();
  }
}"""


def settled(page: Any) -> None:
    """Waits until it is laid out and nothing moves any more."""
    page.wait_for_selector(".graph-stage:not([aria-busy])")
    page.evaluate(CALM)


OUTLINES = """(all) => all.map((g) => {
  const { x, y } = g.querySelector(".graph-outline").getBoundingClientRect();
  const view = g.closest(".graph-view").getBoundingClientRect();
  return [g.dataset.item, [x - view.x, y - view.y]];
})"""


def nodes(page: Any, side: str) -> dict[str, tuple[float, float]]:
    """What a panel shows, with where it stands in it."""
    return dict(page.eval_on_selector_all(f"{side} .graph-node", OUTLINES))


def transforms(page: Any) -> list[str]:
    """Zoom and place of each panel."""
    return list(page.eval_on_selector_all(".graph-near > g", "(all) => all.map((g) => g.getAttribute('transform'))"))


def items(page: Any) -> list[int]:
    """How many items the document holds of each panel."""
    return [page.locator(f"{side} [data-item]").count() for side in (REFERENCE, CANDIDATE)]


def keys(page: Any, *pressed: str) -> None:
    for key in pressed:
        page.keyboard.press(key)
        settled(page)


def said(page: Any) -> str:
    """What a screen reader is told of the node that is walked on."""
    return str(page.inner_text(".graph > .graph-said"))


def test_aligned_nodes_stand_on_one_line_and_gaps_show_what_a_side_lacks(page, pages) -> None:
    opened(page, pages["lost"])
    one, two = nodes(page, REFERENCE), nodes(page, CANDIDATE)

    assert len(set(two) - set(one)) == 1
    assert len(set(one) & set(two)) > 3
    for name in set(one) & set(two):
        assert one[name] == pytest.approx(two[name], abs=0.5), name
    assert page.locator(f"{REFERENCE} .graph-ghost text").all_text_contents() == ["no relu"]
    assert page.locator(f"{CANDIDATE} .graph-ghost").count() == 0
    assert page.locator(f"{CANDIDATE} .graph-state-inserted").count() == 1


def test_changes_are_seen_without_a_click(page, pages) -> None:
    for name, state in (("skip", "rewired"), ("large", "updated"), ("moved", "moved")):
        opened(page, pages[name])
        box = page.locator(f"{CANDIDATE} .graph-state-{state}").first.bounding_box()
        frame = page.locator(f"{CANDIDATE} .graph-view").bounding_box()
        assert frame["y"] < box["y"] < frame["y"] + frame["height"] - 20
        assert box["height"] > 24, "large enough to be read"
        assert page.inner_text(".graph-told").startswith("1. ")


def test_edges_of_one_side_differ_in_more_than_colour(page, pages) -> None:
    opened(page, pages["skip"])

    lost = page.locator(f"{REFERENCE} .graph-edge-deleted")
    assert (lost.count(), page.locator(f"{CANDIDATE} .graph-edge-inserted").count()) == (1, 1)
    assert lost.evaluate("(path) => getComputedStyle(path).strokeDasharray") != "none"
    page.locator(f"{REFERENCE} .graph-state-rewired").click()
    assert page.locator(".graph-details .graph-differs").all_text_contents() == [
        "≠ takesstage1_block3_dropstage1_block2_addstage1_block3_dropstage1_block1_add"
    ]


def test_a_move_is_an_arrow_across_the_panels(page, pages) -> None:
    opened(page, pages["moved"])

    assert page.locator(".graph-move[marker-end]").count() == 1
    arrow = page.locator(".graph-move").bounding_box()
    ends = [page.locator(f"{side} .graph-state-moved").bounding_box() for side in (REFERENCE, CANDIDATE)]
    assert arrow["x"] == pytest.approx(ends[0]["x"] + ends[0]["width"], abs=12)
    assert arrow["x"] + arrow["width"] == pytest.approx(ends[1]["x"], abs=20)


def test_a_click_shows_a_node_on_both_sides_and_marks_what_differs(page, pages) -> None:
    opened(page, pages["large"])
    page.locator(f"{CANDIDATE} .graph-state-updated").click()

    table = page.locator(".graph-details table")
    assert table.locator("thead th").all_text_contents()[-2:] == ["reference", "candidate"]
    differing = table.locator("tr.graph-differs")
    assert differing.all_text_contents() == ["≠ epsilon0.0011e-05"]
    assert "m.py:171" in table.inner_text()
    assert "weight gamma" in table.inner_text()
    assert page.inner_text(".graph-details .graph-tag").strip() == "~ other settings or op"
    page.locator(".graph-details .graph-link").first.click()
    settled(page)
    assert page.inner_text(".graph-details h3") == "conv"
    page.click(".graph-close")
    assert not page.is_visible(".graph-details")


def test_all_that_a_node_holds_is_told_whatever_it_is_called(page, pages) -> None:
    opened(page, pages["wrapper"])
    page.locator(f"{CANDIDATE} .graph-state-updated").click()

    names = page.locator(".graph-details tbody th").all_text_contents()
    assert [name for name in names if "weight" in name] == ["weight kernel", "weight bias", "weight kernel (2)"]
    assert "≠ setting parameters" in names


def test_figures_beyond_the_limit_stand_in_their_nodes(page, pages) -> None:
    opened(page, pages["lost"])
    page.fill(".graph-search input", "dense_0")
    page.keyboard.press("Enter")
    settled(page)

    assert page.locator(f"{CANDIDATE} .graph-found .graph-delta").all_text_contents() == ["Δ not finite"]
    page.focus(f"{CANDIDATE} .graph-view")
    keys(page, "Enter")
    assert "25 % of scale, limit 1.0e−5" in page.inner_text(".graph-details")
    assert "not finite, fed the reference's values, limit 1.0e−5" in page.inner_text(".graph-details")


def test_groups_fold_and_unfold_on_both_sides_at_once(page, pages) -> None:
    opened(page, pages["large"])
    page.click("text=Fold all")
    settled(page)
    folded = items(page)
    page.locator(f"{REFERENCE} .graph-folded-changed").click()
    settled(page)

    assert page.locator(f"{CANDIDATE} .graph-box-name").count() == 1
    assert items(page)[0] == items(page)[1] > folded[0] == folded[1]
    page.click("text=Unfold all")
    settled(page)
    assert page.locator(".graph-folded").count() == 0
    assert max(items(page)) < 100, "what is out of sight is not in the document"


def test_only_changes_are_left_when_that_is_asked_for(page, pages) -> None:
    opened(page, pages["large"])
    page.click("text=Unfold all")
    settled(page)
    page.click("text=Changes only")
    settled(page)

    assert page.get_attribute("text=Changes only", "aria-pressed") == "true"
    assert page.locator(f"{REFERENCE} .graph-state-updated").count() == 1
    assert int(page.get_attribute(".graph-stage", "data-items")) < 20
    page.click("text=Changes only")
    settled(page)
    assert page.get_attribute(".graph-stage", "data-items") == "203"


def test_search_finds_names_ops_and_lines_and_opens_what_hides_them(page, pages) -> None:
    opened(page, pages["large"])
    search = page.locator(".graph-search input")
    for text, count in (
        ("block9_norm", "1 match"),
        ("RELU", "40 matches"),
        ("m.py:173", "1 match"),
        ("nowhere", "no match"),
    ):
        search.fill(text)
        assert page.inner_text(".graph-search [role=status]") == count
    search.fill("block33_")
    search.press("Enter")
    settled(page)
    assert page.inner_text(".graph-search [role=status]") == "1 of 5"
    search.press("Shift+Enter")
    settled(page)
    assert page.inner_text(".graph-search [role=status]") == "5 of 5"
    assert page.locator(f"{REFERENCE} .graph-found").count() == 5
    assert "stage9_block33_add" in said(page)


def test_all_of_it_by_keys_alone(page, pages) -> None:
    opened(page, pages["large"])
    page.focus(f"{REFERENCE} .graph-view")
    keys(page, "n")
    assert said(page).startswith("norm stage5_block17_norm, reference, other settings or op")
    keys(page, "ArrowDown")
    assert said(page).startswith("relu stage5_block17_relu, reference, equal")
    keys(page, "ArrowUp", "ArrowUp")
    assert said(page).startswith("conv stage5_block17_conv")
    keys(page, "ArrowRight")
    assert ", candidate, " in said(page)
    assert page.evaluate("document.activeElement.dataset.side") == "1"
    keys(page, "Enter")
    assert page.inner_text(".graph-details h3") == "conv"
    keys(page, "Escape")
    assert not page.is_visible(".graph-details")
    keys(page, "f")
    assert "5 nodes, folded, 1 of them differ" in said(page)
    keys(page, "Enter")
    assert said(page).startswith("conv stage5_block17_conv")
    keys(page, "?")
    assert "next and previous change" in page.inner_text(".graph-keys")
    keys(page, "?", "/")
    assert page.evaluate("document.activeElement.type") == "search"


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_zoom_and_place_are_those_of_both_panels(browser, pages, motion: str) -> None:
    with a_page(browser, reduced_motion=motion) as page:
        zoomed_and_moved(page, pages["skip"])


def zoomed_and_moved(page: Any, file: Path) -> None:
    opened(page, file)
    before = transforms(page)
    frame = page.locator(f"{CANDIDATE} .graph-view").bounding_box()
    page.mouse.move(frame["x"] + 40, frame["y"] + 40)
    page.mouse.down()
    page.mouse.move(frame["x"] + 90, frame["y"] + 100, steps=4)
    page.mouse.up()
    settled(page)
    moved = transforms(page)
    page.focus(f"{REFERENCE} .graph-view")
    keys(page, "+")

    assert before[0] == before[1] != moved[0] == moved[1] != transforms(page)[0] == transforms(page)[1]
    page.click("text=Whole")
    settled(page)
    assert page.locator(f"{REFERENCE} .graph-view").bounding_box()["height"] > 300


def test_a_map_shows_long_graphs_and_leads_through_them(page, pages) -> None:
    opened(page, pages["skip"])
    page.click("text=Fold all")
    settled(page)
    assert not page.is_visible(".graph-map")
    opened(page, pages["large"])
    page.click("text=Unfold all")
    settled(page)
    place = page.locator(".graph-map").bounding_box()
    page.mouse.click(place["x"] + 20, place["y"] + place["height"] - 4)
    settled(page)

    assert "dense_0" in page.locator(f"{REFERENCE} .graph-id").all_text_contents()


def test_edits_and_layers_of_the_page_lead_to_the_graph(page, pages) -> None:
    opened(page, pages["large"])
    page.click("#edit-1 .graph-jump")
    settled(page)
    assert "stage5_block17_norm" in said(page)
    row = page.locator("#layer-table .graph-jump", has_text="stage5_block17_relu").nth(1)
    row.click()
    settled(page)
    assert said(page).startswith("relu stage5_block17_relu, candidate")
    assert page.inner_text(".graph-details h3") == "relu"


def test_names_with_markup_stay_text(page, pages) -> None:
    opened(page, pages["hostile"])
    page.fill(".graph-search input", "onerror")
    page.keyboard.press("Enter")
    settled(page)
    page.focus(f"{REFERENCE} .graph-view")
    keys(page, "Enter")

    assert drawn.HOSTILE in page.inner_text(".graph-details")
    assert page.locator("img").count() == 0


def test_an_equal_pair_says_so(page, pages) -> None:
    opened(page, pages["equal"])

    assert page.inner_text(".graph-told") == "No node differs."
    assert page.locator(".graph-badge").count() == 0
    assert not page.is_visible(".graph-changes")


def test_at_every_width_nothing_is_wider_than_the_window(page, pages) -> None:
    opened(page, pages["skip"])
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        settled(page)
        assert overflow(page) == 0
        assert [page.is_visible(side) for side in (REFERENCE, CANDIDATE)] == [True, width > 400]
        if width < 400:
            page.click(".graph-sides >> text=candidate")
            settled(page)
            assert page.locator(f"{CANDIDATE} .graph-state-rewired").count() == 1
            page.click(".graph-sides >> text=reference")


def test_nothing_keeps_people_from_reading_it(page, pages) -> None:
    opened(page, pages["skip"])
    page.locator(f"{CANDIDATE} .graph-state-rewired").click()
    page.focus(f"{CANDIDATE} .graph-view")
    keys(page, "?")
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert grave_findings(page) == []


def test_without_scripts_the_table_tells_the_same(plain_page, pages) -> None:
    show(plain_page, pages["skip"])

    assert "the table below tells the same" in plain_page.inner_text("#graphs")
    assert "stage1_block3_add" in plain_page.inner_text("#layer-table")


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("delete window.DecompressionStream;", "DecompressionStream is not defined"),
        (
            "const Real = Worker; window.Worker = class extends Real { constructor() {"
            " super(URL.createObjectURL(new Blob(['throw new Error(7)']))); } };",
            "7",
        ),
    ],
    ids=["nothing unpacks the worker", "the worker fails"],
)
def test_a_browser_that_cannot_draw_says_so(page, pages, broken: str, why: str) -> None:
    page.add_init_script(broken)
    show(page, pages["skip"])
    page.wait_for_selector("#graphs > p:only-child")

    assert page.inner_text("#graphs").startswith("The graphs cannot be drawn in this browser (")
    assert why in page.inner_text("#graphs")
    page.get_by_label("changes only").first.check()
    assert page.locator("#layer-table tbody tr:visible").count() == 1
