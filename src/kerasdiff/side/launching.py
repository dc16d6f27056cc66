"""Which process does a worker run in? One forked from a launcher, which has TensorFlow imported, or else a fresh one.

Importing TensorFlow takes longer than most comparisons. So one process, the launcher (:mod:`kerasdiff.worker.launch`),
imports it once and runs nothing; every worker is forked from it and shares its memory. A launcher is at the other end
of a socket and ends with it, however this process ends. It is started ahead, by :func:`prepare`, so that it imports
while this process does.

Fork is only asked for on Linux, and the launcher refuses where it is not safe. Where no worker comes of it, also where
the launcher was killed, the same worker is started as a process of its own. Nothing but the time tells the two apart.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kerasdiff.side.ending.orphans import below
from kerasdiff.side.environment import DEBUG, Hardware, seen_by, worker_environment

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from kerasdiff.side.targets import Target

FORKS = sys.platform == "linux"
"""Elsewhere a fork is not safe in a process that has loaded TensorFlow (macOS), or there is none (Windows)."""

_MAIN = str(Path(__file__).parents[1] / "worker" / "__main__.py")
"""By its path, and not as a module: where it runs, kerasdiff may not be installed, or another version of it."""
_ORPHANS_S = 5.0
"""How long a launcher may take to end what its workers left; it takes some milliseconds."""
_READ_LATER = frozenset(
    (
        *("KERASDIFF_DEVICE", "KERASDIFF_THREADS", "KERASDIFF_TF32", "KERASDIFF_CACHE", "XDG_CACHE_HOME", DEBUG),
        *("CUDA_VISIBLE_DEVICES", "KERAS_HOME", "COLUMNS", "LINES", "NO_COLOR", "PWD", "OLDPWD", "PYTEST_CURRENT_TEST"),
    )
)
"""Names in a worker's environment that nothing reads while TensorFlow and Keras are imported, except for Keras's home,
which a worker reads anew. Any other name that differs needs a launcher of its own: oneDNN is switched at import."""


def _command(python: str, *arguments: str) -> list[str]:
    """What starts a worker, or a launcher."""
    return [python or sys.executable, _MAIN, *arguments]


class Launcher:
    """A process that forks workers, once it has imported TensorFlow.

    Args:
        environment: What it finds.
        python: The interpreter; empty for the one that runs this.
        draws: Whether it draws the procedural data meanwhile, for workers that train.
    """

    def __init__(self, environment: Mapping[str, str], python: str = "", *, draws: bool = False) -> None:
        self.connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                _command(python, str(theirs.fileno()), *(["draw"] if draws else [])),
                stdin=subprocess.DEVNULL,
                # Where its import fails, so does that of the fresh process that takes its place, which says why.
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=seen_by(python, environment),
                start_new_session=True,
            )

        self.served = False
        """Whether a worker was forked from it, which may have left processes of its own."""

    def runs(self) -> bool:
        return self._process.poll() is None

    def fork(self, environment: Mapping[str, str], streams: tuple[int, int, int]) -> socket.socket:
        """Asks for a worker and returns at once.

        Args:
            environment: What the worker finds.
            streams: File descriptors of its standard input, output and error.

        Returns:
            Where the worker says its number, and then the launcher how it ended; closed without a number where no
            worker came of it.

        Raises:
            OSError: If it cannot be asked.
        """
        with contextlib.ExitStack() as stack:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.enter_context(theirs)
            try:
                # By descriptor, for a directory may have lost its name, or may not be read.
                directory = os.open(".", os.O_PATH | os.O_DIRECTORY)
                stack.callback(os.close, directory)
                passed = array.array("i", [*streams, directory, theirs.fileno()])
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)]
                self.connection.sendmsg([json.dumps(dict(environment)).encode()], rights)
            except OSError:
                ours.close()
                raise
        return ours

    def close(self) -> None:
        """Ends it; it ends its workers before, and what they started and left."""
        self.connection.close()
        if self.served:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=_ORPHANS_S)
        self._process.kill()
        self._process.wait()


MOST_LAUNCHERS = 3
"""Launchers of an interpreter at once: numbers, trials, and one more; each keeps 300 MB, and a test may change its
environment often."""

_launchers: dict[tuple[int, str, frozenset[tuple[str, str]]], Launcher] = {}
_starting = threading.Lock()


def _is_forked(environment: Mapping[str, str]) -> bool:
    """Whether a worker may be forked; JAX and PyTorch start threads when they are imported, which no fork survives."""
    return FORKS and environment.get("KERAS_BACKEND", "tensorflow") == "tensorflow"


def prepare(hardware: Hardware, targets: Iterable[Target] = (), *, draws: bool = False) -> None:
    """Starts what workers on this hardware will be forked from: a launcher for each way that targets are run."""
    ways = [(target.python, target.backend, target.variables) for target in targets] or [("", None, ())]
    for python, backend, variables in dict.fromkeys(ways):
        environment = worker_environment(hardware, backend, variables)
        if _is_forked(environment):
            launcher(environment, python, draws=draws)


def launcher(environment: Mapping[str, str], python: str = "", *, draws: bool = False) -> Launcher:
    """The launcher that workers with this environment are forked from, a new one where it was ended."""
    # By process, too: one that this one was forked into has launchers of its own, which end with it.
    own = os.getpid(), python
    key = *own, frozenset(item for item in environment.items() if item[0] not in _READ_LATER)
    with _starting:
        known = _launchers.get(key)
        if known is not None and not known.runs():
            known.close()
            known = None
        if known is None:
            for oldest in [other for other in _launchers if other[:2] == own][: 1 - MOST_LAUNCHERS]:
                _launchers.pop(oldest).close()  # its workers go on
            known = _launchers[key] = Launcher(environment, python, draws=draws)
        return known


@atexit.register
def _close_all() -> None:
    for (owner, *_), known in _launchers.items():
        if owner == os.getpid():
            known.close()


class _Answers(io.RawIOBase):
    """What a worker writes, until it is killed: what it forked may hold the other end open for ever after.

    Args:
        answers: Our end of its standard output, which is closed with this.
        killed: Readable, or closed at its other end, once the worker was killed.
    """

    def __init__(self, answers: int, killed: int) -> None:
        super().__init__()
        self._answers, self._killed = answers, killed
        self._news = select.poll()
        for descriptor in (answers, killed):
            self._news.register(descriptor, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Reads what there is, and waits for something first; nothing where no more will come."""
        ready = {descriptor for descriptor, _ in self._news.poll()}
        return os.readv(self._answers, [buffer]) if self._answers in ready else 0

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._answers)
            os.close(self._killed)


