"""``kerasdiff convert``: one model's weights as another's, checked by plain Keras; where that is wrong, nothing."""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from command import Answer
from warm import run_warm

import kerasdiff

keras = pytest.importorskip("keras")

MODELS = Path(__file__).parent / "converted"
SHAPES = {
    "convnet": (6, 6, 2),
    "recurrent": (4, 3),
    "Ordered": (5,),
    "nested": (5,),
    "pointwise": (4, 4, 3),
    "apart": (5,),
    "words": (6,),
    "attention": (4, 6),
}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras saves with an older numpy in mind

needs_keras_2 = pytest.mark.skipif(find_spec("tf_keras") is None, reason="tf_keras is not installed")


@cache
def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"converted_{name}", MODELS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def batch(model: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    shape = (3, *SHAPES[model])
    return (rng.integers(0, 20, shape) if model == "words" else rng.standard_normal(shape)).astype("float32")


def trained(file: str, model: str) -> Any:
    """A model with other weights than it starts from."""
    made = getattr(module(file), model)()
    made(batch(model))
    rng = np.random.default_rng(1)
    for weight in made.weights:
        weight.assign(rng.uniform(0.2, 1.0, weight.shape).astype(getattr(weight.dtype, "name", weight.dtype)))
    for layer in made.layers:
        getattr(layer, "finalize_state", lambda: None)()
    return made


def convert(reference: str, candidate: str, *more: str) -> Answer:
    given = ("--input", "5") if "Ordered" in candidate else ("--input", "6") if "Words" in candidate else ()
    return run_warm("convert", reference, candidate, *more, *given, cwd=MODELS)


def outputs(path: Path, candidate: str, model: str) -> np.ndarray:
    """What plain Keras makes of a file that was written."""
    made = keras.saving.load_model(path) if path.suffix == ".keras" else getattr(module("new"), candidate)()
    made(batch(model))
    if path.suffix != ".keras":
        made.load_weights(path)
    return np.asarray(made(batch(model)))


OF_KERAS_3 = (
    ("old", "convnet", "Convnet", "old.weights.h5", "10 taken over", "new.weights.h5"),
    ("old", "nested", "turned", "old.h5", "1 transposed (turned/matrix)", "new.weights.h5"),
    ("old", "pointwise", "pointwise", "old.keras", "1 in another shape (conv2d/kernel)", "new.keras"),
    ("old", "apart", "together", "old.weights.h5", "2 made of several (dense/kernel, dense/bias)", "new.weights.h5"),
)
OF_KERAS_2 = (
    ("legacy", "convnet", "Convnet", "old.h5", "the state of the optimizer is not taken over", "new.weights.h5"),
    ("legacy", "recurrent", "Recurrent", "checkpoint/old", "8 taken over", "new.weights.h5"),
    ("legacy", "Ordered", "Ordered", "old.h5", "4 taken over", "new.weights.h5"),
    ("legacy", "nested", "flat", "old.weights.h5", "6 taken over", "new.keras"),
    ("legacy", "pointwise", "pointwise", "saved", "1 in another shape", "new.weights.h5"),
    ("legacy", "words", "Words", "old.h5", "9 taken over", "new.weights.h5"),
    ("legacy", "attention", "attention", "checkpoint/old", "2 made of several", "new.weights.h5"),
)


@pytest.mark.parametrize(
    ("file", "reference", "candidate", "weights", "says", "output"),
    [
        *(pytest.param(*row, id=f"{row[0]}-{row[1]}-{row[3]}") for row in OF_KERAS_3),
        *(pytest.param(*row, id=f"{row[0]}-{row[1]}-{row[3]}", marks=needs_keras_2) for row in OF_KERAS_2),
    ],
)
def test_the_file_gives_the_candidate_the_outputs_of_the_reference(
    file: str, reference: str, candidate: str, weights: str, says: str, output: str, tmp_path: Path
) -> None:
    model = trained(file, reference)
    whole = weights.endswith(".keras") or weights == "saved" or (file == "old" and not weights.endswith(".weights.h5"))
    (model.save if whole else model.save_weights)(str(tmp_path / weights))
    written = tmp_path / output

    done = convert(
        f"{file}.py:{reference}", f"new.py:{candidate}", "--weights", str(tmp_path / weights), "-o", str(written)
    )

    assert done.exit_code == 0, done.stdout + done.stderr
    assert says in " ".join(done.stdout.split())
    np.testing.assert_allclose(
        outputs(written, candidate, reference), np.asarray(model(batch(reference))), rtol=1e-4, atol=1e-5
    )


@needs_keras_2
def test_the_rung_says_what_becomes_of_each_kind_of_file() -> None:
    done = run_warm("compare", "legacy.py:Ordered", "new.py:Ordered", "--input", "5", "--no-fit", "-v", cwd=MODELS)

    told = " ".join(done.stdout.split())
    assert "the reference's .weights.h5 does not load into the candidate" in told, done.stdout + done.stderr
    assert "second/kernel gets what first/kernel saved" in told
    assert "Keras 3 reads no TF checkpoint" in told


@needs_keras_2
def test_a_checkpoint_of_training_holds_the_model_by_a_name(tmp_path: Path) -> None:
    import tensorflow as tf

    model = trained("legacy", "nested")
    tf.train.Checkpoint(net=model, step=tf.Variable(3)).save(str(tmp_path / "of" / "training"))

    done = convert(
        "legacy.py:nested", "new.py:flat", "--weights", str(tmp_path / "of"), "-o", str(tmp_path / "n.weights.h5")
    )

    assert done.exit_code == 0, done.stdout + done.stderr
    np.testing.assert_allclose(
        outputs(tmp_path / "n.weights.h5", "flat", "nested"), np.asarray(model(batch("nested"))), rtol=1e-4, atol=1e-5
    )


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "old.weights.h5"
    trained("old", "convnet").save_weights(path)
    return path


@pytest.mark.parametrize(
    ("candidate", "says"),
    [
        ("Forgetful", "new.weights.h5 is not written: 9 of 9 probe outputs differ"),
        (
            "Deeper",
            "no weight of the same shape stands for more/kernel, more/bias of the candidate",
        ),
        ("flat", "new.weights.h5 is not written: "),
    ],
)
def test_models_that_differ_write_nothing(candidate: str, says: str, weights: Path, tmp_path: Path) -> None:
    written = tmp_path / "new.weights.h5"
    done = convert("old.py:convnet", f"new.py:{candidate}", "--weights", str(weights), "-o", str(written))

    assert done.exit_code == 1, done.stdout + done.stderr
    assert says in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.glob("*new*")) == []


