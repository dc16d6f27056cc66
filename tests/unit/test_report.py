"""What the renderers print: readable goldens, and what must hold of every report."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import report_samples as samples
from rich.cells import cell_len
from rich.console import Console

from kerasdiff.align.edits import Aspect, Change, Update
from kerasdiff.comparison import Comparison, Terms
from kerasdiff.graph.table import Table
from kerasdiff.report import wording
from kerasdiff.report.cleaning import clean
from kerasdiff.report.commands.inspect import description_json, render_graph
from kerasdiff.report.json import to_json
from kerasdiff.report.terminal.comparison import render
from kerasdiff.report.terminal.curves import plot
from kerasdiff.report.terminal.progress import LiveProgress
from kerasdiff.report.terminal.style import Look
from kerasdiff.report.wording.names import changed
from kerasdiff.side.training import Tick

GOLDENS = Path(__file__).parent / "goldens"
COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "forum": samples.forum,
    "every_state": samples.every_state,
    "long": samples.long,
    "deep": samples.deep,
}


def text_of(
    show: Callable[[Console], None], width: int = 100, *, encoding: str = "utf-8", color: str | None = None
) -> str:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding=encoding, newline="\n")
    console = Console(
        file=stream,
        width=width,
        force_terminal=color is not None,
        color_system=color,  # type: ignore[arg-type]
        no_color=color is None,
        legacy_windows=False,
    )
    show(console)
    stream.flush()
    return buffer.getvalue().decode(encoding)


def report(comparison: Comparison, width: int = 100, *, verbose: bool = False, **look: Any) -> str:
    return text_of(lambda console: render(comparison, console, verbose=verbose), width, **look)


def assert_golden(name: str, text: str) -> None:
    """Compares with the stored text; ``KERASDIFF_GOLDENS=write`` stores it anew, to be read in the diff."""
    path = GOLDENS / f"{name}.txt"
    if os.environ.get("KERASDIFF_GOLDENS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", list(COMPARISONS))
def test_report_is_the_golden(name: str, width: int) -> None:
    assert_golden(f"{name}_{width}", report(COMPARISONS[name](), width))


@pytest.mark.parametrize("width", [80, 120])
def test_inspect_is_the_golden(width: int) -> None:
    shown = text_of(lambda console: render_graph(samples.description(), "inference", console), width)
    assert_golden(f"inspect_{width}", shown)


def test_ascii_report_is_the_golden() -> None:
    assert_golden("forum_80_ascii", report(samples.forum(), 80, encoding="ascii"))


@pytest.mark.parametrize("name", list(COMPARISONS))
def test_rendering_twice_gives_the_same_bytes(name: str) -> None:
    build = COMPARISONS[name]
    assert report(build(), color="standard") == report(build(), color="standard")
    assert to_json(build()) == to_json(build())


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
@pytest.mark.parametrize("width", [48, 60, 72, 80, 97, 120, 200])
@pytest.mark.parametrize("name", list(COMPARISONS))
def test_no_line_of_any_report_is_wider_than_the_terminal(name: str, width: int, encoding: str) -> None:
    lines = report(COMPARISONS[name](), width, encoding=encoding).splitlines()
    wide = [line for line in lines if cell_len(line) > width]
    assert wide == []
    assert all(line == line.rstrip() for line in lines)


def test_ten_columns_do_not_break_the_report() -> None:
    assert "insert relu" in report(samples.forum(), 10)


def test_the_verdict_comes_last_and_the_terms_first() -> None:
    text = report(samples.forum())
    places = [
        text.index(part)
        for part in ("tensorflow 2.21.0", "Layers", "Edits", "Rewrites", "Rungs", "Fit", "Not checked", "DIFFERENT")
    ]
    assert places == sorted(places)
    assert text.splitlines()[-1].endswith("exit code 1 ─╯")


def test_colour_changes_no_letter() -> None:
    from rich.text import Text

    colored = report(samples.forum(), color="standard")
    assert "\x1b[" in colored
    assert Text.from_ansi(colored).plain.rstrip() == report(samples.forum()).rstrip()


def test_names_from_models_reach_no_terminal_raw() -> None:
    text = report(samples.every_state())
    assert "\x1b" not in text
    assert "stem/[red]bn[/red]" in text
    assert r"stem/\x1b[2Jbn" in text


def test_long_tables_fold_equal_rows_and_keep_two_around_a_change() -> None:
    text = report(samples.deep())
    assert text.count("equal layers …") == 2
    lines = text.splitlines()
    (changed,) = (place for place, line in enumerate(lines) if line.startswith("  ~ block_20/bn"))
    names = [line.split()[0] for line in lines[changed - 2 : changed]]
    assert names == ["block_19/relu", "block_20/conv"]
    assert lines[changed - 3].strip() == "… 57 equal layers …"


def test_a_short_table_is_not_folded_and_a_verbose_one_neither() -> None:
    assert "equal layers …" not in report(samples.deep(blocks=8))
    assert "equal layers …" not in report(samples.deep(), verbose=True)


def test_runs_of_layers_that_changed_alike_fold_too() -> None:
    rows = tuple(replace(row, state="inserted", reference=None) for row in samples.deep().rows)

    assert "… 116 inserted layers …" in report(replace(samples.deep(), rows=rows))


def test_an_equal_pair_gets_three_lines_unless_there_is_more_to_know() -> None:
    plain = replace(samples.long(), terms=Terms(seed=0))

    assert len(report(plain).splitlines()) == 3
    assert "Layers" in report(plain, verbose=True)
    ignored = report(replace(plain, terms=Terms(hidden={"names": {"checkpoint": 1}})))
    assert "ignored: names: hid 1 difference in checkpoint." in ignored


def test_many_edits_are_listed_on_request_and_a_joint_effect_is_told_once() -> None:
    forum = samples.forum()
    assert forum.attribution is not None
    joint = replace(forum.attribution, effects=(forum.attribution.effects[0],) * 15, together=(tuple(range(15)),))
    many = replace(forum, edits=forum.edits * 5, attribution=joint)

    assert "… 3 more; --verbose lists them" in report(many)
    assert report(many).count("effect ") == 1
    assert "applied together with edits 2 to 15 it changes" in " ".join(report(many, verbose=True).split())


def test_the_box_is_short_and_holds_no_digest() -> None:
    first = samples.every_state().edits[0]
    assert isinstance(first, Update)
    tables = tuple(Table("5f2e" * 16, (4, 999)) for _ in range(2))
    changes = tuple(Change(aspect=Aspect.SETTING, name=f"s{n}", values=(tables[0], n)) for n in range(9))
    cells = Change(aspect=Aspect.SETTING, name="cells", values=(({"a": "b" * 500},), ({"a": "c" * 500},)))
    for differing in (changes, (cells,)):
        text = wording.summary(replace(samples.deep(), edits=(replace(first, changes=differing),) * 9))
        assert len(text) <= 300
        assert "5f2e" not in text


def test_identical_fits_have_no_plot_and_no_warning() -> None:
    text = report(samples.long(), verbose=True)
    assert "agrees to the last bit" in text
    assert "not which is better" not in text


def test_a_machine_that_does_not_repeat_itself_is_named() -> None:
    fit = samples.forum().fit
    assert fit is not None
    noisy = replace(samples.forum(), fit=replace(fit, control_distance=0.01))
    assert "does not repeat itself" in report(noisy, 120)


def test_plot_leaves_out_what_is_not_finite() -> None:
    look = Look(width=80, unicode=True)
    nan = float("nan")
    assert plot((nan, nan), (nan, nan), look) == []
    assert plot((1.0,), (1.0,), look) == []
    assert len(plot((1.0, nan, 2.0), (1.0, 1.0, float("inf")), look)) == 9
    assert len(plot((1.0, 1.0), (1.0, 1.0), look)) == 9
    steps = tuple(float(step % 7) for step in range(5000))
    assert max(line.cell_len for line in plot(steps, steps[::-1], look)) <= 80


def test_clean_shows_what_would_not_be_seen() -> None:
    assert clean("a\nb\tc") == r"a b\tc"
    assert clean("\u202eabc\ud800") == r"\u202eabc\ud800"
    assert clean("层/卷积 é") == "层/卷积 é"


def test_change_tells_types_apart() -> None:
    assert changed(0.001, 1e-05) == "0.001 → 1e-05"
    assert changed("same", "valid") == "same → valid"
    assert changed("1", 1) == "'1' → 1"
    assert changed(1, 1.0) == "1 → 1.0"
    assert changed((2, 2), [2]) == "(2, 2) → (2,)"


def test_json_has_the_documented_shape() -> None:
    data = json.loads(to_json(samples.forum()))
    assert set(data) == {
        *("schema", "verdict", "reference", "candidate", "environment", "terms"),
        *("rungs", "edits", "rewrites", "attribution", "witness", "fit", "not_checked", "record"),
    }
    assert data["schema"] == "kerasdiff/1"
    assert set(data["verdict"]) == {"outcome", "basis", "summary", "advice"}
    assert data["reference"] == {
        "target": "examples/forum/a.py:ConvModel_1",
        "class": "ConvModel_1",
        "parameters": 201354,
        "trainable_parameters": 200906,
        "nodes": 14,
        "directory": "examples/forum",
    }
    assert data["terms"]["seed"] == ["0"]
    assert len(data["terms"]["inferred"]) == 2
    assert set(data["rungs"][0]) == {"name", "outcome", "detail", "figures"}
    assert data["edits"][0] == {
        "kind": "insert",
        "op": "relu",
        "rung": "architecture",
        "reference": None,
        "candidate": {
            "node": "relu",
            "scope": "",
            "source": {"file": "b.py", "line": 27, "path": "examples/forum/b.py"},
        },
        "after": {"reference": "mdl/batch_normalization", "candidate": "bnrm_1"},
        "attributes": {},
        "effect": {"output": 0.7712},
        "harmless": False,
        "message": "candidate applies relu between bnrm_1 and mp_1 (b.py:27), but reference applies none after "
        "mdl/batch_normalization",
        "modes": ["inference", "training"],
    }
    assert data["rewrites"][0] == {"rule": "split-activation", "side": "reference", "node": "mdl/dense", "exact": True}
    assert set(data["fit"]) == {
        *("data", "plan", "trials", "pairs", "difference", "control", "decision", "stopped", "notes")
    }
    difference = data["fit"]["difference"]
    assert (difference["step_loss"], difference["first_parting"], difference["identical"]) == (0.4315, 0, False)
    assert data["fit"]["control"] == {"step_loss": 0.0, "steps": 0, "rounding_step_loss": None}
    assert [trial["side"] for trial in data["fit"]["trials"]] == ["reference", "candidate", "control"]
    assert data["not_checked"] == [{"rung": "training step", "reason": "not part of this version"}]


def test_json_numbers_are_finite_or_null_and_keys_sorted() -> None:
    text = to_json(samples.every_state())
    assert text.endswith("}\n")
    assert text.isascii()

    def reject(name: str) -> None:
        raise AssertionError(name)

    data = json.loads(text, parse_constant=reject)
    packed = json.dumps(data["record"], separators=(",", ":"))
    kept = json.dumps(data | {"record": 0}, indent=1, sort_keys=True) + "\n"
    assert text == kept.replace('"record": 0', f'"record": {packed}')
    update = data["edits"][0]
    assert update["attributes"] == {"epsilon": [0.001, 1e-05], "axis": ["1", 1], "momentum": [None, 0.99]}
    assert update["effect"] == {"output": None}
    assert data["rungs"][1]["figures"]["max_absolute"] is None
    assert data["fit"] is None


def test_inspect_json_lists_weights_and_both_graphs() -> None:
    data = json.loads(description_json(samples.description()))
    assert data["schema"] == "kerasdiff.inspect/1"
    assert data["class"] == "Net"
    assert data["parameters"] == 64
    assert data["graphs"]["training"] is None
    assert [node["id"] for node in data["graphs"]["inference"]["nodes"]] == ["ids", "dense", "dense@2"]
    assert [weight["id"] for weight in data["weights"]] == ["d/kernel", "s"]
    assert data["inputs"] == [{"name": "ids", "shape": [None, 8], "dtype": "int32", "low": 0, "high": 100}]


def test_inspect_says_that_a_mode_could_not_be_traced() -> None:
    shown = text_of(lambda console: render_graph(samples.description(), "training", console))
    assert "could not be traced in training mode" in shown
    assert "[bold]no[/bold]" in shown


def test_live_progress_shows_phase_and_steps_and_leaves_no_line() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, legacy_windows=False)
    with LiveProgress(console) as progress:
        progress.phase("tracing [both] models")
        progress._live.refresh()
        progress.fit_started(seed=7, pair=1, most=3)
        progress.fit_step("reference", Tick(step=3, steps=30, loss=2.25, accuracy=0.25))
        progress.fit_step("candidate", Tick(step=4, steps=30, loss=float("nan")))
        progress._live.refresh()
    text = stream.getvalue()
    assert "training both models, seed 7 (1 of at most 3)" in text
    assert "step 3 of 30, loss 2.2500, accuracy 25 %" in text
    assert text.endswith("\x1b[2K")
