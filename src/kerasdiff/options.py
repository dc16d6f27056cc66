"""What a user may choose about a comparison, and who is told how far it has come."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, get_args

from kerasdiff.defaults import EPOCHS
from kerasdiff.errors import EvaluateError
from kerasdiff.side.targets import InputSpec
from kerasdiff.side.training import Tick, TrialOptions

Required = Literal["proof", "numeric", "statistical"]
"""What an equivalence may rest on, the strongest first."""

Ignored = Literal["initializer", "regularizer", "constraint", "trainable", "dtype", "compile", "names"]
"""What a user may leave out of the comparison: settings of weights, compile settings, names."""

STRENGTHS: tuple[Required, ...] = get_args(Required)
IGNORABLE: tuple[Ignored, ...] = get_args(Ignored)


LAST_SEED = 2**32 - 1
"""The largest seed: numpy's and Keras's global generators take 32 bits (``keras.utils.set_random_seed``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The choices that change the answer; those that change only its look stay in the CLI.

    Attributes:
        inputs: What ``--input`` said; empty where the models declare their inputs or they are inferred.
        fit: Whether the fit rung runs.
        fit_steps: Optimizer steps of each trial, at least 1.
        data: Path of the data to fit on, of any kind `kerasdiff.data.readers` reads; ``None`` for the default.
        seed: Seed of probes, weights and trials.
        timeout: Seconds a worker may take for one answer.
        search: Seconds spent on inputs that separate models which no probe tells apart, by the size of the
            models and not by the clock; 0 for none.
        require: The weakest basis on which the models pass as equivalent.
        ignore: What is left out, in the order of :data:`IGNORABLE`.
        explain: Whether what each edit does is measured; without, models that differ are told so all the same, and
            others may be left inconclusive.
        require_checkpoint: Whether the candidate must load the reference's saved weights.
        device: ``auto``, ``cpu``, ``gpu`` or ``gpu:N``; by ``auto`` numbers come from the processor, and trials run on
            a GPU where there is one.
        picture: Whether what only a picture shows is measured: how far values are from each other, node by node.
        outputs_alone: Whether nothing but outputs is compared: no training step, no saved weights.
        values: Whether the values that both models hold are compared; ``None`` for that where one of them is a saved
            file, for two models in memory have drawn theirs.
    """

    inputs: tuple[InputSpec, ...] = ()
    fit: bool = True
    fit_steps: int = 30
    data: str | None = None
    seed: int = 0
    timeout: float = 600.0
    search: float = 10.0
    require: Required = "statistical"
    ignore: tuple[Ignored, ...] = ()
    require_checkpoint: bool = False
    device: str = "auto"
    explain: bool = True
    picture: bool = False
    outputs_alone: bool = False
    values: bool | None = None

    def __post_init__(self) -> None:
        """Refuses a seed that a generator does not take.

        Raises:
            EvaluateError: If it is out of range.
        """
        if not 0 <= self.seed <= LAST_SEED:
            raise EvaluateError(f"{self.seed} is no seed: they go from 0 to {LAST_SEED}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOptions:
    """Which cluster runs trials or comparisons, and what of a node one of them takes.

    Attributes:
        what: What runs as one task: a trial pair, or a pair of models that is compared.
        address: ``HOST:PORT``, ``ray://HOST:PORT``, ``auto``, ``local`` for a cluster of this machine alone; empty for
            the one this machine belongs to, if any, else a local one.
        cpus: Processor cores; each trial uses all of them, for the trials of a pair run in turn.
        gpus: GPUs, or the share of one.
    """

    what: Literal["trial", "pair"] = "trial"
    address: str = ""
    cpus: int = 1
    gpus: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """The choices of an experiment: which trial pairs, and how they are run.

    Attributes:
        seeds: One trial pair each, in order, until they decide.
        trial: How each trial is run; the shorter of epochs and steps where both are given.
        margin: Equivalence margin as a fraction: of accuracy, or of the reference's test loss.
        budget: Seconds for everything; seeds, then epochs, then steps are cut down to fit.
        device: What trials run on: ``auto`` for a GPU where there is one, ``cpu``, ``gpu`` or ``gpu:N``.
        own_init: Whether the candidate draws its own starting weights.
        cluster: Where trials run, if not on this machine.
    """

    seeds: tuple[int, ...] = (0,)
    trial: TrialOptions = field(default_factory=TrialOptions)
    device: str = "auto"
    margin: float = 0.01
    budget: float | None = None
    own_init: bool = False
    cluster: ClusterOptions | None = None


def fit_options(
    *,
    seeds: tuple[int, ...],
    epochs: int | None,
    steps: int | None,
    batch_size: int,
    learning_rate: float | None,
    optimizer: str | None,
    loss: str | None,
    margin: float,
    budget: float | None,
    own_init: bool,
    fresh: bool,
    logdir: str | os.PathLike[str] | None,
    device: str,
    cluster: ClusterOptions | None = None,
) -> FitOptions:
    """The choices of an experiment as a person makes them, on the command line or from Python.

    ``margin`` is in points of accuracy, or percent of the test loss; trials are kept in the trial store.
    """
    trial = TrialOptions(
        epochs=EPOCHS if epochs is None and steps is None else epochs,
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        loss=loss,
        store=trial_store(),
        fresh=fresh,
        logdir=None if logdir is None else os.path.abspath(logdir),
    )
    return FitOptions(
        seeds=seeds,
        trial=trial,
        device=device,
        margin=margin / 100,
        budget=budget,
        own_init=own_init,
        cluster=cluster,
    )


def trial_store() -> str:
    """The directory of the trial store, outside the user's tree."""
    return str(_cache() / "trials")


def environment_store() -> str:
    """The directory of environments that were made to compare models in."""
    return str(_cache() / "environments")


def _cache() -> Path:
    """``KERASDIFF_CACHE``, else ``kerasdiff`` below ``XDG_CACHE_HOME``, else below ``~/.cache``."""
    own = os.environ.get("KERASDIFF_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return (Path(own) if own else Path(base) / "kerasdiff").expanduser().absolute()


class Listener(Protocol):
    """Told what a comparison is doing, so that a person can watch it; may be called from several threads."""

    def phase(self, text: str) -> None:
        """Another step begins; ``text`` names it (``tracing both models``)."""

    def fit_started(self, seed: int, pair: int, most: int) -> None:
        """A trial pair begins: number ``pair``, from 1, of at most ``most``."""

    def fit_step(self, side: str, tick: Tick) -> None:
        """The trial of ``side`` has come this far."""


class Silent:
    """The listener that says nothing."""

    def phase(self, text: str) -> None:
        pass

    def fit_started(self, seed: int, pair: int, most: int) -> None:
        pass

    def fit_step(self, side: str, tick: Tick) -> None:
        pass
