"""How a message crosses the pipe between two processes of kerasdiff, and which messages there are."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO, Any, Literal

from kerasdiff.side.targets import InputSpec, Target
from kerasdiff.side.wire.values import packed, unpacked

PROTOCOL = 1
"""Of what crosses: the head of a frame, how values are written, the fields of the records. Raised with any of them."""

_HEAD = struct.Struct("!4sHQ")
_MAGIC = b"kdif"
_LENGTH = struct.Struct("!Q")


class ProtocolError(Exception):
    """What was read is no frame of this protocol."""


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
    """Sends one message: plain data, then each of its large arrays as it lies in memory.

    Before them stands the protocol and how many there are, before each its length. So an array crosses without another
    copy of it on either side.
    """
    data, beside = packed(message)
    stream.write(_HEAD.pack(_MAGIC, PROTOCOL, 1 + len(beside)))
    parts: list[bytes | memoryview] = [data, *beside]
    for part in parts:
        stream.write(_LENGTH.pack(len(part)))
        stream.write(part)
    stream.flush()


def read_frame(stream: IO[bytes]) -> object:
    """Receives one message.

    Raises:
        EOFError: If the other end is gone.
        ProtocolError: If it speaks another protocol.
    """
    magic, protocol, count = _read(stream, _HEAD)
    if magic != _MAGIC:
        raise ProtocolError("what it sends is no frame of kerasdiff's")
    if protocol != PROTOCOL:
        raise ProtocolError(f"it speaks protocol {protocol}, and this process {PROTOCOL}")
    data, *beside = [_part(stream) for _ in range(count)]
    return unpacked(data, beside)


def _read(stream: IO[bytes], fields: struct.Struct) -> tuple[Any, ...]:
    head = stream.read(fields.size)
    if len(head) < fields.size:
        raise EOFError
    return fields.unpack(head)


def _part(stream: IO[bytes]) -> bytearray:
    """One part, which an array may have for its memory and be written to."""
    (size,) = _read(stream, _LENGTH)
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < len(data):
        count = stream.readinto(view[done:])  # type: ignore[attr-defined]  # a pipe has it
        if not count:
            raise EOFError
        done += count
    return data
