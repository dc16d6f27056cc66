"""What plain Keras says of a row: the same weights, the same batches, no word of kerasdiff's.

Both models of a row are made in this process and compared in what they give: outputs and their masks in both modes,
gradients, updates of states, a step of Adam, and what their weights start from. Where a model gives other outputs in
each call, many calls are compared: means, deviations and correlations of what they give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import building
import keras
import numpy as np
import tensorflow as tf
import tf_keras
from scipy import stats
from table import TABLE

ROUNDING = 2e-4
"""Of the largest value: what float32 may part two ways to compute the same by (measured: 3e-5 at most)."""

NOISE = 1e-3
"""Of the largest of all values: an array below it is rounding, as the gradient of a bias that softmax takes away."""

ADAM_EPSILON = 1e-3
"""Large, so that gradients of rounding alone make no step."""

DRAWS, STARTS = 600, 20
STEPPED = MASKED_BATCH = 1
"""The batch that both are trained on, with steps that a mask leaves out."""
UNLIKELY = 1e-7
"""The least p of a test of two samples that still counts as the same; some thousands of tests are done."""

ROWS_OF_BATCH = 5
LOOPING = ("LSTM", "GRU", "RNN", "Bidirectional", "TimeDistributed", "MultiHead")


@dataclass(frozen=True)
class Truth:
    """What differs in plain Keras.

    Attributes:
        parts: Names of what differs, with how much; empty where nothing does.
        random: Whether outputs are drawn, so that samples were compared.
        refused: Why a row could not be made or run, with the generation.
    """

    parts: tuple[str, ...] = ()
    random: bool = False
    refused: str = ""

    @property
    def equal(self) -> bool:
        return not self.parts and not self.refused

    def __str__(self) -> str:
        if self.refused:
            return self.refused
        return ", ".join(self.parts) or ("same samples" if self.random else "equal")


def batches(name: str) -> Iterator[list[Any]]:
    """Batches for the inputs of a row: usual, large, tiny, with steps that a mask leaves out, and zeros."""
    generator = np.random.default_rng(0)

    def one(shape: tuple[int, ...], dtype: str, scale: float, hole: bool) -> Any:
        shape = (ROWS_OF_BATCH, *shape)
        if dtype == "string":
            return tf.constant(generator.choice(["a", "b", "c", "a b c"], shape))
        if dtype == "int32":
            return generator.integers(0, 10, shape).astype("int32")
        if dtype == "pixels":
            return generator.uniform(0, 255 if scale > 1 else 1, shape).astype("float32")
        values = scale * generator.standard_normal(shape)
        if hole:
            values[0, -2:], values[1, :1], values[2] = 0, 0, 0
        return values.astype("float32")

    for scale, hole in ((1, False), (1, True), (30, False), (1e-4, False), (1e-8, False), (0, False)):
        yield [one(shape, dtype, scale, hole) for shape, dtype in TABLE[name].inputs]


def truth(name: str, position: int) -> Truth:
    """Compares both models of a row."""
    models = []
    for package, second in ((tf_keras, True), (keras, False)):
        try:
            models.append(building.model_of(package, name, position, second))
        except Exception as error:
            return Truth(refused=f"Keras {3 - second} refuses it: {str(error).splitlines()[0][:90]}")
    refused = _give_weights(*models)
    return Truth(refused=refused) if refused else _compared(name, position, *models)


def _compared(name: str, position: int, old: Any, new: Any) -> Truth:
    parts: dict[str, str] = {}
    start = [np.array(value) for value in new.get_weights()]
    models = (_Asked(old, name), _Asked(new, name))
    random = False
    for number, inputs in enumerate(batches(name)):
        given = inputs if len(inputs) > 1 else inputs[0]
        _note(parts, "inference", *([_values(model.infer(given))] for model in models))
        if number == 0:
            random = any(_is_random(model, given) for model in models)
            _restore(old, new, start)
            parts.update(_samples(models, given) if random else {})
            _restore(old, new, start)
        if random:
            continue
        if number == MASKED_BATCH and not _same_masks(old, new, given):
            parts["mask of the output"] = "differs"
        (one, learned), (two, others) = (_learned(model, given) for model in models)
        _note(parts, "training", [one], [two])
        _note(parts, "gradient", learned, others)
        _restore(old, new, start)
        if number == STEPPED:
            _note(parts, "after a step", *(_stepped(model, given) for model in models))
            _restore(old, new, start)
    parts.update(_starts(name, position))
    return Truth(tuple(f"{what} {how}" for what, how in parts.items()), random)


def _same_masks(old: Any, new: Any, given: Any) -> bool:
    """Whether outputs carry the same mask, by which Keras weighs the loss."""
    one, two = (getattr(model(given, training=True), "_keras_mask", None) for model in (old, new))
    return (one is None) == (two is None) and (one is None or np.array_equal(one, two))


class _Asked:
    """A model with its calls, compiled where they loop, which takes long otherwise."""

    def __init__(self, model: Any, name: str) -> None:
        self.model, self.loops = model, any(part in name for part in LOOPING)
        made: Callable[..., Any] = tf.function if self.loops else lambda function: function
        self.infer = made(lambda given: model(given, training=False))
        self.train = made(lambda given: model(given, training=True))
        self.learn = made(self._learn)

    def _learn(self, given: Any) -> Any:
        weights = [_variable(weight) for weight in self.model.trainable_weights]
        with tf.GradientTape() as tape:
            output = self.model(given, training=True)
            added = [tf.reduce_sum(loss) for loss in self.model.losses]
            loss = tf.add_n([_objective(output), *added])
        gradients = tape.gradient(loss, weights) if weights else []
        whole = [tf.zeros(w.shape) if g is None else tf.convert_to_tensor(g) for w, g in zip(weights, gradients)]  # noqa: B905
        return output, whole, sum(added, tf.constant(0.0))


def _is_random(asked: _Asked, given: Any) -> bool:
    one, two = (_values(asked.train(given)) for _ in range(2))
    return one.shape == two.shape and bool(_apart([one], [two]))


def _values(output: Any) -> Any:
    return np.asarray(tf.sparse.to_dense(output) if isinstance(output, tf.SparseTensor) else output)


# Weights -------------------------------------------------------------------------------------------------------------


def _give_weights(old: Any, new: Any) -> str:
    """Gives both models the same weights, and says why not where they hold others."""
    shapes = [[tuple(weight.shape) for weight in model.weights] for model in (old, new)]
    if shapes[0] != shapes[1]:
        return f"weights of shapes {shapes[0]} and {shapes[1]}"
    generator = np.random.default_rng(1)
    values = []
    for weight, now in zip(new.weights, new.get_weights(), strict=True):
        drawn = 0.3 * generator.standard_normal(now.shape)
        values.append((np.abs(drawn) + 0.5 if "variance" in weight.name else drawn).astype(now.dtype))
    _restore(old, new, values)
    return ""


def _restore(old: Any, new: Any, values: list[Any]) -> None:
    for model in (old, new):
        model.set_weights(values)


def _variable(weight: Any) -> Any:
    return weight if isinstance(weight, tf.Variable) else weight.value


def _learned(asked: _Asked, given: Any) -> tuple[Any, list[Any]]:
    """The output in training; then gradients of every trainable weight, added losses and what training updates."""
    output, gradients, added = asked.learn(given)
    return _values(output), [*map(np.asarray, gradients), np.asarray(added), *asked.model.get_weights()]


def _objective(output: Any) -> Any:
    flat = tf.cast(tf.reshape(output, [-1]), "float32")
    return tf.reduce_sum(flat * tf.linspace(-1.0, 1.0, tf.size(flat)))


def _stepped(asked: _Asked, given: Any) -> list[Any]:
    """The weights after two steps of Adam, by the generation's own training."""
    model = asked.model
    package = tf_keras if isinstance(model, tf_keras.Model) else keras
    output = asked.infer(given)
    if not model.trainable_weights or not tf.as_dtype(output.dtype).is_floating:
        return []
    model.compile(package.optimizers.Adam(1e-2, epsilon=ADAM_EPSILON), "mse", run_eagerly=not asked.loops)
    target = np.linspace(-1, 1, int(np.prod(output.shape))).reshape(output.shape).astype("float32")
    try:
        for _ in range(2):
            model.train_on_batch(given, target)
    except tf.errors.InvalidArgumentError:  # a mask of another shape than the loss, which both refuse or one
        return [np.array("refused")]
    return list(model.get_weights())


