"""Are the steps of a trial on a backend those of plain Keras? Its ``train_on_batch``, from the same start.

    KERAS_BACKEND=torch python tests/tools/backend_fit.py

Prints for each model the losses of both as JSON, and the largest difference of any weight afterwards.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasdiff.side.targets import parse_target
from kerasdiff.side.training import FitPlan, TrialOptions
from kerasdiff.worker.backends.session import BackendSession
from kerasdiff.worker.backends.trainer import prepare

MODELS = Path(__file__).parents[1] / "end_to_end" / "backends" / "models.py"
NAMES = ("convnet", "scaled", "dropping", "remembering")
STEPS = 3


def both(name: str) -> tuple[list[float], list[float], float]:
    target = replace(parse_target(f"{MODELS}:{name}"), backend=keras.backend.backend())
    session: Any = BackendSession(target)
    ready: Any = prepare(session, FitPlan(data="synthetic", seed=0, options=TrialOptions(steps=STEPS, batch_size=8)))
    rows = np.random.default_rng(0).integers(0, 100, (STEPS, ready.trainer.size))
    ours, _ = ready.trainer.train(rows)
    plain = session.reload("float32", 0).model
    plain.compile(keras.optimizers.Adam(3e-4), loss=_loss(ready.trainer))
    keras.utils.set_random_seed(0)
    theirs = []
    for some in rows:
        plain.reset_metrics()
        theirs.append(float(plain.train_on_batch(ready.data.x_train[0][some], ready.data.y_train[0][some])))
    pairs = zip(ready.loaded.model.weights, plain.weights, strict=True)
    return ours.tolist(), theirs, max(float(np.abs(np.array(one) - np.array(two)).max()) for one, two in pairs)


def _loss(trainer: Any) -> Any:
    return trainer._task.losses[0]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for each in NAMES:
        if (each, keras.backend.backend()) != ("remembering", "torch"):  # of which Keras takes no gradient there
            print(json.dumps(both(each)))
    sys.stdout.flush()
