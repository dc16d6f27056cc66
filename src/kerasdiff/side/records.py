"""What the judging half asks of a model: the records, and the :class:`Side` protocol that answers with them.

Nothing outside :mod:`kerasdiff.side.process` knows whether a model in a process of its own answers, or something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from kerasdiff.graph import Edge, Graph, Mode, Port, Source, Weight
from kerasdiff.graph.values import Array, Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A training method of the user's own; equal digests stand for equal code and settings."""

    digest: str
    source: Source | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A model as its worker sees it.

    Attributes:
        inference, training: The traced graphs; ``None`` with a note where tracing failed.
        inferred: Sentences: what was guessed to construct or call the model.
        notes: Sentences: what could not be traced, what looks like a mistake (layer never called).
        unused_layers: Ids of layers created and never called.
        compiled: Compile settings as JSON data, or ``None``.
        guessed: Whether the input shape is the CIFAR-10 default, for want of anything better.
        named_inputs: Whether the model takes its inputs by name (a dict or keyword arguments).
        keyed_inputs: Whether it takes them in a dict, whose keys every caller has to know.
        overrides: Training methods the model brings itself (``train_step``), which no rung runs.
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
    guessed: bool = False
    named_inputs: bool = False
    keyed_inputs: bool = False
    overrides: Mapping[str, Override] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to draw the value of one weight, so that no array need cross the process boundary.

    Attributes:
        weight: Id of the weight to set.
        seed: Seed of the draw: two weights with the same seed, name, fan-in and draw shape get the same values.
        name: Role that picks the distribution (``kernel``, ``gamma``, ``moving_variance``, …).
        shape: Shape that is drawn; reshaped to the weight's own afterwards.
        transposed: Whether the matrix is transposed after the draw: this weight is laid out the other way round.
    """

    weight: str
    seed: int
    name: str
    shape: tuple[int, ...]
    fan_in: int
    transposed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRequest:
    """One evaluation: weights set by ``recipes``, then every probe run.

    Attributes:
        probes: One tuple of batches per probe, in the order of the model's inputs.
        weight_scale: Factor on kernels and biases, for bounds that values of the usual size never reach.
        training: Runs in training mode, and returns gradients and state updates as well.
        perturbation: Relative size of random changes to weights and inputs, which show how much a model amplifies rounding.
    """

    recipes: tuple[Recipe, ...]
    probes: tuple[tuple[Array, ...], ...]
    precision: Precision
    training: bool = False
    weight_scale: float = 1.0
    perturbation: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLosses:
    """What one call adds to the loss of a model.

    Attributes:
        calls: What layers add while they run, in order.
        regularizers: By id of the weight, what its regularizer adds.
    """

    calls: tuple[float, ...] = ()
    regularizers: Mapping[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """All of it; 0 where nothing is added."""
        return sum(self.calls) + sum(self.regularizers.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a probe run gave.

    Attributes:
        outputs: Per probe, the model outputs in order.
        repeated: Whether the first probe a second time gave the same bits (a random model does not).
        mixed: Whether lower precision than asked for stayed in the graph (a hard-coded float32).
        gradients: In training mode, weight id to the gradient of a fixed random projection of the outputs plus the
            added losses; ``None`` where the weight gets no gradient.
        state: Weight id to the value after the call, for every weight that is not trainable; in inference mode for
            those alone whose value the call changed.
        losses: What the model adds to its loss on the first probe.
        added: Per probe, their sum.
        untaken: Ids of nodes that branch on data and went one way on every probe, as far as is known.
    """

    outputs: tuple[tuple[Array, ...], ...]
    repeated: bool
    mixed: bool = False
    gradients: Mapping[str, Array | None] = field(default_factory=dict)
    state: Mapping[str, Array] = field(default_factory=dict)
    losses: AddedLosses = AddedLosses()
    added: tuple[float, ...] = ()
    untaken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Random numbers a call draws with one op.

    Attributes:
        node: The traced node that draws them.
        family: Their distribution (``uniform``).
    """

    node: str
    family: str
    value: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of one call of a model, run on values given at any of its traced nodes.

    Attributes:
        probe: One batch per model input.
        weight_scale: As in :class:`EvaluateRequest`.
        given: Values that take the place of what these nodes compute.
        draws: By position, values that take the place of what the call draws at random.
        wanted: Nodes whose value is wanted: what they compute from their operands, even where their own is given.
        outputs: Whether the model outputs are wanted.
        effects: Whether added losses, the state after the call and what was drawn at random are wanted.
        pull: One array per wanted node to pull back (a vector-Jacobian product), which asks for gradients.
        pull_outputs: The same per floating model output.
        pull_losses: Whether the added losses, regularizers and all, are pulled back too.
    """

    recipes: tuple[Recipe, ...]
    probe: tuple[Array, ...]
    precision: Precision
    mode: Mode
    weight_scale: float = 1.0
    given: Mapping[Edge, Array] = field(default_factory=dict)
    draws: Mapping[int, Array] = field(default_factory=dict)
    wanted: tuple[Edge, ...] = ()
    outputs: bool = False
    effects: bool = False
    pull: Mapping[Edge, Array] | None = None
    pull_outputs: tuple[Array, ...] | None = None
    pull_losses: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What a stage gave.

    Attributes:
        values: By wanted node.
        outputs: The model outputs.
        pulled: By given node, the gradient that reaches it; nodes that none reaches are left out.
        gradients: By weight id, likewise.
        draws: What the call drew at random, in the order of its ops.
        hidden: Whether a loop or another function body may draw more, out of reach.
        state: By weight id, the value after the call.
        losses: As in :class:`Evaluation`.
    """

    values: Mapping[Edge, Array]
    outputs: tuple[Array, ...] = ()
    pulled: Mapping[Edge, Array] = field(default_factory=dict)
    gradients: Mapping[str, Array] = field(default_factory=dict)
    draws: tuple[Draw, ...] = ()
    hidden: bool = False
    state: Mapping[str, Array] = field(default_factory=dict)
    losses: AddedLosses = AddedLosses()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest:
    """One optimizer step from weights set by ``recipes``, on one probe with targets drawn for it.

    Attributes:
        compiled: Whether the model's own compile settings are used where it has any; else the defaults.
        perturbation: As in :class:`EvaluateRequest`.
    """

    recipes: tuple[Recipe, ...]
    probe: tuple[Array, ...]
    precision: Precision
    compiled: bool = True
    perturbation: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """What one optimizer step did.

    Attributes:
        loss: Before the step.
        updates: By weight id, the value after the step less the one before, for every trainable weight.
        metrics: Of the compile settings, by name.
        optimizer, objective: What was used, in words.
        summed, halved: For the weights that are looked up by row and get their gradient row by row: the updates with
            all gradients of a row summed first, and with each coming in two halves. An optimizer that takes the
            gradients of a row one by one makes more of the halves.
    """

    loss: float
    updates: Mapping[str, Array]
    metrics: Mapping[str, float]
    optimizer: str
    objective: str
    summed: Mapping[str, Array] = field(default_factory=dict)
    halved: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRequest:
    """A copy of the model to draw weights for, to save, and to run.

    Attributes:
        files: Paths to save to, each ending in ``.weights.h5`` or ``.keras``.
        probe: One batch per model input, empty where no output is wanted.
        keep: Whether a ``LoadRequest`` for the same copy follows.
    """

    recipes: tuple[Recipe, ...]
    files: tuple[str, ...]
    probe: tuple[Array, ...] = ()
    keep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a model saved.

    Attributes:
        files: Kind of file (``.weights.h5``, ``.keras``) to its path.
        alike: Kinds that hold the same arrays under the same paths as the ``.weights.h5``, so that loading them is the
            same: Keras reads both with one function.
        problems: Kind of file to why Keras could not write it.
        stored: Path inside the ``.weights.h5`` to shape, what belongs to an optimizer left out.
        places: Weight id to that path, where it is known.
        digests: Weight id to a digest of the bytes saved.
    """

    files: Mapping[str, str]
    alike: tuple[str, ...]
    problems: Mapping[str, str]
    stored: Mapping[str, tuple[int, ...]]
    places: Mapping[str, str]
    digests: Mapping[str, str]
    outputs: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRequest:
    """Files to load, one after the other, each into the same copy with weights drawn anew."""

    recipes: tuple[Recipe, ...]
    files: tuple[str, ...]
    probe: tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of a model after one file was loaded.

    Attributes:
        error: Why Keras refused, else empty.
        digests: Weight id to a digest of the bytes it now holds.
        outputs: Of the probe, empty where Keras refused.
    """

    error: str
    digests: Mapping[str, str]
    outputs: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """One trial: what both sides of a trial pair must share.

    Attributes:
        data: Path of data of any kind that ``kerasdiff.data.readers`` reads; ``"cifar10-cache"`` for the copy in
            the Keras cache; ``"synthetic"`` for made-up data of the model's own signature; ``"auto"`` to choose.
        steps: Most optimizer steps in all; ``None`` for as many as the epochs have.
        epochs: Passes over the training data; ``None`` for as many as the steps need.
        optimizer, loss: Keras names that replace the model's own, or the default ones.
        learning_rate: ``None`` for the optimizer's own: what the model was compiled with, else 3e-4.
        start: Weight id to starting value; weights it leaves out keep their own draw.
        perturbation: Seed of a change of every starting weight by one unit in its last place, which rounding is no less
            than; ``None`` for none.
        keep: Directory that finished epochs and trials are kept in and taken up from, or ``None``.
        fresh: Whether what is kept there is not taken up.
        logdir: Directory for TensorBoard's logs, or ``None``.
        name: What the trial is called in file names (``reference-seed-0``).
    """

    data: str
    seed: int
    steps: int | None = None
    epochs: int | None = None
    batch_size: int = 64
    learning_rate: float | None = None
    optimizer: str | None = None
    loss: str | None = None
    start: Mapping[str, Array] = field(default_factory=dict)
    perturbation: int | None = None
    keep: str | None = None
    fresh: bool = False
    logdir: str | None = None
    name: str = "trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One pass over the training data, or what the last one had time for.

    Attributes:
        number: From 1.
        steps: Optimizer steps done since the trial began.
        train_loss, train_accuracy: Means over the batches as they were trained on, like Keras's ``fit`` shows them.
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
class Trial:
    """One finished training run.

    Attributes:
        data: What it was trained on, in words.
        settings: Optimizer, loss and the like, as JSON data.
        losses: Training loss of every step, before that step's update.
        accuracies: Training accuracy of every step's batch, empty for regression.
        epochs: What each epoch reached.
        test_loss, test_accuracy: After the last step; ``None`` after a loss that is not finite.
        predictions: Model outputs on the first test batch after the last step.
        outputs_digest: Of all test outputs after the last step: equal where every bit is.
        classes: For each output with classes, the predicted ids of all test rows.
        labels: Likewise, the right ones.
        class_names: By class id, empty where unknown.
        samples_per_second: In training, without compilation; 0 where nothing was trained anew.
        reused: Epochs that were taken from disk.
        notes: Sentences: what was not kept, and why.
    """

    data: str
    settings: Mapping[str, Any]
    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    epochs: tuple[Epoch, ...]
    test_loss: float | None
    test_accuracy: float | None
    predictions: Array
    outputs_digest: str
    classes: tuple[Array, ...]
    labels: tuple[Array, ...]
    samples_per_second: float
    class_names: tuple[str, ...] = ()
    reused: int = 0
    notes: tuple[str, ...] = ()


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


class Side(Protocol):
    """A model that answers for itself."""

    def describe(self) -> Description: ...

    def evaluate(self, request: EvaluateRequest) -> Evaluation: ...

    def stage(self, request: Stage) -> Staged: ...

    def step(self, request: StepRequest) -> Stepped: ...

    def losses_of(self, request: StepRequest, outputs: tuple[tuple[Array, ...], ...]) -> tuple[float, ...]: ...
    def save_checkpoint(self, request: SaveRequest) -> Saved: ...

    def load_checkpoint(self, request: LoadRequest) -> tuple[Restored, ...]: ...

    def start(self, seed: int) -> Mapping[str, Array]: ...

    def start_digests(self, weights: tuple[str, ...]) -> Mapping[str, str]: ...

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial: ...
