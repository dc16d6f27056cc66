"""What a side is asked to train, and what a trial gives: one record each, from the worker to the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from kerasdiff.findings import Finding
from kerasdiff.graph.values import Array

TrialSide = Literal["reference", "candidate", "control", "rounding"]
"""Whose it is: a ``control`` is the reference in another process, ``rounding`` the same from perturbed weights."""

DrawsFrom = Literal["own", "common", "apart"]

DataKind = Literal["cifar10", "procedural", "images", "arrays", "synthetic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """What a trial is trained on.

    Attributes:
        kind: ``arrays`` are the user's ``.npz``; ``procedural`` is made up in the shape of CIFAR-10, ``synthetic`` in
            the shape of the model.
        name: Of the file or the directory; empty for the Keras cache and for what is made up.
        train, test: Rows of each part.
        classes: Folders of images; 0 for other kinds.
        split_seed: Of the draw that made the test part; ``None`` where the data say which part is which.
        inputs: Name and shape of a row of each input, where the data were made for them.
        blank: Whether an input has no finite number in the rows that are trained on.
        cifar10_missing: Whether CIFAR-10 would have been taken, were it on this machine.
    """

    kind: DataKind
    train: int
    test: int
    name: str = ""
    classes: int = 0
    split_seed: int | None = None
    inputs: tuple[tuple[str, tuple[int, ...]], ...] = ()
    cifar10_missing: bool = False
    blank: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOptions:
    """How a trial is run, the same for both sides and for every seed.

    Attributes:
        steps: Most optimizer steps in all; ``None`` for as many as the epochs have.
        epochs: Passes over the training data; ``None`` for as many as the steps need.
        learning_rate: ``None`` for the optimizer's own: what the model was compiled with, else 3e-4.
        optimizer, loss: Keras names that replace the model's own, or the default ones.
        store: Directory of the trial store, where finished epochs and trials are taken up from, or ``None``.
        fresh: Whether what is stored from before is trained anew.
        cut: Whether it is the beginning of a longer trial, whose losses alone count: an epoch that it breaks off is not
            tested.
        as_written: Whether TensorFlow runs the graphs of its steps as they are, which moves last digits: its optimiser
            takes as long as a few steps do.
        logdir: Directory for TensorBoard's logs and CSV histories, or ``None``.
        draws: Where random numbers come from: each model's ``own`` generators, which the two are known to share or have
            not both; ``common`` ones, in the order in which a step draws; or common ones of which it is not known that
            they correspond (``apart``), so that trials part whatever else they do.
    """

    steps: int | None = None
    epochs: int | None = None
    batch_size: int = 64
    learning_rate: float | None = None
    optimizer: str | None = None
    loss: str | None = None
    store: str | None = None
    fresh: bool = False
    cut: bool = False
    as_written: bool = False
    logdir: str | None = None
    draws: DrawsFrom = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """One trial to run.

    Attributes:
        data: Path of data of any kind that ``kerasdiff.data.readers`` reads; ``"cifar10-cache"`` for the copy in
            the Keras cache; ``"synthetic"`` for made-up data of the model's own signature; ``"auto"`` to choose.
        start: Weight id to starting value; weights it leaves out keep their own draw.
        perturbation: Seed of a change of every starting weight by one unit in its last place, which rounding is no less
            than; ``None`` for none.
    """

    data: str
    seed: int
    side: TrialSide = "reference"
    options: TrialOptions = field(default_factory=TrialOptions)
    start: Mapping[str, Array] = field(default_factory=dict)
    perturbation: int | None = None

    @property
    def name(self) -> str:
        """What the trial is called in file names (``reference-seed-0``)."""
        return f"{self.side}-seed-{self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One pass over the training data, or what the last one had time for.

    Attributes:
        number: From 1.
        steps: Optimizer steps done since the trial began.
        train_loss, train_accuracy: Means over the batches as they were trained on, like Keras's ``fit`` shows them.
        test_loss, test_accuracy: After it; ``None`` after a loss that is not finite, and where it was broken off.
        seconds: Training time, without the test.
    """

    number: int
    steps: int
    train_loss: float
    train_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a trial has shown up to now.

    Attributes:
        losses: Training loss of every step, before that step's update.
        accuracies: Training accuracy of every step's batch, empty for regression.
        epochs: What each epoch reached.
    """

    losses: tuple[float, ...] = ()
    accuracies: tuple[float, ...] = ()
    epochs: tuple[Epoch, ...] = ()

    @property
    def finite(self) -> bool:
        """Whether it may go on: the last loss is finite."""
        return not self.losses or math.isfinite(self.losses[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model says on the test rows after the last step.

    Attributes:
        predictions: Outputs on the first batch.
        digest: Of all outputs: equal where every bit is; empty where there was no test.
        classes: For each output with classes, the predicted ids of all test rows.
        labels: Likewise, the right ones.
    """

    predictions: Array
    digest: str
    classes: tuple[Array, ...] = ()
    labels: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSettings:
    """What a trial was trained with, as it turned out.

    Attributes:
        loss, targets: One an output.
        from_compile: Whether optimizer and loss are the model's own.
        without_gradient: Ids of trainable weights that no gradient reaches.
        custom_train_step_ignored: Whether the model brings a training step of its own, which no trial runs.
        steps: In all.
        test_rows: Rows of each test.
        draws: The kinds of common random numbers that it took, in order.
        own_draws: Whether it drew others too, where they were to be common.
    """

    optimizer: str
    learning_rate: float
    loss: tuple[str, ...]
    targets: tuple[str, ...]
    from_compile: bool
    batch_size: int
    without_gradient: tuple[str, ...]
    custom_train_step_ignored: bool
    steps: int
    epochs: int
    steps_per_epoch: int
    test_rows: int
    draws: tuple[str, ...] = ()
    own_draws: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSoFar:
    """A trial as far as it has come; finished, it is a :class:`Trial`.

    Attributes:
        steps: Optimizer steps it is to take; more than ``history`` holds where it was cut off or diverged.
    """

    side: TrialSide
    seed: int
    steps: int
    history: History

    @property
    def losses(self) -> tuple[float, ...]:
        """Training loss of every step."""
        return self.history.losses

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """What each epoch reached."""
        return self.history.epochs

    @property
    def train_accuracy(self) -> float | None:
        """Of the last epoch."""
        return self.epochs[-1].train_accuracy

    @property
    def test_accuracy(self) -> float | None:
        """After the last epoch."""
        return self.epochs[-1].test_accuracy

    @property
    def test_loss(self) -> float | None:
        """After the last epoch."""
        return self.epochs[-1].test_loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial(TrialSoFar):
    """One finished training run.

    Attributes:
        class_names: By class id, empty where unknown.
        samples_per_second: In training, without compilation; 0 where nothing was trained anew.
        reused: Epochs that were taken from the trial store.
        place: Where it was computed: ``device``, and of a GPU whether ``tf32`` is on or off.
        findings: What was not stored, and why.
    """

    data: DataSource
    settings: TrialSettings
    answers: Answers
    class_names: tuple[str, ...] = ()
    samples_per_second: float = 0.0
    reused: int = 0
    place: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """How far a trial is.

    Attributes:
        step, steps: Optimizer steps done, and in all.
        accuracy: Training accuracy of the last batch; ``None`` for regression.
        epoch: The epoch that was finished just now, if one was.
    """

    step: int
    steps: int
    loss: float
    accuracy: float | None = None
    epoch: Epoch | None = None


class Progress(Protocol):
    """Told every second or so of a fit, and after every epoch."""

    def __call__(self, tick: Tick) -> None: ...
