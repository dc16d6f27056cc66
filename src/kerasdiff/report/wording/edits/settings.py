"""Which settings does an edit change, and from what to what? As the JSON report lists them, and as a list below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from kerasdiff.align.edits import Aspect, Change, Edit, Part, Update
from kerasdiff.graph import Attribute
from kerasdiff.report.wording.edits import draws, formulas
from kerasdiff.report.wording.edits.contrast import contrasts
from kerasdiff.report.wording.names import name_of, shown

Values = tuple[Attribute, Attribute]

NOTHING_MORE = "nothing more"
"""Where one side computes all that the other does."""

_KEYS: Mapping[Aspect, str] = {
    Aspect.OP: "op",
    Aspect.COMPUTATION: "computation",
    Aspect.WIRING: "wiring",
    Aspect.BAKED: "constants",
    Aspect.UNTRACKED: "untracked",
    Aspect.DTYPE: "dtype",
    Aspect.SEED: "seed",
    Aspect.GENERATOR: "random numbers",
    Aspect.VARIANCE: "variance",
    Aspect.DRAWN: "shape of random numbers",
}
"""Names of changes that have none of their own, in the JSON report."""


def attributes(edit: Edit) -> dict[str, Values]:
    """Changed settings as the JSON report lists them: ``{name: (reference value, candidate value)}``.

    ``kernel.trainable``, ``kernel_initializer``, ``kernel_initializer_fans`` and ``kernel_initializer_start`` for the
    settings of a weight,
    ``call.training`` for an argument of the call, and the words of ``_KEYS``; else the setting's own name.
    """
    if not isinstance(edit, Update) or not edit.changes:
        return {}
    functions = edit.changes[0].formulas
    if functions is not None:
        ways = edit.changes[0].ways
        return {"computation": (", ".join(ways[0]), ", ".join(ways[1]))} if any(ways) else formulas.values(*functions)
    named = {key(change): values_of(change) for change in edit.changes}
    if replaces(edit) and edit.reference is not None and edit.candidate is not None:
        sides = zip((edit.reference, edit.candidate), edit.changes[0].ways, strict=True)
        first, second = (", ".join(ops) or name_of(site) for site, ops in sides)
        named[_KEYS[Aspect.OP]] = first, second
    return named


def replaces(edit: Update) -> bool:
    """Whether a node does something else, not the same with other settings."""
    return any(change.aspect is Aspect.OP for change in edit.changes)


def key(change: Change) -> str:
    """What a change is called."""
    if change.aspect is Aspect.CALL:
        return f"call.{change.name}"
    if change.aspect is Aspect.WEIGHT:
        joined = _JOINED.get(change.name, "_")
        return f"{change.weight}{joined}{change.name}"
    return _KEYS.get(change.aspect, change.name)


_JOINED: Mapping[str, str] = {"trainable": ".", "dtype": ".", "fans": "_initializer_", "start": "_initializer_"}
"""What stands between the role of a weight and one of its settings, where that is no ``_``."""


def values_of(change: Change) -> Values:
    """Both values of a change, as plain data."""
    first, second = change.values
    if change.aspect is Aspect.COMPUTATION:
        return _parts_told(change)
    if change.baked is not None:
        weight = f"weight {change.baked.weight}"
        return ("constant", weight) if change.baked.side == "reference" else (weight, "constant")
    if change.aspect is Aspect.WIRING:
        return "one way", "another way, or in a loop body"
    if change.drawn[0]:
        return draws.values(change)
    if change.far:
        return f"{first} of Keras {change.versions[0]}", f"{second} of Keras {change.versions[1]}"
    told = _start if (change.aspect, change.name) == (Aspect.WEIGHT, "start") else _TOLD.get(change.aspect)
    return (first, second) if told is None else (told(first), told(second))


_ORIGINS: Mapping[str, str] = {
    "own": "from a seed generator of the model",
    "global": "from Keras's global generator",
    "outside": "from a seed generator that the model does not hold",
    "kernel": "from the backend's own generator",
    "fixed": "by a fixed seed, the same ones in every call,",
}
"""Where random numbers come from, by what :func:`kerasdiff.graph.chance.draws_from` says."""


_VARIANCES: Mapping[bool, str] = {
    False: "the variance of the batch",
    True: "the variance of the batch times n / (n - 1)",
}
"""What a moving variance follows, by whether it is corrected for the size of the sample."""


def _texts(value: Attribute) -> Sequence[str]:
    return [str(item) for item in value] if isinstance(value, Sequence) else []


def _same_seed(owners: Attribute) -> str:
    return f"the same as {' and '.join(_texts(owners))}" if owners else "of its own"


def _start(weight: Attribute) -> str:
    return "its own" if weight is None else f"the random numbers of {weight}"


_TOLD: Mapping[Aspect, Callable[[Attribute], str]] = {
    Aspect.UNTRACKED: lambda value: ", ".join(_texts(value)) or "none",
    Aspect.GENERATOR: lambda value: _ORIGINS[str(value)],
    Aspect.VARIANCE: lambda value: _VARIANCES[bool(value)],
    Aspect.DRAWN: lambda value: " and ".join(_texts(value)),
    Aspect.DTYPE: lambda value: ", ".join(_texts(value)),
    Aspect.SEED: _same_seed,
}
"""How the value of a change reads, by what changes."""


def parts_listed(change: Change) -> tuple[list[str], list[str]]:
    """What either side alone computes, as a reader knows it; to the last digit where that alone tells them apart."""
    told = [sorted(map(part_of, parts)) for parts in change.parts]
    rounded, exact = ([[part[at] for part in side] for side in told] for at in (0, 1))
    first, second = exact if rounded[0] == rounded[1] else rounded
    return first, second


def _parts_told(change: Change) -> tuple[str, str]:
    """The same in full, as data."""
    first, second = (", ".join(parts) or NOTHING_MORE for parts in parts_listed(change))
    return first, second


def part_of(part: Part) -> tuple[str, str]:
    """An op or a constant: as a reader knows it, and to the last digit."""
    if part.op:
        return part.op, part.op
    return f"constant {shown(part.constant)}", f"constant {part.constant!r}"


# Below a sentence, in a list ---------------------------------------------------------------------------------

SAID = frozenset({Aspect.COMPUTATION, Aspect.FORMULA, Aspect.OP, Aspect.WIRING})
"""Changes that are no settings: the edit's message says what there is to say."""


def standing(edit: Edit, side: int) -> str:
    """Where an edit stands on a side, 0 for the reference: its node and line, or the node it is missing after."""
    site, after = edit.sites[side], edit.after[side]
    if site is None:
        return f"no {edit.op} after {after}" if after else f"no such {edit.op}"
    source = "" if site.source is None else f"{site.source}  "
    return f"{source}{site.node}" + (f" after {after}" if after else "")


def settings(edit: Edit) -> tuple[str, ...]:
    """Each changed setting with both values."""
    if not isinstance(edit, Update):
        return ()
    others = replace(edit, changes=tuple(item for item in edit.changes if item.aspect not in SAID))
    return tuple(
        f"{apart.what}: {apart.reference} → {apart.candidate}"
        for name, values in attributes(others).items()
        for apart in contrasts(name, *values)
    )
