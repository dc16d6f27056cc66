"""Which model does a saved file hold? Data, until the user says otherwise: no code in it is run, and no other file.

What Keras 2 saved and Keras 3 cannot open is opened by Keras 2 where that is installed.

What a saved model is made with beside Keras's own classes comes from files that the user names.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kerasdiff.errors import LoadError, NoModelError
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph.values import Precision
from kerasdiff.side.reading import said
from kerasdiff.side.reading.configs import foreign_classes, stored_code
from kerasdiff.side.reading.saved import CONFIG, METADATA, damage, parts
from kerasdiff.side.targets import Target
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.importing.modules import import_target
from kerasdiff.worker.importing.resolve import Constructed
from kerasdiff.worker.keras_internals import Live, import_second, keras, refuses_code

_LIBRARIES = ("keras", "tensorflow", "numpy", "builtins")


def open_saved(target: Target, precision: Precision) -> Constructed:
    """Loads a saved model, without its compile settings where these cannot be had.

    Raises:
        LoadError: If Keras cannot, or it would run code that the file holds.
    """
    if precision != "float32":
        raise LoadError(f"{target.text}: a saved model fixes the dtype of every layer, so it has no {precision} form.")
    with custom_objects(target):
        try:
            return Constructed(model=_loaded(target, compiled=True))
        except BaseException as error:  # a damaged or foreign file makes Keras raise anything
            first = error
        try:
            model = _loaded(target, compiled=False)
        except BaseException:  # the first failure is the one to show
            failure = said.cannot_open(target, _why(target, first))
            if _version(parts(Path(target.location)).get(METADATA)).startswith("2.") and import_second():
                failure = NoModelError(failure.message, failure.details)
            raise failure from first
    left_out = Finding(fact=Fact.COMPILE_SETTINGS_LEFT_OUT, names=(target.text,), cause=reason(first))
    return Constructed(model=model, inferred=(left_out,))


def _loaded(target: Target, *, compiled: bool) -> Live:
    return keras.saving.load_model(target.location, compile=compiled, safe_mode=not target.unsafe)


@contextmanager
def custom_objects(target: Target) -> Iterator[None]:
    """Within, Keras knows the classes and functions of the files that were named for this target.

    Raises:
        LoadError: If such a file cannot be run, or two of them define the same.
    """
    known: dict[str, Live] = {}
    homes: dict[str, str] = {}
    for file in target.objects:
        own = replace(target, text=Path(file).name, kind="file", location=file, place=file, objects=())
        module = import_target(own)[0]
        held = _defined(module)
        for name in (keras.saving.get_registered_name(one) for one in held.values() if _is_of(one, module)):
            if homes.setdefault(name, file) != file:
                raise LoadError(
                    f"{target.text}: {homes[name]} and {file} both define {name}, and one alone can be meant; name one "
                    "of the files, or one for each side with reference=FILE.py and candidate=FILE.py."
                )
        known.update(held)
    with keras.saving.custom_object_scope(known):
        yield


def _defined(module: Live) -> Mapping[str, Live]:
    """The classes and functions that a module has, but for those of the libraries."""
    held = {name: value for name, value in vars(module).items() if inspect.isclass(value) or inspect.isfunction(value)}
    return {name: value for name, value in held.items() if value.__module__.partition(".")[0] not in _LIBRARIES}


def _is_of(value: Live, module: Live) -> bool:
    """Whether it is defined in a module, and not imported there."""
    return bool(value.__module__ == module.__name__)


def _why(target: Target, error: BaseException) -> str:
    """Why a file cannot be loaded, and what would help."""
    path = Path(target.location)
    held = parts(path)
    config = held.get(CONFIG)
    if (found := damage(path)) is not None:
        return found
    if not target.unsafe and (refuses_code(error) or stored_code(config)):
        return said.holds_code(stored_code(config) or ["of this file"])
    own = foreign_classes(config)
    lacking = [name for name in own if name in str(error)] or own
    if lacking and not isinstance(error, MemoryError) and any(name in str(error) for name in own):
        return said.lacks_classes(lacking)
    return reason(error) + _written_by(held.get(METADATA))


def _version(metadata: object) -> str:
    return str(metadata.get("keras_version", "")) if isinstance(metadata, dict) else ""


def _written_by(metadata: object) -> str:
    """That another version of Keras wrote a file, where one did."""
    version = _version(metadata)
    if not version or version == keras.__version__:
        return ""
    return f"; Keras {version} saved it, and this is Keras {keras.__version__}"
