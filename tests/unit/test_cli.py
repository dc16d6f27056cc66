"""The command line: what it passes on, where it prints, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import report_samples as samples
from click.testing import CliRunner, Result
from effort import spent

import kerasdiff
from kerasdiff.canonical import NODE_RULES, RULES
from kerasdiff.cli import main
from kerasdiff.comparison import Comparison, Reason, Verdict
from kerasdiff.errors import InternalError, LoadError
from kerasdiff.options import Options
from kerasdiff.side.interpreters.settings import Setting
from kerasdiff.side.targets import InputSpec
from kerasdiff.side.training import Tick

# The help must stay below 0.25 s where a bare Python takes 0.02 s; the ratio leaves room for a busy machine.
HELP_RATIO = 12.0


@dataclass
class Engine:
    """Stands for ``kerasdiff.pipeline``: answers what it was told to and remembers the question."""

    answer: Comparison = field(default_factory=samples.forum)
    error: BaseException | None = None
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def compare(self, reference: Any, candidate: Any, options: Options, listener: Any) -> Comparison:
        self.asked.append((reference, candidate, options))
        if self.error is not None:
            raise self.error
        listener.phase("tracing both models")
        listener.fit_started(seed=0, pair=1, most=1)
        listener.fit_step("reference", Tick(step=1, steps=options.fit_steps, loss=2.3))
        return self.answer

    def inspect(self, target: Any, inputs: tuple[InputSpec, ...], timeout: float) -> Any:
        self.asked.append((target, inputs, timeout))
        return samples.description()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    found = Engine()
    module = types.ModuleType("kerasdiff.pipeline")
    module.compare = found.compare  # type: ignore[attr-defined]
    module.inspect = found.inspect  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kerasdiff.pipeline", module)
    monkeypatch.setattr(kerasdiff, "pipeline", module, raising=False)  # where another test has imported it
    return found


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "a.py").write_text("def Net(): ...\n")
    (tmp_path / "b.py").write_text("def Net(): ...\n")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "damaged.npz").write_bytes(b"PK, and no more")
    for name in ("NO_COLOR", "COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert "this is a bug" not in result.stderr, result.stderr
    return result


def compare(*options: str) -> Result:
    return ask("compare", "a.py:Net", "b.py:Net", *options)


@pytest.mark.usefixtures("models")
class TestCompare:
    @pytest.mark.parametrize(("outcome", "code"), [("equivalent", 0), ("different", 1), ("inconclusive", 3)])
    def test_the_verdict_is_the_exit_code(self, engine: Engine, outcome: Any, code: int) -> None:
        engine.answer = replace(engine.answer, verdict=Verdict(outcome=outcome, basis=None, reason=Reason.PROOF))
        assert compare().exit_code == code

    def test_a_side_runs_as_options_say(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("KERAS_BACKEND", raising=False)
        compare("--env", "A=1", "--reference-env", "A=2", "--reference-env", "B=", "--backend", "jax")
        compare("--backend", "jax", "--candidate-backend", "tensorflow")

        (first, second), (third, fourth) = ([Setting.of(model) for model in asked[:2]] for asked in engine.asked)
        assert first == Setting(backend="jax", variables=(("A", "2"), ("B", "")))
        assert second == Setting(backend="jax", variables=(("A", "1"),))
        assert (third, fourth) == (Setting(backend="jax"), Setting(backend="tensorflow"))

    def test_options_reach_the_comparison(self, engine: Engine, models: Path) -> None:
        np.savez(models / "d.npz", **{name: np.zeros(1) for name in ("x_train", "y_train", "x_test", "y_test")})
        compare(
            "--no-fit",
            "--fit-steps",
            "5",
            "--data",
            "d.npz",
            "--seed",
            "7",
            "--timeout",
            "9",
            "--input",
            "x=4:int32@0..9",
        )
        reference, candidate, options = engine.asked[0]
        assert (reference.text, candidate.text) == ("a.py:Net", "b.py:Net")
        assert options == Options(
            inputs=(InputSpec(name="x", shape=(4,), dtype="int32", low=0.0, high=9.0),),
            fit=False,
            fit_steps=5,
            data="d.npz",
            seed=7,
            timeout=9.0,
        )

    def test_defaults(self, engine: Engine) -> None:
        compare()
        assert engine.asked[0][2] == Options(inputs=(), fit=True, fit_steps=30, data=None, seed=0, timeout=600.0)

    @pytest.mark.usefixtures("engine")
    def test_the_report_is_alone_on_stdout_and_100_wide(self) -> None:
        result = compare()
        assert result.stderr == ""
        assert result.stdout.startswith("kerasdiff 0.1.0\n")
        assert max(len(line) for line in result.stdout.splitlines()) == 100
        assert "\x1b" not in result.stdout

    @pytest.mark.usefixtures("engine")
    def test_columns_sets_the_width(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        assert max(len(line) for line in compare().stdout.splitlines()) == 80

    @pytest.mark.usefixtures("engine")
    def test_json_is_alone_on_stdout(self) -> None:
        result = compare("--format", "json")
        assert json.loads(result.stdout)["verdict"]["outcome"] == "different"
        assert result.stderr == ""
        assert result.exit_code == 1

    @pytest.mark.usefixtures("engine")
    def test_color_always_wins_over_no_color(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[" in compare("--color", "always").stdout
        assert "\x1b" not in compare("--color", "auto").stdout

    @pytest.mark.usefixtures("engine")
    def test_output_goes_to_the_file_and_the_verdict_to_stderr(self, models: Path) -> None:
        result = compare("--output", "report.txt")
        assert result.stdout == ""
        assert result.stderr.startswith("different: Reference lacks relu")
        assert "DIFFERENT" in (models / "report.txt").read_text(encoding="utf-8")
        assert result.exit_code == 1

    def test_a_missing_output_directory_is_found_before_comparing(self, engine: Engine) -> None:
        result = compare("--output", "none/report.txt")
        assert result.exit_code == 2
        assert "the directory of none/report.txt does not exist" in result.stderr
        assert engine.asked == []

    def test_an_error_is_one_sentence_with_its_details(self, engine: Engine) -> None:
        engine.error = LoadError("a.py:Net cannot be built.", "Traceback:\n  line \x1b[1m3")
        result = compare()
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr == "error: a.py:Net cannot be built.\n  Traceback:\n    line \\x1b[1m3\n"

    def test_an_interrupt_is_130(self, engine: Engine) -> None:
        engine.error = KeyboardInterrupt()
        result = compare()
        assert result.exit_code == 130
        assert result.stderr.strip() == "interrupted"

    def test_an_internal_error_is_70_with_its_traceback(self, engine: Engine) -> None:
        engine.error = RuntimeError("boom")
        result = CliRunner().invoke(main, ["compare", "a.py:Net", "b.py:Net"])
        assert result.exit_code == 70
        assert "RuntimeError: boom" in result.stderr
        assert "this is a bug in kerasdiff" in result.stderr

    def test_a_fault_of_ours_in_a_worker_is_70(self, engine: Engine) -> None:
        engine.error = InternalError("reference: kerasdiff itself failed; this is a bug.", "Traceback: boom")
        result = CliRunner().invoke(main, ["compare", "a.py:Net", "b.py:Net"])
        assert result.exit_code == 70
        assert "boom" in result.stderr

    def test_click_exceptions_do_not_say_different(self, engine: Engine) -> None:
        engine.error = click.ClickException("no")
        assert compare().exit_code == 2

    def test_exceptions_pass_when_not_standalone(self, engine: Engine) -> None:
        engine.error = LoadError("no")
        with pytest.raises(LoadError):
            main(["compare", "a.py:Net", "b.py:Net"], standalone_mode=False)


@pytest.mark.usefixtures("engine", "models")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("compare", "a.py:Net"), "error: missing argument 'CANDIDATE'"),
        (("comapre",), "error: no such command 'comapre'"),  # click suggests compare from 8.4 on
        (("compare", "a.py:Net", "b.py:Net", "--sed", "1"), "--seed"),
        (("compare", "a.py:Net", "b.py:Net", "--seed", str(10**30)), "is no seed: they go from 0 to 4294967295."),
        (("compare", "a.py:Net", "b.py:Net", "--seed", "-1"), "--seed"),
        (("compare", "a.py:Net", "b.py:Net", "--fit-steps", "0"), "--fit-steps"),
        (("compare", "a.py:Net", "b.py:Net", "--device", "tpu"), "must be auto, cpu, gpu or gpu:N."),
        (("compare", "a.py:Net", "b.py:Net", "--data", "none.npz"), "none.npz"),
        (
            ("compare", "a.py:Net", "b.py:Net", "--no-fit", "--data", "old/damaged.npz"),
            "damaged.npz cannot be read as an",
        ),
        (("compare", "a.py:Net", "b.py:Net", "--data", "a.py"), "a.py is not a kind of data that kerasdiff reads"),
        (("compare", "a.py:Net", "b.py:Net", "--data", "."), "and no data that kerasdiff reads. Expected an .npz"),
        (("compare", "a.py:Net", "b.py:Net", "--input", "x=a"), "error: --input 'x=a' does not parse"),
        (("compare", "a.py", "b.py:Net"), "error: 'a.py' names no model"),
        (("compare", "c.py:Net", "b.py:Net"), "error: c.py: no such file."),
        (("inspect", "none.keras"), "error: none.keras: no such file."),
    ],
)
def test_wrong_usage_is_2_and_says_so_on_stderr(arguments: tuple[str, ...], says: str) -> None:
    result = ask(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("engine", "models")
@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize("words", [("inspect", "none.keras"), ("compare", "a.py:Net", "b.py:Net", "--seed", "x")])
def test_where_an_error_arose_is_shown_on_demand(
    words: tuple[str, ...], shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERASDIFF_DEBUG", "0")
    by_option = ask(*words, *(["--debug"] if shown else []))
    monkeypatch.setenv("KERASDIFF_DEBUG", str(int(shown)))
    by_environment = ask(*words)

    assert by_option.exit_code == by_environment.exit_code == 2
    assert by_option.stderr.startswith("error: ")
    assert [("Traceback" in one.stderr) for one in (by_option, by_environment)] == [shown, shown]


@pytest.mark.usefixtures("models")
class TestInspect:
    def test_table(self, engine: Engine) -> None:
        result = ask("inspect", "a.py:Net", "--input", "32,32,3", "--timeout", "5")
        assert result.exit_code == 0
        assert "Graph  inference mode, 3 nodes" in result.stdout
        target, inputs, timeout = engine.asked[0]
        assert (target.text, inputs[0].shape, timeout) == ("a.py:Net", (32, 32, 3), 5.0)

    @pytest.mark.usefixtures("engine")
    def test_mode(self) -> None:
        assert "Graph  training mode" in ask("inspect", "a.py:Net", "--mode", "training").stdout

    @pytest.mark.usefixtures("engine")
    def test_json(self) -> None:
        assert json.loads(ask("inspect", "a.py:Net", "--format", "json").stdout)["class"] == "Net"


class TestRules:
    def test_text_names_every_rule_with_its_identity_and_look_alike(self) -> None:
        text = " ".join(ask("rules", "--color", "never").stdout.split())
        for rule in (*NODE_RULES, *RULES):
            told = " ".join(rule.summary.replace("``", "").split())
            assert rule.name in text
            assert told in text
            assert "must not" in told, rule.name

    def test_json_holds_the_same(self) -> None:
        listed = json.loads(ask("rules", "--format", "json").stdout)["rules"]
        assert [(item["name"], item["exact"], item["modes"]) for item in listed] == [
            (rule.name, rule.exact, list(rule.modes)) for rule in (*NODE_RULES, *RULES)
        ]

    def test_some_by_name(self) -> None:
        names = [item["name"] for item in json.loads(ask("rules", "relu-spelling", "--format", "json").stdout)["rules"]]
        assert names == ["relu-spelling"]

    def test_unknown_name(self) -> None:
        result = ask("rules", "relu-speling")
        assert result.exit_code == 2
        assert result.stderr.startswith("error: no rule is called relu-speling; nearest: relu-spelling")

    def test_a_family_is_all_its_rules(self) -> None:
        listed = json.loads(ask("rules", "sums", "--format", "json").stdout)["rules"]
        assert listed
        assert {item["family"] for item in listed} == {"sums"}


def test_a_third_model_is_told_as_such() -> None:
    result = ask("compare", "a.py:A", "b.py:B", "same.py:Net")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: compare takes two models; same.py:Net is a third.\n")


def test_only_close_options_are_suggested() -> None:
    said = ask("compare", "a.py:A", "b.py:B", "--inptu", "3").stderr
    assert "'--input'" in said
    assert "--against" not in said


def test_version() -> None:
    assert ask("--version").stdout == f"kerasdiff {kerasdiff.__version__}\n"


@pytest.mark.parametrize("command", ["", *main.commands])
def test_help_fits_80_columns_and_gives_examples(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = ask(*command.split(), "-h")
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    _, *lines = result.stdout.splitlines()
    assert [line for line in lines if len(line) > 80 or line.endswith("...")] == []


@pytest.mark.parametrize("command", ["compare", "fit", "inspect", "lock"])
def test_what_an_error_may_advise_for_a_model_is_an_option_wherever_one_is_loaded(command: str) -> None:
    options = {name for option in main.commands[command].params for name in option.opts}
    assert options >= {"--input", "--run-file", "--timeout", "--unsafe", "--custom-objects"}


def test_help_names_every_exit_code() -> None:
    text = ask("compare", "--help").stdout
    for line in (
        "0  equivalent",
        "1  different",
        "2  bad usage",
        "3  inconclusive",
        "70 internal error",
        "130 interrupted",
    ):
        assert line in text


def _seconds(*arguments: str) -> float:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    times = []
    for _ in range(5):
        start = spent()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment)
        times.append(spent() - start)
    return min(times)


def test_help_starts_at_once() -> None:
    assert _seconds("-m", "kerasdiff", "--help") < HELP_RATIO * _seconds("-c", "pass")


def test_help_imports_nothing_heavy() -> None:
    heavy = "('numpy', 'rich', 'scipy', 'keras', 'tensorflow')"
    code = f"import sys, kerasdiff.cli; print([name for name in {heavy} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert shown == "[]\n"


def test_a_closed_pipe_leaves_the_exit_code_to_the_verdict() -> None:
    code = "import sys\nfrom kerasdiff.cli.options.common import write\nwrite('x' * 1_000_000, None)\nsys.exit(3)"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (3, b"")
