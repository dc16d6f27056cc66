"""How is a model called on another backend? As a function that changes nothing.

``keras.StatelessScope`` stands values in for those of the variables and keeps what is assigned: so the call can be
traced and compiled, and gradients taken of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.graph import Mode, Returned
from kerasdiff.worker.backends.engine import engine
from kerasdiff.worker.keras_internals import Live, keras
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.tracing.returned import structure_of
from kerasdiff.worker.tracing.trace import Added, added_losses, call_model, masks_of


@dataclass(frozen=True)
class Called:
    """What one call gave.

    Attributes:
        result: As the model returned it.
        outputs: Its dense tensors; in training mode, then the masks they carry.
        returned: Every place of what it returned.
        added: The losses it added.
        state: The value of each variable after it, by weight id.
    """

    result: Live
    outputs: tuple[Live, ...]
    returned: tuple[Returned, ...]
    added: Added
    state: Mapping[str, Live]


class Calling:
    """One model, to be called in one mode.

    Attributes:
        mode: That one.
        variables: All of the model's, by weight id.
        trained: Ids of those that a gradient moves.
    """

    def __init__(self, loaded: Loaded, mode: Mode) -> None:
        self._loaded, self.mode = loaded, mode
        self.variables = weight_table(loaded.model)
        trainable = {id(one) for one in loaded.model.trainable_variables}
        self.trained = [name for name, one in self.variables.items() if id(one) in trainable]
        self.last: Called | None = None

    def run(self, values: Mapping[str, Live], tensors: Sequence[Live]) -> Called:
        """Calls the model with these values in place of those of its variables."""
        held = [(variable, values[name]) for name, variable in self.variables.items()]
        with keras.StatelessScope(state_mapping=held, collect_losses=True) as scope:
            result = self.called(tensors)
            structure = structure_of(result)
            outputs = list(structure.tensors)
            if self.mode == "training":  # Keras weighs the loss by the mask an output carries
                outputs += masks_of(outputs)
            added = added_losses(self._loaded.model)
            state = {name: scope.get_current_value(one) for name, one in self.variables.items()}
        state = {name: values[name] if value is None else value for name, value in state.items()}
        return Called(result, tuple(outputs), structure.places, added, state)

    def called(self, tensors: Sequence[Live]) -> Live:
        """What the model returns, with the values that its variables have now."""
        args, kwargs = self._loaded.pack(list(tensors))
        training = self.mode == "training"
        return call_model(self._loaded.model, args, kwargs, training=training, fitted=self._loaded.fitted)

    def compiled(self) -> Live:
        """The call, compiled: outputs, added losses one by one, and the state after it."""

        def run(values: Mapping[str, Live], tensors: Sequence[Live]) -> Live:
            done = self.run(values, tensors)
            self.last = done
            return done.outputs, done.added.values, done.state

        return engine().compiled(run)

    def pulled(self, weights: Sequence[Live]) -> Live:
        """The same with gradients of a projection of the floating outputs plus the added losses."""

        def total(trained: Mapping[str, Live], others: Mapping[str, Live], tensors: Sequence[Live]) -> Live:
            done = self.run({**others, **trained}, tensors)
            self.last = done
            seeds = [None if one is None else engine().array_of(one) for one in weights]
            weighed = [one * seed for one, seed in zip(done.outputs, seeds, strict=True) if seed is not None]
            return engine().summed([done.added.values, *weighed]), (done.outputs, done.added.values, done.state)

        return engine().compiled(engine().pulled(total))
