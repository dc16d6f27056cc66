"""How is a counterexample told, then and now?"""

from __future__ import annotations

from kerasdiff.probing.witness import SavedWitness
from kerasdiff.report.wording.numbers import scaled
from kerasdiff.report.wording.plain import number


def witness(saved: SavedWitness) -> str:
    """Where it came from, how the models were run on it, and how far apart they were then."""
    weights = f", {scaled(saved.weight_scale)}" if saved.weight_scale != 1.0 else ""
    shapes = ", ".join(str(tuple(batch.shape)) for batch in saved.inputs)
    apart = f"then {number(saved.difference)} of scale apart"
    return f"{saved.how}, {saved.mode} mode{weights}, input {shapes}; {apart}"
