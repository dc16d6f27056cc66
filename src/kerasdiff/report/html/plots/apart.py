"""How far apart are the trajectories? The loss of each pair, step by step, against the control's and rounding's."""

from __future__ import annotations

import math
from itertools import accumulate

from kerasdiff.fitting.trajectories import apart, limit, scale
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.report.html.numbers import plotted
from kerasdiff.report.html.plots import runs
from kerasdiff.report.html.plots.records import Figure, Plotted, Table
from kerasdiff.report.html.plots.thinning import MOST_CURVES, MOST_STEPS, kept, run_length, spread
from kerasdiff.report.wording.fits import plots as wording
from kerasdiff.report.wording.names import number
from kerasdiff.side.training import TrialSide, TrialSoFar


def distance_figure(fit: FitEvidence) -> Figure | None:
    """Distances of step losses on a log scale; absent where every pair agrees to the last bit, or none is there."""
    found = [(pair[1].side, pair[0].seed, _distances(*pair)) for pair in runs.pairs(fit)]
    if fit.identical or not found:
        return None
    shown = spread(found, MOST_CURVES)
    floors = [(control.side, control.seed, _distances(first, control)) for first, control in _controls(fit)]
    limits = _limits(fit, [distances for _, _, distances in floors])
    most = runs.points_of(len(shown) + len(floors))
    data: dict[str, Plotted] = {
        "kind": "distances",
        "x": "step",
        "y": "distance of the losses",
        "curves": [_curve(side, seed, distances, most) for side, seed, distances in (*shown, *floors)],
        "limit": None if not limits else {"x": _turns(limits), "y": plotted([limits[at - 1] for at in _turns(limits)])},
        "marks": [] if fit.parted is None else [{"at": fit.parted.step + 1, "text": wording.BEYOND}],
    }
    longest = max(len(distances) for _, _, distances in found)
    return Figure(
        name="distances",
        title=wording.DISTANCES,
        caption=wording.distances(fit),
        notes=wording.distance_notes(fit, (len(found), len(shown)), (longest, run_length(longest, most))),
        data=data,
        table=_table(found[0], floors, limits),
    )


def _controls(fit: FitEvidence) -> list[tuple[TrialSoFar, TrialSoFar]]:
    kinds: tuple[TrialSide, ...] = ("control", "rounding")
    first = runs.of(fit, "reference")[:1]
    return [(one, trial) for one in first for kind in kinds for trial in runs.of(fit, kind) if trial.losses]


def _distances(first: TrialSoFar, second: TrialSoFar) -> list[float]:
    return [apart(a, b) for a, b in zip(first.losses, second.losses, strict=False)]


def _limits(fit: FitEvidence, floors: list[list[float]]) -> list[float]:
    """What the first pair is held to, as far as every control reaches."""
    if not floors:
        return []
    largest = accumulate((max(together) for together in zip(*floors, strict=False)), max)
    whole = scale(runs.of(fit, "reference")[0])
    return [limit(floor, whole) for floor in largest]


def _turns(limits: list[float]) -> list[int]:
    """The steps, from 1, at which a limit that never falls is another, and the last."""
    turns = [at + 1 for at, value in enumerate(limits) if not at or value != limits[at - 1]]
    chosen = [turns[at] for at in kept([limits[at - 1] for at in turns])]
    return chosen if chosen[-1] == len(limits) else [*chosen, len(limits)]


def _curve(side: str, seed: int, distances: list[float], most: int) -> Plotted:
    chosen = kept(distances, most)
    return {
        "side": side,
        "seed": seed,
        "x": runs.places(range(1, len(distances) + 1), chosen),
        "y": plotted([distances[at] for at in chosen]),
    }


def _table(
    pair: tuple[str, int, list[float]], floors: list[tuple[TrialSide, int, list[float]]], limits: list[float]
) -> Table:
    columns = [(f"seed {pair[1]}", pair[2]), *((side, found) for side, _, found in floors)]
    columns += [("limit", limits)] if limits else []
    shown = spread(range(len(pair[2])), MOST_STEPS)
    return Table(
        title="Distance of the losses of the first pair",
        head=("step", *(name for name, _ in columns)),
        rows=tuple((f"{at + 1:,}", *(_told(found, at) for _, found in columns)) for at in shown),
        note=wording.places_left_out(len(pair[2]), len(shown), "step"),
    )


def _told(found: list[float], at: int) -> str:
    if at >= len(found):
        return "–"
    return number(found[at]) if math.isfinite(found[at]) else "not finite"
