"""Pairs of programs: spellings of one function that come to one normal form, and look-alikes that must not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

tf: Any = pytest.importorskip("tensorflow")

from rule_cases.tracing import Program, Shape, graph_of, specs_of  # noqa: E402  (imports TensorFlow)

from kerasdiff.canonical.engine import apply_rules  # noqa: E402
from kerasdiff.graph import MODES, Mode  # noqa: E402
from kerasdiff.graph.signature import graph_signature  # noqa: E402

ROW, SQUARE, STEPS = ((None, 4),), ((None, 4, 4),), ((None, None, 4),)
IMAGE, TWO = ((None, 6, 6, 2),), ((None, 4), (None, 4))


def image_and(*kernel: int) -> tuple[Shape, ...]:
    return (None, 6, 6, 2), kernel


def t(x: Any, *order: int) -> Any:
    return tf.transpose(x, order)


def conv(x: Any, w: Any, padding: Any = "VALID", stride: int = 1) -> Any:
    return tf.nn.conv2d(x, w, stride, padding)


def zeros(top: int, bottom: int) -> list[tuple[int, int]]:
    return [(0, 0), (top, bottom), (top, bottom), (0, 0)]


def loop(function: Callable[..., Any], x: Any, order: Any = range(4)) -> Any:
    return tf.stack([function(x[:, number]) for number in order], 1)


def back(x: Any, y: Any, middle: Callable[[Any], Any]) -> Any:
    return tf.reshape(middle(tf.reshape(x, [-1, 2, 2, 4])), tf.shape(y))


def passed(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function whose gradient is that of the identity."""
    return tf.grad_pass_through(function)


def again(function: Callable[[Any], Any], x: Any) -> Any:
    """Twice, in a loop that TensorFlow runs."""
    return tf.while_loop(lambda n, v: n < 2, lambda n, v: (n + 1, function(v)), [0, x])[1]


COUNT = tf.Variable(1.0)

Pair = tuple[str, Program, Program, tuple[Shape, ...]]

SAME: tuple[Pair, ...] = (
    ("flatten", lambda x: tf.reshape(x, [-1, 16]), lambda x: tf.reshape(x, [tf.shape(x)[0], -1]), SQUARE),
    ("last step", lambda x: x[:, -1], lambda x: x[:, -1:, :][:, 0], STEPS),
    ("softmax over axis 1", lambda x: tf.nn.softmax(x, 1), lambda x: t(tf.nn.softmax(t(x, 0, 2, 1)), 0, 2, 1), SQUARE),
    ("shape of a part", lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:2], [2, 2]], 0)),
     lambda x: tf.reshape(x, [tf.shape(x * 2)[0], tf.shape(x)[1], 2, 2]), STEPS),
    ("scale and shift", lambda x: x * 2 + 2, lambda x: (x + 1) * 2, ROW),
    ("difference", lambda x, y: x - y, lambda x, y: x + -1.0 * y, TWO),
    ("sum in any order", lambda x, y: x + (y + tf.abs(x)), lambda x, y: tf.add_n([tf.abs(x), x, y]), TWO),
    ("leaky relu", lambda x: tf.maximum(x, 0.2 * x), lambda x: tf.nn.leaky_relu(x, 0.2), ROW),
    ("relu before a maximum", lambda x: tf.nn.max_pool2d(tf.nn.relu(x), 2, 2, "SAME"),
     lambda x: tf.nn.relu(tf.nn.max_pool2d(x, 2, 2, "SAME")), IMAGE),
    ("pooling all", lambda x: tf.nn.avg_pool2d(x, 6, 1, "VALID")[:, 0, 0], lambda x: tf.reduce_mean(x, [1, 2]), IMAGE),
    ("pointwise", lambda x, w: conv(x, w), lambda x, w: x @ w[0, 0], image_and(1, 1, 2, 3)),
    ("whole window", lambda x, w: tf.reshape(conv(x, w), [-1, 3]),
     lambda x, w: tf.reshape(x, [-1, 72]) @ tf.reshape(w, [72, 3]), image_and(6, 6, 2, 3)),
    ("padding", lambda x, w: conv(x, w, "SAME", 2), lambda x, w: conv(tf.pad(x, zeros(0, 1)), w, "VALID", 2),
     image_and(3, 3, 2, 3)),
    ("loop over steps", lambda x, w: loop(lambda s: tf.nn.relu(s @ w + w[0]), x), lambda x, w: tf.nn.relu(x @ w + w[0]),
     (*SQUARE, (4, 4))),
    ("einsum", lambda x, w: tf.einsum("abc,cd->abd", x, w),
     lambda x, w: tf.reshape(tf.reshape(x, [-1, 4]) @ w, [-1, 4, 3]),
     (*SQUARE, (4, 3))),
    ("twice", lambda x: tf.nn.relu(x) * tf.nn.relu(x), lambda x: tf.square(tf.nn.relu(x)), ROW),
    ("mean by hand", lambda x: tf.reduce_sum(x, 1) / 4, lambda x: tf.reduce_mean(x, -2), SQUARE),
)  # fmt: skip

