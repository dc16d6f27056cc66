"""What is said below an edit in a list: where it stands on either side, and which settings it changes."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.align.edits import Aspect, Edit, Update
from kerasdiff.report.wording.edits import attributes
from kerasdiff.report.wording.plain import change

SAID = frozenset({Aspect.COMPUTATION, Aspect.OP, Aspect.WIRING})
"""Changes that are no settings: the edit's message says what there is to say."""


def standing(edit: Edit, side: int) -> str:
    """Where an edit stands on a side, 0 for the reference: its node and line, or the node it is missing after."""
    site, after = edit.sites[side], edit.after[side]
    if site is None:
        return f"no {edit.op} after {after}" if after else f"no such {edit.op}"
    source = "" if site.source is None else f"{site.source}  "
    return f"{source}{site.node}" + (f" after {after}" if after else "")


def settings(edit: Edit) -> tuple[str, ...]:
    """Each changed setting with both values."""
    if not isinstance(edit, Update):
        return ()
    shown = replace(edit, changes=tuple(change for change in edit.changes if change.aspect not in SAID))
    return tuple(f"{name}: {change(*values)}" for name, values in attributes(shown).items())
