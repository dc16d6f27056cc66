"""What a model does when it is called: every layer call, function call and TF op, as a graph.

The model is called inside a TensorFlow function graph. A hook on ``Layer.__call__`` notes which ops
each layer call created; what lies outside every built-in layer is grouped by the user's line and the
library function called there, both read from the op's own Python traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import tensorflow as tf

from kerasdiff.graph import Attribute, Port, Returned, Source
from kerasdiff.side.observations import AddedLosses
from kerasdiff.worker.hooks import HOOK, given
from kerasdiff.worker.keras_internals import (
    Live,
    added_by,
    is_array,
    is_layer,
    is_symbolic,
    keras,
    mask_of,
    op_count,
    path_of,
    scope_named,
    set_mask,
    sums,
    told_mode,
    variable_outside_graph,
)
from kerasdiff.worker.tracing.modes import kind_of, told
from kerasdiff.worker.tracing.names import Names, is_atomic, weight_table
from kerasdiff.worker.tracing.returned import Structure, structure_of
from kerasdiff.worker.tracing.sources import creation_site, user_frame


@dataclass(eq=False)
class Event:
    """One call of a layer (or of a fused activation inside it), with the ops ``[start, stop)`` it created.

    Attributes:
        source: The line that created the layer, or else the one that calls it.
        site: The user's line that calls it, ``None`` where the library does.
        training: What the caller says by itself, ``None`` where it leaves the mode alone.
        told: The mode it is called in, whoever said so; ``None`` where nobody did.
        masked: Whether an input brings a mask, or one is passed.
    """

    layer: Live
    path: str
    scope: str
    atomic: bool
    start: int
    parent: Event | None
    source: Source | None
    site: Source | None = None
    training: Live = None
    told: bool | None = None
    masked: bool = False
    stop: int = -1
    inputs: tuple[Live, ...] = ()
    outputs: tuple[Live, ...] = ()
    masks: tuple[Live, ...] = ()
    activation: tuple[int, int] | None = None
    settings: dict[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Added:
    """The losses a model added in its last call: those of its calls, then those of regularizers.

    Attributes:
        calls: How many its layers added while they ran.
        regularized: The weight of each regularizer.
        tensors: As the model gives them.
        values: The same in float64 in one tensor; a single 0 where there are none.
    """

    calls: int
    regularized: tuple[str, ...]
    tensors: tuple[Live, ...]
    values: Live

    def told(self, values: Sequence[float]) -> AddedLosses:
        """What a run gave for ``values``."""
        first, rest = values[: self.calls], values[self.calls :]
        return AddedLosses(calls=tuple(first), regularizers=dict(zip(self.regularized, rest, strict=False)))


@dataclass(eq=False)
class Recording:
    """Everything one traced call left behind.

    Attributes:
        outputs: The dense tensors it returned; in training mode, then the masks they carry.
        returned: Every place of what it returned.
        fresh: First calls of layers that are not reachable from the model: the call itself made them.
        made: Variables the call made, with their initializers.
    """

    graph: Live
    names: Names
    events: list[Event]
    inputs: list[Live]
    outputs: list[Live]
    returned: tuple[Returned, ...]
    losses: list[Live]
    added: Added
    masks: set[str]
    fresh: list[Event]
    made: list[tuple[Live, Live]]


def tensors_in(structure: Live) -> list[Live]:
    """The dense tensors of a structure as Keras flattens it, and those that a ragged or sparse one consists of."""
    leaves = [leaf for leaf in keras.tree.flatten(structure) if is_array(leaf)]
    return [part for leaf in leaves for part in (_parts(leaf) if isinstance(leaf, _COMPOSITE) else (leaf,))]


_COMPOSITE = (tf.RaggedTensor, tf.SparseTensor, tf.IndexedSlices)


def _parts(composite: Live) -> list[Live]:
    return [part for part in tf.nest.flatten(composite, expand_composites=True) if part is not None]


def symbolic_in(structure: Live) -> list[Live]:
    """The same without eager tensors, which enter a graph as constants."""
    return [tensor for tensor in tensors_in(structure) if is_symbolic(tensor)]


def masks_of(tensors: Sequence[Live]) -> list[Live]:
    """The masks these tensors carry."""
    return [mask for tensor in tensors if (mask := mask_of(tensor)) is not None]


class Recorder:
    """The hook itself: notes events while it is installed.

    What it asks of the graph that is being made is in methods of its own, which another backend answers otherwise.
    """

    def __init__(self, names: Names, graph: Live, *, training: bool) -> None:
        self.names = names
        self.training = training
        self.graph = graph
        self.events: list[Event] = []
        self.masks: set[str] = set()
        self.fresh: list[Event] = []
        self.made: list[tuple[Live, Live]] = []
        self.result: Live = None
        self.structure: Structure | None = None
        self._running: list[Event] = []

    def is_here(self) -> bool:
        """Whether the graph of the call is being made now, and no body of a loop or a function in it."""
        return tf.compat.v1.get_default_graph() is self.graph

    def position(self) -> int:
        """How far the graph is: between which ops a call begins and ends."""
        return op_count(self.graph)

    def anew(self, tensor: Live) -> Live:
        """The same tensor as one of its own, made by an op."""
        return tf.identity(tensor)

    def noted(self, tensors: Sequence[Live]) -> Iterator[str]:
        """Names of tensors of the graph."""
        return (tensor.name for tensor in tensors)

    def begun(self, event: Event) -> None:
        """Hears of a call that begins, with what goes into it."""

    def ended(self, event: Event) -> None:
        """Hears of a call that has ended, with what came out."""

    def on_layer(self, original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
        """Stands around ``Layer.__call__``."""
        return self.call(original, args, kwargs) if args else original(*args, **kwargs)

    def on_operation(self, original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
        """Stands around ``Operation.__call__``, which layers pass too."""
        if not args or is_layer(args[0]):
            return original(*args, **kwargs)
        return self.call(original, args, kwargs)

    def on_variable(self, original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
        """Stands around ``Variable.__init__``: a variable is made outside the graph, which cannot hold a new one."""
        with tf.init_scope(), tf.variable_creator_scope(variable_outside_graph):
            made = original(*args, **kwargs)
        if args:
            self.made.append((args[0], given(original, "initializer", args, kwargs)))
        return made

    def call(self, original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
        parent = self._running[-1] if self._running else None
        if not self.is_here() or (parent is not None and parent.atomic):
            with scope_named(args[0]):
                return original(*args, **kwargs)
        event = self._begin(args[0], parent, args[1:], kwargs)
        self.begun(event)
        self._running.append(event)
        try:
            with self._activation(event), scope_named(args[0]):
                result = original(*args, **kwargs)
        finally:
            self._running.pop()
        return self._end(event, result)

    def _path(self, layer: Live, parent: Event | None) -> tuple[str, bool]:
        """The path of what is called, and whether it is a layer that the call itself made."""
        known = self.names.path(layer)
        if known is not None:
            return known, False
        scope = parent.path if parent is not None else ""
        if isinstance(layer, keras.Model) and parent is not None:
            return parent.path, False  # Sequential's inner Functional: the same thing under another name
        if is_layer(layer):
            return self.names.adopt(layer, scope), True
        return self.names.called(layer, scope), False

    def _begin(self, layer: Live, parent: Event | None, args: Live, kwargs: Live) -> Event:
        path, fresh = self._path(layer, parent)
        atomic = is_atomic(layer) if is_layer(layer) else True
        site = user_frame(sys._getframe(4), stop=HOOK)  # what called the hook
        event = Event(
            layer=layer,
            path=path,
            scope=parent.path if parent is not None else "",
            atomic=atomic,
            start=self.position(),
            parent=parent,
            source=creation_site(layer) or site,
            site=site,
            training=kwargs.get("training"),
            told=told(layer, kwargs, None if parent is None else parent.told),
            inputs=tuple(symbolic_in((args, kwargs))),
            settings=self._call_settings(kwargs),
        )
        if atomic and bool(event.told) != self.training and kind_of(layer):
            event.settings["call.training"] = bool(event.told)
        event.masked = any(mask_of(tensor) is not None for tensor in event.inputs)
        for name, value in kwargs.items():
            if "mask" in name and value is not None and value is not False:
                event.masked = True
                self.masks.update(self.noted(symbolic_in(value)))
        self.events.append(event)
        if fresh:
            self.fresh.append(event)
        return event

    def _call_settings(self, kwargs: dict[str, Live]) -> dict[str, Attribute]:
        """Static settings of one call (``use_causal_mask=True``); ``training`` where it contradicts the mode."""
        return {
            f"call.{name}": value
            for name, value in kwargs.items()
            if isinstance(value, bool | int | float | str) and not (name == "training" and value is self.training)
        }

    def _end(self, event: Event, result: Live) -> Live:
        tensors = tensors_in(result)
        if event.atomic and len(tensors) == 1 and any(tensors[0] is given for given in event.inputs):
            # A call that hands its input on (Dropout at inference) gets an op of its own, so it stays visible.
            mask = mask_of(tensors[0])
            result = keras.tree.map_structure(lambda leaf: self.anew(leaf) if is_array(leaf) else leaf, result)
            tensors = tensors_in(result)
            if mask is not None:
                set_mask(tensors[0], mask)
        for tensor in tensors:  # a mask that the code gives may be eager, and is a constant of the graph then
            mask = mask_of(tensor)
            if mask is not None and not symbolic_in(mask):
                set_mask(tensor, tf.identity(mask))
        if event.parent is None:  # what is made a tensor here belongs to the model's own call
            self.result, self.structure = result, structure_of(result)
        event.stop = self.position()
        event.outputs = tuple(symbolic_in(tensors))
        event.masks = tuple(masks_of(tensors))
        self.masks.update(self.noted(event.masks))
        self.ended(event)
        return result

    @contextmanager
    def _activation(self, event: Event) -> Iterator[None]:
        """Notes the ops of a fused ``activation=``; recurrent layers apply theirs in a loop and are left alone."""
        function: Live = getattr(event.layer, "activation", None)
        fusable = event.atomic and callable(function) and not isinstance(event.layer, keras.layers.RNN)
        if not fusable or isinstance(event.layer, keras.layers.Activation) or function is keras.activations.linear:
            yield
            return

        def applied(*args: Live, **kwargs: Live) -> Live:
            start = self.position()
            result = function(*args, **kwargs)
            event.activation = (start, self.position())
            return result

        event.layer.__dict__["activation"] = applied
        try:
            yield
        finally:
            event.layer.__dict__["activation"] = function


Pack = Callable[[Sequence[Live]], tuple[tuple[Live, ...], dict[str, Live]]]
"""Builds positional and keyword arguments of a model's call from one tensor per input."""


