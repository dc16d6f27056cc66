"""Which edits does a verdict tell, in which order, and in how many words? Causes first, those alike in one breath."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kerasdiff.align.edits import Aspect, Delete, Edit, Insert, Move, Update, draws_elsewhere, is_nameless
from kerasdiff.comparison import Comparison
from kerasdiff.explain.records import Effect, Measure
from kerasdiff.findings import Fact, Finding, other
from kerasdiff.report.wording.edits import draws
from kerasdiff.report.wording.edits.sentences import begins_with_a_name, message
from kerasdiff.report.wording.explain import effect as effect_words
from kerasdiff.report.wording.names import given_to, lines_of, listed, name_of

MOST_CHARACTERS = 300
"""Characters of a paragraph of the verdict: what is read at once."""

MOST_TOLD = 3
"""Groups of edits in a summary."""

MOST_LISTED = (5, 3, 2, 1, 0)
"""Nodes or lines of a group: the first of these with which it fits."""


@dataclass(frozen=True, slots=True)
class Group:
    """Edits that one sentence tells, by their positions among all."""

    edits: tuple[Edit, ...]
    positions: tuple[int, ...]


def effect_of(comparison: Comparison, position: int) -> Effect | None:
    """What was measured of the edit at a position; ``None`` for those of weights, and where nothing was."""
    effects = () if comparison.attribution is None else comparison.attribution.effects
    return effects[position] if position < len(effects) else None


def effect_told(comparison: Comparison, position: int) -> str:
    """What the edit at a position does; a joint effect is told at the first of its edits, of others nothing."""
    found = effect_of(comparison, position)
    attribution = comparison.attribution
    if found is None or not found.sizes or attribution is None:
        return ""
    group: tuple[int, ...] = next((group for group in attribution.together if position in group), ())
    others = tuple(other + 1 for other in group if other != position)
    return "" if any(other <= position for other in others) else effect_words(found, others)


def groups(comparison: Comparison, edits: Sequence[Edit] | None = None) -> list[Group]:
    """Edits that are alike together, those that matter most first.

    First those right before a node that differs though it is given the reference's values, then by the size of what
    was measured, then by their place in the graph; those that were measured to change nothing come last.
    """
    shown = comparison.edits if edits is None else edits
    wanted = {id(edit) for edit in shown}
    positions = [at for at, edit in enumerate(comparison.edits) if id(edit) in wanted]
    alike: dict[tuple[object, ...], list[int]] = {}
    for at in sorted(positions, key=lambda at: _rank(comparison, at)):
        alike.setdefault(_key(comparison.edits[at]), []).append(at)
    return [_group(comparison, tuple(sorted(positions))) for positions in alike.values()]


def _group(comparison: Comparison, positions: tuple[int, ...]) -> Group:
    return Group(tuple(comparison.edits[at] for at in positions), positions)


def _rank(comparison: Comparison, position: int) -> tuple[bool, bool, bool, bool, float, int]:
    local = () if comparison.attribution is None else comparison.attribution.local
    before = any(position in item.edits for item in local)
    effect = effect_of(comparison, position)
    size = 0.0 if effect is None else _size(effect)
    harmless = effect is not None and effect.harmless
    unknown = effect is None or harmless or not effect.sizes
    edit = comparison.edits[position]
    nameless = unknown and (is_nameless(edit) or draws_elsewhere(edit))
    return harmless, nameless, effect is None, not before, -size, position


def _size(effect: Effect) -> float:
    """The largest of what was measured to two digits: the last ones are no reason to tell one edit before another."""
    sizes = [abs(size) for measure, size in effect.sizes.items() if measure is not Measure.LOSS]
    if not all(map(math.isfinite, sizes)):
        return math.inf
    return float(f"{max(sizes, default=0.0):.1e}")


def _key(edit: Edit) -> tuple[object, ...]:
    """What edits have in common that one sentence tells."""
    if isinstance(edit, Insert | Delete):
        site = edit.sites[isinstance(edit, Insert)]
        assert site is not None
        return edit.kind, edit.rung, name_of(site), given_to(site), edit.mask, edit.inside, repr(edit.formula)
    if isinstance(edit, Update):
        drawn = draws.over(draws.causes(edit.changes))
        return edit.kind, edit.rung, edit.op, repr(drawn or edit.changes)
    if isinstance(edit, Move):
        return edit.kind, edit.op, *(tuple(site.op for site in sites) for sites in edit.behind)
    ways = (getattr(edit.wiring, name, None) for name in ("reordered", "side", "applied_by", "generator"))
    return edit.kind, edit.op, type(edit.wiring), *ways


# Sentences ---------------------------------------------------------------------------------------------------


def told(comparison: Comparison, room: int = MOST_CHARACTERS, edits: Sequence[Edit] | None = None) -> str:
    """The edits in a sentence of at most ``room`` characters; it always names the one that matters most.

    Those that only take random numbers from another generator, as another version of Keras does, are counted apart;
    those that were measured to change nothing are left to the sentence that says what the edits do.
    """
    shown = comparison.edits if edits is None else edits
    alike = groups(comparison, shown)
    if not alike:
        return ""
    spare = spare_edits(comparison)
    named = groups(comparison, [edit for edit in shown if not (draws_elsewhere(edit) or edit in spare)])
    drawn = sum(map(draws_elsewhere, shown))
    apart = _drawn(drawn) if drawn else ""
    if named and len(apart) < room // 2:
        text = _listed(comparison, named, room - len(apart))
        if not apart or "…" not in text:  # a cause is worth more than how many are apart
            return f"{text}{apart}."
    return f"{_listed(comparison, alike, room)}."


def spare_edits(comparison: Comparison) -> tuple[Edit, ...]:
    """The edits that were measured to change nothing, and without which the others give the whole difference."""
    spare = () if comparison.attribution is None else sorted(comparison.attribution.spare)
    return tuple(comparison.edits[position] for position in spare)


def _listed(comparison: Comparison, alike: Sequence[Group], room: int) -> str:
    """Groups of edits in a sentence without its stop, and how many more there are.

    Settings beside edits that were measured to be all are no more of them: another sentence says what they change.
    """
    count = sum(len(group.edits) for group in alike)
    text, done = _fitting(alike[0], room - (0 if count == 1 else len(_more(count))))
    told = int(done == len(alike[0].edits))
    for group in alike[1:MOST_TOLD]:
        if done < len(alike[0].edits):
            break
        more, many = _fitting(group, room)
        left = count - done - many
        if many < len(group.edits) or len(f"{text}; {more}{_more(left)}") >= room:
            break
        text, done, told = f"{text}; {more}", done + many, told + 1
    rest = [edit for group in alike[told:] for edit in group.edits] if told else []
    measured = comparison.attribution is not None and comparison.attribution.explained
    if measured and rest and all(edit.rung == "weights" for edit in rest):
        return text
    return f"{text}{_more(count - done)}"


def _more(count: int) -> str:
    return f"; and {count:,} more edit{'s' if count > 1 else ''}" if count else ""


def _drawn(count: int) -> str:
    verb = "edits only take" if count > 1 else "edit only takes"
    return f"; {count:,} other {verb} random numbers from another generator"


def begins_with_id(comparison: Comparison, edits: Sequence[Edit] | None = None) -> bool:
    """Whether the sentence begins with the id of a node, which no sentence may write with a capital."""
    alike = groups(comparison, edits)
    return bool(alike) and begins_with_a_name(alike[0].edits[0])


def _fitting(group: Group, room: int) -> tuple[str, int]:
    """A group in as many names as there is room for, and how many of its edits that tells: all, or the first."""
    texts = [_sentence(group.edits, most) for most in MOST_LISTED]
    text = next((text for text in texts if len(text) < room), None)
    if text is not None:
        return text, len(group.edits)
    return shortened(message(group.edits[0]), room - 1), 1


def _sentence(edits: tuple[Edit, ...], most: int) -> str:
    first = edits[0]
    if len(edits) == 1:
        return message(first)
    if isinstance(first, Insert | Delete) and not (first.inside or first.formula or first.folded):
        return _one_sided(edits, max(most, 1))
    others = [_other(edit, first) for edit in edits[1:]]
    return f"{message(first)}, and likewise {_some(others, most)}"


def _one_sided(edits: tuple[Edit, ...], most: int) -> str:
    """``reference lacks relu after a, b and c, but candidate applies it (b.py:26, 30, 34)``."""
    side = 1 if isinstance(edits[0], Insert) else 0
    has = "candidate" if side else "reference"
    sites = [site for edit in edits if (site := edit.sites[side]) is not None]
    after = [edit.after[1 - side] or edit.after[side] for edit in edits]
    where = f" after {_some([name for name in after if name], most)}" if all(after) else ""
    lines = lines_of([site.source for site in sites], most)
    at = f" ({lines})" if lines else ""
    what = f"{name_of(sites[0])}{given_to(sites[0])}"
    return f"{other('candidate' if side else 'reference')} lacks {what}{where}, but {has} applies it{at}"


def _other(edit: Edit, first: Edit) -> str:
    """Another place where the same holds: its node, and its line where that is another one."""
    side = _told_side(first) if edit.sites[_told_side(first)] is not None else int(edit.reference is None)
    owner = edit.owners[side] if isinstance(edit, Update) else ""
    site, named = edit.sites[side], first.sites[side]
    if site is None:
        return owner or edit.op
    if isinstance(edit, Update) and isinstance(first, Update) and edit.changes != first.changes:
        owner = " of ".join(filter(None, (draws.settings(draws.causes(edit.changes)), owner or site.node)))
    line = "" if named is not None and named.source == site.source else f" ({site.source})" if site.source else ""
    return f"{owner or site.node}{line}"


def _told_side(edit: Edit) -> int:
    """The side whose names a sentence uses, 0 for the reference: that which gives an argument, where one alone does."""
    if not isinstance(edit, Update) or not edit.folded or edit.changes[0].aspect is not Aspect.CALL:
        return 0
    return int(edit.changes[0].values[0] is None)


def _some(names: list[str], most: int) -> str:
    unique = list(dict.fromkeys(names))
    more = [f"{len(unique) - most} more"] if len(unique) > most else []
    return listed(unique[:most] + more)


def by_rows(comparison: Comparison) -> Finding | None:
    """That an optimizer takes the gradients of one row apart, which is all that differs then."""
    return next((f for rung in comparison.rungs for f in rung.findings if f.fact is Fact.BY_ROWS), None)


def shortened(text: str, most: int) -> str:
    """A text cut at the end of a word, so that no more than ``most`` characters are left."""
    if len(text) <= most:
        return text
    return f"{text[: most - 1].rsplit(' ', 1)[0].rstrip(' ,;:')}…"