DIFFERENT: tuple[Pair, ...] = (
    ("flatten a transpose", lambda x: tf.reshape(t(x, 0, 2, 1), [-1, 16]), lambda x: tf.reshape(x, [-1, 16]), SQUARE),
    ("swapped sizes", lambda x: tf.reshape(x, [-1, 2, 8]), lambda x: tf.reshape(x, [-1, 8, 2]), SQUARE),
    ("transpose or reshape", lambda x: t(x, 0, 2, 1), lambda x: tf.reshape(x, [-1, 4, 4]), SQUARE),
    ("batch of another", lambda x, y: tf.reshape(x, [tf.shape(y)[0] * 2, -1]),
     lambda x, y: tf.reshape(x, [tf.shape(x)[0] * 2, -1]), TWO),
    ("swapped unknown sizes", lambda x: tf.reshape(x, [tf.shape(x)[1], tf.shape(x)[0], 4]), lambda x: x, STEPS),
    ("last or first", lambda x: x[:, -1], lambda x: x[:, 0], SQUARE),
    ("last or first step", lambda x: x[:, -1], lambda x: x[:, 0], STEPS),
    ("head or tail", lambda x: x[:, 1:], lambda x: x[:, :-1], STEPS),
    ("odd or even", lambda x: x[:, ::2], lambda x: x[:, 1::2], STEPS),
    ("reversed", lambda x: x[:, ::-1], lambda x: x, SQUARE),
    ("nothing or all", lambda x: x[:, 0:0], lambda x: x, SQUARE),
    ("axis of a product", lambda x, w: tf.einsum("abc,cd->abd", x, w), lambda x, w: tf.einsum("abc,bd->adc", x, w),
     (*SQUARE, (4, 4))),
    ("transposed matrix", lambda x, w: x @ w, lambda x, w: tf.matmul(x, w, transpose_b=True), (*ROW, (4, 4))),
    ("transposed einsum", lambda x, w: tf.einsum("ab,bc->ac", x, w), lambda x, w: tf.einsum("ab,cb->ac", x, w),
     (*ROW, (4, 4))),
    ("window across", lambda x, w: conv(x, w), lambda x, w: conv(x, t(w, 1, 0, 2, 3)),
     image_and(3, 3, 2, 3)),
    ("padding at stride 2", lambda x, w: conv(x, w, "SAME", 2),
     lambda x, w: conv(tf.pad(x, zeros(1, 1)), w, "VALID", 2),
     image_and(3, 3, 2, 3)),
    ("causal or same", lambda x, w: tf.nn.conv1d(x, w, 1, "SAME"),
     lambda x, w: tf.nn.conv1d(tf.pad(x, [(0, 0), (2, 0), (0, 0)]), w, 1, "VALID"), (*SQUARE, (3, 4, 4))),
    ("stride of a pointwise", lambda x, w: conv(x, w, "SAME", 2), lambda x, w: conv(x, w, "SAME"),
     image_and(1, 1, 2, 3)),
    ("steps in reverse", lambda x, w: loop(lambda s: s @ w, x, (3, 2, 1, 0)), lambda x, w: x @ w, (*SQUARE, (4, 4))),
    ("a step twice", lambda x, w: loop(lambda s: s @ w, x, (0, 1, 1, 3)), lambda x, w: x @ w, (*SQUARE, (4, 4))),
    ("axis of a stack", lambda x, y: tf.reshape(tf.stack([x, y], 1), [-1, 8]),
     lambda x, y: tf.reshape(tf.stack([x, y], 2), [-1, 8]), TWO),
    ("order of a stack", lambda x, y: tf.stack([x, y]), lambda x, y: tf.stack([y, x]), TWO),
    ("order of a concatenation", lambda x, y: tf.concat([x, y], 1), lambda x, y: tf.concat([y, x], 1), TWO),
    ("axis of a mean", lambda x: tf.reduce_mean(x, 1), lambda x: tf.reduce_mean(x, 2), SQUARE),
    ("axis of a kept mean", lambda x: x - tf.reduce_mean(x, 1, keepdims=True),
     lambda x: x - tf.reduce_mean(x, 2, keepdims=True), SQUARE),
    ("axis of a group", lambda x, y: back(x, y, lambda v: v - tf.reduce_mean(v, [1, 3], keepdims=True)),
     lambda x, y: back(x, y, lambda v: v - tf.reduce_mean(v, [1, 2], keepdims=True)), (*SQUARE, *SQUARE)),
    ("mean of a maximum", lambda x: tf.reduce_mean(tf.reduce_max(x, 1), 1),
     lambda x: tf.reduce_max(tf.reduce_mean(x, 1), 1), SQUARE),
    ("mean over unknown steps", lambda x: tf.reduce_sum(x, 1) / 4, lambda x: tf.reduce_mean(x, 1), STEPS),
    ("axis of a softmax", lambda x: tf.nn.softmax(x, 1), lambda x: tf.nn.softmax(x), SQUARE),
    ("softmax of a transpose", lambda x: tf.nn.softmax(t(x, 0, 2, 1)), lambda x: t(tf.nn.softmax(x), 0, 2, 1), SQUARE),
    ("softmax of all", lambda x: tf.reshape(tf.nn.softmax(tf.reshape(x, [-1, 16])), [-1, 4, 4]), tf.nn.softmax, SQUARE),
    ("falling before a maximum", lambda x: tf.nn.max_pool2d(tf.nn.leaky_relu(x, -0.5), 2, 2, "VALID"),
     lambda x: tf.nn.leaky_relu(tf.nn.max_pool2d(x, 2, 2, "VALID"), -0.5), IMAGE),
    ("relu before a mean", lambda x: tf.nn.avg_pool2d(tf.nn.relu(x), 2, 2, "VALID"),
     lambda x: tf.nn.relu(tf.nn.avg_pool2d(x, 2, 2, "VALID")), IMAGE),
    ("zeros before a maximum", lambda x: tf.nn.max_pool2d(tf.pad(x, zeros(1, 1)), 3, 1, "VALID"),
     lambda x: tf.nn.max_pool2d(x, 3, 1, "SAME"), IMAGE),
    ("shift, then scale", lambda x: x * 2 + 1, lambda x: (x + 1) * 2, ROW),
    ("underflow", lambda x: x * 1e-30 * 1e-30, lambda x: x * 0.0, ROW),
    ("constants a bit apart", lambda x: x * 0.1, lambda x: x * 0.1000005, ROW),
    ("whole numbers", lambda x: tf.cast(tf.cast(x, tf.int32) // 2, tf.float32),
     lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32) / 2, ROW),
    ("rounded after a scale", lambda x: tf.cast(tf.cast(x * 2, tf.int32), tf.float32),
     lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32) * 2, ROW),
    ("through float16", lambda x: tf.cast(tf.cast(x, tf.float16) * 3, tf.float32), lambda x: x * 3, ROW),
    ("bound of a clip", lambda x: tf.minimum(tf.nn.relu(x), 6), lambda x: tf.minimum(tf.nn.relu(x), 6.1), ROW),
    ("axis of a difference", lambda x: x[:, None] - x[..., None], lambda x: x[..., None] - x[:, None], ROW),
    ("axis of a bias", lambda x, b: x + tf.reshape(b, [1, 4, 1]), lambda x, b: x + tf.reshape(b, [1, 1, 4]),
     (*SQUARE, (4,))),
    ("broadcast over the batch", lambda x, y: x + tf.reduce_mean(y, 0, keepdims=True), lambda x, y: x + y, TWO),
    ("depth to space", lambda x: tf.nn.depth_to_space(tf.tile(x, [1, 1, 1, 2]), 2),
     lambda x: tf.reshape(tf.tile(x, [1, 1, 1, 2]), [-1, 12, 12, 1]), IMAGE),
    ("order of texts", lambda x: tf.strings.as_string(x) + tf.strings.as_string(-x),
     lambda x: tf.strings.as_string(-x) + tf.strings.as_string(x), ROW),
    ("random twice or once", lambda x: x * tf.random.normal((4,)) * tf.random.normal((4,)),
     lambda x: (lambda r: x * r * r)(tf.random.normal((4,))), ROW),
    ("random twice or once in a loop",
     lambda x: again(lambda v: v * tf.random.normal((4,)) * tf.random.normal((4,)), x),
     lambda x: again(lambda v: (lambda r: v * r * r)(tf.random.normal((4,))), x), ROW),
    ("read before or after a write", lambda x: again(lambda v: (v * COUNT, COUNT.assign_add(1.0))[0], x),
     lambda x: again(lambda v: (COUNT.assign_add(1.0), v * COUNT)[1], x), ROW),
)  # fmt: skip

