"""What could an explanation not say, and where does a counterexample come from, in words?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kerasdiff.findings import Fact, Finding
from kerasdiff.report.wording.numbers import scaled


def _nothing_attributed(finding: Finding) -> str:
    return "; ".join(SENTENCES[part.fact](part) for part in finding.parts) or "no graph of either mode could be aligned"


def _effects_unknown(finding: Finding) -> str:
    return f"what each edit does in {' and '.join(finding.names)} mode is not known: {finding.cause}"


def _gradients_unmeasured(finding: Finding) -> str:
    many = f"{finding.count:,} aligned values are more than {finding.of}"
    return f"what each edit does to gradients is not measured: {many}"


def _always(finding: Finding, value: str) -> str:
    site = finding.sites[0]
    source = "" if site.source is None else f" ({site.source})"
    return f"{site.node} in the {finding.side}{source} is {value} for every value that was tried"


def _driven(finding: Finding, way: str) -> str:
    return f"uphill: inputs that drive {way} what goes into {finding.sites[0].node}"


SENTENCES: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.NOTHING_ATTRIBUTED: _nothing_attributed,
    Fact.EFFECTS_UNKNOWN: _effects_unknown,
    Fact.GRADIENTS_UNMEASURED: _gradients_unmeasured,
    Fact.ALWAYS_TRUE: lambda finding: _always(finding, "true"),
    Fact.ALWAYS_FALSE: lambda finding: _always(finding, "false"),
    Fact.ON_PROBE: lambda finding: f"probe {finding.names[0]}",
    Fact.LARGER_WEIGHTS: lambda finding: scaled(finding.figures["factor"]),
    Fact.SCALED_INPUTS: lambda finding: f"inputs times {finding.figures['factor']:g}",
    Fact.NEAR_CONSTANT: lambda finding: f"inputs around {finding.figures['constant']:g}",
    Fact.DRIVEN_UP: lambda finding: _driven(finding, "up"),
    Fact.DRIVEN_DOWN: lambda finding: _driven(finding, "down"),
}
"""The sentence of each fact of ``explain``, without a capital and a full stop."""
