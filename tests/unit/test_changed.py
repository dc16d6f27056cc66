"""Which pairs run after a change: what a module imports is followed by reading, and in doubt a pair runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from kerasdiff.checking.changed import is_unchanged, since
from kerasdiff.checking.preparing import model_of
from kerasdiff.errors import TargetError
from kerasdiff.gates.reading import read
from kerasdiff.side.reading.early import read_target

FILES = {
    "kerasdiff.toml": "".join(
        f'[pairs.{name}]\nreference = "{target}"\ncandidate = "{target}"\n'
        for name, target in {
            "plain": "plain.py:net",
            "deep": "pkg/nets/deep.py:net",
            "module": "pkg.nets.deep:net",
            "reader": "reader.py:net",
            "dynamic": "dynamic.py:net",
            "saved": "net.keras",
            "made": "made.keras",
        }.items()
    )
    + 'custom_objects = ["made.py"]\n',
    "plain.py": "import keras\nimport blocks.conv as conv\nfrom helpers import width\n",
    "helpers.py": "width = 1\n",
    "blocks/conv.py": "from blocks import base\n",
    "blocks/base.py": "x = 1\n",
    "pkg/__init__.py": "",
    "pkg/nets/__init__.py": "from .. import common\n",
    "pkg/nets/deep.py": "from ..layers import gate\n",
    "pkg/layers/__init__.py": "",
    "pkg/layers/gate.py": "import math\n",
    "pkg/common.py": "x = 1\n",
    "reader.py": "import json\nwith open(__file__) as f:\n    text = f.read()\n",
    "dynamic.py": "import importlib\nimportlib.import_module('hel' + 'pers')\n",
    "net.keras": "weights",
    "made.keras": "weights",
    "made.py": "import helpers\n",
    "other.py": "x = 1\n",
    "config.json": "{}",
    "requirements.txt": "keras\n",
}
ALL = ("plain", "deep", "module", "reader", "dynamic", "saved", "made")


def git(where: Path, *words: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *settings, *words], cwd=where, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def run(repository: Path) -> tuple[str, ...]:
    """The pairs that are run for what changed since the first commit."""
    own = repository / "kerasdiff.toml"
    gates = read(own)
    known = since(gates, "main")
    targets = {
        gate.name: (model_of(gate, read_target(gate.candidate, gates.here), "candidate", gates.here),)
        for gate in gates.gates
    }
    return tuple(gate.name for gate in gates.gates if not is_unchanged(gate, targets[gate.name], own, known))


@pytest.mark.parametrize(
    ("file", "runs"),
    [
        ("other.py", ("dynamic",)),
        ("plain.py", ("plain", "dynamic")),
        ("helpers.py", ("plain", "dynamic", "made")),
        ("blocks/base.py", ("plain", "dynamic")),
        ("pkg/layers/gate.py", ("deep", "module", "dynamic")),
        ("pkg/common.py", ("deep", "module", "dynamic")),
        ("config.json", ("reader", "dynamic")),
        ("net.keras", ("reader", "dynamic", "saved")),
        ("requirements.txt", ALL),
        ("kerasdiff.toml", ALL),
    ],
)
def test_a_change_runs_what_may_read_it(file: str, runs: tuple[str, ...], repository: Path) -> None:
    with (repository / file).open("a") as stream:
        stream.write("\n# changed")

    assert run(repository) == runs


def test_new_and_removed_files_count(repository: Path) -> None:
    assert run(repository) == ("dynamic",)

    (repository / "blocks" / "__init__.py").write_text("")
    assert run(repository) == ("plain", "dynamic")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "two")
    (repository / "helpers.py").unlink()
    assert run(repository) == ("plain", "dynamic", "made")


def test_a_link_to_the_repository_is_the_repository(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("links") / "here"
    os.symlink(repository, link)
    (repository / "helpers.py").write_text("width = 2\n")

    assert run(link) == ("plain", "dynamic", "made")


def test_a_file_that_does_not_parse_runs(repository: Path) -> None:
    (repository / "blocks" / "base.py").write_text("def f(:\n")
    git(repository, "commit", "-qam", "two")

    assert "plain" in run(repository)


def test_outside_a_repository_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "kerasdiff.toml").write_text(FILES["kerasdiff.toml"])
    with pytest.raises(TargetError, match="is in no git repository, so nobody knows what changed"):
        since(read(tmp_path / "kerasdiff.toml"), "")
