"""Random programs over the ops of models: every spelling the rules look at, wired at random.

A program is drawn step by step. Each step is run at once on two sets of operands, which differ in batch size and in
the number of time steps: what works on both, and where their shapes agree, is what a model could do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from rule_cases.tracing import Shape, probes, specs_of, tf

Step = Callable[[list[Any]], Any]
"""Computes one more value from the operands, the weights and the values before it."""

STARTS: tuple[tuple[Shape, ...], ...] = (
    ((None, 4), (None, 4)),
    ((None, 3, 4), (None, 3, 4)),
    ((None, None, 4), (None, 4)),
    ((None, 4, 4, 2), (None, 4, 4, 2)),
    ((2, 6), (3, 4)),
)
BOTH = ((2, 3), (5, 4))
"""Batch size and number of time steps of the two sets of operands."""

POINTWISE: tuple[Callable[[Any], Any], ...] = (
    tf.nn.relu, tf.sigmoid, tf.tanh, tf.nn.elu, tf.nn.softplus, tf.abs, tf.square, tf.nn.relu6, tf.identity,
    lambda x: tf.maximum(x, 0.0), lambda x: tf.maximum(0.25 * x, x), lambda x: tf.nn.leaky_relu(x, 0.25),
    lambda x: -x, lambda x: x * x, lambda x: tf.cast(tf.cast(x, tf.float32), tf.float64), lambda x: x * tf.sigmoid(x),
    lambda x: 1.0 - x, lambda x: x / 3.0, lambda x: (x - 0.5) * 2.0, lambda x: x + 0.0, lambda x: x**2.0,
    lambda x: tf.minimum(tf.nn.relu(x), 6.0), tf.stop_gradient, tf.nn.softmax, tf.nn.log_softmax,
    lambda x: tf.nn.softmax(x, 0), lambda x: x * tf.ones(tf.shape(x), x.dtype),
    lambda x: x + tf.cast(tf.shape(x)[0], x.dtype),
)  # fmt: skip
PAIRED: tuple[Callable[[Any, Any], Any], ...] = (
    tf.add, tf.subtract, tf.multiply, tf.maximum, tf.minimum, lambda a, b: tf.add_n([a, b, a]), lambda a, b: a + b + a,
    lambda a, b: tf.concat([a, b], -1), lambda a, b: tf.stack([a, b], 1), lambda a, b: tf.stack([b, a], -1),
    lambda a, b: tf.concat([b, a], 0), lambda a, b: tf.stack([tf.nn.relu(a), tf.nn.relu(b)]),
)  # fmt: skip
REDUCTIONS = (tf.reduce_mean, tf.reduce_sum, tf.reduce_max, tf.reduce_min)
SMALL = st.integers(1, 3)


class Random:
    """A program, drawn step by step.

    Attributes:
        shapes: Of the operands, then of the weights.
        starts: How many operands there are.
        runs: The values on both sets of operands, weights apart.
        weights: Their values beside each set of operands.
    """

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        self.shapes, self.starts = list(shapes), len(shapes)
        self.steps: list[Step] = []
        self.runs = [probes(specs_of(shapes, dtype="float64"), *both) for both in BOTH]
        self.weights: list[list[Any]] = [[], []]

    def __repr__(self) -> str:
        return f"program of {len(self.steps)} steps on {self.shapes}"

    def __call__(self, *inputs: Any) -> list[Any]:
        values, weights = list(inputs[: self.starts]), list(inputs[self.starts :])
        for step in self.steps:
            values.append(step([*values, weights]))
        return values[self.starts :]

    def weight(self, *shape: int) -> int:
        """A new weight, by its number."""
        self.shapes.append(shape)
        for found in self.weights:
            found.extend(probes(specs_of([shape], dtype="float64"), seed=len(self.shapes)))
        return len(self.weights[0]) - 1

    def sizes(self, at: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The shapes of a value on both sets of operands."""
        return tuple(self.runs[0][at].shape), tuple(self.runs[1][at].shape)

    def size(self, at: int) -> tuple[int, ...]:
        """The shape of a value on the first set of operands."""
        return self.sizes(at)[0]

    def add(self, step: Step) -> bool:
        """Takes a step where it works and its numbers stay tame."""
        try:
            made = [step([*values, weights]) for values, weights in zip(self.runs, self.weights, strict=True)]
        except (tf.errors.OpError, ValueError):  # shapes that do not fit, or no kernel for them
            return False
        for value in made:
            if not 0 < tf.size(value) <= 600 or not 0 < len(value.shape) < 6 or not tf.reduce_max(tf.abs(value)) < 1e6:
                return False
        self.steps.append(step)
        for values, value in zip(self.runs, made, strict=True):
            values.append(value)
        return True


