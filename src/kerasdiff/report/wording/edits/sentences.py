"""What does an edit say? One sentence, whatever its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kerasdiff.align.edits import (
    Aspect,
    Change,
    Delete,
    Edit,
    Insert,
    MaskIgnored,
    MaskLost,
    MaskRemade,
    Move,
    Neighbour,
    OtherOperands,
    OtherSharing,
    Residual,
    Rewire,
    Update,
)
from kerasdiff.findings import Site, other
from kerasdiff.graph import Attribute
from kerasdiff.probing.numbers.limits import FIGURE_LIMIT
from kerasdiff.report.wording.edits import draws, folded, formulas
from kerasdiff.report.wording.edits.contrast import Contrast, contrasts, uncoded
from kerasdiff.report.wording.edits.settings import key, part_of, parts_listed, replaces, values_of
from kerasdiff.report.wording.names import call_of, calls_of, fans, given_to, listed, name_of, shown_setting


def message(edit: Edit) -> str:
    """One sentence, without a capital and a full stop, that names both sides and their lines."""
    text = f"{_message(edit)}{f', {edit.times} times' if edit.times > 1 else ''}"
    return text if len(text) <= MOST_SAID else f"{text[: MOST_SAID - 1].rstrip()}…"


MOST_SAID = 300
"""Characters of a sentence; what is longer is read by nobody, and the attributes hold it."""


def _message(edit: Edit) -> str:
    if isinstance(edit, Insert | Delete):
        return _one_sided(edit)
    if isinstance(edit, Update):
        return _update(edit)
    if isinstance(edit, Move):
        return _move(edit)
    return _rewire(edit)


def begins_with_a_name(edit: Edit) -> bool:
    """Whether the message begins with the id of a node, which no sentence may write with a capital."""
    if isinstance(edit, Update):
        told_by_side = edit.changes[0].baked is not None or (edit.folded and edit.changes[0].aspect is Aspect.CALL)
        otherwise = replaces(edit) or of_another_class(edit)
        return edit.rung == "architecture" and not otherwise and not told_by_side
    return isinstance(edit, Move) or (isinstance(edit, Rewire) and isinstance(edit.wiring, OtherOperands | MaskRemade))


# One side alone ----------------------------------------------------------------------------------------------


def _one_sided(edit: Insert | Delete) -> str:
    has, site, after = "candidate", edit.candidate, edit.after[::-1]
    if isinstance(edit, Delete):
        has, site, after = "reference", edit.reference, edit.after
    lacks = "reference" if has == "candidate" else "candidate"
    assert site is not None
    if edit.unmasked:
        return folded.unmasked(edit, has, site)
    if edit.branch:
        return folded.branch(edit, has, site)
    if edit.inside:
        return f"{has} computes {' and '.join(edit.inside)} inside {call_of(site)}, but {lacks} does not"
    line = f" ({site.source})" if site.source else ""
    if edit.backwards is not None:
        what = f"{call_of(edit.backwards)} runs backwards (go_backwards=True)"
        return f"{has} flips the sequence{line}, but {lacks} does not; {what}"
    masking = {"with": " with the mask", "as": " as a mask", "": ""}[edit.mask]
    there = f"applies none after {after[1]}" if after[1] and after[1] != after[0] else "does not"
    called = formulas.told(edit.formula) if edit.formula is not None else f"{name_of(site)}{given_to(site)}"
    what = f"{called}{masking}{_between(edit)}{line}"
    return f"{has} applies {what}, but {lacks} {there}"


def _between(edit: Insert | Delete) -> str:
    """The neighbours of a node that the other side lacks, by name."""
    if edit.formula is not None:
        source = edit.after[1] if isinstance(edit, Insert) else edit.after[0]
        return f" to {source}"
    if edit.operands:
        return f" to {listed(list(dict.fromkeys(edit.operands)) if len(edit.operands) > 2 else edit.operands)}"
    before, after = edit.between
    if before and after:
        return f" between {before} and {after}"
    return f" after {before}" if before else f" before {after}" if after else ""


# Other settings ----------------------------------------------------------------------------------------------


def _update(edit: Update) -> str:
    if any(change.aspect is Aspect.COMPILE for change in edit.changes):
        return f"compile settings: {changed_settings(edit.changes)}"
    if edit.rung == "weights":
        return f"weights of {_owners(edit)}: {_weight_settings(edit.changes)}"
    if edit.folded and edit.changes[0].aspect is Aspect.CALL:
        return folded.mode(edit, edit.changes[0])
    assert edit.reference is not None
    assert edit.candidate is not None
    if replaces(edit):
        had, has = folded.replaced(edit, edit.reference, edit.candidate)
        drawn = "".join(f": {text}" for change in edit.changes for text in draws.varying(change))
        return f"candidate has {has} in the place of {had}{drawn}"
    functions = edit.changes[0].formulas
    if functions is not None and edit.changes[0].within:
        first, second = formulas.both(*functions)
        both = calls_of(edit.reference, edit.candidate)
        return f"{both}: computes {first} in the reference, {second} in the candidate"
    if functions is not None:
        return folded.functions(edit.reference, edit.candidate, edit.changes[0])
    if edit.changes[0].baked is not None:
        return folded.baked(edit.reference, edit.candidate, edit.changes[0].baked)
    return _other_settings(edit, edit.reference, edit.candidate)


def _other_settings(edit: Update, reference: Site, candidate: Site) -> str:
    """The settings of one node, or of two layers that take other arguments."""
    if of_another_class(edit):
        had, has = (f"{call_of(site)}{_set_to(edit, side)}" for side, site in enumerate((reference, candidate)))
        return f"candidate has {has} in the place of {had}"
    first = edit.changes[0]  # what either side computes, or how it is connected, is never told with anything else
    if first.aspect is Aspect.WIRING:
        text = "the same operations inside, connected in another way"
    else:
        text = _computation(first) if first.aspect is Aspect.COMPUTATION else changed_settings(edit.changes)
    return f"{calls_of(reference, candidate)}: {text}"


def _owners(edit: Update) -> str:
    """The layers that hold the weights and where they stand: in one breath where both sides call them the same."""
    one, two = ((f"{site.source}",) if site is not None and site.source is not None else () for site in edit.sites)
    first, second = (owner or "the model" for owner in edit.owners)
    if first == second:
        return f"{first}{_bracketed(tuple(dict.fromkeys((*one, *two))))}"
    return f"{first}{_bracketed(one)} → {second}{_bracketed(two)}"


def _bracketed(lines: tuple[str, ...]) -> str:
    return f" ({' and '.join(lines)})" if lines else ""


def of_another_class(edit: Update) -> bool:
    """Whether two layers of one op take other arguments, so that neither can be given those of the other."""
    one, two = edit.sites
    if one is None or two is None or one.display == two.display:
        return False
    given = draws.causes(edit.changes)
    own = [change for change in given if None in change.values]
    return bool(own) and all(change.aspect is Aspect.SETTING for change in given)


def _set_to(edit: Update, side: int) -> str:
    """What differs in the settings of a side, with the word before it."""
    given = draws.causes(edit.changes)
    set_to = [(change.name, change.values[side]) for change in given if change.values[side] not in (None, {})]
    told = [f"{name}={uncoded(shown_setting(name, value))}" for name, value in set_to[:MOST_SETTINGS]]
    return f" with {listed(told)}" if told else ""


def _computation(change: Change) -> str:
    first, second = map(_few, parts_listed(change))
    if all(parts and not min(parts, key=part_of).op for parts in change.parts):  # both lists begin with a constant
        return f"computes with {first} in the reference, {second} in the candidate"
    sides = zip(("reference", "candidate"), change.parts, (first, second), strict=True)
    return ", ".join(f"the {side} alone computes {text}" for side, parts, text in sides if parts)


def _few(parts: Sequence[str]) -> str:
    """The first few of a list of ops, each once, with how often."""
    names = [name if parts.count(name) == 1 else f"{name} ({parts.count(name)} times)" for name in dict.fromkeys(parts)]
    more = [f"{len(names) - MOST_PARTS} more"] if len(names) > MOST_PARTS else []
    return ", ".join(names[:MOST_PARTS] + more)


MOST_PARTS = 5
"""Ops that a sentence lists."""


def changed_settings(changes: Sequence[Change]) -> str:
    """Changed settings in words: ``epsilon 0.001 in the reference, 1e-05 in the candidate``."""
    told = _together([item for change in changes for item in _changed_setting(change)])
    more = [f"{len(told) - MOST_SETTINGS} settings more"] if len(told) > MOST_SETTINGS else []
    return ", and ".join(told[:MOST_SETTINGS] + more)


def _together(told: Sequence[str | Contrast]) -> list[str]:
    """Each in words, settings that change from one value to the same other one in one breath."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for item in told:
        key = (item,) if isinstance(item, str) else (item.reference, item.candidate)
        alike.setdefault(key, []).append("" if isinstance(item, str) else item.what)
    return [key[0] if len(key) == 1 else str(Contrast(listed(names), *key)) for key, names in alike.items()]


