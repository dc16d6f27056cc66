"""Same trainable state and start?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from kerasdiff.align.edits import Aspect, Change, Edit, Update
from kerasdiff.align.pair import Joined, Pair
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph import Attribute, Node, Weight
from kerasdiff.options import Ignored
from kerasdiff.probing.observations import StoredValues
from kerasdiff.probing.prober import rank
from kerasdiff.probing.training.settings import Likeness, SettingsObservation, changed_keys, section_of
from kerasdiff.rungs.records import Rung, RungOutcome, WeightFigures
from kerasdiff.rungs.starting import (
    drawing_alike,
    drawn_on,
    one_to_one,
    other_fans,
    other_initializer,
    scaled_otherwise,
    started,
    twins,
)
from kerasdiff.side.observations import Section

SETTINGS = ("trainable", "initializer", "regularizer", "constraint", "dtype")


Judged = tuple[RungOutcome, tuple[Finding, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsCompared:
    """The settings of all pairs of weights, and what was compiled.

    Attributes:
        edits: One a layer that differs, then one for the compile settings.
        compared: Pairs of weights.
        hidden: Differences by what was ignored.
        spelled: Compile settings that read differently and do the same.
        unweighed: Those that do the same but where rows are weighed or masked.
    """

    edits: tuple[Edit, ...]
    compared: int
    hidden: Mapping[str, int] = field(default_factory=dict)
    spelled: tuple[Finding, ...] = ()
    unweighed: tuple[Finding, ...] = ()


def settings(
    pair: Pair,
    same_start: frozenset[str],
    ignore: tuple[Ignored, ...] = (),
    sampled: SettingsObservation | None = None,
) -> SettingsCompared:
    """Compares the settings of every pair of weights, and the compile settings.

    Args:
        pair: With the weights that correspond.
        same_start: Reference ids of weights that start from the same bytes, however their initializers read.
        ignore: What is left out; differences in it are counted.
        sampled: Whether sections of the compile settings do the same.
    """
    first, second = pair.weights
    homes = _homes(pair)
    sharing, begun = twins(pair), started(pair)
    hidden: Counter[str] = Counter()
    changed: dict[tuple[str, str], list[Change]] = {}
    joined = {names for one in pair.transfer.joined for names in one.pairs}
    known = [*one_to_one(pair), *sorted(joined)]
    for one, two in known:
        owners = first[one].owner, second[two].owner
        scaled = (one, two) not in joined  # of a joined weight, another scale at the start is told beside
        differing = _changes(first[one], second[two], same_start=one in same_start, scaled=scaled)
        for change in (*differing, *begun.get(one, ())):
            setting = "initializer" if change.name in ("fans", "start") else change.name
            if setting in ignore:
                hidden[setting] += 1
            else:
                changed.setdefault(owners, []).append(change)
        if one in sharing:
            changed.setdefault(owners, []).append(sharing[one])
    edits: list[Edit] = [
        _edit(owners, changes, homes.get(owners[0], (None, None))) for owners, changes in changed.items()
    ]
    edits += [_edit((nodes[0].scope, nodes[1].scope), [change], nodes) for nodes, change in drawing_alike(pair)]
    compiled = _by_likeness(pair, sampled or SettingsObservation(likeness={}))
    if "compile" in ignore:
        hidden["compile"] = sum(map(len, compiled.values()))
        compiled = {}
    return SettingsCompared(
        edits=(*edits, *_compile_edit(compiled)),
        compared=len(known),
        hidden={name: hidden[name] for name in ignore if name in (*SETTINGS, "compile")},
        spelled=_spelled(compiled.get("alike", [])),
        unweighed=_spelled(compiled.get("unweighted", [])),
    )


def weights(
    pair: Pair,
    seen: SettingsCompared,
    same_start: frozenset[str] = frozenset(),
    ignore: tuple[Ignored, ...] = (),
    values: StoredValues | None = None,
    *,
    learning_agrees: bool,
) -> Rung:
    """Says whether corresponding weights have the same settings, and each has a counterpart.

    Args:
        pair: With the weights that correspond.
        seen: Their settings.
        same_start: As of :func:`settings`.
        ignore: What was left out.
        values: What both sides hold, where they are saved files.
        learning_agrees: Whether the training step was compared and agrees, added losses and gradients included.
    """
    figures = WeightFigures(
        compared=seen.compared,
        reference=len(pair.weights[0]),
        candidate=len(pair.weights[1]),
        parameters=pair.parameters,
        ignored=seen.hidden,
    )
    if seen.edits:
        outcome, findings = _differing(pair, seen, learning_agrees=learning_agrees)
    else:
        left_out = ignore if all(map(_start_known, pair.weights)) else (*ignore, "initializer")
        outcome, findings = _agreeing(pair, seen, same_start, left_out)
    if values is not None and values.compared:
        outcome, findings = _with_values(values, outcome, findings)
    if seen.spelled:
        findings = *findings, Finding(fact=Fact.SPELLED_OTHERWISE, parts=seen.spelled)
    if seen.unweighed:
        findings = Finding(fact=Fact.ALIKE_UNWEIGHED, parts=seen.unweighed), *findings
        outcome = outcome if outcome == "different" else "failed"
    return Rung(name="weights", outcome=outcome, findings=findings, figures=figures, edits=seen.edits)


def _start_known(table: Mapping[str, Weight]) -> bool:
    """Whether a side says of any weight what it starts from, where it has weights: what holds values does not."""
    drawn = [weight for weight in table.values() if not weight.is_seed]
    return not drawn or any(weight.initializer is not None for weight in drawn)


def values_apart(values: StoredValues | None) -> tuple[Finding, ...]:
    """That two files hold other values, though no output tells them apart."""
    return () if values is None or values.differ or not values.beyond else (_stored(values),)


def _stored(values: StoredValues) -> Finding:
    """What two saved files hold, compared."""
    if not values.beyond:
        figures = {"rounding": values.rounding} if values.rounding else {}
        return Finding(fact=Fact.STORED_VALUES_AGREE, count=values.compared, figures=figures)
    worst = () if values.outputs is None else (max(values.outputs.compared, key=rank),)
    return Finding(
        fact=Fact.STORED_VALUES_DIFFER if values.differ else Fact.STORED_VALUES_APART,
        count=len(values.beyond),
        of=values.compared,
        weights=tuple(item.subject.weight for item in values.beyond),
        compared=values.beyond[0],
        parts=tuple(Finding(fact=Fact.AS_STORED, compared=item) for item in worst),
    )


def _with_values(values: StoredValues, outcome: RungOutcome, findings: tuple[Finding, ...]) -> Judged:
    """A judgement on settings with what the files hold: values that differ come first."""
    if not values.beyond:
        return outcome, (*findings, _stored(values))
    other: RungOutcome = "different" if values.differ else "advisory"
    return (outcome if outcome == "different" else other), (_stored(values), *findings)


def _differing(pair: Pair, seen: SettingsCompared, *, learning_agrees: bool) -> Judged:
    findings = Finding(fact=Fact.SETTINGS_DIFFER, count=len(seen.edits)), *_without_counterpart(pair)
    if learning_agrees and only_penalties(pair, seen.edits):
        return "advisory", (*findings, Finding(fact=Fact.PENALIZED_ALIKE))
    return "different", findings


def _agreeing(pair: Pair, seen: SettingsCompared, same_start: frozenset[str], ignore: tuple[Ignored, ...]) -> Judged:
    alone = _without_counterpart(pair)
    if all(pair.weights) and not seen.compared:
        return "failed", (Finding(fact=Fact.NO_PAIR_OF_WEIGHTS), *alone)
    laid, scaled = _layouts(pair)
    scaled = (*scaled, *drawn_on(pair))
    if "initializer" in ignore:
        scaled, same_start = (), frozenset()
    agree = Finding(fact=Fact.WEIGHTS_AGREE, count=seen.compared)
    if alone or scaled:
        return "advisory", (agree, *alone, *laid, *scaled)
    if not seen.compared:
        return "equal", (Finding(fact=Fact.NO_WEIGHTS),)
    names = "size" if laid else "shape", *(name for name in SETTINGS if name not in ignore)
    started = (Finding(fact=Fact.SAME_START, count=len(same_start)),) if same_start else ()
    return "equal", (replace(agree, names=names), *laid, *started)


def own_penalties(pair: Pair) -> tuple[Finding, ...]:
    """Regularizers of the user's own where they differ: their formulas are not compared, and may hold a bound."""
    for one, two in sorted(pair.transfer.pairs.items()):
        first, second = pair.weights[0].get(one), pair.weights[1].get(two)
        if first is None or second is None or first.regularizer == second.regularizer:
            continue
        for weight in (first, second):
            if weight.own_regularizer and weight.regularizer is not None:
                return (Finding(fact=Fact.OWN_PENALTY, names=(weight.regularizer,)),)
    return ()


