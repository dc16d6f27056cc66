"""The rules' cases, one module a family as in ``kerasdiff.canonical``."""

from rule_cases import (
    activations,
    arithmetic,
    constants,
    convolutions,
    linear,
    padding,
    reductions,
    reshapes,
    sharing,
    slices,
    stacks,
    sums,
    transposes,
)
from rule_cases.case import FAMILIES, Case

MODULES = (
    activations, arithmetic, constants, convolutions, linear, padding, reductions, reshapes, sharing, slices, stacks,
    sums, transposes,
)  # fmt: skip
CASES: tuple[Case, ...] = tuple(case for module in MODULES for case in module.CASES)

__all__ = ["CASES", "FAMILIES", "MODULES", "Case"]
