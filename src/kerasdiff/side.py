"""What the judging half asks of a model, and the worker process that answers.

:class:`Side` is the protocol; :class:`Worker` answers it from a process of its own, so that two
models never touch each other and everything a model prints, changes or breaks stays there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from kerasdiff.graph import Graph, TensorSpec, Weight
from kerasdiff.target import InputSpec, Target

Array = NDArray[Any]
Precision = Literal["float32", "float64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One named input or output; ``low``/``high`` bound the values of integer inputs."""

    name: str
    spec: TensorSpec
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A model as its worker sees it.

    Attributes:
        inference, training: The traced graphs; ``None`` with a note where tracing failed.
        inferred: Sentences: what was guessed to construct or call the model.
        notes: Sentences: what could not be traced, what looks like a mistake (layer never called).
        unused_layers: Ids of layers created and never called.
        compiled: Compile settings as JSON data, or ``None``.
    """

    class_name: str
    inference: Graph | None
    training: Graph | None
    weights: tuple[Weight, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    inferred: tuple[str, ...]
    notes: tuple[str, ...]
    unused_layers: tuple[str, ...]
    environment: Mapping[str, str]
    compiled: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to draw the value of one weight, so that no array need cross the process boundary.

    Attributes:
        weight: Id of the weight to set.
        seed: Seed of the draw: two weights with the same seed, name, fan-in and draw shape get the same values.
        name: Role that picks the distribution (``kernel``, ``gamma``, ``moving_variance``, …).
        shape: Shape that is drawn; reshaped to the weight's own afterwards.
    """

    weight: str
    seed: int
    name: str
    shape: tuple[int, ...]
    fan_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRequest:
    """One evaluation: weights set by ``recipes``, then every probe run in inference mode.

    Attributes:
        probes: One mapping of input name to batch per probe.
        fetch: Ids of traced inference nodes whose output port 0 is wanted, empty for the model outputs alone.
    """

    recipes: tuple[Recipe, ...]
    probes: tuple[Mapping[str, Array], ...]
    precision: Precision
    fetch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a probe run gave.

    Attributes:
        outputs: Per probe, the model outputs in order.
        repeated: Whether the same probe a second time gave the same bits (a random model does not).
        fetched: Per probe, node id to value.
        mixed: Whether lower precision than asked for stayed in the graph (a hard-coded float32).
    """

    outputs: tuple[tuple[Array, ...], ...]
    repeated: bool
    fetched: tuple[Mapping[str, Array], ...] = ()
    mixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """One trial: what both sides of a trial pair must share.

    Attributes:
        data: Path of an ``.npz`` with ``x_train``, ``y_train``, ``x_test``, ``y_test``; ``"cifar10-cache"`` for the
            copy in the Keras cache; ``"synthetic"`` for the procedural set of the model's own signature.
        steps: Optimizer steps.
        start: Weight id to starting value; weights it leaves out keep their own draw.
    """

    data: str
    seed: int
    steps: int
    batch_size: int = 64
    learning_rate: float = 3e-4
    start: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One finished training run.

    Attributes:
        data: What it was trained on, in words.
        settings: Optimizer, loss and the like, as JSON data.
        losses: Training loss of every step, before that step's update.
        accuracies: Training accuracy of every step's batch, empty for regression.
        predictions: Model outputs on the first test batch after the last step.
        start: The starting value of every weight, by id (only where the plan had no ``start``).
    """

    data: str
    settings: Mapping[str, Any]
    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    test_loss: float | None
    test_accuracy: float | None
    predictions: Array
    samples_per_second: float
    start: Mapping[str, Array] = field(default_factory=dict)


class Progress(Protocol):
    """Told after every optimizer step of a fit."""

    def __call__(self, step: int, loss: float) -> None: ...


class Side(Protocol):
    """A model that answers for itself."""

    def describe(self) -> Description: ...

    def evaluate(self, request: EvaluateRequest) -> Evaluation: ...

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial: ...
