"""Which keys does a pair have, and what may each hold? One table; everything else is a mistake with a name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NoReturn, cast

from kerasdiff.errors import KerasdiffError
from kerasdiff.findings import RungName
from kerasdiff.gates.lines import Path
from kerasdiff.options import IGNORABLE, LAST_SEED, STRENGTHS, Ignored
from kerasdiff.side.targets import SIDES, parse_input

RUNGS: tuple[RungName, ...] = (
    "interface", "architecture", "weights", "inference", "training step", "checkpoint", "fit",
)  # fmt: skip
EDIT_KINDS = ("insert", "delete", "update", "move", "rewire")


class Wrong(Exception):  # noqa: N818  # it says what is wrong, and where within what was looked at
    """A value that cannot be used.

    Attributes:
        what: The rest of a sentence that begins with where it stands.
        path: Where it stands, below what was looked at.
    """

    def __init__(self, what: str, path: Path = ()) -> None:
        super().__init__(what)
        self.what, self.path = what, path


Read = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of ``ignore`` as it is written."""

    what: Ignored
    reason: str
    until: date


def fail(what: str) -> NoReturn:
    """Says what is wrong."""
    raise Wrong(what)


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean pairs?``, or what there is where nothing comes near."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"it must be one of {', '.join(names)}."


