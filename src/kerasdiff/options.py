"""What a user may choose about a comparison, and who is told how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kerasdiff.target import InputSpec


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
    """

    inputs: tuple[InputSpec, ...] = ()
    fit: bool = True
    fit_steps: int = 30
    data: str | None = None
    seed: int = 0
    timeout: float = 600.0


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
