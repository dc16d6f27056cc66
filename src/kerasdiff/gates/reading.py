"""Where is the file of gates, and what does it say? Read whole or not at all: a mistake in one pair stops the check."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from kerasdiff.errors import GatesError
from kerasdiff.findings import RungName
from kerasdiff.gates.keys import OPTIONS, PAIR, Entry, Wrong, nearest, shown, table, text
from kerasdiff.gates.lines import Lines
from kerasdiff.gates.lines import Path as Keys
from kerasdiff.gates.records import Expected, Gate, Gates, Ignore
from kerasdiff.options import IGNORABLE, Options
from kerasdiff.side.interpreters.settings import Setting
from kerasdiff.side.targets import SIDES, parse_input

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

OWN = "kerasdiff.toml"
SHARED = "pyproject.toml"
_SECTION = ("tool", "kerasdiff")
_FIRST = "write [pairs.NAME] with reference and candidate, or let `kerasdiff init` write the file."

_TOP = ("base", "defaults", "pairs")
"""Keys of the whole."""

_OWN_OPTIONS = {field.name for field in dataclasses.fields(Options)} - {"ignore", "inputs", "explain"}


def find(start: Path) -> Path:
    """The file of gates of a directory: the nearest one upwards.

    Raises:
        GatesError: If there is none.
    """
    for directory in (start, *start.parents):
        if (directory / OWN).is_file():
            return directory / OWN
        shared = directory / SHARED
        if shared.is_file() and _section(_parsed(shared, str(shared)), shared.name) is not None:
            return shared
    raise GatesError(
        f"no gates are written down for {start}: neither there nor above is a {OWN}, or a {SHARED} with "
        "[tool.kerasdiff]; `kerasdiff init` writes one."
    )


def read(path: Path, name: str = "") -> Gates:
    """Reads a file of gates.

    Args:
        path: The file.
        name: As it is shown; the path if empty.

    Raises:
        GatesError: If it cannot be read, or says something that no check can be made of; with its line.
    """
    name = name or str(path)
    content = _text(path, name)
    section = _section(_parsed(path, name), path.name)
    if section is None:
        raise GatesError(f"{name}: there is no [tool.kerasdiff] in it; {_FIRST.replace('[', '[tool.kerasdiff.', 1)}")
    above = _SECTION if path.name == SHARED else ()
    try:
        return _Reader(content, above, path.absolute().parent).gates(section, name)
    except Wrong as wrong:
        where = ".".join(map(_key, wrong.path))
        line = Lines(content).of((*above, *wrong.path))
        raise GatesError(f"{name}:{line}: {where} {wrong.what}") from None


def chosen(gates: Gates, names: Sequence[str]) -> Gates:
    """The pairs of these names; all where there are none.

    Raises:
        GatesError: If a name is none of theirs.
    """
    known = [gate.name for gate in gates.gates]
    for name in names:
        if name not in known:
            raise GatesError(f"{gates.path} has no pair {name}; {nearest(name, known)}")
    return replace(gates, gates=tuple(gate for gate in gates.gates if gate.name in names)) if names else gates


def _key(part: str | int) -> str:
    """A key as a person counts: items from 1."""
    return f"{part + 1}" if isinstance(part, int) else part


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise GatesError(f"{name} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise GatesError(f"{name} is not UTF-8, which TOML has to be.") from None


def _parsed(path: Path, name: str) -> dict[str, object]:
    try:
        return cast("dict[str, object]", tomllib.loads(_text(path, name)))
    except tomllib.TOMLDecodeError as error:
        raise GatesError(f"{name}:{_at(error)}") from None


def _at(error: tomllib.TOMLDecodeError) -> str:
    """The line that an error names, which only the latest `tomllib` gives by itself, and what it says."""
    said, _, where = str(error).partition(" (at ")
    numbers = re.findall(r"\d+", where)
    return f"{numbers[0] if numbers else 1} is no TOML: {said[:1].lower()}{said[1:]}{'' if numbers else where}."


def _section(content: Mapping[str, object], file: str) -> dict[str, object] | None:
    """What is kerasdiff's: all of a file of its own, and ``[tool.kerasdiff]`` of one that it shares."""
    if file != SHARED:
        return dict(content)
    tool = content.get("tool")
    section = tool.get("kerasdiff") if isinstance(tool, dict) else None
    return section if isinstance(section, dict) else None


