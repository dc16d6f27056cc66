"""Which variables does an optimizer leave out of weight decay? Both generations of Keras keep that alike.

Imports generations; imported by the room alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from kerasdiff.worker.keras_internals.generations import Live

_EXCLUSIONS = (
    "_exclude_from_weight_decay",
    "_exclude_from_weight_decay_names",
    "_exclude_from_weight_decay_pattern",
)
"""Where an optimizer keeps them: the second is of Keras 2 (2.13 to 2.21), the third of Keras 3 (3.11 to 3.15.1)."""


def without_decay(optimizer: Live, variables: Iterable[Live]) -> list[Live] | None:
    """The variables an optimizer leaves out of weight decay; ``None`` where it leaves out none.

    ``exclude_from_weight_decay`` is public, what it did is in no config: ``BaseOptimizer._exclude_from_weight_decay``
    and ``_use_weight_decay``. Checked with Keras 2.13 to 2.21 and 3.11 to 3.15.1.
    """
    if not any(getattr(optimizer, name, None) for name in _EXCLUSIONS):
        return None
    return [variable for variable in variables if not optimizer._use_weight_decay(variable)]


def copy_decay_exclusions(source: Live, target: Live) -> None:
    """Makes one optimizer leave out of weight decay what the other does; see :func:`without_decay`."""
    for name in _EXCLUSIONS:
        if hasattr(source, name):
            setattr(target, name, getattr(source, name))