class Traceable(Protocol):
    """A model whose weights all exist, and how it is called."""

    @property
    def model(self) -> Live:
        """A ``keras.Model`` or ``keras.Layer``."""

    @property
    def ports(self) -> tuple[Port, ...]:
        """Its inputs; shapes with the batch dimension first."""

    @property
    def pack(self) -> Pack:
        """Builds the arguments of a call."""

    @property
    def fitted(self) -> bool:
        """Whether it is called the way ``fit`` and ``predict`` call it."""

    @property
    def root(self) -> str:
        """Directory of the target's file; source lines are shown relative to it."""


def call_model(model: Live, args: Live, kwargs: Live, *, training: bool, fitted: bool = False) -> Live:
    """Calls a model in a given mode.

    A model whose ``call`` takes no ``training`` hands the mode on to its layers all the same, as it does inside another
    model. ``predict`` does not tell it, and neither does ``fit``: so it is called where ``fitted`` asks for their way.
    """
    if fitted and told_mode(model) is False:
        return model(*args, **kwargs)
    try:
        return model(*args, training=training, **kwargs)
    except TypeError as error:
        if "training" not in str(error):
            raise
    return model(*args, **kwargs)


def added_losses(model: Live) -> Added:
    """What ``model.losses`` holds after a call: Keras lists what layers added first, then the regularizers."""
    losses = added_by(model)
    if not losses:
        return Added(calls=0, regularized=(), tensors=(), values=sums(()))
    weights = {id(variable): name for name, variable in weight_table(model).items()}
    regular = [v for v in model.trainable_weights if getattr(v, "regularizer", None) is not None]
    calls = max(0, len(losses) - len(regular))
    regularized = tuple(weights.get(id(v), path_of(v)) for v in regular)
    return Added(calls=calls, regularized=regularized, tensors=tuple(losses), values=sums(losses))
