"""The worker process: a :class:`kerasdiff.side.protocol.Side` that answers from a process of its own.

Two models never touch each other, and everything a model prints, changes or breaks stays in its process.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import tempfile
import threading
import time
import weakref
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Generic, NoReturn, ParamSpec, TypeVar, cast

from kerasdiff.errors import NO_NUMPY, InternalError, KerasdiffError, LoadError, WorkerEndedError, WorkerError, ending
from kerasdiff.side.ending.hanging import ASKED_BY, hung_at
from kerasdiff.side.ending.printed import last_words
from kerasdiff.side.environment import Hardware, worker_environment
from kerasdiff.side.interpreters.asking import shown
from kerasdiff.side.launching import Process
from kerasdiff.side.protocol import DESCRIBE, Request, Side
from kerasdiff.side.targets import InputSpec, Target
from kerasdiff.side.training import Progress, Tick
from kerasdiff.side.wire.frames import Call, Opening, ProtocolError, Reply, read_frame, write_frame

P = ParamSpec("P")
T = TypeVar("T")
Described = tuple[tuple[InputSpec, ...] | None, tuple[str, ...], bool]
"""What a description is asked with; it holds for everything that is asked afterwards, of a fresh worker too."""

_TAIL_BYTES = 16_000
_STACK_S = 3.0
"""How long a worker that hangs may take to write its stack."""
_MOST_STACK = 200_000
_REAP_S = 5.0
"""How long a killed process may take to end; one that takes longer ends without us."""
_MOST_PRINTED = 256 << 20
"""Bytes that what a model prints may take on the disk; of more than that the beginning is lost."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """Why no answer comes: what the process does in place of it."""

    what: str


def _own_file(label: str) -> IO[bytes]:
    """Where a worker's output goes; it has no name and ends with the worker.

    Raises:
        WorkerError: If there is no room for it.
    """
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        where = tempfile.gettempdir() if tempfile.tempdir else "the temporary directory"
        raise WorkerError(
            f"{label}: no file can be made in {where} ({error.strerror or error}); make room there, or name another "
            "directory by TMPDIR."
        ) from None


class Pending(Generic[T]):
    """An answer a worker still owes."""

    def __init__(self, worker: Worker, number: int, task: str) -> None:
        self._worker, self._number, self._task = worker, number, task

    def result(self, progress: Progress | None = None) -> T:
        """Waits for the answer; ``progress`` hears how far a fit is on the way.

        Raises:
            KerasdiffError: What the worker raised, as the class it raised.
            WorkerError: If the worker ended, or sent nothing for as long as its timeout.
        """
        return cast("T", self._worker._wait(self._number, self._task, progress))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Another worker for the same model, its inputs in the same order, wherever it is made.

    Attributes:
        target, inputs, timeout, without, order, fitted: As :class:`Worker` takes them.
    """

    target: Target
    inputs: tuple[InputSpec, ...]
    timeout: float
    without: tuple[str, ...]
    order: tuple[str, ...]
    fitted: bool

    def worker(self, label: str, hardware: Hardware) -> Worker:
        """Starts it."""
        settled = self.without, hardware, self.order, self.fitted
        return Worker(self.target, self.inputs, self.timeout, label, *settled)


_at_work: weakref.WeakSet[Worker] = weakref.WeakSet()


def stop_all() -> None:
    """Stops every worker of this process: for who cuts off what other threads wait for."""
    for worker in tuple(_at_work):
        worker.stop()


