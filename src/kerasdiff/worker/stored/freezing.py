"""Answers ``freeze``: everything of a model that a baseline needs to answer in its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph import MODES, Mode
from kerasdiff.graph.ops import FAMILIES
from kerasdiff.graph.values import Array, Precision
from kerasdiff.side.baselines.records import (
    Frozen,
    HeldCall,
    HeldConstant,
    HeldTable,
    HeldVariable,
    HeldWeight,
    Refusal,
)
from kerasdiff.side.checkpoints import Places
from kerasdiff.worker.describe import start_digests
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import (
    GRADIENT_ATTRIBUTE,
    SAVING_GRADIENTS,
    Live,
    captures,
    final_updates,
    graph_variables,
    handle_of,
    is_seed_state,
    mask_of,
    without_decay,
)
from kerasdiff.worker.loading.loaded import Loaded, thawed
from kerasdiff.worker.loading.session import PRECISIONS, Session
from kerasdiff.worker.running.calls import has_lower_precision
from kerasdiff.worker.running.settings import WHOLE
from kerasdiff.worker.saving.places import places
from kerasdiff.worker.stored.called import forget_uncalled
from kerasdiff.worker.stored.safety import refused
from kerasdiff.worker.tracing.assemble import assemble
from kerasdiff.worker.tracing.lower import gradient_functions
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.tracing.trace import Added, Recording


def freeze(session: Session, label: str) -> Frozen:
    """Takes the session's model apart into data.

    Args:
        session: Holds the model.
        label: How the names of the graphs begin.
    """
    calls: list[HeldCall] = []
    refusals: list[Refusal] = []
    graphs: dict[str, bytes] = {}
    weights: dict[Precision, tuple[HeldWeight, ...]] = {}
    ports: dict[Precision, tuple[str, ...]] = {}
    saved = session.target.holds_values
    for precision in PRECISIONS:
        try:
            loaded = session.loaded(precision)
        except EvaluateError as error:
            refusals.append(Refusal(precision=precision, mode=None, why=error.message))
            continue
        weights[precision] = tuple(_weights(loaded, whole=saved))
        ports[precision] = tuple(port.spec.dtype for port in loaded.ports)
        for mode in MODES:
            try:
                name = f"graphs/{label}-{precision}-{mode}.pb"
                call, definition = _frozen(session, precision, mode, name)
            except KerasdiffError as error:
                refusals.append(Refusal(precision=precision, mode=mode, why=error.message))
            else:
                calls.append(call)
                graphs[name] = definition.SerializeToString(deterministic=True)
    loaded = session.described()
    compiled, uncompiled = _compiled(loaded.model)
    return Frozen(
        calls=tuple(calls),
        refused=tuple(refusals),
        weights=weights,
        graphs=graphs,
        ports=ports,
        places=_places(session),
        starts=start_digests(session, tuple(weight_table(loaded.model))),
        compiled=compiled,
        uncompiled=uncompiled,
        output_names=tuple(map(str, getattr(loaded.model, "output_names", None) or ())),
        thawing=bool(thawed(session.reload("float32")).frozen),
    )


def _places(session: Session) -> Places | None:
    try:
        return places(session)
    except EvaluateError:
        return None


def _weights(loaded: Loaded, *, whole: bool) -> Iterator[HeldWeight]:
    """The weights as they start: the trained ones first, in the order in which an optimizer takes them."""
    order = {id(variable): number for number, variable in enumerate(loaded.model.trainable_variables)}
    table = weight_table(loaded.model).items()
    for name, variable in sorted(table, key=lambda item: order.get(id(item[1]), len(order))):
        kind = tf.as_dtype(variable.dtype)
        kept = whole or not (kind.is_floating or is_seed_state(variable))
        yield HeldWeight(
            id=name,
            name=str(variable.name).rpartition("/")[2],
            shape=tuple(int(dim) for dim in variable.shape),
            dtype=kind.name,
            trained=id(variable) in order,
            value=_value(variable) if kept else None,
        )


def _value(variable: Live) -> Array:
    """The value, of bfloat16 in float32: numpy's files have no such type."""
    value = np.asarray(variable.numpy())  # of a single number numpy makes no array
    return value.astype("float32") if value.dtype.kind == "V" else value


