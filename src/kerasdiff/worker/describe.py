"""Answers ``describe``: both traced graphs, the weights and what looks like a mistake."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import tensorflow as tf

import kerasdiff
from kerasdiff.errors import TraceError
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import MODES, Attribute, Graph, Mode, Port, Source, Weight
from kerasdiff.graph.values import Array
from kerasdiff.side.records import Description, Override
from kerasdiff.side.targets import InputSpec
from kerasdiff.worker.hardware import place
from kerasdiff.worker.importing.faults import first_sentence, raised_at, reason
from kerasdiff.worker.keras_internals import (
    Live,
    backend_version,
    handle_of,
    is_data_dependent,
    keras,
    on_tensorflow,
    told_mode,
)
from kerasdiff.worker.loading.load import SEED
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.running.values import bytes_of
from kerasdiff.worker.tracing.assemble import assemble
from kerasdiff.worker.tracing.attributes import layer_defaults
from kerasdiff.worker.tracing.compiled import compile_settings
from kerasdiff.worker.tracing.lint import lint, never_called, unused
from kerasdiff.worker.tracing.lower import spec_of
from kerasdiff.worker.tracing.names import (
    Names,
    describe_weights,
    is_atomic,
    output_names,
    owned_variables,
    starts_from_value,
    weight_table,
)
from kerasdiff.worker.tracing.naming import snake
from kerasdiff.worker.tracing.sources import relative
from kerasdiff.worker.tracing.starting import started_alike
from kerasdiff.worker.tracing.trace import Recording
from kerasdiff.worker.tracing.untracked import untracked
from kerasdiff.worker.user_code.digests import reach_digest
from kerasdiff.worker.user_code.reach import is_user_code

AROUND = (
    "train_step", "compute_loss", "fit", "make_train_function", "test_step", "evaluate", "predict_step", "predict",
)  # fmt: skip
"""Methods of a Keras model that run its call."""


def describe(
    session: Session,
    inputs: tuple[InputSpec, ...] | None = None,
    order: tuple[str, ...] = (),
    fitted: bool = False,
) -> Description:
    """Traces the session's model in both modes.

    Args:
        session: Holds the model.
        inputs: Other inputs than it was given, for this and every later request.
        order: Names of the inputs in the order in which they are to come.
        fitted: Whether it is called the way ``fit`` and ``predict`` do.

    Raises:
        TraceError: If the model cannot be called at all.
    """
    if inputs is not None:
        session.restart(inputs, order, fitted=fitted)
    loaded = session.loaded("float32")
    names = Names(loaded.model)
    traced, failures = _traced(session)
    recordings = {mode: one.recording for mode, one in traced.items()}
    graphs = {mode: one.graph for mode, one in traced.items()}
    idle = unused(names, recordings, graphs) if traced else ()
    mistakes = lint(names, recordings, graphs, loaded.root), _untracked(names, recordings.values())
    notes = _once(chain(failures, *mistakes, never_called(names, idle, loaded.root)))
    by_argument, by_key = _named_inputs(loaded)
    return Description(
        class_name=loaded.class_name,
        inference=graphs.get("inference"),
        training=graphs.get("training"),
        weights=_weights(session, names),
        inputs=loaded.ports,
        outputs=next((one.outputs for one in traced.values()), ()),
        inferred=loaded.inferred,
        notes=notes,
        unused_layers=idle,
        environment=environment(),
        compiled=compile_settings(loaded.model),
        guessed=loaded.guessed,
        named_inputs=by_key or by_argument,
        keyed_inputs=by_key,
        overrides=_overrides(loaded.model, loaded.root),
        root=loaded.root,
        told_mode=told_mode(loaded.model),
        defaults=_defaults(names),
        returned={mode: recording.returned for mode, recording in recordings.items()},
    )


def _defaults(names: Names) -> dict[str, dict[str, Attribute]]:
    """The defaults of all settings of layers that are one node, by their op."""
    kinds = {type(layer): layer for _, layer in (("", names.model), *names.layers) if is_atomic(layer)}
    return {snake(kind.__name__): layer_defaults(layer) for kind, layer in kinds.items()}


def _named_inputs(loaded: Loaded) -> tuple[bool, bool]:
    """Whether the call takes inputs by the names of its arguments, and by the keys of a dictionary."""
    args, kwargs = loaded.pack([object() for _ in loaded.ports])
    return bool(kwargs), any(isinstance(value, dict) for value in args)


def start_digests(session: Session, weights: tuple[str, ...]) -> dict[str, str]:
    """A digest of the value each of these weights starts from, by id.

    The bytes alone count: a kernel of a Dense layer and of the convolution that it equals give the same digest.
    """
    table = weight_table(session.pristine().model)
    return {name: hashlib.sha256(bytes_of(table[name].numpy())).hexdigest() for name in weights}


def start_values(session: Session, weights: tuple[str, ...]) -> dict[str, Array]:
    """The value each of these weights starts from, by id."""
    table = weight_table(session.pristine().model)
    return {name: table[name].numpy() for name in weights}


def _weights(session: Session, names: Names) -> tuple[Weight, ...]:
    """The weights; a starting value that another seed changes is no setting, but drawn (as quantised kernels are)."""
    loaded = session.loaded("float32")
    described = describe_weights(names)
    given = {weight.id for weight, variable in described if starts_from_value(variable)}
    twins = _started_alike(session, [weight for weight, _ in described if weight.id not in given])
    weights = tuple(
        replace(_as_written(weight, loaded), twin=twins.get(weight.id, weight.twin)) for weight, _ in described
    )
    if session.target.kind == "saved" or not given:
        return weights
    other = Names(session.reload("float32", SEED + 1).model)
    again = {weight.id: weight.initializer for weight, _ in describe_weights(other)}
    return tuple(
        replace(weight, initializer="value drawn at random")
        if weight.id in given and again.get(weight.id) != weight.initializer
        else weight
        for weight in weights
    )


def _started_alike(session: Session, weights: Sequence[Weight]) -> dict[str, str]:
    """Weights that an initializer gave the random numbers of another one."""
    if session.target.kind == "saved":
        return {}
    table = weight_table(session.pristine().model)
    drawn = [one for one in weights if one.initializer is not None and one.dtype.startswith(("float", "bfloat"))]
    return started_alike({one.id: table[one.id] for one in drawn})


def _as_written(weight: Weight, loaded: Loaded) -> Weight:
    """A weight as its author set it, whatever was taken off for the comparison."""
    return replace(
        weight,
        regularizer=loaded.penalties.get(weight.id, weight.regularizer),
        trainable=weight.trainable and weight.id not in loaded.frozen,
    )


@dataclass(frozen=True)
class _Traced:
    """One mode's call."""

    recording: Recording
    graph: Graph
    outputs: tuple[Port, ...]


