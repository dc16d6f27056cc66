"""How is a trial made ready? Model, data and compiled steps, which a worker keeps from one trial to the next.

Why keep them? Data, trace and the first run of a graph take as long as the first twenty steps of the forum pair. Why is
that safe? A trial starts from the values that a fresh model and a fresh optimizer of its seed hold, copied into the
kept ones, and the steps are kept only where a fresh trace could be no other:

* all that they read or write are variables of the model and of the optimizer, and those are copied;
* nobody but Keras, which draws seeds for layers, drew a number from a global generator while the model was made, and
  nobody at all while the steps were traced, so that nothing else in them can follow from the seed;
* none of the seeds that Keras drew stands in a graph as a constant (an initializer that is called in ``call``).

Else the trial is made ready anew, as the first one is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import tensorflow as tf

from kerasdiff.graph import Port
from kerasdiff.side.training import FitPlan, TrialOptions
from kerasdiff.worker.keras_internals import (
    Live,
    default_seeds,
    generators_stand_at,
    handle_of,
    held_variables,
    keras,
    optimizer_variables,
    sublayers,
)
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.training.batches import Batches
from kerasdiff.worker.training.begun import optimizer_of
from kerasdiff.worker.training.data import DataSet, load_data
from kerasdiff.worker.training.heads import Head
from kerasdiff.worker.training.identity import nodes_of, variables_of
from kerasdiff.worker.training.tasks import Task, to_array
from kerasdiff.worker.training.trainer import Trainer

DATA_SEED = 0
"""Of made-up data: trials of any seed train on the same rows, so that seeds differ in order and draws alone."""

SEEDS_AT_ONCE = 16
"""Integers of a constant up to which it is looked at as one that may hold a seed; a seed takes two."""

_INTEGERS = frozenset(kind.as_datatype_enum for kind in (tf.int32, tf.int64, tf.uint32, tf.uint64))

MOST_KEPT = 2**28
"""Bytes of variables up to which steps are kept: beside the kept model stands a fresh one while values are copied, and
the training of larger ones outlasts every trace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A trial's model with the values it starts from, its data, and what trains and tests it.

    Attributes:
        state: All variables of the model and its optimizer.
    """

    loaded: Loaded
    task: Task
    data: DataSet
    batches: Batches
    trainer: Trainer
    state: tuple[Live, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a session keeps for its next trial: the data, and the steps where those may be used again."""

    wanted: tuple[str, tuple[Port, ...], tuple[Head, ...]]
    data: DataSet
    batches: Batches
    options: TrialOptions
    steps: Prepared | None = None

    def serves(self, plan: FitPlan) -> bool:
        """Whether a trial of this plan takes the same steps on the same data."""
        return (self.wanted[0], self.options) == (plan.data, _deciding(plan.options))


def prepare(session: Session, plan: FitPlan) -> Prepared:
    """Makes a trial ready, but for its start: the model holds what a fresh one of that seed does.

    Raises:
        FitError: If there is no usable data, loss or gradient.
    """
    kept: Kept | None = session.kept
    session.kept = None  # what fails half way is not used again
    with default_seeds() as drawn:
        loaded = session.reload("float32", plan.seed)
    untouched = generators_stand_at(plan.seed, len(drawn))
    options = _deciding(plan.options)
    task = Task(loaded, plan.options.loss)
    steps = None if kept is None or not untouched or not kept.serves(plan) else kept.steps
    if steps is not None and _copied(steps.state, state_of(loaded, optimizer_of(loaded.model, task, plan.options))):
        session.kept = kept
        _restart(steps.trainer, plan.seed)
        return steps
    wanted = plan.data, tuple(loaded.ports), task.heads
    if kept is None or kept.wanted != wanted:
        data = load_data(plan.data, tuple(loaded.ports), task.heads, DATA_SEED)
        kept = Kept(wanted, data, Batches(data), options)
    trainer = Trainer(loaded, task, kept.batches, plan.options)
    state = state_of(loaded, trainer.optimizer)
    made = Prepared(loaded=loaded, task=task, data=kept.data, batches=kept.batches, trainer=trainer, state=tuple(state))
    # Construction and probing drew a number of times that depends on how the model is written.
    keras.utils.set_random_seed(plan.seed)
    functions = trainer.compiled()
    if trainer.draws is not None:
        trainer.draws.restart(plan.seed)
    untouched = untouched and generators_stand_at(plan.seed, 0)
    common = () if trainer.draws is None else trainer.draws.variables
    again = untouched and _small(state) and _closed(functions, (*state, *common)) and not _holds(functions, drawn)
    session.kept = replace(kept, options=options, steps=made if again else None)
    return made


def _restart(trainer: Trainer, seed: int) -> None:
    """Puts all generators where they stand when a trial of this seed begins."""
    keras.utils.set_random_seed(seed)
    if trainer.draws is not None:
        trainer.draws.restart(seed)


def _deciding(options: TrialOptions) -> TrialOptions:
    """The options as far as compiled steps depend on them."""
    return replace(options, steps=None, epochs=None, store=None, fresh=False, cut=False, logdir=None)


def state_of(loaded: Loaded, optimizer: Live) -> list[Live]:
    """Every variable of a model and its optimizer, each once, in an order that follows from how they are made."""
    layers = [loaded.model, *sublayers(loaded.model, deep=True)]
    held = [variable for layer in layers for variable in held_variables(layer)]
    return list({id(variable): variable for variable in (*held, *optimizer_variables(optimizer))}.values())


def _copied(kept: Sequence[Live], fresh: Sequence[Live]) -> bool:
    """Whether the values of ``fresh`` stand in ``kept`` now; they do not fit where the two are not alike."""
    if [(str(one.dtype), tuple(one.shape)) for one in kept] != [(str(two.dtype), tuple(two.shape)) for two in fresh]:
        return False
    for one, two in zip(kept, fresh, strict=True):
        one.assign(tf.convert_to_tensor(two))
    return True


def _small(state: Sequence[Live]) -> bool:
    held: int = sum(tf.as_dtype(one.dtype).size * math.prod(one.shape) for one in state)
    return held <= MOST_KEPT


def _closed(functions: Sequence[Live], state: Sequence[Live]) -> bool:
    """Whether the functions use no state but this."""
    used = variables_of(functions)
    known = {id(handle_of(variable)) for variable in state}
    return used is not None and all(id(handle_of(variable)) in known for variable in used)


def _holds(functions: Sequence[Live], seeds: Sequence[int]) -> bool:
    """Whether one of these seeds is a constant of a function, or a small tensor that it captured."""
    wanted = set(seeds)
    if not wanted:
        return False
    for function in functions:
        constants = [node.attr["value"].tensor for node in nodes_of(function) if node.op == "Const"]
        few = [one for one in constants if one.dtype in _INTEGERS and len(one.tensor_content) <= 8 * SEEDS_AT_ONCE]
        captured = [one for one in function.captured_inputs if one.dtype.as_datatype_enum in _INTEGERS]
        small = [one for one in captured if math.prod(one.shape) <= SEEDS_AT_ONCE]
        values = (*map(tf.make_ndarray, few), *map(to_array, small))
        if any(not wanted.isdisjoint(value.ravel().tolist()) for value in values):
            return True
    return False
