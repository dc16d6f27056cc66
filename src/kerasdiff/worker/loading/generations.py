"""Which generation of Keras is a target of? That of what it gives, and no option says so.

A target is loaded as one of Keras 3 first, where that is installed. Where it gives no model of Keras 3 and has imported
``tf_keras``, or its code has set the variable that makes ``tf.keras`` mean it, it is loaded again as one of Keras 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kerasdiff.errors import KerasdiffError, LoadError, NoModelError
from kerasdiff.side.targets import Target
from kerasdiff.worker.keras_internals import (
    LEGACY,
    ask_again,
    backend,
    generation,
    import_second,
    legacy_asked,
    legacy_routed,
    on_tensorflow,
    route_to_legacy,
    second_imported,
    take,
)

T = TypeVar("T")


def by_its_generation(target: Target, load: Callable[[], T]) -> T:
    """What ``load`` gives where the generation of the target is in effect, which is so from here on.

    Args:
        target: The model.
        load: Loads it from its file.

    Raises:
        LoadError: If its code asks for a Keras 2 that is not installed, or it is to run on another backend; and what
            ``load`` raises.
    """
    if target.payload is not None and target.payload.second:
        import_second()
        take("second")
    if generation() == "second":
        _check_backend(target)
    if generation() == "third" and not legacy_routed():
        ask_again()
    try:
        loaded = load()
    except KerasdiffError as error:
        if _routed_otherwise(target.text):
            return by_its_generation(target, load)
        if not isinstance(error, NoModelError) or generation() == "second" or not second_imported():
            raise
        return _as_second(target, load, error)
    return by_its_generation(target, load) if _routed_otherwise(target.text) else loaded


def _as_second(target: Target, load: Callable[[], T], first: NoModelError) -> T:
    _check_backend(target)
    take("second")
    try:
        return load()
    except NoModelError:
        take("third")
        raise first from None


def _check_backend(target: Target) -> None:
    if not on_tensorflow():
        raise LoadError(
            f"{target.text}: comes from Keras 2, which runs on TensorFlow alone, and it was to run on {backend()}; "
            "name no backend for it, or tensorflow."
        )


def _routed_otherwise(target: str) -> bool:
    """Whether ``tf.keras`` was not what the target's code says it is; it is now.

    Raises:
        LoadError: If that is not installed.
    """
    if generation() == "second" or not legacy_asked() or legacy_routed():
        return False
    try:
        route_to_legacy()
    except ImportError:
        raise LoadError(
            f"{target}: its code sets {LEGACY}, so it comes from Keras 2, and tf_keras is not installed here; "
            "install tf_keras, or take that line out."
        ) from None
    return True