MOST_SETTINGS = 3
"""Changed settings that a sentence tells."""


_OCCASIONS = {
    "": ("", ""),
    "ends": (", where outputs are 0 or 1,", f"; on others tried, by less than {100 * FIGURE_LIMIT:g} %"),
    "masked": (", where rows or steps are masked,", f"; without a mask, by less than {100 * FIGURE_LIMIT:g} %"),
}
"""On which outputs compile settings lie apart that read the same, and how near they are on others."""


def _changed_setting(change: Change) -> list[str | Contrast]:
    """What differs in one setting: of a table or a nested setting, the entries or keys that do."""
    if (text := folded.shared(change)) is not None:
        return [text]
    name, (one, two) = key(change), values_of(change)
    if change.far:
        where, elsewhere = _OCCASIONS[change.occasion]
        return [f"{name} {one} and {change.versions[1]} differs{where} by up to {_far(change)}{elsewhere}"]
    if change.aspect is Aspect.GENERATOR:
        return [f"draws random numbers {one} in the reference, {two} in the candidate"]
    if change.drawn[0]:
        return [*draws.varying(change)]
    if change.aspect is Aspect.DRAWN:
        return [f"draws random numbers of shape {one} in the reference, {two} in the candidate"]
    if change.aspect is Aspect.VARIANCE:
        return [f"follows {one} in the reference, {two} in the candidate"]
    if change.aspect is Aspect.UNTRACKED:
        return [f"weights that the model does not track: {one} in the reference, {two} in the candidate"]
    if change.name == "writes_before":
        first, second = (str(value or "none") for value in (one, two))
        return [f"updates of the variable before it is read: {first} in the reference, {second} in the candidate"]
    if change.aspect is Aspect.CALL:
        (apart,) = contrasts(f"{change.name} in the call", one, two)[:1]
        first = "not given" if one is None else apart.reference
        second = "not given" if two is None else apart.candidate
        return [str(replace(apart, reference=first, candidate=second))]
    return [*contrasts(name, one, two)]


