"""Normal form: named, recorded, justified rewrites of traced graphs."""

from kerasdiff.canonical.nodes import Canonical, Canonicaliser, expand
from kerasdiff.canonical.rules import RULES, Applied, Rule

__all__ = ["RULES", "Applied", "Canonical", "Canonicaliser", "Rule", "expand"]
