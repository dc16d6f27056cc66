"""Runs every wrong or hostile input that is known, one command each, and says what became of it.

``python tests/tools/wrong_inputs.py [WORD ...]``: all of them, or those whose name holds one of the words; with
``--cheap`` those alone that start no worker, with ``-v`` what each says. Of each it is asked for: the exit code; one
line that begins with ``error:`` and says what, where and what next; no traceback; no process left; no file left.

Rows share warm processes, so that each waits for no import of TensorFlow: see ``warm.py``.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from click.testing import CliRunner
from command import Answer
from wrong import lines, places, saves, scripts, streams, upgrades, worlds
from wrong.row import NET, Row

import kerasdiff.side.launching as launching
from kerasdiff.cli import main
from kerasdiff.side.environment import worker_environment

ROWS: tuple[Row, ...] = (
    *lines.ROWS,
    *places.ROWS,
    *streams.ROWS,
    *scripts.ROWS,
    *saves.ROWS,
    *worlds.ROWS,
    *upgrades.ROWS,
)
CODES = (0, 1, 2, 3, 130)
_LAUNCHER = launching.launcher
_OF_KERAS = {"home/.keras", "home/.keras/keras.json"}
"""What Keras writes wherever it is imported."""
LONGEST_S = 60.0
"""How long a row may take; one that waits for a process that lives on takes longer."""
_ESCAPES = re.compile("[\x00-\x08\x0b-\x1f\x7f\x9b\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a row: what is wrong with it, nothing where all is well."""

    row: Row
    answer: Answer
    seconds: float
    faults: tuple[str, ...]


def warm_launcher() -> launching.Launcher:
    """One launcher for all rows, whatever their environment; another where a row ended it."""
    return _LAUNCHER(worker_environment())


def run(row: Row) -> Told:
    """Runs a row in a directory of its own, with a home and a place for temporary files of its own."""
    root = Path(tempfile.mkdtemp(prefix="wrong_"))
    try:
        for name in ("home", "tmp", "work"):
            (root / name).mkdir()
        (root / "work" / "net.py").write_text(NET)
        for name, text in row.files.items():
            path = root / "work" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        if row.make is not None:
            with _at(root / "work", {}):
                row.make(root / "work")
        lent = warm_launcher() if row.worker else None
        before, others = _held(root), set(_below(os.getpid()))
        began = time.monotonic()
        answer = _answer(row, root, lent)
        took = time.monotonic() - began
        left = sorted(_held(root) - before - {f"work/{name}" for name in row.leaves} - _OF_KERAS)
        return Told(row=row, answer=answer, seconds=took, faults=tuple(_faults(row, answer, left, took, others)))
    finally:
        for folder, _, _ in os.walk(root):
            os.chmod(folder, 0o700)
        shutil.rmtree(root)


@cache
def _output_of(row_name: str) -> str:
    return run(next(row for row in ROWS if row.name == row_name)).answer.stdout


def _environment(row: Row, root: Path) -> dict[str, str | None]:
    own = {"HOME": str(root / "home"), "TMPDIR": str(root / "tmp"), "KERAS_HOME": None, "KERASDIFF_CACHE": None}
    plain = {"CUDA_VISIBLE_DEVICES": "", "NO_COLOR": "1", "COLUMNS": "100", "XDG_CACHE_HOME": None}
    return {**own, **plain, **row.environment}


def _answer(row: Row, root: Path, lent: launching.Launcher | None) -> Answer:
    settings = _environment(row, root)
    if not (row.own or row.after or row.environment):
        with _at(root / "work", settings), _warm(lent):
            done = CliRunner().invoke(main, shlex.split(row.run))
        return Answer(exit_code=done.exit_code, stdout=done.stdout, stderr=done.stderr)
    passed = [] if lent is None else [lent.connection.fileno()]
    program = shlex.join([sys.executable, str(Path(__file__).with_name("warm.py")), str(*passed or [-1])])
    found = {name: value for name, value in {**os.environ, **settings}.items() if value is not None}
    completed = subprocess.run(
        ["bash", "-c", f"{row.before} {program} {row.run} {row.after}"],
        cwd=root / "work",
        env=found,
        pass_fds=passed,
        capture_output=True,
        check=False,
        timeout=600,
    )
    texts = [text.decode(errors="backslashreplace") for text in (completed.stdout, completed.stderr)]
    return Answer(exit_code=completed.returncode, stdout=texts[0], stderr=texts[1])


