"""How a message is written down: as plain data, which any Python with any numpy reads."""

from __future__ import annotations

import io
import pickle
import struct

import ml_dtypes
import numpy as np
import pytest

from kerasdiff.errors import DataError, KerasdiffError, WorkerEndedError
from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph import Edge, Graph, Node, TensorSpec
from kerasdiff.graph.table import Table
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import EvaluateRequest
from kerasdiff.side.targets import Target
from kerasdiff.side.wire import frames, values
from kerasdiff.side.wire.frames import PROTOCOL, Opening, ProtocolError, read_frame, write_frame
from kerasdiff.side.wire.values import UnknownError, packed, unpacked

NODE = Node(
    id="dense",
    op="dense",
    kind="layer",
    operands=(Edge(node="x", port=1),),
    attributes={
        "units": 4,
        "table": Table("5f2e", (2, 3), "float32", b"\0\1"),
        "rate": float("inf"),
        "axes": (1, None),
    },
    outputs=(TensorSpec(shape=(None, 4), dtype="float32"),),
    lowering=Graph(nodes=(Node(id="MatMul", op="MatMul", kind="op"),), outputs=(Edge(node="MatMul"),)),
)


def crossed(value: object) -> object:
    data, beside = packed(value)
    return unpacked(data, [bytearray(part) for part in beside])


def test_records_are_as_they_were() -> None:
    finding = Finding(fact=Fact.EDITS, names=("a",), figures={"insert": 1}, sites=(Site(node="n"),))
    target = Target(text="a.py:A", kind="file", location="/a.py", python="/old/bin/python")
    opening = Opening(target=target, inputs=(), without=("names",))
    for value in (NODE, finding, opening, {1: {"a"}, ("k", 2): frozenset({3})}, b"\xff", "\ud800", 1 << 70, -0.0):
        got = crossed(value)
        assert (got, repr(got)) == (value, repr(value))
    table = crossed(NODE).attributes["table"]  # type: ignore[attr-defined]
    assert (table.shape, table.dtype, table.data) == ((2, 3), "float32", b"\0\1")


def test_one_object_stays_one() -> None:
    edge = Edge(node="a")
    first, second = crossed((edge, edge))  # type: ignore[misc]
    assert first is second


ARRAYS: tuple[Array, ...] = (
    *(np.arange(6).astype(dtype).reshape(2, 3) for dtype in ("float16", "float64", "int8", "uint64", "bool", ">i4")),
    np.array([[1.5, -np.inf], [np.nan, 0.0]], np.float32),
    np.array([1 + 2j]),
    np.arange(4).astype(ml_dtypes.bfloat16),
    np.arange(4).astype(ml_dtypes.float8_e5m2),
    np.arange(4).astype(ml_dtypes.int4),
    np.array(3.5, np.float32),
    np.zeros((0, 3)),
    np.array([b"one", "zwei", None], dtype=object).reshape(3, 1),
    np.array(["a", "bcd"]),
    np.array([b"a", b"bcd"]),
    np.arange(60_000.0).reshape(200, 300).T,
    np.arange(60_000.0)[::2],
)


@pytest.mark.parametrize("sent", ARRAYS, ids=lambda array: f"{array.dtype}-{array.shape}")
def test_arrays_are_as_they_were(sent: Array) -> None:
    got = crossed({"a": sent})["a"]  # type: ignore[index]

    assert (got.dtype, got.shape) == (sent.dtype, sent.shape)
    assert got.flags.f_contiguous == sent.flags.f_contiguous or not sent.flags.forc
    np.testing.assert_array_equal(got, sent)
    got[...] = got  # may be written to
    number = crossed(np.float32(0.1))
    assert (type(number), number) == (np.float32, np.float32(0.1))


def test_errors_keep_what_they_hold() -> None:
    ended = WorkerEndedError("m", "d", label="candidate", target="a.py:A", exit_code=-9)
    got = crossed((ended, DataError("no", "nearest")))
    assert isinstance(got, tuple)
    assert (type(got[0]), vars(got[0])) == (WorkerEndedError, vars(ended))
    assert (type(got[1]), str(got[1]), got[1].details) == (DataError, "no", "nearest")


def test_nothing_of_ours_or_of_numpy_is_pickled() -> None:
    arrays = tuple(array for array in ARRAYS if array.dtype.kind == "f")
    request = EvaluateRequest(recipes=(), probes=(arrays,), precision="float64")
    data, beside = packed((NODE, request, DataError("no"), Fact.EDITS, np.float64(1.0)))

    named = set()

    class Seeing(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            named.add((module, name))
            return super().find_class(module, name)

    Seeing(io.BytesIO(data), buffers=beside).load()
    assert named == {(values.__name__, name) for name in ("record", "member", "error", "table", "array", "scalar")}
    with pytest.raises(UnknownError):
        unpacked(pickle.dumps(NODE), [])


class _Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run",)


@pytest.mark.parametrize("value", [_Runs(), print, object(), KerasdiffError, np.zeros(1, "i4,f4"), ValueError("a")])
def test_what_is_no_plain_data_does_not_cross(value: object, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownError, match=r"no plain data|does not cross"):
        packed(value)
    with pytest.raises((UnknownError, pickle.PicklingError, AttributeError)):
        unpacked(pickle.dumps(value), [])
    assert capsys.readouterr().out == ""


def test_no_name_leads_out_of_the_rooms() -> None:
    for made, given in (
        (values.record, ("os:system", ())),
        (values.member, ("kerasdiff.judge:Row", "A")),
        (values.record, ("kerasdiff.sidecar:Row", ())),
    ):
        with pytest.raises(UnknownError, match="does not cross between processes"):
            made(*given)  # type: ignore[operator]
    with pytest.raises(UnknownError, match=r"kerasdiff.graph.model:Edge has 2 fields, not 1"):
        values.record("kerasdiff.graph.model:Edge", ("a",))
    with pytest.raises(UnknownError, match="is no record"):
        values.record("kerasdiff.errors:LoadError", ())


def test_another_protocol_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sink = io.BytesIO()
    monkeypatch.setattr(frames, "PROTOCOL", PROTOCOL + 1)
    write_frame(sink, "later")
    monkeypatch.undo()
    with pytest.raises(ProtocolError, match=f"it speaks protocol {PROTOCOL + 1}, and this process {PROTOCOL}"):
        read_frame(io.BytesIO(sink.getvalue()))
    with pytest.raises(ProtocolError, match="no frame of kerasdiff's"):
        read_frame(io.BytesIO(b"hello, world" + struct.pack("!Q", 1)))
