"""What plain Keras computes on two backends with the same weights and the same batch, without kerasdiff.

    python tests/tools/backend_truth.py tensorflow torch

Prints for each model of ``tests/end_to_end/backends`` how far both are apart, as a fraction of the largest value:
outputs in inference, and, where nothing is drawn, outputs in training, gradients of a random projection of them, the
state after it, and what a step of Adam adds to the weights. One process a backend, float64.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np

MODELS = Path(__file__).parents[1] / "end_to_end" / "backends"
NAMES = ("convnet", "skipping", "Net", "scaled", "recurrent", "dropping", "looking_up", "by_backend", "remembering")
CHANGED = {
    "convnet": [{"activation": "linear"}, {"momentum": 0.9}],
    "skipping": [{"swapped": True}, {"epsilon": 1e-5}],
    "Net": [{"active": False}],
}
INPUTS = {"convnet": (3, 8, 8, 3), "recurrent": (3, 4, 3), "looking_up": (3, 6), "remembering": (3, 4, 3)}


def answers(name: str, settings: dict[str, Any]) -> dict[str, list[Any]]:
    import keras

    sys.path.insert(0, str(MODELS))
    import models

    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    keras.src.backend.common.dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    rng = np.random.default_rng(3)
    shape = INPUTS.get(name, (3, 8))
    batch = rng.integers(0, 4, shape) if name == "looking_up" else rng.standard_normal(shape)
    model = getattr(models, name)(**settings)
    batch = keras.ops.convert_to_tensor(batch, "int32" if name == "looking_up" else "float64")
    model(batch)
    weights = [one for one in model.weights if "seed" not in one.path]
    squares = ["variance" in one.path for one in weights]
    start = [
        rng.uniform(0.5, 1.5, one.shape) if square else rng.normal(size=one.shape)
        for one, square in zip(weights, squares, strict=True)
    ]

    def begin() -> None:
        for weight, value in zip(weights, start, strict=True):
            weight.assign(value)
        for layer in model.layers:
            if getattr(layer, "stateful", False):
                layer.reset_state()

    begin()
    found = {"inference": [model(batch, training=False)]}
    if name == "dropping":
        return plain(found)
    if name == "remembering":  # PyTorch takes no gradient of a state that was changed meanwhile
        return plain({**found, "second call": [model(batch, training=False)], "state": [one.value for one in weights]})
    begin()
    projection = rng.normal(size=tuple(found["inference"][0].shape))
    output, gradients = pulled(model, batch, projection)
    found |= {"training": [output], "gradients": gradients, "state": [one.value for one in weights]}
    found = plain(found)
    begin()
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    apply(optimizer, gradients, model.trainable_variables)
    return found | plain({"step": [one.value for one in weights]})


def plain(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    import keras

    return {what: [np.array(keras.ops.convert_to_numpy(one)) for one in values] for what, values in found.items()}


def apply(optimizer: Any, gradients: list[Any], variables: list[Any]) -> None:
    import keras

    if keras.backend.backend() == "torch":
        import torch

        with torch.no_grad():
            optimizer.apply(gradients, variables)
    else:
        optimizer.apply(gradients, variables)


def pulled(model: Any, batch: Any, projection: Any) -> tuple[Any, list[Any]]:
    """Outputs in training mode and the gradient of their projection, each backend in its own way."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            output = model(batch, training=True)
            total = tf.reduce_sum(output * projection)
        return output, tape.gradient(total, [one.value for one in model.trainable_variables])
    if keras.backend.backend() == "torch":
        import torch

        output = model(batch, training=True)
        total = (output * torch.from_numpy(projection)).sum()
        return output, list(torch.autograd.grad(total, [one.value for one in model.trainable_variables]))
    import jax

    def total(trained: list[Any], others: list[Any]) -> Any:
        told = {"training": True} if "training" in signature(model.call).parameters else {}
        output, rest = model.stateless_call(trained, others, batch, **told)
        return (output * projection).sum(), (output, rest)

    trained = [one.value for one in model.trainable_variables]
    others = [one.value for one in model.non_trainable_variables]
    (_, (output, rest)), gradients = jax.value_and_grad(total, has_aux=True)(trained, others)
    for variable, value in zip(model.non_trainable_variables, rest, strict=True):
        variable.assign(value)
    return output, list(gradients)


def asked() -> None:
    rows = {name: answers(name, {}) for name in NAMES}
    rows |= {f"{name}{one}": answers(name, one) for name, changes in CHANGED.items() for one in changes}
    pickle.dump(rows, sys.stdout.buffer)


def apart(ones: list[Any], twos: list[Any]) -> float:
    """The largest difference, as a fraction of the largest value."""
    return max(float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-30)) for a, b in zip(ones, twos, strict=True))


def main() -> None:
    found = []
    for backend in sys.argv[1:3]:
        environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"}
        environment |= {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run([sys.executable, __file__], env=environment, stdout=subprocess.PIPE, check=True)
        found.append(pickle.loads(done.stdout))
    first, second = found
    for name in first:
        print(name, {what: f"{apart(first[name][what], second[name][what]):.1e}" for what in first[name]})
    for name, base in ((name, name.partition("{")[0]) for name in second if "{" in name):
        told = {what: f"{apart(second[base][what], second[name][what]):.1e}" for what in second[name]}
        print(f"{sys.argv[2]}: {base} and {name}", told)


if __name__ == "__main__":
    asked() if len(sys.argv) == 1 else main()
