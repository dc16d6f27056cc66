"""The side-by-side layer table: which row of one model stands for which row of the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

from kerasdiff.report.rows import EQUAL, MARKS, Fold, Line, counts, line_of, runs
from kerasdiff.report.terminal.links import Links
from kerasdiff.report.terminal.style import Look, emit, hang, heading, pad
from kerasdiff.report.wording.models import STATES
from kerasdiff.rungs.records import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Column widths; 0 leaves a column out."""

    reference: int
    candidate: int
    reference_source: int
    candidate_source: int
    op: int
    shape: int
    parameters: int
    files: tuple[str, str] = field(default=("", ""))

    def spent(self) -> int:
        """Columns in use: the mark and its margin, two blanks before each column, one before a source line."""
        wide = (self.reference, self.candidate, self.op, self.shape, self.parameters)
        sources = (self.reference_source, self.candidate_source)
        return 2 + sum(width + 2 for width in wide if width) + sum(width + 1 for width in sources if width)


def render_layers(rows: Sequence[Row], console: Console, *, fold: Fold = "long", links: Links | None = None) -> None:
    """Prints the table with its legend; what is not worth its lines folds.

    Shapes and parameters stand once where both sides agree and as ``reference → candidate`` where not. What
    does not fit is dropped (first shapes, then parameters), shortened in its middle last.
    """
    look = Look.of(console)
    heading(console, "Layers", counts(rows))
    if not rows:
        emit(console, "  neither model has a node")
        return
    lines = [line_of(row, look.text) for row in rows]
    layout = _layout(lines, look)
    emit(console, _header(layout, look))
    for run in runs(lines, fold):
        if run.sentence:
            emit(console, Text(f"    {look.text(run.sentence)}", style="dim"))
            continue
        for line in run.rows:
            emit(console, _cells(line, layout, look, links or Links()))
            for note in _notes(line, layout):
                hang(console, Text(look.pick("    └ ", "    ` "), style="dim"), Text(look.text(note), style="dim"))
    _legend(rows, console, look)


def _layout(lines: Sequence[Line], look: Look) -> Layout:
    """The richest layout that leaves the names room enough to be told apart."""
    full = Layout(
        reference=max(_widest(lines, "reference"), len("reference")),
        candidate=max(_widest(lines, "candidate"), len("candidate")),
        reference_source=min(_widest(lines, "reference_source"), 28),
        candidate_source=min(_widest(lines, "candidate_source"), 28),
        op=min(max(_widest(lines, "op"), len("op")), 24),
        shape=min(max(_widest(lines, "shape"), len("output shape")), 34),
        parameters=min(max(_widest(lines, "parameters"), len("parameters")), 24),
    )
    files = (_one_file([line.reference_source for line in lines]), _one_file([line.candidate_source for line in lines]))
    short = replace(
        full,
        reference_source=_number_width(files[0], full.reference_source),
        candidate_source=_number_width(files[1], full.candidate_source),
        files=files,
        op=min(full.op, 19),
    )
    narrow = replace(short, shape=0, op=min(full.op, 16))
    last = replace(narrow, parameters=0, op=min(full.op, 12))
    for layout, least in ((full, 40), (full, 24), (short, 22), (narrow, 18), (last, 12)):
        fitted = _share_names(layout, look.width)
        if fitted.reference >= min(full.reference, least) and fitted.candidate >= min(full.candidate, least):
            return fitted
    bare = replace(last, reference_source=0, candidate_source=0, files=("", ""))
    return _share_names(bare, look.width)


def _widest(lines: Sequence[Line], column: str) -> int:
    return max((cell_len(getattr(line, column)) for line in lines), default=0)


def _one_file(sources: Sequence[str]) -> str:
    """The file all source lines of a side lie in, if they lie in one."""
    files = {source.rpartition(":")[0] for source in sources if source}
    return files.pop() if len(files) == 1 else ""


def _number_width(file: str, width: int) -> int:
    # With its file named in the header, a line is its number alone: ":31".
    return width - cell_len(file) if file and width > cell_len(file) else min(width, 16)


def _share_names(layout: Layout, width: int) -> Layout:
    """Gives the two name columns what the others leave: each its own width if it can be, else half."""
    room = width - (layout.spent() - layout.reference - layout.candidate)
    half = room // 2
    reference = min(layout.reference, max(half, room - layout.candidate))
    candidate = min(layout.candidate, room - reference)
    return replace(layout, reference=max(reference, 4), candidate=max(candidate, 4))


def _header(layout: Layout, look: Look) -> Text:
    text = Text("  ", style="dim")
    names = (
        ("reference", layout.reference, layout.reference_source, layout.files[0]),
        ("candidate", layout.candidate, layout.candidate_source, layout.files[1]),
    )
    for title, width, source, file in names:
        room = width + (source + 1 if source else 0)
        left = look.elide_left(file, max(0, room - len(title) - 1)) if file else ""
        text.append("  " + title + pad(left, room - len(title), right=True))
    text.append("  " + pad("op", layout.op))
    if layout.shape:
        text.append("  " + pad("output shape", layout.shape))
    if layout.parameters:
        text.append("  " + pad("parameters", layout.parameters, right=True))
    return text


def _cells(line: Line, layout: Layout, look: Look, links: Links) -> Text:
    mark = MARKS[line.state]
    text = Text(style=mark.style)
    text.append("  " + look.pick(mark.fancy, mark.plain), style="bold")
    sides = (
        (line.reference, line.reference_source, layout.reference, layout.reference_source, layout.files[0]),
        (line.candidate, line.candidate_source, layout.candidate, layout.candidate_source, layout.files[1]),
    )
    for position, (name, source, width, source_width, file) in enumerate(sides):
        text.append(" " if position == 0 else "  ")
        if not name:
            text.append(pad(look.pick("┄", ".") * (width + (source_width + 1 if source_width else 0)), 0), style="dim")
            continue
        text.append(pad(look.elide(name, width), width))
        if source_width:
            shown = source[cell_len(file) :] if file else look.elide_left(source, source_width)
            text.append(" " * (source_width - cell_len(shown) + 1))
            dim = Style.null() if mark.style else Style(dim=True)
            text.append(shown, style=dim + links.style(position, line.sources[position]))
    text.append("  " + pad(look.elide(line.op, layout.op), layout.op))
    if layout.shape:
        text.append("  " + pad(look.elide(line.shape, layout.shape), layout.shape))
    if layout.parameters:
        text.append("  " + pad(look.elide(line.parameters, layout.parameters), layout.parameters, right=True))
    return text


def _notes(line: Line, layout: Layout) -> Iterator[str]:
    """Differences whose column was dropped or shortened."""
    if line.state in EQUAL:
        return
    dropped = (
        ("op", line.op, layout.op),
        ("output shape", line.shape, layout.shape),
        ("parameters", line.parameters, layout.parameters),
    )
    for title, cell, width in dropped:
        if ("→" in cell or "->" in cell) and cell_len(cell) > width:
            yield f"{title} {cell}"


def _legend(rows: Sequence[Row], console: Console, look: Look) -> None:
    present = [state for state in MARKS if state != "kept" and any(row.state == state for row in rows)]
    if not present:
        return
    emit(console)
    line = Text()
    for state in present:
        mark = MARKS[state]
        entry = Text.assemble(
            ("  " + look.pick(mark.fancy, mark.plain), f"bold {mark.style}"), (f" {STATES[state]} ", "dim")
        )
        if line.cell_len + entry.cell_len > look.width:
            emit(console, line)
            line = Text()
        line.append_text(entry)
    emit(console, line)
