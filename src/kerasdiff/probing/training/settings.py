"""Do compile settings that read differently do the same? Their figures on values made for them decide, to the last bit.

Imports what the rungs import; the observer asks it before the weights rung is judged.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from kerasdiff.align.pair import Pair
from kerasdiff.errors import EvaluateError
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.graph import Attribute
from kerasdiff.graph.values import Array, Precision
from kerasdiff.probing.prober import both
from kerasdiff.probing.training.parting import parted, parted_on
from kerasdiff.side.observations import Encoding, Occasion, Section, SettingsRequest, SettingsSample
from kerasdiff.side.protocol import Side

SECTIONS: Mapping[str, Section] = {
    "optimizer": "optimizer",
    "loss": "loss",
    "loss_weights": "loss",
    "metrics": "metrics",
    "weighted_metrics": "metrics",
}
"""The section that a compile setting belongs to, by the word it begins with; others are not sampled."""

SCORE_LIMIT: Mapping[Precision, float] = {"float64": 1e-12, "float32": 1e-6}
"""How far losses and metrics may lie apart as a fraction of the larger: a formula written out sums in another order.
Optimizers are held to the last bit, for a decay of 1e-10 moves a weight by its last digits."""

RATE_LIMIT, RATE_ROUNDING = 1e-5, 3e-7
"""How far learning rates may lie apart where a schedule is code of the user's: of the rate, and of the largest one."""

FEW_SETTINGS = 3
"""Settings that are told beside two classes, at most: AdamW and Adam with another decay, but not SGD and Adam."""