def shown(value: object) -> str:
    """A value as TOML writes it, as far as that is short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else "a long text"
    if isinstance(value, dict):
        return "a table"
    return "an array" if isinstance(value, list) else str(value)


# Values ------------------------------------------------------------------------------------------------------


def text(value: object) -> str:
    if not isinstance(value, str):
        fail(f'must be a text in quotes, as in "old.py:Net", not {shown(value)}.')
    if not value.strip():
        fail("is empty.")
    return value


def flag(value: object) -> bool:
    return value if isinstance(value, bool) else fail(f"must be true or false, not {shown(value)}.")


def number(least: float, *, whole: bool = False, most: float = float("inf"), above: bool = False) -> Read:
    """A number of at least ``least``, or ``above`` it."""
    kind = "a whole number" if whole else "a number"
    span = f"of more than {least:g}" if above else f"of at least {least:g}"
    span = span if most == float("inf") else f"from {least:g} to {most:.0f}"

    def read(value: object) -> object:
        fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not fits or not least <= cast("float", value) <= most or (above and value == least):
            fail(f"must be {kind} {span}, not {shown(value)}.")
        return value if whole else float(cast("float", value))

    return read


def one_of(*names: str) -> Read:
    def read(value: object) -> object:
        if value not in names or not isinstance(value, str):
            near = nearest(value, names) if isinstance(value, str) else f"it must be one of {', '.join(names)}."
            fail(f"cannot be {shown(value)}; {near}")
        return value

    return read


def device(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"auto|cpu|gpu(:\d{1,3})?", value):
        fail(f"must be auto, cpu, gpu or gpu:N, not {shown(value)}.")
    return value


def listed(read: Read, *, example: str, least: int = 0, once: bool = True) -> Read:
    """An array of at least ``least`` items that ``read`` takes, each of them ``once`` or as often as one likes."""

    def read_all(value: object) -> object:
        if not isinstance(value, list):
            fail(f"must be an array, as in {example}, not {shown(value)}.")
        if len(value) < least:
            fail(f"is empty; write one, as in {example}, or leave the key out.")
        items: list[object] = []
        for position, item in enumerate(value):
            try:
                items.append(read(item))
            except Wrong as wrong:
                raise Wrong(wrong.what, (position, *wrong.path)) from None
            if once and items[-1] in items[:-1]:
                raise Wrong(f"names {shown(item)} twice.", (position,))
        return tuple(items)

    return read_all


def given(value: object) -> object:
    """An input as ``--input`` says it."""
    try:
        parse_input(text(value))
    except KerasdiffError as error:
        fail(f"cannot be {shown(value)}: {error.message.partition(': ')[2] or error.message}")
    return value


def objects(value: object) -> tuple[str, str]:
    """A file as ``--custom-objects`` says it: the side that it is for, empty for both, and its path."""
    side, equals, path = text(value).partition("=")
    if not equals or side not in SIDES:
        side, path = "", text(value)
    if not path.endswith(".py"):
        fail(f"cannot be {shown(value)}: name the Python file that defines the classes.")
    return side, path


def variables(value: object) -> tuple[tuple[str, str], ...]:
    """What is set in the environment, as a table."""
    if not isinstance(value, dict):
        fail(f'must be a table of texts, as in {{ TF_USE_LEGACY_KERAS = "1" }}, not {shown(value)}.')
    for name, item in value.items():
        if not isinstance(item, str):
            fail(f"gives {name} no text: write {shown(item)} in quotes.")
    return tuple(sorted(value.items()))


def edit(value: object) -> object:
    """``insert relu``."""
    kind, _, op = text(value).partition(" ")
    if kind not in EDIT_KINDS or not op.strip():
        fail(
            f'cannot be {shown(value)}; write what is done and to what, as in "insert relu" ({", ".join(EDIT_KINDS)}).'
        )
    return value


def day(value: object) -> object:
    # A date with a time is a date to Python.
    if type(value) is not date:
        fail(f"must be a date without quotes, as in 2027-03-31, not {shown(value)}.")
    return value


_ENTRY: Mapping[str, Read] = {"what": one_of(*IGNORABLE), "reason": text, "until": day}
_ENTRY_EXAMPLE = '{ what = "initializer", reason = "why", until = 2027-03-31 }'


def entry(value: object) -> object:
    """An entry of ``ignore``."""
    if not isinstance(value, dict):
        fail(f"must be a table, as in {_ENTRY_EXAMPLE}, not {shown(value)}.")
    read = table(value, _ENTRY)
    for name in _ENTRY:
        if name not in read:
            fail(f"has no {name}: write {_ENTRY_EXAMPLE}.")
    return Entry(**read)  # type: ignore[arg-type]  # each was read by its row of the table


def table(value: Mapping[str, object], keys: Mapping[str, Read]) -> dict[str, object]:
    """What a table says, key by key.

    Raises:
        Wrong: If a key is unknown, or its value is not one it takes.
    """
    read: dict[str, object] = {}
    for name, item in value.items():
        if name not in keys:
            raise Wrong(f"is no key here; {nearest(name, keys)}", (name,))
        try:
            read[name] = keys[name](item)
        except Wrong as wrong:
            raise Wrong(wrong.what, (name, *wrong.path)) from None
    return read


# Keys --------------------------------------------------------------------------------------------------------

OPTIONS: Mapping[str, Read] = {
    "inputs": listed(given, example='["32,32,3"]', least=1),
    "fit": flag,
    "fit_steps": number(1, whole=True),
    "data": text,
    "seed": number(0, whole=True, most=LAST_SEED),
    "timeout": number(0, above=True),
    "search": number(0),
    "require": one_of(*STRENGTHS),
    "require_checkpoint": flag,
    "device": device,
    "rungs": listed(one_of(*RUNGS), example='["interface", "inference"]', least=1),
    "custom_objects": listed(objects, example='["layers.py"]', least=1),
    "unsafe": flag,
    "reference_python": text,
    "candidate_python": text,
    "backend": text,
    "reference_backend": text,
    "candidate_backend": text,
    "reference_env": variables,
    "candidate_env": variables,
    "ignore": listed(entry, example=f"[{_ENTRY_EXAMPLE}]"),
}
"""What pairs and the defaults of all pairs may say."""

PAIR: Mapping[str, Read] = {
    "reference": text,
    "candidate": text,
    "target": text,
    "against": text,
    "to": listed(text, example='["tensorflow==2.21"]', least=1),
    "expect": one_of("equivalent", "different"),
    "edits": listed(edit, example='["insert relu"]', once=False),
    **OPTIONS,
}
"""What a pair may say."""
