"""What is said of interfaces, graphs and weights: phrases without a capital and without a full stop."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import Port, Returned
from kerasdiff.report.wording.findings.notes import note
from kerasdiff.report.wording.names import fans, library, shown

MOST_NAMED = 4
"""Weights named in a phrase."""

CODE = re.compile(r" \(code [0-9a-f]+\)$")
"""What tells two functions of one name apart, and nothing to a reader where names do."""

MOST_LISTED = 3
"""Facts of one kind told in a phrase."""


def port(held: Port) -> str:
    """``input float32 (None, 32, 32, 3)``."""
    return f"{held.name} {held.spec.dtype} {held.spec.shape}"


def some(names: tuple[str, ...], most: int = MOST_NAMED) -> str:
    """The first few names."""
    return f"{', '.join(names[:most])}{', …' if len(names) > most else ''}"


# Interface ---------------------------------------------------------------------------------------------------


def _same_interface(finding: Finding) -> str:
    inputs, outputs = finding.ports[: finding.count], finding.ports[finding.count :]
    return f"{', '.join(map(port, inputs))} → {', '.join(map(port, outputs))} on both sides"


def _port_count(finding: Finding) -> str:
    assert finding.values is not None
    return f"reference has {finding.values[0]} {finding.names[0]}s, candidate {finding.values[1]}"


def _port_differs(finding: Finding) -> str:
    one, two = finding.ports
    return f"{finding.names[0]} {finding.count}: {port(one)} in the reference, {port(two)} in the candidate"


def _swapped(finding: Finding) -> str:
    one, two = (", ".join(map(str, names)) for names in _sequences(finding))
    return (
        f"the outputs come in another order, ({one}) in the reference, ({two}) in the candidate; targets, losses and "
        "whoever reads them by position meet another one (--ignore names compares them by position)"
    )


def _returned(finding: Finding) -> str:
    """``the call returns 1.0 at ['temperature'] in the reference, 2.0 in the candidate``."""
    one, two = finding.returned
    place = next(item.place for item in (one, two) if item is not None)
    modes = f"in {finding.names[0]}, " if finding.names else ""
    if one is None or two is None:
        side, other = ("reference", "candidate") if two is None else ("candidate", "reference")
        return f"{modes}the {side} returns {place} ({_what(one or two)}), and the {other} does not"
    where = f" at {place}" if place else ""
    return f"{modes}the call returns {_what(one)}{where} in the reference, {_what(two)} in the candidate"


_KINDS: Mapping[str, str] = {
    "tensor": "a tensor",
    "ragged": "a ragged tensor",
    "dict": "a dict",
    "fields": "an object with fields of its own",
}


def _what(item: Returned | None) -> str:
    """What stands at a place: a constant as it is, all else by its kind."""
    assert item is not None
    if item.kind in _KINDS:
        return _KINDS[item.kind]
    if item.kind == "sequence" and isinstance(item.value, tuple):
        return f"a named tuple of {', '.join(map(str, item.value))}"
    if item.kind in ("constant", "object"):
        return f"{'an object of class ' if item.kind == 'object' else ''}{shown(item.value)}"
    return f"a {item.value}"


def _unread(finding: Finding) -> str:
    one = finding.returned[0]
    assert one is not None
    return f"the call returns {_what(one)}{f' at {one.place}' if one.place else ''}, whose contents are not compared"


def _sequences(finding: Finding) -> tuple[tuple[object, ...], tuple[object, ...]]:
    first, second = finding.values or ((), ())
    return tuple(first) if isinstance(first, tuple) else (), tuple(second) if isinstance(second, tuple) else ()


def _spelled(finding: Finding) -> str:
    assert finding.values is not None
    texts = ["none" if value is None else str(value) for value in finding.values]
    bare = [CODE.sub("", text) for text in texts]
    one, two = texts if bare[0] == bare[1] else bare
    return f"{finding.names[0]} {one} against {two}"


def _spellings(finding: Finding) -> str:
    return some(tuple(map(_spelled, finding.parts)))


def _renamed(finding: Finding) -> str:
    assert finding.values is not None
    return f"{finding.values[0]} against {finding.values[1]}"


# Architecture ------------------------------------------------------------------------------------------------


def _edits(finding: Finding) -> str:
    kinds = ", ".join(f"{count:g} {kind}" for kind, count in finding.figures.items())
    return f"{finding.count} edit{'s' if finding.count > 1 else ''} ({kinds})"


def _same_graphs(finding: Finding) -> str:
    return f"in one form both graphs are the same, in inference and training mode: {finding.count} nodes, one to one"


def _computed(finding: Finding) -> str:
    one, two = map(library, finding.libraries)
    if one == two:
        return f"{one} computes both, and a proof needs graphs of TensorFlow's ops"
    return f"{one} computes one and {two} the other"


def _untraced(finding: Finding) -> str:
    return f"{finding.side}: {'; '.join(map(note, finding.parts)) or 'cannot be traced'}"


# Weights -----------------------------------------------------------------------------------------------------


def _without_counterpart(finding: Finding) -> str:
    left, right = finding.values or (0, 0)
    names = some(finding.weights)
    return f"without a counterpart: {left} in the reference, {right} in the candidate ({names})"


def _weights_agree(finding: Finding) -> str:
    what = f" in {', '.join(finding.names)}" if finding.names else ""
    return f"{finding.count} pairs of weights agree{what}"


def _laid_out(finding: Finding) -> str:
    (one, two), (a, b) = finding.weights, finding.values or ((), ())
    return f"{one} {a} as {two} {b}"


def _joined(finding: Finding) -> str:
    whole, *parts = finding.weights
    a, b = finding.values or ((), ())
    held = f"{', '.join(parts[:-1])} and {parts[-1]} {b}" if len(parts) > 1 else f"{parts[0]} {b} in another layout"
    return f"{whole} {a} of the {finding.side} holds {held}"


def _other_fans(finding: Finding) -> str:
    (one, two), (a, b) = finding.weights, finding.values or ((), ())
    return f"{one} by {fans(a)}, {two} by {fans(b)}"


def _other_numbers(finding: Finding) -> str:
    one, two = (f"with {weight}" if weight else "by itself" for weight in finding.values or (None, None))
    return f"{finding.weights[0]} {one} in the reference, {two} in the candidate"


def _listed(lead: str) -> Callable[[Finding], str]:
    def told(finding: Finding) -> str:
        return f"{lead}: {some(tuple(SENTENCES[part.fact](part) for part in finding.parts), MOST_LISTED)}"

    return told


def _no_counterpart(finding: Finding) -> str:
    sides = [f"{_and_more(part.weights)} of the {part.side}" for part in finding.parts]
    return f"no weight of the same shape stands for {' and for '.join(sides)}"


def _and_more(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:MOST_NAMED])}{' and more' if len(names) > MOST_NAMED else ''}"


def _said(text: str) -> Callable[[Finding], str]:
    return lambda finding: text


SENTENCES: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.SAME_INTERFACE: _same_interface,
    Fact.PORT_COUNT: _port_count,
    Fact.PORT_DIFFERS: _port_differs,
    Fact.OUTPUTS_SWAPPED: _swapped,
    Fact.OTHER_KEYS: lambda f: f"both take a dict, with other keys: {', '.join(map(_renamed, f.parts))}",
    Fact.RENAMED_INPUT: _renamed,
    Fact.OUTPUTS_UNKNOWN: _said("outputs are not known before a run: a model could not be traced"),
    Fact.RETURNED_OTHERWISE: _returned,
    Fact.OTHER_SEQUENCE: _returned,
    Fact.RETURNED_UNREAD: _unread,
    Fact.ISOMORPHIC: _same_graphs,
    Fact.SAME_BY_OTHERS: lambda f: f"{_same_graphs(f)}; {_computed(f)}, so numbers have to tell",
    Fact.SAME_BUT_ROWS: lambda f: (
        f"{_same_graphs(f)}; Keras 2 and Keras 3 train the rows of an Embedding each in their own way, so numbers have "
        "to tell"
    ),
    Fact.EDITS: _edits,
    Fact.TRAINING_ALONE: _said("in training mode alone"),
    Fact.NUMBERS_AGREE: _said("no rule proves them harmless, but every number agrees"),
    Fact.UNTRACED_MODES: lambda f: f"could not be traced in {' and '.join(f.names)} mode",
    Fact.UNEXPLAINED: _said("not proved the same, and no edit names why"),
    Fact.NO_GRAPH: lambda f: f"no graph to compare ({'; '.join(map(_untraced, f.parts))})",
    Fact.UNTRACED: _untraced,
    Fact.ASIDE: lambda f: f"({'; '.join(SENTENCES[part.fact](part) for part in f.parts[:MOST_NAMED])})",
    Fact.NOTE: lambda f: f"{f.side}: {note(f.parts[0])}",
    Fact.UNEXPANDED: lambda f: f"too much differs to compare op by op: {f.count:,} TF ops",
    Fact.PENALIZED_ALIKE: _said(
        "all added losses and gradients agree, so the penalties do: one side adds them by other means"
    ),
    Fact.OWN_PENALTY: lambda f: (
        f"a regularizer of one's own ({f.names[0]}) against another penalty, whose formulas are not compared"
    ),
    Fact.WITHOUT_COUNTERPART: _without_counterpart,
    Fact.NO_PAIR_OF_WEIGHTS: _said("no weight has a counterpart"),
    Fact.WEIGHTS_AGREE: _weights_agree,
    Fact.NO_WEIGHTS: _said("neither model has weights"),
    Fact.LAYOUTS: _listed("laid out differently"),
    Fact.LAID_OUT: _laid_out,
    Fact.TRANSPOSED: lambda f: f"{_laid_out(f)}, transposed",
    Fact.JOINED: _joined,
    Fact.OTHER_WHOLE: lambda f: f"{f.names[0]} makes the whole of {f.weights[0]} and {f.weights[1]} each by itself",
    Fact.START_SCALES: _listed("the same initializer starts otherwise"),
    Fact.OTHER_FANS: _other_fans,
    Fact.START_NUMBERS: _listed("weights of several shapes start from the same random numbers"),
    Fact.OTHER_NUMBERS: _other_numbers,
    Fact.SPELLED_OTHERWISE: lambda f: (
        f"compile settings read differently and do the same in every figure that was tried: {_spellings(f)}"
    ),
    Fact.ALIKE_UNWEIGHED: lambda f: (
        f"compile settings do the same, but not where rows have sample weights or masks: {_spellings(f)}"
    ),
    Fact.SPELLED: _spelled,
    Fact.SAME_START: lambda f: f"{f.count} of them by value: other initializers, the same starting values to the bit",
    Fact.NO_COUNTERPART: _no_counterpart,
    Fact.REGROUPED: lambda f: (
        f"{_no_counterpart(f)}: the same may be joined in one array on one side, whose parts are not transferred"
    ),
}
