"""How a message crosses the pipe between two processes of kerasdiff, and which messages there are."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from io import BufferedIOBase
from typing import IO, Literal, cast

from kerasdiff.side.targets import InputSpec, Target

_LENGTH = struct.Struct("!Q")

LARGE = 1 << 16
"""Bytes from which on an array is sent apart: 40 MB of values took 65 ms of the processor in one pickle, 15 ms so."""


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
    """Sends one message: its pickle, then its large arrays as they lie in memory; before them, the length of each."""
    apart: list[memoryview] = []

    def stays(buffer: pickle.PickleBuffer) -> bool:
        """Whether an array goes with the pickle."""
        view = buffer.raw()
        if view.nbytes >= LARGE:
            apart.append(view)
        return view.nbytes < LARGE

    data = pickle.dumps(message, protocol=5, buffer_callback=stays)
    sizes = (len(data), *(view.nbytes for view in apart))
    stream.write(_LENGTH.pack(len(sizes)))
    for size in sizes:
        stream.write(_LENGTH.pack(size))
    stream.write(data)
    for view in apart:
        stream.write(view)
    stream.flush()


def read_frame(stream: IO[bytes]) -> object:
    """Receives one message.

    Raises:
        EOFError: If the other end is gone.
    """
    sizes = [_length(stream) for _ in range(_length(stream))]
    data, *apart = [_filled(stream, size) for size in sizes]
    message: object = pickle.loads(data, buffers=apart)
    return message


def _length(stream: IO[bytes]) -> int:
    (length,) = _LENGTH.unpack(_filled(stream, _LENGTH.size))
    return int(length)


def _filled(stream: IO[bytes], size: int) -> bytearray:
    """The next so many bytes, of which an array needs no copy."""
    data = bytearray(size)
    left = memoryview(data)
    while left:
        read = cast("BufferedIOBase", stream).readinto(left)
        if not read:
            raise EOFError
        left = left[read:]
    return data