def _pointwise(draw: st.DrawFn, made: Random, at: int) -> Step:
    function = draw(st.sampled_from(POINTWISE))
    return lambda v: function(v[at])


def _paired(draw: st.DrawFn, made: Random, at: int) -> Step:
    function = draw(st.sampled_from(PAIRED))
    alike = [other for other in range(len(made.runs[0])) if made.sizes(other) == made.sizes(at)]
    other = draw(st.sampled_from(alike))
    return lambda v: function(v[at], v[other])


def _biased(draw: st.DrawFn, made: Random, at: int) -> Step:
    shape = made.size(at)
    tail = shape[len(shape) - draw(st.integers(1, min(2, len(shape)))) :]
    bias = made.weight(*tail)
    ones = [1] * draw(st.integers(0, len(shape) - len(tail)))
    return draw(
        st.sampled_from(
            [
                lambda v: v[at] + v[-1][bias], lambda v: tf.reshape(v[-1][bias], [*ones, *tail]) * v[at],
                lambda v: v[-1][bias] - v[at], lambda v: tf.nn.bias_add(v[at], v[-1][bias]),
            ]
        )
    )  # fmt: skip


def _reshaped(draw: st.DrawFn, made: Random, at: int) -> Step:
    sizes = made.sizes(at)
    rank, volume = len(sizes[0]), [int(tf.size(run[at])) for run in made.runs]
    same = [o for o in range(len(made.runs[0])) if [int(tf.size(run[o])) for run in made.runs] == volume]
    other, axis = draw(st.sampled_from(same)), draw(st.integers(0, rank))
    fixed = [size for size, two in zip(*sizes, strict=True) if size == two]
    rest = 1
    for size in fixed:
        rest *= size
    cut = draw(st.sampled_from([cut for cut in range(1, rest + 1) if rest % cut == 0]))
    return draw(
        st.sampled_from(
            [
                lambda v: tf.reshape(v[at], tf.shape(v[other])), lambda v: tf.reshape(v[at], [tf.shape(v[at])[0], -1]),
                lambda v: tf.reshape(v[at], [-1, cut, rest // cut]), lambda v: tf.reshape(v[at], [-1, rest]),
                lambda v: tf.reshape(v[at], tf.concat([tf.shape(v[at])[:1], [cut, -1]], 0)),
                lambda v: tf.reshape(v[at], tf.concat([[-1], tf.shape(v[at])[2:]], 0)),
                lambda v: tf.reshape(v[at], tf.stack([tf.shape(v[at])[0], -1, cut])),
                lambda v: tf.expand_dims(v[at], axis),
                lambda v: tf.squeeze(v[at], axis), lambda v: v[at][:, tf.newaxis], lambda v: v[at][..., tf.newaxis],
                lambda v: tf.reshape(v[at], [tf.reduce_prod(tf.shape(v[at])[:2]), -1]),
                lambda v: tf.reshape(v[at], [tf.shape(v[at])[0] * cut, rest // cut]),
            ]
        )
    )  # fmt: skip


def _transposed(draw: st.DrawFn, made: Random, at: int) -> Step:
    order = draw(st.permutations(range(len(made.size(at)))))
    return lambda v: tf.transpose(v[at], order)


def _sliced(draw: st.DrawFn, made: Random, at: int) -> Step:
    bound = st.none() | st.integers(-2, 2)
    part = st.builds(slice, bound, bound, st.sampled_from([None, None, 2])) | st.integers(-1, 1)
    index = [draw(part) if draw(st.booleans()) else slice(None) for _ in made.size(at)]
    return lambda v: v[at][tuple(index)]


def _reduced(draw: st.DrawFn, made: Random, at: int) -> Step:
    rank = len(made.size(at))
    function, keep = draw(st.sampled_from(REDUCTIONS)), draw(st.booleans())
    axes = draw(st.lists(st.integers(-rank, rank - 1), min_size=1, unique_by=lambda axis: axis % rank))
    return lambda v: function(v[at], axes, keep)


def _dense(draw: st.DrawFn, made: Random, at: int) -> Step:
    inner = made.size(at)[-1]
    kernel = made.weight(inner, draw(SMALL))
    return draw(
        st.sampled_from(
            [
                lambda v: v[at] @ v[-1][kernel], lambda v: tf.tensordot(v[at], v[-1][kernel], 1),
                lambda v: tf.einsum("...c,cd->...d", v[at], v[-1][kernel]),
                lambda v: tf.einsum("ac,cd->ad", v[at], v[-1][kernel]),
                lambda v: tf.einsum("abc,cd->abd", v[at], v[-1][kernel]),
                lambda v: tf.nn.conv1d(v[at], v[-1][kernel][tf.newaxis], 1, "VALID"),
                lambda v: tf.matmul(v[at], tf.transpose(v[-1][kernel]), transpose_b=True),
                lambda v: tf.matmul(v[at], v[at], transpose_a=True),
            ]
        )
    )  # fmt: skip


def _convolved(draw: st.DrawFn, made: Random, at: int) -> Step:
    shape = made.size(at)
    taps, padding, stride = draw(SMALL), draw(st.sampled_from(["SAME", "VALID"])), draw(st.integers(1, 2))
    window = [taps] * (len(shape) - 2) if draw(st.booleans()) else list(shape[1:-1])
    pads = draw(st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 1))] * (len(shape) - 2)))
    kernel = made.weight(*window, shape[-1], draw(SMALL))
    around = [(0, 0), *pads, (0, 0)]
    return draw(
        st.sampled_from(
            [
                lambda v: tf.nn.convolution(v[at], v[-1][kernel], stride, padding),
                lambda v: tf.nn.convolution(tf.pad(v[at], around), v[-1][kernel], stride, padding),
                lambda v: tf.nn.max_pool(v[at], window, stride, padding), lambda v: tf.pad(v[at], around),
                lambda v: tf.nn.avg_pool(v[at], window, stride, padding),
                lambda v: tf.nn.max_pool(tf.nn.relu(v[at]), taps, stride, padding),
                lambda v: tf.nn.depthwise_conv2d(v[at], v[-1][kernel], [1, stride, stride, 1], padding),
            ]
        )
    )  # fmt: skip


