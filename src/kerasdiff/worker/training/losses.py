"""Which losses does a model train by, and what form of targets do they take?"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence

import tensorflow as tf

from kerasdiff.errors import FitError
from kerasdiff.side.observations import Encoding
from kerasdiff.worker.keras_internals import Live, is_keras_own, keras

# Keras's own losses by the targets they take; the ones left out take numbers in the output's shape.
ENCODINGS: Mapping[str, Encoding] = {
    "sparsecategoricalcrossentropy": "sparse",
    "categoricalgeneralizedcrossentropy": "sparse",
    "categoricalcrossentropy": "one-hot",
    "categoricalfocalcrossentropy": "one-hot",
    "categoricalhinge": "one-hot",
    "kldivergence": "one-hot",
    "binarycrossentropy": "binary",
    "binaryfocalcrossentropy": "binary",
    "hinge": "binary",
    "squaredhinge": "binary",
    "dice": "binary",
    "tversky": "binary",
}


def compiled_losses(model: Live, names: Sequence[str]) -> list[Live]:
    """The loss each output was compiled with; an output without one gets a stand-in that only names it."""
    given = getattr(model, "loss", None)
    if isinstance(given, Mapping):
        ordered = [given.get(name) for name in names]
        if not any(ordered) and len(given) == len(names):
            ordered = [given[key] for key in sorted(given)]
    elif isinstance(given, list | tuple):
        ordered = list(given)
    else:
        ordered = [given] * len(names)
    if len(ordered) != len(names):
        raise FitError(f"The model is compiled with {len(ordered)} losses and returns {len(names)} outputs.")
    return [no_loss if loss is None else keras.losses.get(loss) for loss in ordered]


def named(name: str, *, logits: bool) -> Live:
    """A loss by its Keras name; cross-entropies take logits where the outputs are no probabilities."""
    camel = "".join(part.capitalize() for part in name.split("_"))
    made = next((getattr(keras.losses, text) for text in (camel, name) if hasattr(keras.losses, text)), None)
    if isinstance(made, type) and issubclass(made, keras.losses.Loss):
        return made(from_logits=logits) if "from_logits" in inspect.signature(made).parameters else made()
    try:
        function = keras.losses.get(name)
    except ValueError:
        raise FitError(f"Keras has no loss {name!r}; e.g. sparse_categorical_crossentropy, mse.") from None

    def mean(y_true: Live, y_pred: Live) -> Live:
        return tf.reduce_mean(function(y_true, y_pred))

    mean.__name__ = name_of(function)
    return mean


def no_loss(y_true: Live, y_pred: Live) -> Live:
    """Stands for an output that enters the loss through ``add_loss`` alone, or not at all."""
    del y_true, y_pred
    return 0.0


def encoding_of(loss: Live) -> Encoding | None:
    """Form of the targets that a loss takes: by its name, or by Keras's loss that code of the user's own names.

    ``None`` where that is not known; it chooses data, and decides nothing.
    """
    known = _by_name(name_of(loss))
    if known is not None:
        return known
    if loss is no_loss or is_keras_own(loss if callable(loss) and hasattr(loss, "__name__") else type(loss)):
        return "real"
    code = getattr(loss, "__code__", None) or getattr(getattr(type(loss), "call", None), "__code__", None)
    named = [_by_name(name) for name in getattr(code, "co_names", ())]
    return next((encoding for encoding in named if encoding is not None), None)


def _by_name(name: str) -> Encoding | None:
    return ENCODINGS.get(name.replace("_", "").lower())


def name_of(loss: Live) -> str:
    return str(getattr(loss, "__name__", type(loss).__name__))


def takes_logits(loss: Live) -> bool | None:
    """Whether a loss takes logits, as Keras 2 tells by its config alone; ``None`` of one without such a setting."""
    if hasattr(loss, "from_logits"):
        return bool(loss.from_logits)
    logits = loss.get_config().get("from_logits") if hasattr(loss, "get_config") else None
    return None if logits is None else bool(logits)


def words_of(loss: Live) -> str:
    if loss is no_loss:
        return "none"
    logits = takes_logits(loss)
    return name_of(loss) if logits is None else f"{name_of(loss)}(from_logits={logits})"
