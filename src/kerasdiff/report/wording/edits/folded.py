"""What does an edit say that tells several, or that knows what was meant? The words of each kind of cause."""

from __future__ import annotations

from collections.abc import Mapping

from kerasdiff.align.edits import (
    Baked,
    Change,
    Delete,
    Insert,
    MaskLost,
    Residual,
    Rewire,
    Update,
    leaves,
)
from kerasdiff.findings import SIDES, Site, other
from kerasdiff.graph import SAME_AS
from kerasdiff.report.wording.edits import formulas
from kerasdiff.report.wording.names import call_of, listed, name_of


def functions(reference: Site, candidate: Site, change: Change) -> str:
    """The function of either side, with its line; where one line serves both, that once."""
    assert change.formulas is not None
    lines = [f" ({site.source})" if site.source else "" for site in (reference, candidate)]
    if lines[0] == lines[1]:
        lines[0] = ""
    if any(change.ways):
        one, two = (_ops(ops) for ops in change.ways)
        how = f"as {one} in the reference{lines[0]}, as {two} in the candidate{lines[1]}"
        return f"{formulas.told(change.formulas[0])} is computed {how}: the same in exact arithmetic alone"
    first, second = formulas.both(*change.formulas)
    return f"{first} in the reference{lines[0]}, {second} in the candidate{lines[1]}"


def replaced(edit: Update, reference: Site, candidate: Site) -> tuple[str, str]:
    """What stands in each other's place: a call, or the ops of several, with the layer that holds them all."""
    first, second = (
        f"{_ops(ops)}{_inside(edit, side)}{f' ({site.source})' if site.source else ''}" if ops else call_of(site)
        for side, site, ops in zip((0, 1), (reference, candidate), edit.changes[0].ways, strict=True)
    )
    return first, second


def _inside(edit: Update, side: int) -> str:
    """The layer in whose call all of several ops stand, with the words before it; empty where there is none."""
    sites = [leaf.sites[side] for whole in edit.folded for leaf in leaves(whole)]
    scopes = {site.node.rpartition("/")[0] for site in sites if site is not None}
    (scope,) = scopes if len(scopes) == 1 else ("",)
    return f" inside {scope}" if scope else ""


def _ops(ops: tuple[str, ...]) -> str:
    """The first few of several ops in order."""
    more = [f"{len(ops) - MOST_OPS} more"] if len(ops) > MOST_OPS else []
    return listed([*ops[:MOST_OPS], *more])


MOST_OPS = 5
"""Ops of a part that are named."""


def unmasked(edit: Insert | Delete, has: str, site: Site) -> str:
    """A layer that makes a mask, which one side lacks, and who reads the padding without it."""
    lacks = "reference" if has == "candidate" else "candidate"
    line = f" ({site.source})" if site.source else ""
    readers = [f"{reader.node} ({name_of(reader)})" for reader in edit.unmasked]
    more = [f"{len(readers) - MOST_NAMED} more"] if len(readers) > MOST_NAMED else []
    reads = "reads" if len(readers) == 1 else "read"
    who = listed(readers[:MOST_NAMED] + more)
    return f"{lacks} lacks the {name_of(site)} that {has} applies{line}, so {who} {reads} the padding unmasked"


def mode(edit: Update, change: Change) -> str:
    """A layer that is told another mode than its caller is in, and what follows."""
    side = 0 if change.values[0] is not None else 1
    site = edit.sites[side]
    assert site is not None
    (told,) = edit.modes
    other_mode = "training" if told == "inference" else "inference"
    line = f" ({site.source})" if site.source else ""
    leaf_sites = [
        next(site for site in leaf.sites if site is not None) for whole in edit.folded for leaf in leaves(whole)
    ]
    names = list(dict.fromkeys(map(name_of, leaf_sites)))
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    acts = "acts" if len(names) == 1 else "act"
    what = f"{listed(names[:MOST_NAMED] + more)} {acts} in {told} as in {other_mode}"
    return f"{SIDES[side]} calls {site.node} with training={change.values[side]}{line}, so {what}"


MOST_NAMED = 3
"""Layers named in a sentence."""


def baked(reference: Site, candidate: Site, told: Baked) -> str:
    """A constant of one side, and the weight it is on the other."""
    site = reference if told.side == "reference" else candidate
    first = f"the constant that {call_of(site)} takes in the {told.side}"
    return f"{first} is a trained weight of {call_of(told.site)} in the {other(told.side)}"


def branch(edit: Insert | Delete, has: str, site: Site) -> str:
    """A branch with weights that one side lacks."""
    layers = [call_of(layer) for layer in edit.branch]
    more = [f"{len(layers) - MOST_NAMED} more"] if len(layers) > MOST_NAMED else []
    line = f" ({site.source})" if site.source else ""
    lacks = "reference" if has == "candidate" else "candidate"
    source = f" from {listed(edit.operands[:MOST_NAMED])}" if edit.operands else ""
    what = listed(layers[:MOST_NAMED] + more)
    return f"{lacks} lacks a branch: {what}{source}, joined by {name_of(site)}{line} in the {has}"


def residual(edit: Rewire, wiring: Residual) -> str:
    pre, post = "before each residual branch (pre-norm)", "after each addition (post-norm)"
    places = (pre, post) if wiring.pre == "reference" else (post, pre)
    one, two = (name_of(site) for site in (edit.reference, edit.candidate))
    first, second = (
        f"{place} in the {side}{f' ({site.source})' if site.source else ''}"
        for place, side, site in zip(places, SIDES, (edit.reference, edit.candidate), strict=True)
    )
    return f"{one if one == two else f'{one} and {two}'} stands {first}, {second}"


def mask_lost(edit: Rewire, wiring: MaskLost) -> str:
    """Where a mask is lost, and who reads the padding."""
    lost = wiring.lost.node or wiring.lost.display
    line = f" ({wiring.lost.source})" if wiring.lost.source else ""
    text = f"the mask of {wiring.maker.node} is lost in the {wiring.side} at {lost}{line}"
    if wiring.reader is not None:
        return f"{text}: {wiring.reader.node} reads the padding"
    user = edit.candidate if wiring.side == "reference" else edit.reference
    return f"{text}, which reads the padding; {call_of(user)} applies it in the {other(wiring.side)}"


def shared(change: Change) -> str | None:
    """A layer that is the value of two settings; ``None`` of any other change."""
    for side, value in zip(SIDES, change.values, strict=True):
        if isinstance(value, Mapping) and SAME_AS in value:
            near = change.name.rpartition(".")[0].rpartition(".")[0]
            first = f"{near}.{value[SAME_AS]}" if near else str(value[SAME_AS])
            return f"{first} and {change.name} are one object in the {side}, so they share their weights"
    return None


_STATES = ("the output", "cell output h", "cell state c")
RESULTS: Mapping[str, tuple[str, ...]] = {
    "lstm": _STATES,
    "conv_lstm1d": _STATES,
    "conv_lstm2d": _STATES,
    "conv_lstm3d": _STATES,
    "lstm_cell": ("the output h", "cell output h", "cell state c"),
    "gru": ("the output", "cell output h"),
    "gru_cell": ("the output h", "cell output h"),
    "simple_rnn": ("the output", "cell output h"),
    "multi_head_attention": ("the output", "attention scores"),
    "group_query_attention": ("the output", "attention scores"),
}
"""What the results of a layer that has several are called, by its op."""
