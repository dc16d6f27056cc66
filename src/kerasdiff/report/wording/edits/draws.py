"""What is said of random numbers that vary over other axes: ``for each time step``, or ``once a sequence``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasdiff.align.edits import Aspect, Change
from kerasdiff.graph.chance import Axis, Drawn
from kerasdiff.report.wording.names import listed

_ONCE: Mapping[Axis, str] = {
    "row": "for the whole batch",
    "time step": "a sequence",
    "position": "for all positions",
    "channel": "for all channels",
}


def causes(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Changes without what random numbers vary over, where that follows from others."""
    others = tuple(change for change in changes if not change.drawn[0])
    return others or tuple(changes)


def varying(change: Change) -> list[str]:
    """Over what the random numbers of a node vary, in a sentence for those that change alike; else nothing."""
    if change.aspect is not Aspect.DRAWN:
        return []
    alike: dict[tuple[str, str], list[str]] = {}
    for one, two in zip(*change.drawn, strict=True):
        alike.setdefault(_ways(one, two), []).append(one.setting or two.setting)
    return [_sentence(settings, ways, change.versions) for ways, settings in alike.items()]


def over(changes: Sequence[Change]) -> tuple[tuple[str, str], ...]:
    """How often changes say that either side draws, each way once; nothing where they say anything else."""
    if not all(change.aspect is Aspect.DRAWN and change.drawn[0] for change in changes):
        return ()
    pairs = (pair for change in changes for pair in zip(*change.drawn, strict=True))
    return tuple(dict.fromkeys(_ways(one, two) for one, two in pairs))


def settings(changes: Sequence[Change]) -> str:
    """The settings by whose rate the numbers are drawn, where some are: those of a dropout and a recurrent one."""
    drawn = (pair for change in changes for pair in zip(*change.drawn, strict=True))
    return listed(_named([one.setting or two.setting for one, two in drawn]))


def values(change: Change) -> tuple[str, str]:
    """The same as data: how often they are drawn on either side."""
    ways = [_ways(one, two) for one, two in zip(*change.drawn, strict=True)]
    first, second = (listed(list(dict.fromkeys(way[side] for way in ways))) for side in (0, 1))
    return first, second


def _sentence(settings: Sequence[str], ways: tuple[str, str], versions: tuple[str, str]) -> str:
    first, second = (f" (Keras {'.'.join(version.split('.')[:2])})" if version else "" for version in versions)
    return f"{_what(settings)} drawn {ways[0]} in the reference{first} and {ways[1]} in the candidate{second}"


def _what(settings: Sequence[str]) -> str:
    if not settings[0]:
        return "the random numbers are"
    if settings[0] == "rate":
        return "the mask is"
    names = _named(settings)
    return f"the mask{'s' if len(names) > 1 else ''} of {listed(names)} {'are' if len(names) > 1 else 'is'}"


def _named(settings: Sequence[str]) -> list[str]:
    named = [name.rpartition(".")[2] for setting in settings if setting for name in setting.split(" and ")]
    return [f"`{name}`" for name in dict.fromkeys(named)]


def _ways(one: Drawn, two: Drawn) -> tuple[str, str]:
    """How often either side draws, as far as they differ."""
    if one.axes == two.axes:
        return _times(one.times), _times(two.times)
    apart = [axis for axis in _ONCE if (axis in one.axes) != (axis in two.axes)]
    first, second = (_way([axis for axis in apart if axis in side.axes], apart) for side in (one, two))
    return first, second


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _way(over: Sequence[Axis], apart: Sequence[Axis]) -> str:
    each = [f"for each {listed(list(over))}"] if over else []
    return ", ".join([*each, *(f"once {_ONCE[axis]}" for axis in apart if axis not in over)])
