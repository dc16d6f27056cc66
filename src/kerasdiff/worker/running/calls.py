"""How is a model called on a probe? By its graph where it has one, else op by op."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import tensorflow as tf

from kerasdiff.errors import KerasdiffError
from kerasdiff.graph import Mode
from kerasdiff.graph.ops import LOOPS, writes
from kerasdiff.graph.values import Precision
from kerasdiff.worker.keras_internals import Live, graph_variables, handle_of, most_turns
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.running.values import Values
from kerasdiff.worker.tracing.assemble import assemble
from kerasdiff.worker.tracing.branches import Way, may_branch
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.tracing.recording import record
from kerasdiff.worker.tracing.returned import tensors_of
from kerasdiff.worker.tracing.trace import Added, Recording, added_losses, call_model, masks_of


@dataclass(frozen=True)
class Call:
    """A model call that can be run.

    Attributes:
        function: Gives the model outputs, the added losses, the branches taken.
        losses: The losses that its last run added.
        writes: Whether it may update variables.
        mixed: Whether parts of it run in a lower precision than asked for.
        otherwise: Whether it may do something else than in float32: other ops or constants make it, or it has no graph.
        branches: Nodes whose branch the last values tell.
        hidden: Nodes with a branch that nothing tells.
        weights: All of the model's by id, where no call makes more of them.
        differentiated: The same call for a gradient tape: op by op, which spares it a graph of the gradients. A long
            loop is left in its graph, for op by op it takes a Python step for each of its own.
    """

    function: Live
    differentiated: Live
    losses: Callable[[], Added]
    writes: bool = True
    mixed: bool = False
    otherwise: bool = False
    branches: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    weights: Mapping[str, Live] | None = None

    @property
    def is_graph(self) -> bool:
        """Whether it runs none of the model's own code."""
        return hasattr(self.function, "graph")


def called(session: Session, loaded: Loaded, mode: Mode, precision: Precision) -> Call:
    """How a model is called in a mode, found out on first use: a trace takes longer than many runs.

    Raises:
        KerasdiffError: If it cannot be traced, for a reason that is told.
    """
    key = precision, mode
    if key not in session.calls and (known := session.call(precision, mode)) is not None:
        session.calls[key] = known
    if key not in session.calls:
        try:
            session.calls[key] = _traced(session, loaded, mode, precision)
        except KerasdiffError:
            raise
        except BaseException:  # a call that depends on data in Python has no graph, but it can be run
            session.calls[key] = _untraced(loaded, mode, precision)
    call: Call = session.calls[key]
    return call


def _traced(session: Session, loaded: Loaded, mode: Mode, precision: Precision) -> Call:
    """The call as a graph; the one op by op where a graph would hold on to what each call makes anew."""
    recording, function = session.traced(precision, mode)
    if recording.made:
        return _untraced(loaded, mode, precision)
    chosen: tuple[Way, ...] = ()

    def taken(recording: Recording) -> list[Live]:
        nonlocal chosen
        chosen = _ways(loaded, recording)
        return [way.choice for way in chosen if way.choice is not None]

    # A graph that tells of its branches is another one, and is made only where there are any to tell of.
    if mode == "inference" and may_branch(recording) and taken(recording):
        recording, function = record(loaded, mode, taken)
    call = Call(
        function=function,
        differentiated=function if _loops_long(recording.graph) else eager(loaded, mode).function,
        losses=lambda: recording.added,
        writes=may_write(function),
        branches=tuple(way.node for way in chosen if way.choice is not None),
        hidden=tuple(way.node for way in chosen if way.choice is None),
        weights=weight_table(loaded.model),
    )
    if precision == "float32":
        return call
    return replace(call, mixed=has_lower_precision(recording), otherwise=session.is_otherwise(mode))


def _ways(loaded: Loaded, recording: Recording) -> tuple[Way, ...]:
    assembler = assemble(loaded, recording, bare=True)
    assembler.graph()
    return tuple(assembler.ways())


FEW_TURNS = 32
"""Turns of a loop from which on op by op may take longer than the graph of its gradient: 0.25 s of processor time for
an LSTM or a GRU, however long; 0.05 s op by op for 16 turns, 0.1 s for 32, 0.2 s for 64."""


def _loops_long(graph: Live) -> bool:
    """Whether there is a loop in a graph that may take many turns, or that holds another one."""
    turns = [most_turns(op) for op in graph.get_operations() if op.type in LOOPS]
    if not turns:
        return False
    inside = (node.op for item in graph.as_graph_def().library.function for node in item.node_def)
    return any(most is None or most > FEW_TURNS for most in turns) or not LOOPS.isdisjoint(inside)


def _untraced(loaded: Loaded, mode: Mode, precision: Precision) -> Call:
    """The call without a graph, which nothing is known of."""
    return replace(eager(loaded, mode), otherwise=precision == "float64")


def eager(loaded: Loaded, mode: Mode) -> Call:
    """The call without a graph."""
    last: list[Added] = []

    def run(*tensors: Live) -> list[Live]:
        args, kwargs = loaded.pack(tensors)
        training = mode == "training"
        outputs = tensors_of(call_model(loaded.model, args, kwargs, training=training, fitted=loaded.fitted))
        if training:  # as in a graph: the same call may be either on the other side
            outputs += masks_of(outputs)
        added = added_losses(loaded.model)
        last.append(added)
        del last[:-1]
        return [*outputs, added.values]

    return Call(function=run, differentiated=run, losses=lambda: last[-1])


def has_lower_precision(recording: Recording) -> bool:
    return any(
        tensor.dtype in (tf.float32, tf.float16, tf.bfloat16) and op.type not in ("Const", "StatelessRandomUniformV2")
        for op in recording.graph.get_operations()
        for tensor in op.outputs
    )


def may_write(function: Live) -> bool:
    """Whether a call may update variables, as far as its graph tells."""
    graph = function.graph
    inside = (node.op for item in graph.as_graph_def().library.function for node in item.node_def)
    return any(writes(kind) for kind in (*(op.type for op in graph.get_operations()), *inside))


def untracked(variables: Mapping[str, Live], function: Live) -> Values:
    """What a call remembers beside the model's weights, as the state of a stateful recurrent layer, as it is now."""
    graph = getattr(function, "graph", None)
    tracked = {id(handle_of(variable)) for variable in variables.values()}
    return [
        (variable, tf.identity(variable))
        for variable in (graph_variables(graph) if graph is not None else ())
        if id(handle_of(variable)) not in tracked
    ]
