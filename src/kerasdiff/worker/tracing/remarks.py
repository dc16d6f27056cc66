"""What looks like a mistake in one model, each in a sentence with its line, whatever the other model does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras

from kerasdiff.graph import Graph, Mode
from kerasdiff.worker.tracing.masks import lost_masks
from kerasdiff.worker.tracing.names import Names, is_atomic, is_seed_state, owned_variables
from kerasdiff.worker.tracing.sources import creation_site, made_at, relative
from kerasdiff.worker.tracing.trace import Event, Recording


def remarks(loaded: Any, recordings: Mapping[Mode, Recording], graphs: Mapping[Mode, Graph]) -> Iterator[str]:
    """Everything worth a remark, in a fixed order, each once."""
    found: dict[str, None] = {}
    for mode, recording in recordings.items():
        found.update(dict.fromkeys(_made_anew(recording, loaded.root)))
        found.update(dict.fromkeys(_hard_coded(recording, mode, loaded.root)))
        found.update(dict.fromkeys(lost_masks(recording, loaded.root)))
    if graphs:
        found.update(dict.fromkeys(_never_read(loaded, recordings, graphs)))
    yield from found


def unused(names: Names, recordings: Mapping[Mode, Recording], graphs: Mapping[Mode, Graph]) -> tuple[str, ...]:
    """Layers never called, without those inside a layer that is itself one node or never called.

    A layer whose weights are read without calling it (tied weights) is in use.
    """
    called = {id(event.layer) for recording in recordings.values() for event in recording.events}
    read = {weight.rpartition("/")[0] for weight in _read(graphs)}
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
        if any(child in called for child in inner) or any(f"{owner}/".startswith(f"{path}/") for owner in read):
            continue
        covered.append(path)
        found.append(path)
    return tuple(found)


def never_called(names: Names, paths: tuple[str, ...], root: str) -> Iterator[str]:
    """A sentence for each layer of ``paths``."""
    layers = dict(names.layers)
    for path in paths:
        yield f"layer {path}{_at(creation_site(layers[path]), root)} is created but never called"


def _read(graphs: Mapping[Mode, Graph]) -> set[str]:
    return {weight for graph in graphs.values() for node in graph for weight in node.weights}


def _never_read(loaded: Any, recordings: Mapping[Mode, Recording], graphs: Mapping[Mode, Graph]) -> Iterator[str]:
    """Weights of the user's own layers that no call touches; what Keras's layers keep for themselves is theirs."""
    names = Names(loaded.model)
    read = _read(graphs)
    idle = unused(names, recordings, graphs)
    for name, layer, variable in owned_variables(loaded.model, names):
        owner = names.path(layer) or ""
        if name in read or is_seed_state(variable) or is_atomic(layer):
            continue
        if not any(f"{owner}/".startswith(f"{path}/") for path in idle):
            yield f"weight {name}{_at(made_at(variable), loaded.root)} is never read"


def _made_anew(recording: Recording, root: str) -> Iterator[str]:
    held: set[int] = set()
    for event in recording.fresh:
        own = event.layer.variables
        held.update(id(variable) for variable in own)
        learned = any(not is_seed_state(variable) for variable in own)
        tail = ", with new weights that are never trained" if learned else ", with a new random state" if own else ""
        yield f"layer {event.path}{_at(event.site or event.source, root)} is created anew in each call{tail}"
    for variable, _ in recording.made:
        if id(variable) not in held:
            yield f"variable {variable.name} is created anew in each call"


def _hard_coded(recording: Recording, mode: Mode, root: str) -> Iterator[str]:
    """Calls that are told another mode than their caller is in."""
    wanted = mode == "training"
    told: dict[int, bool] = {}
    for event in recording.events:
        outer = told.get(id(event.parent), wanted)
        own = event.training
        told[id(event)] = bool(own) if isinstance(own, bool | int) else outer
        if told[id(event)] != wanted and outer == wanted:
            yield _ignores(event, wanted, root)


def _ignores(event: Event, wanted: bool, root: str) -> str:
    when = "in training" if wanted else "at inference"
    place = _at(event.site or event.source, root)
    return f"layer {event.path}{place} is called with training={not wanted}, also {when}"


def _at(source: Any, root: str) -> str:
    shown = relative(source, root)
    return f" ({shown})" if shown is not None else ""
