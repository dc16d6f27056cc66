"""What is the same, however it is spelled? The normal form of a graph, reached by named, recorded, justified rewrites.

Imports graph; imported by align, report, cli and whoever needs a graph in normal form.
"""

from kerasdiff.canonical import rules  # noqa: F401  (registers the rules)
from kerasdiff.canonical.engine import NODE_RULES, RULES, Applied, Identity, Rule
from kerasdiff.canonical.expansion import expand
from kerasdiff.canonical.layers import Canonical, Canonicaliser

__all__ = ["NODE_RULES", "RULES", "Applied", "Canonical", "Canonicaliser", "Identity", "Rule", "expand"]
