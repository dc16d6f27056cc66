"""What could no rung look at? An equivalence that does not know it would claim too much."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.align.edits import Edit
from kerasdiff.align.pair import Correspondence
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.probing.observations import FunctionObservation, Observations


def training_code(pair: Correspondence) -> tuple[Finding, ...]:
    """The user's own methods around the call, which no rung runs: the same code on both sides first."""
    first, second = (side.overrides for side in pair.descriptions)
    methods = []
    for name in sorted({*first, *second}):
        one, two = first.get(name), second.get(name)
        sources = tuple(item.source for item in (one, two) if item is not None and item.source is not None)
        finding = Finding(fact=Fact.SAME_TRAINING_CODE, names=(name,), sources=sources)
        if one is None or two is None:
            finding = replace(finding, fact=Fact.OWN_TRAINING_CODE, side=SIDES[0 if two is None else 1])
        elif one.digest != two.digest:
            finding = replace(finding, fact=Fact.OTHER_TRAINING_CODE)
        methods.append(finding)
    return tuple(sorted(methods, key=lambda item: item.fact is not Fact.SAME_TRAINING_CODE))


def unlike_training_code(pair: Correspondence) -> tuple[Finding, ...]:
    """Those of them that are not the same code on both sides."""
    return tuple(item for item in training_code(pair) if item.fact is not Fact.SAME_TRAINING_CODE)


def untraced(pair: Correspondence) -> tuple[Finding, ...]:
    """Why each side's calls are not seen as graphs: a branch that no probe takes would be missed."""
    return tuple(
        Finding(
            fact=Fact.UNTRACED,
            side=side,
            parts=tuple(note for note in description.notes if note.fact is Fact.NOT_TRACEABLE),
        )
        for side, description in zip(SIDES, pair.descriptions, strict=True)
        if description.inference is None or description.training is None
    )


def untaken(observations: Observations, edits: tuple[Edit, ...]) -> tuple[Finding, ...]:
    """Branches on data that went one way on every probe, where an edit touches them: the other way was not compared."""
    seen = observations.function
    branches = seen.untaken if isinstance(seen, FunctionObservation) else ((), ())
    distinct: dict[tuple[str, str, str], Finding] = {}
    for number, side in enumerate(SIDES):
        for edit in edits:
            site = edit.sites[number]
            if site is not None and site.origin in branches[number]:
                key = side, edit.op, str(site.source)
                distinct[key] = Finding(fact=Fact.ONE_WAY_BRANCH, side=side, sites=(replace(site, op=edit.op),))
    return tuple(distinct.values())


def elsewhere(locked: tuple[Finding | None, Finding | None]) -> tuple[Finding, ...]:
    """The baselines that do not answer as they did when they were locked: what was locked is not what was compared."""
    told = [part for finding in locked if finding is not None for part in finding.parts]
    return tuple(part for part in told if part.fact is Fact.ANSWERS_OTHERWISE)


def unheld_settings(pair: Correspondence) -> tuple[Finding, ...]:
    """The baselines without the compile settings they had, where these read differently: nothing can be sampled."""
    first, second = pair.descriptions
    if first.compiled is None or second.compiled is None or first.compiled == second.compiled:
        return ()
    held = [side.locked for side in pair.descriptions if side.locked is not None]
    return tuple(
        Finding(fact=Fact.SETTINGS_NOT_HELD, names=(one.target,), cause=one.uncompiled)
        for one in held
        if one.uncompiled
    )
