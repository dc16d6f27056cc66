"""Where a mask gets lost between the layer that makes it and one that would use it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from kerasdiff.graph.ops import SHAPE_ONLY
from kerasdiff.worker.tracing.sites import op_site
from kerasdiff.worker.tracing.sources import relative
from kerasdiff.worker.tracing.trace import Event, Recording


@dataclass(frozen=True)
class _Drop:
    """An op that takes a value with a mask and looks at neither the mask nor hands it on."""

    op: Any
    event: Event | None
    made_by: Event
    mask: Any


def lost_masks(recording: Recording, root: str) -> Iterator[str]:
    """One sentence for each mask that is made and then used by nobody, or missing where it would be used.

    A user who takes the mask into their own hands is left alone.
    """
    operations = recording.graph.get_operations()
    owner = _owners(recording, len(operations))
    carriers = {
        tensor.name: (event, tensor._keras_mask)
        for event in sorted(recording.events, key=lambda event: event.atomic)
        for tensor in event.outputs
        if getattr(tensor, "_keras_mask", None) is not None
    }
    if not carriers:
        return
    consumers: dict[str, list[int]] = {}
    for index, op in enumerate(operations):
        for tensor in op.inputs:
            consumers.setdefault(tensor.name, []).append(index)
    returned = {mask.name for tensor in recording.outputs if (mask := getattr(tensor, "_keras_mask", None)) is not None}
    for name, (made_by, mask) in carriers.items():
        users = consumers.get(mask.name, [])
        if any(not _is_layer(owner[index]) for index in users):
            continue
        for index in consumers.get(name, []):
            if _keeps(operations[index], owner[index]):
                continue
            drop = _Drop(op=operations[index], event=owner[index], made_by=made_by, mask=mask)
            missed = _missed(drop, operations, owner, consumers)
            text = f"the mask of {made_by.path} is lost in {_told(drop, root)}"
            if missed is not None:
                yield f"{text}; {missed.path}{_line(missed, root)}, which would use it, gets none"
            elif not users and mask.name not in returned:
                yield f"{text}; nothing uses it"


def _owners(recording: Recording, count: int) -> list[Event | None]:
    """For each op the call of a built-in layer or operation it belongs to."""
    owner: list[Event | None] = [None] * count
    for event in recording.events:
        if event.atomic:
            owner[event.start : min(event.stop, count)] = [event] * max(min(event.stop, count) - event.start, 0)
    return owner


def _is_layer(event: Event | None) -> bool:
    return event is not None and isinstance(event.layer, keras.layers.Layer)


def _keeps(op: Any, event: Event | None) -> bool:
    if op.type in SHAPE_ONLY:
        return True
    return event is not None and _is_layer(event) and bool(event.layer.supports_masking)


def _missed(
    drop: _Drop, operations: list[Any], owner: list[Event | None], consumers: dict[str, list[int]]
) -> Event | None:
    """The first layer after the loss that takes masks of such values and gets none."""
    open_ops, seen = [drop.op], {drop.op.name}
    found: list[Event] = []
    while open_ops:
        for tensor in open_ops.pop().outputs:
            for index in consumers.get(tensor.name, []):
                op, event = operations[index], owner[index]
                if op.name in seen:
                    continue
                seen.add(op.name)
                if event is not None and event is not drop.event and _would_use(event, tensor, drop.mask):
                    found.append(event)
                else:
                    open_ops.append(op)
    return min(found, key=lambda event: event.start, default=None)


def _would_use(event: Event, tensor: Any, mask: Any) -> bool:
    if event.masked or not _is_layer(event) or tensor.shape.rank is None or tensor.shape.rank <= mask.shape.rank:
        return False
    takes = any("mask" in name for name in inspect.signature(event.layer.call).parameters)
    return takes and bool(tensor.shape[: mask.shape.rank].is_compatible_with(mask.shape))


def _told(drop: _Drop, root: str) -> str:
    if drop.event is not None:
        return f"{drop.event.path}{_line(drop.event, root)}"
    site = op_site(drop.op)
    source = relative(site.source, root)
    return f"{site.function or drop.op.type}{f' ({source})' if source else ''}"


def _line(event: Event, root: str) -> str:
    source = relative(event.site or event.source, root)
    return f" ({source})" if source else ""
