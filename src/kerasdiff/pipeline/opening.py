"""How are models looked at before anything is asked of them? Traced alone, or both opened and aligned."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from kerasdiff.align.correspondence import correspond
from kerasdiff.align.pair import Pair
from kerasdiff.options import Listener, Options
from kerasdiff.probing.weights.choosing import choose
from kerasdiff.probing.weights.transfer import transfer_weights
from kerasdiff.rungs.interface import interface
from kerasdiff.rungs.records import Rung
from kerasdiff.side.baselines.format import read
from kerasdiff.side.environment import Hardware, for_numbers
from kerasdiff.side.models import Models, models_of
from kerasdiff.side.process import Worker
from kerasdiff.side.records import Description
from kerasdiff.side.targets import InputSpec, Target
from kerasdiff.side.written import Written, excerpts, named_lines

LOADING = "loading and tracing both models"
"""The first phase."""


def inspect(target: Target, inputs: tuple[InputSpec, ...] = (), timeout: float = 600.0) -> Description:
    """Traces one model.

    Raises:
        KerasdiffError: If it cannot be loaded or called.
    """
    if target.kind == "baseline":
        held = read(Path(target.location))
        return replace(held.plain.description, locked=held.locked)
    started = time.time()
    with Worker(target, inputs, timeout, "target", hardware=for_numbers("auto")) as worker:
        description = worker.describe()
    return replace(description, excerpts=excerpts(Written(target, description.root, started), named_lines(description)))


def opened(
    targets: tuple[Target, Target], options: Options, listener: Listener, trials: Hardware | None = None
) -> AbstractContextManager[Models]:
    """Both models at work, loaded and traced, while it is entered."""
    listener.phase(LOADING)
    numbers = for_numbers(options.device)
    return models_of(targets, options.inputs, options.timeout, options.ignore, numbers=numbers, trials=trials)


def paired(models: Models, options: Options) -> tuple[Pair, Rung]:
    """The aligned pair with its transfer, chosen by the models where both take the same inputs; the interface rung.

    Raises:
        KerasdiffError: If a worker ends.
    """
    alike = correspond(*models.descriptions)
    face = interface(alike, options.ignore)
    transfer = transfer_weights(alike, options.seed)
    if face.outcome != "different":
        transfer = choose(models.workers, alike, transfer, options.seed)
    return alike.with_transfer(transfer), face
