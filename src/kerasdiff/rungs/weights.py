"""Same trainable state and start?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from kerasdiff.align.edits import Edit, changed_settings, place
from kerasdiff.comparison import Rung
from kerasdiff.graph import Node, Weight
from kerasdiff.graph.index import index
from kerasdiff.options import Ignored
from kerasdiff.probing.prober import both
from kerasdiff.rungs.architecture import Structure
from kerasdiff.side.records import Description, Side

SETTINGS = ("trainable", "initializer", "regularizer", "constraint", "dtype")


def weights(
    structure: Structure,
    pairs: Mapping[str, str],
    reference: Description,
    candidate: Description,
    sides: tuple[Side, Side],
    ignore: tuple[Ignored, ...] = (),
    transposed: Set[str] = frozenset(),
) -> tuple[Rung, tuple[Edit, ...]]:
    """Compares the settings of every pair of weights; one edit per layer that differs.

    Differences in what is ignored are counted in the figure ``ignored``, by name; ``transposed`` are the candidate's
    weights that hold the transposed matrix.
    """
    first = {weight.id: weight for weight in reference.weights}
    second = {weight.id: weight for weight in candidate.weights}
    homes = _homes(structure)
    grouped: dict[str, dict[str, tuple[Any, Any]]] = {}
    compared = 0
    hidden: Counter[str] = Counter()
    same_start = _same_start(pairs, first, second, sides)
    twins = _twins(structure, pairs, first, second)
    for one, two in sorted(pairs.items()):
        if one not in first or two not in second:
            continue
        compared += 1
        for name, (setting, *values) in _changes(first[one], second[two], same_start=one in same_start).items():
            if setting in ignore:
                hidden[setting] += 1
                continue
            grouped.setdefault(first[one].owner, {})[name] = (values[0], values[1])
            homes.setdefault(first[one].owner, (None, None))
        if one in twins:
            grouped.setdefault(first[one].owner, {})["seed"] = twins[one]
            homes.setdefault(first[one].owner, (None, None))
    compiled = _compiled(reference, candidate)
    if "compile" in ignore:
        hidden["compile"] = sum(len(edit.attributes) for edit in compiled)
        compiled = ()
    edits = (*(_edit(owner, changes, homes[owner]) for owner, changes in grouped.items()), *compiled)
    counts = _counts(reference), _counts(candidate)
    figures = {
        "compared": compared,
        "reference": len(first),
        "candidate": len(second),
        "parameters": list(counts),
        "ignored": {name: hidden[name] for name in ignore if name in (*SETTINGS, "compile")},
    }
    loose = [name for name in first if name not in pairs and not first[name].is_seed]
    extra = [name for name in second if name not in set(pairs.values()) and not second[name].is_seed]
    tail = ""
    if loose or extra:
        tail = f"; without a counterpart: {len(loose)} in the reference, {len(extra)} in the candidate"
        listed = (loose + extra)[:4]
        tail += f" ({', '.join(listed)}{', …' if len(loose + extra) > 4 else ''})"
    if edits:
        named = "; ".join(edit.message for edit in edits[:3])
        return Rung(name="weights", outcome="different", detail=f"{named}{tail}", figures=figures), edits
    if first and second and not compared:
        return Rung(name="weights", outcome="failed", detail=f"no weight has a counterpart{tail}", figures=figures), ()
    laid, scaled = _layouts(first, second, pairs, transposed)
    scaled = "" if "initializer" in ignore else scaled
    settings = [name for name in SETTINGS if name not in ignore]
    if loose or extra or scaled:
        detail = f"{compared} pairs of weights agree{tail}{scaled}"
        return Rung(name="weights", outcome="advisory", detail=detail, figures=figures), ()
    detail = (
        f"{compared} pairs of weights agree in {'size' if laid else 'shape'}, {', '.join(settings)}{laid}"
        if compared
        else "neither model has weights"
    )
    if same_start and "initializer" not in ignore:
        detail += f"; {len(same_start)} of them by value: other initializers, the same starting values to the bit"
    return Rung(name="weights", outcome="equal", detail=detail, figures=figures), ()


PENALTY = "_regularizer"
"""Ends the name of a weight's regularizer in an edit."""

KERAS_PENALTIES = ("l1(", "l2(", "l1_l2(", "orthogonal_regularizer(")
"""Keras's own regularizers: sums over the values of a weight without a bound, so that numbers tell all of them."""


