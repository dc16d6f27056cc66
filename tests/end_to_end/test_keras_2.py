"""Models of Keras 2 against Keras 3: the outcome that plain Keras gives, with its cause, and no option said.

What plain Keras gives was measured with the same weights on the same batch in ``tf_keras`` 2.21 and Keras 3.15.1: equal
to rounding in outputs, training outputs, gradients and states, but for what the rows below say.
"""

from __future__ import annotations

import runpy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from warm import run_warm

import kerasdiff

MODELS = Path(__file__).parent / "keras_2"

pytestmark = pytest.mark.skipif(find_spec("tf_keras") is None, reason="tf_keras is not installed")

PAIRS = {
    ("perceptron", "perceptron"): "EQUIVALENT",
    ("started_alike", "started_apart"): "kernel starts from the random numbers of dense/kernel in the reference",
    ("convnet", "convnet"): "EQUIVALENT",
    ("convnet", "more_dropout"): "rate 0.3 in the reference, 0.4 in the candidate",
    ("normalized_rows", "normalized_rows"): "EQUIVALENT",
    # The fused op of Keras 2 follows a variance that is corrected for the size of the sample.
    ("normalized", "normalized"): "follows the variance of the batch times n / (n - 1) in the reference",
    # A moving average in two spellings and another generator are no mistake of who migrates.
    (
        "shop",
        "shop_without_relu",
    ): "in outputs and gradients. To make them agree, change the candidate: apply relu",
    # An Embedding looks its rows up by other ops.
    ("words", "words"): "╮ read (LSTM, models.py:",
    ("recurrent", "recurrent"): "EQUIVALENT",
    # What Keras 3 sets to zero where a step is masked is no difference where nothing is.
    ("recurrent", "recurrent(activation='relu')"): "activation tanh in the reference, relu in the candidate. Outputs",
    # Either generation sets it inside a Bidirectional of sequences; the config of Keras 2 does not say so.
    ("masked_steps", "masked_steps(activation='relu')"): "activation tanh in the reference, relu in the candidate. Out",
    ("tags", "tags"): "differs, where outputs are 0 or 1, by up to 4.5 % of a value",
    (
        "tags_by_squares",
        "tags_by_squares",
    ): "embedding/embeddings (models.py:71) one by one in the candidate, and their "
    "sum in the reference. To make them train alike, compile the candidate with a subclass of",
    # A mask for each time step in Keras 2, one for the sequence in Keras 3.
    ("recurrent_dropout", "recurrent_dropout"): "the mask of `dropout` is drawn for each time step in the reference",
    # Drawn inside the loop, where no number of theirs can be seen.
    ("recurrent_dropouts", "recurrent_dropouts"): "the masks of `dropout` and `recurrent_dropout` are drawn for each",
    # Keras issue 19993: 4.6 % of letters wrong with Keras 2, 5.8 % with Keras 3.
    ("handwriting", "handwriting"): "): the mask of `dropout` is drawn for each time step in the reference (Keras 2.",
    ("frozen_penalty", "frozen_penalty"): "l2(l2=0.01), added though frozen in the reference",
    # Keras 2 tells every layer the mode, Keras 3 none where `call` takes no `training`.
    ("Quiet", "Quiet"): "takes no `training` argument, so fit runs it in inference mode",
    # Where a layer is given states, Keras 3 does not hand it the mask. Up to Keras 3.11 "accuracy" counts what is
    # masked as well, which is told then: with 8 words in 50 places, 60 % read as 10 % (keras#20320).
    ("translation", "translation"): "Reference applies the mask in lstm_1 (LSTM, models.py:",
    ("compiled", "compiled"): "EQUIVALENT",
    ("nadam", "nadam"): "optimizer Nadam of Keras 2",
    ("decaying", "decaying"): "EQUIVALENT",
    ("compiled", "faster"): "optimizer.learning_rate 0.001 in the reference, 0.002 in the candidate",
}


@pytest.mark.parametrize(("reference", "candidate"), PAIRS, ids=lambda name: name)
def test_generations_are_told_apart_by_what_they_do(reference: str, candidate: str) -> None:
    given = ("--input", "8") if reference == "Quiet" else ()
    done = run_warm("compare", f"legacy.py:{reference}", f"models.py:{candidate}", "--no-fit", *given, cwd=MODELS)

    wanted = PAIRS[reference, candidate]
    assert wanted in " ".join(done.stdout.replace("│", " ").split()), done.stdout + done.stderr
    assert done.exit_code == (0 if wanted == "EQUIVALENT" else 1)


def test_one_file_is_compared_with_itself_under_one_variable() -> None:
    target, given = "models.py:recurrent_dropout", ("--reference-env", "TF_USE_LEGACY_KERAS=1")
    done = run_warm("compare", target, target, *given, "--no-fit", cwd=MODELS)

    assert PAIRS["recurrent_dropout", "recurrent_dropout"] in " ".join(done.stdout.replace("│", " ").split())
    assert "TF_USE_LEGACY_KERAS=1" in done.stdout


