"""Answers ``describe``: both traced graphs, the weights and what looks like a mistake."""

from __future__ import annotations

import platform
from typing import Any

import keras
import tensorflow as tf

import kerasdiff
from kerasdiff.errors import TraceError
from kerasdiff.graph import Graph, Mode
from kerasdiff.side import Description, Port
from kerasdiff.worker.assemble import Assembler
from kerasdiff.worker.blame import place, reason
from kerasdiff.worker.lower import spec_of
from kerasdiff.worker.names import Names, describe_weights, is_atomic, owned_variables
from kerasdiff.worker.sources import is_user_file
from kerasdiff.worker.trace import Recording, record


def describe(session: Any) -> Description:
    """Traces the session's model in both modes.

    Raises:
        TraceError: If the model cannot be called at all.
    """
    loaded = session.loaded("float32")
    notes: list[str] = []
    called: set[int] = set()
    inference, outputs = _traced(loaded, "inference", notes, called)
    training, training_outputs = _traced(loaded, "training", notes, called)
    names = Names(loaded.model)
    weights = tuple(weight for weight, _ in describe_weights(loaded.model, names))
    unused = _unused(names, called) if inference is not None or training is not None else ()
    notes.extend(f"layer {name} is created but never called" for name in unused)
    notes.extend(_overrides(loaded.model))
    return Description(
        class_name=loaded.class_name,
        inference=inference,
        training=training,
        weights=weights,
        inputs=loaded.ports,
        outputs=outputs or training_outputs,
        inferred=loaded.inferred,
        notes=tuple(dict.fromkeys(notes)),
        unused_layers=unused,
        environment=environment(),
        compiled=_compiled(loaded.model),
        guessed=loaded.guessed,
        named_inputs=_named(loaded),
    )


def _traced(loaded: Any, mode: Mode, notes: list[str], called: set[int]) -> tuple[Graph | None, tuple[Port, ...]]:
    try:
        recording, _ = record(loaded, mode)
    except TraceError:
        raise
    except Exception as error:  # the user's own code ran and failed: whatever it raised, it is a finding
        notes.append(f"cannot be traced in {mode} mode{place(error, loaded.root)}: {reason(error)[:300]}")
        return None, ()
    assembler = assemble(loaded, recording)
    graph = assembler.graph()
    called.update(id(event.layer) for event in recording.events)
    notes.extend(f"layer {path} is created anew in each call" for path in recording.fresh_layers)
    notes.extend(f"variable {name} is not tracked by the model" for name in assembler.untracked)
    labels = output_names(loaded.model, len(recording.outputs))
    ports = tuple(Port(name=name, spec=spec_of(tensor)) for name, tensor in zip(labels, recording.outputs, strict=True))
    return graph, ports


def assemble(loaded: Any, recording: Recording) -> Assembler:
    """An assembler for a recording of this model."""
    variables = {
        id(variable.value.handle): name for name, _, variable in owned_variables(loaded.model, recording.names)
    }
    return Assembler(recording, variables, loaded.root)


def output_names(model: Any, count: int) -> list[str]:
    """The model's own output names where it declares them, else ``output_0`` and on."""
    declared = list(getattr(model, "output_names", None) or [])
    return declared if len(declared) == count else [f"output_{i}" if count > 1 else "output" for i in range(count)]


def _overrides(model: Any) -> list[str]:
    """Training code of the user's own, which no rung looks at."""
    methods = ("train_step", "compute_loss", "fit")
    own = [name for name in methods if is_user_file(_file(getattr(type(model), name, None)))]
    return [f"{type(model).__name__}.{name} is overridden; kerasdiff compares the call, not this" for name in own]


def _file(function: Any) -> str:
    code = getattr(function, "__code__", None)
    return "<library>" if code is None else str(code.co_filename)


def _named(loaded: Any) -> bool:
    """Whether the call takes a dict or keyword arguments."""
    args, kwargs = loaded.pack([object() for _ in loaded.ports])
    return bool(kwargs) or any(isinstance(value, dict) for value in args)


def _unused(names: Names, called: set[int]) -> tuple[str, ...]:
    """Layers never called, without those inside a layer that is itself one node or never called."""
    found: list[str] = []
    covered: list[str] = []
    for path, layer in names.layers:
        if isinstance(layer, keras.layers.InputLayer) or any(path.startswith(f"{outer}/") for outer in covered):
            continue
        if id(layer) in called:
            if is_atomic(layer):
                covered.append(path)
            continue
        inner = [id(child) for child in layer._flatten_layers(include_self=False)]
        if inner and any(child in called for child in inner):
            continue
        covered.append(path)
        found.append(path)
    return tuple(found)


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


def _compiled(model: Any) -> dict[str, Any] | None:
    if not getattr(model, "compiled", False):
        return None
    try:
        config = model.get_compile_config()
    except (NotImplementedError, TypeError, ValueError):
        return None
    return {str(key): str(value) for key, value in (config or {}).items()}
