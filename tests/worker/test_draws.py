"""What both sides of a trial pair draw: the same numbers from whatever generators, and what is shared stays shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

keras: Any = pytest.importorskip("keras")
tf: Any = pytest.importorskip("tensorflow")

from kerasdiff.worker.training.draws import CommonDraws  # noqa: E402

SHAPE = (64, 50)
ONES = tf.ones(SHAPE)


class Steps:
    """A function that draws, called step by step with common numbers."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.draws = CommonDraws()

        def drawn() -> Any:
            with self.draws.taken("step"):
                return function()

        self._function = tf.function(drawn, autograph=False)
        self._function.get_concrete_function()

    def of(self, seed: int, count: int = 2) -> list[Any]:
        self.draws.restart(seed)
        return [np.asarray(self._function()) for _ in range(count)]

    @property
    def told(self) -> tuple[tuple[str, ...], bool]:
        return self.draws.told([self._function.get_concrete_function()])


def by_seed_generator(rate: float = 0.4) -> Callable[[], Any]:
    generator = keras.random.SeedGenerator(3)
    return lambda: keras.random.dropout(ONES, rate, seed=generator)


def by_generator() -> Callable[[], Any]:
    generator = tf.random.Generator.from_seed(5)
    return lambda: tf.nn.experimental.general_dropout(ONES, 0.4, uniform_sampler=generator.uniform)


SPELLINGS = {
    "in the kernel": lambda: tf.nn.dropout(ONES, 0.4),
    "in the kernel, seeded": lambda: tf.nn.dropout(ONES, 0.4, seed=7),
    "by a seed of Keras": by_seed_generator(),
    "by a generator of TensorFlow": by_generator(),
}


def test_every_generator_gives_the_same_masks_and_others_in_each_step_and_trial() -> None:
    steps = {name: Steps(function) for name, function in SPELLINGS.items()}
    masks = {name: one.of(1) for name, one in steps.items()}

    first, second = masks["in the kernel"]
    for name, of_name in masks.items():
        np.testing.assert_array_equal(of_name, [first, second], err_msg=name)
        assert steps[name].told == (("step uniform (64, 50) float32",), False), name
    assert np.mean(first > 0) == pytest.approx(0.6, abs=0.03)
    assert np.mean(first == second) == pytest.approx(0.52, abs=0.03)
    assert not np.array_equal(steps["in the kernel"].of(2)[0], first)
    np.testing.assert_array_equal(steps["in the kernel"].of(1), [first, second])


def test_noise_is_the_same_too() -> None:
    generator = keras.random.SeedGenerator(3)
    spellings = (
        lambda: tf.random.normal(SHAPE, 0.0, 0.5),
        lambda: keras.random.normal(SHAPE, 0.0, 0.5, seed=generator),
    )
    one, two = (Steps(function).of(0) for function in spellings)

    np.testing.assert_array_equal(one, two)
    assert np.std(one[0]) == pytest.approx(0.5, abs=0.03)


def masks_of(*, one_key: bool) -> Callable[[], Any]:
    generator = keras.random.SeedGenerator(3)

    def drawn() -> Any:
        first = generator.next()
        second = first if one_key else generator.next()
        keys = [tf.cast(key % 1000, tf.int32) for key in (first, second)]
        return tf.stack([tf.random.stateless_uniform(SHAPE, key) for key in keys])

    return drawn


@pytest.mark.parametrize("one_key", [True, False])
def test_two_draws_are_the_same_where_their_key_is(one_key: bool) -> None:
    steps = Steps(masks_of(one_key=one_key))
    first, second = steps.of(0)

    assert np.array_equal(first[0], first[1]) == one_key
    assert not np.array_equal(first, second)
    assert len(steps.told[0]) == (1 if one_key else 2)


def test_a_loop_draws_others_each_time() -> None:
    def looped() -> Any:
        draws = tf.TensorArray(tf.float32, 3)
        body = lambda at, all_: (at + 1, all_.write(at, tf.random.uniform((50,))))  # noqa: E731
        return tf.while_loop(lambda at, _: at < 3, body, (0, draws))[1].stack()

    first, second, third = Steps(looped).of(0, 1)[0]

    assert not any(np.array_equal(one, two) for one, two in ((first, second), (second, third), (first, third)))


def test_numbers_that_are_the_same_in_every_step_stay_what_they_are() -> None:
    state = tf.Variable([1, 2], dtype=tf.int32)
    steady = Steps(lambda: tf.random.stateless_uniform(SHAPE, (3, 4)) + tf.random.stateless_uniform(SHAPE, state))
    expected = tf.random.stateless_uniform(SHAPE, (3, 4)) + tf.random.stateless_uniform(SHAPE, (1, 2))

    for drawn in steady.of(0):
        np.testing.assert_array_equal(drawn, expected)
    assert steady.told == ((), False)


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda: tf.random.gamma((3,), 1.0), id="of no known distribution"),
        pytest.param(lambda: tf.raw_ops.RandomUniform(shape=[3], dtype=tf.float32), id="past the functions"),
        pytest.param(lambda: tf.random.uniform((2,), seed=3) + tf.random.uniform((1, 2), seed=3), id="in two shapes"),
    ],
)
def test_what_is_not_common_is_told(function: Callable[[], Any]) -> None:
    assert Steps(function).told[1]