def penalized_otherwise(
    rung: Rung, edits: Sequence[Edit], learning: Rung, descriptions: tuple[Description, Description]
) -> tuple[Rung, tuple[str, ...]]:
    """The weights rung in the light of the training step: a penalty may be a regularizer or a loss added by hand.

    Where regularizers alone differ, of weights that are trained, and all losses and gradients agree, the models are
    penalized alike. A regularizer of the user's own, whose formula may hold a bound, leaves a doubt.

    Returns:
        The rung, and the doubts that stand against an equivalence.
    """
    changes = [item for edit in edits for item in edit.attributes.items()]
    if (rung.outcome, learning.outcome) != ("different", "equal") or not all(n.endswith(PENALTY) for n, _ in changes):
        return rung, ()
    if any(weight.regularizer and not weight.trainable for side in descriptions for weight in side.weights):
        return rung, ()  # what is frozen is not penalized, so no number tells
    told = "; all added losses and gradients agree, so the penalties do: one side adds them by other means"
    found = replace(rung, outcome="advisory", detail=f"{rung.detail}{told}")
    own = [text for _, values in changes for text in values if text and not str(text).startswith(KERAS_PENALTIES)]
    if not own:
        return found, ()
    return found, (f"a regularizer of one's own ({own[0]}) against another penalty, whose formulas are not compared",)


def _layouts(
    first: Mapping[str, Weight], second: Mapping[str, Weight], pairs: Mapping[str, str], transposed: Set[str]
) -> tuple[str, str]:
    """Weights of one size whose axes are laid out differently, and those whose start therefore has another scale."""
    laid, scaled = [], []
    for one, two in sorted(pairs.items()):
        a, b = first.get(one), second.get(two)
        if a is None or b is None or (a.shape == b.shape and two not in transposed):
            continue
        laid.append(f"{one} {a.shape} as {two} {b.shape}{', transposed' if two in transposed else ''}")
        if a.fans != b.fans and None not in (a.fans, b.fans):
            scaled.append(f"{one} by fans {a.fans}, {two} by {b.fans}")

    def told(lead: str, items: list[str]) -> str:
        return f"; {lead}: {', '.join(items[:3])}{', …' if len(items) > 3 else ''}" if items else ""

    return told("laid out differently", laid), told("the same initializer draws another scale", scaled)


def _same_start(
    pairs: Mapping[str, str], first: Mapping[str, Weight], second: Mapping[str, Weight], sides: tuple[Side, Side]
) -> frozenset[str]:
    """Reference ids of the pairs whose initializers read differently and still give the same bytes from one seed.

    A model that was saved and loaded starts from given values and its original from drawn ones: the same values.
    """
    asked = [
        (one, two)
        for one, two in sorted(pairs.items())
        if one in first and two in second and not first[one].is_seed and _other_initializer(first[one], second[two])
    ]
    if not asked:
        return frozenset()
    names = tuple(zip(*asked, strict=True))
    ones, twos = both(lambda side: sides[side].start_digests(names[side]))
    return frozenset(one for one, two in asked if ones[one] == twos[two])


def _twins(
    structure: Structure, pairs: Mapping[str, str], first: Mapping[str, Weight], second: Mapping[str, Weight]
) -> Mapping[str, tuple[str, str]]:
    """Generators that draw the same numbers as others (equal seeds) on one side alone, with what each side does.

    Two Dropout layers with one seed drop the same units; seeds that differ, or none, are no difference.
    """
    groups = tuple(_alike(structure, side, weights) for side, weights in enumerate((first, second)))
    found = {}
    for one, two in sorted(pairs.items()):
        if one in groups[0] and two in groups[1] and {pairs.get(name) for name in groups[0][one]} != groups[1][two]:
            found[one] = _drawn_as(one, groups[0][one]), _drawn_as(two, groups[1][two])
    return found


def _alike(structure: Structure, side: int, weights: Mapping[str, Weight]) -> Mapping[str, set[str]]:
    """For each generator that is drawn from, those of the same seed, itself among them."""
    graphs = [(item.reference, item.candidate)[side].graph for item in structure.modes.values()]
    used = {name for graph in graphs for node in graph for name in node.weights if name in weights}
    seeds = {name: weights[name].twin or name for name in used if weights[name].is_seed}
    return {name: {other for other in seeds if seeds[other] == seed} for name, seed in seeds.items()}


