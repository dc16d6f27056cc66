"""What is to be marked in the code, where, and how gravely? One list for every format that marks lines.

The level follows the gate, not the taste of an edit: what keeps a comparison from passing is an error; what is known to
change nothing, or was expected, is a note.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from kerasdiff.align.edits import Edit, EditKind, Update
from kerasdiff.comparison import Comparison, ModelInfo
from kerasdiff.graph import Node, Source
from kerasdiff.report import wording
from kerasdiff.report.cleaning import clean
from kerasdiff.report.named import Named
from kerasdiff.report.wording.names import capital

Level = Literal["error", "warning", "note"]
Rule = Literal[EditKind, "different", "inconclusive", "not-compared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file.

    Attributes:
        path: From the root of the repository, or absolute where the file lies outside.
        line: From 1.
        revision: The commit that the file is taken from; empty for the work tree.
    """

    path: str
    line: int
    revision: str = ""

    @property
    def inside(self) -> bool:
        """Whether it is a line of the work tree, which a diff can show."""
        return not self.revision and not PurePosixPath(self.path).is_absolute() and not self.path.startswith("..")

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" + (f" at {self.revision}" if self.revision else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing to mark.

    Attributes:
        name: Of the comparison, where it is one of several.
        title: In a few words, the name among them.
        place: Where the candidate does it, or should; ``None`` where nobody knows.
        related: Where the reference does.
        fingerprint: The same wherever the lines move to.
    """

    rule: Rule
    level: Level
    name: str
    title: str
    message: str
    place: Place | None
    related: Place | None = None
    fingerprint: str


def remarks(item: Named) -> Iterator[Remark]:
    """What is to be marked of a comparison: its edits, and its verdict where no edit tells it."""
    comparison = item.comparison
    if comparison is None:
        if item.error:
            yield _whole(item, "not-compared", item.error)
        return
    outcome = comparison.verdict.outcome
    if outcome == "equivalent":
        if not item.passed:
            yield _whole(item, "not-compared", item.reason or f"equivalent, though {item.expected} was expected")
        return
    marked = [_of_edit(item, comparison, position) for position in range(len(comparison.edits))]
    if not item.passed and not any(remark.level == "error" for remark in marked):
        yield _whole(item, outcome, item.reason or wording.summary(comparison))
    yield from marked


def _whole(item: Named, rule: Rule, text: str) -> Remark:
    """A remark on a comparison as such."""
    place = None if item.comparison is None else _top(item.comparison, 1)
    if place is None and item.file:
        place = Place(path=item.file, line=max(item.line, 1))
    title = f"{item.name}: {rule}" if item.name else f"{item.targets[1]}: {rule}"
    message = clean(text)
    return Remark(
        rule=rule,
        level="error",
        name=clean(item.name),
        title=clean(title),
        message=message,
        place=place,
        fingerprint=_digest(item, rule),
    )


def _of_edit(item: Named, comparison: Comparison, position: int) -> Remark:
    edit = comparison.edits[position]
    told = wording.message(edit)
    text = f"{capital(told)}." if told.startswith(("candidate ", "reference ")) else f"{told}."
    if does := wording.effect_told(comparison, position):
        text += f" {capital(does)}."
    sites = [None if site is None else site.node for site in edit.sites]
    names = [change.name for change in edit.changes] if isinstance(edit, Update) else []
    return Remark(
        rule=edit.kind,
        level=_level(item, comparison, position),
        name=clean(item.name),
        title=clean(f"{f'{item.name}: ' if item.name else ''}{edit.kind} {edit.op}"),
        message=clean(text),
        place=_place(comparison, edit, 1) or _top(comparison, 1),
        related=_place(comparison, edit, 0),
        fingerprint=_digest(item, edit.kind, edit.op, edit.rung, *sites, *edit.after, *names),
    )


def _level(item: Named, comparison: Comparison, position: int) -> Level:
    effect = wording.effect_of(comparison, position)
    if item.passed or (effect is not None and effect.harmless):
        return "note"
    return "error" if comparison.verdict.outcome == "different" else "warning"


def _digest(item: Named, *parts: str | None) -> str:
    # Not the reference: where it is of a revision, its name changes with every commit.
    whole = "\0".join([item.name, item.targets[1], *(part or "" for part in parts)])
    return hashlib.sha256(whole.encode("utf-8", "backslashreplace")).hexdigest()[:32]


# Places -------------------------------------------------------------------------------------------------------


def _place(comparison: Comparison, edit: Edit, side: int) -> Place | None:
    """Where an edit stands on a side; or where it would: at the call that it would follow.

    Settings stand where a layer is made, its place and its operands where it is called.
    """
    model = (comparison.reference, comparison.candidate)[side]
    site = edit.sites[side]
    node = _node(comparison, side, edit.after[side] if site is None else site.node)
    source = None if site is None else site.source
    if node is not None and (site is None or edit.kind in ("move", "rewire")):
        source = node.called or node.source or source
    return None if source is None else placed(model, source)


def _node(comparison: Comparison, side: int, name: str | None) -> Node | None:
    nodes = (row.candidate if side else row.reference for row in comparison.rows)
    return next((node for node in nodes if node is not None and node.id == name), None)


def placed(model: ModelInfo, source: Source) -> Place | None:
    """A line that a report names, from the root of the repository; ``None`` where nobody knows where its file lies."""
    if model.location.directory is None and not PurePosixPath(source.file).is_absolute():
        return None
    revision = "" if model.commit is None else model.commit.name
    path, line = model.location.place(source.file, max(source.line, 1))
    return Place(path=clean(path), line=line, revision=revision)


def _top(comparison: Comparison, side: int) -> Place | None:
    """The first line of the file that most of a model stands in."""
    model = (comparison.reference, comparison.candidate)[side]
    nodes = (row.candidate if side else row.reference for row in comparison.rows)
    files = Counter(node.source.file for node in nodes if node is not None and node.source is not None)
    if not files:
        return None
    return placed(model, Source(file=files.most_common(1)[0][0], line=1))
