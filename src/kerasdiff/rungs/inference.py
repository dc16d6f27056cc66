"""Same function? Outputs with randomised weights, on every probe."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.comparison import Rung, Witness
from kerasdiff.graph import SEED_ROLE
from kerasdiff.probing.closeness import Closeness, compare_values, precision_tolerance
from kerasdiff.probing.prober import GRADIENT_FACTOR, Prober, Run, closeness, doubtful, judged, noted, without_rounding
from kerasdiff.probing.random_ops import apart, by_chance, distribution, drawing, sampled
from kerasdiff.rungs.architecture import Structure
from kerasdiff.rungs.penalties import scalars


def inference(prober: Prober, structure: Structure, *, proved: bool) -> Rung:
    """Compares outputs on every probe; a proof is only confirmed, on one probe in float32."""
    if proved:
        return _confirmed(prober)
    run = prober.precise(prober.names, training=False)
    first, second = run.sides
    if not first.repeated or not second.repeated:
        return by_chance(prober, structure, run, "inference") or _random(prober, run)
    found = closeness(run)
    own = prober.perturbed(run, training=False) if doubtful(found) else None
    if own is not None:
        found = without_rounding(found, closeness(own))
    rung = judged("inference", found, run, "probe outputs")
    if rung.outcome == "different" and apart(structure, "inference"):
        transfer = by_chance(prober, structure, run, "inference")
        return transfer or sampled(prober, run, "inference", training=False)
    beside = [*_states(prober, run), *_validated(run)]
    if beside and rung.outcome == "equal":
        return replace(rung, outcome="different", detail=f"the outputs agree, but {'; '.join(beside)}")
    figures = {**rung.figures, "untaken": [list(first.untaken), list(second.untaken)]}
    return replace(noted(rung, _reading(rung)), figures=figures)


def _states(prober: Prober, run: Run) -> list[str]:
    """Weights that the call itself changes in inference mode, on one side alone or to another value."""
    first, second = (side.state for side in run.sides)
    names = {recipe.seed: recipe.weight for recipe in prober.recipes[1]}
    found = []
    for recipe in prober.recipes[0]:
        one, two = recipe.weight, names.get(recipe.seed)
        if two is None or recipe.name == SEED_ROLE or (one not in first and two not in second):
            continue
        if one in first and two in second:
            close = compare_values(first[one], second[two].reshape(first[one].shape), run.tolerance)
            if not close.equal:
                found.append(f"the call updates {one} differently at inference: {close.describe()}")
        else:
            side = "reference" if one in first else "candidate"
            found.append(f"the call of the {side} alone updates {one if one in first else two} at inference")
    return found


def _validated(run: Run) -> list[str]:
    """Losses that are added at inference too, or not: Keras's ``evaluate`` and ``val_loss`` hold them."""
    wide = replace(run.tolerance, limit=GRADIENT_FACTOR * run.tolerance.limit)
    close = scalars(run.sides[0].added[0], run.sides[1].added[0], wide)
    lead = "the losses added at inference, which a validation loss holds, differ"
    return [] if close.equal else [f"{lead}: {close.describe()}"]


def separated(rung: Rung, witness: Witness, close: Closeness) -> Rung:
    """The rung of outputs that agree on every probe, but not on an input that was searched for."""
    figures = {
        **rung.figures,
        "weight_scale": witness.weight_scale,
        "found_by": witness.how,
        "max_relative": close.max_relative,
        "limit": close.limit,
        "provenance": "far beyond rounding, which grows on inputs like these",
    }
    detail = f"no probe tells the outputs apart, but a search did ({witness.how}): {close.describe()}"
    return replace(rung, outcome="different", detail=detail, figures=figures)


def _reading(rung: Rung) -> str:
    """What the figures mean to somebody who uses the outputs, where they differ."""
    if rung.outcome != "different":
        return ""
    agreement = rung.figures["argmax_agreement"]
    passing = rung.figures["smallest_passing"]
    found = [f"a limit of {passing:.1e} would pass"] if passing < 1.0 else []
    if agreement is not None:
        found.append(f"both pick the same largest entry in {100 * agreement:.0f} % of the rows")
    return ", ".join(found)


def _random(prober: Prober, run: Run) -> Rung:
    first, second = run.sides
    found = None
    if all(drawing(prober, run, "inference")):
        found = distribution(prober, run, "inference", training=False)
    if found is not None and found.outcome != "different":
        return found
    if first.repeated != second.repeated:
        side = "reference" if second.repeated else "candidate"
        detail = (
            f"{side} is random at inference: the same input twice gives different outputs; the other side's does not"
        )
        return Rung(name="inference", outcome="different", detail=detail, figures={"random": side})
    if found is not None:
        return found
    detail = (
        "both models are random at inference: the same input twice gives different outputs, so none can be compared"
    )
    return Rung(name="inference", outcome="failed", detail=detail)


def _confirmed(prober: Prober) -> Rung:
    names = prober.names[:1]
    tolerance = precision_tolerance("float32")
    run = Run(names=names, sides=prober.run("float32", names), precision="float32", tolerance=tolerance)
    if not run.sides[0].repeated or not run.sides[1].repeated:
        detail = "follows from the proof; the models are random at inference, so no number confirms it"
        return Rung(name="inference", outcome="equal", detail=detail)
    rung = judged("inference", closeness(run), run, "probe outputs")
    if rung.outcome != "equal":
        return rung
    return replace(rung, detail=f"follows from the proof; confirmed: {rung.detail}")