def test_a_subclassed_model_with_a_layer_of_its_own_is_compared() -> None:
    done = run_warm("compare", "legacy.py:Net", "models.py:Net", "--input", "8", "--no-fit", cwd=MODELS)

    assert "EQUIVALENT" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("call", "exit_code", "told"),
    [
        ("own_step", 0, "and steps by it move 2 weights alike"),
        ("own_step(otherwise=True)", 3, "and steps by it move out/"),
    ],
)
def test_steps_by_the_same_train_step_are_compared(call: str, exit_code: int, told: str) -> None:
    given = ("--input", "8", "--no-fit", "--verbose")
    done = run_warm("compare", f"legacy.py:{call}", f"models.py:{call}", *given, cwd=MODELS)

    assert told in " ".join(done.stdout.replace("│", " ").split()), done.stdout + done.stderr
    assert done.exit_code == exit_code


def test_a_recurrent_layer_is_locked_with_its_numbers(tmp_path: Path) -> None:
    path = str(tmp_path / "net.kerasdiff")
    made = run_warm("lock", "legacy.py:recurrent", "-o", path, cwd=MODELS)
    done = run_warm("compare", path, "models.py:recurrent", "--no-fit", "--verbose", cwd=MODELS)

    assert "not stored" not in made.stdout, made.stdout + made.stderr
    assert "it answers here as it did then, to the last bit" in " ".join(done.stdout.split()), done.stdout + done.stderr
    assert "training outputs, losses, gradients and state updates agree" in " ".join(done.stdout.split())
    assert done.exit_code == 0


def test_what_a_file_imports_decides() -> None:
    done = run_warm("inspect", "direct.py:build", cwd=MODELS)

    assert "keras 2." in done.stdout, done.stdout + done.stderr
    assert "direct.py:8" in done.stdout
    assert "dense_1" in done.stdout


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras saves with an older numpy in mind
def test_a_file_of_keras_2_that_keras_3_cannot_open_is_opened_by_keras_2(tmp_path: Path) -> None:
    place = tmp_path / "old.keras"
    runpy.run_path(str(MODELS / "direct.py"))["build"]().save(place)

    done = run_warm("compare", str(place), "direct.py:build", "--no-fit", "--ignore", "initializer", cwd=MODELS)

    assert "EQUIVALENT" in done.stdout, done.stdout + done.stderr


def test_models_in_memory_are_copied_as_they_stand() -> None:
    tf_keras = pytest.importorskip("tf_keras")
    import keras

    def made(package: Any, rate: float = 0.3, shape: tuple[int, ...] = (8, 8, 3)) -> Any:
        layers, entry = package.layers, package.Input(shape)
        value = layers.Conv2D(3, 3, activation="relu", kernel_regularizer="l2")(entry)
        value = layers.Flatten()(value)[:, :9] * 2.0
        inner = package.Sequential([layers.Reshape((3, 3)), layers.LSTM(4), layers.Dropout(rate)])
        model = package.Model(entry, layers.Dense(2, activity_regularizer="l1")(inner(value)))
        model.compile(package.optimizers.Adam(1e-3), "mse", metrics=["mae"])
        return model

    class Net(tf_keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.parts = [tf_keras.layers.Dense(4), tf_keras.layers.BatchNormalization()]

        def call(self, x: Any, training: Any = None) -> Any:
            return self.parts[1](self.parts[0](x), training=training) * self.factor

    used, bare, changed = made(tf_keras), made(tf_keras), made(tf_keras)
    used.train_on_batch(np.ones((2, 8, 8, 3)), np.ones((2, 2)))
    kept = [value.copy() for value in used.get_weights()]
    bare.layers[1].kernel_regularizer = None
    bare.layers[1]._callable_losses.clear()
    changed.layers[1].activation = tf_keras.activations.tanh
    one, two = Net(), Net()
    one.factor, two.factor = 2.0, 3.0

    assert kerasdiff.compare(used, made(keras), fit=False).equivalent
    assert "rate 0.3 in the reference, 0.4" in kerasdiff.compare(used, made(keras, 0.4), fit=False).summary
    assert "regularizer" in kerasdiff.compare(used, bare, fit=False).summary
    assert "tanh" in kerasdiff.compare(used, changed, fit=False).summary
    assert not kerasdiff.compare(one, two, inputs="8", fit=False).equivalent
    assert all(np.array_equal(value, now) for value, now in zip(kept, used.get_weights(), strict=True))


def test_what_float64_would_hide_shows_in_memory_too() -> None:
    tf_keras = pytest.importorskip("tf_keras")
    model = tf_keras.Sequential([tf_keras.Input((8, 8, 3)), tf_keras.layers.BatchNormalization()])

    result = kerasdiff.compare(model, _normalized, fit=False)

    assert "follows the variance of the batch times n / (n - 1) in the reference" in result.summary


def _normalized() -> Any:
    import keras

    return keras.Sequential([keras.Input((8, 8, 3)), keras.layers.BatchNormalization()])


@pytest.mark.parametrize(
    ("name", "exit_code", "told"),
    [
        # Trained in plain Keras from the same weights with the same masks, the two agree.
        ("convnet", 0, "bit-identical"),
        # Masks of other shapes part the two in any case: one seed says nothing.
        ("handwriting", 3, "Each side draws random numbers of its own"),
    ],
)
def test_it_is_trained(name: str, exit_code: int, told: str) -> None:
    asked = ("fit", f"legacy.py:{name}", f"models.py:{name}", "--seeds", "1", "--steps", "3", "--fresh")
    done = run_warm(*asked, cwd=MODELS)

    assert told in " ".join(done.stdout.replace("│", " ").split()), done.stdout + done.stderr
    assert done.exit_code == exit_code
