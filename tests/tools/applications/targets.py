"""Every model of ``keras.applications`` in four forms that are the same model: kerasdiff has to prove it.

Targets: ``targets.py:itself(name='ResNet50')`` and the same with ``copied``, ``wrapped`` and ``reloaded``.
"""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from typing import Any

import keras

LARGEST = 400
"""No family asks for more than 331 (NASNetLarge), so a search that gets here has met another error."""

FORMS = ("itself", "copied", "wrapped", "reloaded")


def names() -> tuple[str, ...]:
    """The factories in the public namespace ``keras.applications``, sorted."""
    public = vars(keras.applications).items()
    return tuple(sorted(name for name, value in public if inspect.isfunction(value) and not name.startswith("_")))


def itself(name: str) -> keras.Model:
    """The model as Keras builds it, without weights, for the smallest square image it accepts.

    Found by asking: Keras refuses a size below its minimum before it builds a single layer.
    """
    factory = getattr(keras.applications, name)
    refusal: Exception | None = None
    for size in range(1, LARGEST):
        try:
            return factory(weights=None, input_shape=(size, size, 3))
        except ValueError as error:
            refusal = error
    raise ValueError(f"{name} accepts no size below {LARGEST}") from refusal


def sized(name: str, size: int) -> keras.Model:
    """The model for square images of a size, for two versions of Keras may accept other ones."""
    return getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))


def copied(name: str) -> keras.Model:
    """The model that its own config describes."""
    model = itself(name)
    return type(model).from_config(model.get_config())


class Wrapper(keras.Model):
    """A subclassed model that does nothing but call another one."""

    def __init__(self, inner: keras.Model) -> None:
        super().__init__()
        self.inner = inner

    def call(self, images: Any, training: bool | None = None) -> Any:
        return self.inner(images, training=training)


def wrapped(name: str) -> keras.Model:
    """The model inside a subclass, built for the input of the inner one."""
    inner = itself(name)
    model = Wrapper(inner)
    model.build(inner.input_shape)
    return model


def reloaded(name: str) -> keras.Model:
    """The model after a round trip through a ``.keras`` file, which is gone when this returns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        itself(name).save(path)
        return keras.saving.load_model(path)


def loosened(name: str) -> keras.Model:
    """The model with another epsilon in its middle batch normalisation: what all rungs have to be climbed for."""
    model = itself(name)
    config = model.get_config()
    norms = [layer for layer in config["layers"] if layer["class_name"] == "BatchNormalization"]
    norms[len(norms) // 2]["config"]["epsilon"] = 1e-2
    return type(model).from_config(config)
