"""Answers for a baseline what the rest of the worker answers for a model that was loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import tensorflow as tf

from kerasdiff.errors import EvaluateError, FitError, TraceError
from kerasdiff.graph import Graph, Mode, Node, Port
from kerasdiff.graph.values import Array, Precision
from kerasdiff.side.baselines.format import read
from kerasdiff.side.baselines.records import Frozen, HeldCall, Recalled, Variant
from kerasdiff.side.checkpoints import Places
from kerasdiff.side.records import Description
from kerasdiff.side.targets import InputSpec
from kerasdiff.worker.describe import environment
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.loading.load import SEED, precision_scope
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.running.calls import Call, may_write
from kerasdiff.worker.stored.calls import StoredCall
from kerasdiff.worker.stored.freezing import of_keras
from kerasdiff.worker.stored.model import StoredModel
from kerasdiff.worker.tracing.compiled import compile_settings
from kerasdiff.worker.tracing.trace import Recording


class StoredSession(Session):
    """One baseline; ``seed`` and code there are none.

    Raises:
        TargetError: If the file cannot be read.
    """

    def _begin(self) -> None:
        self.baseline = read(Path(self.target.location))
        self._held: dict[tuple[Precision, Mode], StoredCall] = {}
        self.answers = {
            "describe": _describe,
            "start_digests": _start_digests,
            "start_values": _start_values,
            "places": _places,
            "recall": _recall,
            **dict.fromkeys(("save_checkpoint", "load_checkpoint", "freeze", "own_steps"), _no_code),
            **dict.fromkeys(("start", "trial_key", "fit"), _untrained),
        }

    @property
    def variant(self) -> Variant:
        """The model in the way it is called."""
        return (self.fitted and self.baseline.fitted) or self.baseline.plain

    def _forget(self, precision: Precision) -> None:
        super()._forget(precision)
        for key in [key for key in self._held if key[0] == precision]:
            del self._held[key]

    def restart(self, inputs: tuple[InputSpec, ...], order: tuple[str, ...] = (), *, fitted: bool = False) -> None:
        super().restart(inputs, order, fitted=fitted)
        self._held.clear()

    # What it is ----------------------------------------------------------------------------------------------

    def described_as(self) -> Description:
        """The description that was stored, with the inputs as they are asked for, and what it runs on now.

        Raises:
            TraceError: If the model was locked with other inputs, or with layers frozen that are to be trained.
        """
        variant, name = self.variant, self.target.text
        if "trainable" in self.without and variant.frozen.thawing:
            raise TraceError(
                f"{name}: it was locked with layers frozen, and --ignore trainable asks to train them; leave that out, "
                "or lock the model anew with its layers unfrozen."
            )
        ports = tuple(self._port(port, number) for number, port in enumerate(variant.description.inputs))
        if self.inputs and len(self.inputs) != len(ports):
            raise self._unfit(variant.description.inputs)
        description = replace(
            variant.description,
            inputs=ports,
            environment=environment(),
            locked=self.baseline.locked,
        )
        return in_order(description, self.order)

    def _port(self, port: Port, number: int) -> Port:
        """An input with the range that was asked for, within that which was locked, as are its shape and dtype."""
        if not self.inputs:
            return port
        named = (one for one in self.inputs if port.name in (one.name, one.label))
        asked = next(named, None) or next(iter(self.inputs[number:]), None)
        if asked is None or not _fits(asked, port):
            raise self._unfit(self.variant.description.inputs)
        return _within(port, asked)

    def _unfit(self, ports: Sequence[Port]) -> TraceError:
        own = ", ".join(f"{one.name} {(one.spec.shape or (None,))[1:]} {one.spec.dtype}" for one in ports)
        if any(one.label is not None for one in self.inputs):  # which are those of the other model
            shapes = " ".join(
                f"--input {','.join('?' if n is None else str(n) for n in one.shape)}" for one in self.inputs
            )
            what = f"the other model takes another: lock the model anew with {shapes}"
        else:
            what = "leave --input out, or lock the model anew with the input that is meant"
        return TraceError(f"{self.target.text}: it was locked with the input {own}, and answers for no other; {what}.")

    # How it runs ---------------------------------------------------------------------------------------------

    def reload(self, precision: Precision, seed: int = SEED) -> Loaded:
        frozen, description = self.variant.frozen, self.described_as()
        if precision not in frozen.weights:
            why = [one.why for one in frozen.refused if one.precision == precision and one.mode is None]
            raise EvaluateError(why[0] if why else f"the baseline has no {precision} form")
        with precision_scope(precision):
            model = StoredModel(
                frozen.weights[precision],
                lambda mode: self._stored(precision, mode),
                self.variant.description.returned,
                frozen.output_names,
            )
            _compile(model, frozen, self.variant.description)
        dtypes = dict(
            zip((port.name for port in self.variant.description.inputs), frozen.ports[precision], strict=True)
        )
        ports = tuple(replace(one, spec=replace(one.spec, dtype=dtypes[one.name])) for one in description.inputs)
        return Loaded(
            model=model,
            ports=ports,
            pack=lambda flat: (tuple(self._as_stored(flat)), {}),
            inferred=(),
            class_name=description.class_name,
            root="",
            guessed=description.guessed,
        )

    def _as_stored(self, flat: Sequence[Live]) -> list[Live]:
        """What goes in, in the order of the inputs that the graphs have."""
        names = [port.name for port in self.variant.description.inputs]
        return [flat[self.order.index(name)] for name in names] if self.order else list(flat)

    def _stored(self, precision: Precision, mode: Mode) -> StoredCall:
        key = precision, mode
        if key not in self._held:
            frozen = self.variant.frozen
            held = _call(frozen, precision, mode)
            shapes = [port.spec.shape for port in self.variant.description.inputs]
            specs = [
                tf.TensorSpec(shape, dtype, name=f"kerasdiff_entry_{number}")
                for number, (shape, dtype) in enumerate(zip(shapes, frozen.ports[precision], strict=True))
            ]
            with precision_scope(precision):
                model = self.loaded(precision).model
                penalized = "regularizer" not in self.without
                self._held[key] = StoredCall(held, frozen.graphs[held.graph], specs, model, penalized=penalized)
        return self._held[key]

    def traced(self, precision: Precision, mode: Mode) -> tuple[Recording, Live]:
        stored = self._stored(precision, mode)
        inputs = self._in_order(stored.recording.inputs)
        return replace(stored.recording, inputs=inputs), stored.function

    def _in_order(self, inputs: list[Live]) -> list[Live]:
        names = [port.name for port in self.variant.description.inputs]
        return [inputs[names.index(name)] for name in self.order] if self.order else inputs

    def parts(self, precision: Precision, mode: Mode) -> StoredCall:
        return self._stored(precision, mode)

    def call(self, precision: Precision, mode: Mode) -> Call:
        stored = self._stored(precision, mode)
        if mode == "training" and stored.held.customised:
            raise EvaluateError("the call holds a custom gradient, which is code: no baseline has it")

        def function(*tensors: Live) -> list[Live]:
            return stored.function(*self._as_stored(tensors))

        function.graph = stored.function.graph  # type: ignore[attr-defined]
        return Call(
            function=function,
            differentiated=function,
            losses=lambda: stored.recording.added,
            writes=may_write(function),
            mixed=stored.held.mixed,
            otherwise=stored.held.otherwise,
            branches=tuple(stored.branches),
            hidden=tuple(stored.hidden),
        )


def _fits(asked: InputSpec, port: Port) -> bool:
    return asked.shape == (port.spec.shape or (None,))[1:] and asked.dtype in (None, port.spec.dtype)


def _within(port: Port, asked: InputSpec) -> Port:
    """The input with the range that was asked for, as far as it lies in its own."""
    if asked.low is None or asked.high is None:
        return port
    low = asked.low if port.low is None else max(asked.low, port.low)
    high = asked.high if port.high is None else min(asked.high, port.high)
    return replace(port, low=low, high=max(low, high), given=not asked.guessed)


def _call(frozen: Frozen, precision: Precision, mode: Mode) -> HeldCall:
    held = next((one for one in frozen.calls if (one.precision, one.mode) == (precision, mode)), None)
    if held is None:
        why = next((one.why for one in frozen.refused if (one.precision, one.mode) == (precision, mode)), "")
        raise EvaluateError(f"the baseline holds no call in {mode} mode and {precision}: {why}")
    return held


def _compile(model: StoredModel, frozen: Frozen, description: Description) -> None:
    """Compiles a model as the one that was locked, if that comes out the same."""
    why = frozen.uncompiled
    if frozen.compiled and not of_keras(json.loads(frozen.compiled)):
        why = "they name code"
    try:
        model.compile_as("" if why else frozen.compiled, why)
    except Exception as error:  # whatever Keras raises for what another version wrote down
        model.compile_as("", f"this Keras does not take them ({reason(error)})")
        return
    if frozen.compiled and not why and compile_settings(model) != description.compiled:
        model.compile_as("", "this Keras makes others of what was written down")


def in_order(description: Description, order: tuple[str, ...]) -> Description:
    """The same model with its inputs in the order of these names; empty leaves them as they are."""
    own = [port.name for port in description.inputs]
    if not order or list(order) == own:
        return description

    def sorted_inputs(graph: Graph | None) -> Graph | None:
        if graph is None:
            return None
        entries = [node for node in graph if node.kind == "input"]
        others = tuple(node for node in graph if node.kind != "input")
        moved = tuple(_numbered(entries[own.index(name)], number) for number, name in enumerate(order))
        return replace(graph, nodes=(*moved, *others))

    return replace(
        description,
        inputs=tuple(description.inputs[own.index(name)] for name in order),
        inference=sorted_inputs(description.inference),
        training=sorted_inputs(description.training),
    )


def _numbered(node: Node, number: int) -> Node:
    return replace(node, attributes={**node.attributes, "index": number})


# What a baseline answers in another way ----------------------------------------------------------------------


def _describe(
    session: StoredSession,
    inputs: tuple[InputSpec, ...] | None = None,
    order: tuple[str, ...] = (),
    fitted: bool = False,
) -> Description:
    if inputs is not None:
        session.restart(inputs, order, fitted=fitted)
    return session.described_as()


def _start_digests(session: StoredSession, weights: tuple[str, ...]) -> dict[str, str]:
    starts = session.variant.frozen.starts
    return {name: starts[name] for name in weights}


def _start_values(session: StoredSession, weights: tuple[str, ...]) -> dict[str, Array]:
    held = {one.id: one.value for one in session.variant.frozen.weights["float32"] if one.value is not None}
    if not set(weights) <= set(held):
        raise EvaluateError(f"{session.target.text} was locked from code, and holds no values of weights")
    return {name: held[name] for name in weights}


def _places(session: StoredSession) -> Places:
    places = session.variant.frozen.places
    if places is None:
        raise EvaluateError(f"{session.target.text}: Keras stores no weights of the model that was locked")
    return places


def _recall(session: StoredSession) -> Recalled:
    own = [port.name for port in session.variant.description.inputs]
    order = [own.index(name) for name in session.order or own]
    answers = (replace(one, inputs=tuple(one.inputs[at] for at in order)) for one in session.variant.answers)
    return Recalled(recipes=session.baseline.recipes, answers=tuple(answers))


def recall(session: Session) -> Recalled:
    """What a model answered when it was locked; a model that was loaded has never been.

    Raises:
        EvaluateError: Always: a baseline answers in another way.
    """
    raise EvaluateError(f"{session.target.text} is no baseline")


def _no_code(session: StoredSession, *_: object) -> NoReturn:
    raise EvaluateError(f"{session.target.text} is a baseline: it holds no layers that Keras could save or load")


def _untrained(session: StoredSession, *_: object) -> NoReturn:
    raise FitError(f"{session.target.text} is a baseline, and cannot be trained; name the code of the model.")