# A call ------------------------------------------------------------------------------------------------------


def _frozen(session: Session, precision: Precision, mode: Mode, name: str) -> tuple[HeldCall, Live]:
    """One call and its graph.

    Raises:
        KerasdiffError: If no graph can hold it.
    """
    loaded, recording = session.loaded(precision), _recorded(session, precision, mode)
    definition = recording.graph.as_graph_def()
    forget_uncalled(definition)
    customised = _plain_gradients(definition)
    if odd := refused(definition):
        raise EvaluateError(f"the call runs {odd}, which reaches outside of its graph")
    assembler = assemble(loaded, recording, bare=True)
    assembler.graph()
    taken = _taken_in(recording, weight_table(loaded.model))
    ops, added = recording.graph.get_operations(), _added(recording)
    return HeldCall(
        precision=precision,
        mode=mode,
        graph=name,
        inputs=tuple(tensor.name for tensor in recording.inputs),
        outputs=tuple(tensor.name for tensor in recording.outputs),
        masks=_masks(recording.outputs),
        calls=added.calls,
        regularized=added.regularized,
        terms=tuple(term.name for term in added.tensors),
        added=recording.added.values.name,
        updates=tuple(sorted(op.name for op in final_updates(recording.graph))),
        variables=tuple(taken.variables),
        constants=tuple(taken.constants),
        tables=tuple(taken.tables),
        spots={edge: tensor.name for edge, tensor in assembler.spots().items()},
        homes={op.name: assembler.home(op.name) for op in ops if op.type in FAMILIES},
        ways=tuple((way.node, None if way.choice is None else way.choice.name) for way in assembler.ways()),
        customised=customised,
        mixed=precision == "float64" and has_lower_precision(recording),
        otherwise=precision == "float64" and session.is_otherwise(mode),
    ), definition


def _recorded(session: Session, precision: Precision, mode: Mode) -> Recording:
    """The trace of a call that a graph can hold.

    Raises:
        KerasdiffError: If there is none.
    """
    try:
        recording, _ = session.traced(precision, mode)
    except KerasdiffError:
        raise
    except Exception as error:  # the user's own code ran and failed
        raise EvaluateError(f"the call has no graph: {reason(error)}") from None
    if recording.made:
        raise EvaluateError("the call makes new variables each time")
    return recording


def _added(recording: Recording) -> Added:
    """The added losses by one: none where one of them is a number that no op of the graph gives."""
    added = recording.added
    inside = all(tf.is_tensor(one) and getattr(one, "graph", None) is recording.graph for one in added.tensors)
    return added if inside else replace(added, calls=0, regularized=(), tensors=())


def _masks(outputs: list[Live]) -> dict[int, int]:
    """By number of an output, the number of its mask."""
    numbers = {tensor.name: number for number, tensor in enumerate(outputs)}
    masks = {number: mask_of(tensor) for number, tensor in enumerate(outputs)}
    return {number: numbers[mask.name] for number, mask in masks.items() if mask is not None and mask.name in numbers}


def _plain_gradients(definition: Live) -> bool:
    """Drops custom gradients, which live in Python; tells whether one was more than a way to save memory."""
    lost = False
    functions = (node for function in definition.library.function for node in function.node_def)
    for node in (*definition.node, *functions):
        if GRADIENT_ATTRIBUTE in node.attr:
            written = gradient_functions(node.attr)
            lost = lost or written is None or not all(name.startswith(SAVING_GRADIENTS) for name in written)
            del node.attr[GRADIENT_ATTRIBUTE]
    return lost


