"""What a model does on JAX when it is called: a :class:`~kerasdiff.worker.tracing.trace.Recording` of a jaxpr.

The call is traced twice, with other sizes of what may vary: what is not the same then is an unknown dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import jax
import tensorflow as tf

from kerasdiff.errors import TraceError
from kerasdiff.graph import Attribute, Mode
from kerasdiff.worker.backends.calling import Calling
from kerasdiff.worker.backends.program import Marks, Op, Program, Value, program
from kerasdiff.worker.hooks import given, hooked
from kerasdiff.worker.keras_internals import Live, calling, keras
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.tracing.names import Names
from kerasdiff.worker.tracing.trace import Added, Event, Recorder, Recording

_SIZES = ((3, 16), (5, 32))
"""Batch, and other unknown dimensions, of both traces."""


class _Recorder(Recorder):
    """Notes calls by marks, which the jaxpr holds."""

    def __init__(self, names: Names, marks: Marks, *, training: bool) -> None:
        super().__init__(names, None, training=training)
        self.marks = marks
        self.own: set[int] = set()
        self.seen: dict[int, list[int]] = {}
        self._kept: list[Live] = []  # an id is that of one tracer alone as long as it lives

    def is_here(self) -> bool:
        return True

    def position(self) -> int:
        return self.marks.leave()[0]

    def anew(self, tensor: Live) -> Live:
        number, value = self.marks.leave(tensor)
        self.own.add(number)
        return value

    def noted(self, tensors: Sequence[Live]) -> Iterator[str]:
        return (str(self.marks.leave(tensor)[0]) for tensor in tensors if isinstance(tensor, jax.core.Tracer))

    def begun(self, event: Event) -> None:
        event.inputs = self._marked(event.inputs)

    def ended(self, event: Event) -> None:
        event.outputs, event.masks = self._marked(event.outputs), self._marked(event.masks)

    def _marked(self, tensors: Sequence[Live]) -> tuple[Live, ...]:
        """The tracers among them; what they are called is known by their marks."""
        traced = tuple(one for one in tensors if isinstance(one, jax.core.Tracer))
        for one in traced:
            self.seen.setdefault(id(one), []).append(self.marks.leave(one)[0])
            self._kept.append(one)
        return traced

    def on_variable(self, original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
        made = original(*args, **kwargs)
        if args:
            self.made.append((args[0], given(original, "initializer", args, kwargs)))
        return made

    def on_assign(self, original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
        """Stands around ``Variable.assign``."""
        result = original(*args, **kwargs)
        value = given(original, "value", args, kwargs)
        if args and isinstance(value, jax.core.Tracer):
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
    """Calls the model twice with tracers.

    Raises:
        TraceError: If both calls are not alike.
    """
    first, second = (_traced(loaded, mode, *sizes) for sizes in _SIZES)
    _join(first.graph, second.graph)
    return first


def _traced(loaded: Loaded, mode: Mode, batch: int, size: int) -> Recording:
    call = Calling(loaded, mode)
    names, marks = Names(loaded.model), Marks()
    recorder = _Recorder(names, marks, training=mode == "training")
    shapes = [_shape(port.spec.shape or (None,), batch, size) for port in loaded.ports]
    inputs = [
        jax.ShapeDtypeStruct(shape, jax.dtypes.canonicalize_dtype(tf.as_dtype(port.spec.dtype).as_numpy_dtype))
        for shape, port in zip(shapes, loaded.ports, strict=True)
    ]
    values = [jax.ShapeDtypeStruct(one.shape, one.value.dtype) for one in call.variables.values()]
    kept: dict[str, Live] = {}

    def body(held: Sequence[Live], tensors: Sequence[Live]) -> list[Live]:
        with _installed(recorder):
            done = call.run(dict(zip(call.variables, held, strict=True)), tensors)
        kept["done"] = done
        return [*done.outputs, *done.added.tensors]

    closed = jax.make_jaxpr(body)(values, inputs)
    made = program(closed, list(call.variables.values()), inputs, marks, recorder.own)
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

    def values(tensors: Sequence[Live]) -> tuple[Value, ...]:
        marks = (mark for one in tensors for mark in recorder.seen.get(id(one), ())[:1])
        return tuple(made.marked[mark] for mark in marks if mark in made.marked)

    event.start, event.stop = made.at.get(event.start, 0), made.at.get(event.stop, 0)
    if event.activation is not None:
        start, stop = event.activation
        event.activation = (made.at[start], made.at[stop]) if start in made.at and stop in made.at else None
    event.inputs, event.outputs, event.masks = values(event.inputs), values(event.outputs), values(event.masks)
    return event


def _join(first: Program, second: Program) -> None:
    """Makes unknown what differs between two traces of one call.

    Raises:
        TraceError: If their ops are others.
    """
    ones, twos = first.operations, second.operations
    if [op.type for op in ones] != [op.type for op in twos]:
        raise TraceError("The call does something else for another size of its batch.")
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
