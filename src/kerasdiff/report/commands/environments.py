"""The environments that upgrades made: as lines to read, and as JSON (schema ``kerasdiff.environments/1``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from rich.console import Console
from rich.text import Text

from kerasdiff.graph import Attribute
from kerasdiff.report.json import dump
from kerasdiff.report.terminal.style import Look, emit, hang
from kerasdiff.report.wording import upgraded as wording
from kerasdiff.report.wording.doctor import size
from kerasdiff.report.wording.names import count
from kerasdiff.side.upgrading.kept import Kept

SCHEMA = "kerasdiff.environments/1"


def environments_json(store: str, there: Sequence[Kept], removed: Sequence[Kept]) -> str:
    """Writes each environment with all its packages: those that are there, and those that were removed."""
    return dump(
        {
            "schema": SCHEMA,
            "place": store,
            "environments": [_described(one) for one in there],
            "removed": [_described(one) for one in removed],
        }
    )


def _described(one: Kept) -> dict[str, Attribute]:
    return {
        "name": one.name,
        "place": one.place,
        "asked": one.asked,
        "python": one.python,
        "over": one.over or None,
        "packages": dict(one.own),
        "bytes": one.size,
        "used": datetime.fromtimestamp(one.used, timezone.utc).isoformat(timespec="seconds"),
        "runs": one.runs,
    }


def render_environments(
    store: str, there: Sequence[Kept], removed: Sequence[Kept], now: float, console: Console
) -> None:
    """Prints what was removed, then what is there."""
    if removed:
        hang(console, Text(), Text(f"removed {_counted(removed)} that took {_sized(removed)}:"))
        for one in removed:
            _render(one, now, console)
    if not there:
        words = "none is left" if removed else "no environment has been made by `kerasdiff upgrade`"
        hang(console, Text(), Text(f"{words} below {store}"))
        return
    hang(console, Text(), Text(f"{_counted(there)} of {_sized(there)} below {store}, the one used last first:"))
    for one in there:
        _render(one, now, console)
    lead = "`--prune 30` removes those not used for 30 days, `--prune all` removes all; each is made again when needed"
    hang(console, Text(), Text(lead, "dim"))


def _counted(listed: Sequence[Kept]) -> str:
    return count(len(listed), "environment")


def _sized(listed: Sequence[Kept]) -> str:
    return size(sum(one.size for one in listed))


def _render(one: Kept, now: float, console: Console) -> None:
    look = Look.of(console)
    state = wording.used(one.unused_days(now)) if one.runs else "its Python is gone"
    about = f"  {size(one.size)}, {state}"
    emit(console, Text.assemble(f"  {look.text(one.name)}", (about, "dim")))
    lent = f" over {one.over}" if one.over else ""
    holds = f"{wording.held(one.own, one.asked)}; Python {one.python}{lent}"
    hang(console, Text("      "), Text(look.text(holds)))
