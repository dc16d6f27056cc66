"""What is said of an environment that a model is upgraded in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kerasdiff.report.wording.names import count
from kerasdiff.side.interpreters.asking import shown
from kerasdiff.side.upgrading.environments import Made, Plan

_MOST = 8
"""Packages that are named; an upgrade of TensorFlow changes some twenty more that nobody asked for."""
_FEW = 4
"""The same in a list of environments."""


def making(plan: Plan) -> str:
    """Before it is made."""
    like = "over this environment" if plan.lent else f"for Python {plan.version}, with nothing of this environment"
    return f"installing {plan.wanted.label} into {shown(str(plan.place))}, {like}; the first time takes a while"


def made(plan: Plan, there: Made) -> str:
    """What it holds: first what was asked for, then what came along, and what stayed as it was."""
    took = "was there" if there.seconds is None else f"took {there.seconds:.0f} s"
    asked = [name for name in there.changed if name in plan.wanted.names]
    others = [name for name in there.changed if name not in asked]
    told = [_change(name, *there.changed[name]) for name in [*asked, *others][:_MOST]]
    more = len(there.changed) - len(told)
    changed = ", ".join(told) + (f" and {more} more" if more else "") or "nothing that was not here before"
    kept = ", ".join(f"{name} {version}" for name, version in there.kept.items())
    same = f"; as here: {kept}" if kept else ""
    return f"the environment ({took}) has {changed}{same}"


def again(there: Made) -> str:
    """How it is used by other commands."""
    return f"it stays: --candidate-python {shown(there.python)} names it for compare and fit"


def used(days: float) -> str:
    """When something was last used that was not for so many days."""
    if days < 1:
        return "used within a day"
    return f"not used for {count(int(days), 'day')}"


def held(own: Mapping[str, str], asked: str) -> str:
    """The packages of an environment: first what was asked for."""
    first = {name: version for name, version in own.items() if name in re.split(r"[^\w-]+", asked)}
    told = [f"{name} {version}" for name, version in {**first, **own}.items()]
    more = len(told) - _FEW
    return ", ".join(told[:_FEW]) + (f" and {more} more" if more > 0 else "") or "no packages of its own"


def _change(name: str, before: str, now: str) -> str:
    return f"{name} {now} (here {before})" if before else f"{name} {now}"