class Process:
    """The process of a worker, in a session and a process group of its own.

    It is there once :meth:`settle` has returned, which one thread calls; everything else may be called by any thread at
    any time.

    Args:
        environment: What it finds.
        errors: Descriptor of the file that its standard error goes to.
        python: The interpreter that runs it; empty for the one that runs this.

    Attributes:
        stdin, stdout: Our ends of its standard input and output.
    """

    def __init__(self, environment: Mapping[str, str], errors: int, python: str = "") -> None:
        self._environment, self._errors, self._python = seen_by(python, environment), errors, python
        requests, ours_in = os.pipe()
        ours_out, answers = os.pipe()
        self.stdin: IO[bytes] = open(ours_in, "wb")  # noqa: SIM115
        killed, self._killing = os.pipe()
        self.stdout: IO[bytes] = io.BufferedReader(_Answers(ours_out, killed))
        self._theirs = requests, answers
        self._lock = threading.Lock()
        self._settled = threading.Event()
        self._unwanted = False
        self._pid: int | None = None
        self._exit_code: int | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self._forked: socket.socket | None = None
        self._launcher: Launcher | None = None
        if _is_forked(environment):
            with contextlib.suppress(OSError):  # then a fresh process is started
                self._launcher = launcher(environment, python)
                self._forked = self._launcher.fork(self._environment, (*self._theirs, errors))

    @property
    def pid(self) -> int:
        """Its number, once it is known."""
        self._settled.wait()
        assert self._pid is not None
        return self._pid

    @property
    def forked(self) -> bool:
        """Whether a launcher forked it, and it was not started anew."""
        return self._settled.is_set() and self._pid is not None and self._popen is None

    def settle(self) -> bool:
        """Waits until the process runs; not where it was killed before.

        Raises:
            OSError: If it cannot be started.
        """
        try:
            # Where the worker was forked, it says so itself: when nobody does, none is left to read what was sent.
            said = self._forked.recv(64) if self._forked is not None else b""
            with self._lock:
                if said and self._launcher is not None:
                    self._pid = int(said)
                    self._launcher.served = True
                elif not self._unwanted:
                    self._start()
        finally:
            for descriptor in self._theirs:
                os.close(descriptor)
            self._settled.set()
        return self._pid is not None

    def _start(self) -> None:
        self._popen = subprocess.Popen(
            _command(self._python),
            stdin=self._theirs[0],
            stdout=self._theirs[1],
            stderr=self._errors,
            env=self._environment,
            # Ctrl-C reaches the parent alone, and the whole group can be killed without touching ours.
            start_new_session=True,
        )
        self._pid = self._popen.pid

    def ended(self) -> bool:
        """Whether it ran and does no more."""
        if not self._settled.is_set() or self._pid is None:
            return self._settled.is_set()
        if self._popen is not None:
            return self._popen.poll() is not None
        return self._heard(0)

    def wait(self, timeout: float) -> int | None:
        """Waits for its end.

        Returns:
            The exit code, negative for a signal; ``None`` where it did not end in time, or nobody knows.
        """
        if not self._settled.wait(timeout) or self._pid is None:
            return None
        if self._popen is not None:
            try:
                return self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                return None
        self._heard(timeout)
        return self._exit_code

    def _heard(self, timeout: float) -> bool:
        """Whether a forked worker ended, after ``timeout`` seconds at most."""
        assert self._forked is not None
        if self._exit_code is not None:
            return True
        news = select.poll()
        with self._lock:
            if self._forked.fileno() < 0:
                return True
            news.register(self._forked, select.POLLIN)
        waited = news.poll(timeout * 1000)
        with self._lock:
            if not waited or self._exit_code is not None or self._forked.fileno() < 0:
                return self._exit_code is not None
            said = self._forked.recv(64, socket.MSG_DONTWAIT)
            if said:
                self._exit_code = int(said)
                return True
        # The launcher, which would know, is gone; what it forked goes on.
        return not _exists(self._pid)

    def kill(self) -> None:
        """Kills it and everything it started, also before it has started; harmless when repeated."""
        with self._lock:
            self._unwanted = True
            if not self._settled.is_set() and self._forked is not None:
                with contextlib.suppress(OSError):
                    self._forked.shutdown(socket.SHUT_RDWR)  # ends the wait of `settle`
        # With a limit, for a Ctrl-C may have come between this process and the thread that was to settle it.
        if self._settled.wait(timeout=5) and self._pid is not None:
            # Of a forked one its launcher sees to what has left the group.
            started = below(self._pid) if self._popen is not None and self._popen.poll() is None else []
            with contextlib.suppress(ProcessLookupError, PermissionError):
                # The leader may be gone while what it started lives on, so the group is killed either way.
                os.killpg(self._pid, signal.SIGKILL)
            for pid in started:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
        with self._lock:
            if self._killing >= 0:
                os.close(self._killing)
                self._killing = -1

    def close(self) -> None:
        """Closes our ends."""
        for stream in (self.stdin, self.stdout):
            # A request cut off by the kill is still in the buffer, and closing tries to send it.
            with contextlib.suppress(OSError):
                stream.close()
        with self._lock:
            if self._forked is not None:
                self._forked.close()


def _exists(pid: int | None) -> bool:
    try:
        os.kill(pid or 0, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True
