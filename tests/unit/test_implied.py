"""Which command is meant where none is named."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from kerasdiff.cli import main
from kerasdiff.cli.implied import implied_command


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("a.py:A b.py:B", "compare"),
        ("a.py b.py --no-fit", "compare"),
        ("--no-fit a.py:A b.py:B", "compare"),
        ("--input 4 a.py:A b.py:B", "compare"),
        ("git:main:a.py:A a.py:A", "compare"),
        ("a.keras b.h5", "compare"),
        ("old.json new.json", "compare"),
        ("net.kerasdiff a.py:A", "compare"),
        ("--against main a.py:A", "compare"),
        ("a.py:A --against=main", "compare"),
        ("a.py:A", "inspect"),
        ("a.py", "inspect"),
        ("package.module:make(x=1)", "inspect"),
        ("a.py:A --output report.json", "inspect"),
        ("nb.ipynb:A --input ids=16:int32@0..100", "inspect"),
        ("compare a.py:A b.py:B", None),
        ("list a.py", None),
        ("comapre a.py:A b.py:B", None),
        ("--version", None),
        ("--help", None),
        ("package.module", None),
        ("", None),
    ],
)
def test_what_is_named_says_what_is_meant(line: str, command: str | None) -> None:
    assert implied_command(line.split(), main.commands) == command


def test_it_is_that_command_which_runs(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))
    implied, said = (CliRunner().invoke(main, [*more, "a.py:A", "b.py:B"]) for more in ((), ("compare",)))
    assert (implied.exit_code, implied.stderr) == (said.exit_code, said.stderr) == (2, "error: a.py: no such file.\n")
    assert "no such command 'comapre'" in CliRunner().invoke(main, ["comapre", "a.py:A", "b.py:B"]).stderr
