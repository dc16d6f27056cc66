"""The worker process: a model that answers the :class:`kerasdiff.side.records.Side` protocol from a process of its own.

Two models never touch each other, and everything a model prints, changes or breaks stays in its process.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Generic, NoReturn, TypeVar

from kerasdiff.errors import WorkerEndedError, WorkerError
from kerasdiff.side.frames import read_frame, write_frame
from kerasdiff.side.records import (
    Array,
    Description,
    EvaluateRequest,
    Evaluation,
    FitPlan,
    LoadRequest,
    Progress,
    Restored,
    Saved,
    SaveRequest,
    Stage,
    Staged,
    Stepped,
    StepRequest,
    Trial,
)
from kerasdiff.side.targets import InputSpec, Target

T = TypeVar("T")
_TAIL_BYTES = 8_000
_TAIL_LINES = 30
_REAP_S = 5.0
"""How long a killed process may take to end; one that takes longer ends without us."""
_CHATTER = ("WARNING: All log messages before absl", "E0000", "W0000", "I0000", "Extension modules:")
"""What TensorFlow's libraries say at start-up whatever the log level; it never explains a failure."""
_TASKS = {
    "describe": "trace the model",
    "evaluate": "run the model",
    "stage": "run a part of the model",
    "step": "take one optimizer step",
    "losses_of": "compute training losses",
    "save_checkpoint": "save its weights",
    "load_checkpoint": "load saved weights",
    "start_digests": "read the starting weights",
    "fit": "train the model",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What of the machine a worker may use.

    Attributes:
        device: ``auto``, ``cpu``, ``gpu`` or ``gpu:N``.
        threads: Processor threads, or ``None`` for TensorFlow's choice.
        onednn: Whether convolutions may use oneDNN: 1.8 times as fast in training on one thread, and repeatable for a
            fixed number of threads. Off by default, for it sums in an order that depends on shapes.
    """

    device: str = "auto"
    threads: int | None = None
    onednn: bool = False


class Pending(Generic[T]):
    """An answer a worker still owes."""

    def __init__(self, worker: Worker, number: int, name: str) -> None:
        self._worker = worker
        self._number = number
        self._name = name

    def result(self, progress: Progress | None = None) -> T:
        """Waits for the answer; ``progress`` hears how far a fit is on the way.

        Raises:
            KerasdiffError: What the worker raised, as the class it raised.
            WorkerError: If the worker ended, or sent nothing for as long as its timeout.
        """
        answer: T = self._worker._wait(self._number, self._name, progress)
        return answer


class Worker:
    """A model in a process of its own that answers the :class:`Side` protocol.

    The process starts at once and is not waited for, so two workers import TensorFlow at the same
    time. Two threads carry the frames: a request never blocks its caller, and an answer that nobody
    has asked for yet never blocks the worker.

    Args:
        target: The model.
        inputs: What ``--input`` said.
        timeout: Seconds without a sign of life after which a request fails and the process is killed.
        label: Which side this is, for messages.
        without: Settings of weights that are taken off, after they were noted for the description: ``regularizer``, or
            ``trainable``, without which every layer is trained; other names are left alone.
        hardware: What it may use.
    """

    def __init__(
        self,
        target: Target,
        inputs: tuple[InputSpec, ...] = (),
        timeout: float = 600,
        label: str = "reference",
        without: tuple[str, ...] = (),
        hardware: Hardware | None = None,
    ) -> None:
        self.target, self.label, self._timeout = target, label, timeout
        self._inputs, self._without, self._hardware = inputs, without, hardware or Hardware()
        self._described: tuple[Any, ...] = ()
        self.closed = False
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the worker)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kerasdiff.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=worker_environment(self._hardware),
            # Ctrl-C reaches the parent alone, and the whole group can be killed without touching ours.
            start_new_session=True,
        )
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._early: dict[int, tuple[str, Any]] = {}
        self._sent = 0
        self._failure: WorkerError | None = None
        self._killed = False
        self._threads = [threading.Thread(target=step, daemon=True) for step in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()
        self._requests.put((target, inputs, without))

    def describe(self) -> Description:
        """Traces the model; see :class:`Description`."""
        pending: Pending[Description] = self.submit("describe")
        return pending.result()

    def evaluate(self, request: EvaluateRequest) -> Evaluation:
        """Runs probes through the model; see :class:`Evaluation`."""
        pending: Pending[Evaluation] = self.submit("evaluate", request)
        return pending.result()

    def stage(self, request: Stage) -> Staged:
        """Runs a part of the model; see :class:`Stage`."""
        pending: Pending[Staged] = self.submit("stage", request)
        return pending.result()

    def step(self, request: StepRequest) -> Stepped:
        """Takes one optimizer step; see :class:`Stepped`."""
        pending: Pending[Stepped] = self.submit("step", request)
        return pending.result()

    def losses_of(self, request: StepRequest, outputs: tuple[tuple[Array, ...], ...]) -> tuple[float, ...]:
        """The training loss of each of these sets of model outputs, by the targets of that step."""
        pending: Pending[tuple[float, ...]] = self.submit("losses_of", request, outputs)
        return pending.result()

    def save_checkpoint(self, request: SaveRequest) -> Saved:
        """Saves a copy of the model and runs it; see :class:`Saved`."""
        pending: Pending[Saved] = self.submit("save_checkpoint", request)
        return pending.result()

    def load_checkpoint(self, request: LoadRequest) -> tuple[Restored, ...]:
        """Loads saved weights into a copy of the model; see :class:`Restored`."""
        pending: Pending[tuple[Restored, ...]] = self.submit("load_checkpoint", request)
        return pending.result()

    def start(self, seed: int) -> Mapping[str, Array]:
        """The weights a fresh copy of the model starts from, by id."""
        pending: Pending[Mapping[str, Array]] = self.submit("start", seed)
        return pending.result()

    def start_digests(self, weights: tuple[str, ...]) -> Mapping[str, str]:
        """A digest of the value each of these weights starts from, by id; equal where the bytes are."""
        pending: Pending[Mapping[str, str]] = self.submit("start_digests", weights)
        return pending.result()

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
        """Trains a fresh copy of the model; see :class:`Trial`."""
        pending: Pending[Trial] = self.submit("fit", plan)
        return pending.result(progress)

    def submit(self, name: str, *arguments: Any) -> Pending[Any]:
        """Sends a request and returns at once; requests are answered in the order they were sent."""
        if name == "describe":
            self._described = arguments
        self._sent += 1
        self._requests.put((self._sent, name, arguments))
        return Pending(self, self._sent, name)

    def fresh(self) -> Worker:
        """Another worker for the same model, its inputs in the same order."""
        worker = Worker(self.target, self._inputs, self._timeout, self.label, self._without, self._hardware)
        if self._described:
            worker.submit("describe", *self._described)
        return worker

    def close(self) -> None:
        """Kills the process and everything it started; harmless when repeated."""
        self.closed = True
        self._kill()
        self._requests.put(None)
        for thread in self._threads:
            thread.join(timeout=5)
        for stream in (self._process.stdin, self._process.stdout):
            # A request cut off by the kill is still in the buffer, and closing tries to send it.
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        self._log.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self) -> None:
        stream = self._process.stdin
        assert stream is not None
        while (message := self._requests.get()) is not None:
            try:
                write_frame(stream, message)
            except (OSError, ValueError):
                return  # the process is gone: the receiver notices and says so

    def _receive(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            try:
                self._answers.put(read_frame(stream))
            except (EOFError, OSError, ValueError):
                self._answers.put(None)
                return
            except Exception as error:  # unpickling runs constructors: whatever they raise, the answer is lost
                self._answers.put((-1, "unreadable", f"{type(error).__name__}: {error}"))

    def _wait(self, number: int, name: str, progress: Progress | None) -> Any:
        while number not in self._early:
            if self._failure is not None:
                raise self._failure
            frame = self._next(name)
            if frame is None:
                self._fail(f"{self._ending()} while it had to {_TASKS.get(name, name)}", WorkerEndedError)
            source, kind, value = frame
            if kind == "progress":
                if progress is not None and source == number:
                    progress(value)
            elif kind == "unreadable":
                self._fail(f"sent an answer that cannot be read ({value})")
            else:
                self._early[source] = (kind, value)
        kind, value = self._early.pop(number)
        if kind == "error":
            raise value
        if kind == "bug":
            raise WorkerError(
                f"{self._who()}: kerasdiff itself failed while it had to {_TASKS.get(name, name)}; this is a bug.",
                value,
            )
        return value

    def _next(self, name: str) -> Any:
        """The next frame, or ``None`` when the process is gone."""
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return self._answers.get(timeout=min(1.0, max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                # A process the model forked may hold the connection open after the worker died.
                if self._process.poll() is not None and self._answers.empty():
                    return None
                if time.monotonic() >= deadline:
                    task = _TASKS.get(name, name)
                    self._fail(f"gave no sign of life for {self._timeout:g} s while it had to {task}; it was stopped")

    def _who(self) -> str:
        return f"{self.label} ({self.target.text})"

    def _fail(self, what: str, kind: type[WorkerError] = WorkerError) -> NoReturn:
        """Ends the worker for good: a process that died once answers nothing any more."""
        self._kill()
        printed = self._printed()
        hint = " Its last output follows." if printed else " It printed nothing."
        self._failure = kind(f"{self._who()}: the worker process {what}.{hint}", printed)
        raise self._failure

    def _ending(self) -> str:
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "closed its connection"
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        cause = " (out of memory, or killed by someone)" if name == "SIGKILL" else ""
        return f"was ended by {name}{cause}"

    def _printed(self) -> str:
        # Read without moving the file position, which the worker's own descriptor shares.
        size = os.fstat(self._log.fileno()).st_size
        tail = os.pread(self._log.fileno(), _TAIL_BYTES, max(0, size - _TAIL_BYTES)).decode(errors="replace")
        lines = [line for line in tail.splitlines() if not line.startswith(_CHATTER)]
        return "\n".join(lines[-_TAIL_LINES:]).strip()

    def _kill(self) -> None:
        if self._killed:
            return
        self._killed = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # The leader may be gone while what it started lives on, so the group is killed either way.
            os.killpg(self._process.pid, signal.SIGKILL)
        # Without a limit it waits on the lock of `Popen`, which a Ctrl-C in the middle of `poll` leaves locked.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_REAP_S)


class Retried:
    """A worker's trials, each taken up once more by a fresh worker where the process ended in the middle.

    What was kept on disk is not trained again. A second end is the caller's to report.

    Args:
        worker: Where trials run at first.
        notes: Gets a sentence on each worker that ended.
    """

    def __init__(self, worker: Worker, notes: list[str]) -> None:
        self._worker, self._notes = worker, notes
        self._own: Worker | None = None

    def start(self, seed: int) -> Mapping[str, Array]:
        """See :meth:`Worker.start`."""
        return self._worker.start(seed)

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
        """See :meth:`Worker.fit`."""
        try:
            return self._worker.fit(plan, progress)
        except WorkerEndedError as error:
            if self._worker.closed:
                raise
            self._notes.append(f"{error.message.partition(' while')[0]}; the trial went on in a new one")
            self._worker = self._own = self._worker.fresh()
            # What the lost worker kept counts, even where what was kept before it does not.
            return self._worker.fit(replace(plan, fresh=False), progress)

    def __enter__(self) -> Retried:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own is not None:
            self._own.close()


def worker_environment(hardware: Hardware = Hardware()) -> dict[str, str]:
    """The worker's environment: quiet, deterministic, and with imports that do not begin in the current directory."""
    chosen = {"KERASDIFF_DEVICE": hardware.device}
    if hardware.device == "cpu":
        chosen["CUDA_VISIBLE_DEVICES"] = "-1"
    if hardware.threads is not None:
        chosen["KERASDIFF_THREADS"] = str(hardware.threads)
    return {
        **os.environ,
        **chosen,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # oneDNN reorders sums by shape and core count: off, so that equal graphs give equal bits.
        "TF_ENABLE_ONEDNN_OPTS": "1" if hardware.onednn else "0",
        "KERAS_BACKEND": "tensorflow",
        "PYTHONHASHSEED": "0",
        # Else a file named like a standard module beside the user's models would break the worker's start.
        "PYTHONSAFEPATH": "1",
    }