def test_weights_of_another_model_are_refused(weights: Path, tmp_path: Path) -> None:
    done = convert("old.py:nested", "new.py:flat", "--weights", str(weights), "-o", str(tmp_path / "new.weights.h5"))

    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {weights} does not load into old.py:nested: "), done.stderr
    assert "Is it another model's?" in done.stderr
    assert list(tmp_path.glob("*new*")) == []


def test_a_file_that_links_to_another_is_not_followed(weights: Path, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    linking = tmp_path / "linking.weights.h5"
    with h5py.File(linking, "w") as file:
        file["layers"] = h5py.ExternalLink(str(weights), "layers")

    done = convert(
        "old.py:convnet", "new.py:Convnet", "--weights", str(linking), "-o", str(tmp_path / "new.weights.h5")
    )

    assert done.exit_code == 2
    assert "layers in it leads to another place" in done.stderr, done.stderr


def test_from_python_a_model_in_memory_gives_its_own_weights(tmp_path: Path) -> None:
    model = trained("old", "nested")
    made = kerasdiff.convert(model, f"{MODELS / 'new.py'}:flat", output=tmp_path / "new.weights.h5")

    assert made.written
    assert made.result.comparison.exit_code == 0
    assert made.mapping["dense_2/kernel"] == ("sequential/dense/kernel",)
    np.testing.assert_allclose(
        outputs(made.path, "flat", "nested"), np.asarray(model(batch("nested"))), rtol=1e-4, atol=1e-5
    )
