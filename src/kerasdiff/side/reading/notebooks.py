"""What does a notebook say in Python? Its code cells, without what only IPython understands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.side.files import UnreadableError, json_of

MOST_BYTES = 100_000_000
"""Longer ones are refused: reading takes a second a hundred megabytes, most of them images that cells have shown."""
_PYTHON_CELLS = ("time", "timeit", "capture", "prun", "tensorflow_version")
"""Magics that run the rest of their cell as Python."""
_LEFT_OUT = re.compile(r"^(?P<indent>\s*)(?:[%!?].*|[\w.*]+\?{1,2}\s*)$")
_TIMED = re.compile(r"^(\s*)%time\s+(?=\w)")
_ASSIGNED = re.compile(r"^(?P<before>\s*[\w, ]+=\s*)[%!].*$")


_FILE = re.compile(r"(.+\.ipynb)\[(cell \d+)\]", re.DOTALL)
"""What the lines of a cell are said to lie in."""


def cell_of(file: str) -> tuple[str, str]:
    """The file that lines lie in, and of a notebook the cell, else empty.

    >>> cell_of("/home/me/nb.ipynb[cell 3]")
    ('/home/me/nb.ipynb', 'cell 3')
    >>> cell_of("/home/a[1]/net.py")
    ('/home/a[1]/net.py', '')
    """
    found = _FILE.fullmatch(file)
    return (file, "") if found is None else (found[1], found[2])


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell.

    Attributes:
        file: What its lines are said to lie in: ``/home/me/nb.ipynb[cell 3]``, counting code cells from 1, as
            Jupyter does where all are run in order.
        text: Python, line by line as in the notebook.
        written: As it stands there.
    """

    file: str
    text: str
    written: str


def cells_of(path: Path) -> tuple[Cell, ...] | str:
    """The code cells of a notebook, or what is wrong with it.

    References:
        "The Jupyter Notebook Format", versions 3 and 4.
    """
    try:
        content = json_of(path, "it is no notebook, or a damaged one: it is no JSON", MOST_BYTES)
    except UnreadableError as error:
        return str(error)
    if not isinstance(content, dict) or (cells := _all_cells(content)) is None:
        return "it is no notebook: it has no cells"
    language = _language(content)
    if language not in ("", "python", "ipython"):
        return f"it is written in {language}, not in Python"
    texts = [_text(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    if not any(texts):
        return "it holds no code"
    return tuple(Cell(f"{path}[cell {number}]", _python(text), text) for number, text in enumerate(texts, 1))


def _all_cells(content: dict[str, object]) -> list[object] | None:
    sheets = content.get("worksheets")  # version 3
    cells: list[object] = []
    for holder in sheets if isinstance(sheets, list) else [content]:
        held = holder.get("cells") if isinstance(holder, dict) else None
        if not isinstance(held, list):
            return None
        cells += held
    return cells


def _language(content: dict[str, object]) -> str:
    """What its code is written in, in small letters; empty where it does not say."""
    metadata = content.get("metadata")
    if isinstance(metadata, dict):
        for place, key in (("language_info", "name"), ("kernelspec", "language")):
            said = metadata.get(place)
            if isinstance(said, dict) and isinstance(said.get(key), str):
                return str(said[key]).lower()
    return ""


def _text(cell: dict[str, object]) -> str:
    text = cell.get("source", cell.get("input", ""))
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _python(text: str) -> str:
    """A cell without magics, each line where it was; as it is where it is Python as it is."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return "\n".join(_without_magics(text.split("\n")))
    return text


def _without_magics(lines: list[str]) -> Iterator[str]:
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("%%") and first[2:].split(" ")[0] not in _PYTHON_CELLS:
        yield from ("" for _ in lines)
        return
    continued = False
    for line in (_TIMED.sub(r"\1", line) for line in lines):
        left_out, assigned = _LEFT_OUT.match(line), _ASSIGNED.match(line)
        if continued:
            yield ""
        elif left_out is not None:
            yield f"{left_out['indent']}pass" if left_out["indent"] else ""
        elif assigned is not None:
            yield f"{assigned['before']}None"
        else:
            yield line
        continued = line.endswith("\\") and (continued or left_out is not None or assigned is not None)
