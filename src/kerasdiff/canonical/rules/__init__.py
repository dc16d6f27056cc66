"""Which identities hold between TF ops? One module a family; importing this package registers them all.

Imports graph and the rest of canonical but layers and expansion; imported by these two alone. The rules on an op are
tried in the order below, which settles what the normal form looks like where several hold.
"""

from kerasdiff.canonical.rules import (  # isort: skip
    sums,
    arithmetic,
    activations,
    constants,
    reshapes,
    convolutions,
    transposes,
    linear,
    padding,
    reductions,
    sharing,
    slices,
    stacks,
)

__all__ = [
    "activations",
    "arithmetic",
    "constants",
    "convolutions",
    "linear",
    "padding",
    "reductions",
    "reshapes",
    "sharing",
    "slices",
    "stacks",
    "sums",
    "transposes",
]
