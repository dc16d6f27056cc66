"""How a message crosses the pipe between two processes of kerasdiff, and which messages there are."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import IO, Literal

from kerasdiff.side.targets import InputSpec, Target

_LENGTH = struct.Struct("!Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The first message to a worker: its model.

    Attributes:
        inputs: What ``--input`` said.
        without: Settings of weights that are taken off.
        order, fitted: How it was described, where it was by another worker.
    """

    target: Target
    inputs: tuple[InputSpec, ...]
    without: tuple[str, ...]
    order: tuple[str, ...] = ()
    fitted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Each further message: a request by its name in the table of :mod:`kerasdiff.side.protocol`."""

    number: int
    name: str
    arguments: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a worker says to a call: how far it is, any number of times, and then one of the others.

    Attributes:
        number: Of the call.
        payload: The answer; the :class:`kerasdiff.errors.KerasdiffError` to raise; the traceback of a bug; or a
            :class:`kerasdiff.side.training.Tick`.
    """

    number: int
    kind: Literal["value", "error", "bug", "progress"]
    payload: object


def write_frame(stream: IO[bytes], message: object) -> None:
    """Sends one message: its pickle behind its length in 8 bytes."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> object:
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
    message: object = pickle.loads(data)
    return message
