"""The one table of what a side can be asked, and the :class:`Side` that answers.

A row says everything about a request: the client gets its method and the words for what went wrong from it, the worker
the function that answers. Nothing outside :mod:`kerasdiff.side.process` knows whether a model in a process of its own
answers, or something else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, ParamSpec, Protocol, TypeVar, overload

from kerasdiff.graph.values import Array
from kerasdiff.side.baselines.records import Frozen, Recalled
from kerasdiff.side.checkpoints import (
    Held,
    KeepRequest,
    Kept,
    LoadRequest,
    Places,
    Restored,
    Saved,
    SaveRequest,
    Taken,
    TakeRequest,
)
from kerasdiff.side.health import Examined
from kerasdiff.side.mutations import Mutation
from kerasdiff.side.observations import (
    EvaluateRequest,
    Evaluation,
    OwnSteps,
    SettingsRequest,
    SettingsSample,
    Stage,
    Staged,
    Stepped,
    StepRequest,
)
from kerasdiff.side.records import Description
from kerasdiff.side.targets import InputSpec
from kerasdiff.side.training import FitPlan, Progress, Trial

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Request(Generic[P, T_co]):
    """One thing a side can be asked: takes ``P``, answers ``T_co``.

    Attributes:
        name: Of the method that asks.
        task: What the side then does, in the words of "while it had to ...".
        handler: ``module:function`` of the worker that answers, called with the session and what was sent.
        reports: Whether the handler is also given a :class:`kerasdiff.side.training.Progress` to tell.
    """

    name: str
    task: str
    handler: str
    reports: bool = False


DESCRIBE: Request[[tuple[InputSpec, ...] | None, tuple[str, ...], bool], Description] = Request(
    "describe", "trace the model", "kerasdiff.worker.describe:describe"
)
EXAMINE: Request[[], Examined] = Request("examine", "look at its process", "kerasdiff.worker.examine:examine")
EVALUATE: Request[[EvaluateRequest], Evaluation] = Request(
    "evaluate", "run the model", "kerasdiff.worker.running.evaluate:evaluate"
)
STAGE: Request[[Stage], Staged] = Request("stage", "run a part of the model", "kerasdiff.worker.running.stages:stage")
STEP: Request[[StepRequest], Stepped] = Request("step", "take one optimizer step", "kerasdiff.worker.running.step:step")
OWN_STEPS: Request[[StepRequest, bool], OwnSteps] = Request(
    "own_steps", "take steps by its own train_step", "kerasdiff.worker.running.own_steps:own_steps"
)
LOSSES_OF: Request[[StepRequest, tuple[tuple[Array, ...], ...]], tuple[float, ...]] = Request(
    "losses_of", "compute training losses", "kerasdiff.worker.running.step:losses_of"
)
SAMPLE_SETTINGS: Request[[SettingsRequest], SettingsSample] = Request(
    "sample_settings", "sample its compile settings", "kerasdiff.worker.running.settings:sample_settings"
)
SAVE_CHECKPOINT: Request[[SaveRequest], Saved] = Request(
    "save_checkpoint", "save its weights", "kerasdiff.worker.saving.checkpoint:save_checkpoint"
)
LOAD_CHECKPOINT: Request[[LoadRequest], Mapping[str, Restored]] = Request(
    "load_checkpoint", "load saved weights", "kerasdiff.worker.saving.checkpoint:load_checkpoint"
)
PLACES: Request[[], Places] = Request(
    "places", "tell where its weights are stored", "kerasdiff.worker.saving.places:places"
)
START: Request[[int], Mapping[str, Array]] = Request(
    "start", "draw its starting weights", "kerasdiff.worker.training.fit:start"
)
START_DIGESTS: Request[[tuple[str, ...]], Mapping[str, str]] = Request(
    "start_digests", "read the starting weights", "kerasdiff.worker.describe:start_digests"
)
START_VALUES: Request[[tuple[str, ...]], Mapping[str, Array]] = Request(
    "start_values", "read the values it holds", "kerasdiff.worker.describe:start_values"
)
STORED_OUTPUTS: Request[[tuple[tuple[Array, ...], ...]], Held] = Request(
    "stored_outputs", "run with the values it holds", "kerasdiff.worker.saving.conversion:stored_outputs"
)
TAKE_WEIGHTS: Request[[TakeRequest], Taken] = Request(
    "take_weights", "read a file of weights", "kerasdiff.worker.saving.conversion:take_weights"
)
HELD_VALUES: Request[[tuple[str, ...]], Mapping[str, Array]] = Request(
    "held_values", "give out what it read", "kerasdiff.worker.saving.conversion:held_values"
)
MOVED_OUTPUTS: Request[[tuple[tuple[Array, ...], ...], float], Held] = Request(
    "moved_outputs", "run with weights that are moved a little", "kerasdiff.worker.saving.conversion:moved_outputs"
)
GIVE_VALUES: Request[[Mapping[str, Array]], None] = Request(
    "give_values", "take values for its weights", "kerasdiff.worker.saving.conversion:give_values"
)
KEEP_WEIGHTS: Request[[KeepRequest], Kept] = Request(
    "keep_weights", "save its weights and load them again", "kerasdiff.worker.saving.conversion:keep_weights"
)
FREEZE: Request[[str], Frozen] = Request(
    "freeze", "take the model apart for a baseline", "kerasdiff.worker.stored.freezing:freeze"
)
RECALL: Request[[], Recalled] = Request(
    "recall", "tell what it answered when it was locked", "kerasdiff.worker.stored.session:recall"
)
TRIAL_KEY: Request[[FitPlan], str | None] = Request(
    "trial_key", "make a trial ready", "kerasdiff.worker.training.fit:trial_key_of"
)
MUTATIONS: Request[[int, int], tuple[Mutation, ...]] = Request(
    "mutations", "look for changes of the model", "kerasdiff.worker.mutating.mutants:mutations"
)
PARTED: Request[[str], str] = Request(
    "parted", "compare it with the changed model by Keras alone", "kerasdiff.worker.mutating.mutants:parted"
)
FIT: Request[[FitPlan], Trial] = Request("fit", "train the model", "kerasdiff.worker.training.fit:fit", reports=True)

REQUESTS: Mapping[str, Request[..., object]] = {
    request.name: request
    for request in (
        DESCRIBE,
        EXAMINE,
        EVALUATE,
        STAGE,
        STEP,
        OWN_STEPS,
        LOSSES_OF,
        SAMPLE_SETTINGS,
        SAVE_CHECKPOINT,
        LOAD_CHECKPOINT,
        PLACES,
        START,
        START_DIGESTS,
        START_VALUES,
        STORED_OUTPUTS,
        TAKE_WEIGHTS,
        HELD_VALUES,
        MOVED_OUTPUTS,
        GIVE_VALUES,
        KEEP_WEIGHTS,
        FREEZE,
        RECALL,
        TRIAL_KEY,
        FIT,
        MUTATIONS,
        PARTED,
    )
}
"""All of them by name: what crosses to a worker is a name, and it answers no other."""


class Answer(Protocol[T_co]):
    """An answer a side still owes."""

    def result(self, progress: Progress | None = None) -> T_co:
        """Waits for it; ``progress`` hears how far a fit is on the way.

        Raises:
            KerasdiffError: What the side could not do, and why.
        """
        ...


class _Method(Generic[P, T]):
    """A request as a method of :class:`Side` that waits for the answer."""

    def __init__(self, request: Request[P, T]) -> None:
        self._request = request

    @overload
    def __get__(self, side: None, owner: type[Side]) -> _Method[P, T]: ...

    @overload
    def __get__(self, side: Side, owner: type[Side]) -> Callable[P, T]: ...

    def __get__(self, side: Side | None, owner: type[Side]) -> _Method[P, T] | Callable[P, T]:
        if side is None:
            return self
        asked = side

        def ask(*arguments: P.args, **named: P.kwargs) -> T:
            return asked.submit(self._request, *arguments, **named).result()

        return ask


class Side(ABC):
    """A model that answers for itself: every row of the table is a method.

    The methods raise a :class:`kerasdiff.errors.KerasdiffError` where the model cannot do what it is asked.
    """

    @abstractmethod
    def submit(self, request: Request[P, T], /, *arguments: P.args, **named: P.kwargs) -> Answer[T]:
        """Sends a request and returns at once; requests are answered in the order they were sent."""

    @abstractmethod
    def revive(self) -> None:
        """Makes a side answer again that ended while it was asked; else does nothing."""

    def describe(
        self, inputs: tuple[InputSpec, ...] | None = None, order: tuple[str, ...] = (), *, fitted: bool = False
    ) -> Description:
        """Traces the model; from here on with these ``inputs`` in this ``order``, where they are said.

        With ``fitted`` it is called the way ``fit`` and ``predict`` do, which may leave the mode unsaid.
        """
        return self.submit(DESCRIBE, inputs, order, fitted).result()

    examine = _Method(EXAMINE)
    """What its process computes with, whatever its model is."""

    evaluate = _Method(EVALUATE)
    """Runs probes through the model."""

    stage = _Method(STAGE)
    """Runs a part of the model."""

    step = _Method(STEP)
    """Takes one optimizer step."""

    own_steps = _Method(OWN_STEPS)
    """Takes some steps by the ``train_step`` that the model brings."""

    losses_of = _Method(LOSSES_OF)
    """The training loss of each of these sets of model outputs, by the targets of that step."""

    sample_settings = _Method(SAMPLE_SETTINGS)
    """What optimizer, losses and metrics do on values made for it."""

    save_checkpoint = _Method(SAVE_CHECKPOINT)
    """Saves a copy of the model and runs it."""

    load_checkpoint = _Method(LOAD_CHECKPOINT)
    """Loads saved weights into a copy of the model, file by file."""

    places = _Method(PLACES)
    """Where it stores its weights, told without a file."""

    start = _Method(START)
    """The weights a fresh copy of the model starts from, by id, for a seed."""

    start_digests = _Method(START_DIGESTS)
    """A digest of the value each of these weights starts from, by id; equal where the bytes are."""

    start_values = _Method(START_VALUES)
    """The value each of these weights starts from, by id."""

    stored_outputs = _Method(STORED_OUTPUTS)
    """What a fresh copy of the model computes on these probes."""

    take_weights = _Method(TAKE_WEIGHTS)
    """Lets a copy of the model read a file of weights, and runs it."""

    held_values = _Method(HELD_VALUES)
    """What weights of that copy hold, by id."""

    moved_outputs = _Method(MOVED_OUTPUTS)
    """What that copy computes on these probes with every weight moved by a relative size."""

    give_values = _Method(GIVE_VALUES)
    """Gives weights of a copy of the model values, by id."""

    keep_weights = _Method(KEEP_WEIGHTS)
    """Saves that copy, and tells what another one makes of the file."""

    freeze = _Method(FREEZE)
    """All that a baseline needs to answer in its place; its graphs are named with this label."""

    recall = _Method(RECALL)
    """What a baseline answered when it was made."""

    trial_key = _Method(TRIAL_KEY)
    """Makes a trial ready; what it is called in the trial store, or ``None`` where it cannot be stored."""

    mutations = _Method(MUTATIONS)
    """So many small changes of the model, drawn by a seed."""

    parted = _Method(PARTED)
    """In what a change of this key makes the model differ, as Keras itself computes it; empty where in nothing."""

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
        """Trains a fresh copy of the model."""
        return self.submit(FIT, plan).result(progress)
