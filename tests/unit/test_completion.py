"""What a shell is offered after Tab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from effort import spent

SOURCE = """
import tensorflow as tf
from keras import layers
WIDTH = 3
class Net(tf.keras.Model): ...
class NotOne(dict): ...
def build(): ...
def _hidden(): ...
small = tf.keras.Sequential([])
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "models.py").write_text(SOURCE)
    (tmp_path / "bad.py").write_text("def (")
    (tmp_path / "saved.keras").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "sub" / "inner.py").write_text("class Inner(Base): ...\n")
    bin_ = tmp_path / ".bin"
    bin_.mkdir()
    (bin_ / "kerasdiff").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kerasdiff "$@"\n')
    (bin_ / "kerasdiff").chmod(0o755)
    return tmp_path


def environment(here: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PATH": f"{here / '.bin'}:{os.environ['PATH']}", **more}


def offered(here: Path, line: str, shell: str = "zsh", breaks: str = "") -> list[str]:
    asked = {"_KERASDIFF_COMPLETE": f"{shell}_complete", "COMP_LINE": line, "COMP_WORDBREAKS": breaks}
    done = subprocess.run(
        [sys.executable, "-m", "kerasdiff"], cwd=here, env=environment(here, **asked), capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("kerasdiff comp", ["plain,compare", "plain,completion"]),
        ("kerasdiff compare ", ["part,bad.py:", "part,models.py:", "plain,saved.keras", "part,sub/"]),
        ("kerasdiff compare sub/", ["part,sub/deep/", "part,sub/inner.py:"]),
        ("kerasdiff compare models.py:", ["plain,models.py:Net", "plain,models.py:build", "plain,models.py:small"]),
        ("kerasdiff compare models.py:Net sub/inner.py:I", ["plain,sub/inner.py:Inner"]),
        ("kerasdiff compare bad.py:", []),
        ("kerasdiff compare none.py:", []),
        ("kerasdiff inspect mod", ["part,models.py:"]),
        ("kerasdiff compare --chan", ["plain,--changes-only"]),
        ("kerasdiff compare --require n", ["plain,numeric"]),
        ("kerasdiff compare --format s", ["plain,sarif"]),
        ("kerasdiff compare --html ", ["file,"]),
        ("kerasdiff check --html ", ["dir,"]),
        ("kerasdiff compare --ignore names,i", ["plain,names,initializer"]),
        ("kerasdiff show ", ["file,"]),
        ("kerasdiff compare 'models.py:N", ["plain,models.py:Net"]),
    ],
)
def test_commands_options_files_and_names_are_offered(here: Path, line: str, offers: list[str]) -> None:
    assert sorted(offered(here, line)) == sorted(offers)


def test_bash_gets_what_stands_behind_its_own_word_breaks(here: Path) -> None:
    assert offered(here, "kerasdiff compare models.py:N", "bash", " :=") == ["plain,Net"]
    assert offered(here, "kerasdiff compare models.py:N", "bash", " ") == ["plain,models.py:Net"]


def test_an_answer_comes_at_once(here: Path) -> None:
    took, bare = [], []
    for _ in range(3):
        start = spent()
        offered(here, "kerasdiff compare models.py:N")
        took.append(spent() - start)
        start = spent()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare.append(spent() - start)
    assert min(took) < 12 * min(bare)


BASH = """
eval "$(kerasdiff completion bash)"
COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}
compopt() {{ :; }}
_kerasdiff_completion kerasdiff
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
FISH = 'kerasdiff completion fish | source; complete -C "{line}"'
ZSH = """
compdef() {{ :; }}
compadd() {{ [[ $1 == -S ]] && shift 2; print -l -- ${{(P)4}} }}
eval "$(kerasdiff completion zsh)"
words=({line}); CURRENT=$#words
_kerasdiff_completion
"""


@pytest.mark.parametrize(
    ("shell", "script", "found"),
    [("bash", BASH, "Net"), ("fish", FISH, "models.py:Net"), ("zsh", ZSH, "models.py:Net")],
)
def test_the_script_of_a_shell_asks_and_understands(here: Path, shell: str, script: str, found: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    code = script.format(line="kerasdiff compare models.py:N")
    flags = {"bash": ["--norc"], "fish": ["--no-config"], "zsh": ["-f"]}[shell]
    done = subprocess.run(
        [shell, *flags, "-c", code], cwd=here, env=environment(here), capture_output=True, text=True, check=False
    )

    assert done.stdout.split() == [found], done.stderr
