"""How is a trace made? The model is called once in a function graph, with a hook on all that it calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import tensorflow as tf

from kerasdiff.errors import TraceError
from kerasdiff.graph import Mode
from kerasdiff.worker.hooks import hooked
from kerasdiff.worker.keras_internals import (
    Live,
    calling,
    global_generator_state,
)
from kerasdiff.worker.tracing.names import Names
from kerasdiff.worker.tracing.returned import structure_of
from kerasdiff.worker.tracing.trace import Recorder, Recording, Traceable, added_losses, call_model, masks_of


def record(
    loaded: Traceable, mode: Mode, extra: Callable[[Recording], Sequence[Live]] | None = None
) -> tuple[Recording, Live]:
    """Calls the model once in a function graph.

    Args:
        loaded: The loaded model.
        mode: Sets ``training``.
        extra: Names further tensors the compiled function returns after the model outputs.

    Returns:
        The recording and the concrete function (input tensors → outputs, then the extra tensors).

    Raises:
        TraceError: If the call fails.
    """
    # Before the trace, or the first of two calls would seem to make a variable, and would be traced twice for it.
    global_generator_state()
    names = Names(loaded.model)
    recordings: list[Recording] = []

    def traced(*, expand_functions: bool) -> Live:
        def body(*tensors: Live) -> list[Live]:
            recording = _recorded(loaded, names, mode, tensors, expand_functions=expand_functions)
            recordings.append(recording)
            wanted = list(extra(recording)) if extra is not None else []
            return [*recording.outputs, recording.added.values, *wanted]

        return tf.function(body, autograph=False).get_concrete_function(*input_signature(loaded))

    try:
        concrete = traced(expand_functions=True)
    except tf.errors.OperatorNotAllowedInGraphError:
        # A @tf.function that branches on data needs its own AutoGraph, so it stays opaque: one node with a body.
        concrete = traced(expand_functions=False)
    if not recordings:
        raise TraceError("The model could not be traced: its call left no graph.")
    return recordings[-1], concrete


def _recorded(
    loaded: Traceable, names: Names, mode: Mode, tensors: Sequence[Live], *, expand_functions: bool
) -> Recording:
    """Calls the model on these symbolic tensors, in the graph that is being made."""
    graph = tf.compat.v1.get_default_graph()
    recorder = Recorder(names, graph, training=mode == "training")
    args, kwargs = loaded.pack(tensors)
    with installed(recorder, expand_functions=expand_functions):
        result = call_model(loaded.model, args, kwargs, training=mode == "training", fitted=loaded.fitted)
    structure = recorder.structure if result is recorder.result and recorder.structure else structure_of(result)
    outputs = list(structure.tensors)
    if mode == "training":  # Keras weighs the loss by the mask an output carries
        outputs += masks_of(outputs)
    # Regularizers are evaluated when ``losses`` is read: they come after the call and belong to the weights.
    inside = {op.name for op in graph.get_operations()}
    added = added_losses(loaded.model)
    losses = [loss for loss in added.tensors if tf.is_tensor(loss) and loss.graph is graph]
    return Recording(
        graph=graph,
        names=names,
        events=recorder.events,
        inputs=list(tensors),
        outputs=outputs,
        returned=structure.places,
        losses=[loss for loss in losses if loss.op.name in inside],
        added=added,
        masks=recorder.masks,
        fresh=recorder.fresh,
        made=recorder.made,
    )


def input_signature(loaded: Traceable) -> list[Live]:
    """One ``tf.TensorSpec`` per port, batch dimension unknown."""
    return [tf.TensorSpec(port.spec.shape, port.spec.dtype, name=f"input_{i}") for i, port in enumerate(loaded.ports)]


@contextmanager
def installed(recorder: Recorder, *, expand_functions: bool) -> Iterator[None]:
    """Puts the hook on every layer's and functional operation's ``__call__``, and takes it off again.

    ``expand_functions`` traces ``@tf.function`` and ``jit_compile`` inside ``call()`` as if they were not there.
    """
    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(expand_functions)
    try:
        around = {"layer": recorder.on_layer, "operation": recorder.on_operation, "variable": recorder.on_variable}
        with ExitStack() as hooks:
            for what, (owner, name) in calling().items():
                hooks.enter_context(hooked(owner, name, around[what]))
            yield
    finally:
        tf.config.run_functions_eagerly(eager)
