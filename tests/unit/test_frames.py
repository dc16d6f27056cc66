"""How a message crosses to a worker."""

from __future__ import annotations

import io
import os
import threading

import numpy as np
import pytest

from kerasdiff.side.wire.frames import read_frame, write_frame
from kerasdiff.side.wire.values import LARGE_ARRAY


def test_frames_survive_a_pipe() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as source, os.fdopen(writer, "wb") as sink:
        write_frame(sink, {"a": (1, None)})
        assert read_frame(source) == {"a": (1, None)}
        sink.close()
        with pytest.raises(EOFError):
            read_frame(source)


def test_a_large_array_crosses_beside_the_pickle_and_can_be_written_to() -> None:
    sent = {"whole": np.arange(100_000.0), "small": np.ones(3), "turned": np.ones((400, 500)).T}
    sink = io.BytesIO()
    write_frame(sink, sent)
    got = read_frame(io.BytesIO(sink.getvalue()))

    assert isinstance(got, dict)
    for name, value in sent.items():
        np.testing.assert_array_equal(got[name], value)
        got[name] += 1


def test_a_frame_cut_off_in_an_array_is_an_end() -> None:
    sink = io.BytesIO()
    write_frame(sink, np.zeros(100_000))

    with pytest.raises(EOFError):
        read_frame(io.BytesIO(sink.getvalue()[:-1]))


def test_large_arrays_arrive_as_they_were_sent() -> None:
    large = np.arange(LARGE_ARRAY, dtype=np.float64).reshape(4, -1)
    fixed = large.copy()
    fixed.setflags(write=False)
    arrays = [large, fixed, large[:, ::2], np.asfortranarray(large), np.zeros((0, 3)), np.float32(2.0)]
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as source, os.fdopen(writer, "wb") as sink:
        sending = threading.Thread(target=write_frame, args=(sink, arrays))
        sending.start()
        got = read_frame(source)
        sending.join()
    assert isinstance(got, list)
    for one, two in zip(arrays, got, strict=True):
        np.testing.assert_array_equal(one, two)
    got[0][0, 0] = 1.0  # may be changed, as an array that comes in one pickle
