"""Same inputs and outputs?"""

from __future__ import annotations

from kerasdiff.comparison import Rung
from kerasdiff.options import Ignored
from kerasdiff.side.records import Description, Port


def interface(reference: Description, candidate: Description, ignore: tuple[Ignored, ...] = ()) -> Rung:
    """Compares number, order, shape and dtype of inputs and outputs; names count for dict inputs alone.

    Outputs that a user gave the same names in another order are other outputs: their targets go by that order. Where
    names are ignored, inputs stand for each other by position, and the figure ``ignored`` counts what is called
    otherwise.
    """
    problems: list[str] = []
    for name, first, second in (
        ("inputs", reference.inputs, candidate.inputs),
        ("outputs", reference.outputs, candidate.outputs),
    ):
        if name == "outputs" and not (first and second):
            continue
        if len(first) != len(second):
            problems.append(f"reference has {len(first)} {name}, candidate {len(second)}")
            continue
        for number, (one, two) in enumerate(zip(first, second, strict=True)):
            if not _same(one, two, loose=name == "outputs"):
                problems.append(f"{name[:-1]} {number}: {shown(one)} in the reference, {shown(two)} in the candidate")
    ends = [[port.name for port in side.outputs if port.chosen] for side in (reference, candidate)]
    swapped = ends[0] != ends[1] and sorted(ends[0]) == sorted(ends[1]) and len(ends[0]) == len(reference.outputs)
    if swapped and "names" not in ignore:
        problems.append(f"outputs {', '.join(ends[0])} in the reference, {', '.join(ends[1])} in the candidate")
    renamed = _renamed(reference, candidate)
    figures = {"ignored": {"names": len(renamed)}} if "names" in ignore else {}
    if renamed and "names" not in ignore and sorted(_names(reference)) != sorted(_names(candidate)):
        problems.append(f"both take a dict, with other keys: {', '.join(renamed)}")
    if not reference.outputs or not candidate.outputs:
        text = "; ".join([*problems, "outputs are not known before a run: a model could not be traced"])
        return Rung(name="interface", outcome="advisory", detail=text)
    if problems:
        return Rung(name="interface", outcome="different", detail="; ".join(problems), figures=figures)
    inputs = ", ".join(shown(port) for port in reference.inputs)
    outputs = ", ".join(shown(port) for port in reference.outputs)
    return Rung(name="interface", outcome="equal", detail=f"{inputs} → {outputs} on both sides", figures=figures)


def _names(description: Description) -> list[str]:
    return [port.name for port in description.inputs]


def _renamed(reference: Description, candidate: Description) -> tuple[str, ...]:
    """Inputs at one position that are called otherwise, where names mean something.

    Keys of a dict always do; names of arguments only where both sides have the same ones, in another order.
    """
    first, second = _names(reference), _names(candidate)
    keyed = reference.keyed_inputs and candidate.keyed_inputs
    ordered = (reference.named_inputs or candidate.named_inputs) and sorted(first) == sorted(second)
    if not (keyed or ordered):
        return ()
    return tuple(f"{one} against {two}" for one, two in zip(first, second, strict=False) if one != two)


def _same(one: Port, two: Port, *, loose: bool) -> bool:
    """Whether shape and dtype agree; an unknown dimension of an output is no other one, the probes show its size."""
    first, second = one.spec.shape, two.spec.shape
    if one.spec.dtype != two.spec.dtype:
        return False
    if first == second or not loose:
        return first == second
    if first is None or second is None:
        return True
    return len(first) == len(second) and all(
        a is None or b is None or a == b for a, b in zip(first, second, strict=True)
    )


def shown(port: Port) -> str:
    """``input float32 (None, 32, 32, 3)``."""
    return f"{port.name} {port.spec.dtype} {port.spec.shape}"
