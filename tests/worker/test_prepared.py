"""A worker's later trials: to the same bits as in a fresh worker, whatever the model keeps where no variable is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from kerasdiff.side.targets import parse_input, parse_target
from kerasdiff.side.training import FitPlan, Trial, TrialOptions
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.training.fit import fit

MODELS = """
import random
import keras
import numpy as np
import tensorflow as tf

class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()
        self.hidden = keras.layers.Dense(8, "relu")
        self.drop = keras.layers.Dropout(0.5)
        self.head = keras.layers.Dense(3)
    def call(self, x, training=False):
        return self.head(self.drop(self.hidden(self.norm(self.odd(x), training=training)), training=training))
    def odd(self, x):
        return x

class Plain(Model):
    pass

class CountsItsCalls(Model):
    calls = 0
    def odd(self, x):
        self.calls += 1
        return x * self.calls

class DrawsWithNumpy(Model):
    def __init__(self):
        super().__init__()
        self.factor = float(np.random.rand())
    def odd(self, x):
        return x * self.factor

class DrawsWithPython(Model):
    def __init__(self):
        super().__init__()
        self.factor = random.random()
    def odd(self, x):
        return x * self.factor

class DrawsWithTensorFlow(Model):
    def __init__(self):
        super().__init__()
        self.factor = tf.random.uniform((1, 4))
    def odd(self, x):
        return x * self.factor

class DrawsWhenCalled(Model):
    def odd(self, x):
        return x * np.random.rand()

class DrawsInAnOp(Model):
    def odd(self, x):
        return x + tf.random.normal(tf.shape(x))

class CallsAnInitializer(Model):
    def __init__(self):
        super().__init__()
        self.noise = keras.initializers.RandomNormal()
    def odd(self, x):
        return x + self.noise((1, 4))

class HidesAVariable(Model):
    def __init__(self):
        super().__init__()
        self.hidden_away = [lambda: variable for variable in [tf.Variable(0.0)]]
    def odd(self, x):
        return x + self.hidden_away[0]().assign_add(0.1)

def compiled():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    model.compile(keras.optimizers.Adagrad(schedule), "sparse_categorical_crossentropy")
    return model
"""
KEPT = ("Plain", "CountsItsCalls", "compiled")
ANEW = (
    *("DrawsWithNumpy", "DrawsWithPython", "DrawsWithTensorFlow", "DrawsWhenCalled", "DrawsInAnOp"),
    *("CallsAnInitializer", "HidesAVariable"),
)


def plan(seed: int, perturbation: int | None = None) -> FitPlan:
    return FitPlan(data="auto", seed=seed, options=TrialOptions(steps=6), perturbation=perturbation)


def shown(trial: Trial) -> object:
    return trial.losses, [(epoch.test_loss, epoch.test_accuracy) for epoch in trial.epochs], trial.answers.digest


@pytest.mark.parametrize("name", [*KEPT, *ANEW])
def test_a_trial_after_another_is_that_of_a_fresh_worker(tmp_path: Path, name: str):
    (tmp_path / "m.py").write_text(MODELS)
    used, fresh = (
        Session(parse_target(f"{tmp_path / 'm.py'}:{name}"), () if name == "compiled" else (parse_input("4"),))
        for _ in range(2)
    )

    first = fit(used, plan(0))
    steps = used.kept.steps
    again = shown(fit(used, plan(1)))

    assert again == shown(fit(fresh, plan(1)))
    assert again != shown(first)
    assert shown(fit(used, plan(0))) == shown(first)
    assert shown(fit(used, plan(0, perturbation=0))) != shown(first)
    assert (steps is not None) == (name in KEPT)
    assert used.kept.steps is steps


def test_other_settings_are_other_steps(tmp_path: Path):
    (tmp_path / "m.py").write_text(MODELS)
    session = Session(parse_target(f"{tmp_path / 'm.py'}:Plain"), (parse_input("4"),))
    fit(session, plan(0))
    before = session.kept

    fit(session, FitPlan(data="auto", seed=0, options=TrialOptions(steps=6, batch_size=32)))

    assert session.kept.steps is not before.steps
    assert session.kept.data is before.data
    session.restart(session.inputs)
    assert session.kept is None
