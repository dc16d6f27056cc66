"""What is said of numbers: outputs, gradients, steps and draws. Phrases without a capital and without a full stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kerasdiff.findings import Fact, Finding, other
from kerasdiff.report.wording.names import count, listed
from kerasdiff.report.wording.numbers import closeness, share, subject

MOST_LISTED = 3
"""Facts of one kind told in a phrase."""

_WHAT: Mapping[str, str] = {
    "output": "probe outputs",
    "training output": "training outputs, losses, gradients and state updates",
}
"""What many comparisons are of, by the quantity that leads."""


def _first(parts: tuple[Finding, ...]) -> str:
    more = f" and {len(parts) - MOST_LISTED} more" if len(parts) > MOST_LISTED else ""
    return f"{_joined(parts[:MOST_LISTED])}{more}"


def _joined(parts: tuple[Finding, ...]) -> str:
    return "; ".join(SENTENCES[part.fact](part) for part in parts)


def _values(finding: Finding, of_one: str, of_many: str) -> str:
    """The worst of many comparisons, with its numbers and why the limit is not that of float64."""
    assert finding.compared is not None
    close, where = finding.compared.closeness, subject(finding.compared.subject)
    lead = of_many.format(count=finding.count, of=finding.of, what=_WHAT[finding.names[0]])
    labels = [subject(item) for item in finding.subjects]
    alone = f"; not finite on one side alone: {', '.join(labels[:3])}{', …' if len(labels) > 3 else ''}"
    coarse = "".join(f" (not in float64: {_joined(part.parts)})" for part in finding.parts)
    told = f"{lead}{where}" if finding.of > 1 else of_one.format(where=where)
    return f"{told}: {closeness(close)}{alone if labels else ''}{coarse}"


def _random_ops(finding: Finding) -> str:
    return (
        "1 random op of the candidate was"
        if finding.count == 1
        else f"{finding.count} random ops of the candidate were"
    )


def _distribution(finding: Finding) -> str:
    smallest, limit = finding.figures["smallest_p"], finding.figures["limit_p"]
    few = f", as many as {finding.figures['seconds']:g} s afford" if "seconds" in finding.figures else ""
    tests = f"smallest p {smallest:.1e} of {finding.of} comparisons, limit {limit:.0e} over all"
    if finding.fact is Fact.DISTRIBUTIONS_DIFFER:
        by_inputs = any(part.fact is Fact.SHOWN_BY_INPUTS for part in finding.parts)
        lead = "the outputs" if not by_inputs else "the outputs do not show it, but their gradients by the inputs"
        over = [part for part in finding.parts if part.fact is Fact.VARY_TOGETHER_OTHERWISE]
        how = "".join(f", {_vary_together(part)}" for part in over)
        return f"{lead} differ in distribution{how}: {finding.count:,} draws a row{few}, {tests}"
    return (
        f"the outputs agree in distribution as far as {finding.count:,} draws a row show{few} ({tests}), but each side "
        "draws other random numbers, so no value can be compared"
    )


def _vary_together(finding: Finding) -> str:
    axes = listed(["rows of the batch" if name == "row" else f"{name}s" for name in finding.names])
    return f"in how values of one draw vary together over {axes}"


def _reading(finding: Finding) -> str:
    told = []
    if "smallest_passing" in finding.figures:
        told.append(f"a limit of {finding.figures['smallest_passing']:.1e} would pass")
    if "argmax_agreement" in finding.figures:
        agreement = 100 * finding.figures["argmax_agreement"]
        told.append(f"both pick the same largest entry in {agreement:.0f} % of the rows")
    return ", ".join(told)


def _updated_otherwise(finding: Finding) -> str:
    assert finding.compared is not None
    return f"the call updates {finding.weights[0]} differently at inference: {closeness(finding.compared.closeness)}"


def _closeness(finding: Finding) -> str:
    return "" if finding.closeness is None else closeness(finding.closeness)


def _random(finding: Finding) -> str:
    return (
        f"{finding.side} is random at inference: the same input twice gives different outputs; the other side's does "
        "not"
    )


def _one_way(finding: Finding) -> str:
    site = finding.sites[0]
    line = f" ({site.source})" if site.source is not None else ""
    return f"the {finding.side}'s {site.op}{line} has a branch that no probe is known to take"


def _size_refused(finding: Finding) -> str:
    assert finding.side is not None
    return (
        f"the {finding.side} takes no input of shape {finding.names[0]}, which the {other(finding.side)} does: "
        f"{finding.cause}"
    )


# Training ----------------------------------------------------------------------------------------------------


def _frozen(finding: Finding) -> str:
    assert finding.side is not None
    return f"{finding.weights[0]} is trainable in the {finding.side} and frozen in the {other(finding.side)}"


def _no_gradient(finding: Finding, why: str) -> str:
    return f"{finding.weights[0]} gets no gradient in the {finding.side}{why}"


def _stopped(finding: Finding) -> str:
    line = f" ({finding.sources[0]})" if finding.sources else ""
    return _no_gradient(finding, f", where {finding.names[0]}{line} stops gradients")


def _row_by_row(finding: Finding) -> str:
    name, *others = finding.weights
    lines = f" ({', '.join(map(str, finding.sources))})" if finding.sources else ""
    if others and finding.side is not None:
        return (
            f"Where an id repeats in a batch, {finding.names[0]} takes the gradients of {name}{lines} one by one in "
            f"the {finding.side}, and their sum in the {other(finding.side)}"
        )
    return (
        f"The {finding.side} alone looks up {finding.weights[0]} by id: where an id repeats in a batch, "
        f"{finding.names[0]} takes its gradients one by one there{lines}, and their sum on the other side"
    )


def _step(finding: Finding) -> str:
    first, second = finding.values or ((), ())
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    against = f" against {second[0]} on {second[1]}" if first != second else ""
    return f"one step of {first[0]} on {first[1]}{against}"


def _training_code(finding: Finding) -> str:
    lines = " and ".join(map(str, finding.sources))
    where = f" ({lines})" if lines else ""
    how = {
        Fact.SAME_TRAINING_CODE: "by the same code on both sides",
        Fact.OTHER_TRAINING_CODE: "differently on the two sides",
    }.get(finding.fact, f"in the {finding.side} alone")
    return f"{finding.names[0]} is overridden {how}{where}; the call is compared, not this"


def _own_steps(finding: Finding) -> str:
    """What steps by the same code of the user's show, and why there are none."""
    lines = f" ({' and '.join(map(str, finding.sources))})" if finding.sources else ""
    code = f"{finding.names[0]} is the same code on both sides{lines}"
    if finding.fact is Fact.OWN_STEPS_AGREE:
        return f"{code}, and steps by it move {count(finding.count, 'weight')} alike"
    if finding.compared is None:
        return f"{code}, and no step by it is compared: {finding.cause}"
    weight = finding.compared.subject.weight
    return f"{code}, and steps by it move {weight} apart: {closeness(finding.compared.closeness)}"


