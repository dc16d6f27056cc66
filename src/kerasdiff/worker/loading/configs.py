"""Which model does a config describe? Keras builds it in safe mode; its weights start as its initializers say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kerasdiff.errors import LoadError
from kerasdiff.graph.values import Precision
from kerasdiff.side.reading import said
from kerasdiff.side.reading.configs import config_of, foreign_classes, stored_code
from kerasdiff.side.targets import Target
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.importing.resolve import Constructed
from kerasdiff.worker.keras_internals import Live, keras
from kerasdiff.worker.loading.saved import custom_objects


def open_config(target: Target, precision: Precision) -> Constructed:
    """Builds the model of a config.

    Raises:
        LoadError: If the file holds none, or Keras cannot build it.
    """
    config = config_of(Path(target.location))
    if isinstance(config, str):
        raise said.no_config(target, config)
    if not target.unsafe and (layers := stored_code(config)):
        raise said.cannot_open(target, said.holds_code(layers))
    try:
        with custom_objects(target):
            known = _in_precision(config, precision)
            model = keras.saving.deserialize_keras_object(known, safe_mode=not target.unsafe)
    except LoadError:  # of a file of custom objects
        raise
    except BaseException as error:  # a damaged or foreign config makes Keras raise anything
        own = [name for name in foreign_classes(config) if name in str(error)]
        why = said.lacks_classes(own) if own else reason(error).rstrip(".")
        raise LoadError(f"{target.text}: Keras cannot build the model of this config: {why}.") from error
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
