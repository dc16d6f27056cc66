"""What the judging half asks of a model, and the worker process that answers.

:class:`Side` is the protocol; :class:`Worker` answers it from a process of its own, so that two
models never touch each other and everything a model prints, changes or breaks stays there.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Generic, Literal, NoReturn, Protocol, TypeVar

from numpy.typing import NDArray

from kerasdiff.errors import WorkerError
from kerasdiff.graph import Graph, Source, TensorSpec, Weight
from kerasdiff.target import InputSpec, Target

Array = NDArray[Any]
Precision = Literal["float32", "float64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One named input or output; ``low``/``high`` bound the values of integer inputs."""

    name: str
    spec: TensorSpec
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A training method of the user's own; equal digests stand for equal code and settings."""

    digest: str
    source: Source | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A model as its worker sees it.

    Attributes:
        inference, training: The traced graphs; ``None`` with a note where tracing failed.
        inferred: Sentences: what was guessed to construct or call the model.
        notes: Sentences: what could not be traced, what looks like a mistake (layer never called).
        unused_layers: Ids of layers created and never called.
        compiled: Compile settings as JSON data, or ``None``.
        guessed: Whether the input shape is the CIFAR-10 default, for want of anything better.
        named_inputs: Whether the model takes its inputs by name (a dict or keyword arguments).
        overrides: Training methods the model brings itself (``train_step``), which no rung runs.
    """

    class_name: str
    inference: Graph | None
    training: Graph | None
    weights: tuple[Weight, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    inferred: tuple[str, ...]
    notes: tuple[str, ...]
    unused_layers: tuple[str, ...]
    environment: Mapping[str, str]
    compiled: Mapping[str, Any] | None = None
    guessed: bool = False
    named_inputs: bool = False
    overrides: Mapping[str, Override] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to draw the value of one weight, so that no array need cross the process boundary.

    Attributes:
        weight: Id of the weight to set.
        seed: Seed of the draw: two weights with the same seed, name, fan-in and draw shape get the same values.
        name: Role that picks the distribution (``kernel``, ``gamma``, ``moving_variance``, …).
        shape: Shape that is drawn; reshaped to the weight's own afterwards.
    """

    weight: str
    seed: int
    name: str
    shape: tuple[int, ...]
    fan_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRequest:
    """One evaluation: weights set by ``recipes``, then every probe run.

    Attributes:
        probes: One tuple of batches per probe, in the order of the model's inputs.
        gain: Factor on kernels and biases, for bounds that values of the usual size never reach.
        training: Runs in training mode, and returns gradients and state updates as well.
        fetch: Ids of traced inference nodes whose output port 0 is wanted, empty for the model outputs alone.
    """

    recipes: tuple[Recipe, ...]
    probes: tuple[tuple[Array, ...], ...]
    precision: Precision
    training: bool = False
    fetch: tuple[str, ...] = ()
    gain: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a probe run gave.

    Attributes:
        outputs: Per probe, the model outputs in order.
        repeated: Whether the same probe a second time gave the same bits (a random model does not).
        fetched: Per probe, node id to value.
        mixed: Whether lower precision than asked for stayed in the graph (a hard-coded float32).
        gradients: In training mode, weight id to the gradient of a fixed random projection of the outputs plus the
            added losses; ``None`` where the weight gets no gradient.
        state: In training mode, weight id to the value after the call, for every weight that is not trainable.
        losses: In training mode, the sum of the losses the model adds.
        untaken: Ids of nodes that branch on data and went one way on every probe, as far as is known.
    """

    outputs: tuple[tuple[Array, ...], ...]
    repeated: bool
    fetched: tuple[Mapping[str, Array], ...] = ()
    mixed: bool = False
    gradients: Mapping[str, Array | None] = field(default_factory=dict)
    state: Mapping[str, Array] = field(default_factory=dict)
    losses: float = 0.0
    untaken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """One trial: what both sides of a trial pair must share.

    Attributes:
        data: Path of an ``.npz`` with ``x_train``, ``y_train``, ``x_test``, ``y_test``; ``"cifar10-cache"`` for the
            copy in the Keras cache; ``"synthetic"`` for the procedural set of the model's own signature.
        steps: Optimizer steps.
        start: Weight id to starting value; weights it leaves out keep their own draw.
    """

    data: str
    seed: int
    steps: int
    batch_size: int = 64
    learning_rate: float = 3e-4
    start: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One finished training run.

    Attributes:
        data: What it was trained on, in words.
        settings: Optimizer, loss and the like, as JSON data.
        losses: Training loss of every step, before that step's update.
        accuracies: Training accuracy of every step's batch, empty for regression.
        predictions: Model outputs on the first test batch after the last step.
    """

    data: str
    settings: Mapping[str, Any]
    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    test_loss: float | None
    test_accuracy: float | None
    predictions: Array
    samples_per_second: float


