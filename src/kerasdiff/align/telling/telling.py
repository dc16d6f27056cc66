"""The edits as they are told: one for each change of the user's, as far as it is known to be one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasdiff.align.edits import Edit
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.constants import constants
from kerasdiff.align.telling.folding import applied
from kerasdiff.align.telling.functions import functions, replacements
from kerasdiff.align.telling.masks import ignored, masks, remade, unmade
from kerasdiff.align.telling.modes import modes as by_mode
from kerasdiff.align.telling.structure import branches, loops, residuals, transplants
from kerasdiff.align.telling.within import within
from kerasdiff.graph import MODES, Mode
from kerasdiff.side.records import Description

MOST_EDITS = 200
"""Of a longer script edits are not put together: the models have little in common, and pairs of edits are looked at."""


def told(
    edits: Sequence[Edit], modes: Mapping[Mode, Aligned], descriptions: tuple[Description, Description]
) -> tuple[Edit, ...]:
    """The edits of a script, those together that are one change.

    What is done on account of edits, such as the search for an input that shows them, goes by the script; what is
    measured, counted and told of them goes by these.
    """
    script = tuple(edits)
    for mode in reversed(MODES):
        if mode in modes:
            if len(edits) <= MOST_EDITS:
                script = _together(script, modes[mode], descriptions)
            script = applied(script, within(script, modes[mode]))
            if len(edits) <= MOST_EDITS:
                script = applied(script, loops(script))
    return script


def _together(
    script: tuple[Edit, ...], aligned: Aligned, descriptions: tuple[Description, Description]
) -> tuple[Edit, ...]:
    """The edits of a mode, those of different nodes together that are one change."""
    notes = descriptions[0].notes, descriptions[1].notes
    first, second = (side.traced(aligned.mode) for side in descriptions)
    script = applied(script, by_mode(script, aligned, (first, second), notes))
    script = applied(script, masks(script, aligned, notes))
    script = applied(script, unmade(script, aligned))
    script = applied(script, ignored(script, aligned))
    script = applied(script, remade(script, aligned))
    script = applied(script, constants(script, aligned))
    script = applied(script, residuals(script, aligned))
    script = applied(script, functions(script, aligned))
    script = applied(script, transplants(script, aligned))
    script = applied(script, replacements(script, aligned))
    return applied(script, branches(script, aligned))