DIFFERENT_IN_TRAINING: tuple[Pair, ...] = (
    ("stopped", lambda x: tf.stop_gradient(tf.sin(x)), tf.sin, ROW),
    ("stopped sum of a softmax",
     lambda x: (lambda e: e / tf.stop_gradient(tf.reduce_sum(e, -1, True)))(tf.exp(x - tf.reduce_max(x, -1, True))),
     tf.nn.softmax, ROW),
    ("passed through", passed(tf.round), tf.round, ROW),
    ("passed through or handed on", passed(tf.round), lambda x: tf.identity_n([tf.round(x), x])[0], ROW),
)  # fmt: skip


def signature(program: Program, shapes: tuple[Shape, ...], mode: Mode) -> str:
    return graph_signature(apply_rules(graph_of(program, specs_of(shapes)), mode)[0])


@pytest.mark.parametrize(("one", "two", "shapes"), [pytest.param(*pair[1:], id=pair[0]) for pair in SAME])
def test_spellings_come_to_one_normal_form(one: Program, two: Program, shapes: tuple[Shape, ...]) -> None:
    for mode in MODES:
        assert signature(one, shapes, mode) == signature(two, shapes, mode)


@pytest.mark.parametrize(("one", "two", "shapes"), [pytest.param(*pair[1:], id=pair[0]) for pair in DIFFERENT])
def test_look_alikes_stay_apart(one: Program, two: Program, shapes: tuple[Shape, ...]) -> None:
    for mode in MODES:
        assert signature(one, shapes, mode) != signature(two, shapes, mode)


@pytest.mark.parametrize(("one", "two", "shapes"), [pytest.param(*p[1:], id=p[0]) for p in DIFFERENT_IN_TRAINING])
def test_gradients_keep_look_alikes_apart_in_training(one: Program, two: Program, shapes: tuple[Shape, ...]) -> None:
    assert signature(one, shapes, "training") != signature(two, shapes, "training")
