"""What is said of changes that were tried on a gate: what becomes of each, and how many are caught where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from kerasdiff.gates.mutants import Fate, Proof, Proved, Tried
from kerasdiff.report.wording.names import count, listed

FATES: Mapping[Fate, str] = {
    Fate.CAUGHT: "caught",
    Fate.STOPPED: "inconclusive",
    Fate.IGNORED: "passes",
    Fate.NOT_ASKED: "passes",
    Fate.HARMLESS: "changes nothing",
    Fate.MISSED: "missed",
    Fate.UNUSABLE: "not compared",
}


def fate(tried: Tried, proved: Proved) -> str:
    """Where a change is caught, or why it is not."""
    return _FATES[tried.fate](tried, proved)


def _caught(tried: Tried, proved: Proved) -> str:
    return f" at {tried.rungs[0]}" if tried.rungs else " by its edits"


def _missed(tried: Tried, proved: Proved) -> str:
    off = "" if proved.gate.options.fit else "; the fit is switched off"
    return f": no rung that ran sees it{off}; Keras sees another {tried.seen}"


def _unusable(tried: Tried, proved: Proved) -> str:
    return "" if tried.trouble is None else f": {tried.trouble.message}"


_FATES: Mapping[Fate, Callable[[Tried, Proved], str]] = {
    Fate.CAUGHT: _caught,
    Fate.STOPPED: lambda tried, proved: ", which does not pass",
    Fate.IGNORED: lambda tried, proved: f": the file ignores {listed(tried.ignored)}",
    Fate.NOT_ASKED: lambda tried, proved: f": `rungs` asks for none of {listed(tried.rungs)}",
    Fate.HARMLESS: lambda tried, proved: "",
    Fate.MISSED: _missed,
    Fate.UNUSABLE: _unusable,
}


def gate_summary(proved: Proved) -> str:
    """How many changes a gate would catch, and where."""
    if proved.trouble is not None:
        return f"{proved.gate.name}: no change could be tried. {proved.trouble.message}"
    real = [tried for tried in proved.tried if tried.fate is not Fate.HARMLESS]
    caught = proved.of(Fate.CAUGHT)
    where = Counter(tried.rungs[0] if tried.rungs else "edits" for tried in caught)
    at = listed([f"{name} {number}" for name, number in where.most_common()])
    said = [f"{len(caught)} of {count(len(real), 'change')} would be caught" + (f" ({at})" if at else "")]
    for fates, words in (
        ((Fate.STOPPED,), "would stop it as inconclusive"),
        ((Fate.IGNORED,), "would pass for what the file ignores"),
        ((Fate.NOT_ASKED,), "would pass for the rungs it asks for"),
        ((Fate.MISSED,), "would be missed"),
        ((Fate.UNUSABLE,), "could not be compared"),
    ):
        if some := proved.of(*fates):
            said.append(f"{len(some)} {words}")
    none = proved.of(Fate.HARMLESS)
    beside = f" Not counted: {count(len(none), 'change')} without an effect." if none else ""
    control = "" if proved.control else " The model built again without a change does not pass."
    return f"{proved.gate.name}: {'; '.join(said)}.{beside}{control}"


def summary(proof: Proof) -> str:
    """The same of all gates."""
    cut = "Interrupted. " if proof.interrupted else ""
    return cut + (" ".join(map(gate_summary, proof.gates)) or "No gate was tried.")
