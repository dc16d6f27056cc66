"""The page of a comparison: what it brings along, what it tells, and that names in it are text."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import get_args

import page_samples
import pytest
import report_samples as samples
from jinja2 import Environment
from page_samples import ATTACK

from kerasdiff.align.edits import Delete, Insert
from kerasdiff.comparison import Comparison, Reason, Verdict
from kerasdiff.findings import SIDES, Site
from kerasdiff.graph import Source
from kerasdiff.report import wording
from kerasdiff.report.cleaning import clean
from kerasdiff.report.html import rendering
from kerasdiff.report.html.assets import LIBRARIES, assets
from kerasdiff.report.html.code import Hunk, hunks
from kerasdiff.report.html.inspected import inspected_html
from kerasdiff.report.html.page import to_html
from kerasdiff.report.html.rendering import data, environment
from kerasdiff.report.named import Named
from kerasdiff.report.wording.sizes import sizes
from kerasdiff.report.wording.verdict.brief import CUT_OFF
from kerasdiff.rungs.records import RowState
from kerasdiff.side.records import CONTEXT, Excerpt
from kerasdiff.side.revisions.records import Commit

HOME = files("kerasdiff.report.html")


BLOCKS = (
    "td",
    "th",
    "dt",
    "dd",
    "li",
    "p",
    "span",
    "h1",
    "h2",
    "h3",
    "h4",
    "caption",
    "figcaption",
    "summary",
    "title",
)
"""Elements whose end parts words."""


class Page(HTMLParser):
    """A page as a browser reads it: its elements, its text, and the data of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in self.inside:
            self.inside[tag].append("")
        if tag not in ("meta", "link", "input", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag in BLOCKS:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.inside:
            self.inside[self.open[-1]][-1] += data
        else:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [held for name, held in self.tags if name == tag]

    @property
    def text(self) -> str:
        """What a reader sees, with single spaces."""
        return " ".join("".join(self.words).split())


def page_of(comparison: Comparison, **given: str) -> Page:
    return Page(to_html(replace(Named.of(comparison), **given)))


def plain(sentence: str) -> str:
    """A sentence as a page has it, where quotes have become code."""
    return " ".join(sentence.replace("`", "").split())


# What it brings along -----------------------------------------------------------------------------------------


def test_libraries_of_others_are_unmodified_and_come_with_their_licences() -> None:
    vendor = HOME / "vendor"
    held = json.loads((vendor / "vendor.json").read_text())
    seen = {"vendor.json"}

    for library in held.values():
        for name, file in library["files"].items():
            content = (vendor / name).read_bytes()
            content = gzip.decompress(content) if name.endswith(".gz") else content
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == file["digest"], name
            seen.add(name)
        assert any("LICENSE" in name for name in library["files"])
        assert library["integrity"].startswith("sha512-")
    assert {file.name for file in vendor.iterdir()} == seen
    for library, licence in LIBRARIES.items():
        before, _, _ = assets().script.partition((vendor / library).read_text("utf-8"))
        assert before.endswith(f"{(vendor / licence).read_text('utf-8')}*/\n"), library


def test_scripts_of_ours_share_their_names_with_nothing_else() -> None:
    for drawn in (True, False):
        _, _, ours = f"\n{assets(drawn=drawn).script}".rpartition("\n(() => {\n")

        assert ours.startswith('"use strict";\n')
        assert ours.endswith("\n})();")
        assert all(
            file.read_text("utf-8") in ours for file in (HOME / "assets" / "page").iterdir() if file.suffix == ".js"
        )


def test_nothing_that_a_page_brings_along_ends_the_element_it_stands_in() -> None:
    brought = assets()

    assert "</script" not in brought.script.lower()
    assert "<!--" not in brought.script
    assert "</style" not in brought.style.lower()


def test_no_script_of_ours_makes_markup_of_text() -> None:
    scripts = [file for part in ("page", "graph", "plots") for file in (HOME / "assets" / part).iterdir()]
    ways = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.html\(|DOMParser|\beval\(|new Function"
    )

    assert len(scripts) > 3
    assert [file.name for file in scripts if file.name.endswith(".js") and ways.search(file.read_text())] == []


def test_the_worker_in_a_page_is_the_one_that_was_published() -> None:
    packed = base64.b64decode(assets().worker)

    assert gzip.decompress(packed) == gzip.decompress((HOME / "vendor" / "elk-worker.min.js.gz").read_bytes())


@pytest.mark.parametrize("make", [page_samples.forum, page_samples.hostile, samples.every_state])
def test_a_page_lets_its_own_style_and_script_in_and_nothing_else(make: Callable[[], Comparison]) -> None:
    page = page_of(make())
    scripts = [
        text
        for held, text in zip(page.all("script"), page.inside["script"], strict=True)
        if held.get("type", "text/javascript") == "text/javascript"
    ]
    policies = [held["content"] for held in page.all("meta") if held.get("http-equiv") == "Content-Security-Policy"]

    assert len(scripts) == len(page.inside["style"]) == len(policies) == 1
    for name, text in (("script", scripts[0]), ("style", page.inside["style"][0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policies[0]
    assert policies[0].startswith("default-src 'none'; ")
    assert "unsafe" not in policies[0]


@pytest.mark.parametrize("make", [page_samples.forum, page_samples.hostile, samples.every_state])
def test_a_page_asks_no_network_and_styles_nothing_inline(make: Callable[[], Comparison]) -> None:
    page = page_of(make())

    assert [tag for tag, held in page.tags if "style" in held or any(name.startswith("on") for name in held)] == []
    assert [tag for tag, held in page.tags if "src" in held or "srcset" in held] == []
    assert [held["href"] for held in page.all("link")] == ["data:,"]
    addresses = [held["href"] for held in page.all("a")]
    assert {address for address in addresses if not address.startswith("#")} == {
        "https://github.com/kieler/elkjs",
        "https://d3js.org",
    }


# Names are text -----------------------------------------------------------------------------------------------


def test_names_are_text_wherever_they_stand() -> None:
    text = to_html(page_samples.hostile_named())
    page = Page(text)

    assert "<img" not in text
    assert page.all("img") == []
    assert page.text.count(ATTACK) > 20
    assert page.text.count("{{7*7}}") == page.text.count("{% raw %}") > 20
    assert "49" not in page.text.replace("0.849", "")


@pytest.mark.parametrize(
    "make", [lambda: to_html(page_samples.hostile_named()), lambda: inspected_html(samples.description())]
)
def test_what_nobody_sees_is_written_out(make: Callable[[], str]) -> None:
    page = Page(make())
    shown = "".join(page.words) + "".join(value for _, held in page.tags for value in held.values())

    assert [
        char for char in shown if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char != "\n"
    ] == []


def test_the_data_of_scripts_hold_no_markup_and_say_the_same() -> None:
    page = page_of(page_samples.hostile())
    held = zip(page.all("script"), page.inside["script"], strict=True)
    told = {kept["id"]: text for kept, text in held if kept.get("type") == "application/json"}

    assert "graph-data" in told
    for name, text in told.items():
        assert "<" not in text
        texts = list(texts_of(json.loads(text)))
        assert all(map(str.isprintable, texts))
        assert ATTACK in " ".join(texts) or name != "graph-data"


def texts_of(held: object) -> Iterator[str]:
    """All that some JSON says."""
    if isinstance(held, str):
        yield held
    elif isinstance(held, dict):
        for key, value in held.items():
            yield from (key, *texts_of(value))
    elif isinstance(held, list):
        for value in held:
            yield from texts_of(value)


@pytest.mark.parametrize("text", ["a\nb", "\x1b", "\x7f", "\u202e", "\ud800", "\\n\n"])
def test_data_hold_nothing_that_nobody_sees(text: str) -> None:
    assert json.loads(data({"name": text})) == {"name": clean(text)}


@pytest.mark.parametrize("text", ["plain", "\\n", "\\\\u0000", "层 → ×", '"quoted"', "</script>&amp;"])
def test_data_keep_what_can_be_seen(text: str) -> None:
    assert json.loads(data({"name": text, "more": [text, 1.5, None]})) == {"name": text, "more": [text, 1.5, None]}


# What it tells ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [page_samples.forum, samples.every_state, samples.deep])
def test_a_page_tells_what_the_terminal_tells(make: Callable[[], Comparison]) -> None:
    comparison = make()
    text = page_of(comparison).text

    for position, edit in enumerate(comparison.edits):
        for sentence in (wording.message(edit), wording.effect_told(comparison, position), *wording.settings(edit)):
            assert plain(clean(sentence)) in text
        assert all(plain(clean(wording.standing(edit, side))) in text for side in (0, 1) if any(edit.sites))
    told = [wording.summary(comparison), wording.advice(comparison), wording.unloadable(comparison)]
    told += [wording.detail(rung) for rung in comparison.rungs]
    told += [text for term in wording.terms(comparison) for text in term]
    told += [wording.sentence(item.reason) for item in comparison.not_checked]
    told += [wording.model(comparison.reference), wording.model(comparison.candidate)]
    if comparison.fit is not None:
        told += [remark.text for remark in wording.remarks(comparison.fit)]
    if comparison.attribution is not None:
        told += [wording.explained(comparison.attribution, comparison.edits)]
        told += [wording.size(item) for item in comparison.attribution.local]
    for sentence in filter(None, told):
        assert plain(clean(sentence)) in text


def test_every_row_of_the_table_stands_on_the_page_with_its_state() -> None:
    comparison = samples.long(40)
    page = page_of(comparison)
    rows = [held["class"] for held in page.all("tr") if held.get("class") in get_args(RowState)]

    assert rows == [row.state for row in comparison.rows]
    assert any("data-fold" in held for held in page.all("tbody"))
    assert all(node.id in page.text for row in comparison.rows if (node := row.reference) is not None)


def test_the_first_screen_says_how_much_differs() -> None:
    forum = samples.forum()
    text = page_of(forum).text

    assert "outputs 84 % of the largest value" in text
    assert [size.what for size in sizes(forum)][:3] == ["outputs", "training outputs", "gradients"]
    assert all(size.beyond for size in sizes(forum)[:3])


def test_what_was_not_attributed_is_told_in_numbers() -> None:
    told = sizes(replace(samples.forum(), attribution=None))

    assert told
    assert told[0].what.startswith("inference, probe ")
    assert "%" in told[0].amount


def test_a_comparison_that_was_cut_off_says_so() -> None:
    assert CUT_OFF in page_of(replace(samples.forum(), interrupted=True)).text
    assert CUT_OFF not in page_of(samples.forum()).text


def test_an_equal_pair_has_no_edits() -> None:
    verdict = Verdict(outcome="equivalent", basis="proof", reason=Reason.PROOF)
    page = page_of(replace(samples.forum(), verdict=verdict, edits=(), attribution=None))

    assert "Equivalent" in page.text
    assert "edits" not in [held.get("id") for held in page.all("section")]
    assert "#edits" not in [held["href"] for held in page.all("a")]


def test_commits_and_baselines_are_named() -> None:
    forum = samples.forum()
    commit = Commit(name="main", commit="3f2a91c" + "0" * 33, short="3f2a91c", subject="Widen the head")

    assert "3f2a91c Widen the head" in page_of(replace(forum, reference=replace(forum.reference, commit=commit))).text


def test_the_first_screen_says_what_a_side_runs_with() -> None:
    forum = samples.forum()
    reference = replace(forum.reference, environment={"keras": "2.21.0"}, python="old/bin/python")

    assert "with keras 2.21.0 (old/bin/python)" in page_of(replace(forum, reference=reference)).text
    assert "with keras" not in page_of(forum).text


def test_a_pair_that_could_not_be_compared_has_a_page() -> None:
    named = Named(
        name="gate", targets=("a.py:A", "b.py:B"), error="a.py has no `A`.", passed=False, file="p.toml", line=3
    )
    text = to_html(named)
    page = Page(text)

    assert len(text) < 50_000, "without what draws"
    assert "Not compared gate a.py has no A. p.toml:3" in page.text.replace("! ", "")
    assert "a.py:A" in page.text
    assert page.all("script") == [{}]


def test_a_page_is_the_same_twice() -> None:
    assert to_html(Named.of(page_samples.forum())) == to_html(Named.of(page_samples.forum()))


def test_one_model_has_a_page() -> None:
    text = Page(inspected_html(samples.description(), target="net.py:Net")).text

    for words in (
        "Net 64 parameters",
        "net.py:Net",
        "ids (?, 8) int32 in 0..100",
        "dense@2",
        "mask=dense[1]",
        "d/kernel",
    ):
        assert words in text
    assert "(64)" in text
    assert "weights a node above has counted already" in text
    assert "ValueError: [bold]no[/bold]" in text


def test_a_mode_that_cannot_be_traced_is_said() -> None:
    page = Page(inspected_html(samples.description(), "training"))

    assert "the model could not be traced in training mode; the notes say why" in page.text
    assert "graph-data" not in [held.get("id") for held in page.all("script")]


# Reading ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [page_samples.forum, samples.every_state, samples.deep])
def test_tables_and_sections_are_named_for_those_who_hear_them(make: Callable[[], Comparison]) -> None:
    text = to_html(Named.of(make()))
    page = Page(text)
    ids = [held["id"] for _, held in page.tags if "id" in held]

    assert len(ids) == len(set(ids))
    for _, held in page.tags:
        for name in ("aria-labelledby", "for"):
            assert set(held.get(name, "").split()) <= set(ids)
    assert {held["href"][1:] for held in page.all("a") if held["href"].startswith("#")} <= set(ids)
    assert [tag for tag, _ in page.tags if tag in ("header", "nav", "main", "footer")] == [
        "header",
        "nav",
        "main",
        "footer",
    ]
    assert len(page.all("h1")) == 1
    assert all("scope" in held for held in page.all("th"))
    assert text.count("<table") <= text.count("<caption") + text.count("plot-scroll")
    assert all(held.get("tabindex") == "0" for _, held in page.tags if held.get("class", "").split()[:1] == ["scroll"])


def test_headings_leave_no_level_out() -> None:
    page = page_of(page_samples.forum())
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]

    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


# Code ---------------------------------------------------------------------------------------------------------


def code_of(hunk: Hunk, side: int) -> list[tuple[int, tuple[int, ...], bool]]:
    """The lines of a side that are marked."""
    lines = [line for stretch in hunk.sides[side] for line in stretch.lines]
    return [(line.number, line.edits, line.here) for line in lines if line.edits]


def test_edits_close_to_each_other_stand_in_one_hunk() -> None:
    forum = page_samples.forum()
    (hunk,) = hunks(forum, (2, 0, 1))

    assert hunk.edits == (0, 1, 2)
    assert code_of(hunk, 1) == [(27, (1,), False), (31, (2,), False), (35, (3,), False)]
    assert code_of(hunk, 0) == [(33, (1, 2, 3), True)]
    numbers = [line.number for stretch in hunk.sides[1] for line in stretch.lines]
    assert numbers == list(range(27 - CONTEXT, 35 + CONTEXT + 1))


def inserts(*lines: int) -> Comparison:
    """The forum's pair with insertions at some lines of the candidate, and nowhere in the reference."""
    edits = tuple(
        Insert(
            op="relu", reference=None, candidate=Site(node=f"n{line}", op="relu", source=Source(file="b.py", line=line))
        )
        for line in lines
    )
    return replace(page_samples.forum(), edits=edits)


def test_edits_far_from_each_other_stand_in_hunks_of_their_own() -> None:
    found = list(hunks(inserts(15, 15 + 2 * CONTEXT + 1, 45), (0, 1, 2)))

    assert [hunk.edits for hunk in found] == [(0, 1), (2,)]
    assert all(hunk.sides[0] == () for hunk in found)


def test_code_of_one_side_stands_beside_that_of_the_other_which_follows_it() -> None:
    forum = inserts(15, 45)
    made = Site(node="mha", op="mha", source=Source(file="a.py", line=20))
    deleted = Delete(op="mha", reference=made, candidate=None)
    found = list(hunks(replace(forum, edits=(forum.edits[0], deleted, forum.edits[1])), (0, 1, 2)))

    assert [hunk.edits for hunk in found] == [(0, 1), (2,)]
    assert code_of(found[0], 0) == [(20, (2,), False)]
    assert code_of(found[0], 1) == [(15, (1,), False)]


def test_lines_that_are_not_known_are_left_out() -> None:
    (hunk,) = hunks(inserts(9), (0,))

    assert hunk.sides == ((), ())


def test_the_order_of_hunks_is_that_of_the_edits_that_matter() -> None:
    assert [hunk.edits for hunk in hunks(inserts(15, 45), (1, 0))] == [(1,), (0,)]


@pytest.mark.parametrize(
    ("lines", "classes"),
    [
        (("x = 1  # one",), [["n", "c"]]),
        (("Ends a text.", '"""', "x = relu(x)", "y = 2"), [["s"], ["s"], [], ["n"]]),
        (('"""Begins', "and ends", '"""', "x = 2"), [["s"], ["s"], ["s"], ["n"]]),
        (("def f(x):", "", "    return None"), [["k", "f"], [], ["k", "k"]]),
    ],
)
def test_code_is_coloured_by_what_it_is(lines: tuple[str, ...], classes: list[list[str]]) -> None:
    forum = inserts(12)
    assert forum.drawing is not None
    excerpt = Excerpt(file="b.py", first=12, lines=lines)
    sides = (forum.drawing.sides[0], replace(forum.drawing.sides[1], excerpts=(excerpt,)))
    (hunk,) = hunks(replace(forum, drawing=replace(forum.drawing, sides=sides)), (0,))
    (stretch,) = hunk.sides[1]

    assert [re.sub("<[^>]+>", "", line.code).replace("&#34;", '"') for line in stretch.lines] == list(
        lines[: CONTEXT + 1]
    )
    found = [re.findall('class="(.)"', line.code) for line in stretch.lines]
    assert [sorted(set(names)) for names in found] == [sorted(set(names)) for names in classes[: CONTEXT + 1]]


def test_code_that_both_sides_share_is_told_as_that_of_each() -> None:
    (hunk,) = hunks(inserts(15), (0,))
    told = environment().get_template("code.html.j2").module.code(replace(hunk, sides=(hunk.sides[1],) * 2))

    assert re.findall('<span class="side">(.*?)</span>', told) == list(SIDES)


def test_the_lines_of_code_stand_on_the_page_of_both_sides() -> None:
    page = page_of(page_samples.forum())

    assert "new=line(27)" in page.text.replace(" ", "")
    assert "old=line(33)" in page.text.replace(" ", "")
    assert [held["aria-label"] for held in page.all("pre")] == [f"Code of the {side}" for side in SIDES]


# Speed --------------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where templates are kept compiled, with none so far."""
    (tmp_path / "templates").mkdir()
    monkeypatch.setattr(rendering, "HERE", tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    rendering.environment.cache_clear()
    yield tmp_path / "templates"
    rendering.environment.cache_clear()


def test_templates_are_compiled_once(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = to_html(Named.of(samples.forum()))
    rendering.environment.cache_clear()
    monkeypatch.setattr(Environment, "compile", None)

    assert to_html(Named.of(samples.forum())) == page
    assert {file.suffix for file in (fresh / "__pycache__").iterdir()} == {f".{sys.implementation.cache_tag}"}


def test_templates_are_compiled_each_time_where_nothing_may_be_written(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    page = to_html(Named.of(samples.forum()))
    assert list(fresh.iterdir()) == []

    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (fresh / "__pycache__").write_text("a file in the way")
    rendering.environment.cache_clear()
    assert to_html(Named.of(samples.forum())) == page


def test_a_compiled_template_that_is_broken_or_old_is_compiled_anew(fresh: Path) -> None:
    page = to_html(Named.of(samples.forum()))
    for file in (fresh / "__pycache__").iterdir():
        file.write_bytes(file.read_bytes()[:40])
    rendering.environment.cache_clear()

    assert to_html(Named.of(samples.forum())) == page
