"""A side under Python 3.9, with the Keras 2 that runs there.

``KERASDIFF_PYTHON_3_9`` names an interpreter with TensorFlow 2.13 to 2.15; without it there is nothing to test.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from warm import run_warm

OLD = os.environ.get("KERASDIFF_PYTHON_3_9", "")
pytestmark = pytest.mark.skipif(not OLD, reason="KERASDIFF_PYTHON_3_9 names no interpreter")

MODELS = """
import keras
import tensorflow as tf
from tensorflow.keras import Sequential, layers

class Scaled(keras.regularizers.Regularizer):
    def __init__(self, weight=0.1):
        self.weight = weight

    def __call__(self, value):
        total = tf.reduce_sum(tf.abs(value))
        for number in range(2):
            total = total + number
        return self.weight * total

    def get_config(self):
        return {"weight": self.weight}

def same():
    return Sequential([layers.InputLayer((6,)), layers.Dense(4, activation="tanh", kernel_regularizer=Scaled(0.2))])

def other():
    return Sequential([layers.InputLayer((6,)), layers.Dense(4, activation="relu", kernel_regularizer=Scaled(0.2))])
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models")
    (place / "m.py").write_text(MODELS)
    return place


@pytest.mark.parametrize(("candidate", "outcome"), [("same", "equivalent"), ("other", "different")])
def test_a_model_is_compared_with_itself_under_python_3_9(models: Path, candidate: str, outcome: str) -> None:
    asked = ("compare", "m.py:same", f"m.py:{candidate}", "--reference-python", OLD, "--no-fit", "--format", "json")
    report = run_warm(*asked, cwd=models).report

    assert report["verdict"]["outcome"] == outcome
    assert report["reference"]["environment"]["python"].startswith("3.9.")
