"""The numeric half in its order: outputs, a search where they agree, one training step, and which edit is to blame."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kerasdiff.comparison import NUMERIC, Attribution, NotChecked, Rung, Witness
from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.explain.attribution import Question, attribute
from kerasdiff.explain.search import Search
from kerasdiff.graph import Mode
from kerasdiff.options import Listener, Options
from kerasdiff.probing.closeness import Tolerance, precision_tolerance
from kerasdiff.probing.prober import Prober, batches_of, both, guarded
from kerasdiff.probing.probes import OTHER_SIZE, other_sizes
from kerasdiff.probing.random_ops import apart
from kerasdiff.probing.transfer import WeightTransfer
from kerasdiff.rungs.architecture import Structure
from kerasdiff.rungs.inference import inference, separated
from kerasdiff.rungs.training_step import Learning, training_step
from kerasdiff.side.protocol import Side
from kerasdiff.side.records import Description

SEARCHED = "searched"
"""Name of the batch that a search found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What running both models showed.

    Attributes:
        rungs: Inference and training step.
        attribution: ``None`` where there is nothing to attribute, or a side cannot be run in parts.
        witness: An input on which the outputs differ, if any.
    """

    rungs: tuple[Rung, Rung]
    attribution: Attribution | None = None
    witness: Witness | None = None
    not_checked: tuple[NotChecked, ...] = ()

    @staticmethod
    def skipped(reason: str) -> Numbers:
        """Neither rung could run."""
        return Numbers(
            rungs=(
                Rung(name="inference", outcome="skipped", detail=reason),
                Rung(name="training step", outcome="skipped", detail=reason),
            )
        )


def numbers(
    sides: tuple[Side, Side],
    descriptions: tuple[Description, Description],
    structure: Structure,
    transfer: WeightTransfer,
    options: Options,
    listener: Listener,
    *,
    settings: bool,
) -> Numbers:
    """Runs the numeric rungs and what explains them.

    Where weights lack a counterpart the rungs have nothing to compare, but what the edits leave over can be told.

    Args:
        sides: Reference and candidate.
        descriptions: Of both.
        structure: Their alignment.
        transfer: Their weights.
        options: Seed and budget.
        listener: Told what begins.
        settings: Whether all weights have the same settings, without which a proof says nothing of learning.
    """
    try:
        prober = Prober(sides, transfer, batches_of(descriptions[0].inputs, options.seed))
    except KerasdiffError as error:
        one, two = Numbers.skipped(error.message).rungs
        return Numbers(rungs=(replace(one, outcome="failed"), replace(two, outcome="failed")))
    asked = Learning(
        prober=prober, transfer=transfer, structure=structure, descriptions=descriptions, ignore=options.ignore
    )
    if transfer.complete and not structure.isomorphic:
        asked, unfit, notes = resized(asked, options.seed)
        found = _compared(asked, options, listener, settings=settings)
        if unfit is not None and found.rungs[0].outcome == "equal":
            found = replace(found, rungs=(unfit, found.rungs[1]))
        found = replace(found, not_checked=(*found.not_checked, *notes))
    else:
        found = _compared(asked, options, listener, settings=settings) if transfer.complete else _uncompared(transfer)
    if structure.isomorphic or not (structure.edits or "different" in [rung.outcome for rung in found.rungs]):
        return found
    listener.phase("attributing the difference to edits")
    try:
        return replace(found, attribution=attribute(_question(asked, found)))
    except EvaluateError as error:
        note = NotChecked(rung="attribution", reason=error.message)
        return replace(found, not_checked=(*found.not_checked, note))


def resized(asked: Learning, seed: int) -> tuple[Learning, Rung | None, tuple[NotChecked, ...]]:
    """The same with a probe of another size, where the inputs leave theirs open.

    Returns:
        With it the first size that fits both sides; the rung of a side that it does not fit, if it fits the other; and
        what was not checked.
    """
    prober, ports = asked.prober, asked.descriptions[0].inputs
    tried = []
    for batch in other_sizes(ports, seed):
        more = prober.with_batch(OTHER_SIZE, tuple(batch[port.name] for port in ports))
        shapes = ", ".join(str(one.shape) for one in more.batches[OTHER_SIZE])
        why = both(lambda side, more=more: more.refusal(side, OTHER_SIZE))  # type: ignore[misc]
        if why == ("", ""):
            return replace(asked, prober=more), None, ()
        if "" in why:
            side, other = ("candidate", "reference") if why[1] else ("reference", "candidate")
            detail = f"the {side} takes no input of shape {shapes}, which the {other} does: {why[0] or why[1]}"
            return asked, Rung(name="inference", outcome="different", detail=detail), ()
        tried.append(shapes)
    text = f"inputs of another size: neither model takes {' or '.join(tried)}"
    return asked, None, (NotChecked(rung="inference", reason=text),) if tried else ()


def _uncompared(transfer: WeightTransfer) -> Numbers:
    notes = tuple(NotChecked(rung=name, reason=transfer.reason) for name in NUMERIC)
    return replace(Numbers.skipped(transfer.reason), not_checked=notes)


def _compared(asked: Learning, options: Options, listener: Listener, *, settings: bool) -> Numbers:
    """Both rungs, and a search where they show nothing though the graphs differ."""
    prober, structure = asked.prober, asked.structure
    proved = structure.isomorphic
    function = guarded("inference", lambda: inference(prober, structure, proved=proved))
    step = replace(asked, enlarge=function.outcome == "equal")
    learning = guarded("training step", lambda: training_step(step, proved=proved and settings))
    equal = (function.outcome, learning.outcome) == ("equal", "equal")
    if not (equal and structure.edits and options.search):
        return Numbers(rungs=(function, learning), witness=_probed(prober, function, learning))
    if apart(structure, "inference"):
        reason = "no counterexample is searched: both models draw random numbers at inference, each its own"
        return Numbers(rungs=(function, learning), not_checked=(NotChecked(rung="inference", reason=reason),))
    listener.phase("searching for an input that separates the models")
    search = Search(prober, structure, asked.descriptions, options.search)
    found = search.run()
    if found is not None:
        return Numbers(rungs=(separated(function, *found), learning), witness=found[0])
    notes: tuple[NotChecked, ...] = ()
    if search.ended_early:
        reason = f"the search for a counterexample ended after {options.search:g} s and {search.tried} inputs"
        notes = (NotChecked(rung="inference", reason=reason),)
    return Numbers(rungs=(function, learning), not_checked=notes)


def _question(asked: Learning, found: Numbers) -> Question:
    """What attribution is asked: on the probes that show most, or on the witness of a search."""
    function, learning = found.rungs
    prober = asked.prober
    known = function if "limit" in function.figures else learning
    tolerance = precision_tolerance("float64")
    if "limit" in known.figures:
        tolerance = Tolerance(limit=known.figures["limit"], provenance=known.figures["provenance"])
    worst: dict[Mode, str] = {}
    modes: tuple[tuple[Mode, Rung], ...] = (("inference", function), ("training", learning))
    for mode, rung in modes:
        name = _probe_of(prober, rung)
        if name is not None:
            worst[mode] = name
    weight_scale = 1.0
    if found.witness is not None and "found_by" in function.figures:
        prober = prober.with_batch(SEARCHED, found.witness.inputs)
        worst["inference"], weight_scale = SEARCHED, found.witness.weight_scale
    return Question(
        prober=prober,
        descriptions=asked.descriptions,
        structure=asked.structure,
        transfer=asked.transfer,
        worst=worst,
        precision=known.figures.get("precision", "float64"),
        tolerance=tolerance,
        compiled=asked.compiled,
        learns=learning.outcome == "equal",
        weight_scale=weight_scale,
    )


def _probe_of(prober: Prober, rung: Rung) -> str | None:
    """The probe on which a rung's worst comparison was made, where it is one of outputs."""
    words = str(rung.figures.get("where", "")).replace(",", " ").split()
    return next((name for name in prober.names if name in words and "probe" in words), None)


