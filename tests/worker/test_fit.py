"""Trials: the same to the last bit from the same seed, with the right loss, and refused where nothing can be fitted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from kerasdiff.errors import FitError  # noqa: E402
from kerasdiff.graph import TensorSpec  # noqa: E402
from kerasdiff.side.records import Port  # noqa: E402
from kerasdiff.side.targets import parse_input, parse_target  # noqa: E402
from kerasdiff.side.training import FitPlan, Tick, Trial, TrialOptions  # noqa: E402
from kerasdiff.worker.loading.session import Session  # noqa: E402
from kerasdiff.worker.tracing.names import weight_table  # noqa: E402
from kerasdiff.worker.training.fit import batch_rows, fit, start  # noqa: E402

OPTIONS = TrialOptions(steps=5, batch_size=16, learning_rate=1e-2)


def plan(base: TrialOptions = OPTIONS, **changes: Any) -> FitPlan:
    """A plan on synthetic data, with changes of its own or of its options."""
    names = {field.name for field in dataclasses.fields(TrialOptions)}
    options = dataclasses.replace(base, **{name: changes.pop(name) for name in names & set(changes)})
    return FitPlan(**{"data": "synthetic", "seed": 1, "options": options, **changes})


class StandIn:
    """A session around a function that builds a model: what fit needs of one, without files and processes."""

    def __init__(self, build: Callable[[], Any], *ports: Port) -> None:
        self._build, self._ports = build, ports
        self.kept: Any = None
        self.ready: Any = None

    def reload(self, precision: str, seed: int = 0) -> Any:
        assert precision == "float32"
        keras.utils.set_random_seed(seed)
        model = self._build()
        if self._ports:
            ports = self._ports
        else:
            ports = tuple(Port(name=i.name, spec=TensorSpec(shape=i.shape, dtype=i.dtype)) for i in model.inputs)
        several = len(ports) > 1
        return SimpleNamespace(
            model=model, ports=ports, pack=lambda tensors: ((list(tensors) if several else tensors[0],), {})
        )


def dense(units: int = 3, activation: str | None = None, **compiled: Any) -> Callable[[], Any]:
    def build() -> Any:
        model = keras.Sequential(
            [
                keras.Input((4,), name="x"),
                keras.layers.Dense(8, activation="relu", kernel_regularizer="l2", name="hidden"),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(units, activation=activation, name="head"),
            ]
        )
        if compiled:
            model.compile(**compiled)
        return model

    return build


def run(build: Callable[[], Any], **changes: Any) -> Trial:
    return fit(StandIn(build), plan(**changes))


def same(first: Trial, second: Trial) -> bool:
    return (
        first.losses == second.losses
        and first.answers.predictions.tobytes() == second.answers.predictions.tobytes()
        and (first.test_loss, first.test_accuracy) == (second.test_loss, second.test_accuracy)
    )


def test_the_same_plan_gives_the_same_bits_and_another_seed_does_not() -> None:
    first = run(dense())
    assert same(first, run(dense()))
    assert not same(first, run(dense(), seed=2))
    assert len(first.losses) == len(first.history.accuracies) == 5
    assert first.samples_per_second > 0
    assert first.answers.predictions.shape == (16, 3)
    assert first.data.kind == "synthetic"


def test_the_beginning_of_a_trial_is_tested_where_an_epoch_ends_alone() -> None:
    whole, begun = run(dense(), steps=5), run(dense(), steps=3, cut=True)
    assert begun.losses == whole.losses[:3]
    assert (begun.test_loss, begun.answers.digest) == (None, "")
    per_epoch = whole.settings.steps_per_epoch
    full = run(dense(), steps=per_epoch, cut=True)
    assert full.test_loss == run(dense(), steps=per_epoch).test_loss is not None


def test_steps_run_as_written_repeat_and_are_the_same_up_to_rounding() -> None:
    first = run(dense(), as_written=True)
    assert same(first, run(dense(), as_written=True))
    np.testing.assert_allclose(first.losses, run(dense()).losses, rtol=1e-5)


def test_a_start_replaces_every_draw_of_the_candidate() -> None:
    reference, own = run(dense()), start(StandIn(dense()), plan().seed)
    assert any("seed_generator_state" in name for name in own)

    def other() -> Any:
        keras.random.normal((3,))
        [keras.layers.Dense(2).build((None, 2)) for _ in range(3)]
        return dense()()

    assert not same(reference, run(other))
    assert same(reference, run(other, start=own))


def test_the_start_is_what_a_trial_of_that_seed_starts_from() -> None:
    own = start(StandIn(dense()), plan().seed)
    assert same(run(dense()), run(dense(), start=own))
    assert not same(run(dense()), run(dense(), start=start(StandIn(dense()), plan().seed + 1)))


def test_a_layer_that_draws_outside_every_seed_repeats_as_well() -> None:
    class Noisy(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + keras.random.normal((4,))

    def build() -> Any:
        return keras.Sequential([keras.Input((4,)), Noisy(), keras.layers.Dense(3)])

    assert same(run(build), run(build))


def test_a_start_that_does_not_fit_is_refused() -> None:
    with pytest.raises(FitError, match="weight other, which the model does not have"):
        run(dense(), start={"other": np.zeros(3)})
    with pytest.raises(FitError, match=r"head/kernel shape \(2,\)"):
        run(dense(), start={"head/kernel": np.zeros(2)})


@pytest.mark.parametrize(
    ("units", "activation", "loss", "targets"),
    [
        (3, None, "SparseCategoricalCrossentropy(from_logits=True)", "sparse"),
        (3, "softmax", "SparseCategoricalCrossentropy(from_logits=False)", "sparse"),
        (3, "sigmoid", "BinaryCrossentropy(from_logits=False)", "one-hot"),
        (1, "sigmoid", "BinaryCrossentropy(from_logits=False)", "binary"),
        (1, None, "MeanSquaredError", "real"),
    ],
)
def test_the_loss_follows_from_the_outputs(units: int, activation: str | None, loss: str, targets: str) -> None:
    trial = run(dense(units, activation))
    assert trial.settings.loss == (loss,)
    assert trial.settings.targets == (targets,)
    assert trial.settings.learning_rate == 0.01
    assert not trial.settings.from_compile
    assert (trial.test_accuracy is None) == (targets == "real")


@pytest.mark.parametrize(
    ("units", "activation", "loss", "targets"),
    [
        (3, "softmax", "categorical_crossentropy", "one-hot"),
        (3, None, "mse", "real"),
        (3, "softmax", "kl_divergence", "one-hot"),
        (1, None, "hinge", "binary"),
        (3, "softmax", "sparse_categorical_crossentropy", "sparse"),
    ],
)
def test_a_compiled_model_keeps_its_own_settings(units: int, activation: str | None, loss: str, targets: str) -> None:
    trial = run(
        dense(units, activation, optimizer=keras.optimizers.SGD(0.05, momentum=0.9), loss=loss), learning_rate=None
    )
    assert trial.settings.optimizer == "SGD"
    assert trial.settings.learning_rate == 0.05
    assert trial.settings.targets == (targets,)
    assert trial.settings.from_compile


def test_the_trial_agrees_with_keras_fit() -> None:
    """One pass over the data in our order gives what ``Model.fit`` gives on it, regularizer included."""

    def build() -> Any:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, kernel_regularizer="l2", name="head")])
        model.compile(optimizer=keras.optimizers.Adam(0.01), loss=keras.losses.SparseCategoricalCrossentropy(True))
        return model

    trial = run(build, steps=6)
    from kerasdiff.worker.training.tasks import Task

    loaded = StandIn(build).reload("float32")
    from kerasdiff.worker.training.batches import Batches
    from kerasdiff.worker.training.data import load_data

    data = load_data("synthetic", loaded.ports, Task(loaded).heads)
    batches = Batches(data)
    model = build()
    own = start(StandIn(build), plan().seed)
    for name, variable in weight_table(model).items():
        variable.assign(own[name])
    losses = []
    for rows in batch_rows(len(data.x_train[0]), 16, plan().seed, epoch=1)[:6]:
        (x,), (y,) = batches.train(rows)
        losses.append(model.train_on_batch(x, y))
        model.reset_metrics()
    np.testing.assert_allclose(trial.losses, losses, rtol=1e-6)
    model.evaluate(data.x_test[0], data.y_test[0], verbose=0)
    expected = model.evaluate(data.x_test[0], data.y_test[0], verbose=0)
    assert trial.test_loss == pytest.approx(expected, rel=1e-5)


def test_frozen_weights_stay_and_the_regularizer_counts() -> None:
    def build() -> Any:
        model = dense()()
        model.get_layer("hidden").trainable = False
        return model

    session = StandIn(build)
    kept: list[Any] = []
    inner = session.reload
    session.reload = lambda precision, seed: kept.append(inner(precision, seed)) or kept[-1]  # type: ignore[method-assign]
    fit(session, plan())
    own, after = start(StandIn(build), plan().seed), weight_table(kept[0].model)
    np.testing.assert_array_equal(own["hidden/kernel"], after["hidden/kernel"])
    assert not np.array_equal(own["head/kernel"], after["head/kernel"])


def test_several_inputs_and_outputs_share_one_loss() -> None:
    def build() -> Any:
        ids = keras.Input((6,), dtype="int32", name="ids")
        image = keras.Input((8, 8, 1), name="image")
        told = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(50, 4)(ids))
        seen = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(image))
        joined = keras.layers.Concatenate()([told, seen])
        return keras.Model(
            [ids, image],
            {
                "kind": keras.layers.Dense(4, name="kind")(joined),
                "yes": keras.layers.Dense(1, activation="sigmoid", name="yes")(joined),
            },
        )

    ports = (
        Port(name="ids", spec=TensorSpec(shape=(None, 6), dtype="int32"), low=0, high=49),
        Port(name="image", spec=TensorSpec(shape=(None, 8, 8, 1), dtype="float32")),
    )
    trial = fit(StandIn(build, *ports), plan())
    assert len(trial.settings.loss) == 2
    assert trial.answers.predictions.shape == (16, 5)
    assert np.isfinite(trial.losses).all()


class Normed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.norm = keras.layers.BatchNormalization()
        self.head = keras.layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.head(self.norm(x))


def test_a_subclass_without_a_training_argument_and_with_batch_norm() -> None:
    def build() -> Any:
        model = Normed()
        model(np.zeros((1, 4), np.float32))
        return model

    port = Port(name="x", spec=TensorSpec(shape=(None, 4), dtype="float32"))
    first, second = (fit(StandIn(build, port), plan()) for _ in range(2))
    assert same(first, second)
    assert "norm/moving_mean" in start(StandIn(build, port), plan().seed)


@pytest.mark.parametrize("told", [False, True])
def test_statistics_move_in_a_trial_where_keras_fit_moves_them(*, told: bool) -> None:
    class Told(Normed):
        def call(self, x: Any, training: Any = None) -> Any:
            return self.head(self.norm(x))

    made: list[Any] = []

    def build() -> Any:
        made.append(Told() if told else Normed())
        made[-1](np.zeros((1, 4), np.float32))
        return made[-1]

    fit(StandIn(build, Port(name="x", spec=TensorSpec(shape=(None, 4), dtype="float32"))), plan())
    assert bool(np.any(made[-1].norm.moving_mean.numpy())) is told


def test_a_loss_that_is_not_finite_ends_the_trial() -> None:
    def build() -> Any:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.SGD(1e25), loss="mse")
        return model

    seen: list[Tick] = []
    trial = fit(StandIn(build), plan(steps=20, learning_rate=None), seen.append)
    assert len(trial.losses) < 20
    assert not math.isfinite(trial.losses[-1])
    assert (trial.test_loss, trial.test_accuracy) == (None, None)
    assert trial.epochs[-1].test_loss is None
    assert seen[-1].epoch is not None
    assert not math.isfinite(seen[-1].loss)
    assert all(tick.steps == 20 and tick.loss in trial.losses for tick in seen[:-1])


def test_what_cannot_be_fitted_is_refused_in_one_sentence() -> None:
    def frozen() -> Any:
        model = dense()()
        model.trainable = False
        return model

    def cut() -> Any:
        entry = keras.Input((4,))
        return keras.Model(entry, keras.ops.stop_gradient(keras.layers.Dense(3)(entry)))

    def whole() -> Any:
        entry = keras.Input((4,))
        return keras.Model(entry, keras.ops.argmax(keras.layers.Dense(3)(entry), axis=-1))

    cases: list[tuple[Callable[[], Any], str]] = [
        (frozen, "no trainable weights"),
        (cut, "No trainable weight gets a gradient"),
        (whole, "no gradient comes through"),
        (dense(1, loss="sparse_categorical_crossentropy"), "needs two classes"),
        (dense(3, loss=lambda y, p: p @ y), "does not fit the outputs"),
    ]
    for build, message in cases:
        with pytest.raises(FitError, match=message) as caught:
            run(build)
        assert "\n" not in caught.value.message
    with pytest.raises(FitError, match="at least one epoch, one step"):
        run(dense(), steps=0)


def test_an_output_of_ids_is_no_part_of_the_loss() -> None:
    def build() -> Any:
        entry = keras.Input((4,))
        scores = keras.layers.Dense(3)(entry)
        return keras.Model(entry, [keras.ops.argmax(scores, axis=-1), scores])

    assert run(build).settings.loss == ("none", "SparseCategoricalCrossentropy(from_logits=True)")


def test_unused_weights_are_named() -> None:
    def build() -> Any:
        entry = keras.Input((4,))
        used = keras.layers.Dense(3, name="used")(entry)
        return keras.Model(entry, [used, keras.ops.stop_gradient(keras.layers.Dense(2, name="cut")(entry))])

    assert run(build).settings.without_gradient == ("cut/kernel", "cut/bias")


def test_every_row_is_seen_once_an_epoch() -> None:
    first, second = (batch_rows(10, 5, seed=0, epoch=epoch) for epoch in (1, 2))
    assert first.shape == (2, 5)
    assert sorted(first.ravel()) == sorted(second.ravel()) == list(range(10))
    assert first.tolist() != second.tolist()
    assert batch_rows(3, 8, seed=0, epoch=1).shape == (1, 8)


MODELS = """
import keras