def _looped(draw: st.DrawFn, made: Random, at: int) -> Step:
    shape = made.size(at)
    kernel = made.weight(shape[-1], shape[-1])
    functions = draw(
        st.lists(
            st.sampled_from(
                [
                    lambda x, w: x @ w, lambda x, w: tf.nn.relu(x), lambda x, w: x + w[0], lambda x, w: x * 0.5,
                    lambda x, w: tf.tanh(x) + x, lambda x, w: tf.nn.softmax(x),
                ]
            ),
            min_size=1, max_size=3,
        )
    )  # fmt: skip
    axis, end = draw(st.integers(0, 1)), draw(st.integers(0, 1))

    def step(v: list[Any]) -> Any:
        found = []
        for number in range(shape[axis]):
            value = v[at][number] if axis == 0 else v[at][:, number]
            for function in functions:
                value = function(value, v[-1][kernel])
            found.append(value)
        return tf.stack(found, end)

    return step


KINDS = (_pointwise, _paired, _biased, _reshaped, _transposed, _sliced, _reduced, _dense, _convolved, _looped)


@st.composite
def programs(draw: st.DrawFn, most: int = 8) -> Random:
    """Programs of a few steps; later steps prefer later values."""
    made = Random(draw(st.sampled_from(STARTS)))
    for _ in range(draw(st.integers(2, most))):
        last = len(made.runs[0]) - 1
        at = last - draw(st.integers(0, min(last, 3))) if draw(st.integers(0, 2)) else last
        step = draw(st.sampled_from(KINDS))(draw, made, at) if len(made.size(at)) > 1 else _pointwise(draw, made, at)
        made.add(step)
    assume(made.steps)
    return made
