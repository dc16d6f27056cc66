"""What is the smallest change to one side that would make it agree? A sentence, where edits and measurements allow one.

It changes the reference where the candidate has more calls and nothing else differs, so that what is missing is added;
else the candidate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.align.edits import (
    Aspect,
    Change,
    Delete,
    Edit,
    Insert,
    MaskIgnored,
    Move,
    OtherEnds,
    OtherOperands,
    OtherSharing,
    Rewire,
    Update,
    draws_elsewhere,
    is_nameless,
)
from kerasdiff.comparison import Comparison, Reason
from kerasdiff.findings import SIDES, Finding, Site
from kerasdiff.graph import Attribute, Node, Source
from kerasdiff.graph.table import Table
from kerasdiff.report.wording.edits import code, draws, formulas
from kerasdiff.report.wording.edits.contrast import contrasts, uncoded
from kerasdiff.report.wording.edits.sentences import of_another_class
from kerasdiff.report.wording.names import given_to, lines_of, listed, name_of
from kerasdiff.report.wording.verdict.causes import MOST_CHARACTERS, MOST_LISTED, by_rows, groups, spare_edits

MOST_FORMS = 3
"""Changes of different kinds past which nobody follows an advice."""

MOST_SETTING = 60
"""Characters of a value that can be written into code from a report."""

NO_ARGUMENTS = frozenset({"by", "constants", "optimizer", "loss", "metrics", "writes_before"})
"""Names of settings that no argument has, or whose value says too little of what was given."""

MOST_PLACES = 12
"""Places of one change."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What to do in one place: words around the names of places, and the place itself."""

    do: str
    place: str
    source: Source | None
    then: str = ""


def advice(comparison: Comparison) -> str | None:
    """What to change, in at most :data:`kerasdiff.report.wording.verdict.causes.MOST_CHARACTERS` characters.

    ``None`` where nothing is known to make the models agree: where they do not differ, where applying all edits was
    not measured to leave nothing, and where a change cannot be said in a few words.
    """
    rows = by_rows(comparison)
    if rows is not None:
        return _summing(rows) if all(map(is_nameless, comparison.edits)) else None
    if not _holds(comparison):
        return None
    spare = spare_edits(comparison)
    edits = [edit for edit in comparison.edits if not (draws_elsewhere(edit) or edit in spare)]  # which may stay
    side = 0 if all(isinstance(edit, Insert) for edit in edits) else 1
    steps = _steps(comparison, edits, side)
    lead = f"To make them agree, change the {SIDES[side]}:"
    end = f".{_again(comparison, edits)}"
    texts = (f"{lead} {'; '.join(_joined(group, most) for group in steps)}{end}" for most in MOST_LISTED)
    return next((text for text in texts if len(text) <= MOST_CHARACTERS), None) if steps else None


def _summing(rows: Finding) -> str | None:
    """How an optimizer takes the gradients of a row that is looked up twice in their sum, on one side."""
    sides = dict.fromkeys((part.side, part.names[0]) for part in rows.parts)
    if len(sides) != 1:
        return None
    ((side, optimizer),) = sides
    return (
        f"To make them train alike, compile the {side} with a subclass of {optimizer} whose `apply` sums each gradient "
        "first, by `tf.convert_to_tensor(gradient)`; of the difference only its name is left then."
    )


def _again(comparison: Comparison, edits: Sequence[Edit]) -> str:
    """That a layer that is updated may hide what its Keras does otherwise, where each side has a Keras of its own."""
    apart = "keras" in comparison.reference.environment and any(isinstance(edit, Update) for edit in edits)
    return " Then compare again: a layer that differs may hide what two versions of Keras do apart." if apart else ""


def _steps(comparison: Comparison, edits: Sequence[Edit], side: int) -> list[list[_Step]]:
    """What to do, by kinds of change; nothing where one of them cannot be said, or they are too many."""
    writer, alike = _Writer(comparison, side), groups(comparison, edits)
    if len(alike) > MOST_FORMS or any(len(group.edits) > MOST_PLACES for group in alike):
        return []
    steps = [[writer.step(edit) for edit in group.edits] for group in alike]
    said = [[step for step in group if step is not None] for group in steps]
    return said if [len(group) for group in said] == [len(group) for group in steps] else []


