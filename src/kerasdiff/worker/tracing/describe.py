"""Answers ``describe``: both traced graphs, the weights and what looks like a mistake."""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import kerasdiff
from kerasdiff.errors import TraceError
from kerasdiff.graph import MODES, Graph, Mode, Source, Weight
from kerasdiff.side.records import Description, Override, Port
from kerasdiff.worker.loading.blame import place, untraceable
from kerasdiff.worker.loading.load import SEED
from kerasdiff.worker.tracing.assemble import Assembler
from kerasdiff.worker.tracing.code import is_user_code, reach_digest
from kerasdiff.worker.tracing.compiled import compile_settings
from kerasdiff.worker.tracing.lower import spec_of
from kerasdiff.worker.tracing.names import (
    VALUE,
    Names,
    describe_weights,
    is_seed_state,
    owned_variables,
    snake,
    weight_table,
)
from kerasdiff.worker.tracing.outside import untracked
from kerasdiff.worker.tracing.remarks import never_called, remarks, unused
from kerasdiff.worker.tracing.sources import relative
from kerasdiff.worker.tracing.trace import Recording

AROUND = (
    "train_step", "compute_loss", "fit", "make_train_function", "test_step", "evaluate", "predict_step", "predict",
)  # fmt: skip
"""Methods of a Keras model that run its call."""


def describe(session: Any) -> Description:
    """Traces the session's model in both modes.

    Raises:
        TraceError: If the model cannot be called at all.
    """
    loaded = session.loaded("float32")
    names = Names(loaded.model)
    traced, failures = _traced(session)
    recordings = {mode: item.recording for mode, item in traced.items()}
    graphs = {mode: item.graph for mode, item in traced.items()}
    idle = unused(names, recordings, graphs) if traced else ()
    tracked = {id(variable.value.handle) for _, _, variable in owned_variables(loaded.model, names)}
    loose = [name for recording in recordings.values() for name in untracked(recording, tracked)]
    notes = [
        *failures,
        *remarks(loaded, recordings, graphs),
        *(f"variable {name} is not tracked by the model" for name in loose),
        *never_called(names, idle, loaded.root),
    ]
    return Description(
        class_name=loaded.class_name,
        inference=graphs.get("inference"),
        training=graphs.get("training"),
        weights=_weights(session, names),
        inputs=loaded.ports,
        outputs=next((item.outputs for item in traced.values()), ()),
        inferred=loaded.inferred,
        notes=tuple(dict.fromkeys(notes)),
        unused_layers=idle,
        environment=environment(),
        compiled=compile_settings(loaded.model),
        guessed=loaded.guessed,
        named_inputs=_named(loaded),
        keyed_inputs=_keyed(loaded),
        overrides=_overrides(loaded.model, loaded.root),
    )


def start_digests(session: Any, weights: tuple[str, ...]) -> dict[str, str]:
    """A digest of the value each of these weights starts from, by id.

    The bytes alone count: a kernel of a Dense layer and of the convolution that it equals give the same digest.
    """
    table = weight_table(session.pristine().model)
    return {name: hashlib.sha256(np.ascontiguousarray(table[name].numpy()).tobytes()).hexdigest() for name in weights}


def _weights(session: Any, names: Names) -> tuple[Weight, ...]:
    """The weights; a starting value that another seed changes is no setting, but drawn (as quantised kernels are)."""
    loaded = session.loaded("float32")
    found = [
        replace(
            weight,
            regularizer=loaded.penalties.get(weight.id, weight.regularizer),
            trainable=weight.trainable and weight.id not in loaded.frozen,
        )
        for weight, _ in describe_weights(loaded.model, names)
    ]
    if session.target.kind == "saved" or not any(_is_value(weight) for weight in found):
        return tuple(found)
    model = session.reload("float32", SEED + 1).model
    again = {weight.id: weight.initializer for weight, _ in describe_weights(model, Names(model))}
    return tuple(
        replace(weight, initializer="value drawn at random")
        if _is_value(weight) and again.get(weight.id) != weight.initializer
        else weight
        for weight in found
    )


def _is_value(weight: Weight) -> bool:
    return weight.initializer is not None and weight.initializer.startswith(VALUE)


@dataclass(frozen=True)
class _Traced:
    """One mode's call."""

    recording: Recording
    graph: Graph
    outputs: tuple[Port, ...]


def _traced(session: Any) -> tuple[dict[Mode, _Traced], list[str]]:
    """Both modes as far as they can be traced, and a sentence for what cannot."""
    found: dict[Mode, _Traced] = {}
    failures: dict[str, list[str]] = {}
    loaded = session.loaded("float32")
    for mode in MODES:
        try:
            recording, _ = session.traced("float32", mode)
        except TraceError:
            raise
        except Exception as error:  # the user's own code ran and failed: whatever it raised, it is a finding
            failures.setdefault(f"{place(error, loaded.root)}: {untraceable(error)}", []).append(mode)
            continue
        graph = assemble(loaded, recording).graph()
        labels = output_names(loaded.model, len(recording.outputs))
        chosen = _chosen(loaded.model)
        ports = [
            Port(name=name, spec=spec_of(one), chosen=name in chosen)
            for name, one in zip(labels, recording.outputs, strict=True)
        ]
        found[mode] = _Traced(recording=recording, graph=graph, outputs=tuple(ports))
    return found, [f"cannot be traced in {' or '.join(modes)} mode{text}" for text, modes in failures.items()]


def assemble(loaded: Any, recording: Recording) -> Assembler:
    """An assembler for a recording of this model."""
    owned = [(name, variable) for name, _, variable in owned_variables(loaded.model, recording.names)]
    variables = {id(variable.value.handle): name for name, variable in owned}
    seeds = frozenset(name for name, variable in owned if is_seed_state(variable))
    return Assembler(recording, variables, seeds, loaded.root)


def _chosen(model: Any) -> set[str]:
    """Names of layers that a user gave: Keras makes up others from the class, with a number."""
    layers = getattr(model, "layers", ())
    return {item.name for item in layers if not re.fullmatch(rf"{snake(type(item).__name__)}(_\d+)?", item.name)}


def output_names(model: Any, count: int) -> list[str]:
    """The model's own output names where it declares them, else ``output_0`` and on."""
    declared = list(getattr(model, "output_names", None) or [])
    return declared if len(declared) == count else [f"output_{i}" if count > 1 else "output" for i in range(count)]


def _overrides(model: Any, root: str) -> dict[str, Override]:
    """Code of the user's own around the call, for training, testing and predicting, which no rung runs."""
    found: dict[str, Override] = {}
    for name in AROUND:
        function: Any = getattr(type(model), name, None)
        if is_user_code(function):
            code = function.__code__
            source = relative(Source(file=code.co_filename, line=code.co_firstlineno), root)
            found[name] = Override(digest=reach_digest(model, name), source=source)
    return found


def _named(loaded: Any) -> bool:
    """Whether the call takes a dict or keyword arguments."""
    args, kwargs = loaded.pack([object() for _ in loaded.ports])
    return bool(kwargs) or any(isinstance(value, dict) for value in args)


def _keyed(loaded: Any) -> bool:
    """Whether the call takes a dict."""
    args, _ = loaded.pack([object() for _ in loaded.ports])
    return any(isinstance(value, dict) for value in args)


def environment() -> dict[str, str]:
    """Versions and device of this process."""
    device = "gpu" if tf.config.list_physical_devices("GPU") else "cpu"
    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "python": platform.python_version(),
        "device": device,
        "kerasdiff": kerasdiff.__version__,
    }
