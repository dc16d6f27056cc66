"""What may be wrong with another environment, named or to be made?"""

from __future__ import annotations

import os
import venv
from pathlib import Path

from wrong.row import Row

UP = "upgrade net.py:net"
OFFLINE = {
    "KERASDIFF_CACHE": "cache",
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": None,
    "PIP_CONFIG_FILE": "/dev/null",
    "UV_NO_INDEX": "1",
    "RUSTUP_HOME": os.path.expanduser(os.environ.get("RUSTUP_HOME", "~/.rustup")),  # which pip asks for its version
}
NOWHERE = {
    **OFFLINE,
    "PIP_NO_INDEX": None,
    "UV_NO_INDEX": None,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "1",
}
KEPT = ("cache", "cache/environments")
TOML = "kerasdiff.toml"


def _python(place: Path, answer: str) -> None:
    """A program that answers as an interpreter would."""
    place.write_text(f"#!/bin/sh\necho '{answer}'\n")
    place.chmod(0o755)


def _old(folder: Path) -> None:
    _python(folder / "py38", '{"version": [3, 8, 18], "prefix": "/usr"}')


def _bare(folder: Path) -> None:
    venv.create(folder / "bare", symlinks=True)


def _moved(folder: Path) -> None:
    import numpy as np

    from kerasdiff.probing.witness import SavedWitness, save
    from kerasdiff.side.interpreters.settings import Setting

    save(
        folder / "w.npz",
        SavedWitness(
            inputs=(np.zeros((2, 4)),), mode="inference", weight_scale=1.0, difference=1.0, how="probe normal", reference="net.py:net",
            candidate="net.py:other", given=(), seed=0, settings=(Setting(python="/nowhere/old/bin/python"), Setting()),
        ),
    )  # fmt: skip


ROWS: tuple[Row, ...] = (
    Row(name="an upgrade to nothing", run=UP, says=("say what to upgrade to", "upgrade --help")),
    Row(name="an upgrade of nothing", run="upgrade --to keras==3.14", says=("TARGET", "upgrade --help")),
    Row(name="a requirement with one sign too few", run=f"{UP} --to tensorflow=2.21", says=("write tensorflow==2.21.",)),
    Row(name="a requirement of a version alone", run=f"{UP} --to 2.21", says=("is a version of nothing",)),
    Row(name="a requirement that is an option", run=f"{UP} --to '-r new.txt'", says=("or a file of it by -r",)),
    Row(name="a requirement of escapes", run=f"{UP} --to $'\\x1b[2J'", own=True, says=("is no requirement",)),
    Row(name="a wheel that is not there", run=f"{UP} --to ./a.whl", says=("'./a.whl': there is no such file",)),
    Row(name="a TensorFlow that is too old", run=f"{UP} --to tensorflow==2.12", says=("with TensorFlow 2.13 or later",)),
    Row(name="a Keras that is too old", run=f"{UP} --to keras==3.5.0", says=("with Keras 3.11 or later",)),
    Row(name="requirements that are not there", run=f"{UP} -r new.txt", says=("'new.txt' cannot be read",)),
    Row(name="requirements that are no text", run=f"{UP} -r new.txt", files={"new.txt": b"\xff\xfe"}, says=("it is no text",)),
    Row(name="requirements in a directory", run=f"{UP} -r .", says=("cannot be read",)),
    Row(name="an upgrade by no Python", run=f"{UP} --to keras==3.14 --with-python pithon", says=("there is no pithon",)),
    Row(name="an upgrade by an old Python", run=f"{UP} --to keras==3.14 --with-python ./py38", make=_old, says=("Python 3.8.18", "3.9 or later")),
    Row(name="an upgrade of a directory", run=f"{UP} --to keras==3.14 --reference-python .", says=("without an interpreter",)),
    Row(name="an upgrade of a Python without TensorFlow", run=f"{UP} --to keras==3.14 --python bare", make=_bare, says=("has no TensorFlow",)),
    Row(name="an upgrade of an old Python", run=f"{UP} --to keras==3.14 --python ./py38", make=_old, says=("3.8.18", "3.10 or later")),
    Row(name="an upgrade of a baseline that is none", run="upgrade m.kerasdiff --to keras==3.14", files={"m.kerasdiff": "x"}, says=("m.kerasdiff",)),
    Row(name="a version that is nowhere", run=f"{UP} --to keras==99", environment=OFFLINE, leaves=KEPT, says=("keras",), slow=True),
    Row(name="an index that is nowhere", run=f"{UP} --to keras==99", environment=NOWHERE, leaves=KEPT, says=("cannot be reached",), slow=True),
    Row(name="environments in a file", run=f"{UP} --to keras==99", environment={**OFFLINE, "KERASDIFF_CACHE": "net.py"}, says=("KERASDIFF_CACHE",)),
    Row(name="a baseline made by no Python", run="lock net.py:net -o x.kerasdiff --python lost", says=("there is no lost",)),
    Row(name="a witness of a Python that is gone", run="replay w.npz", make=_moved, says=("/nowhere/old/bin/python", "--reference-python")),
    Row(name="a doctor of no Python", run="doctor --python lost", says=("there is no lost",)),
    Row(name="gates to nothing", run="check", files={TOML: '[pairs.a]\ntarget = "net.py:net"\nto = ["tensorflow=2"]\n'}, silent=True),
    Row(name="gates to a revision and an upgrade", run="check",
        files={TOML: '[pairs.a]\ntarget = "net.py:net"\nagainst = "main"\nto = ["keras"]\n'}, says=("kerasdiff.toml:4", "against does so at a revision")),
)  # fmt: skip
