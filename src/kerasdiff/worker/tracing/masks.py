"""Where does a mask get lost between the layer that makes it and one that would use it?"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph.ops import SHAPE_ONLY
from kerasdiff.worker.keras_internals import Live, is_keras_own, is_layer, keras, mask_of
from kerasdiff.worker.tracing.sites import op_site
from kerasdiff.worker.tracing.sources import expression, relative
from kerasdiff.worker.tracing.trace import Event, Recording


def lost_masks(recording: Recording, root: str) -> Iterator[Finding]:
    """One fact for each mask that is made and then used by nobody, or missing where it would be used.

    A user who takes the mask into their own hands is left alone.

    Args:
        recording: The call.
        root: Directory that sources are shown relative to.
    """
    carriers = _carriers(recording)
    if not carriers:
        return
    flow = _Flow(recording)
    returned = {mask.name for tensor in recording.outputs if (mask := mask_of(tensor)) is not None}
    for name, (maker, mask) in carriers.items():
        users = flow.consumers.get(mask.name, [])
        if any(not _is_layer(flow.owners[index]) for index in users):
            continue
        for drop in flow.drops(name, mask):
            missed = flow.missed(drop)
            sites = (layer_site(maker, root), _lost_at(drop, root))
            if missed is not None:
                yield Finding(fact=Fact.MASK_LOST, sites=(*sites, layer_site(missed, root)))
            elif not users and mask.name not in returned and not flow.taken(name):
                yield Finding(fact=Fact.MASK_UNUSED, sites=sites)


def layer_site(event: Event, root: str) -> Site:
    """A layer and the line that calls it, or else the one that created it."""
    return Site(node=event.path, kind="layer", source=relative(event.site or event.source, root))


def _carriers(recording: Recording) -> dict[str, tuple[Event, Live]]:
    """By name the values that carry a mask, with the innermost call that returns them, and the mask."""
    return {
        tensor.name: (event, mask)
        for event in sorted(recording.events, key=lambda event: event.atomic)
        for tensor in event.outputs
        if (mask := mask_of(tensor)) is not None
    }


@dataclass(frozen=True)
class _Drop:
    """An op that takes a value with a mask and looks at neither the mask nor hands it on.

    Attributes:
        event: The layer call it is part of, ``None`` for a function's.
    """

    op: Live
    event: Event | None
    mask: Live


class _Flow:
    """Who consumes which value.

    Attributes:
        owners: For each op the call of a built-in layer or operation it belongs to.
        opened: The positions of ops between the layers inside one of Keras's own, as TimeDistributed has them.
        consumers: For each tensor by name, the positions of the ops that consume it.
    """

    def __init__(self, recording: Recording) -> None:
        self._operations: list[Live] = recording.graph.get_operations()
        count = len(self._operations)
        self.owners: list[Event | None] = [None] * count
        self.opened: set[int] = set()
        for event in recording.events:
            span = range(event.start, min(event.stop, count))
            if event.atomic:
                for index in span:
                    self.owners[index] = event
            elif is_keras_own(type(event.layer)) and not isinstance(event.layer, keras.Model):
                self.opened.update(span)
            else:
                self.opened.difference_update(span)
        self.consumers: dict[str, list[int]] = {}
        for index, op in enumerate(self._operations):
            for tensor in op.inputs:
                self.consumers.setdefault(tensor.name, []).append(index)

    def taken(self, value: str) -> bool:
        """Whether a layer that takes masks consumes a value: in a functional graph its mask is made a second time."""
        consumers = (self.owners[index] for index in self.consumers.get(value, []))
        return any(event is not None and _is_layer(event) and _takes_masks(event) for event in consumers)

    def drops(self, value: str, mask: Live) -> Iterator[_Drop]:
        """Where a value that carries a mask is consumed without it, outside of Keras's own layers."""
        for index in self.consumers.get(value, []):
            op, event = self._operations[index], self.owners[index]
            hands_on = event is not None and _is_layer(event) and _hands_on(event)
            if op.type not in SHAPE_ONLY and not hands_on and (event is not None or index not in self.opened):
                yield _Drop(op=op, event=event, mask=mask)

    def missed(self, drop: _Drop) -> Event | None:
        """The first layer after the loss that takes masks of such values and gets none."""
        waiting, seen = [drop.op], {drop.op.name}
        deprived: list[Event] = []
        while waiting:
            for tensor in waiting.pop().outputs:
                for index in self.consumers.get(tensor.name, []):
                    op, event = self._operations[index], self.owners[index]
                    if op.name in seen:
                        continue
                    seen.add(op.name)
                    if event is not None and event is not drop.event and _would_use(event, tensor, drop.mask):
                        deprived.append(event)
                    else:
                        waiting.append(op)
        return min(deprived, key=lambda event: event.start, default=None)


def _is_layer(event: Event | None) -> bool:
    return event is not None and is_layer(event.layer)


def _would_use(event: Event, tensor: Live, mask: Live) -> bool:
    if event.masked or not _is_layer(event) or tensor.shape.rank is None or tensor.shape.rank <= mask.shape.rank:
        return False
    return _takes_masks(event) and bool(tensor.shape[: mask.shape.rank].is_compatible_with(mask.shape))


def _hands_on(event: Event) -> bool:
    """Whether a layer uses the mask or hands it on; ``Add`` of a value with a mask and one without gives none."""
    return bool(event.layer.supports_masking and (event.masks or _takes_masks(event)))


def _takes_masks(event: Event) -> bool:
    """Whether a layer is given masks; a Lambda has them for its function, which may not ask."""
    asked = event.layer.function if isinstance(event.layer, keras.layers.Lambda) else event.layer.call
    try:
        return any("mask" in name for name in inspect.signature(asked).parameters)
    except (TypeError, ValueError):  # a function of C has no signature, and takes no mask
        return False


def _lost_at(drop: _Drop, root: str) -> Site:
    if drop.event is not None:
        return layer_site(drop.event, root)
    site = op_site(drop.op)
    written = None if site.source is None else expression(site.source, site.function)
    return Site(node="", display=written or site.function or str(drop.op.type), source=relative(site.source, root))