def _holds(comparison: Comparison) -> bool:
    """Whether undoing the edits is known to make the models agree.

    Of edits to the graph that was measured; of settings it holds by itself, where nothing else differs.
    """
    verdict, attribution = comparison.verdict, comparison.attribution
    if verdict.outcome != "different" or not comparison.edits:
        return False
    if verdict.reason is Reason.SETTINGS_ALONE and all(edit.rung == "weights" for edit in comparison.edits):
        return True
    if verdict.reason not in (Reason.OUTPUTS, Reason.TRAINING, Reason.SETTINGS, Reason.UNPAIRED):
        return False
    return attribution is not None and attribution.explained


def _joined(steps: Sequence[_Step], most: int) -> str:
    """Changes of one kind in one breath: ``apply relu to the output of `a` and `b` (a.py:17, 19)``."""
    by_words: dict[tuple[str, str], list[_Step]] = {}
    for step in steps:
        by_words.setdefault((step.do, step.then), []).append(step)
    return "; ".join(_alike(do, then, alike, most) for (do, then), alike in by_words.items())


def _alike(do: str, then: str, steps: Sequence[_Step], most: int) -> str:
    names = list(dict.fromkeys(step.place for step in steps if step.place))
    more = [f"{len(names) - most} more"] if len(names) > most else []
    lines = lines_of([step.source for step in steps], max(most, 5))
    words = [do, listed(names[:most] + more), then]
    return " ".join(word for word in words if word) + (f" ({lines})" if lines else "")


def _is_one_change(edit: Edit) -> bool:
    """Whether an edit that stands for others says what to change in one place."""
    if isinstance(edit, Rewire):
        return isinstance(edit.wiring, MaskIgnored)
    return isinstance(edit, Update) and edit.changes[0].aspect in (Aspect.FORMULA, Aspect.CALL)


