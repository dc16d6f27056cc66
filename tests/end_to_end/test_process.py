"""The worker process: answers and errors come back, nothing else does, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kerasdiff.errors import LoadError, WorkerError
from kerasdiff.side import launching
from kerasdiff.side.environment import worker_environment
from kerasdiff.side.process import Worker
from kerasdiff.side.protocol import DESCRIBE, Request
from kerasdiff.side.targets import parse_target

MODELS = """
import ctypes, json, os, sys, time
print("imported, loudly")
import keras
import tensorflow as tf

def waited_for():
    while not os.path.exists(__file__ + ".asked"):
        time.sleep(0.01)
    return good()

def good():
    print("to stdout")
    sys.stderr.write("to stderr\\n")
    os.system("echo from a child")
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])

def needs(width):
    pass

def looks():
    links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    print(json.dumps({
        "directory": os.getcwd(),
        "arguments": sys.argv[1:],
        "main": "/".join(sys.modules["__main__"].__file__.split("/")[-3:]),
        "environment": [os.environ.get(name) for name in ("KERASDIFF_CACHE", "PYTHONHASHSEED", "PYTHONSAFEPATH")],
        "precision": keras.config.floatx(),
        "open": sorted(os.readlink(link).partition(":")[0] for link in links if os.path.exists(link)),
        "leads": os.getpid() == os.getpgid(0) == os.getsid(0),
        "random": str(tf.random.Generator.from_non_deterministic_state().state.numpy()),
    }))
    return good()

def dies():
    print("last words")
    os._exit(7)

def crashes():
    ctypes.string_at(0)

def hangs():
    print("waiting")
    time.sleep(600)
"""


@pytest.fixture(params=[True, False], ids=["forked", "fresh"])
def forks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether workers are forked from a launcher, or are processes started one by one."""
    monkeypatch.setattr(launching, "FORKS", request.param)
    if request.param and sys.platform != "linux":
        pytest.skip("forks on Linux alone")
    return request.param


@pytest.fixture
def models(tmp_path: Path, forks: bool) -> Path:
    (tmp_path / "m.py").write_text(MODELS)
    return tmp_path / "m.py"


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def comes(what: Callable[[], bool]) -> bool:
    """Whether something comes true, however slow the machine."""
    deadline = time.monotonic() + 120
    while not what() and time.monotonic() < deadline:
        time.sleep(0.02)
    return what()


