"""Normal form: named, recorded, justified rewrites of traced graphs."""

from kerasdiff.canonical.engine import NODE_RULES, RULES, Applied, Identity, Rule
from kerasdiff.canonical.expansion import expand
from kerasdiff.canonical.layers import IMPLIED, Canonical, Canonicaliser, readable
from kerasdiff.canonical.rules import (  # noqa: F401  (each registers its rules, which are tried in this order)
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

__all__ = [
    "IMPLIED",
    "NODE_RULES",
    "RULES",
    "Applied",
    "Canonical",
    "Canonicaliser",
    "Identity",
    "Rule",
    "expand",
    "readable",
]