def _traced(session: Session) -> tuple[dict[Mode, _Traced], list[Finding]]:
    """Both modes as far as they can be traced, and a fact for each reason why one cannot."""
    traced: dict[Mode, _Traced] = {}
    failures: list[Finding] = []
    loaded = session.loaded("float32")
    for mode in MODES:
        try:
            recording, _ = session.traced("float32", mode)
        except TraceError:
            raise
        except BaseException as error:  # the user's own code ran and failed: whatever it raised, it is a finding
            failures.append(_not_traceable(error, mode, loaded.root))
            continue
        traced[mode] = _Traced(
            recording=recording, graph=assemble(loaded, recording).graph(), outputs=_outputs(loaded, recording)
        )
    return traced, _over_modes(failures)


def _not_traceable(error: BaseException, mode: Mode, root: str) -> Finding:
    source = raised_at(error, root)
    on_data = Finding(fact=Fact.DECIDES_ON_DATA, cause=first_sentence(error))
    return Finding(
        fact=Fact.NOT_TRACEABLE,
        names=(mode,),
        sources=() if source is None else (source,),
        cause=reason(error),
        parts=(on_data,) if is_data_dependent(error) else (),
    )


def _over_modes(failures: Iterable[Finding]) -> list[Finding]:
    """One fact where both modes fail for the same reason."""
    merged: list[Finding] = []
    for failure in failures:
        if merged and replace(merged[-1], names=failure.names) == failure:
            merged[-1] = replace(failure, names=(*merged[-1].names, *failure.names))
        else:
            merged.append(failure)
    return merged


def _once(notes: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each fact once, where it was met first: most hold in both modes."""
    distinct: list[Finding] = []
    for note in notes:
        if note not in distinct:
            distinct.append(note)
    return tuple(distinct)


def _untracked(names: Names, recordings: Iterable[Recording]) -> Iterator[Finding]:
    tracked = {id(handle_of(variable)) for _, _, variable in owned_variables(names)}
    for recording in recordings:
        for name in untracked(recording, tracked):
            yield Finding(fact=Fact.VARIABLE_UNTRACKED, names=(name,))


def _outputs(loaded: Loaded, recording: Recording) -> tuple[Port, ...]:
    labels = output_names(loaded.model, len(recording.outputs))
    chosen = _chosen(loaded.model)
    return tuple(
        Port(name=name, spec=spec_of(tensor), chosen=name in chosen)
        for name, tensor in zip(labels, recording.outputs, strict=True)
    )


def _chosen(model: Live) -> set[str]:
    """Names of layers that a user gave: Keras makes up others from the class, with a number."""
    layers = getattr(model, "layers", ())
    return {one.name for one in layers if not re.fullmatch(rf"{snake(type(one).__name__)}(_\d+)?", one.name)}


def _overrides(model: Live, root: str) -> dict[str, Override]:
    """Code of the user's own around the call, for training, testing and predicting, which no rung runs."""
    overrides: dict[str, Override] = {}
    for name in AROUND:
        function: Live = getattr(type(model), name, None)
        if is_user_code(function):
            code = function.__code__
            source = relative(Source(file=code.co_filename, line=code.co_firstlineno), root)
            overrides[name] = Override(
                digest=reach_digest(model, name), source=source, code=reach_digest(model, name, settings=False)
            )
    return overrides


def environment() -> dict[str, str]:
    """Versions and device of this process."""
    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        **({} if on_tensorflow() else {"backend": backend_version()}),
        "numpy": np.__version__,
        "python": platform.python_version(),
        **place(),
        "kerasdiff": kerasdiff.__version__,
    }
