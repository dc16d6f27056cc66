"""Same inputs and outputs?"""

from __future__ import annotations

from kerasdiff.align.pair import Correspondence
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import Port
from kerasdiff.options import Ignored
from kerasdiff.rungs.records import InterfaceFigures, Rung
from kerasdiff.rungs.returned import returned_otherwise
from kerasdiff.side.records import Description


def interface(pair: Correspondence, ignore: tuple[Ignored, ...] = ()) -> Rung:
    """Compares number, order, shape and dtype of inputs and outputs, and all else that a call returns.

    Names count for dicts alone.

    Outputs that a user gave the same names in another order are other outputs: their targets go by that order. Where
    names are ignored, inputs stand for each other by position, and the figure ``ignored`` counts what is called
    otherwise.
    """
    reference, candidate = pair.descriptions
    named = "names" not in ignore
    problems = [*_ports("input", reference.inputs, candidate.inputs)]
    if reference.outputs and candidate.outputs:
        problems += _ports("output", reference.outputs, candidate.outputs)
    if named:
        problems += _swapped(reference, candidate)
    renamed = _renamed(reference, candidate)
    if renamed and named and sorted(_names(reference)) != sorted(_names(candidate)):
        problems.append(Finding(fact=Fact.OTHER_KEYS, parts=renamed))
    structure = returned_otherwise(reference, candidate, named=named)
    problems += [finding for finding in structure if finding.fact is Fact.RETURNED_OTHERWISE]
    if _unknown(reference) or _unknown(candidate):
        unknown = Finding(fact=Fact.OUTPUTS_UNKNOWN)
        return Rung(name="interface", outcome="advisory", findings=(*problems, unknown))
    figures = InterfaceFigures(ignored={} if named else {"names": len(renamed)})
    if problems:
        return Rung(name="interface", outcome="different", findings=tuple(problems), figures=figures)
    same = Finding(
        fact=Fact.SAME_INTERFACE,
        ports=(*reference.inputs, *reference.outputs),
        count=len(reference.inputs),
    )
    notes = (finding for finding in structure if finding.fact is Fact.OTHER_SEQUENCE)
    return Rung(name="interface", outcome="equal", findings=(same, *notes), figures=figures)


def _unknown(description: Description) -> bool:
    """Whether nothing is known of what the call returns: a model may return no tensor at all."""
    return not (description.outputs or description.returned)


def _ports(kind: str, reference: tuple[Port, ...], candidate: tuple[Port, ...]) -> list[Finding]:
    """How many there are, or which of them differ."""
    if len(reference) != len(candidate):
        counts = len(reference), len(candidate)
        return [Finding(fact=Fact.PORT_COUNT, names=(kind,), values=counts)]
    return [
        Finding(fact=Fact.PORT_DIFFERS, names=(kind,), count=number, ports=(one, two))
        for number, (one, two) in enumerate(zip(reference, candidate, strict=True))
        if not _same(one, two, tolerant=kind == "output")
    ]


def _swapped(reference: Description, candidate: Description) -> list[Finding]:
    """Outputs that have the same names of the user's in another order."""
    ends = [tuple(port.name for port in side.outputs if port.chosen) for side in (reference, candidate)]
    if ends[0] == ends[1] or sorted(ends[0]) != sorted(ends[1]) or len(ends[0]) != len(reference.outputs):
        return []
    return [Finding(fact=Fact.OUTPUTS_SWAPPED, values=(ends[0], ends[1]))]


def _names(description: Description) -> list[str]:
    return [port.name for port in description.inputs]


def _renamed(reference: Description, candidate: Description) -> tuple[Finding, ...]:
    """Inputs at one position that are called otherwise, where names mean something.

    Keys of a dict always do; names of arguments only where both sides have the same ones, in another order.
    """
    first, second = _names(reference), _names(candidate)
    keyed = reference.keyed_inputs and candidate.keyed_inputs
    ordered = (reference.named_inputs or candidate.named_inputs) and sorted(first) == sorted(second)
    if not (keyed or ordered):
        return ()
    pairs = zip(first, second, strict=False)
    return tuple(Finding(fact=Fact.RENAMED_INPUT, values=(one, two)) for one, two in pairs if one != two)


def _same(one: Port, two: Port, *, tolerant: bool) -> bool:
    """Whether shape and dtype agree; an unknown dimension of an output is no other one, the probes show its size."""
    first, second = one.spec.shape, two.spec.shape
    if one.spec.dtype != two.spec.dtype:
        return False
    if first == second or not tolerant:
        return first == second
    if first is None or second is None:
        return True
    return len(first) == len(second) and all(
        a is None or b is None or a == b for a, b in zip(first, second, strict=True)
    )
