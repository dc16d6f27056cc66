"""Which models do the pairs name? Looked at before any process starts, so that a mistake costs nothing."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kerasdiff.data.looking import check as check_data
from kerasdiff.errors import InternalError, KerasdiffError
from kerasdiff.gates.records import CheckedPair, Gate, Gates, Standing, Trouble, Why
from kerasdiff.options import environment_store
from kerasdiff.side.interpreters.settings import placed
from kerasdiff.side.reading.early import check as check_target
from kerasdiff.side.reading.early import read_target
from kerasdiff.side.revisions.commits import AUTO
from kerasdiff.side.targets import SIDES, Target, no_objects, trusting
from kerasdiff.side.upgrading.candidate import untold, upgraded
from kerasdiff.side.upgrading.environments import Plan
from kerasdiff.side.upgrading.installing import Told
from kerasdiff.side.upgrading.wanted import FROM_GATES, wanted

Making = Callable[[Gate, Plan], None]
"""Hears which environment is made for a pair, before it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A pair whose models are known: reference and candidate, or why they are not."""

    gate: Gate
    targets: tuple[Target, ...] = ()
    trouble: Trouble | None = None


def ready(gates: Gates, against: str = "", told: Told = untold, making: Making = untold) -> tuple[Ready, ...]:
    """Looks at what the pairs name, as far as that needs no TensorFlow, and makes the environments that they ask for.

    Args:
        gates: The file, or those of its pairs that were asked for.
        against: The revision for all pairs without a reference; empty for their own.
        told: Hears what is being done where it takes a while.
        making: Hears of each environment that is not there yet.
    """
    return tuple(_ready(gate, gates, against, told, making) for gate in gates.gates)


def _ready(gate: Gate, gates: Gates, against: str, told: Told, making: Making) -> Ready:
    try:
        if gate.reference:
            first = read_target(gate.reference, gates.here)
        else:
            revision = against or gate.against or gates.base or AUTO
            first = read_target(gate.candidate, gates.here, at=revision)
        second = read_target(gate.candidate, gates.here)
        reference = model_of(gate, first, "reference", gates.here)
        candidate = model_of(gate, second, "candidate", gates.here)
        if gate.to:
            candidate = replace(candidate, python=reference.python)
        targets = reference, candidate
        if gate.options.data is not None:
            check_data(Path(gate.options.data))
        for target in targets:
            check_target(target, gate.options.inputs)
        if gate.to:
            targets = reference, _upgraded(gate, candidate, gates.here, told, making)
    except KerasdiffError as error:
        return Ready(gate=gate, trouble=trouble_of(error))
    return Ready(gate=gate, targets=targets)


def model_of(gate: Gate, target: Target, side: str, here: str) -> Target:
    """A model of the pair with what the file lets run to load it, and in what that runs.

    Args:
        gate: The pair.
        target: The model.
        side: Which of both it is.
        here: Directory that paths are relative to.

    Raises:
        TargetError: If there is no such file, no such Python or no such backend; or if its environment cannot be set.
    """
    missing = next((file for _, file in gate.objects if not Path(file).is_file()), None)
    if missing is not None:
        raise no_objects(missing)
    loaded = trusting(target, side, unsafe=gate.unsafe, objects=gate.objects)
    return placed(loaded, gate.settings[SIDES.index(side)], lambda kind: f"{side}_{kind}", here)


def _upgraded(gate: Gate, model: Target, here: str, told: Told, making: Making) -> Target:
    """The model in the environment that the pair asks for: the one that it has, and what is new."""
    candidate = upgraded(
        model,
        wanted(gate.to, (), here, asked=FROM_GATES),
        environment_store(),
        told=lambda line: told(f"{gate.name}: {line}"),
        making=lambda plan: making(gate, plan),
    )
    return candidate.target


def trouble_of(error: BaseException) -> Trouble:
    """What an error says, as a record; one that is not ours is a bug."""
    if not isinstance(error, KerasdiffError):
        return Trouble(
            message=f"kerasdiff itself failed ({type(error).__name__}: {error}); this is a bug.",
            details="".join(traceback.format_exception(type(error), error, error.__traceback__)),
            internal=True,
        )
    return Trouble(message=error.message, details=error.details, internal=isinstance(error, InternalError))


def unusable(gate: Gate, trouble: Trouble) -> CheckedPair:
    """A pair that could not be compared."""
    return CheckedPair(gate=gate, standing=Standing.UNUSABLE, why=Why.TROUBLE, trouble=trouble)
