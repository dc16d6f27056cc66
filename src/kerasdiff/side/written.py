"""What stands on the lines that a model was made of? The user's own text, as long as it is what was run."""

from __future__ import annotations

import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from types import CodeType, ModuleType

from kerasdiff.graph import Source
from kerasdiff.side.files import other_than_file
from kerasdiff.side.reading.notebooks import cell_of, cells_of
from kerasdiff.side.reading.source import is_library
from kerasdiff.side.records import CONTEXT, Description, Excerpt
from kerasdiff.side.revisions.finding import Places
from kerasdiff.side.targets import Target

MOST_BYTES = 4_000_000
"""Of a file whose lines are shown: longer ones were written by programs."""

Lines = tuple[str, ...]
"""Of a file, or of a cell of a notebook, without their ends."""

MOST_LINES = 2_000
"""Of a side, those that edits name first: more than any model we know names, and 80 kB of them."""

MOST_COLUMNS = 300
"""Of a line: longer ones hold data."""


class Written:
    """The files of one side, each read once.

    Args:
        target: The model.
        root: What its file names are relative to, as its description says.
        started: Before the model was loaded, in seconds since the epoch: a file that was changed later says nothing.
    """

    def __init__(self, target: Target, root: str, started: float) -> None:
        self._target, self._root, self._started = target, root, started
        self._known: dict[str, Mapping[str, Lines]] = {}

    def lines(self, file: str) -> Lines:
        """The lines of a file as sources name it; none where it is not the user's, cannot be read, or has changed."""
        if self._target.kind == "baseline":
            return ()
        held = {} if self._target.payload is None else self._target.payload.sources
        if (lines := held.get(str(Path(self._root) / file))) is not None:
            return tuple(line.rstrip("\r\n") for line in lines)
        place, cell = cell_of(file)
        if Path(place).is_absolute() and is_library(place):
            return ()
        if place not in self._known:
            self._known[place] = self._read(Path(self._root) / place)
        return self._known[place].get(cell, ())

    def _read(self, path: Path) -> Mapping[str, Lines]:
        """The lines of a file by cell, by an empty name where it is no notebook."""
        if self._target.revision is not None:
            path = Path(Places(self._target.revision).then(str(path)) or path)
        try:
            if other_than_file(path):
                return {}
            seen = path.stat()
            if seen.st_mtime > self._started or seen.st_size > MOST_BYTES:
                return {}
            if path.suffix == ".ipynb":
                cells = cells_of(path)
                return {} if isinstance(cells, str) else {cell_of(cell.file)[1]: _split(cell.written) for cell in cells}
            with tokenize.open(path) as stream:
                text = stream.read()
        except (OSError, SyntaxError, ValueError):  # a place that cannot be read, or bytes that are no text
            return {}
        return {"": _split(text)} if self._target.payload is None or _is_loaded(path, text) else {}


def named_lines(description: Description) -> Iterator[Source]:
    """The lines that a report of one model names: of what its notes are about, then of its nodes."""
    graphs = (graph for graph in (description.inference, description.training) if graph is not None)
    sites = (site.source for note in description.notes for site in note.sites)
    nodes = (source for graph in graphs for node in graph for source in (node.source, node.called))
    yield from (source for source in (*sites, *nodes) if source is not None)


def excerpts(written: Written, sources: Iterable[Source]) -> tuple[Excerpt, ...]:
    """The lines around those that are named, each once, by file."""
    chosen: dict[str, set[int]] = {}
    left = MOST_LINES
    for source in dict.fromkeys(sources):
        count = len(written.lines(source.file))
        if not 1 <= source.line <= count:
            continue
        around = range(max(1, source.line - CONTEXT), min(count, source.line + CONTEXT) + 1)
        new = set(around) - chosen.setdefault(source.file, set())
        if len(new) > left:
            break
        chosen[source.file] |= new
        left -= len(new)
    return tuple(excerpt for file in sorted(chosen) for excerpt in _runs(file, written.lines(file), chosen[file]))


def _runs(file: str, lines: Lines, chosen: Iterable[int]) -> Iterator[Excerpt]:
    """Lines that follow each other, together."""
    for _, run in groupby(enumerate(sorted(chosen)), key=lambda item: item[1] - item[0]):
        numbers = [number for _, number in run]
        yield Excerpt(file=file, first=numbers[0], lines=tuple(_cut(lines[number - 1]) for number in numbers))


def _cut(line: str) -> str:
    return line if len(line) <= MOST_COLUMNS else f"{line[:MOST_COLUMNS]}…"


def _split(text: str) -> Lines:
    """Lines as Python counts them: a form feed ends none."""
    return tuple(text.removesuffix("\n").split("\n"))


def _is_loaded(path: Path, text: str) -> bool:
    """Whether the code that this process runs of a file is what the file says now: an object in memory may be older."""
    place = str(path)
    try:
        now = {_shape(code) for code in _within(compile(text, place, "exec", dont_inherit=True))}
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    modules = [module for module in list(sys.modules.values()) if getattr(module, "__file__", None) == place]
    return all(_shape(code) in now for module in modules for code in _codes(module) if code.co_filename == place)


def _codes(module: ModuleType) -> Iterator[CodeType]:
    """The code of the functions of a module, and of those of its classes."""
    held = list(vars(module).values())
    own = [one for one in held if isinstance(one, type) and one.__module__ == module.__name__]
    for value in (*held, *(item for one in own for item in vars(one).values())):
        code = getattr(value, "__code__", None)
        if isinstance(code, CodeType):
            yield code


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _within(inner)


def _shape(code: CodeType) -> tuple[str, int, bytes, str]:
    consts = tuple(one for one in code.co_consts if not isinstance(one, CodeType))
    return code.co_name, code.co_firstlineno, code.co_code, repr(consts)
