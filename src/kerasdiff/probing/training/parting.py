"""How far do compile settings that read the same lie apart, where two versions of Keras compute them?

They compute by other formulas, and rates in float32, so what is no more than rounding counts as the same.
"""

from __future__ import annotations

import numpy as np

from kerasdiff.graph.values import Array
from kerasdiff.probing.numbers.limits import FIGURE_LIMIT
from kerasdiff.side.observations import Occasion, Section, SettingsSample

STEP_LIMIT, STEP_ROUNDING = 1e-4, 1e-12
"""How far steps may lie apart: of the largest step of a weight, and of the weight. Measured in float64 between Keras
2.21 and 3.15.1: optimizers that do the same stay below 1e-6 of a step, Nadam parts by a whole one."""


def parted(section: Section, one: SettingsSample, two: SettingsSample) -> float | None:
    """How far the samples of a section lie apart at most, as a fraction; 0 within the limits, ``None`` if unknown.

    Criterion, array by array: ``max |a - b| <= STEP_LIMIT * max |a| + STEP_ROUNDING * max |weight|`` of steps ``a`` and
    ``b`` of a weight, ``max |a - b| <= FIGURE_LIMIT * max |a|`` of figures of losses. The fraction is of ``max |a|``;
    where that is 0, of the largest figure of its shape for losses, 1 for steps.
    """
    shares = _shares(section, one, two)
    return None if shares is None else max(shares, default=0.0)


def parted_on(section: Section, one: SettingsSample, two: SettingsSample) -> Occasion | None:
    """On which outputs alone two samples lie apart; ``None`` where on others, too."""
    shares, occasions = _shares(section, one, two), one.occasions.get(section, ())
    apart = [where for share, where in zip(shares or (), occasions, strict=False) if share]
    return next((one for one in (apart or [()])[0] if all(one in where for where in apart)), None)


def _shares(section: Section, one: SettingsSample, two: SettingsSample) -> list[float] | None:
    """How far each figure lies apart; ``None`` where they are not the same figures."""
    if section not in one.values or section not in two.values:
        return None
    stepped = section == "optimizer"
    ones, twos = (
        side.steps if stepped else (*side.values[section], *side.weighted.get(section, ())) for side in (one, two)
    )
    if not ones or [array.shape for array in ones] != [array.shape for array in twos]:
        return None
    limit = STEP_LIMIT if stepped else FIGURE_LIMIT
    weights = one.values[section][1:] if stepped else (np.zeros(1),) * len(ones)
    most: dict[tuple[int, ...], float] = {}
    for array in () if stepped else ones:
        most[array.shape] = max(most.get(array.shape, 0.0), _largest(array))
    return [
        _share(one, two, weight, limit, most.get(one.shape, 0.0))
        for one, two, weight in zip(ones, twos, weights, strict=True)
    ]


def _share(a: Array, b: Array, weight: Array, limit: float, most: float) -> float:
    finite = np.isfinite(a) & np.isfinite(b)
    far, scale = _largest((a - b)[finite]), _largest(a[finite])
    share = 1.0 if not np.array_equal(np.isfinite(a), np.isfinite(b)) else 0.0
    if far > limit * scale + STEP_ROUNDING * _largest(weight):
        whole = scale or most
        share = max(share, far / whole if whole else 1.0)
    return share


def _largest(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(np.max(np.abs(finite), initial=0.0))
