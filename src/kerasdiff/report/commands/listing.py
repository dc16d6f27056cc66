"""How is it shown what can be named in files? As lines to read, or as JSON."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence

from kerasdiff.side.listing.candidates import Candidate
from kerasdiff.side.listing.finding import Listed
from kerasdiff.side.listing.words import described, why_not

SCHEMA = "kerasdiff.list/1"
_WIDEST = 60
"""Columns of a target; what is said of a longer one stands behind it all the same."""


def listing_text(files: Sequence[Listed], *, all_names: bool) -> str:
    """Targets to be pasted, each with what it is; then the names that can be none.

    Args:
        files: What can be named in each.
        all_names: Whether the names that can be no model are shown.
    """
    names = [(file, one) for file in files for one in file.names]
    sure = [(shlex.quote(one.target), described(one)) for _, one in names if one.can == "yes"]
    sure += [(file.place, "a saved model or config") for file in files if file.whole]
    perhaps = [(shlex.quote(one.target), described(one)) for _, one in names if one.can == "maybe"]
    others = [(f"{file.place}:{one.name}", why_not(one)) for file, one in names if one.can == "no"]
    lines = [*_columns(sure)] or ["nothing here is a model for certain, as far as its text tells"]
    lines += _section("perhaps models, only running them tells:", _columns(perhaps))
    lines += _section("not models:", _columns(others) if all_names else ())
    lines += _section("not read:", [file.problem for file in files if file.problem])
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    inside = [f"  {line}" for line in lines]
    return ["", title, *inside] if inside else []


def _columns(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = min(max((len(first) for first, _ in rows), default=0), _WIDEST)
    return (f"{first:<{width}}  {second}" for first, second in rows)


def listing_json(files: Sequence[Listed]) -> str:
    """The same as JSON, with every name."""
    content = {
        "schema": SCHEMA,
        "files": [
            {
                "place": file.place,
                "is_model": file.whole,
                "problem": file.problem or None,
                "names": [_name(one) for one in file.names],
            }
            for file in files
        ],
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _name(one: Candidate) -> dict[str, object]:
    return {
        "name": one.name,
        "kind": one.kind,
        "can_be_model": one.can,
        "whole_model": one.whole,
        "reason": None if one.reason is None else one.reason.name.lower().replace("_", "-"),
        "signature": one.signature or None,
        "missing": list(one.missing),
        "target": one.target,
        "file": one.file,
        "line": one.line,
    }
