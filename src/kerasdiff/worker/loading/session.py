"""What of a target is kept from one question to the next? Its loaded models by precision, and their traces."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Protocol

import tensorflow as tf

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph import Edge, Mode
from kerasdiff.graph.values import Precision
from kerasdiff.side.targets import InputSpec, Target
from kerasdiff.worker.importing.revision import enter, entered
from kerasdiff.worker.importing.world import World
from kerasdiff.worker.keras_internals import Live, write
from kerasdiff.worker.loading.generations import by_its_generation
from kerasdiff.worker.loading.load import SEED, load, precision_scope
from kerasdiff.worker.loading.loaded import Loaded, in_order, thawed, without_penalties
from kerasdiff.worker.tracing.assemble import assemble
from kerasdiff.worker.tracing.contents import Contents, contents_of
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.tracing.recording import record
from kerasdiff.worker.tracing.trace import Recording

PRECISIONS: tuple[Precision, Precision] = "float32", "float64"
MOST_KEPT = 30_000_000
"""Values of a model up to which it is kept in one precision while it is loaded in another: 120 MB in float32."""


class Parts(Protocol):
    """The nodes of a trace in the graph of its call."""

    def spots(self) -> Mapping[Edge, Live]:
        """The tensor of every value between nodes."""

    def home(self, op: str) -> str:
        """The id of the node an op belongs to, empty where it belongs to none."""

    def updates(self) -> Sequence[Live]:
        """The ops that are run for what they do."""


class Session:
    """One target with its loaded models, one for each precision, and their traces.

    Args:
        target: The model.
        inputs: What ``--input`` said.
        without: Settings of weights that are taken off: ``regularizer``, ``trainable``.
        order: Names of the inputs in the order they are wanted in; empty for the model's own.
        fitted: Whether the model is called the way ``fit`` and ``predict`` call it.
    """

    def __init__(
        self,
        target: Target,
        inputs: tuple[InputSpec, ...] = (),
        without: tuple[str, ...] = (),
        order: tuple[str, ...] = (),
        fitted: bool = False,
    ) -> None:
        enter(target)
        self._world = World()
        self.target = target
        self.without = without
        self.inputs = inputs
        self.order = order
        self.fitted = fitted
        self.answers: Mapping[str, Callable[..., object]] = {}
        """Requests that are answered in another way than the table of requests says, by name."""
        self._loaded: dict[Precision, Loaded] = {}
        self._traced: dict[tuple[Precision, Mode], tuple[Recording, Live]] = {}
        self._contents: dict[tuple[Precision, Mode], Contents] = {}
        self._ids: tuple[bool, ...] | None = None
        self._drawn: set[Precision] = set()
        self.calls: dict[tuple[Precision, Mode], Live] = {}
        self.staged: dict[tuple[Precision, Mode], Live] = {}
        self.tasks: dict[tuple[Precision, bool, tuple[str | None, ...]], Live] = {}
        self.starts: dict[Precision, list[tuple[object, list[tuple[Live, Live]]]]] = {}
        self._begun: list[tuple[Live, Live]] = []
        self._spare: Loaded | None = None
        self.kept: Live | None = None
        """What the part that trains keeps from one trial to the next."""
        self.ready: Live | None = None
        """The trial that was made ready, for the part of the worker that trains."""
        self._begin()

    def _begin(self) -> None:
        """Takes up what a session of another kind keeps besides, and answers in another way."""

    def loaded(self, precision: Precision) -> Loaded:
        """The model in this precision, loaded on first use.

        Raises:
            EvaluateError: If it has no float64 form: what is asked of it can be asked in float32.
        """
        if precision not in self._loaded:
            self._make_room()
            try:
                self._loaded[precision] = self.reload(precision)
            except KerasdiffError as error:
                if precision == "float32":
                    raise
                raise EvaluateError(f"cannot be rebuilt in {precision}: {error.message}", error.details) from None
        return self._loaded[precision]

    def _make_room(self) -> None:
        """Forgets a large model in another precision before one more is loaded: one copy of it is enough."""
        for precision, loaded in list(self._loaded.items()):
            if _values_in(loaded.model) > MOST_KEPT:
                self._forget(precision)

    def described(self) -> Loaded:
        """The model in whatever precision it is loaded, for a caller that asks for no value."""
        return next(iter(self._loaded.values()), None) or self.loaded("float32")

    def traced(self, precision: Precision, mode: Mode) -> tuple[Recording, Live]:
        """What one call does, and the call as a function: the model outputs, then the added losses.

        Traced on first use: a trace costs more than all the rest of an evaluation.
        """
        if (precision, mode) not in self._traced:
            with precision_scope(precision):
                recording, function = record(self.loaded(precision), mode)
            self._traced[precision, mode] = recording, function
            self._contents[precision, mode] = contents_of(recording.graph)
        return self._traced[precision, mode]

    def is_otherwise(self, mode: Mode) -> bool:
        """Whether a call in float64 is made of other ops or constants than in float32, as far as it was traced."""
        narrow, wide = (self._contents.get((precision, mode)) for precision in PRECISIONS)
        return narrow != wide

    def parts(self, precision: Precision, mode: Mode) -> Parts:
        """Where in the graph of that call the nodes of its trace are."""
        recording, _ = self.traced(precision, mode)
        assembler = assemble(self.loaded(precision), recording, bare=True)
        assembler.graph()
        return assembler

    def call(self, precision: Precision, mode: Mode) -> Live | None:
        """The :class:`kerasdiff.worker.running.calls.Call` of a model that knows it without being called."""
        return None

    def drawn(self, precision: Precision) -> Loaded:
        """The model in this precision, for a caller that overwrites its weights.

        One that does more to it, or runs its code again, says so with :meth:`altered`.
        """
        loaded = self.loaded(precision)
        if precision == "float32" and precision not in self._drawn and _values_in(loaded.model) <= MOST_KEPT:
            # A variable that is written to leaves its memory to the tensor it was read into: no copy is made here.
            variables = weight_table(loaded.model).values()
            self._begun = [(variable, tf.convert_to_tensor(variable)) for variable in variables]
        self._drawn.add(precision)
        return loaded

    def altered(self, precision: Precision) -> None:
        """Says that more than the values of a model may have changed: setting them back makes it no fresh one."""
        if precision == "float32":
            self._begun = []

    def pristine(self) -> Loaded:
        """A float32 model that still holds the weights it starts from, or holds them again."""
        if "float32" not in self._drawn:
            return self.loaded("float32")
        if not self._begun:
            return self.reload("float32")
        for variable, value in self._begun:
            write(variable, value)
        self._drawn.discard("float32")
        self.starts.pop("float32", None)
        self._begun = []
        return self.loaded("float32")

    def spare(self) -> Loaded:
        """A float32 model, the same until :meth:`drop_spare`, for a caller that may leave anything in it.

        The session gives away its own where that holds the weights it starts from, and loads another if it needs one.
        """
        if self._spare is None:
            self._spare = self.pristine()
            self._forget("float32")
        return self._spare

    def drop_spare(self) -> None:
        """Lets go of the spare copy."""
        self._spare = None

    def _forget(self, precision: Precision) -> None:
        self._loaded.pop(precision, None)
        self._drawn.discard(precision)
        tables: tuple[dict[Live, Live], ...] = (self._traced, self.calls, self.staged, self.tasks)
        for table in tables:
            for key in [key for key in table if key[0] == precision]:
                del table[key]
        self.starts.pop(precision, None)
        self.altered(precision)

    def restart(self, inputs: tuple[InputSpec, ...], order: tuple[str, ...] = (), *, fitted: bool = False) -> None:
        """Forgets the loaded models; the next ones get other inputs, or the same ones in the order of their names.

        With ``fitted`` they are called the way ``fit`` and ``predict`` do.
        """
        self.inputs = inputs
        self.order = order
        self.fitted = fitted
        self._loaded.clear()
        self._traced.clear()
        self._contents.clear()
        self._drawn.clear()
        self.calls.clear()
        self.staged.clear()
        self.tasks.clear()
        self.kept = self.ready = None
        self.starts.clear()
        self.altered("float32")
        self.drop_spare()

    def reload(self, precision: Precision, seed: int = SEED) -> Loaded:
        """A fresh instance that shares nothing with those handed out before."""
        revision = entered()
        with nullcontext() if revision is None else revision.watched(), self._world.entered():
            loaded = by_its_generation(
                self.target, lambda: load(self.target, self.inputs, precision, seed, ids=self._ids)
            )
        self._ids = tuple(port.ids for port in loaded.ports)
        if revision is not None:
            loaded = replace(loaded, inferred=(*loaded.inferred, *revision.found()))
        loaded = in_order(loaded, self.order)
        loaded = replace(loaded, fitted=self.fitted)
        if "regularizer" in self.without:
            loaded = without_penalties(loaded)
        return thawed(loaded) if "trainable" in self.without else loaded


def _values_in(model: Live) -> int:
    return sum(math.prod(variable.shape) for variable in model.variables)
