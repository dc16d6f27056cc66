"""Which lines of code does an edit stand at, and how do they look? Of both sides, highlighted, in hunks as diffs have.

Why hunks? Edits of one cause often lie a few lines apart, and are read best where they stand, each marked by its
number. One hunk holds the edits whose lines lie close to each other on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from markupsafe import Markup, escape
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Literal, Name, Operator

from kerasdiff.align.edits import Edit
from kerasdiff.comparison import Comparison
from kerasdiff.drawing import Drawn
from kerasdiff.graph import Node, Source
from kerasdiff.report.cleaning import clean
from kerasdiff.report.wording.explain import numbered
from kerasdiff.side.records import CONTEXT, Excerpt

MOST_LINES = 40
"""Lines of a hunk: what a screen shows at once."""

TAB = 4
"""Columns of a tab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLine:
    """One line of code.

    Attributes:
        number: 1-based.
        edits: Numbers from 1 of those that name it.
        here: Whether it is a place at which its side has nothing: what the other side has would stand after it.
    """

    number: int
    code: Markup
    edits: tuple[int, ...] = ()
    here: bool = False

    @property
    def tag(self) -> tuple[str, str]:
        """What its edits are called, and their numbers: ``edits``, ``1, 2 and 5``."""
        noun, _, numbers = numbered(self.edits).partition(" ")
        return noun, numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Lines of one file that follow each other."""

    file: str
    lines: tuple[CodeLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """Edits that stand close to each other, and the code of both sides around them.

    Attributes:
        edits: By position.
        sides: The stretches of each side, in the order of files and lines; empty where no line is known.
    """

    edits: tuple[int, ...]
    sides: tuple[tuple[Stretch, ...], tuple[Stretch, ...]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that an edit names on a side, and whether the side has nothing there."""

    source: Source
    edit: int
    here: bool = False


Marks = tuple[tuple[Mark, ...], tuple[Mark, ...]]
"""By side."""


def hunks(comparison: Comparison, order: Sequence[int]) -> Iterator[Hunk]:
    """The edits at some positions in hunks, in the order in which those come first.

    An edit joins a hunk where it stands close to it on each side that has a line of it.
    """
    drawing = comparison.drawing
    sides: Sequence[Drawn | None] = (None, None) if drawing is None else drawing.sides
    codes = tuple(_Code(() if side is None else side.excerpts) for side in sides)
    nodes = tuple(_nodes(comparison, side) for side in (0, 1))
    open_hunks: list[_Open] = []
    for position in order:
        marks = tuple(
            tuple(codes[side].known(_marks(comparison.edits[position], position, side, nodes[side]))) for side in (0, 1)
        )
        near = [hunk for hunk in open_hunks if hunk.takes(marks)] or [_Open()]
        first, *rest = near
        first.add([position], marks)
        for other in rest:
            if first.takes(other.marks):  # the edit lies between them
                first.add(other.edits, other.marks)
                open_hunks.remove(other)
        if first not in open_hunks:
            open_hunks.append(first)
    for hunk in _completed(open_hunks):
        one, two = (tuple(codes[side].stretches(hunk.marks[side])) for side in (0, 1))
        yield Hunk(edits=tuple(sorted(hunk.edits)), sides=(one, two))


def _completed(found: Sequence[_Open]) -> list[_Open]:
    """The hunks, where one of a single side is followed by one of the other both in one: code in place of code."""
    done: list[_Open] = []
    for hunk in found:
        if done and _has(hunk) in ((True, False), (False, True)) and _has(done[-1]) == _has(hunk)[::-1]:
            done[-1].add(hunk.edits, hunk.marks)
        else:
            done.append(hunk)
    return done


def _has(hunk: _Open) -> tuple[bool, bool]:
    """By side, whether it has lines."""
    return bool(hunk.marks[0]), bool(hunk.marks[1])


def _nodes(comparison: Comparison, side: int) -> Mapping[str, Node]:
    """The nodes of a side by id, of its graph where there is one, else of the table."""
    if comparison.drawing is not None:
        return {node.id: node for node in comparison.drawing.sides[side].graph}
    rows = ((row.reference, row.candidate)[side] for row in comparison.rows)
    return {node.id: node for node in rows if node is not None}


MOVED = ("move", "rewire")
"""Kinds of edits whose cause is where a layer is called rather than where it is made."""


def _marks(edit: Edit, position: int, side: int, nodes: Mapping[str, Node]) -> Iterator[Mark]:
    """The lines of an edit on a side: of its node, or of the node after which it is missing."""
    site = edit.sites[side]
    node = nodes.get(site.node if site is not None else edit.after[side] or "")
    called = None if node is None else node.called
    if site is None:
        source = called or (None if node is None else node.source)
        if source is not None:
            yield Mark(source, position + 1, here=True)
        return
    if site.source is not None:
        yield Mark(site.source, position + 1)
    if called is not None and edit.kind in MOVED:
        yield Mark(called, position + 1)


