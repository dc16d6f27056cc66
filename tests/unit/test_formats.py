"""What build servers, code scanning and pull requests are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema
import pytest
import report_samples as samples
from markdown_it import MarkdownIt
from schemas import sarif_validator

from kerasdiff.align.edits import Delete, Edit, Insert
from kerasdiff.comparison import Comparison, Reason, Verdict
from kerasdiff.findings import Site
from kerasdiff.graph import Source
from kerasdiff.report.formats.github import MOST, to_github
from kerasdiff.report.formats.junit import to_junit
from kerasdiff.report.formats.markdown import MOST_CHARACTERS, cell, code, text, to_markdown
from kerasdiff.report.formats.remarks import remarks
from kerasdiff.report.formats.sarif import to_sarif
from kerasdiff.report.named import Named
from kerasdiff.side.locations import Location
from kerasdiff.side.revisions.records import Commit

HOSTILE = "a|b`c`\n](x)<img src=x>\x1b[2J\x00\ufffe\ud800 @octocat #1 *b* _c_ {0} %0A::error::x, 层"
FORMATS: tuple[Callable[[list[Named]], str], ...] = (to_markdown, to_junit, to_sarif, to_github)


def hostile() -> Comparison:
    """A comparison in which every name that models and files give is an attack on some format."""
    forum = samples.forum()
    site = Site(node=HOSTILE, op=HOSTILE, display=HOSTILE, kind="layer", source=Source(file=f"{HOSTILE}.py", line=3))
    edits: tuple[Edit, ...] = (
        Insert(op=HOSTILE, reference=None, candidate=site, after=(HOSTILE, HOSTILE)),
        Delete(op=HOSTILE, reference=site, candidate=None, after=(HOSTILE, HOSTILE)),
    )
    model = replace(forum.candidate, target=f"{HOSTILE}.py:{HOSTILE}", class_name=HOSTILE)
    return replace(forum, edits=edits, reference=model, candidate=model, attribution=None)


def equal() -> Comparison:
    verdict = Verdict(outcome="equivalent", basis="proof", reason=Reason.PROOF)
    return replace(samples.forum(), verdict=verdict, edits=(), attribution=None)


def several() -> list[Named]:
    """A pair that differs, one that passes, one that is to differ, one that cannot be loaded, one that is left out."""
    forum = samples.forum()
    pair = ("git:main:net.py:Net", "net.py:Net")
    return [
        replace(Named.of(forum, "forum"), file="pyproject.toml", line=12),
        Named.of(equal(), "refactor"),
        replace(Named.of(forum, "known"), expected="different", passed=True),
        Named(name="broken", targets=pair, passed=False, error="net.py:Net: no such name.", file="k.toml", line=3),
        Named(name="left", targets=pair, passed=True, skipped=True, reason="nothing of it changed"),
    ]


CASES: dict[str, Callable[[], list[Named]]] = {
    "forum": lambda: [Named.of(samples.forum())],
    "every_state": lambda: [Named.of(samples.every_state())],
    "deep": lambda: [Named.of(samples.deep())],
    "equal": lambda: [Named.of(equal())],
    "hostile": lambda: [Named.of(hostile())],
    "several": several,
    "two_hostile": lambda: [Named.of(hostile(), HOSTILE), Named.of(hostile(), "b")],
}


@pytest.mark.parametrize("render", FORMATS, ids=lambda render: render.__name__)
@pytest.mark.parametrize("case", list(CASES))
def test_a_format_is_the_same_twice_and_holds_no_character_that_nobody_sees(
    case: str, render: Callable[[list[Named]], str]
) -> None:
    told = render(CASES[case]())

    assert told == render(CASES[case]())
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]", told)
    told.encode()


# SARIF --------------------------------------------------------------------------------------------------------


def sarif(case: str) -> dict[str, Any]:
    (run,) = json.loads(to_sarif(CASES[case]()))["runs"]
    return run


@pytest.mark.parametrize("case", list(CASES))
def test_sarif_is_valid(case: str) -> None:
    sarif_validator().validate(json.loads(to_sarif(CASES[case]())))


def test_the_validator_refuses_what_is_no_sarif() -> None:
    with pytest.raises(jsonschema.ValidationError):
        sarif_validator().validate({"version": "2.1.0", "runs": [{"tool": {"driver": {}}, "results": []}]})


def test_each_edit_is_a_result_on_its_line_of_the_candidate() -> None:
    results = sarif("forum")["results"]

    assert [result["ruleId"] for result in results] == ["insert"] * 3
    assert [result["level"] for result in results] == ["error"] * 3
    places = [result["locations"][0]["physicalLocation"] for result in results]
    assert [place["region"]["startLine"] for place in places] == [27, 31, 35]
    assert {(place["artifactLocation"]["uri"], place["artifactLocation"]["uriBaseId"]) for place in places} == {
        ("examples/forum/b.py", "%SRCROOT%")
    }
    related = [result["relatedLocations"][0]["physicalLocation"] for result in results]
    assert {place["artifactLocation"]["uri"] for place in related} == {"examples/forum/a.py"}


def test_a_deletion_is_marked_where_the_candidate_goes_on() -> None:
    forum = samples.forum()
    site = Site(node="x", op="relu", source=Source(file="a.py", line=5))
    gone = Delete(op="relu", reference=site, candidate=None, after=("mdl/conv2d", "c2d_32"))
    (remark,) = remarks(Named.of(replace(forum, edits=(gone,), attribution=None)))

    assert str(remark.place) == "examples/forum/b.py:25"
    assert str(remark.related) == "examples/forum/a.py:5"
    called = Source(file="b.py", line=77)
    rows = tuple(replace(row, candidate=row.candidate and replace(row.candidate, called=called)) for row in forum.rows)
    (remark,) = remarks(Named.of(replace(forum, rows=rows, edits=(gone,), attribution=None)))
    assert str(remark.place) == "examples/forum/b.py:77"


def test_fingerprints_survive_moved_lines_and_tell_edits_apart() -> None:
    forum = samples.forum()
    moved = tuple(_moved(edit) for edit in forum.edits)
    prints = [
        [remark.fingerprint for remark in remarks(Named.of(item))] for item in (forum, replace(forum, edits=moved))
    ]

    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 3
    other = replace(Named.of(forum), targets=("git:3f2a91c:a.py:Net", forum.candidate.target))
    assert [remark.fingerprint for remark in remarks(other)] == prints[0]


def _moved(edit: Edit) -> Edit:
    assert edit.candidate is not None
    return replace(edit, candidate=replace(edit.candidate, source=Source(file="b.py", line=999)))


def test_the_level_follows_the_gate() -> None:
    levels = {item.name: {remark.level for remark in remarks(item)} for item in several()}

    assert levels == {"forum": {"error"}, "refactor": set(), "known": {"note"}, "broken": {"error"}, "left": set()}
    first, *others = remarks(Named.of(samples.every_state()))
    assert (first.rule, first.level) == ("inconclusive", "error")
    assert {remark.level for remark in others} == {"warning", "note"}


def test_what_no_line_says_is_marked_in_the_file_of_gates() -> None:
    (remark,) = remarks(several()[3])

    assert (str(remark.place), remark.message) == ("k.toml:3", "net.py:Net: no such name.")


def test_a_difference_without_an_edit_is_a_result_of_its_own() -> None:
    (remark,) = remarks(Named.of(replace(samples.forum(), edits=(), attribution=None)))

    assert (remark.rule, remark.level, str(remark.place)) == ("different", "error", "examples/forum/b.py:1")


def test_a_revision_is_named_and_its_lines_are_not_marked_in_the_diff() -> None:
    forum = samples.forum()
    commit = Commit(name="main~2", commit="3f" * 20, short="3f3f3f3", subject="Widen")
    old = replace(forum, candidate=replace(forum.candidate, commit=commit), reference=forum.reference)

    assert "file=" not in to_github([Named.of(old)])
    assert str(next(remarks(Named.of(old))).place) == "examples/forum/b.py:27 at main~2"


def test_lines_of_a_baseline_are_told_and_not_marked() -> None:
    forum = samples.forum()
    stored = replace(forum, reference=replace(forum.reference, location=Location()))

    assert [remark.related for remark in remarks(Named.of(stored))] == [None] * 3
    assert all(remark.place is not None for remark in remarks(Named.of(stored)))


def test_files_elsewhere_have_their_own_paths() -> None:
    forum = samples.forum()
    location = Location(directory="models", elsewhere={"/repo/lib/b.py": "lib/b.py"})
    assert [location.path(name) for name in ("b.py", "/repo/lib/b.py", "/else/b.py", "../b.py")] == [
        "models/b.py",
        "lib/b.py",
        "/else/b.py",
        "b.py",
    ]
    outside = replace(forum, candidate=replace(forum.candidate, location=Location(directory="/else")))
    (run,) = json.loads(to_sarif([Named.of(outside)]))["runs"]
    artifact = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///else/b.py"}


def test_a_cell_is_marked_at_the_top_of_its_notebook_and_named_in_words() -> None:
    forum = samples.forum()
    assert forum.edits[0].candidate is not None
    site = replace(forum.edits[0].candidate, source=Source(file="nb.ipynb[cell 3]", line=4))
    (remark,) = remarks(Named.of(replace(forum, edits=(replace(forum.edits[0], candidate=site),), attribution=None)))

    assert str(remark.place) == "examples/forum/nb.ipynb:1"
    assert "(nb.ipynb[cell 3]:4)" in remark.message


# GitHub -------------------------------------------------------------------------------------------------------

COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^,:\r\n]*,?)*)::([^\r\n]*)")
"""As the runner of GitHub Actions takes it."""


@pytest.mark.parametrize("case", list(CASES))
def test_annotations_are_commands_whatever_names_models_have(case: str) -> None:
    for line in to_github(CASES[case]()).splitlines():
        assert COMMAND.fullmatch(line), line


def test_an_annotation_names_file_line_and_cause() -> None:
    first = to_github(CASES["forum"]()).splitlines()[0]

    assert first == (
        "::error file=examples/forum/b.py,line=27,title=kerasdiff%3A insert relu::Candidate applies relu between "
        "bnrm_1 and mp_1 (b.py:27), but reference applies none after mdl/batch_normalization. Applied alone it changes "
        "outputs by 77 %25 of scale."
    )


def test_of_more_than_github_shows_it_is_said_how_many() -> None:
    forum = samples.forum()
    lines = to_github([Named.of(replace(forum, edits=forum.edits * 5, attribution=None))]).splitlines()

    assert len(lines) == MOST
    assert lines[-1] == "::error title=kerasdiff::6 more are not marked; kerasdiff's report lists them."


# JUnit --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", list(CASES))
def test_junit_is_xml_and_its_counts_are_right(case: str) -> None:
    suite = Xml.fromstring(to_junit(CASES[case]()).encode()).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")

    assert int(suite.attrib["tests"]) == len(cases) > 0
    for kind, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[kind]) == sum(one.find(name) is not None for one in cases)


def test_one_comparison_has_a_case_a_rung_and_the_verdict_as_failure() -> None:
    cases = Xml.fromstring(to_junit(CASES["forum"]())).findall(".//testcase")
    failure = cases[0].find("failure")

    assert [one.attrib["name"] for one in cases] == [
        *("verdict", "interface", "architecture", "weights", "inference", "fit", "training step"),
    ]
    assert failure is not None
    assert failure.attrib["message"].startswith("different: Reference lacks relu after mdl/batch_normalization")


def test_several_comparisons_have_a_case_each() -> None:
    cases = Xml.fromstring(to_junit(several())).findall(".//testcase")

    assert [(one.attrib["name"], one[0].tag) for one in cases] == [
        *(("forum", "failure"), ("refactor", "system-out"), ("known", "system-out")),
        *(("broken", "error"), ("left", "skipped")),
    ]


# Markdown -----------------------------------------------------------------------------------------------------


def shown(markdown: str) -> str:
    """What a reader sees of it, as text."""
    tokens = MarkdownIt("commonmark").enable("table").parseInline(markdown)[0].children or []
    return "".join(token.content for token in tokens if token.type in ("text", "code_inline"))


def test_the_first_line_is_the_verdict_with_its_cause() -> None:
    first = to_markdown(CASES["forum"]()).splitlines()[0]

    assert first.startswith("❌ **different**: Reference lacks relu after mdl/batch_normalization, ")
    assert to_markdown(CASES["forum"](), quiet=True) == f"{first}\n"
    assert to_markdown(several()).splitlines()[0].startswith("❌ **2 of 4 pairs do not pass** (1 not run")


@pytest.mark.parametrize(
    "value", ["__init__", "a*b*c", "x[0](y)", "a|b", "<b>", "a`c", "~~d~~", "\\n", "snake_case_", "_a"]
)
def test_names_are_read_as_they_are_written(value: str) -> None:
    assert shown(text(value)) == value
    assert shown(code(value)) == value


def test_what_a_sentence_quotes_is_code() -> None:
    assert text("apply relu to `a_b` and `c|d`") == "apply relu to `a_b` and `c|d`"
    assert cell("apply relu to `a_b` and `c|d` | e") == "apply relu to `a_b` and `c\\|d` \\| e"


def test_nobody_is_mentioned_and_no_issue_linked() -> None:
    assert "@octocat" not in text("by @octocat in #12")
    assert "#12" not in text("by @octocat in #12")


@pytest.mark.parametrize("case", list(CASES))
def test_tables_stay_tables(case: str) -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(to_markdown(CASES[case]()))

    assert "<img" not in html
    assert not re.search(r"<p>\|", html)
    for table in re.findall("<table>(.*?)</table>", html, re.DOTALL):
        assert len({len(re.findall("<t[hd]", row)) for row in re.findall("<tr>(.*?)</tr>", table, re.DOTALL)}) == 1


def test_a_comment_is_never_too_long() -> None:
    long = replace(samples.forum(), rows=samples.deep(blocks=2000).rows, edits=samples.forum().edits * 40)
    many = [replace(Named.of(hostile(), f"{number} {HOSTILE * 30}"), passed=False) for number in range(200)]

    for told in (to_markdown([Named.of(long)]), to_markdown(many)):
        assert len(told) <= MOST_CHARACTERS
        assert told.endswith("\n")
    assert "Left out" in to_markdown(many)


def test_changes_only_leaves_out_what_agrees() -> None:
    told = to_markdown(CASES["forum"](), changes_only=True)

    assert "| interface |" not in told
    assert "| inference |" in told
    assert "equal layers …" in told
    assert "Terms" not in told


GOLDENS = Path(__file__).parent / "goldens"


@pytest.mark.parametrize(("name", "render"), [("md", to_markdown), ("xml", to_junit), ("sarif", to_sarif)])
def test_a_format_is_the_golden(name: str, render: Callable[[list[Named]], str]) -> None:
    from test_report import assert_golden

    assert_golden(f"forum_{name}", render([Named.of(samples.forum())]))