# Comparing -----------------------------------------------------------------------------------------------------------


def _apart(ones: list[Any], twos: list[Any]) -> str:
    """How far values lie apart, of the largest of each, or of all where that is noise; empty where it is rounding."""
    worst = 0.0
    if len(ones) != len(twos):
        return "refused on one side"
    numbers = [np.abs(one[np.isfinite(one)]).max(initial=0) for one in ones if one.dtype.kind in "fiub"]
    least = max(NOISE * float(max(numbers, default=0)), 1e-30)
    for one, two in zip(ones, twos, strict=True):
        if one.shape != two.shape:
            return f"shape {one.shape} and {two.shape}"
        if one.dtype != two.dtype:
            return f"{one.dtype} and {two.dtype}"
        if one.dtype.kind in "OSU":
            worst = max(worst, float((one != two).mean()))
            continue
        one, two = one.astype("float64"), two.astype("float64")
        finite = np.isfinite(one) & np.isfinite(two)
        if (np.isfinite(one) != np.isfinite(two)).any():
            return "not finite on one side"
        scale = max(np.abs(one[finite]).max(initial=0), np.abs(two[finite]).max(initial=0), least)
        worst = max(worst, float(np.abs(one - two)[finite].max(initial=0) / scale))
    return f"{worst:.1e}" if worst > ROUNDING else ""


