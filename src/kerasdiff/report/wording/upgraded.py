"""What is said of an environment that a model is upgraded in."""

from __future__ import annotations

from kerasdiff.side.interpreters.asking import shown
from kerasdiff.side.upgrading.environments import Made, Plan

_MOST = 8
"""Packages that are named; an upgrade of TensorFlow changes some twenty more that nobody asked for."""


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


def _change(name: str, before: str, now: str) -> str:
    return f"{name} {now} (here {before})" if before else f"{name} {now}"
