"""How is a model locked? Described, taken apart, and asked a few questions whose answers are kept beside it.

Imports side and probing; imported by the commands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

import kerasdiff
from kerasdiff.errors import EvaluateError, InternalError, TraceError
from kerasdiff.graph import MODES, Mode
from kerasdiff.graph.values import Array, Precision
from kerasdiff.options import Listener, Silent
from kerasdiff.probing.inputs.texts import with_words
from kerasdiff.probing.prober import batches_of
from kerasdiff.probing.weights.transfer import own_recipes
from kerasdiff.side.baselines.format import read, write
from kerasdiff.side.baselines.records import Answered, Baseline, Variant
from kerasdiff.side.environment import for_numbers, processor
from kerasdiff.side.files import write_whole
from kerasdiff.side.observations import EvaluateRequest, Recipe
from kerasdiff.side.process import Worker
from kerasdiff.side.records import Description
from kerasdiff.side.targets import InputSpec, Target

PROBES = 2
"""Probes whose answers are kept, the first: they tell whether a call computes elsewhere what it computed here."""

MOST_KEPT = 1 << 20
"""Bytes of their inputs at most; of larger ones the first alone is kept."""

MOST_ANSWERED = 30_000_000
"""Parameters up to which float64 is answered in: as of :data:`kerasdiff.probing.large.MOST_MEASURED`."""


def lock(
    target: Target,
    inputs: tuple[InputSpec, ...] = (),
    timeout: float = 600.0,
    listener: Listener | None = None,
    seed: int = 0,
) -> Baseline:
    """Makes the baseline of a model.

    Raises:
        KerasdiffError: If it cannot be loaded or called.
    """
    listener = listener or Silent()
    listener.phase(f"tracing {target.text}")
    with Worker(target, inputs, timeout, "target", hardware=for_numbers("auto")) as worker:
        description = worker.describe()
        if description.inference is None and description.training is None:
            raise TraceError(
                f"{target.text} cannot be locked: a baseline keeps the graphs of a model's calls, and its calls have "
                f"none; `kerasdiff inspect {target.text}` says why."
            )
        recipes = own_recipes(description, seed)
        plain = _variant(worker, description, "plain", recipes, seed, listener)
        fitted = None
        if description.untold is not None:  # a comparison with a model that is told its mode asks for it
            again = worker.describe(inputs, (), fitted=True)
            fitted = _variant(worker, again, "fitted", recipes, seed, listener)
    return Baseline(
        target=target.text,
        saved=target.holds_values,
        environment={**description.environment, **processor()},
        inputs=inputs,
        seed=seed,
        plain=plain,
        fitted=fitted,
        recipes=recipes,
    )


def _variant(
    worker: Worker,
    description: Description,
    label: str,
    recipes: tuple[Recipe, ...],
    seed: int,
    listener: Listener,
) -> Variant:
    """The model as the worker calls it now."""
    listener.phase("writing down its calls")
    frozen = worker.freeze(label)
    listener.phase("running probes")
    return Variant(
        description=replace(description, root=""),  # a directory of this machine
        frozen=frozen,
        answers=tuple(_answers(worker, description, recipes, seed)),
    )


def _answers(worker: Worker, description: Description, recipes: tuple[Recipe, ...], seed: int) -> Iterator[Answered]:
    """What the model says on the first probes, where it says the same twice."""
    try:
        every = batches_of(with_words(description.inputs, description.inputs), seed)
    except EvaluateError:
        return
    batches = _few(every)
    many = sum(weight.size for weight in description.weights if not weight.is_seed) > MOST_ANSWERED
    precisions: tuple[Precision, ...] = ("float32",) if many else ("float32", "float64")
    for precision in precisions:
        for mode in MODES:
            yield from _in(worker, batches, recipes, precision, mode)


def _in(
    worker: Worker,
    batches: Mapping[str, tuple[Array, ...]],
    recipes: tuple[Recipe, ...],
    precision: Precision,
    mode: Mode,
) -> Iterator[Answered]:
    twice = (*batches.values(), next(iter(batches.values())))
    request = EvaluateRequest(
        recipes=recipes, probes=twice, precision=precision, training=mode == "training", alone=True
    )
    try:
        outputs = worker.evaluate(request).outputs
    except EvaluateError:
        return  # a call that cannot be run so answers nothing; a comparison that asks for it is told why
    if not all(one.tobytes() == two.tobytes() for one, two in zip(outputs[0], outputs[-1], strict=True)):
        return
    for (name, batch), given in zip(batches.items(), outputs, strict=False):
        arrays = tuple(map(np.asarray, given))
        yield Answered(precision=precision, mode=mode, probe=name, inputs=batch, outputs=arrays)


def _few(every: Mapping[str, tuple[Array, ...]]) -> dict[str, tuple[Array, ...]]:
    kept: dict[str, tuple[Array, ...]] = {}
    for name, batch in list(every.items())[:PROBES]:
        if kept and sum(one.nbytes for one in (*batch, *(one for other in kept.values() for one in other))) > MOST_KEPT:
            break
        kept[name] = batch
    return kept


def save(path: Path, baseline: Baseline) -> None:
    """Writes a baseline, whole or not at all, and reads it back before it is put in its place.

    Raises:
        OSError: If it cannot be written.
        InternalError: If what was written reads otherwise.
    """

    def written(stream: BinaryIO) -> None:
        write(stream, baseline, kerasdiff.__version__)
        stream.flush()
        again = read(Path(stream.name))
        if again.plain.description != baseline.plain.description:
            raise InternalError(f"{path.name}: what was written reads otherwise; this is a bug, and nothing was kept.")

    write_whole(path, written)
