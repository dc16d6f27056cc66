"""How a message crosses to a worker."""

from __future__ import annotations

import os

import pytest

from kerasdiff.side.frames import read_frame, write_frame


def test_frames_survive_a_pipe() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as source, os.fdopen(writer, "wb") as sink:
        write_frame(sink, {"a": (1, None)})
        assert read_frame(source) == {"a": (1, None)}
        sink.close()
        with pytest.raises(EOFError):
            read_frame(source)