@dataclass(slots=True, eq=False)
class _Open:
    """A hunk that edits may still join."""

    edits: list[int] = field(default_factory=list)
    marks: tuple[list[Mark], list[Mark]] = field(default_factory=lambda: ([], []))

    def takes(self, marks: Sequence[Sequence[Mark]]) -> bool:
        """Whether edits of these marks stand close to those of the hunk, and leave it small enough."""
        if not any(marks):
            return not any(self.marks)
        return all(_near(held, more) for held, more in zip(self.marks, marks, strict=True))

    def add(self, positions: Sequence[int], marks: Sequence[Sequence[Mark]]) -> None:
        self.edits.extend(positions)
        for held, more in zip(self.marks, marks, strict=True):
            held.extend(more)


def _near(held: Sequence[Mark], more: Sequence[Mark]) -> bool:
    """Whether the lines around some of ``more`` overlap those around some of ``held``, or touch them."""
    if not held or not more:
        return not held and not more
    if not any(_touch(one.source, other.source) for other in held for one in more):
        return False
    shown = {
        (mark.source.file, mark.source.line + at) for mark in (*held, *more) for at in range(-CONTEXT, CONTEXT + 1)
    }
    return len(shown) <= MOST_LINES


def _touch(one: Source, other: Source) -> bool:
    return one.file == other.file and abs(one.line - other.line) <= 2 * CONTEXT + 1


class _Code:
    """The lines of one side that are known."""

    def __init__(self, excerpts: Sequence[Excerpt]) -> None:
        self._excerpts = excerpts

    def known(self, marks: Iterator[Mark]) -> Iterator[Mark]:
        """Those whose lines are."""
        return (mark for mark in marks if self._excerpt(mark.source) is not None)

    def _excerpt(self, source: Source) -> Excerpt | None:
        return next(
            (
                excerpt
                for excerpt in self._excerpts
                if excerpt.file == source.file and excerpt.first <= source.line < excerpt.first + len(excerpt.lines)
            ),
            None,
        )

    def stretches(self, marks: Sequence[Mark]) -> Iterator[Stretch]:
        """The lines around some, those that overlap or touch in one."""
        wanted: dict[int, set[int]] = {}
        for mark in marks:
            excerpt = self._excerpt(mark.source)
            assert excerpt is not None
            at = mark.source.line - excerpt.first
            span = range(max(0, at - CONTEXT), min(len(excerpt.lines), at + CONTEXT + 1))
            wanted.setdefault(self._excerpts.index(excerpt), set()).update(span)
        for number, lines in sorted(wanted.items()):
            excerpt = self._excerpts[number]
            code = _highlighted(excerpt)
            for run in _runs(sorted(lines)):
                yield Stretch(
                    file=excerpt.file,
                    lines=tuple(_line(excerpt.first + at, code[at], excerpt.file, marks) for at in run),
                )


def _line(number: int, code: Markup, file: str, marks: Sequence[Mark]) -> CodeLine:
    named = [mark for mark in marks if (mark.source.file, mark.source.line) == (file, number)]
    edits = tuple(sorted({mark.edit for mark in named}))
    return CodeLine(number=number, code=code, edits=edits, here=bool(named) and all(mark.here for mark in named))


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Numbers that follow each other."""
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    if run:
        yield run


# Colours ------------------------------------------------------------------------------------------------------

Token: TypeAlias = "tuple[str, ...]"
"""A kind of word as Pygments has it: the tuple of its parents' names and its own."""

_CLASSES: tuple[tuple[Token, str], ...] = (
    (Comment, "c"),
    (Literal.String, "s"),
    (Literal.Number, "n"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Decorator, "d"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Builtin, "b"),
)
"""Kinds of words that have a colour, and the class of each."""


@cache
def _class(kind: Token) -> str:
    return next((name for of, name in _CLASSES if kind[: len(of)] == of), "")


@cache
def _lexer() -> PythonLexer:
    return PythonLexer(stripnl=False, ensurenl=False)


OPENINGS = ("", '"""\n', "'''\n")
"""What may stand before an excerpt: nothing, or the beginning of a text that it begins within."""


@cache
def _highlighted(excerpt: Excerpt) -> tuple[Markup, ...]:
    """Each line in markup; what is no visible character is written out, as a reader has to see it."""
    text = "\n".join(_visible(line) for line in excerpt.lines)
    # Of an excerpt that begins within a text, the code below it would look like one, and the text like code.
    openings = [opening for opening in OPENINGS if not opening or text.count(opening.strip()) % 2]
    readings = [_words(text, opening) for opening in openings]
    words = min(readings, key=lambda words: sum(len(value) for kind, value in words if _class(kind) == "s"))
    lines: list[list[Markup]] = [[]]
    for kind, value in words:
        name = _class(kind)
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append(Markup('<span class="{}">{}</span>').format(name, part) if name else escape(part))
    return tuple(Markup().join(parts) for parts in lines[: len(excerpt.lines)])


def _words(text: str, opening: str) -> list[tuple[Token, str]]:
    """The words of a text and their kinds, without the opening that was put before it."""
    words: list[tuple[Token, str]] = []
    before = len(opening)
    for kind, value in _lexer().get_tokens(opening + text):
        words.append((kind, value[before:]))
        before = max(0, before - len(value))
    return words


def _visible(line: str) -> str:
    return clean(line.expandtabs(TAB))
