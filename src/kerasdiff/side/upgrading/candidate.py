"""What is a model after an upgrade? The same one, in the environment that is found or made for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from kerasdiff.errors import TargetError
from kerasdiff.side.targets import Target
from kerasdiff.side.upgrading.environments import Made, Plan, found, make, planned
from kerasdiff.side.upgrading.installing import Told
from kerasdiff.side.upgrading.packages import imports_of
from kerasdiff.side.upgrading.wanted import Wanted

Making = Callable[[Plan], None]
"""Hears which environment is made, before it is."""

_TOLD = frozenset(("tensorflow", "tensorflow-cpu", "keras", "numpy"))
"""Packages whose versions every report tells."""


def untold(*_: object) -> None:
    """Hears nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """A model after an upgrade.

    Attributes:
        target: It, to be run in its environment.
        plan: Of that.
        made: What is there.
    """

    target: Target
    plan: Plan
    made: Made

    @property
    def packages(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Versions before and after of what was asked for by name, but for what every report tells."""
        names = sorted(self.plan.wanted.names - _TOLD)
        changed = {name: self.made.changed[name] for name in names if name in self.made.changed}
        before = {name: old for name, (old, _) in changed.items() if old}
        return before, {name: new for name, (_, new) in changed.items()}


def upgraded(
    model: Target,
    asks: Wanted,
    store: str,
    *,
    with_python: str = "",
    fresh: bool = False,
    told: Told = untold,
    making: Making = untold,
) -> Upgraded:
    """Finds or makes the environment of an upgrade.

    Args:
        model: In the environment that is upgraded.
        asks: What is to be installed.
        store: Where environments are kept.
        with_python: The interpreter that the new one is made by; empty for that of the model.
        fresh: Whether it is made also where it is there.
        told: Hears what is being done.
        making: Hears of the environment, where it is not there yet.

    Raises:
        TargetError: If the model has no code that another environment could run.
        UpgradeError: If the environment cannot be made.
    """
    if model.kind == "baseline":
        raise TargetError(
            f"{model.text} is a baseline, which has no code to run elsewhere; name the model, and compare the baseline "
            "with it by `kerasdiff compare`."
        )
    if model.kind == "live":
        raise TargetError(
            f"{model.text} is in the memory of this process, and another environment cannot have it; name the model by "
            "its file."
        )
    plan = planned(asks, imports_of(model), store, model.python or sys.executable, with_python)
    made = None if fresh else found(plan)
    if made is None:
        making(plan)
        made = make(plan, told, fresh=fresh)
    return Upgraded(target=replace(model, python=made.python), plan=plan, made=made)