class Plain(keras.Model):
    def __init__(self, activation=None):
        super().__init__()
        self.hidden = keras.layers.Dense(6, activation=activation)
        self.drop = keras.layers.Dropout(0.5)
        self.head = keras.layers.Dense(3)
    def call(self, x):
        return self.head(self.drop(self.hidden(x)))

class Spelled(Plain):
    def call(self, x):
        return self.head(self.drop(keras.activations.relu(self.hidden(x))))
"""


def test_files_fit_as_pairs(tmp_path: Path) -> None:
    """The whole path from a target: a true refactor gives the same bits, a missing activation does not."""
    file = tmp_path / "models.py"
    file.write_text(MODELS)

    def trial(name: str, **changes: Any) -> Trial:
        session = Session(parse_target(f"{file}:{name}"), (parse_input("4"),))
        return fit(session, plan(**changes))

    reference = trial("Plain(activation='relu')")
    own = start(Session(parse_target(f"{file}:Plain(activation='relu')"), (parse_input("4"),)), plan().seed)
    assert same(reference, trial("Plain(activation='relu')"))
    assert same(reference, trial("Spelled", start=own))
    other = trial("Plain", start=own)
    assert other.losses != reference.losses


def test_a_small_convnet_learns_the_procedural_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def build() -> Any:
        return keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                keras.layers.Conv2D(16, 5, strides=2, activation="relu"),
                keras.layers.MaxPool2D(3),
                keras.layers.Flatten(),
                keras.layers.Dense(32, activation="relu"),
                keras.layers.Dense(10),
            ]
        )

    trial = run(build, steps=120, batch_size=64, learning_rate=3e-3)
    assert trial.data.kind == "procedural"
    assert np.mean(trial.losses[-10:]) < np.mean(trial.losses[:5]) - 0.1
    assert np.mean(trial.history.accuracies[-10:]) > 0.2
