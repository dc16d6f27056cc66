"""The edits as they are told: one for each change of the user's, as far as it is known to be one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasdiff.align.edits import Edit
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.folding import applied
from kerasdiff.align.telling.functions import functions
from kerasdiff.graph import MODES, Mode


def told(edits: Sequence[Edit], modes: Mapping[Mode, Aligned]) -> tuple[Edit, ...]:
    """The edits of a script, those together that are one change.

    What is done on account of edits, such as the search for an input that shows them, goes by the script; what is
    measured, counted and told of them goes by these.
    """
    script = tuple(edits)
    for mode in reversed(MODES):
        if mode in modes:
            script = applied(script, functions(script, modes[mode]))
    return script