class _Writer:
    """Puts edits as changes of one side, in the names of that side.

    Args:
        comparison: Whose table says which node stands for which.
        side: Of the model that is to be changed, 0 for the reference.
    """

    def __init__(self, comparison: Comparison, side: int) -> None:
        self._side = side
        self._own: dict[str, Node] = {}
        self._other: dict[str, Node] = {}
        self._twins: dict[str, str] = {}
        self._users: Counter[str] = Counter()
        for row in comparison.rows:
            own, other = (row.reference, row.candidate) if side == 0 else (row.candidate, row.reference)
            if own is not None:
                self._own[own.id] = own
                self._users.update({edge.node for edge in own.operands})
            if other is not None:
                self._other[other.id] = other
            if own is not None and other is not None:
                self._twins[other.id] = own.id

    def step(self, edit: Edit) -> _Step | None:
        """What to do about an edit, ``None`` where that takes more than a few words."""
        if edit.folded and not _is_one_change(edit):
            return None
        if isinstance(edit, Insert | Delete):
            return self._one_sided(edit)
        if isinstance(edit, Update):
            return self._update(edit)
        return self._move(edit) if isinstance(edit, Move) else self._rewire(edit)

    def _one_sided(self, edit: Insert | Delete) -> _Step | None:
        """Applies what the other side has after the same value, or takes away what this side has."""
        own, other = edit.sites[self._side], edit.sites[1 - self._side]
        if edit.inside or edit.mask or edit.operands or edit.formula or edit.folded:
            return None
        if own is not None:
            return _Step("remove", f"`{own.node}`", own.source)
        before = None if other is None else self._operand(other)
        if other is None or before is None or not self._in_place(other.node, before):
            return None
        if self._users[before.id] < 2:
            return _Step(f"apply {self._called(other)} to the output of", f"`{before.id}`", before.source)
        user = self._twins.get(edit.between[1])
        if user is None:
            return None
        return _Step(f"apply {self._called(other)} between", f"`{before.id}` and `{user}`", before.source)

    def _operand(self, site: Site) -> Node | None:
        """This side's node that stands for the only value which a node of the other side is called on."""
        node = self._other.get(site.node)
        names = {edge.node for edge in node.operands} & set(self._other) if node is not None else set()
        return self._own.get(self._twins.get(names.pop(), "")) if len(names) == 1 else None

    def _in_place(self, name: str, before: Node) -> bool:
        """Whether what takes the value of a node of the other side takes that of ``before`` on this one."""
        users = [node.id for node in self._other.values() if name in {edge.node for edge in node.operands}]
        twins = [self._own.get(self._twins.get(user, "")) for user in users]
        if not users:
            return not self._users[before.id]
        return all(twin is not None and before.id in self._sources(twin) for twin in twins)

    def _sources(self, node: Node) -> set[str]:
        """The values that a node takes, past the calls that this side alone has."""
        paired, sources = set(self._twins.values()), set()
        waiting = [edge.node for edge in node.operands]
        while waiting:
            name = waiting.pop()
            held = self._own.get(name)
            if held is None or name in paired or len(held.operands) != 1:
                sources.add(name)
            else:
                waiting.append(held.operands[0].node)
        return sources

    def _called(self, site: Site) -> str:
        """A call of the other side by its name, and where its settings stand if it has any."""
        node = self._other.get(site.node)
        set_there = node is not None and (bool(node.attributes) or bool(node.weights))
        given = given_to(site)
        where = f" as in {site.source}" if set_there and not given and site.source is not None else ""
        return f"{name_of(site)}{given}{where}"

    def _update(self, edit: Update) -> _Step | None:
        own, other = edit.sites[self._side], edit.sites[1 - self._side]
        if any(change.aspect is Aspect.COMPILE for change in edit.changes):
            settings = self._settings(edit.changes)
            return None if settings is None else _Step(f"compile with {settings}", "", None)
        if own is None or (other is None and not edit.folded):
            return None
        place = f"`{edit.owners[self._side] or own.node}`"
        functions = edit.changes[0].formulas
        if functions is not None:
            return _Step(f"compute {formulas.told(functions[1 - self._side])} in", place, own.source)
        if other is not None and any(change.aspect is Aspect.OP for change in edit.changes):
            return _Step(f"use {self._called(other)} in the place of", place, own.source)
        if other is not None and of_another_class(edit):
            return _Step(f"use {self._called(other)} in the place of", place, own.source)
        return self._set(edit.changes, place, own.source)

    def _set(self, changes: Sequence[Change], place: str, source: Source | None) -> _Step | None:
        """Gives a call the other side's settings, or leaves out the arguments which that one does not give."""
        changes = draws.causes(changes)
        if all(change.aspect is Aspect.CALL and change.values[1 - self._side] is None for change in changes):
            given = [f"`{change.name}={change.values[self._side]!r}`" for change in changes]
            return _Step("call", place, source, f"without {listed(given)}")
        settings = self._settings(changes)
        if settings is None:
            return None
        return _Step("give", place, source, settings)

    def _settings(self, changes: Sequence[Change]) -> str | None:
        """The other side's values as they are written in code."""
        written = [_WRITTEN[change.aspect](change, 1 - self._side) for change in changes if change.aspect in _WRITTEN]
        if len(written) < len(changes) or None in written:
            return None
        return listed([text for text in dict.fromkeys(written) if text is not None])

    def _move(self, edit: Move) -> _Step | None:
        own = edit.sites[self._side]
        behind = self._named(edit.behind[1 - self._side])
        if own is None or not behind:
            return None
        return _Step("move", f"`{own.node}`", own.source, f"right after {behind}")

    def _rewire(self, edit: Rewire) -> _Step | None:
        wiring, own = edit.wiring, edit.sites[self._side]
        if own is None:
            return None
        if isinstance(wiring, MaskIgnored):
            applies = wiring.applied_by == SIDES[1 - self._side]
            return _Step("pass the mask to" if applies else "do not pass the mask to", f"`{own.node}`", own.source)
        if isinstance(wiring, OtherOperands):
            return self._operands(wiring, own)
        if isinstance(wiring, OtherEnds):
            return self._ends(wiring)
        return self._sharing(wiring, own) if isinstance(wiring, OtherSharing) else None

    def _operands(self, wiring: OtherOperands, own: Site) -> _Step | None:
        if wiring.reordered:
            order = f"operands in the order of the {SIDES[1 - self._side]}"
            return _Step("give", f"`{own.node}`", own.source, order)
        wanted = wiring.takes[1 - self._side]
        if any(item.result for item in wanted):
            return None
        names = self._named([item.site for item in wanted])
        present = listed([f"`{item.site.node}`" for item in wiring.takes[self._side]])
        instead = f" in place of that of {present}" if present else ""
        return _Step("give", f"`{own.node}`", own.source, f"the output of {names}{instead}") if names else None

    def _ends(self, wiring: OtherEnds) -> _Step | None:
        if any(end.number < 0 for end in wiring.ends):
            return None
        ends = [(end.number, (end.reference, end.candidate)[1 - self._side]) for end in wiring.ends]
        names = [(number, self._named([site])) for number, site in ends]
        if any(not name for _, name in names):
            return None
        return _Step("return " + listed([f"{name} as output {number}" for number, name in names]), "", None)

    def _sharing(self, wiring: OtherSharing, own: Site) -> _Step | None:
        if wiring.generator or any(wiring.more):
            return None
        wanted, present = wiring.shares[1 - self._side], wiring.shares[self._side]
        if not wanted:
            return _Step("give", f"`{own.node}`", own.source, "a layer of its own")
        names = self._named([item.site for item in wanted])
        return _Step("let", f"`{own.node}`", own.source, f"use the layer of {names}") if names and not present else None

    def _named(self, sites: Sequence[Site]) -> str | None:
        """Nodes of the other side by the names of those that stand for them; ``None`` where one has none."""
        twins = [self._twins.get(site.node) for site in sites]
        return None if None in twins else listed([f"`{name}`" for name in twins])


