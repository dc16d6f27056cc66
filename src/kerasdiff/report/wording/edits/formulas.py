"""How is a well-known function told? Its name, and what tells it from others of that name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from kerasdiff.align.edits import Formula
from kerasdiff.graph import Attribute
from kerasdiff.report.wording.names import shown

_NAMES: Mapping[str, str] = {"standardize": "normalization to mean 0 and variance 1"}


def name(formula: Formula) -> str:
    """What it is called."""
    return formula.written or _NAMES.get(formula.name, formula.name)


def manner(formula: Formula) -> str:
    """Its settings in words, such as ``over axis 1``; empty where it has none."""
    return " and ".join(_manner(key, value) for key, value in formula.settings.items())


def _manner(key: str, value: Attribute) -> str:
    if key == "axis":
        return "over the last axis" if value == -1 else f"over axis {value}"
    if key == "approximate":
        return "by its tanh approximation" if value else "in its exact form"
    return f"with {key.replace('_', ' ')} {_fraction(value)}"


def _fraction(value: Attribute) -> str:
    """A number, as the fraction that people write where it is a third, a sixth or the like."""
    if isinstance(value, float):
        near = Fraction(value).limit_denominator(12)
        if near.denominator in (3, 6, 7, 9, 11, 12) and abs(float(near) - value) < 2e-6 * abs(value):
            return str(near)
    return shown(value)


def told(formula: Formula) -> str:
    """Name and settings."""
    return " ".join(part for part in (name(formula), manner(formula)) if part)


USUAL: Mapping[str, Mapping[str, Attribute]] = {
    "gelu": {"approximate": False},
    "hard_sigmoid": {"slope": 1 / 6},
    "hard_silu": {"slope": 1 / 6},
    "elu": {"alpha": 1.0},
    "softmax": {"axis": -1},
    "log_softmax": {"axis": -1},
}
"""Settings that Keras has by default, and nobody says."""


def briefly(formula: Formula) -> str:
    """Name and settings, without those that go without saying."""
    usual = USUAL.get(formula.name, {})
    given = {key: value for key, value in formula.settings.items() if not _alike(value, usual.get(key))}
    return told(replace(formula, settings=given))


def _alike(one: Attribute, two: Attribute) -> bool:
    if isinstance(one, float) and isinstance(two, float):
        return abs(one - two) < 1e-5
    return one == two


def both(one: Formula, two: Formula) -> tuple[str, str]:
    """Two functions against each other: of one name, the second by its settings alone."""
    if one.name == two.name and one.settings.keys() == two.settings.keys():
        return told(one), manner(two)
    return briefly(one), briefly(two)


def values(one: Formula, two: Formula) -> dict[str, tuple[Attribute, Attribute]]:
    """What differs, as data: settings by name, or else the function."""
    if one.name != two.name:
        return {"function": (briefly(one), briefly(two))}
    keys = dict.fromkeys((*one.settings, *two.settings))
    pairs = {key: (one.settings.get(key), two.settings.get(key)) for key in keys}
    return {key: both for key, both in pairs.items() if both[0] != both[1]}
