"""Comparisons whose workers are forked from a process that has imported TensorFlow already.

Everything runs as the command runs it, but a worker starts in milliseconds: importing TensorFlow twice takes longer
than a small comparison. The process that is forked has imported Keras and run nothing, so no thread is lost.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from click.testing import CliRunner
from command import Answer

import kerasdiff.side.process
from kerasdiff.cli import main
from kerasdiff.side.protocol import REQUESTS


class Nursery:
    """The process that is forked, ready once TensorFlow is imported; at the other end of a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._ours = connection
        self._lock = threading.Lock()

    def ask(self, *request: Any, fds: tuple[int, ...] = ()) -> Any:
        """Sends a request, with file descriptors, and waits for the answer."""
        with self._lock:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
            self._ours.sendmsg([json.dumps(request).encode()], ancillary)
            return json.loads(self._ours.recv(1 << 16))

    def fileno(self) -> int:
        """Of the socket, for a process that is to use the same one while this one waits."""
        return self._ours.fileno()


def _environment() -> dict[str, str]:
    """What a worker starts with, as TensorFlow reads some of it on import; this file must find its neighbours."""
    wanted = {**kerasdiff.side.process.worker_environment(), "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1"}
    del wanted["PYTHONSAFEPATH"]
    return wanted


class Forked:
    """What :class:`kerasdiff.side.process.Worker` needs of a ``Popen``."""

    def __init__(self, nursery: Nursery, env: dict[str, str], stderr: Any) -> None:
        self._nursery = nursery
        self._code: int | None = None
        self._lock = threading.Lock()
        requests, self_in = os.pipe()
        self_out, answers = os.pipe()
        self.stdin, self.stdout = open(self_in, "wb"), open(self_out, "rb")  # noqa: SIM115
        self.pid = nursery.ask("fork", [env, os.getcwd()], fds=(requests, answers, stderr.fileno()))
        os.close(requests)
        os.close(answers)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; ``None`` while it runs."""
        with self._lock:  # a process is reaped once, and two threads of a worker may ask
            if self._code is None:
                self._code = self._nursery.ask("poll", self.pid)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the end."""
        until = time.monotonic() + (timeout or 3600)
        while self.poll() is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("worker", timeout or 0)
            time.sleep(0.01)
        return self._code or 0


@cache
def nursery() -> Nursery:
    """The one nursery of this process; it ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, "serve", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=_environment(),
            start_new_session=True,
        )

    @atexit.register
    def close() -> None:
        ours.close()
        process.wait(timeout=10)

    return Nursery(ours)


@contextlib.contextmanager
def _forking(made: Callable[[], Nursery]) -> Iterator[None]:
    """Within, workers are forked."""

    def popen(command: list[str], *, stderr: Any, env: dict[str, str], **_: Any) -> Forked:
        assert command[1:] == ["-m", "kerasdiff.worker"]
        return Forked(made(), env, stderr)

    # The name in that module alone: others start processes as ever.
    fake = SimpleNamespace(**{**vars(subprocess), "Popen": popen})
    with mock.patch.object(kerasdiff.side.process, "subprocess", fake):
        yield


def run_warm(*arguments: str, cwd: Path | None = None) -> Answer:
    """Runs the command in this process and in this directory; its workers are forked."""
    before = os.getcwd()
    with _forking(nursery):
        os.chdir(cwd or before)
        try:
            done = CliRunner().invoke(main, list(arguments))
        finally:
            os.chdir(before)
    return Answer(exit_code=done.exit_code, stdout=done.stdout, stderr=done.stderr)


def run_fresh(*arguments: str, cwd: Path, **env: str) -> Answer:
    """Runs the command in a process of its own, which has nothing but the nursery from this one."""
    socket_ = nursery().fileno()
    done = subprocess.run(
        [sys.executable, __file__, "run", str(socket_), *arguments],
        cwd=cwd,
        env={**os.environ, **env},
        pass_fds=[socket_],
        capture_output=True,
        text=True,
        check=False,
    )
    return Answer(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def _run(connection: socket.socket, arguments: list[str]) -> None:
    with _forking(lambda: Nursery(connection)):
        main(arguments)


def _serve(connection: socket.socket) -> None:
    """Forks a worker for each request until the other end is closed."""
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

    for request in REQUESTS.values():
        importlib.import_module(request.handler.partition(":")[0])
    # What is here already is no garbage: no worker need look for any in it, nor copy its pages by doing so.
    gc.collect()
    gc.freeze()
    while True:
        text, fds, _, _ = socket.recv_fds(connection, 1 << 16, 3)
        if not text:
            return
        name, argument = json.loads(text)
        if name == "fork":
            pid = os.fork()
            if pid == 0:
                connection.close()
                _become_worker(*argument, fds)
            for fd in fds:
                os.close(fd)
            # Here as well as in the child: a worker may be killed, with its group, before it has run at all.
            with contextlib.suppress(PermissionError, ProcessLookupError):
                os.setpgid(pid, pid)
            answer: int | None = pid
        else:
            ended, status = os.waitpid(argument, os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        connection.send(json.dumps(answer).encode())


def _become_worker(env: dict[str, str], directory: str, fds: list[int]) -> None:
    from kerasdiff.worker.__main__ import main

    os.setpgid(0, 0)
    os.chdir(directory)
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.environ.clear()
    os.environ.update(env)
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(number, "w", closefd=False)) for number in (1, 2))
    sys.path[:] = [entry for entry in sys.path if entry != str(Path(__file__).parent)]
    main()
    os._exit(0)


if __name__ == "__main__":
    role, number, *rest = sys.argv[1:]
    if role == "serve":
        _serve(socket.socket(fileno=int(number)))
    else:
        _run(socket.socket(fileno=int(number)), rest)