def _far(change: Change) -> str:
    """How far compile settings that read the same lie apart: ``40 % of a step``."""
    share = f"{100 * change.far:,.2g}" if change.far < 1 else f"{100 * change.far:,.0f}"
    return f"{share} % of a {'step' if change.name == 'optimizer' else 'value'}"


def _weight_settings(changes: Sequence[Change]) -> str:
    """Those that change alike together: ``bias and kernel frozen in the reference, trainable in the candidate``."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for change in changes:
        one, two = (_weight_value(change.name, value) for value in values_of(change))
        if one == two:
            two = f"other {two}"
        role, told = _weight_setting(change)
        alike.setdefault((told, one, two), []).append(role)
    sentences = []
    for (told, one, two), roles in alike.items():
        what = " ".join(part for part in (" and ".join(roles), told) if part)
        sentences.append(f"{what} {one} in the reference, {two} in the candidate")
    return ", and ".join(sentences)


def _weight_setting(change: Change) -> tuple[str, str]:
    """What a setting is of, and its name where the values do not say it."""
    if change.name == "trainable":
        return change.weight, ""
    if change.name == "dtype":
        return change.weight, change.name
    if change.name == "fans":
        return f"{change.weight}_initializer", "by"
    if change.name == "start":
        return change.weight, "starts from"
    return key(change), ""


def _weight_value(name: str, value: Attribute) -> str:
    if name == "trainable":
        return "trainable" if value else "frozen"
    if name == "fans":
        return fans(value)
    text = str(value)
    if text.startswith("value drawn"):
        return f"values {text.removeprefix('value ')}"
    return "values given in the code" if text.startswith("value ") else text


# Another position, other connections -------------------------------------------------------------------------


def _move(edit: Move) -> str:
    first, second = (_behind(sites) for sites in edit.behind)
    both = calls_of(edit.reference, edit.candidate)
    return f"{both} stands {first} in the reference, {second} in the candidate"


def _behind(sites: Sequence[Site]) -> str:
    return "after " + ", ".join(map(call_of, sites)) if sites else "first"


def _rewire(edit: Rewire) -> str:
    wiring = edit.wiring
    if isinstance(wiring, MaskIgnored):
        has, lacks = wiring.applied_by, other(wiring.applied_by)
        site = edit.reference if has == "reference" else edit.candidate
        return f"{has} applies the mask in {call_of(site)}, but {lacks} ignores it"
    if isinstance(wiring, MaskLost):
        return folded.mask_lost(edit, wiring)
    if isinstance(wiring, MaskRemade):
        return folded.mask_remade(edit, wiring)
    if isinstance(wiring, Residual):
        return folded.residual(edit, wiring)
    if isinstance(wiring, OtherOperands):
        return _other_operands(edit, wiring)
    if isinstance(wiring, OtherSharing):
        return _other_sharing(edit, wiring)
    ends = [
        f"{'a loss' if end.number < 0 else f'output {end.number}'} is {call_of(end.reference)} in the reference, "
        f"{call_of(end.candidate)} in the candidate"
        for end in wiring.ends
    ]
    return f"{'outputs in another order: ' if wiring.reordered else ''}{'; '.join(ends)}"


def _other_operands(edit: Rewire, wiring: OtherOperands) -> str:
    first, second = (" and ".join(map(_value, side)) or "nothing else" for side in wiring.takes)
    if wiring.reordered and all(wiring.takes):
        order = "concatenated in another order" if edit.op == "concat" else "in another order"
        one, two = (listed([_value(item, briefly=True) for item in side]) for side in wiring.takes)
        where = f" ({edit.candidate.source})" if edit.candidate is not None and edit.candidate.source else ""
        return f"{call_of(edit.reference)} takes {one} in the reference, {two} in the candidate{where}: {order}"
    return f"{call_of(edit.reference)} takes {first} in the reference, {second} in the candidate"


def _other_sharing(edit: Rewire, wiring: OtherSharing) -> str:
    first, second = (_shares(wiring, side) for side in (0, 1))
    text = f"in the reference {call_of(edit.reference)} {first}, in the candidate {call_of(edit.candidate)} {second}"
    return f"{text}: shared with others" if all(wiring.shares) else text


def _value(value: Neighbour, *, briefly: bool = False) -> str:
    """A value in words: which result it is of a node that has several, such as the states of an LSTM."""
    of = value.site.node if briefly else _neighbour(value)
    if not value.result:
        return of
    names = folded.RESULTS.get(value.site.op, ())
    called = names[value.result - 1] if value.result <= len(names) else f"result {value.result}"
    return f"{called} of {of}"


def _neighbour(neighbour: Neighbour) -> str:
    text = call_of(neighbour.site)
    if not neighbour.counterpart:
        return text
    separator = "; " if text.endswith(")") else " ("
    return f"{text.removesuffix(')')}{separator}the counterpart of {neighbour.counterpart})"


def _shares(wiring: OtherSharing, side: int) -> str:
    held = "a random generator" if wiring.generator else "weights"
    near, more = wiring.shares[side], wiring.more[side]
    if not near:
        return f"has {held} of its own, not shared"
    return f"shares {held} with {' and '.join(map(_neighbour, near))}{f' and {more} more' if more else ''}"