def _never_finite(finding: Finding) -> str:
    number = "" if finding.of == 1 else f" of {finding.count} of {finding.of} outputs"
    return f"every value{number} is NaN or infinite on both sides, whatever the probe, which decides nothing"


def _said(text: str) -> Callable[[Finding], str]:
    return lambda finding: text


SENTENCES: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.NEVER_FINITE: _never_finite,
    Fact.NOTHING_TO_COMPARE: lambda f: f"nothing to compare: all {_WHAT[f.names[0]]} are zero or not finite",
    Fact.VALUES_AGREE: lambda f: _values(f, "{where} agrees", "all {of} {what} agree; e.g. "),
    Fact.VALUES_DIFFER: lambda f: _values(f, "{where}", "{count} of {of} {what} differ; worst is "),
    Fact.ROUNDING_DECIDES: lambda f: _values(
        f,
        "rounding may account for the difference of {where}, which therefore decides nothing",
        "rounding may account for the differences of {count} of {of} {what}, which therefore decide nothing; worst is ",
    ),
    Fact.FLOAT32_HARD_CODED: _said("float32 or lower is hard-coded in a model"),
    Fact.OTHER_DRAWS_IN_FLOAT64: _said("other random numbers are drawn in float64"),
    Fact.TOLD_IN_FLOAT32: lambda f: (
        f"{f.count} of {f.of} are told in float32, in which the models run, and there agree within "
        f"{share(f.figures['limit'])}: in float64 the reference is as far from itself as both sides are apart"
    ),
    Fact.OTHERWISE_IN_FLOAT64: lambda f: (
        f"{f'the {f.side}' if f.side else 'each model'} computes something else in float64"
    ),
    Fact.FLOAT32_TELLS: lambda f: f"float32 tells them apart, and they have {f.count:,} parameters",
    Fact.REFUSED: lambda f: f.cause,
    Fact.DRAWS_GIVEN: lambda f: f"{_random_ops(f)} given the numbers of the reference's",
    Fact.DRAWS_MIRRORED: lambda f: (
        f"{_random_ops(f)} given the numbers of the reference's, or as likely ones: "
        "their mirror image, or parts in another order"
    ),
    Fact.DISTRIBUTIONS_AGREE: _distribution,
    Fact.DISTRIBUTIONS_DIFFER: _distribution,
    Fact.VARY_TOGETHER_OTHERWISE: _vary_together,
    Fact.SHOWN_BY_INPUTS: _said("only the gradients by the inputs show it"),
    Fact.TOO_LARGE_TO_SAMPLE: _said(
        "both sides draw random numbers that do not correspond, and the inputs are too large to compare samples"
    ),
    Fact.PROOF_CONFIRMED: _said("follows from the proof; confirmed:"),
    Fact.PROOF_OF_RANDOM_MODELS: _said(
        "follows from the proof; the models are random at inference, so no number confirms it"
    ),
    Fact.PROOF_OF_FUNCTION: _said("follows from the proof: the same ops on the same weights"),
    Fact.UNCONFIRMED: lambda f: (
        f"no number confirms the proof: that is done of models of up to {f.of:,} parameters, and these have {f.count:,}"
    ),
    Fact.TOO_LARGE_NODE_BY_NODE: lambda f: (
        f"values are compared node by node of models of up to {f.of:,} parameters, and these have {f.count:,}"
    ),
    Fact.BESIDE_OUTPUTS: lambda f: f"the outputs agree, but {_joined(f.parts)}",
    Fact.UPDATED_ALONE: lambda f: f"the call of the {f.side} alone updates {f.weights[0]} at inference",
    Fact.UPDATED_OTHERWISE: _updated_otherwise,
    Fact.ADDED_AT_INFERENCE: lambda f: (
        f"the losses added at inference, which a validation loss holds, differ: {_closeness(f)}"
    ),
    Fact.READING: _reading,
    Fact.RANDOM_ON_ONE_SIDE: _random,
    Fact.RANDOM_ON_BOTH_SIDES: _said(
        "both models are random at inference: the same input twice gives different outputs, so none can be compared"
    ),
    Fact.SIZE_REFUSED: _size_refused,
    Fact.SIZES_REFUSED: lambda f: f"inputs of another size: neither model takes {' or '.join(f.names)}",
    Fact.ONE_WAY_BRANCH: _one_way,
    Fact.PROOF_OF_LEARNING: _said(
        "follows from the proof: the same ops in training mode, the same weights and settings"
    ),
    Fact.UNTRAINED: lambda f: (
        f"{f.names[0]} differ already; gradients are compared even so of models of up to {f.of:,} parameters, and "
        f"these have {f.count:,}"
    ),
    Fact.NO_ROOM: lambda f: (
        f"with {f.count:,} parameters it may take {f.figures['needed']:.1f} GB of memory, and "
        f"{f.figures['free']:.1f} GB are free"
    ),
    Fact.MASKED_ON_ONE_SIDE: _said("an output carries a mask on one side alone, by which Keras weighs its loss"),
    Fact.ABSENT_GRADIENTS: lambda f: _first(f.parts),
    Fact.FROZEN_ON_ONE_SIDE: _frozen,
    Fact.WEIGHT_NOT_READ: lambda f: _no_gradient(f, ": its call does not read the weight"),
    Fact.GRADIENT_STOPPED: _stopped,
    Fact.NOTHING_LEARNED_FROM: lambda f: _no_gradient(f, ": nothing that is learned from depends on it"),
    Fact.BY_ROWS: lambda f: _joined(f.parts[:MOST_LISTED]),
    Fact.ROW_BY_ROW: _row_by_row,
    Fact.NO_STEP: lambda f: f"no optimizer step is compared: {f.cause}",
    Fact.STEP_IS_ROUNDING: _said("one optimizer step is not compared: its rounding in float32 is as large as the step"),
    Fact.STEP_NOT_FINITE: _said("the loss is NaN or infinite on both sides, so an optimizer step decides nothing"),
    Fact.STEP_TAKEN: _step,
    Fact.UNSEEDED_ON_ONE_SIDE: lambda f: (
        f"{f.side} draws random numbers in training that no seed of the model controls"
    ),
    Fact.UNSEEDED_ON_BOTH_SIDES: _said(
        "both models draw random numbers in training that no seed of theirs controls; nothing can be compared"
    ),
    Fact.SAME_TRAINING_CODE: _training_code,
    Fact.SETTINGS_REFUSED: lambda f: f"the {f.side} alone cannot be trained by its compile settings: {f.cause}",
    Fact.OWN_STEPS_AGREE: _own_steps,
    Fact.OWN_STEPS_APART: _own_steps,
    Fact.OWN_STEPS_REFUSED: _own_steps,
    Fact.OTHER_TRAINING_CODE: _training_code,
    Fact.OWN_TRAINING_CODE: _training_code,
    Fact.NO_SEARCH_OF_RANDOM_MODELS: _said(
        "no counterexample is searched: both models draw random numbers at inference, each its own"
    ),
    Fact.SEARCH_ENDED: lambda f: (
        f"the search for a counterexample ended after {f.count} inputs, as --search {f.figures['seconds']:g} allows"
    ),
}
