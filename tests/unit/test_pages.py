"""Pages for a browser: which files a command writes, how it opens them, and the index of a check."""

from __future__ import annotations

import re
import stat
import sys
from html import unescape
from pathlib import Path

import check_samples
import pytest
import report_samples as samples
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.cli import main
from kerasdiff.report.commands.check import check_json
from kerasdiff.report.json import to_json
from kerasdiff.report.pages import page_names


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "work")
    Path("r.json").write_text(to_json(samples.forum()), encoding="utf-8")
    Path("c.json").write_text(check_json(check_samples.check()), encoding="utf-8")
    return tmp_path / "work"


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A browser that only notes what it is asked to show; gives the files."""
    import webbrowser

    monkeypatch.setattr(webbrowser, "_tryorder", None)  # it looks at the environment once a process
    monkeypatch.setattr(webbrowser, "_browsers", {})
    program, log = tmp_path / "browser", tmp_path / "opened"
    program.write_text(f"#!{sys.executable}\nimport sys\nopen({str(log)!r}, 'a').write(sys.argv[1] + '\\n')\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("BROWSER", f"{program} %s")
    return lambda: [Path(line.removeprefix("file://")) for line in log.read_text().splitlines()]


def show(*arguments: str) -> Result:
    done = CliRunner().invoke(main, ["show", *arguments])
    assert "this is a bug" not in done.stderr, done.stderr
    return done


# One page -----------------------------------------------------------------------------------------------------


def test_a_page_is_written_beside_the_report(here: Path) -> None:
    done = show("r.json", "--html", "page.html")

    assert done.exit_code == 1
    assert (done.stdout, done.stderr) == (show("r.json").stdout, "")
    page = (here / "page.html").read_text()
    assert page.startswith("<!doctype html>")
    assert show("r.json", "--format", "html").stdout == page
    assert show("r.json", "--format", "html", "--output", "other.html").stderr.endswith("(report in other.html)\n")
    assert (here / "other.html").read_text() == page


def test_what_is_said_of_the_report_to_read_is_not_said_of_the_page(here: Path) -> None:
    show("r.json", "--html", "page.html")
    done = show("r.json", "--quiet", "--width", "40", "--html", "quiet.html", "--output", "told.txt")

    assert (done.stdout, done.stderr) == ("", "")
    assert (here / "told.txt").read_text().startswith("different: ")
    assert (here / "quiet.html").read_bytes() == (here / "page.html").read_bytes()


def test_a_page_is_opened(here: Path, tmp_path: Path, opened) -> None:
    done = show("r.json", "--html", "the page.html", "--open")

    assert done.exit_code == 1
    assert done.stderr == "page in the page.html; opened in the browser\n"
    assert done.stdout.startswith("kerasdiff 0.1.0\n")
    (address,) = opened()
    assert address.name == "the%20page.html"
    assert not any((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize("forms", [(), ("--format", "html")])
def test_a_page_that_nobody_named_is_opened_where_it_is_said_to_be(
    here: Path, tmp_path: Path, opened, forms: tuple[str, ...]
) -> None:
    done = show("r.json", "--open", *forms)

    assert done.exit_code == 1
    (file,) = opened()
    assert file.parent.parent == tmp_path / "temporary"
    assert file.read_text().startswith("<!doctype html>")
    assert f"page in {file}; opened in the browser\n" in done.stderr
    assert sorted(path.name for path in here.iterdir()) == ["c.json", "r.json"]
    assert done.stdout == ("" if forms else show("r.json").stdout)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="has a screen always")
def test_without_a_screen_the_page_is_where_it_is_said_to_be_and_the_verdict_decides() -> None:
    done = show("r.json", "--open")

    assert done.exit_code == 1
    said = re.fullmatch(r"page in (.+); no browser could be opened here\n", done.stderr)
    assert said
    assert Path(said[1]).read_text().startswith("<!doctype html>")


def test_a_browser_that_is_not_there_is_said_and_the_verdict_decides(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "/nowhere/browser %s")
    monkeypatch.setenv("PATH", "")
    done = show("r.json", "--open")

    assert done.exit_code == 1
    assert done.stderr.endswith("; no browser could be opened here\n")


def test_a_browser_in_the_terminal_takes_no_place_of_one_that_is_named(
    opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "www-browser"
    other.write_text("#!/bin/sh\nexit 0\n")
    other.chmod(0o755)
    monkeypatch.setenv("BROWSER", "/nowhere/browser %s")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert show("r.json", "--open").stderr.endswith("; no browser could be opened here\n")


@pytest.mark.parametrize("name", ["net.py", "net.keras"])
def test_code_and_models_are_not_written_over(here: Path, name: str) -> None:
    (here / name).write_text("mine")
    done = show("r.json", "--html", name)

    assert done.exit_code == 2
    assert f"{name} holds code or a model; kerasdiff does not write over it." in done.stderr
    assert (here / name).read_text() == "mine"


# A folder of pages --------------------------------------------------------------------------------------------


def test_a_check_is_a_folder_of_pages(here: Path, opened) -> None:
    (here / "pages").mkdir()
    (here / "pages" / "mine.txt").write_text("stays")
    (here / "pages" / "backbone.html").write_text("an older one")
    done = show("c.json", "--html", "pages", "--open", "--format", "markdown=c.md")

    assert done.exit_code == 1
    assert done.stderr.splitlines()[0] == "page in pages/index.html; opened in the browser"
    assert done.stderr.endswith("(report in c.md, pages/index.html)\n")
    assert opened() == [here / "pages" / "index.html"]
    names = {path.name for path in (here / "pages").iterdir()}
    index = (here / "pages" / "index.html").read_text()
    linked = set(re.findall(r'href="([^"]+\.html)"', index))
    assert names == {"mine.txt", "index.html", *linked}
    assert (here / "pages" / "mine.txt").read_text() == "stays"
    assert len(linked) == 3
    for name in linked:
        assert (here / "pages" / name).read_text().startswith("<!doctype html>")


def test_an_index_tells_how_each_pair_stands_and_why(here: Path) -> None:
    show("c.json", "--html", "pages")
    index = (here / "pages" / "index.html").read_text()

    assert len(index) < 50_000
    rows = [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in index.split("<tr ")[2:]]
    assert [row.partition(" kerasdiff.toml:")[0].partition(">")[2].strip() for row in rows] == [
        "backbone",
        "Backbone",
        "Head: <b>v2</b> & 'more' \\x1b[2J",
        "index",
        "../up",
    ]
    for row, told in zip(
        rows,
        (
            "✓ passed equivalent, proof equivalent",
            "✗ failed different equivalent Reference lacks relu",
            "? inconclusive inconclusive equivalent",
            "! error not compared equivalent old.py: no such file. Traceback: <script>alert(1)</script>",
            "– left out unchanged equivalent Was left out, as none of its files changed.",
        ),
        strict=True,
    ):
        assert told in row
    assert "What would let it pass" in rows[1]
    assert "alert(1)</script>" not in index
    assert "\x1b" not in index


def test_of_a_check_the_verdict_alone(here: Path) -> None:
    told = show("c.json", "--quiet", "--html", "pages").stdout

    assert told.startswith("5 pairs of kerasdiff.toml (changed since main): 1 passes, ")
    assert told.count("\n") == 1
    assert (here / "pages" / "index.html").exists()


def test_a_check_without_a_folder_that_is_opened_gets_a_temporary_one(tmp_path: Path, opened) -> None:
    assert show("c.json", "--open").exit_code == 1

    (index,) = opened()
    assert index.parent.parent == tmp_path / "temporary"
    assert len(list(index.parent.iterdir())) == 4


NAMES = (
    "a b",
    "a-b",
    "A-B",
    "",
    "index",
    "INDEX",
    "con",
    "lpt1",
    ".",
    "..",
    "../../etc/passwd",
    "x" * 300,
    "ä",
    "层",
    "-a",
)


def test_names_of_pages_are_safe_and_stay_as_they_are() -> None:
    assert page_names(["net-v2_1"]) == {"net-v2_1": "net-v2_1.html"}
    assert page_names(["a b"])["a b"] == page_names(NAMES)["a b"]
    taken = page_names(["a b"])["a b"].removesuffix(".html")
    assert page_names([taken])[taken] != f"{taken}.html"


@given(st.sets(st.text() | st.sampled_from(NAMES), max_size=8))
def test_any_name_makes_a_file_name_of_its_own(names: set[str]) -> None:
    files = page_names(sorted(names)).values()

    assert len(set(files)) == len(names)
    for file in files:
        assert re.fullmatch(r"[a-z0-9_][a-z0-9_-]*\.html", file)
        assert len(file) <= 80
        assert file not in ("index.html", "con.html", "lpt1.html")


# What cannot be had -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("r.json", "--html", "none/page.html"), "the directory of none/page.html does not exist."),
        (("r.json", "--html", "."), ". is a directory; kerasdiff writes over files alone."),
        (("r.json", "--html", ""), "is a directory; kerasdiff writes over files alone."),
        (("r.json", "--html", "a.html", "--format", "html=./a.html"), "two formats go to one file."),
        (("r.json", "--html", "-"), "- is no file: a format that names none goes to standard output."),
        (("r.json", "--html", "./r.json"), "r.json is the report itself; name another file to write."),
        (("c.json", "--format", "markdown=c.json"), "c.json is the report itself; name another file to write."),
        (("c.json", "--html", "-"), "--html names a folder: a check writes several pages, not to standard output."),
        (
            ("r.json", "--format", "html", "--format", "terminal"),
            "html stands alone on standard output; write --format",
        ),
        (("r.json", "r.json", "--html", "a.html"), "a page shows one comparison: show each report by itself."),
        (("c.json", "--html", "c.json"), "c.json is no directory, and a check writes several pages."),
        (("c.json", "--html", "none/pages"), "the directory of none/pages does not exist."),
        (("c.json", "--html", ""), "--html names no folder; is a variable empty?"),
        (
            ("c.json", "--format", "html=a.html"),
            "what check wrote is no html of one file: --html DIR writes a page a pair.",
        ),
    ],
)
def test_what_cannot_be_had_is_said_before_anything_is_written(
    here: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = show(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert sorted(path.name for path in here.iterdir()) == ["c.json", "r.json"]


def test_a_page_does_not_go_over_what_is_no_file(here: Path) -> None:
    (here / "pages" / "backbone.html").mkdir(parents=True)
    done = show("c.json", "--html", "pages")

    assert done.exit_code == 2
    assert "pages/backbone.html is a directory; kerasdiff writes over files alone." in done.stderr
    assert [path.name for path in (here / "pages").iterdir()] == ["backbone.html"]


def test_where_nothing_can_be_written_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "shut").mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: Path(path).name != "shut")  # which root may write into

    assert "nothing can be written into the directory of shut/a.html" in show("r.json", "--html", "shut/a.html").stderr
    assert "nothing can be written into shut." in show("c.json", "--html", "shut/pages").stderr
    assert list((here / "shut").iterdir()) == []