class _Reader:
    """Makes the records; everything wrong is a :class:`Wrong` with its path."""

    def __init__(self, content: str, above: Keys, here: Path) -> None:
        self._lines, self._above, self._here = Lines(content), above, here

    def _line(self, *path: str | int) -> int:
        return self._lines.of((*self._above, *path))

    def gates(self, section: Mapping[str, object], name: str) -> Gates:
        for key in section:
            if key not in _TOP:
                raise Wrong(f"is no key here; {nearest(key, _TOP)}", (key,))
        base = _within(("base",), lambda: text(section["base"]) if "base" in section else "")
        defaults = _within(("defaults",), lambda: table(_table(section.get("defaults", {})), OPTIONS))
        pairs = _within(("pairs",), lambda: _table(section.get("pairs", {})))
        if not pairs:
            raise Wrong(f"holds no pair; {_FIRST}", ("pairs",))
        gates = tuple(_within(("pairs", key), partial(self._gate, key, item, defaults)) for key, item in pairs.items())
        return Gates(path=name, here=str(self._here), gates=gates, base=base)

    def _gate(self, name: str, item: object, defaults: Mapping[str, object]) -> Gate:
        if not name.strip() or name.startswith("-"):
            raise Wrong("is no name for a pair: give it one that can be typed.")
        own = table(_table(item), PAIR)
        merged = {**defaults, **own}
        reference, candidate = _targets(own)
        if "to" in own:
            _refuse_beside_upgrade(own, merged)
            reference = candidate
        if "data" in merged:
            merged["data"] = str(self._here / Path(cast("str", merged["data"])).expanduser())
        expect = cast("Expected", merged.get("expect", "equivalent"))
        edits = cast("tuple[str, ...] | None", merged.get("edits"))
        if edits is not None and expect != "different":
            raise Wrong('are edits of a pair that is to differ: write expect = "different" as well.', ("edits",))
        if expect == "different" and "rungs" in own:
            raise Wrong("are of a pair that is to be equivalent; this one is to differ.", ("rungs",))
        ignores = self._ignores(name, defaults, own)
        return Gate(
            name=name,
            line=self._line("pairs", name),
            reference=reference,
            candidate=candidate,
            against=cast("str", own.get("against", "")),
            options=_options(merged, ignores),
            given=cast("tuple[str, ...]", merged.get("inputs", ())),
            unsafe=cast("bool", merged.get("unsafe", False)),
            objects=tuple(
                (side, str(self._here / Path(file).expanduser()))
                for side, file in cast("tuple[tuple[str, str], ...]", merged.get("custom_objects", ()))
            ),
            settings=(_setting(merged, SIDES[0]), _setting(merged, SIDES[1])),
            to=cast("tuple[str, ...]", own.get("to", ())),
            expect=expect,
            edits=edits,
            known_lines=tuple(self._line("pairs", name, key) for key in ("expect", "edits") if key in own),
            rungs=() if expect == "different" else cast("tuple[RungName, ...]", merged.get("rungs", ())),
            ignores=ignores,
        )

    def _ignores(self, name: str, defaults: Mapping[str, object], own: Mapping[str, object]) -> tuple[Ignore, ...]:
        """What is ignored, each once: a pair's own entry stands for that of the defaults."""
        entries: dict[str, Ignore] = {}
        for place, values in ((("defaults",), defaults), (("pairs", name), own)):
            seen: set[str] = set()
            for position, entry in enumerate(cast("tuple[Entry, ...]", values.get("ignore", ()))):
                if entry.what in seen:
                    raise Wrong(f'names "{entry.what}" twice.', ("ignore", position))
                seen.add(entry.what)
                line = self._line(*place, "ignore", position)
                entries[entry.what] = Ignore(what=entry.what, reason=entry.reason, until=entry.until, line=line)
        return tuple(entries[what] for what in IGNORABLE if what in entries)


def _setting(merged: Mapping[str, object], side: str) -> Setting:
    """In what a side of a pair runs."""
    return Setting(
        python=cast("str", merged.get(f"{side}_python", "")),
        backend=cast("str", merged.get(f"{side}_backend", merged.get("backend", ""))),
        variables=cast("tuple[tuple[str, str], ...]", merged.get(f"{side}_env", ())),
    )


def _within(path: Keys, read: Callable[[], T]) -> T:
    """Reads what stands at a path."""
    try:
        return read()
    except Wrong as wrong:
        raise Wrong(wrong.what, (*path, *wrong.path)) from None


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise Wrong(f"must be a table, not {shown(value)}.")
    return value


def _targets(own: Mapping[str, object]) -> tuple[str, str]:
    """Reference and candidate; the reference empty where it is the candidate at another revision.

    Raises:
        Wrong: If they are not named, or in two ways at once.
    """
    named = [key for key in ("reference", "candidate") if key in own]
    if "target" in own:
        if named:
            raise Wrong(f"names {named[0]} and target: write reference and candidate, or target with against.")
        return "", cast("str", own["target"])
    if len(named) < 2:
        lacking = "reference" if named == ["candidate"] else "candidate" if named else "model"
        raise Wrong(f"names no {lacking}: write reference and candidate, or target to compare it with its revision.")
    if "against" in own:
        raise Wrong("is of a pair with target: this one names its reference.", ("against",))
    return cast("str", own["reference"]), cast("str", own["candidate"])


def _refuse_beside_upgrade(own: Mapping[str, object], merged: Mapping[str, object]) -> None:
    """Refuses what makes no sense where a model is compared with itself in an environment that is made for it."""
    if "target" not in own:
        raise Wrong("is of a pair with target: that is compared with itself in the environment that is made.", ("to",))
    for key, why in (("against", "at a revision"), ("candidate_python", "in another environment")):
        if key in merged:
            raise Wrong(f"compares the target with itself, and {key} does so {why}: write either.", ("to",))


def _options(merged: Mapping[str, object], ignores: tuple[Ignore, ...]) -> Options:
    """The options of a comparison.

    Raises:
        Wrong: If two of them contradict each other.
    """
    rungs = cast("tuple[str, ...]", merged.get("rungs", ()))
    fit = cast("bool", merged.get("fit", "fit" in rungs if rungs else True))
    for key in ("data", "fit_steps"):
        if key in merged and not fit:
            raise Wrong("is of a fit, and fit is off here.", (key,))
    if "fit" in rungs and not fit:
        raise Wrong("has to be equal, and fit is off here.", ("rungs", rungs.index("fit")))
    chosen = {key: value for key, value in merged.items() if key in _OWN_OPTIONS}
    chosen |= {"fit": fit, "require_checkpoint": bool(merged.get("require_checkpoint")) or "checkpoint" in rungs}
    inputs = tuple(parse_input(given) for given in cast("tuple[str, ...]", merged.get("inputs", ())))
    return Options(**chosen, inputs=inputs, ignore=tuple(item.what for item in ignores))  # type: ignore[arg-type]