@dataclass(eq=False)
class _TakenIn:
    """What a call takes from outside its graph."""

    variables: list[HeldVariable] = field(default_factory=list)
    constants: list[HeldConstant] = field(default_factory=list)
    tables: list[HeldTable] = field(default_factory=list)


def _taken_in(recording: Recording, table: Mapping[str, Live]) -> _TakenIn:
    """The variables, the values and the lookup tables that a call takes from outside its graph.

    Raises:
        EvaluateError: If it takes in something else.
    """
    names = {id(handle_of(variable)): name for name, variable in table.items()}
    known = {id(handle_of(variable)): variable for variable in graph_variables(recording.graph)}
    taken = _TakenIn()
    for outer, inner in captures(recording.graph):
        if inner.dtype == tf.bfloat16:
            raise EvaluateError("the call holds a constant of bfloat16, which no file of arrays holds")
        if inner.dtype != tf.resource:
            taken.constants.append(HeldConstant(entry=inner.name, value=_plain(outer.numpy())))
        elif id(outer) in names:
            taken.variables.append(HeldVariable(entry=inner.name, weight=names[id(outer)]))
        elif id(outer) in known:
            value = np.asarray(tf.convert_to_tensor(known[id(outer)]).numpy())
            taken.variables.append(HeldVariable(entry=inner.name, value=value))
        else:
            taken.tables.append(_table(recording, outer, inner))
    return taken


def _table(recording: Recording, outer: Live, inner: Live) -> HeldTable:
    reads = (op for op in recording.graph.get_operations() if op.type == "LookupTableFindV2" and op.inputs[0] is inner)
    found = next(reads, None)
    if found is None:
        raise EvaluateError(f"the call takes in {inner.name}, which is neither a variable nor a table it looks up")
    kinds = found.get_attr("Tin"), found.get_attr("Tout")
    held = tf.raw_ops.LookupTableExportV2(table_handle=outer, Tkeys=kinds[0], Tvalues=kinds[1])
    order = np.argsort(_plain(held.keys.numpy()), kind="stable")
    keys, values = (_plain(one.numpy())[order] for one in (held.keys, held.values))
    return HeldTable(entry=inner.name, keys=keys, values=values)


def _plain(value: Live) -> Array:
    """An array that a file of arrays holds: texts as such, not as bytes.

    Raises:
        EvaluateError: If it holds bytes that are no text.
    """
    found = np.asarray(value)
    if found.dtype.kind not in "OS":
        return found
    try:
        return np.char.decode(found.astype(np.bytes_), "utf-8")
    except UnicodeDecodeError:
        raise EvaluateError("the call holds bytes that are no text") from None


# Compile settings --------------------------------------------------------------------------------------------


def _compiled(model: Live) -> tuple[str, str]:
    """The compile settings as JSON, and why they are not held where they are code or more than their config."""
    if not getattr(model, "compiled", False):
        return "", ""
    if type(model.optimizer).__name__ not in WHOLE or _spares(model):
        return "", f"its optimizer ({type(model.optimizer).__name__}) goes by more than its settings"
    try:
        config = model.get_compile_config()
        text = json.dumps(config, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, NotImplementedError) as error:
        return "", f"its compile settings cannot be written down: {reason(error)}"
    return (text, "") if of_keras(config) else ("", "its compile settings are code")


def _spares(model: Live) -> bool:
    """Whether its optimizer leaves weights out of weight decay, which no config tells."""
    return without_decay(model.optimizer, model.trainable_variables) is not None


def of_keras(config: object) -> bool:
    """Whether a config names nothing but what is Keras's own."""
    if isinstance(config, Mapping):
        made = "class_name" in config or "module" in config
        own = str(config.get("module")).partition(".")[0] == "keras" and not config.get("registered_name")
        return (own or not made) and all(map(of_keras, config.values()))
    if isinstance(config, list | tuple):
        return all(map(of_keras, config))
    return True
