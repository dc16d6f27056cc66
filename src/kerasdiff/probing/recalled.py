"""Does a baseline still compute what it computed when it was locked? Its answers of then, against those of now.

Between the two another TensorFlow, another processor may lie. Ops round otherwise there, which a limit allows for; what
lies beyond it is another function, and nothing that is compared with it says much about the model that was locked.
"""

from __future__ import annotations

from collections.abc import Sequence

from kerasdiff.align.pair import Pair
from kerasdiff.errors import EvaluateError
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph.values import Closeness, Precision, Tolerance
from kerasdiff.probing.large import is_large
from kerasdiff.probing.numbers.closeness import compare_values, scale_of
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.side.baselines.records import Answered, Recalled
from kerasdiff.side.environment import processor
from kerasdiff.side.observations import EvaluateRequest
from kerasdiff.side.protocol import Side
from kerasdiff.side.records import Locked

ALWAYS = ("kerasdiff",)
"""What of an environment moves no number."""


def both_recalled(sides: tuple[Side, Side], pair: Pair) -> tuple[Finding | None, Finding | None]:
    """What became of each side that is a baseline since it was locked; ``None`` of a model that was loaded."""
    precisions: tuple[Precision, ...] = ("float32",) if pair.isomorphic or is_large(pair) else ("float64",)
    first, second = (
        None if one.locked is None else recalled(side, one.locked, {**one.environment, **processor()}, precisions)
        for side, one in zip(sides, pair.descriptions, strict=True)
    )
    return first, second


def recalled(side: Side, locked: Locked, now: dict[str, str], precisions: Sequence[Precision]) -> Finding:
    """The fact of a baseline: what was locked where, what is another here, and whether it answers as it did.

    Args:
        side: The baseline.
        locked: Where it comes from.
        now: The environment it runs in.
        precisions: In which it is asked.
    """
    changed = tuple(
        (name, text, now[name])
        for name, text in locked.environment.items()
        if name not in ALWAYS and name in now and now[name] != text
    )
    elsewhere = (Finding(fact=Fact.LOCKED_ELSEWHERE, values=(changed, ())),) if changed else ()
    answered = _answered(side, precisions)
    return Finding(fact=Fact.LOCKED, names=(locked.target,), parts=(*elsewhere, answered))


def _answered(side: Side, precisions: Sequence[Precision]) -> Finding:
    try:
        held = side.recall()
        if not any(one.precision in precisions for one in held.answers):
            precisions = ("float32",)  # as of a model that has no other form
        closest = {precision: _apart(side, held, precision) for precision in precisions}
    except EvaluateError as error:
        return Finding(fact=Fact.NOT_RECALLED, cause=error.message)
    known = {precision: close for precision, close in closest.items() if close is not None}
    if not known:
        return Finding(fact=Fact.NOT_RECALLED)
    figures = {str(precision): close.max_relative for precision, close in known.items()}
    worst = next((close for close in known.values() if not close.equal), None)
    fact = Fact.RECALLED if worst is None else Fact.ANSWERS_OTHERWISE
    return Finding(fact=fact, figures=figures, closeness=worst, count=len(held.answers))


def _apart(side: Side, held: Recalled, precision: Precision) -> Closeness | None:
    """How far the worst answer in a precision lies from what it was; ``None`` where there is none."""
    worst: Closeness | None = None
    for answer in (one for one in held.answers if one.precision == precision):
        request = EvaluateRequest(
            recipes=held.recipes,
            probes=(answer.inputs,),
            precision=precision,
            training=answer.mode == "training",
            alone=True,
        )
        outputs = side.evaluate(request).outputs[0]
        tolerance = _tolerance(held, answer)
        for one, two in zip(answer.outputs, outputs, strict=True):
            if one.size or two.size:
                close = compare_values(one, two, tolerance)
                if worst is None or (not close.equal, close.max_relative) > (not worst.equal, worst.max_relative):
                    worst = close
    return worst


def _tolerance(held: Recalled, answer: Answered) -> Tolerance:
    """The limit of a precision: in float32, by how far the answers of then lie from those in float64."""
    if answer.precision == "float64":
        return precision_tolerance("float64")
    wide = next(
        (one for one in held.answers if (one.precision, one.mode, one.probe) == ("float64", answer.mode, answer.probe)),
        None,
    )
    if wide is None:
        return precision_tolerance("float32")
    apart = [
        float(abs(one.astype("float64") - two).max(initial=0.0)) / max(scale_of(two), 1e-38)
        for one, two in zip(answer.outputs, wide.outputs, strict=True)
        if one.dtype.kind == "f" and one.shape == two.shape
    ]
    own = max(apart, default=0.0)
    return precision_tolerance("float32", own if own == own else 0.0)