Likeness = Literal["alike", "unweighted", "unknown"]
"""Whether a section does the same; ``unweighted``: but where rows are weighed or masked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsObservation:
    """What sampling the compile settings gave.

    Attributes:
        likeness: Of each section that reads differently.
        encodings: Form of the targets of each output, as far as the losses of either side tell of it.
        apart: How far each section lies apart that reads the same and does not do the same, in two versions of Keras:
            as a fraction of a step, or of a loss.
        occasions: On which outputs alone each of them does so.
        refused: That one side alone cannot be trained by its settings, and why.
    """

    likeness: Mapping[Section, Likeness]
    encodings: tuple[Encoding | None, ...] = ()
    apart: Mapping[Section, float] = field(default_factory=dict)
    occasions: Mapping[Section, Occasion | None] = field(default_factory=dict)
    refused: tuple[Finding, ...] = ()


def section_of(key: str) -> Section | None:
    """The section of a compile setting; ``None`` where it is none that can be sampled."""
    return SECTIONS.get(key.split(".", 1)[0])


def changed_keys(pair: Pair) -> tuple[str, ...]:
    """The compile settings that read differently; those of another class are left to the class, few told with it."""
    first, second = (side.compiled for side in pair.descriptions)
    if first is None or second is None or first == second:
        return ()
    changed = sorted(key for key in {*first, *second} if first.get(key) != second.get(key))
    tops = [key for key in changed if not any(key.startswith(f"{other}.") for other in changed)]
    return tuple(key for top in tops for key in (top, *_told_with(top, changed)))


def _told_with(top: str, changed: Sequence[str]) -> Sequence[str]:
    """The settings of a class that differ beside the class itself, where they are few."""
    below = [key for key in changed if key.rpartition(".")[0] == top]
    return below if len(below) <= FEW_SETTINGS else ()


def asks_settings(pair: Pair) -> bool:
    """Whether there is a section to sample: one that reads differently, or any in two versions of Keras."""
    return bool(changed_keys(pair) or _read_alike(pair))


def _read_alike(pair: Pair) -> tuple[Section, ...]:
    """The sections that read the same and are computed by two versions of Keras, so that they may not do the same."""
    first, second = (side.compiled for side in pair.descriptions)
    versions = {side.environment.get("keras") for side in pair.descriptions}
    if first is None or second is None or len(versions) == 1:
        return ()
    changed = {section_of(key) for key in changed_keys(pair)}
    present = {section for key in first if (section := section_of(key)) is not None}
    return tuple(sorted(present - changed))


def _rates_alone(pair: Pair) -> bool:
    """Whether the optimizers of two versions of Keras differ in how they say their rates alone, as by a ``decay``."""
    if len({side.environment.get("keras") for side in pair.descriptions}) == 1:
        return False
    keys = [key for key in changed_keys(pair) if section_of(key) == "optimizer"]
    return bool(keys) and all(key.startswith(("optimizer.learning_rate", "optimizer.decay")) for key in keys)


def observe_settings(sides: tuple[Side, Side], pair: Pair) -> SettingsObservation:
    """Samples the sections that read differently on both sides, and those that two versions of Keras compute.

    In float64, or in float32 where a side has no other; a section that a side does not answer for stays unknown.
    """
    keys = changed_keys(pair)
    told = {section for key in keys if (section := section_of(key)) is not None} - _beyond(pair, keys)
    sections = tuple(sorted({*told, *_read_alike(pair)}))
    if not sections:
        return SettingsObservation(likeness={})
    precisions: tuple[Precision, ...] = ("float64", "float32")
    for precision in precisions:
        try:
            return _sampled(sides, pair, sections, precision)
        except EvaluateError:
            continue
    return SettingsObservation(likeness={}, refused=_refused(sides))


def _refused(sides: tuple[Side, Side]) -> tuple[Finding, ...]:
    """The side that cannot be trained by its compile settings, where the other one can."""
    causes = both(lambda side: _refusal(sides[side]))
    if bool(causes[0]) == bool(causes[1]):
        return ()
    side = 0 if causes[0] else 1
    return (Finding(fact=Fact.SETTINGS_REFUSED, side=SIDES[side], cause=causes[side]),)


def _refusal(side: Side) -> str:
    try:
        side.sample_settings(SettingsRequest(sections=(), precision="float32"))
    except EvaluateError as error:
        return error.message
    return ""


def _beyond(pair: Pair, keys: Sequence[str]) -> set[Section]:
    """Sections in which a number of a loss or a metric differs: a bound may lie where no value comes."""
    first, second = (side.compiled or {} for side in pair.descriptions)
    numbers = [key for key in keys if _number(first.get(key)) is not None and _number(second.get(key)) is not None]
    bounded = {section for key in numbers if (section := section_of(key)) in ("loss", "metrics")}
    spared = any(first.get(key) != second.get(key) for key in (*first, *second) if key.endswith("without_decay"))
    return bounded | ({"optimizer"} if spared else set())


def _sampled(
    sides: tuple[Side, Side], pair: Pair, sections: tuple[Section, ...], precision: Precision
) -> SettingsObservation:
    plain = SettingsRequest(sections=(), precision=precision)
    known = both(lambda side: sides[side].sample_settings(plain))
    encodings = agreed(known[0].encodings, known[1].encodings)
    if encodings is None:
        sections = tuple(section for section in sections if section == "optimizer")
    written = [side.written for side in known if side.written is not None]
    asked = SettingsRequest(
        sections=sections,
        precision=precision,
        numbers=tuple(sorted({*_numbers(pair), *itertools.chain.from_iterable(written)})),
        encodings=encodings or (),
        rates_apart=bool(written) or _rates_alone(pair),
    )
    return _judged(asked, pair, both(lambda side: sides[side].sample_settings(asked)))


def _judged(asked: SettingsRequest, pair: Pair, samples: tuple[SettingsSample, SettingsSample]) -> SettingsObservation:
    """What two samples say."""
    rates, limit = not asked.rates_apart, SCORE_LIMIT[asked.precision]
    rated = rates or _rated_alike(*samples)
    sections = [section for section in asked.sections if rated or section != "optimizer"]
    likeness = {section: _likeness(section, *samples, limit, rates=rates) for section in sections}
    doubted = {section: parted(section, *samples) for section in sections if likeness[section] == "unknown"}
    if doubted.get("optimizer") == 0.0 and _rates_alone(pair):
        likeness["optimizer"] = "alike"
    parts = {section: far for section in _read_alike(pair) if (far := doubted.get(section))}
    return SettingsObservation(
        likeness=likeness,
        encodings=asked.encodings,
        apart=parts if asked.precision == "float64" else {},
        occasions={section: parted_on(section, *samples) for section in parts},
    )


def agreed(one: tuple[Encoding | None, ...], two: tuple[Encoding | None, ...]) -> tuple[Encoding | None, ...] | None:
    """The form of targets that both losses take, output by output; ``None`` where they take different ones.

    >>> agreed((None, "real"), ("sparse", "real"))
    ('sparse', 'real')
    >>> agreed(("sparse",), ("one-hot",))
    """
    if len(one) != len(two) or any(None not in (a, b) and a != b for a, b in zip(one, two, strict=True)):
        return None
    return tuple(a or b for a, b in zip(one, two, strict=True))


def _rated_alike(one: SettingsSample, two: SettingsSample) -> bool:
    """Whether the first figures of the optimizers, their rates step by step, agree but for rounding."""
    rates = [side.values["optimizer"][0] for side in (one, two) if "optimizer" in side.values]
    return len(rates) == 2 and same_rates(rates[0], rates[1])


def same_rates(one: Array, two: Array) -> bool:
    """Whether two schedules give the same, computed by other formulas in float32.

    Criterion, step by step: ``|a - b| <= RATE_LIMIT * |a| + RATE_ROUNDING * max |a|``.
    """
    rounding = RATE_ROUNDING * float(np.max(np.abs(one), initial=0.0))
    return one.shape == two.shape and bool(np.allclose(one, two, rtol=RATE_LIMIT, atol=rounding))


def _numbers(pair: Pair) -> tuple[float, ...]:
    """Every number in the compile settings of either side."""
    texts = [value for side in pair.descriptions for value in (side.compiled or {}).values()]
    return tuple(sorted({number for text in texts if (number := _number(text)) is not None}))


def _number(value: Attribute) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _likeness(
    section: Section, one: SettingsSample, two: SettingsSample, limit: float, *, rates: bool = True
) -> Likeness:
    """Whether a section does the same; without ``rates``, they are compared by themselves."""
    if section not in one.values or section not in two.values:
        return "unknown"
    exact = section == "optimizer"
    ones, twos = one.values[section], two.values[section]
    if exact and not rates:
        ones, twos = ones[1:], twos[1:]
    if not alike(ones, twos, 0.0 if exact else limit):
        return "unknown"
    weighted = one.weighted.get(section, ()), two.weighted.get(section, ())
    return "alike" if exact or alike(*weighted, limit) else "unweighted"


def alike(ones: Sequence[Array], twos: Sequence[Array], limit: float) -> bool:
    """Whether two samples agree in every figure, and some figure is a number that is not zero.

    Criterion, array by array: ``|a - b| <= limit * max(|a|, |b|)`` of the largest value; NaN and the same infinity
    agree with themselves.
    """
    if len(ones) != len(twos) or any(a.shape != b.shape for a, b in zip(ones, twos, strict=True)):
        return False
    told = any(np.any(np.isfinite(array) & (array != 0)) for array in ones)
    return told and all(_close(a, b, limit) for a, b in zip(ones, twos, strict=True))


def _close(a: Array, b: Array, limit: float) -> bool:
    if a.shape == () or limit == 0.0:
        return bool(np.allclose(a, b, rtol=limit, atol=0.0, equal_nan=True))
    finite = np.isfinite(a) & np.isfinite(b)
    scale = float(np.max(np.abs(a[finite]), initial=0.0))
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        return bool(np.all(same | (finite & (np.abs(a - b) <= limit * scale))))
