"""Which TensorFlow ops form one node? Those of one built-in layer's call; elsewhere those of one function call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from kerasdiff.graph import Source
from kerasdiff.worker.keras_internals import Live, called_as, is_layer
from kerasdiff.worker.tracing.naming import snake
from kerasdiff.worker.tracing.sites import Site, op_site
from kerasdiff.worker.tracing.sources import as_written
from kerasdiff.worker.tracing.trace import Event, Recording


@dataclass(eq=False)
class Unit:
    """The ops of one future node.

    Attributes:
        ops: In graph order.
        scope: Path of the layer that holds the call.
        event: The layer call that made them, where one did.
        site: The line and the library function that made them, where no layer call did.
    """

    ops: list[Live]
    scope: str
    event: Event | None = None
    site: Site | None = None

    @property
    def is_layer(self) -> bool:
        return self.event is not None and is_layer(self.event.layer)

    @property
    def source(self) -> Source | None:
        if self.event is not None:
            return self.event.source
        return self.site.source if self.site is not None else None

    @property
    def called(self) -> Source | None:
        """The line that calls a layer, where another one made it."""
        if self.event is None or self.event.site == self.event.source:
            return None
        return self.event.site

    @property
    def op(self) -> str:
        """What is called, as an operation's name."""
        if self.event is not None:
            return snake(called_as(self.event.layer))
        if self.site is not None and self.site.function and self.site.source is not None:
            return snake(self.site.function)
        return snake(self.ops[-1].type)

    @property
    def base(self) -> str:
        """The node's id, before it is made unique."""
        if self.event is not None:
            return self.event.path
        return f"{self.scope}/{self.op}" if self.scope else self.op

    @property
    def display(self) -> str:
        """What is called, as its author writes it."""
        if self.event is not None:
            return called_as(self.event.layer)
        called = "" if self.site is None else as_written(self.site.source, self.site.function)
        return called or str(self.ops[-1].type)


class _Splitter:
    """Collects ops in graph order; starts a unit where another call begins."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self._key: object = None
        self._below: set[tuple[tuple[str, int], ...]] = set()

    def add_to_layer(self, op: Live, event: Event) -> None:
        """Adds an op of a layer's call: all that follow on one another are one unit."""
        if self._key is not event:
            self.units.append(Unit(ops=[], scope=event.scope, event=event))
            self._key = event
        self.units[-1].ops.append(op)

    def add_to_function(self, op: Live, scope: str) -> None:
        """Adds an op outside every layer: a line calls a function once more where a stack below it comes back."""
        site = op_site(op)
        key = (scope, site.source, site.function)
        if self._key != key or site.below in self._below or site.source is None:
            self.units.append(Unit(ops=[], scope=scope, site=site))
            self._key, self._below = key, set()
        self._below.add(site.below)
        self.units[-1].ops.append(op)


def split(recording: Recording, late: Set[str]) -> list[Unit]:
    """The units of a recording in graph order, without those that hold constants alone.

    Args:
        recording: The call.
        late: Names of the ops that read what the call itself has written.
    """
    owners, scopes = _owners(recording)
    splitter = _Splitter()
    for index, op in _relevant(recording, late):
        owner = owners[index]
        if owner is not None:
            splitter.add_to_layer(op, owner)
        else:
            splitter.add_to_function(op, scopes[index])
    return [unit for unit in splitter.units if any(op.type != "Const" for op in unit.ops)]


def _owners(recording: Recording) -> tuple[list[Event | None], list[str]]:
    """For each op the call of a layer that is one node, or else the path of the composite layer it is called in."""
    count = len(recording.graph.get_operations())
    owners: list[Event | None] = [None] * count
    scopes = [""] * count
    for event in recording.events:
        for index in range(event.start, min(event.stop, count)):
            if event.atomic:
                owners[index] = event
            else:
                scopes[index] = event.path
    return owners, scopes


def _relevant(recording: Recording, late: Set[str]) -> Iterator[tuple[int, Live]]:
    """The ops that compute something: no inputs, no weights as the call found them, nothing after the call.

    What is evaluated after the call are regularizers, which belong to the weights.
    """
    inputs = {tensor.op.name for tensor in recording.inputs}
    stop = max((event.stop for event in recording.events), default=0)
    for index, op in enumerate(recording.graph.get_operations()[:stop]):
        if op.name in inputs or op.type in ("Placeholder", "NoOp"):
            continue
        if op.type != "ReadVariableOp" or op.name in late:
            yield index, op


def leaving(units: Sequence[Unit], recording: Recording) -> set[str]:
    """Names of the tensors that leave the unit that makes them: for another unit, or as an output or loss."""
    home = {op.name: number for number, unit in enumerate(units) for op in unit.ops}
    names = {tensor.name for tensor in [*recording.outputs, *recording.losses]}
    for number, unit in enumerate(units):
        for op in unit.ops:
            names.update(tensor.name for tensor in op.inputs if home.get(tensor.op.name) != number)
    return names
