"""A saved report told again: the same bytes, fast, and nothing from a file that is not whole."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import page_samples
import plot_samples
import pytest
import report_samples as samples
from click.testing import CliRunner, Result
from schemas import report_validator, validated
from test_report import report as terminal
from test_report import text_of

from kerasdiff.cli import main
from kerasdiff.comparison import Comparison
from kerasdiff.probing.witness import SavedWitness
from kerasdiff.report.commands.replay import Replayed, render_replay, replay_json
from kerasdiff.report.formats.github import to_github
from kerasdiff.report.formats.junit import to_junit
from kerasdiff.report.formats.markdown import to_markdown
from kerasdiff.report.formats.sarif import to_sarif
from kerasdiff.report.html.page import to_html
from kerasdiff.report.json import to_json
from kerasdiff.report.named import Named
from kerasdiff.report.saved import digest, packed, shown, unpacked

SAMPLES: dict[str, Callable[[], Comparison]] = {
    "forum": samples.forum,
    "every_state": samples.every_state,
    "long": samples.long,
    "deep": samples.deep,
    "drawn": page_samples.forum,
    "plotted": plot_samples.whole,
}
TEXTS: dict[str, Callable[[Comparison], str]] = {
    "json": to_json,
    "markdown": lambda comparison: to_markdown([Named.of(comparison)]),
    "junit": lambda comparison: to_junit([Named.of(comparison)]),
    "sarif": lambda comparison: to_sarif([Named.of(comparison)]),
    "github": lambda comparison: to_github([Named.of(comparison)]),
    "html": lambda comparison: to_html(Named.of(comparison)),
}
MOST_TIMES = 6.0
"""How many times as long as importing click and rich telling a saved report again may take: 3.6 on a slow machine."""


@pytest.fixture(params=list(SAMPLES))
def sample(request: pytest.FixtureRequest) -> Comparison:
    return SAMPLES[request.param]()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(to_json(samples.forum()), encoding="utf-8")
    return path


def show(*arguments: object) -> Result:
    done = CliRunner().invoke(main, ["show", *map(str, arguments)])
    assert "this is a bug" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("form", list(TEXTS))
def test_every_form_is_the_same_letter_by_letter(sample: Comparison, form: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(to_json(sample), encoding="utf-8")
    done = show(path, "--format", form)

    assert done.stdout == TEXTS[form](sample)
    assert done.exit_code == sample.exit_code


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_report_to_read_is_the_same_at_every_width(
    sample: Comparison, width: int, verbose: bool, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    path.write_text(to_json(sample), encoding="utf-8")
    done = show(path, "--width", width, *(["--verbose"] if verbose else []))

    assert done.stdout == terminal(sample, width, verbose=verbose)


def test_what_no_report_shows_is_not_kept(sample: Comparison) -> None:
    assert shown(shown(sample)) == shown(sample)
    assert to_json(shown(sample)) == to_json(sample)
    assert terminal(shown(sample), verbose=True) == terminal(sample, verbose=True)


def test_every_sample_is_what_the_schema_says(sample: Comparison) -> None:
    validated(json.loads(to_json(sample)))


def test_the_schema_is_strict() -> None:
    report = json.loads(to_json(samples.forum()))
    wrong = (
        {**report, "more": 1},
        {**report, "verdict": {**report["verdict"], "outcome": "same"}},
        {**report, "edits": [{**report["edits"][0], "kind": "add"}]},
        {name: value for name, value in report.items() if name != "record"},
    )
    assert report_validator().is_valid(report)
    assert [report_validator().is_valid(one) for one in wrong] == [False] * 4


def test_the_schema_is_printed() -> None:
    done = show("--schema")

    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == report_validator().schema


def test_several_reports_are_told_one_after_the_other_and_the_worst_counts(saved: Path, tmp_path: Path) -> None:
    equal = tmp_path / "equal.json"
    equal.write_text(to_json(samples.long()), encoding="utf-8")

    assert show(equal).exit_code == 0
    both = show(equal, saved)
    assert both.exit_code == 1
    assert both.stdout == show(equal).stdout + "\n" + show(saved).stdout
    assert show(equal, saved, "-q").stdout.splitlines()[1].startswith("report: different: Reference lacks relu")
    assert "**1 of 2 pairs does not pass**" in show(equal, saved, "--format", "markdown").stdout
    assert show(saved, equal, "--format", "junit").stdout.count("<testcase ") == 2


def test_layout_and_spelling_of_the_file_do_not_matter(saved: Path) -> None:
    before = show(saved).stdout
    saved.write_text(json.dumps(json.loads(saved.read_text(encoding="utf-8")), indent=4, ensure_ascii=False), "utf-8")

    assert show(saved).stdout == before


def _edited(text: str) -> str:
    return text.replace('"outcome": "different"', '"outcome": "equivalent"', 1)


def _without(text: str, name: str) -> str:
    report = json.loads(text)
    del report[name]
    return json.dumps(report)


def _of_another_version(text: str) -> str:
    report = json.loads(text)
    report["record"]["kerasdiff"] = "9.9"
    held = unpacked(report["record"]["comparison"])
    report["record"]["comparison"] = packed({**held, "unheard_of": 1})
    report["record"]["digest"] = digest(report)
    return json.dumps(report)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_edited, "cannot be shown: it is damaged, or was changed after kerasdiff wrote it: compare once more."),
        (lambda text: text[:-300], "is no JSON, or not all of it; show takes what --format json wrote."),
        (lambda text: "", "is no JSON, or not all of it"),
        (lambda text: "[1]", "is no report of kerasdiff"),
        (
            lambda text: "{}",
            "is no report of kerasdiff; show takes what compare, fit, check and replay write with --format json.",
        ),
        (lambda text: "[" * 100_000, "is no JSON"),
        (lambda text: '{"schema": "kerasdiff.rules/1"}', "is a report of schema kerasdiff.rules/1; show takes"),
        (lambda text: _without(text, "record"), "it holds no record to show again: compare once more"),
        (lambda text: _without(text, "terms"), "it is damaged"),
        (_of_another_version, "its record, which kerasdiff 9.9 wrote and this is 0.1.0, cannot be read: compare once"),
        (lambda text: '{"schema": "kerasdiff/1", "record": {"comparison": 1, "digest": []}}', "it is damaged"),
    ],
)
def test_a_file_that_is_not_whole_gets_a_sentence(saved: Path, change: Callable[[str], str], says: str) -> None:
    saved.write_text(change(saved.read_text(encoding="utf-8")), encoding="utf-8")
    done = show(saved)

    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_replay_is_shown_again(saved: Path, tmp_path: Path) -> None:
    witness = SavedWitness(
        inputs=(np.zeros(2),),
        mode="inference",
        weight_scale=3.0,
        difference=math.inf,
        how="probe normal",
        reference="a.py:A",
        candidate="b.py:B",
        given=(),
        seed=0,
    )
    replayed = Replayed(saved=witness, targets=("a.py:A", "c.py:C"), rung=samples.forum().rungs[3])
    path = tmp_path / "replay.json"
    path.write_text(replay_json(replayed), encoding="utf-8")
    done = show(path, "--width", 90)

    assert (done.exit_code, done.stdout) == (1, text_of(lambda console: render_replay(replayed, console), 90))
    assert show(path, "--format", "json").stdout == path.read_text(encoding="utf-8")
    assert "as terminal or json, not as sarif." in show(path, "--format", "sarif").stderr
    assert f"{path} is no comparison: show it by itself." in show(saved, path).stderr
    path.write_text(path.read_text(encoding="utf-8").replace("c.py", "d.py"), encoding="utf-8")
    assert "replay.json cannot be shown: it is damaged, or was changed" in show(path).stderr


def test_a_report_is_needed(tmp_path: Path) -> None:
    assert "missing argument" in show().stderr
    (tmp_path / "latin.json").write_bytes(b'{"schema": "\xff"}')
    assert "is no JSON" in show(tmp_path / "latin.json").stderr


def test_telling_again_is_fast_and_imports_nothing_heavy(saved: Path) -> None:
    heavy = "[name for name in ('numpy', 'scipy', 'keras', 'tensorflow') if name in sys.modules]"
    code = f"import sys\nfrom kerasdiff.cli import main\nmain(['show', {str(saved)!r}], standalone_mode=False)\n"
    code += f"print({heavy}, file=sys.stderr)"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}

    def seconds(*arguments: str) -> float:
        """Of the processor, which other processes on the machine do not lengthen."""
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=True)
        assert done.stderr in ("", "[]\n")
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime

    took = min(seconds("-c", code) for _ in range(5))
    libraries = "import click, rich.console, rich.panel, rich.table"
    assert took < MOST_TIMES * min(seconds("-c", libraries) for _ in range(5))
