"""What is said of a conversion: what became of the weights, and why nothing was written where it was not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerasdiff.conversion import FAILED, Carried, Conversion
from kerasdiff.findings import Fact
from kerasdiff.report.wording.findings.table import detail, sentence
from kerasdiff.report.wording.numbers import closeness, subject
from kerasdiff.report.wording.verdict.answer import summary

MOST_NAMED = 3
"""Weights named in a line; the table of ``--verbose`` holds them all."""

_SAY_ALL = (Fact.NO_COUNTERPART, Fact.REGROUPED, Fact.PORT_COUNT, Fact.PORT_DIFFERS, Fact.OUTPUTS_SWAPPED)
"""Why weights are none of the other's, where that is the cause and no consequence."""

_CHANGED = {
    "transposed": "transposed",
    "reshaped": "in another shape",
    "of several": "made of several",
    "of a part": "a part of one",
}


def refusal(conversion: Conversion) -> str:
    """Why nothing was written, and where more is to be learned; empty where it was."""
    refused = conversion.refusal
    if refused is None:
        return ""
    told = f"{conversion.output} is not written: {sentence(refused)}."
    if refused.fact in FAILED:
        return told
    comparison = conversion.comparison
    if comparison.verdict.outcome == "different" and refused.fact not in _SAY_ALL:
        told += f" {summary(comparison)}"
    return f"{told} For more: kerasdiff compare {comparison.reference.target} {comparison.candidate.target}"


def lines(conversion: Conversion) -> Iterator[tuple[str, str]]:
    """What became of a conversion that was written: a word and what stands behind it, line by line."""
    comparison = conversion.comparison
    of = f"what {conversion.weights} holds for it" if conversion.weights else "the values that it starts from"
    yield "reference", f"{comparison.reference.target}, {of}"
    yield "candidate", comparison.candidate.target
    yield "compared", _compared(conversion)
    yield "weights", _carried(conversion.carried)
    if conversion.kept:
        yield (
            "",
            f"as the candidate starts, since nothing stands for them and no call reads them: {_named(conversion.kept)}",
        )
    if conversion.unseen:
        yield "", f"by their layers and names alone, since no call reads them: {_named(conversion.unseen)}"
    if conversion.homeless:
        yield "", f"the reference has no place for {_named(conversion.homeless)} of {conversion.weights}"
    yield "", "the state of the optimizer is not taken over"
    yield "checked", _checked(conversion)


def _compared(conversion: Conversion) -> str:
    function = next(rung for rung in conversion.comparison.rungs if rung.name == "inference")
    return f"the same outputs, with random weights: {detail(function)}"


def _carried(carried: Sequence[Carried]) -> str:
    told = [f"{len(carried)} taken over"]
    for how, words in _CHANGED.items():
        names = [item.weight for item in carried if item.how == how]
        if names:
            told.append(f"{len(names)} {words} ({_named(names)})")
    return ", ".join(told)


def made_of(item: Carried) -> str:
    """What one weight is made of."""
    return f"{' + '.join(item.sources)} → {item.weight}" + (f" ({_CHANGED[item.how]})" if item.how in _CHANGED else "")


def _checked(conversion: Conversion) -> str:
    worst = conversion.worst
    if worst is None:
        return "no outputs"
    return (
        f"a fresh candidate that loads the file gives the reference's outputs: {conversion.checked} compared, worst "
        f"{subject(worst.subject)}: {closeness(worst.closeness)}"
    )


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"
