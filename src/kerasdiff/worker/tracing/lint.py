"""What looks like a mistake in one model, whatever the other model does?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import accumulate

from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph import Graph, Mode
from kerasdiff.worker.keras_internals import Live, is_seed_state, keras, sublayers
from kerasdiff.worker.tracing.masks import layer_site, lost_masks
from kerasdiff.worker.tracing.modes import untold
from kerasdiff.worker.tracing.names import Names, is_atomic, owned_variables
from kerasdiff.worker.tracing.sources import creation_site, made_at, relative
from kerasdiff.worker.tracing.trace import Recording


def lint(
    names: Names, recordings: Mapping[Mode, Recording], graphs: Mapping[Mode, Graph], root: str
) -> Iterator[Finding]:
    """Everything that looks like a mistake in the calls that could be traced, in a fixed order.

    Args:
        names: The layers of the model.
        recordings: Its calls; the same fact comes once for each mode it holds in.
        graphs: What the calls do.
        root: Directory that sources are shown relative to.
    """
    calls: dict[Mode, list[tuple[Live, Site, bool | None]]] = {
        mode: [(event.layer, layer_site(event, root), event.told) for event in recording.events if event.atomic]
        for mode, recording in recordings.items()
    }
    yield from untold(names.model, type(names.model).__name__, calls)
    for mode, recording in recordings.items():
        yield from _made_anew(recording, root)
        yield from _told_another_mode(recording, mode, root)
        yield from lost_masks(recording, root)
    if graphs:
        yield from _never_read(names, recordings, graphs, root)


def unused(names: Names, recordings: Mapping[Mode, Recording], graphs: Mapping[Mode, Graph]) -> tuple[str, ...]:
    """Layers never called, without those inside a layer that is itself one node or never called.

    A layer whose weights are read without calling it (tied weights) is in use.
    """
    called = {id(event.layer) for recording in recordings.values() for event in recording.events}
    holding = _holding(names, _read(graphs))
    idle: list[str] = []
    settled: list[str] = []
    for path, layer in names.layers:
        if isinstance(layer, keras.layers.InputLayer) or _within(path, settled):
            continue
        if id(layer) in called:
            settled += [path] if is_atomic(layer) else []
        elif path not in holding and not _reaches(layer, called):
            settled.append(path)
            idle.append(path)
    return tuple(idle)


def _holding(names: Names, read: Set[str]) -> set[str]:
    """Paths of the layers that own one of these weights, and of those they stand in."""
    holders = (names.path(layer) or "" for name, layer, _ in owned_variables(names) if name in read)
    return {path for holder in holders for path in accumulate(holder.split("/"), "{}/{}".format)}


def _reaches(layer: Live, called: Set[int]) -> bool:
    """Whether a layer below this one is called, by ``id``."""
    return any(id(child) in called for child in sublayers(layer, deep=True))


def _within(path: str, outer: Iterable[str]) -> bool:
    """Whether a layer stands inside one of others, by their paths."""
    return any(path.startswith(f"{one}/") for one in outer)


def never_called(names: Names, paths: tuple[str, ...], root: str) -> Iterator[Finding]:
    """A fact for each layer of ``paths``."""
    layers = dict(names.layers)
    for path in paths:
        site = Site(node=path, kind="layer", source=relative(creation_site(layers[path]), root))
        yield Finding(fact=Fact.LAYER_NEVER_CALLED, sites=(site,))


def _read(graphs: Mapping[Mode, Graph]) -> set[str]:
    return {weight for graph in graphs.values() for node in graph for weight in node.weights}


def _never_read(
    names: Names, recordings: Mapping[Mode, Recording], graphs: Mapping[Mode, Graph], root: str
) -> Iterator[Finding]:
    """Weights of the user's own layers that no call touches; what Keras's layers keep for themselves is theirs."""
    read = _read(graphs)
    idle = unused(names, recordings, graphs)
    for name, layer, variable in owned_variables(names):
        owner = names.path(layer) or ""
        if name in read or is_seed_state(variable) or is_atomic(layer):
            continue
        if owner not in idle and not _within(owner, idle):
            source = relative(made_at(variable), root)
            yield Finding(fact=Fact.WEIGHT_NEVER_READ, weights=(name,), sources=() if source is None else (source,))


def _made_anew(recording: Recording, root: str) -> Iterator[Finding]:
    held: set[int] = set()
    for event in recording.fresh:
        own = event.layer.variables
        held.update(id(variable) for variable in own)
        fact = Fact.LAYER_MADE_ANEW
        if own:
            drawn = all(is_seed_state(variable) for variable in own)
            fact = Fact.RANDOM_STATE_MADE_ANEW if drawn else Fact.WEIGHTS_MADE_ANEW
        yield Finding(fact=fact, sites=(layer_site(event, root),))
    for variable, _ in recording.made:
        if id(variable) not in held:
            yield Finding(fact=Fact.VARIABLE_MADE_ANEW, names=(str(variable.name),))


def _told_another_mode(recording: Recording, mode: Mode, root: str) -> Iterator[Finding]:
    """Calls that are told another mode than their caller is in."""
    wanted = mode == "training"
    told: dict[int, bool] = {}
    for event in recording.events:
        outer = told.get(id(event.parent), wanted)
        own = event.training
        told[id(event)] = bool(own) if isinstance(own, bool | int) else outer
        if told[id(event)] != wanted and outer == wanted:
            yield Finding(fact=Fact.MODE_HARD_CODED, sites=(layer_site(event, root),), names=(mode,))