def _setting(change: Change, side: int) -> str | None:
    """An argument, or that an entry of a list is no object which stands elsewhere, too."""
    wanted, present = _ordered(change, side)
    if isinstance(present, Mapping) and "same_as" in present and not isinstance(wanted, Mapping):
        return f"an object of its own as {change.name}"
    if change.name in NO_ARGUMENTS or change.name.rpartition(".")[2].isdigit():
        return None
    return _written(change.name, wanted, present)


def _compiled(change: Change, side: int) -> str | None:
    """A compile setting, which is text as it reads in a config."""
    value = change.values[side]
    return None if change.name in NO_ARGUMENTS or value is None else f"{change.name}={value}"


def _argument(change: Change, side: int) -> str | None:
    value = change.values[side]
    return f"no {change.name}= in the call" if value is None else f"{change.name}={value!r} in the call"


def _of_weight(change: Change, side: int) -> str | None:
    value = change.values[side]
    if change.name == "trainable":
        return f"trainable={value}"
    if change.name not in code.MODULES or str(value).startswith("value "):
        return None
    name, text = f"{change.weight}_{change.name}", code.written(change.name, str(value))
    return _written(name, *_ordered(change, side)) if text is None else f"{name}={text}"


def _ordered(change: Change, side: int) -> tuple[Attribute, Attribute]:
    """The value that is wanted, then the one that is there."""
    return change.values[side], change.values[1 - side]


def _written(name: str, wanted: Attribute, present: Attribute) -> str | None:
    """``epsilon=0.001``; ``None`` for what no code holds in a line."""
    if isinstance(wanted, str) and not isinstance(wanted, Table):
        if uncoded(wanted) != wanted:
            return None  # a function of the user's, which its name alone does not tell
        return f"{name}={wanted if '(' in wanted else repr(wanted)}" if len(wanted) <= MOST_SETTING else None
    apart = contrasts(name, wanted, present)
    if len(apart) != 1 or apart[0].what != name or isinstance(wanted, Table) or len(apart[0].reference) > MOST_SETTING:
        return None  # a key of a nested setting may follow from something else, and a table is no argument
    return f"{apart[0].what}={apart[0].reference}"


_WRITTEN: Mapping[Aspect, Callable[[Change, int], str | None]] = {
    Aspect.SETTING: _setting,
    Aspect.CALL: _argument,
    Aspect.WEIGHT: _of_weight,
    Aspect.COMPILE: _compiled,
}
"""How the changes are written that a line of code makes."""