def only_penalties(pair: Pair, edits: tuple[Edit, ...]) -> bool:
    """Whether regularizers alone differ, of weights that are trained: what is frozen is not penalized.

    A penalty may be a regularizer or a loss added by hand: where all losses and gradients agree, the models are
    penalized alike.
    """
    changes = [change for edit in edits if isinstance(edit, Update) for change in edit.changes]
    if any(change.aspect is not Aspect.WEIGHT or change.name != "regularizer" for change in changes):
        return False
    return not any(w.regularizer and not w.trainable for side in pair.descriptions for w in side.weights)


def _without_counterpart(pair: Pair) -> tuple[Finding, ...]:
    first, second = pair.weights
    paired = (*pair.transfer.pairs.items(), *(names for one in pair.transfer.joined for names in one.pairs))
    held, taken = ({names[side] for names in paired} for side in (0, 1))
    left = [name for name in first if name not in held and not first[name].is_seed]
    right = [name for name in second if name not in taken and not second[name].is_seed]
    if not (left or right):
        return ()
    return (Finding(fact=Fact.WITHOUT_COUNTERPART, weights=(*left, *right), values=(len(left), len(right))),)


def _layouts(pair: Pair) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Weights of one size whose axes are laid out differently, and those whose start therefore has another scale."""
    laid, scaled = [], []
    for one, two in sorted(pair.transfer.pairs.items()):
        a, b = pair.weights[0].get(one), pair.weights[1].get(two)
        transposed = two in pair.transfer.transposed
        if a is None or b is None or (a.shape == b.shape and not transposed):
            continue
        fact = Fact.TRANSPOSED if transposed else Fact.LAID_OUT
        laid.append(Finding(fact=fact, weights=(one, two), values=(a.shape, b.shape)))
        if scaled_otherwise(a.fans, b.fans):
            scaled.append(Finding(fact=Fact.OTHER_FANS, weights=(one, two), values=(a.fans, b.fans)))
    for one_joined in pair.transfer.joined:
        laid.append(_join(pair, one_joined))
        scaled += other_fans(pair, one_joined)
    return (
        (Finding(fact=Fact.LAYOUTS, parts=tuple(laid)),) if laid else (),
        (Finding(fact=Fact.START_SCALES, parts=tuple(scaled)),) if scaled else (),
    )


def _join(pair: Pair, joined: Joined) -> Finding:
    """That a weight of one side holds several of the other."""
    whole, part = pair.weights[joined.side][joined.whole], pair.weights[1 - joined.side][joined.parts[0]]
    return Finding(
        fact=Fact.JOINED,
        side=SIDES[joined.side],
        weights=(joined.whole, *joined.parts),
        values=(whole.shape, part.shape),
    )


def _by_likeness(pair: Pair, sampled: SettingsObservation) -> Mapping[Likeness, list[Change]]:
    """The compile settings by whether they do the same: what reads differently, and what two versions of Keras do."""
    first, second = (side.compiled or {} for side in pair.descriptions)
    changes: dict[Likeness, list[Change]] = {"alike": [], "unweighted": [], "unknown": []}
    for key in changed_keys(pair):
        section = section_of(key)
        alike = "unknown" if section is None else sampled.likeness.get(section, "unknown")
        changes[alike].append(Change(aspect=Aspect.COMPILE, name=key, values=(first.get(key), second.get(key))))
    one, two = (side.environment.get("keras", "") for side in pair.descriptions)
    for section, far in sampled.apart.items():
        change = Change(
            aspect=Aspect.COMPILE,
            name=section,
            values=(_called(first, section), _called(second, section)),
            far=far,
            occasion=sampled.occasions.get(section) or "",
            versions=(one, two),
        )
        changes["unknown"].append(change)
    return changes


def _called(compiled: Mapping[str, Attribute], section: Section) -> str:
    """What a section was given, without settings: ``Nadam``."""
    names = [key for key in compiled if section_of(key) == section]
    return ", ".join(str(compiled[key]) for key in names if not any(key.startswith(f"{other}.") for other in names))


def _compile_edit(compiled: Mapping[Likeness, list[Change]]) -> tuple[Update, ...]:
    """One edit of all that differs."""
    changes = tuple(compiled.get("unknown", ()))
    return (Update(op="compile", rung="weights", reference=None, candidate=None, changes=changes),) if changes else ()


def _spelled(changes: list[Change]) -> tuple[Finding, ...]:
    return tuple(Finding(fact=Fact.SPELLED, names=(change.name,), values=change.values) for change in changes)


def _changes(one: Weight, two: Weight, *, same_start: bool, scaled: bool = True) -> Iterator[Change]:
    """Differing settings of a pair of weights."""
    if one.is_seed:
        return
    initialized = True
    for name in SETTINGS:
        a, b = getattr(one, name), getattr(two, name)
        if name == "initializer" and (same_start or not other_initializer(one, two)):
            continue
        if a != b:
            initialized = initialized and name != "initializer"
            yield Change(aspect=Aspect.WEIGHT, name=name, values=(a, b), weight=one.name)
    scaled = scaled and one.shape == two.shape and scaled_otherwise(one.fans, two.fans)
    if scaled and initialized:  # another initializer says it all
        yield Change(aspect=Aspect.WEIGHT, name="fans", values=(one.fans, two.fans), weight=one.name)


Home = tuple[Node | None, Node | None]


def _homes(pair: Pair) -> dict[str, Home]:
    """For each layer path of the reference, the pair of nodes that holds its weights."""
    homes: dict[str, Home] = {}
    for aligned in pair.modes.values():
        for node in aligned.graphs[0]:
            counterpart = aligned.nodes[1].get(aligned.alignment.nodes.get(node.id, ""))
            for name in node.weights:
                if name in pair.weights[0]:
                    homes.setdefault(pair.weights[0][name].owner, (node, counterpart))
    return homes


def _edit(owners: tuple[str, str], changes: list[Change], home: Home) -> Update:
    one, two = home
    return Update(
        op=one.op if one is not None else "weights",
        rung="weights",
        reference=None if one is None else Site.of(one),
        candidate=None if two is None else Site.of(two),
        changes=tuple(changes),
        owners=owners,
    )