def _drawn_as(name: str, alike: set[str]) -> str:
    others = sorted(other.rpartition("/")[0] for other in alike - {name})
    return f"the same as {' and '.join(others)}" if others else "of its own"


def _other_initializer(one: Weight, two: Weight) -> bool:
    """Whether both initializers are known and read differently."""
    return None not in (one.initializer, two.initializer) and one.initializer != two.initializer


def _compiled(reference: Description, candidate: Description) -> tuple[Edit, ...]:
    """One edit where both models are compiled, and differently: optimizer, loss, metrics."""
    first, second = reference.compiled, candidate.compiled
    if first is None or second is None or first == second:
        return ()
    changed = {key for key in {*first, *second} if first.get(key) != second.get(key)}
    keys = sorted(key for key in changed if key.rpartition(".")[0] not in changed)  # another class has other settings
    changes = {key: (first.get(key), second.get(key)) for key in keys}
    return (
        Edit(
            kind="update",
            op="compile",
            rung="weights",
            reference=None,
            candidate=None,
            after={"reference": None, "candidate": None},
            attributes=changes,
            message=f"compile settings: {changed_settings(changes)}",
        ),
    )


def _counts(description: Description) -> int:
    return sum(weight.size for weight in description.weights if not weight.is_seed)


def _changes(one: Weight, two: Weight, *, same_start: bool) -> dict[str, tuple[str, Any, Any]]:
    """Differing settings by their name in an edit: the setting, the reference's value, the candidate's."""
    changes: dict[str, tuple[str, Any, Any]] = {}
    if one.is_seed:
        return changes
    for setting in SETTINGS:
        a, b = getattr(one, setting), getattr(two, setting)
        if setting == "initializer" and (same_start or not _other_initializer(one, two)):
            continue
        if a != b:
            cut_point = "." if setting in ("trainable", "dtype") else "_"
            changes[f"{one.name}{cut_point}{setting}"] = (setting, a, b)
    scaled = one.shape == two.shape and one.fans != two.fans and None not in (one.fans, two.fans)
    if scaled and f"{one.name}_initializer" not in changes:  # another initializer says it all
        changes[f"{one.name}_initializer_fans"] = ("initializer", one.fans, two.fans)
    return changes


def _homes(structure: Structure) -> dict[str, tuple[Node | None, Node | None]]:
    """For each layer path of the reference, the pair of nodes that holds its weights."""
    found: dict[str, tuple[Node | None, Node | None]] = {}
    for item in structure.modes.values():
        right = index(item.candidate.graph).nodes
        for node in item.reference.graph:
            other = right.get(item.alignment.nodes.get(node.id, ""))
            for weight in node.weights:
                found.setdefault(weight.rpartition("/")[0], (node, other))
    return found


def _edit(owner: str, changes: Mapping[str, tuple[Any, Any]], home: tuple[Node | None, Node | None]) -> Edit:
    one, two = home
    where = " and ".join(dict.fromkeys(str(n.source) for n in (one, two) if n is not None and n.source is not None))
    return Edit(
        kind="update",
        op=one.op if one is not None else "weights",
        rung="weights",
        reference=None if one is None else place(one),
        candidate=None if two is None else place(two),
        after={"reference": None, "candidate": None},
        attributes=dict(changes),
        message=f"weights of {owner or 'the model'}{f' ({where})' if where else ''}: {_in_words(changes)}",
    )


def _in_words(changes: Mapping[str, tuple[Any, Any]]) -> str:
    """Changed settings, those that change alike together: ``bias and kernel frozen in the reference, …``."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for name, (a, b) in changes.items():
        role, dot, setting = name.rpartition(".")
        if not dot:
            role, setting = name, ""
            if name.endswith("_fans"):
                role, setting = name.removesuffix("_fans"), "for inputs and outputs"
        alike.setdefault((setting, _value(setting, a), _value(setting, b)), []).append(role)
    found = []
    for (setting, one, two), names in alike.items():
        what = " ".join(part for part in (" and ".join(names), setting if setting != "trainable" else "") if part)
        found.append(f"{what} {one} in the reference, {two} in the candidate")
    return ", and ".join(found)


def _value(setting: str, value: Any) -> str:
    if setting == "trainable":
        return "trainable" if value else "frozen"
    text = str(value)
    if text.startswith("value drawn"):
        return f"values {text.removeprefix('value ')}"
    return f"given values (digest {text.removeprefix('value ')})" if text.startswith("value ") else text