class Worker(Side):
    """A model in a process of its own that answers the :class:`Side` protocol.

    The process starts at once and is not waited for, so two workers are at work at the same time.
    Two threads carry the frames: a request never blocks its caller, and an answer that nobody has
    asked for yet never blocks the worker.

    Args:
        target: The model.
        inputs: What ``--input`` said.
        timeout: Seconds without a sign of life after which a request fails and the process is killed.
        label: Which side this is, for messages.
        without: Settings of weights that are taken off, after they were noted for the description: ``regularizer``, or
            ``trainable``, without which every layer is trained; other names are left alone.
        hardware: What it may use.
        order, fitted: As :meth:`Side.describe` takes them.
    """

    def __init__(
        self,
        target: Target,
        inputs: tuple[InputSpec, ...] = (),
        timeout: float = 600,
        label: str = "reference",
        without: tuple[str, ...] = (),
        hardware: Hardware | None = None,
        order: tuple[str, ...] = (),
        fitted: bool = False,
    ) -> None:
        self.target, self.label, self._timeout = target, label, timeout
        self._inputs, self._without, self._hardware = inputs, without, hardware or Hardware()
        self._order, self._fitted = order, fitted
        self._sent = 0
        self.closed = False
        _at_work.add(self)
        self._start()

    def _start(self) -> None:
        """Starts the process and what carries frames to and from it."""
        self._log = _own_file(self.label)
        environment = worker_environment(self._hardware, self.target.backend, self.target.variables)
        self._process = Process(environment, self._log.fileno(), self.target.python)
        self._requests: queue.SimpleQueue[Opening | Call | None] = queue.SimpleQueue()
        self._replies: queue.SimpleQueue[Reply | _Lost | None] = queue.SimpleQueue()
        self._early: dict[int, Reply] = {}
        self._failure: KerasdiffError | None = None
        self._killed = False
        self._threads = [threading.Thread(target=step, daemon=True) for step in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()
        opening = Opening(
            target=self.target, inputs=self._inputs, without=self._without, order=self._order, fitted=self._fitted
        )
        self._requests.put(opening)

    def revive(self) -> None:
        """Starts the process anew where it ended or was stopped; its inputs stay in the order they were described in.

        For what may go wrong without harm to what is asked afterwards.
        """
        if self.closed or (self._failure is None and not self._process.ended()):
            return
        self._end()
        self._start()

    def renew(self) -> None:
        """Ends the process, and with it all that it holds, and starts another for what is asked from here on."""
        if not self.closed:
            self._end()
            self._start()

    def submit(self, request: Request[P, T], /, *arguments: P.args, **named: P.kwargs) -> Pending[T]:
        """Sends a request and returns at once; requests are answered in the order they were sent."""
        assert not named  # arguments cross by position
        return self._call(request, arguments)

    def _call(self, request: Request[..., T], arguments: tuple[object, ...]) -> Pending[T]:
        if request.name == DESCRIBE.name:
            inputs, self._order, self._fitted = cast("Described", arguments)
            self._inputs = self._inputs if inputs is None else inputs
        self._sent += 1
        self._requests.put(Call(number=self._sent, name=request.name, arguments=arguments))
        return Pending(self, self._sent, request.task)

    def is_forked(self) -> bool:
        """Whether its process was forked from a launcher, once it has answered."""
        return self._process.forked

    @property
    def recipe(self) -> Recipe:
        """How to make another one."""
        return Recipe(
            target=self.target,
            inputs=self._inputs,
            timeout=self._timeout,
            without=self._without,
            order=self._order,
            fitted=self._fitted,
        )

    def fresh(self, hardware: Hardware | None = None, label: str | None = None) -> Worker:
        """Another worker for the same model, its inputs in the same order; on other ``hardware`` where that is said."""
        return self.recipe.worker(label or self.label, hardware or self._hardware)

    def stop(self) -> None:
        """Kills the process, so that whoever waits for it is told that it ended; any thread may call it."""
        self._process.kill()

    def close(self) -> None:
        """Kills the process and everything it started; harmless when repeated."""
        self.closed = True
        self._end()

    def _end(self) -> None:
        self._kill()
        self._requests.put(None)
        for thread in self._threads:
            thread.join(timeout=5)
        self._process.close()
        self._log.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self) -> None:
        stream = self._process.stdin
        while (message := self._requests.get()) is not None:
            try:
                write_frame(stream, message)
            except (OSError, ValueError):
                return  # the process is gone: the receiver notices and says so

    def _receive(self) -> None:
        try:
            runs = self._process.settle()
        except OSError as error:
            self._replies.put(_Lost(f"cannot be started ({error.strerror or error})"))
            return
        if not runs:
            self._replies.put(None)
            return
        stream = self._process.stdout
        while True:
            try:
                self._replies.put(cast("Reply", read_frame(stream)))
            except (EOFError, OSError, ValueError):
                self._replies.put(None)
                return
            except ProtocolError as error:
                self._replies.put(_Lost(f"cannot be understood, for {error}: was kerasdiff installed anew meanwhile?"))
                return
            except Exception as error:  # whatever it is, the answer is lost
                self._replies.put(_Lost(f"sent an answer that cannot be read ({type(error).__name__}: {error})"))

    def _wait(self, number: int, task: str, progress: Progress | None) -> object:
        while number not in self._early:
            if self._failure is not None:
                raise self._failure
            reply = self._next(task)
            if reply is None:
                self._ended(task)
            if isinstance(reply, _Lost):
                self._fail(reply.what)
            if reply.kind != "progress":
                self._early[reply.number] = reply
            elif progress is not None and reply.number == number:
                progress(cast("Tick", reply.payload))
        reply = self._early.pop(number)
        if reply.kind == "error":
            raise cast("KerasdiffError", reply.payload)
        if reply.kind == "bug":
            raise InternalError(
                f"{self._who()}: kerasdiff itself failed while it had to {task}; this is a bug.",
                str(reply.payload),
            )
        return reply.payload

    def _next(self, task: str) -> Reply | _Lost | None:
        """The next frame, or ``None`` when the process is gone."""
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return self._replies.get(timeout=min(1.0, max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                self._forget_printed()
                # A process the model forked may hold the connection open after the worker died.
                if self._process.ended() and self._replies.empty():
                    return None
                if time.monotonic() >= deadline:
                    lost = f"gave no sign of life for {self._timeout:g} s while it had to {task}"
                    self._fail(f"{lost}{self._hung_at()}; it was stopped")

    def _who(self) -> str:
        return f"{self.label} ({self.target.text})"

    def _ended(self, task: str) -> NoReturn:
        code = self._process.wait(timeout=5)
        if code == NO_NUMPY:
            python = self.target.python or sys.executable
            _, said = self._message("")
            self._failure = LoadError(
                f"{self._who()}: numpy cannot be imported by {shown(python)}; install it there anew: "
                f"{shown(python)} -m pip install --force-reinstall numpy",
                said,
            )
            raise self._failure
        message, printed = self._message(f"{ending(code)} while it had to {task}")
        self._failure = WorkerEndedError(message, printed, label=self.label, target=self.target.text, exit_code=code)
        raise self._failure

    def _fail(self, what: str) -> NoReturn:
        self._failure = WorkerError(*self._message(what))
        raise self._failure

    def _message(self, what: str) -> tuple[str, str]:
        """Ends the worker for good, for a process that died once answers nothing any more; what to say of it."""
        self._kill()
        printed = self._printed()
        hint = " Its last output follows." if printed else " It printed nothing."
        return f"{self._who()}: the worker process {what}.{hint}", printed

    def _printed(self) -> str:
        # Read without moving the file position, which the worker's own descriptor shares.
        size = os.fstat(self._log.fileno()).st_size
        return last_words(os.pread(self._log.fileno(), _TAIL_BYTES, max(0, size - _TAIL_BYTES)))

    def _hung_at(self) -> str:
        """Which line of the user's it is at, in words; empty where that cannot be told."""
        log = self._log.fileno()
        if ASKED_BY is None:
            return ""
        before = os.fstat(log).st_size
        with contextlib.suppress(OSError):
            os.kill(self._process.pid, ASKED_BY)
        written, deadline = b"", time.monotonic() + _STACK_S
        while time.monotonic() < deadline:
            time.sleep(0.05)
            more = os.pread(log, _MOST_STACK, before)
            if more and more == written:
                break
            written = more
        os.ftruncate(log, before)
        return hung_at(written.decode(errors="replace"))

    def _forget_printed(self) -> None:
        """Gives back the room on the disk that a model takes which prints without end."""
        if os.fstat(self._log.fileno()).st_blocks * 512 > _MOST_PRINTED:
            os.ftruncate(self._log.fileno(), 0)

    def _kill(self) -> None:
        if self._killed:
            return
        self._killed = True
        self._process.kill()
        self._process.wait(timeout=_REAP_S)