def test_two_workers_answer_at_once_and_stay_quiet(models: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with (
        Worker(parse_target(f"{models}:waited_for")) as reference,
        Worker(parse_target(f"{models}:needs"), label="candidate") as candidate,
    ):
        first, second = reference.submit(DESCRIBE, None, (), False), candidate.submit(DESCRIBE, None, (), False)
        models.with_name("m.py.asked").touch()  # who waited for an answer before both are asked would get none
        description = first.result()
        with pytest.raises(LoadError) as caught:
            second.result()
        pids = [reference._process.pid, candidate._process.pid]
        printed = reference._printed()
    assert description.class_name == "Sequential"
    assert [port.spec.shape for port in description.inputs] == [(None, 4)]
    assert "needs the argument width" in caught.value.message
    assert all(line in printed for line in ("imported, loudly", "to stdout", "to stderr", "from a child"))
    assert capfd.readouterr() == ("", "")
    assert not any(alive(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_finds_what_was_there_when_it_was_asked_for(
    models: Path, keras_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras_home.mkdir()
    (keras_home / "keras.json").write_text('{"floatx": "float64"}')
    monkeypatch.setenv("KERASDIFF_CACHE", "here")
    monkeypatch.chdir(tmp_path)
    shown = []
    with Worker(parse_target(f"{models}:looks")) as one, Worker(parse_target(f"{models}:looks")) as two:
        for worker in (one, two):
            worker.describe()
            (line,) = [line for line in worker._printed().splitlines() if line.startswith("{")]
            shown.append(json.loads(line))
    assert len({each.pop("random") for each in shown}) == 2
    for each in shown:
        assert not {"socket", "anon_inode"} & set(each["open"])
        assert each.pop("open").count("pipe") == 2
        assert each == {
            "directory": str(tmp_path),
            "arguments": [],
            "main": "kerasdiff/worker/__main__.py",
            "environment": ["here", "0", None],
            "precision": "float64",
            "leads": True,
        }


def test_the_end_of_a_worker_is_explained(models: Path) -> None:
    workers = {name: Worker(parse_target(f"{models}:{name}"), label="candidate") for name in ("dies", "crashes")}
    pending = {name: worker.submit(DESCRIBE, None, (), False) for name, worker in workers.items()}
    said = {}
    try:
        for name, answer in pending.items():
            with pytest.raises(WorkerError) as caught:
                answer.result()
            said[name] = caught.value
        with pytest.raises(WorkerError, match="exit code 7"):
            workers["dies"].describe()  # dead once, dead for good
    finally:
        for worker in workers.values():
            worker.close()
            worker.close()
    assert "candidate" in said["dies"].message
    assert "ended with exit code 7 while it had to trace the model" in said["dies"].message
    assert "last words" in said["dies"].details
    assert "SIGSEGV" in said["crashes"].message
    assert "in crashes" in said["crashes"].details


def test_silence_kill_and_unknown_requests(models: Path) -> None:
    killed, silent = Worker(parse_target(f"{models}:hangs")), Worker(parse_target(f"{models}:hangs"))
    confused = Worker(parse_target(f"{models}:good"))
    try:
        waiting, doomed = silent.submit(DESCRIBE, None, (), False), killed.submit(DESCRIBE, None, (), False)
        odd = confused.submit(Request("dance", "dance", ""))
        with pytest.raises(WorkerError, match="this is a bug") as bug:
            odd.result()
        assert "unknown request 'dance'" in bug.value.details
        os.kill(killed._process.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="SIGKILL"):
            doomed.result()
        assert comes(lambda: "waiting" in silent._printed())
        silent._timeout = 1
        with pytest.raises(WorkerError, match=r"gave no sign of life for 1 s") as quiet:
            waiting.result()
        assert "waiting" in quiet.value.details
        assert not alive(silent._process.pid)
    finally:
        for worker in (silent, killed, confused):
            worker.close()


@pytest.fixture
def launchers(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[Any, launching.Launcher]]:
    """Those of this test alone."""
    own: dict[Any, launching.Launcher] = {}
    monkeypatch.setattr(launching, "_launchers", own)
    yield own
    for launcher in own.values():
        launcher.close()


@pytest.mark.parametrize("forks", [True], ids=["forked"], indirect=True)
@pytest.mark.usefixtures("launchers")
class TestLauncher:
    def test_its_end_costs_time_and_nothing_else(self, models: Path) -> None:
        target = parse_target(f"{models}:good")
        launcher = launching.launcher(worker_environment())
        with Worker(target) as early:
            launcher._process.kill()  # while it imports
            assert early.describe().class_name == "Sequential"
            assert early._process._popen is not None
        with Worker(target) as late, Worker(parse_target(f"{models}:hangs")) as silent:
            assert late._process.pid != silent._process.pid
            again = launching.launcher(worker_environment())
            assert again is not launcher
            again._process.kill()
            again._process.wait()
            assert late.describe().class_name == "Sequential"
            assert late._process._popen is None
            doomed = silent.submit(DESCRIBE, None, (), False)
            os.kill(silent._process.pid, signal.SIGKILL)
            with pytest.raises(WorkerError, match="closed its connection"):
                doomed.result()

    def test_a_worker_closed_before_it_runs_never_does(self, models: Path) -> None:
        worker = Worker(parse_target(f"{models}:good"))
        worker.close()  # without waiting for the launcher to fork it
        assert worker._process._pid is None


@pytest.mark.parametrize("forks", [False], ids=["fresh"], indirect=True)
def test_what_cannot_be_started_is_said(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(models))
    with (
        Worker(parse_target(f"{models}:good")) as worker,
        pytest.raises(WorkerError, match=r"worker process cannot be started \(Permission denied\)"),
    ):
        worker.describe()


PARENT = """
import sys
from kerasdiff.side import launching
from kerasdiff.side.process import Worker
from kerasdiff.side.protocol import DESCRIBE
from kerasdiff.side.targets import parse_target
launching.FORKS = sys.argv[2] == "True"
with Worker(parse_target(sys.argv[1])) as worker:
    pending = worker.submit(DESCRIBE, None, (), False)
    pid = worker._process.pid
    # The launcher, too, where there is one.
    print(pid, int(open(f"/proc/{pid}/stat").read().split()[3]) if launching.FORKS else pid, flush=True)
    try:
        pending.result()
    except KeyboardInterrupt:
        assert "keras" not in sys.modules and "tensorflow" not in sys.modules
        sys.exit(130)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_no_orphan_and_no_traceback(models: Path, number: signal.Signals, code: int, forks: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, f"{models}:hangs", str(forks)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        started = [int(word) for word in parent.stdout.readline().split()]
        time.sleep(1.0)  # just when the parent stops waiting for an answer, and looks whether the worker is alive
        parent.send_signal(number)
        try:
            _, errors = parent.communicate(timeout=30)
        finally:
            parent.kill()
    assert (parent.returncode, errors) == (code, "")
    assert comes(lambda: not any(map(alive, started)))


SLOW = """
import pathlib, time
import keras
import tensorflow as tf

def wait(x):
    pathlib.Path(__file__).with_suffix(".runs").touch()
    time.sleep(600)
    return x

def slow(name):
    inputs = keras.Input((4,))
    outputs = keras.layers.Lambda(lambda x: tf.ensure_shape(tf.py_function(wait, [x], x.dtype), x.shape))(inputs)
    return keras.Model(inputs, keras.layers.Activation(name)(outputs))
"""


def test_an_interrupt_while_numbers_run_is_answered_at_once(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(SLOW)
    command = [
        Path(sys.executable).parent / "kerasdiff",
        "compare",
        "--no-fit",
        "m.py:slow(name='relu')",
        "m.py:slow(name='tanh')",
    ]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert comes((tmp_path / "m.runs").exists)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)  # the numbers would take ten minutes
    assert (process.returncode, errors.strip()) == (130, "interrupted")
