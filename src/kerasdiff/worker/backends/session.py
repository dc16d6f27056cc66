"""A model that Keras runs on another backend: what is asked of it is answered by what the backend can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NoReturn

from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Edge, Mode
from kerasdiff.graph.values import Precision
from kerasdiff.side.targets import InputSpec
from kerasdiff.worker.backends.calling import Calling
from kerasdiff.worker.backends.engine import called
from kerasdiff.worker.backends.recording import record, record_at
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.loading.load import precision_scope
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.tracing.assemble import Assembler, assemble
from kerasdiff.worker.tracing.contents import contents_listed
from kerasdiff.worker.tracing.trace import Recording

_ANSWERED = {
    "evaluate": "numbers:evaluate",
    "stage": "parts:stage",
    "step": "steps:step",
    "losses_of": "steps:losses_of",
    "trial_key": "trainer:trial_key_of",
    "fit": "trainer:fit",
}
"""Requests that are answered in another way here, by the module and function of this room that does."""

_UNTOLD = {
    "own_steps": "a train_step of its own is not run on {backend}; compare it on TensorFlow",
    "sample_settings": "compile settings are not sampled on {backend}; compare them on TensorFlow",
    "freeze": "a baseline is made of TensorFlow's graphs, and this model runs on {backend}; lock it on TensorFlow, and "
    "compare what runs on {backend} with that",
    "mutations": "models are not changed on {backend}; look for what a check would catch on TensorFlow",
    "parted": "models are not changed on {backend}; look for what a check would catch on TensorFlow",
}


class BackendSession(Session):
    """One model."""

    def _begin(self) -> None:
        self._recorded: dict[tuple[Precision, Mode], Recording] = {}
        self._compiled: dict[tuple[object, ...], Live] = {}
        self.answers = {
            **{name: partial(_answer, place) for name, place in _ANSWERED.items()},
            **{name: partial(_refuse, text) for name, text in _UNTOLD.items()},
        }

    def drawn(self, precision: Precision) -> Loaded:
        return self.loaded(precision)  # values are given to each call, and the variables keep theirs

    def altered(self, precision: Precision) -> None:
        """Nothing is: a call changes no variable."""

    def pristine(self) -> Loaded:
        return self.loaded("float32")

    def _forget(self, precision: Precision) -> None:
        super()._forget(precision)
        for key in [key for key in self._compiled if key[0] == precision]:
            del self._compiled[key]
        for mode in [mode for at, mode in self._recorded if at == precision]:
            del self._recorded[precision, mode]

    def restart(self, inputs: tuple[InputSpec, ...], order: tuple[str, ...] = (), *, fitted: bool = False) -> None:
        super().restart(inputs, order, fitted=fitted)
        self._recorded.clear()
        self._compiled.clear()

    def traced(self, precision: Precision, mode: Mode) -> tuple[Recording, Live]:
        if (precision, mode) not in self._recorded:
            with precision_scope(precision):
                recording = record(self.loaded(precision), mode)
            self._recorded[precision, mode] = recording
            self._contents[precision, mode] = contents_listed(recording.graph.get_operations())
        return self._recorded[precision, mode], None

    def calling(self, precision: Precision, mode: Mode) -> Calling:
        """The model as a function, in one mode."""
        made: Calling = self._once((precision, mode, "call"), lambda: Calling(self.loaded(precision), mode))
        return made

    def compiled(self, precision: Precision, call: Calling) -> Live:
        """The call, compiled."""
        return self._once((precision, call, "compiled"), call.compiled)

    def pulled(self, precision: Precision, call: Calling, weights: Sequence[Live]) -> Live:
        """The call with its gradients, compiled for outputs of these shapes."""
        shapes = tuple(None if one is None else one.shape for one in weights)
        return self._once((precision, call, shapes), lambda: call.pulled(weights))

    def program(self, precision: Precision, mode: Mode, shapes: tuple[tuple[int, ...], ...]) -> Recording:
        """The call for inputs of these shapes.

        Raises:
            EvaluateError: If it does something else for them than for others.
        """
        recording, _ = self.traced(precision, mode)
        made: Recording = self._once((precision, mode, shapes), lambda: record_at(self.loaded(precision), mode, shapes))
        if [op.type for op in made.graph.operations] != [op.type for op in recording.graph.operations]:
            raise EvaluateError("the call cannot be run in parts: it does something else for another size of its batch")
        return made

    def spots(self, precision: Precision, mode: Mode) -> Mapping[Edge, Live]:
        """The value of every edge between nodes."""
        return self._assembled(precision, mode).spots()

    def homes(self, precision: Precision, mode: Mode) -> Mapping[str, str]:
        """The id of the node that each op belongs to."""
        assembler, (recording, _) = self._assembled(precision, mode), self.traced(precision, mode)
        return {op.name: assembler.home(op.name) for op in recording.graph.operations}

    def _assembled(self, precision: Precision, mode: Mode) -> Assembler:
        def assembled() -> Assembler:
            assembler = assemble(self.loaded(precision), self.traced(precision, mode)[0], bare=True)
            assembler.graph()
            return assembler

        made: Assembler = self._once((precision, mode, "assembled"), assembled)
        return made

    def _once(self, key: tuple[object, ...], make: Callable[[], Live]) -> Live:
        if key not in self._compiled:
            self._compiled[key] = make()
        return self._compiled[key]

    def has_lower_precision(self, call: Calling) -> bool:
        """Whether a call that is to run in float64 has parts in a lower one."""
        recording, _ = self.traced("float64", call.mode)
        kinds = {one.dtype.name for op in recording.graph.get_operations() if op.type != "Const" for one in op.outputs}
        return bool(kinds & {"float32", "float16", "bfloat16"})

    def used(self, precision: Precision, call: Calling) -> set[str]:
        """Ids of the weights that the call reads."""
        recording, _ = self.traced(precision, call.mode)
        read = {tensor.name for op in recording.graph.get_operations() for tensor in op.inputs}
        reads = [op for op in recording.graph.get_operations() if op.type == "ReadVariableOp"]
        return {name for name, op in zip(call.variables, reads, strict=True) if op.outputs[0].name in read}


def _answer(place: str, session: BackendSession, *arguments: object) -> object:
    """Asks a module of this room, imported on demand."""
    import importlib

    module, _, function = place.partition(":")
    answer: object = getattr(importlib.import_module(f"kerasdiff.worker.backends.{module}"), function)(
        session, *arguments
    )
    return answer


def _refuse(text: str, session: BackendSession, *_: object) -> NoReturn:
    raise EvaluateError(f"{session.target.text}: {text.format(backend=called())}")
