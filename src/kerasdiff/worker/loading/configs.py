"""Which model does a config describe? Keras builds it in safe mode; its weights start as its initializers say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras

from kerasdiff.errors import LoadError
from kerasdiff.graph.values import Precision
from kerasdiff.side.reading import said
from kerasdiff.side.reading.configs import config_of, foreign_classes
from kerasdiff.side.targets import Target
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.loading.faults import reason
from kerasdiff.worker.loading.resolve import Constructed


def open_config(target: Target, precision: Precision) -> Constructed:
    """Builds the model of a config.

    Raises:
        LoadError: If the file holds none, or Keras cannot build it.
    """
    config = config_of(Path(target.location))
    if isinstance(config, str):
        raise said.no_config(target, config)
    try:
        model = keras.saving.deserialize_keras_object(_in_precision(config, precision), safe_mode=True)
    except Exception as error:  # a damaged or foreign config makes Keras raise anything
        own = foreign_classes(config)
        why = f"it is made with {', '.join(own)}, which no config holds" if own else reason(error).rstrip(".")
        raise LoadError(f"{target.text}: Keras cannot build the model of this config: {why}.") from None
    if not isinstance(model, keras.Layer):
        raise LoadError(f"{target.text}: this config describes {said.a(model)}, not a model or layer.")
    return Constructed(model=model)


def _in_precision(config: Live, precision: Precision) -> Live:
    """The same config with that precision wherever it says float32."""
    if precision == "float32":
        return config
    if isinstance(config, Mapping):
        return {key: _in_precision(value, precision) for key, value in config.items()}
    if isinstance(config, list):
        return [_in_precision(item, precision) for item in config]
    return precision if config == "float32" else config
