"""A sample of ``tests/tools/applications/sweep.py``: the whole of it takes an hour."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import keras
import pytest
import sweep
from command import APPLICATIONS, Answer
from targets import FORMS, itself, names


def test_every_public_factory_is_swept():
    modules = [value for value in vars(keras.applications).values() if inspect.ismodule(value)]
    factories = {name for module in modules for name in vars(module) if name[:1].isupper()}

    # MobileNetV3's two are in the namespace itself alone.
    assert factories <= set(names())
    assert all("weights" in inspect.signature(getattr(keras.applications, name)).parameters for name in names())
    assert len(names()) >= 38


def test_the_smallest_input_is_the_smallest():
    model = itself("MobileNetV3Small")
    height, width = model.input_shape[1:3]

    assert height == width
    with pytest.raises(ValueError, match="must be at least"):
        keras.applications.MobileNetV3Small(weights=None, input_shape=(height - 1, width - 1, 3))


def test_the_sweep_says_that_a_model_is_proved_equal_to_itself():
    result = sweep.compare("MobileNetV3Small", "itself")

    assert result.passed, result
    assert result.parameters > 0
    assert result.nodes > 50


@pytest.mark.parametrize("form", [form for form in FORMS if form != "itself"])  # which the sweep above compares
def test_a_model_is_proved_equal_to_its_other_forms(compare: Callable[..., Answer], form: str):
    targets = [f"targets.py:{factory}(name='MobileNet')" for factory in ("itself", form)]
    answer = compare(*targets, cwd=APPLICATIONS)

    assert answer.exit_code == 0, answer.stderr
    assert (answer.report["verdict"]["outcome"], answer.report["verdict"]["basis"]) == ("equivalent", "proof")
    assert answer.report["reference"]["parameters"] > 0
    assert answer.report["reference"]["nodes"] > 50