def _probed(prober: Prober, function: Rung, learning: Rung) -> Witness | None:
    """The probe on which outputs differ most, in inference mode where they do there."""
    modes: tuple[tuple[Mode, Rung], ...] = (("inference", function), ("training", learning))
    for mode, rung in modes:
        name = _probe_of(prober, rung)
        if rung.outcome == "different" and name is not None:
            return Witness(
                inputs=prober.batches[name],
                mode=mode,
                weight_scale=1.0,
                how=f"probe {name}",
                difference=float(rung.figures["max_relative"]),
            )
    return None


def rerun(
    sides: tuple[Side, Side],
    descriptions: tuple[Description, Description],
    structure: Structure,
    transfer: WeightTransfer,
    witness: Witness,
) -> Rung:
    """The rung of one witness: its input alone, in its mode, with its weights.

    Raises:
        EvaluateError: If the input does not fit the models, or a side cannot be run on it.
    """
    ports = descriptions[0].inputs
    if len(witness.inputs) != len(ports):
        raise EvaluateError(f"The witness has {len(witness.inputs)} inputs, and the models take {len(ports)}.")
    for batch, port in zip(witness.inputs, ports, strict=True):
        expected = (port.spec.shape or ())[1:]
        if len(batch.shape[1:]) != len(expected) or any(
            want not in (None, have) for want, have in zip(expected, batch.shape[1:], strict=True)
        ):
            raise EvaluateError(f"The witness has shape {batch.shape} for input {port.name}, which takes {expected}.")
    prober = Prober(sides, transfer, {"witness": witness.inputs}, weight_scale=witness.weight_scale)
    if witness.mode == "inference":
        return inference(prober, structure, proved=False)
    asked = Learning(prober=prober, transfer=transfer, structure=structure, descriptions=descriptions)
    return training_step(asked, proved=False)
