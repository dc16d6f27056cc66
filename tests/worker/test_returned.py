"""What a call returns, place by place: tensors by their parts, constants as text, and what nobody can compare."""

from __future__ import annotations

import dataclasses
import enum
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

tf: Any = pytest.importorskip("tensorflow")
keras: Any = pytest.importorskip("keras")

from kerasdiff.worker.tracing.returned import structure_of, tensors_of  # noqa: E402  (imports Keras)

ONE = tf.constant([1.0, 2.0])
Pair = namedtuple("Pair", ["a", "b"])


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Held:
    later: Any
    first: Any = 0.5


def told(result: Any) -> list[tuple[str, str, Any]]:
    return [(one.place, one.kind, one.value) for one in structure_of(result).places]


@pytest.mark.parametrize(
    ("result", "places"),
    [
        (ONE, [("", "tensor", None)]),
        (None, [("", "constant", "None")]),
        ([ONE], [("", "sequence", "list"), ("[0]", "tensor", None)]),
        ({"b": 1.0, "a": ONE}, [("", "dict", None), ("['a']", "tensor", None), ("['b']", "constant", "1.0")]),
        ((np.float32(2.0),), [("", "sequence", "tuple"), ("[0]", "constant", "2.0")]),
        (Pair(ONE, True), [("", "sequence", ("a", "b")), (".a", "tensor", None), (".b", "constant", "True")]),
        (Held(later="x"), [("", "fields", None), (".first", "constant", "0.5"), (".later", "constant", "'x'")]),
        ({Color.RED: 1}, [("", "dict", None), ("[<Color.RED: 1>]", "constant", "1")]),
        ({1, 2}, [("", "constant", "set of 1, 2")]),
        (tf.TensorShape([None, 2]), [("", "constant", "TensorShape TensorShape([None, 2])")]),
        (object(), [("", "object", "object")]),
        (keras.Variable(1.0), [("", "tensor", None)]),
        (tf.RaggedTensor.from_row_splits(ONE, [0, 2]), [("", "ragged", "RaggedTensor")]),
        (tf.sparse.from_dense(ONE), [("", "sparse", "SparseTensor")]),
    ],
)  # fmt: skip
def test_every_place_is_told(result: Any, places: list[tuple[str, str, Any]]):
    assert told(result) == places


def test_arrays_are_told_by_value_however_large():
    large = np.arange(1000.0)

    assert told(np.arange(3)) == [("", "constant", "array of int64 (3,): (0, 1, 2)")]
    assert told(large) == told(large.copy()) != told(large + (np.arange(1000) == 999))


def test_tensors_come_in_the_order_of_places():
    ragged = tf.RaggedTensor.from_row_splits(ONE, [0, 2])

    tensors = tensors_of({"z": ONE * 3, "a": (ragged, None), "m": Held(later=ONE * 2)})

    assert [tensor.numpy().tolist() for tensor in tensors] == [[1.0, 2.0], [0, 2], [2.0, 4.0], [3.0, 6.0]]


@pytest.mark.parametrize(
    ("result", "plain"),
    [
        ({"a": ONE, "b": [ONE, 1.0]}, True),
        (Pair(ONE, ONE), True),
        (OrderedDict(a=ONE, b=ONE), True),
        (OrderedDict(b=ONE, a=ONE), False),
        (Held(later=ONE), False),
        (tf.sparse.from_dense(ONE), False),
    ],
)
def test_what_keras_sees_alike_is_plain(result: Any, plain: bool):
    assert structure_of(result).plain == plain
    if plain:
        seen = [leaf for leaf in keras.tree.flatten(result) if tf.is_tensor(leaf)]
        assert all(one is two for one, two in zip(seen, tensors_of(result), strict=True))


def test_what_holds_itself_ends():
    loop: list[Any] = []
    loop.append(loop)

    assert told(loop)[-1][1:] == ("object", "list")