class Progress(Protocol):
    """Told after every optimizer step of a fit."""

    def __call__(self, step: int, loss: float) -> None: ...


class Side(Protocol):
    """A model that answers for itself."""

    def describe(self) -> Description: ...

    def evaluate(self, request: EvaluateRequest) -> Evaluation: ...

    def start(self, seed: int) -> Mapping[str, Array]: ...

    def start_digests(self, weights: tuple[str, ...]) -> Mapping[str, str]: ...

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial: ...


T = TypeVar("T")
_LENGTH = struct.Struct("!Q")
_TAIL_BYTES = 8_000
_TAIL_LINES = 30
_CHATTER = ("WARNING: All log messages before absl", "E0000", "W0000", "I0000", "Extension modules:")
"""What TensorFlow's libraries say at start-up whatever the log level; it never explains a failure."""
_TASKS = {
    "describe": "trace the model",
    "evaluate": "run the model",
    "start_digests": "read the starting weights",
    "fit": "train the model",
}


def write_frame(stream: IO[bytes], message: Any) -> None:
    """Sends one message: its pickle behind its length in 8 bytes."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Any:
    """Receives one message.

    Raises:
        EOFError: If the other end is gone.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (size,) = _LENGTH.unpack(head)
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return pickle.loads(data)


class Pending(Generic[T]):
    """An answer a worker still owes."""

    def __init__(self, worker: Worker, number: int, name: str) -> None:
        self._worker = worker
        self._number = number
        self._name = name

    def result(self, progress: Progress | None = None) -> T:
        """Waits for the answer; ``progress`` hears every optimizer step of a fit on the way.

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
    """

    def __init__(
        self, target: Target, inputs: tuple[InputSpec, ...] = (), timeout: float = 600, label: str = "reference"
    ) -> None:
        self.target, self.label, self._timeout = target, label, timeout
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the worker)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kerasdiff.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_environment(),
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
        self._requests.put((target, inputs))

    def describe(self) -> Description:
        """Traces the model; see :class:`Description`."""
        pending: Pending[Description] = self.submit("describe")
        return pending.result()

    def evaluate(self, request: EvaluateRequest) -> Evaluation:
        """Runs probes through the model; see :class:`Evaluation`."""
        pending: Pending[Evaluation] = self.submit("evaluate", request)
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
        self._sent += 1
        self._requests.put((self._sent, name, arguments))
        return Pending(self, self._sent, name)

    def close(self) -> None:
        """Kills the process and everything it started; harmless when repeated."""
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
                self._fail(f"{self._ending()} while it had to {_TASKS.get(name, name)}")
            source, kind, value = frame
            if kind == "progress":
                if progress is not None and source == number:
                    progress(*value)
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

    def _fail(self, what: str) -> NoReturn:
        """Ends the worker for good: a process that died once answers nothing any more."""
        self._kill()
        printed = self._printed()
        hint = " Its last output follows." if printed else " It printed nothing."
        self._failure = WorkerError(f"{self._who()}: the worker process {what}.{hint}", printed)
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
        self._process.wait()


def _environment() -> dict[str, str]:
    """The worker's environment: quiet, deterministic, and with imports that do not begin in the current directory."""
    return {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # oneDNN reorders sums by shape and core count: off, so that equal graphs give equal bits.
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "KERAS_BACKEND": "tensorflow",
        "PYTHONHASHSEED": "0",
        # Else a file named like a standard module beside the user's models would break the worker's start.
        "PYTHONSAFEPATH": "1",
    }
