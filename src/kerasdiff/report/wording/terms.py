"""What did a comparison take for granted? Its terms as a report opens with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kerasdiff.comparison import Comparison, Terms
from kerasdiff.findings import SIDES, RungName
from kerasdiff.fitting.decisions import DEFAULT_MARGIN
from kerasdiff.probing.numbers.limits import PROBE_BATCH
from kerasdiff.report.wording.findings.locked import baselines
from kerasdiff.report.wording.findings.table import sentence

Term = tuple[str, str]
"""A label and a text; a label may come several times."""


def terms(comparison: Comparison) -> list[Term]:
    """In reading order, each once."""
    held = comparison.terms
    parts = (_baselines(held), _margin(held), _choices(held), _ignored(held), _limits(held), _inferred(held))
    return list(dict.fromkeys(term for part in parts for term in part))


def environment(held: Mapping[str, str]) -> list[Term]:
    """Versions and devices; where trials ran is left out where it is where everything else did."""
    return [
        (name.replace("_", " "), text)
        for name, text in held.items()
        if not name.startswith("fit_") or held.get(name.removeprefix("fit_")) != text
    ]


def _baselines(held: Terms) -> Iterator[Term]:
    yield from (("baseline", text) for text in baselines(held))


def _margin(held: Terms) -> Iterator[Term]:
    if held.margin is not None:
        points = f"{100 * held.margin:g}"
        unit = "point" if points == "1" else "points"
        text = f"{points} {unit} of test accuracy, or {points} % of the test loss where there are no classes"
        if held.margin == DEFAULT_MARGIN:
            text += "; the default: about twice the standard error of an accuracy on CIFAR-10's 10,000 test images"
        yield "margin", text
    if held.own_init:
        yield "start", "each model's own draw from the seed (--own-init)"


def _choices(held: Terms) -> Iterator[Term]:
    if held.seed is not None:
        yield "seed", str(held.seed)
    if held.require is not None:
        yield "required", f"{held.require}: weaker evidence does not pass as equivalent"
    if held.require_checkpoint:
        yield "required", "checkpoint: the candidate loads the reference's saved weights"


def _ignored(held: Terms) -> Iterator[Term]:
    for name, hidden in held.hidden.items():
        told = [
            f"{amount} difference{'' if amount == 1 else 's'} in {rung}" for rung, amount in hidden.items() if amount
        ]
        yield "ignored", f"{name}: hid {', '.join(told) or 'no difference'}"


def _limits(held: Terms) -> Iterator[Term]:
    limits = sorted(set(held.limits.values()))
    told = ", ".join(f"{limit:g} for {_rungs_with(limit, held.limits)}" for limit in limits)
    if told:
        yield "tolerance", f"{told}: fractions of the scale, which is the reference's largest value"
    if held.rows is not None:
        yield "probes", f"{held.rows} rows each instead of {PROBE_BATCH}, for the inputs are large"


def _rungs_with(limit: float, limits: Mapping[RungName, float]) -> str:
    return " and ".join(name for name, other in limits.items() if other == limit)


def _inferred(held: Terms) -> Iterator[Term]:
    for inferred in held.inferred:
        yield from (("inferred", sentence(finding)) for finding in inferred)
    for side, notes in zip(SIDES, held.notes, strict=True):
        yield from (("note", f"{side}: {sentence(note)}") for note in notes)
