"""What is said of a baseline: what was locked, what has changed since, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kerasdiff.comparison import Terms
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.report.wording.names import count
from kerasdiff.report.wording.numbers import closeness, share

if TYPE_CHECKING:  # which holds arrays, and a report is told again without numpy
    from kerasdiff.side.baselines.records import Baseline


def baselines(terms: Terms) -> list[str]:
    """A phrase for each side that is a baseline."""
    both = zip(SIDES, terms.locked, strict=True)
    return [f"{side}: {SENTENCES[finding.fact](finding)}" for side, finding in both if finding is not None]


def stored(baseline: Baseline, size: int) -> str:
    """What a file holds that was just written, and what it cannot answer."""
    description, frozen = baseline.plain.description, baseline.plain.frozen
    total = sum(weight.size for weight in description.weights if not weight.is_seed)
    text = f"{baseline.target} locked, {count(total, 'parameter')} in {_bytes(size)}"
    lacking = [f"{refusal.mode or 'all'} in {refusal.precision}: {refusal.why}" for refusal in frozen.refused]
    if any(call.customised for call in frozen.calls):
        lacking.append("gradients: a call holds a custom gradient, which is code")
    if frozen.uncompiled:
        lacking.append(f"compile settings: {frozen.uncompiled}")
    if lacking:
        text += f"; not stored, so that a comparison goes without it: {'; '.join(lacking)}"
    return text


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"


def _locked(finding: Finding) -> str:
    told = [SENTENCES[part.fact](part) for part in finding.parts]
    if not any(part.fact is Fact.LOCKED_ELSEWHERE for part in finding.parts):
        told.insert(0, "with the versions and on the processor of now")
    return f"made from {finding.names[0]} {'; '.join(told)}"


def _elsewhere(finding: Finding) -> str:
    rows = () if finding.values is None or not isinstance(finding.values[0], tuple) else finding.values[0]
    changed = [f"{name} {then} (now {now})" for name, then, now in rows]
    return f"with {', '.join(changed)}"


def _distances(finding: Finding) -> str:
    if not any(finding.figures.values()):
        return "to the last bit"
    told = (f"{share(size)} in {name}" if size else f"no bit in {name}" for name, size in finding.figures.items())
    return f"but for {' and '.join(told)}, which the limits allow for"


def _otherwise(finding: Finding) -> str:
    apart = "" if finding.closeness is None else f": {closeness(finding.closeness)}"
    return f"it does not answer here as it did then{apart}"


def _not_recalled(finding: Finding) -> str:
    if finding.cause:
        return f"whether it answers here as it did then is not known ({finding.cause})"
    return "it holds no answers that would show whether numbers are the same here"


SENTENCES: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.LOCKED: _locked,
    Fact.LOCKED_ELSEWHERE: _elsewhere,
    Fact.RECALLED: lambda it: f"it answers here as it did then, {_distances(it)}",
    Fact.ANSWERS_OTHERWISE: _otherwise,
    Fact.NOT_RECALLED: _not_recalled,
    Fact.SETTINGS_NOT_HELD: lambda it: (
        f"compile settings read differently, and whether they do the same is not known: the baseline of {it.names[0]} "
        f"does not hold them ({it.cause})"
    ),
    Fact.NOT_TRAINED: lambda it: f"{' and '.join(it.names)}: a baseline cannot be trained",
    Fact.NO_FILE_OF_BASELINE: lambda it: (
        "files: a baseline holds no layers that Keras could save or load, so the places of stored weights are compared "
        "alone"
    ),
}
"""What each fact of a baseline says, without a full stop."""
