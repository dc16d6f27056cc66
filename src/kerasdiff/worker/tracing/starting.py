"""Which weights of a model start from the same random numbers? One initializer with a seed, given twice, makes two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kerasdiff.graph.values import Array
from kerasdiff.worker.keras_internals import Live, first_values

LOOKED_AT = 8
"""Values of a weight that tell: of two drawn by themselves, as many agree in no digit. A smaller weight is left out."""

SAME = 1e-4
"""How far they may lie apart once scaled, as rounding lets those of one draw times another factor; in deviations."""


def started_alike(variables: Mapping[str, Live]) -> dict[str, str]:
    """For weights that start from the random numbers of an earlier one, up to offset and factor, that one's id.

    Two initializers of one seed draw alike, and so does one that is called twice, in Keras 2 and 3; for another shape
    or by another scale it draws the same numbers again. Only what looks random counts: all values looked at differ.

    Args:
        variables: By id, those that an initializer gave their values.
    """
    drawn = {name: values for name, variable in variables.items() if (values := _scaled(variable)) is not None}
    order = {name: number for number, name in enumerate(drawn)}
    by_first = sorted(drawn, key=lambda name: (float(drawn[name][0]), order[name]))
    twins: dict[str, str] = {}
    for at, name in enumerate(by_first):
        for other in _near(by_first[at + 1 :], drawn, drawn[name]):
            first, second = sorted((name, other), key=order.__getitem__)
            twins[second] = min(twins.get(second, first), first, key=order.__getitem__)
    return {name: twins[name] for name in drawn if name in twins}


def _near(names: Sequence[str], drawn: Mapping[str, Array], values: Array) -> list[str]:
    """Of names in the order of their first values, those with the same values."""
    found = []
    for name in names:
        if drawn[name][0] - values[0] > SAME:
            break
        if np.max(np.abs(drawn[name] - values)) <= SAME:
            found.append(name)
    return found


def _scaled(variable: Live) -> Array | None:
    """The first values without their mean and deviation; ``None`` where there are few, or two of them are equal."""
    values = np.asarray(first_values(variable, LOOKED_AT), np.float64)
    if len(np.unique(values)) < LOOKED_AT or not np.all(np.isfinite(values)):
        return None
    scaled: Array = (values - values.mean()) / values.std()
    return scaled
