"""What a model does on another backend when it is called: a :class:`~kerasdiff.worker.tracing.trace.Recording`.

The call is traced twice, with other sizes of what may vary: what is not the same then is an unknown dimension.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import tensorflow as tf

from kerasdiff.graph import Attribute, Mode
from kerasdiff.worker.backends.calling import Calling
from kerasdiff.worker.backends.engine import engine
from kerasdiff.worker.backends.program import Op, Program, Value
from kerasdiff.worker.hooks import given, hooked
from kerasdiff.worker.keras_internals import Live, calling, keras
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.tracing.names import Names
from kerasdiff.worker.tracing.trace import Added, Event, Recorder, Recording

_SIZES = (((3, 16), (5, 32)), ((3, 64), (5, 128)))
"""Batch, and other unknown dimensions, of both traces; larger ones for networks that keep pooling."""


class _Recorder(Recorder):
    """Notes calls by marks, which the program holds."""

    def __init__(self, names: Names, marks: Live, *, training: bool) -> None:
        super().__init__(names, None, training=training)
        self.marks = marks
        self.seen: dict[int, int] = {}
        self._noticed: dict[tuple[Event, str], list[tuple[int, int]]] = {}
        self._kept: list[Live] = []  # an id is that of one tensor alone as long as it lives

    def is_here(self) -> bool:
        return True

    def position(self) -> int:
        return int(self.marks.leave())

    def anew(self, tensor: Live) -> Live:
        return self.marks.anew(tensor)

    def noted(self, tensors: Sequence[Live]) -> Iterator[str]:
        return (str(self.marks.leave(tensor)) for tensor in tensors if self.marks.is_traced(tensor))

    def begun(self, event: Event) -> None:
        event.inputs = self._marked(event, "inputs", event.inputs)

    def ended(self, event: Event) -> None:
        event.outputs = self._marked(event, "outputs", event.outputs)
        event.masks = self._marked(event, "masks", event.masks)

    def _marked(self, event: Event, what: str, tensors: Sequence[Live]) -> tuple[Live, ...]:
        """The traced ones among them; what they are called is known by their marks."""
        traced = tuple(one for one in tensors if self.marks.is_traced(one))
        for one in traced:
            number = self.marks.leave(one)
            self._noticed.setdefault((event, what), []).append((number, self.seen.setdefault(id(one), number)))
            self._kept.append(one)
        return traced

    def values(self, event: Event, what: str, marked: Mapping[int, Value]) -> tuple[Value, ...]:
        """What an event's tensors are in the program; in a body of their own they are none, as their marks are not."""
        found = self._noticed.get((event, what), ())
        return tuple(marked[own if own in marked else first] for own, first in found if {own, first} & marked.keys())

    def on_variable(self, original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
        made = original(*args, **kwargs)
        if args:
            self.made.append((args[0], given(original, "initializer", args, kwargs)))
        return made

    def on_assign(self, original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
        """Stands around ``Variable.assign``."""
        result = original(*args, **kwargs)
        value = given(original, "value", args, kwargs)
        if args and self.marks.is_traced(value):
            self.marks.write(args[0], value)
        return result


@contextmanager
def _installed(recorder: _Recorder) -> Iterator[None]:
    around = {"layer": recorder.on_layer, "operation": recorder.on_operation, "variable": recorder.on_variable}
    with ExitStack() as hooks:
        for what, (owner, name) in calling().items():
            hooks.enter_context(hooked(owner, name, around[what]))
        hooks.enter_context(hooked(keras.Variable, "assign", recorder.on_assign))
        yield


def record(loaded: Loaded, mode: Mode) -> Recording:
    """Calls the model twice while it is traced, for larger sizes where it does not take small ones.

    Raises:
        ValueError: If both calls are not alike.
    """
    unknown = any(dim is None for port in loaded.ports for dim in (port.spec.shape or ())[1:])
    for sizes in _SIZES if unknown else ():
        with contextlib.suppress(Exception):  # whatever the user's code raises for a size it does not take
            return _joined(loaded, mode, sizes)
    return _joined(loaded, mode, _SIZES[0])


def _joined(loaded: Loaded, mode: Mode, sizes: Sequence[tuple[int, int]]) -> Recording:
    shapes = [[_shape(port.spec.shape or (None,), *each) for port in loaded.ports] for each in sizes]
    first, second = (record_at(loaded, mode, one) for one in shapes)
    _join(first.graph, second.graph)
    return first


def record_at(loaded: Loaded, mode: Mode, shapes: Sequence[tuple[int, ...]]) -> Recording:
    """Calls the model with tensors of these shapes."""
    call = Calling(loaded, mode)
    names = Names(loaded.model)
    kept: dict[str, Live] = {}

    def body(marks: Live, held: Sequence[Live], tensors: Sequence[Live]) -> list[Live]:
        recorder = kept["recorder"] = _Recorder(names, marks, training=mode == "training")
        with _installed(recorder):
            done = kept["done"] = call.run(dict(zip(call.variables, held, strict=True)), tensors)
        return [*done.outputs, *done.added.tensors]

    kinds = [tf.as_dtype(port.spec.dtype).as_numpy_dtype for port in loaded.ports]
    made: Program = engine().traced(body, list(call.variables.values()), list(zip(shapes, kinds, strict=True)))
    recorder: _Recorder = kept["recorder"]
    done = kept["done"]
    count = len(done.outputs)
    events = [_settled(event, made, recorder) for event in recorder.events]
    masks = {made.marked[int(name)].name for name in recorder.masks if int(name) in made.marked}
    return Recording(
        graph=made,
        names=names,
        events=events,
        inputs=list(made.inputs),
        outputs=made.outputs[:count],
        returned=done.returned,
        losses=made.outputs[count : count + done.added.calls],
        added=Added(calls=done.added.calls, regularized=done.added.regularized, tensors=(), values=None),
        masks=masks,
        fresh=[one for one in events if one.layer in [fresh.layer for fresh in recorder.fresh]],
        made=recorder.made,
    )


def _shape(known: Sequence[int | None], batch: int, size: int) -> tuple[int, ...]:
    first, *rest = known
    return (first or batch, *(dim or size for dim in rest))


def _settled(event: Event, made: Program, recorder: _Recorder) -> Event:
    """An event whose places and tensors are those of the program; one inside a loop has none."""
    event.start, event.stop = made.at.get(event.start, 0), made.at.get(event.stop, 0)
    if event.activation is not None:
        start, stop = event.activation
        event.activation = (made.at[start], made.at[stop]) if start in made.at and stop in made.at else None
    event.inputs = recorder.values(event, "inputs", made.marked)
    event.outputs = recorder.values(event, "outputs", made.marked)
    event.masks = recorder.values(event, "masks", made.marked)
    return event


def _join(first: Program, second: Program) -> None:
    """Makes unknown what differs between two traces of one call.

    Raises:
        ValueError: If their ops are others.
    """
    ones, twos = first.operations, second.operations
    if [(op.type, len(op.outputs)) for op in ones] != [(op.type, len(op.outputs)) for op in twos]:
        raise ValueError("the call does something else for another size of its batch")
    for one, two in zip(ones, twos, strict=True):
        for own, other in zip(one.outputs, two.outputs, strict=True):
            own.shape = tf.TensorShape(
                [a if a == b else None for a, b in zip(own.shape, other.shape, strict=True)]
                if own.shape.rank == other.shape.rank
                else None
            )
        one.settings = _common(one, two)


def _common(one: Op, two: Op) -> Mapping[str, Attribute]:
    return {name: _same(value, two.settings.get(name)) for name, value in one.settings.items()}


def _same(one: Attribute, two: Attribute) -> Attribute:
    if isinstance(one, tuple) and isinstance(two, tuple) and len(one) == len(two):
        return tuple(map(_same, one, two))
    return one if type(one) is type(two) and (one == two or one != one) else None
