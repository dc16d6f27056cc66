"""Do probes reach what an edit of a constant changes? Its value moves, and what the model gives moves with it.

Two functions that multiply by other constants and agree on every probe may do so because the rest makes up for it, or
because nothing tells: a branch that no probe takes, a bound that holds everything back, an epsilon beside large values.
What is known is the gradient of all that the model gives at the value: times the change of the value it is what the
constant alone would do. Where that is far beyond rounding, the probes do decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from kerasdiff.align.edits import Aspect, Edit, Update, leaves
from kerasdiff.errors import EvaluateError
from kerasdiff.explain.hiding import FACTOR
from kerasdiff.explain.patching import Patcher
from kerasdiff.graph import Edge
from kerasdiff.graph.ops import AFFINE
from kerasdiff.probing.prober import projection

REACHED = 1e-6
"""Fraction of the scale of what a model gives from which on a change counts as seen: a thousand limits of float64."""


def reached(patcher: Patcher, edits: Iterable[Edit]) -> tuple[Update, ...]:
    """The edits of a factor or a summand that outputs or added losses of both sides are seen to depend on.

    Args:
        patcher: Runs the sides, in training mode.
        edits: Those that show in this mode.
    """
    leaf = (leaf for edit in edits for leaf in leaves(edit))
    return tuple(one for one in leaf if isinstance(one, Update) and _seen(patcher, one))


def _seen(patcher: Patcher, edit: Update) -> bool:
    constants = _constants(edit)
    sites = edit.sites
    if constants is None or any(site is None for site in sites):
        return False
    try:
        return all(
            site is not None and _effect(patcher, side, site.node, constants, scales=site.op == "scale") >= REACHED
            for side, site in enumerate(sites)
        )
    except EvaluateError:  # a part that cannot be run tells nothing
        return False


def _constants(edit: Update) -> tuple[float, float] | None:
    """The two constants of a scale or a shift that differs in nothing else."""
    if len(edit.changes) != 1 or any(site is None or site.op not in AFFINE for site in edit.sites):
        return None
    change = edit.changes[0]
    if change.aspect is not Aspect.SETTING or change.name != FACTOR or len({s.op for s in edit.sites if s}) != 1:
        return None
    one, two = (float(value) if isinstance(value, int | float | str) else float("nan") for value in change.values)
    return (one, two) if np.isfinite([one, two]).all() and one and two else None


def _effect(patcher: Patcher, side: int, node: str, constants: tuple[float, float], *, scales: bool) -> float:
    """What the other constant alone would do to outputs and added losses of one side, to the first order."""
    edge = patcher.cut.traced(side, Edge(node=node))
    if edge is None:
        return 0.0
    plain = patcher.plain[side]
    own = patcher.ask(side, replace(plain, wanted=(edge,), outputs=True, effects=True))
    given = {edge: own.values[edge]}
    request = replace(plain, given=given, pull_outputs=projection(own.outputs), pull_losses=True)
    slope = patcher.ask(side, request).pulled.get(edge)
    sizes = [float(np.max(np.abs(one), initial=0.0)) for one in own.outputs if one.dtype.kind == "f"]
    scale = max([*sizes, abs(own.losses.total)], default=0.0)
    if slope is None or not np.all(np.isfinite(slope)) or not np.isfinite(scale) or not scale:
        return 0.0
    step = abs(constants[1] - constants[0])
    moved = given[edge] * (step / abs(constants[side])) if scales else step
    return float(np.max(np.abs(slope * moved), initial=0.0)) / scale
