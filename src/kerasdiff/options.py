"""What a user may choose about a comparison, and who is told how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from kerasdiff.target import InputSpec

Required = Literal["proof", "numeric", "statistical"]
"""What an equivalence may rest on, the strongest first."""

Ignored = Literal["initializer", "regularizer", "constraint", "trainable", "dtype", "compile", "names"]
"""What a user may leave out of the comparison: settings of weights, compile settings, names."""

STRENGTHS: tuple[Required, ...] = get_args(Required)
IGNORABLE: tuple[Ignored, ...] = get_args(Ignored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The choices that change the answer; those that change only its look stay in the CLI.

    Attributes:
        inputs: What ``--input`` said; empty where the models declare their inputs or they are inferred.
        fit: Whether the fit rung runs.
        fit_steps: Optimizer steps of each trial, at least 1.
        data: Path of the data to fit on, of any kind `kerasdiff.datasets.readers` reads; ``None`` for the default.
        seed: Seed of probes, weights and trials.
        timeout: Seconds a worker may take for one answer.
        search: Seconds spent on inputs that separate models which no probe tells apart; 0 for none.
        require: The weakest basis on which the models pass as equivalent.
        ignore: What is left out, in the order of :data:`IGNORABLE`.
        require_checkpoint: Whether the candidate must load the reference's saved weights.
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


class Listener(Protocol):
    """Told what a comparison is doing, so that a person can watch it; may be called from several threads."""

    def phase(self, text: str) -> None:
        """Another step begins; ``text`` names it (``tracing both models``)."""

    def fit_started(self, total_steps: int) -> None:
        """The trials begin; each takes ``total_steps`` optimizer steps."""

    def fit_step(self, side: str, step: int, loss: float) -> None:
        """The trial of ``side`` has finished its ``step``-th optimizer step, counted from 1."""


class Silent:
    """The listener that says nothing."""

    def phase(self, text: str) -> None:
        pass

    def fit_started(self, total_steps: int) -> None:
        pass

    def fit_step(self, side: str, step: int, loss: float) -> None:
        pass