def _note(parts: dict[str, str], what: str, ones: list[Any], twos: list[Any]) -> None:
    how = _apart(ones, twos)
    if how and what not in parts:
        parts[what] = how


def _samples(models: tuple[_Asked, _Asked], given: Any) -> dict[str, str]:
    """What tells many calls in training apart: outputs, and their gradients by what goes in, which masks hold back."""
    calls = [_calls(asked, given) for asked in models]
    found = _outputs_apart([np.stack([np.ravel(output) for output, _ in some]).astype("float64") for some in calls])
    for number in range(min(len(some[0][1]) for some in calls)):
        slopes = [np.stack([slopes[number] for _, slopes in some]).astype("float64") for some in calls]
        for axis in range(1, slopes[0].ndim):
            far = _along(axis, *slopes)
            if far > stats.norm.isf(UNLIKELY / 2):
                found[f"what is kept along axis {axis - 1}"] = f"{far:.0f} deviations"
    return found


def _calls(asked: _Asked, given: Any) -> list[tuple[Any, list[Any]]]:
    """The outputs of many calls, each with the gradients by inputs of real numbers."""
    inputs = [tf.constant(one) for one in (given if isinstance(given, list) else [given])]
    real = [one for one in inputs if one.dtype.is_floating]

    @tf.function
    def call() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(real)
            output = asked.model(inputs if len(inputs) > 1 else inputs[0], training=True)
            loss = _objective(output)
        return output, _slopes(tape, loss, real)

    return [(_values(output), [np.asarray(one) for one in slopes]) for output, slopes in (call() for _ in range(DRAWS))]


@tf.autograph.experimental.do_not_convert
def _slopes(tape: Any, loss: Any, inputs: list[Any]) -> list[Any]:
    try:
        return [one for one in tape.gradient(loss, inputs) if one is not None]
    except LookupError:  # an op that has no gradient
        return []


def _along(axis: int, one: Any, two: Any) -> float:
    """How far apart the correlation of values along an axis is, in standard errors; call by call on the first axis."""
    count = one.shape[axis]
    if one.shape != two.shape or count < 2:
        return 0.0
    both = np.concatenate([one, two])
    spread = both.std(0)
    moving = spread > 1e-9 * max(np.abs(both).max(), 1e-30)
    products = []
    for values in (one, two):
        standard = np.where(moving, (values - both.mean(0)) / np.where(moving, spread, 1), 0)
        pairs = standard.sum(axis) ** 2 - (standard**2).sum(axis)
        products.append(pairs.reshape(len(values), -1).mean(1) / (count * (count - 1)))
    error = float(np.hypot(*(values.std() for values in products)) / np.sqrt(len(one)))
    return float(abs(products[0].mean() - products[1].mean()) / error) if error > 1e-12 else 0.0


def _outputs_apart(drawn: list[Any]) -> dict[str, str]:
    """What tells samples of outputs apart."""
    chosen = np.linspace(0, drawn[0].shape[1] - 1, min(40, drawn[0].shape[1])).astype(int)
    one, two = (values[:, chosen] for values in drawn)
    least, found = UNLIKELY, {}
    ps = [stats.ks_2samp(a, b).pvalue for a, b in zip(one.T, two.T, strict=True) if np.ptp(a) or np.ptp(b)]
    if min(ps, default=1) < least:
        found["samples"] = f"p {min(ps):.0e}"
    far = _correlations(one, two)
    if far > stats.norm.isf(least / 2):
        found["correlation"] = f"{far:.0f} deviations"
    return found


def _correlations(one: Any, two: Any) -> float:
    """The largest distance of two correlations, in standard deviations (Fisher's z)."""
    moving = (one.std(0) > 0) & (two.std(0) > 0)
    if moving.sum() < 2:
        return 0.0
    zs = [np.arctanh(np.clip(np.corrcoef(values[:, moving].T), -0.999, 0.999)) for values in (one, two)]
    return float(np.abs(zs[0] - zs[1]).max() / np.sqrt(2 / (DRAWS - 3)))


def _starts(name: str, position: int) -> dict[str, str]:
    """Weights whose starting values come from other distributions."""
    drawn = []
    for package, second in ((tf_keras, True), (keras, False)):
        models = [building.model_of(package, name, position, second) for _ in range(STARTS)]
        drawn.append([np.ravel(np.stack(values)) for values in zip(*(m.get_weights() for m in models), strict=True)])
    ps = [stats.ks_2samp(one, two).pvalue for one, two in zip(*drawn, strict=True) if one.dtype.kind == "f"]
    return {"start": f"p {min(ps):.0e}"} if min(ps, default=1) < UNLIKELY else {}