@contextmanager
def _warm(lent: launching.Launcher | None) -> Iterator[None]:
    """Within, workers are forked from this launcher; where there is none, none may be started."""

    def same(environment: Mapping[str, str], python: str = "", **more: bool) -> launching.Launcher:
        if lent is None:
            raise AssertionError("a worker is started")
        return lent if lent.runs() else _LAUNCHER(environment, python, **more)

    known, launching.launcher = launching.launcher, same
    forks, launching.FORKS = launching.FORKS, True
    try:
        yield
    finally:
        launching.launcher, launching.FORKS = known, forks


@contextmanager
def _at(directory: Path, settings: Mapping[str, str | None]) -> Iterator[None]:
    here, known = os.getcwd(), dict(os.environ)
    os.chdir(directory)
    tempfile.tempdir = None
    for name, value in settings.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(known)
        tempfile.tempdir = None


def _held(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def _faults(row: Row, answer: Answer, left: list[str], took: float, others: set[int]) -> Iterator[str]:
    if answer.exit_code != row.code or answer.exit_code not in CODES:
        yield f"exit code {answer.exit_code}, not {row.code}"
    flat = " ".join(answer.stderr.split())
    said = [line for line in answer.stderr.splitlines() if re.match(r"(?i)error\b", line)]
    if row.code == 2 and not row.silent and len(said) != 1:
        yield f"{len(said)} lines of error"
    if any(not line.startswith("error: ") or len(line) < 25 for line in said):
        yield "the line is no `error: …`"
    yield from (f"does not say {text!r}" for text in row.says if text not in flat)
    yield from (f"does not show {text!r}" for text in row.shown if text not in answer.stdout)
    for mark in ("Traceback (most", "Exception ignored", "kerasdiff/", "internal error", "this is a bug"):
        if mark in answer.stderr.replace(str(Path(__file__).parents[2]), ""):
            yield f"shows {mark!r}"
    if row.like is not None and answer.stdout != _output_of(row.like.name):
        yield "standard output is another"
    if _ESCAPES.search(answer.stderr):
        yield "writes control characters to stderr"
    if left:
        yield f"leaves {', '.join(left)}"
    if took > LONGEST_S:
        yield f"takes {took:.0f} s"
    yield from _orphans(others)


def _orphans(others: set[int]) -> Iterator[str]:
    """Processes that this one has below it since, and that are no launchers of its own, a second after the command."""
    launchers = others | {known._process.pid for known in launching._launchers.values()}
    deadline = time.monotonic() + 1
    while (rest := [pid for pid in _below(os.getpid()) if pid not in launchers]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in rest:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
            os.kill(pid, 9)
        except OSError:
            continue
        yield f"leaves a process: {command[:80]}"


def _below(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    found, reached = [], {root}
    for pid in sorted(parents):
        chain = pid
        while chain in parents and chain not in reached:
            chain = parents[chain]
        if chain in reached and pid != root:
            found.append(pid)
    return found


def command() -> int:
    """Runs the rows that the command line names, and prints a line each."""
    words = sys.argv[1:]
    cheap = "--cheap" in words
    verbose = "-v" in words
    words = [word for word in words if not word.startswith("-")]
    chosen = [row for row in ROWS if not (cheap and row.worker) and _named(row, words)]
    wrong = 0
    if any(row.worker for row in chosen):
        warm_launcher()  # imports while the first rows run
    for row in chosen:
        signal.alarm(int(2 * LONGEST_S))
        told = run(row)
        wrong += bool(told.faults)
        said = next((line for line in told.answer.stderr.splitlines() if line.startswith("error")), "")
        print(
            f"{'FAULT' if told.faults else 'ok':5} {told.seconds:5.1f} s  {row.name}: {told.answer.exit_code}  {said}"
        )
        for fault in told.faults:
            print(f"        {fault}")
        if verbose:
            print("        | " + "\n        | ".join(told.answer.stderr.splitlines()[-40:]))
    print(f"{len(chosen)} rows, {wrong} with faults")
    return 1 if wrong or not chosen else 0


def _named(row: Row, words: list[str]) -> bool:
    return not words or any(word in row.name for word in words)


if __name__ == "__main__":
    sys.exit(command())
