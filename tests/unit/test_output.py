"""Where reports go, and in which forms."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
import report_samples as samples
from click.testing import CliRunner, Result

from kerasdiff.cli import main
from kerasdiff.cli.reports import printing
from kerasdiff.report.json import to_json


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("NO_COLOR", "COLUMNS", "FORCE_COLOR", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.json").write_text(to_json(samples.forum()), encoding="utf-8")
    return tmp_path


def show(*arguments: str) -> Result:
    done = CliRunner().invoke(main, ["show", "r.json", *arguments])
    assert "this is a bug" not in done.stderr, done.stderr
    return done


def test_several_forms_at_once(here: Path) -> None:
    done = show(
        *(part for form in ("terminal", "sarif=o.sarif", "junit=o.xml", "github") for part in ("--format", form))
    )

    assert done.exit_code == 1
    assert done.stdout.startswith("kerasdiff 0.1.0\n")
    assert "\n::error file=examples/forum/b.py,line=27," in done.stdout
    assert json.loads((here / "o.sarif").read_text())["version"] == "2.1.0"
    assert Xml.parse(here / "o.xml").getroot().tag == "testsuites"
    assert done.stderr == ""


def test_where_all_goes_to_files_the_verdict_is_told_unless_it_is_to_be_quiet(here: Path) -> None:
    done = show("--format", "markdown=o.md", "--format", "json=o.json")

    assert done.stdout == ""
    assert done.stderr.startswith("different: Reference lacks relu")
    assert done.stderr.endswith("(report in o.md, o.json)\n")
    assert (here / "o.json").read_text() == (here / "r.json").read_text()
    assert show("--format", "markdown=o.md", "--quiet").stderr == ""


def test_the_verdict_alone() -> None:
    assert show("--quiet").stdout.startswith("different: Reference lacks relu after mdl/batch_normalization")
    assert show("--quiet").stdout.count("\n") == 1


def test_the_width_is_that_which_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    assert max(map(len, show().stdout.splitlines())) == 90
    assert max(map(len, show("--width", "72").stdout.splitlines())) == 72


def test_changes_alone() -> None:
    told = show("--changes-only").stdout

    assert "✓" not in told
    assert "equal layers …" in told
    assert "Rewrites" not in told
    assert "3 steps from the reference to the candidate" in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--format", "xml"), "'xml' is none of terminal, json, markdown, junit, sarif, github, html."),
        (("--format", "sarif="), "sarif= names no file; is a variable empty?"),
        (("--format", "sarif=none/o.sarif"), "the directory of none/o.sarif does not exist."),
        (("--format", "sarif=."), ". is a directory; kerasdiff writes over files alone."),
        (
            ("--format", "json", "--format", "terminal"),
            "json stands alone on standard output; write --format json=FILE.",
        ),
        (("--format", "json=a", "--format", "sarif=./a"), "two formats go to one file."),
        (("--format", "json", "--format", "sarif", "--output", "o"), "--output is for one format; of several write"),
        (
            ("--format", "json=a", "--output", "o"),
            "--output and --format json=FILE both name a file; keep one of them.",
        ),
        (("--width", "3"), "3 is not in the range 20<=x<=1000."),
    ],
)
def test_what_cannot_be_had_is_said_before_anything_is_written(
    here: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = show(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert [path.name for path in here.iterdir()] == ["r.json"]


def test_a_step_summary_is_added_to(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = here / "summary"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    show("--format", "markdown=summary")

    assert summary.read_text().startswith("before\n❌ **different**: ")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    show("--format", "markdown=summary")
    assert summary.read_text().startswith("❌ **different**: ")


# Links --------------------------------------------------------------------------------------------------------

OPEN = "\x1b]8;"
"""How a link begins (OSC 8)."""


@pytest.fixture
def terminal(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A terminal that shows links, in a repository that holds the files of the sample."""
    monkeypatch.setattr(printing, "_shows_color", lambda: True)
    for name in ("CI", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM_PROGRAM", "vscode")
    (here / ".git").mkdir()
    (here / "examples" / "forum").mkdir(parents=True)
    (here / "examples" / "forum" / "b.py").write_text("")
    return here


def test_a_terminal_gets_links_to_the_lines_of_files_that_are_there(terminal: Path) -> None:
    told = show().stdout

    assert f";{(terminal / 'examples/forum/b.py').as_uri()}\x1b\\" in told
    assert "a.py\x1b" not in told  # the sample's reference is not there
    (terminal / "examples" / "deeper").mkdir()
    assert told.count(OPEN) == show().stdout.count(OPEN) > 6


def test_links_are_found_from_anywhere_in_the_repository(terminal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (terminal / "r.json").rename(terminal / "examples" / "r.json")
    monkeypatch.chdir(terminal / "examples")

    assert (terminal / "examples/forum/b.py").as_uri() in show().stdout


@pytest.mark.parametrize(
    ("name", "value"), [("TERM_PROGRAM", "Apple_Terminal"), ("CI", "true"), ("FORCE_HYPERLINK", "0")]
)
@pytest.mark.usefixtures("terminal")
def test_other_terminals_get_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert OPEN not in show().stdout


@pytest.mark.usefixtures("terminal")
def test_files_and_pipes_get_none(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    show("--format", "terminal=o.txt")
    assert OPEN not in (here / "o.txt").read_text()
    assert OPEN not in show("--color", "never").stdout
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert OPEN not in show("--color", "always").stdout
