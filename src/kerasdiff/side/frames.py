"""How a message crosses the pipe between two processes of kerasdiff, and which messages there are."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pickle import HIGHEST_PROTOCOL, PickleBuffer, dumps, loads  # by name: a model's code may change the module
from typing import IO, Literal

from kerasdiff.side.targets import InputSpec, Target

_LENGTH = struct.Struct("!Q")

LARGE_ARRAY = 1 << 16
"""Bytes from which on an array crosses by itself: a write costs as much as copying some ten thousand."""


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
    """Sends one message: its pickle, then each of its large arrays as it lies in memory.

    All have their length in 8 bytes before them, behind that of how many there are. So an array crosses without another
    copy of it on either side.
    """
    arrays: list[PickleBuffer] = []
    data = dumps(message, protocol=HIGHEST_PROTOCOL, buffer_callback=lambda one: _kept(one, arrays))
    parts: list[bytes | memoryview] = [data, *(one.raw() for one in arrays)]
    stream.write(_LENGTH.pack(len(parts)))
    for part in parts:
        stream.write(_LENGTH.pack(len(part)))
        stream.write(part)
    stream.flush()


def _kept(buffer: PickleBuffer, arrays: list[PickleBuffer]) -> bool:
    """Keeps an array that is large for itself; tells whether it goes into the pickle."""
    if len(buffer.raw()) < LARGE_ARRAY:
        return True
    arrays.append(buffer)
    return False


def read_frame(stream: IO[bytes]) -> object:
    """Receives one message.

    Raises:
        EOFError: If the other end is gone.
    """
    data, *arrays = [_part(stream) for _ in range(_length(stream))]
    message: object = loads(data, buffers=arrays)
    return message


def _length(stream: IO[bytes]) -> int:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (size,) = _LENGTH.unpack(head)
    return int(size)


def _part(stream: IO[bytes]) -> bytearray:
    """One part, which an array may have for its memory and be written to."""
    data = bytearray(_length(stream))
    view, done = memoryview(data), 0
    while done < len(data):
        count = stream.readinto(view[done:])  # type: ignore[attr-defined]  # a pipe has it
        if not count:
            raise EOFError
        done += count
    return data
