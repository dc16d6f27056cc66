"""Every way kerasdiff says no: one exception class per step that can fail."""

from __future__ import annotations

import signal

EXIT_USAGE = 2
EXIT_INTERNAL = 70  # EX_SOFTWARE of sysexits.h
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
"""What a command exits with that has no verdict to tell."""


class KerasdiffError(Exception):
    """Base of the errors a user can cause; the message is one clear sentence, shown as it is.

    Args:
        message: What happened, where, and what to do about it.
        details: Lines that help (the model's own traceback, nearest names); shown under the message.
    """

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __reduce__(self) -> tuple[type[KerasdiffError], tuple[str, str]]:
        return (type(self), (self.message, self.details))


class TargetError(KerasdiffError):
    """A target or ``--input`` string does not parse, or names nothing that exists."""


class LoadError(KerasdiffError):
    """A target's file cannot be imported, or its model cannot be constructed."""


class NoModelError(LoadError):
    """What a target names is no model or layer of the Keras that is in effect."""


class TraceError(KerasdiffError):
    """A model cannot be built or called on its inputs."""


class EvaluateError(KerasdiffError):
    """A model cannot be run on a probe, or the values to compare do not fit each other."""


class WeightsError(KerasdiffError):
    """A file of weights cannot be found, read or written, or does not fit its model."""


class FitError(KerasdiffError):
    """A fit cannot start: no usable data, loss or labels."""


class OutOfMemoryError(FitError):
    """A trial found too little memory on its device; with fewer beside it, it may find enough."""


class DataError(FitError):
    """Data cannot be found, read or downloaded, or do not fit a model."""


class ClusterError(KerasdiffError):
    """A cluster cannot be reached, or cannot run the trials it is given."""


class OutputError(KerasdiffError):
    """A report cannot be written where it is to go."""


class UpgradeError(KerasdiffError):
    """An environment cannot be made: what is asked for makes no sense, or cannot be installed."""


class GatesError(KerasdiffError):
    """A file of gates cannot be read, or says something that no check can be made of."""


class WorkerError(KerasdiffError):
    """A worker process ended or went silent; the message holds what it printed last."""


class InternalError(WorkerError):
    """A worker met a fault of kerasdiff's own; the details hold its traceback."""


class WorkerEndedError(WorkerError):
    """A worker process ended by itself, or somebody ended it: another one may do better.

    Attributes:
        label, target: Which side's it was, and which model it held.
        exit_code: Minus the number of the signal that ended it; ``None`` where it only closed its connection.
    """

    def __init__(
        self, message: str, details: str = "", *, label: str = "", target: str = "", exit_code: int | None = None
    ) -> None:
        super().__init__(message, details)
        self.label, self.target, self.exit_code = label, target, exit_code


CUT_OFF = 113
"""Exit code of a worker that cannot answer any more: its connection was taken away from it, in its own process."""

NO_NUMPY = 114
"""Exit code of a worker in whose environment numpy cannot be imported, without which it can answer nothing."""


def ending(exit_code: int | None) -> str:
    """How a process ended, in words that follow its name.

    >>> ending(7)
    'ended with exit code 7'

    Args:
        exit_code: As of :class:`WorkerEndedError`.
    """
    if exit_code is None:
        return "closed its connection"
    if exit_code == CUT_OFF:
        return "lost its connection to kerasdiff, for the model's code closes file descriptors that are not its own,"
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    cause = " (out of memory, or killed by someone)" if name == "SIGKILL" else ""
    return f"was ended by {name}{cause}"
