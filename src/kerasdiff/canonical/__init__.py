"""Normal form: named, recorded, justified rewrites of traced graphs."""

from kerasdiff.canonical import (  # noqa: F401  (each registers its rules, which are tried in this order)
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
from kerasdiff.canonical.nodes import IMPLIED, Canonical, Canonicaliser, readable
from kerasdiff.canonical.opening import expand
from kerasdiff.canonical.rules import NODE_RULES, RULES, Applied, Identity, Rule

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
