"""What may be given as an input? Batches changed within what the ports of a model take."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kerasdiff.explain.rows import Batch
from kerasdiff.graph import Port
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.probes import FARTHEST, family_of


class Domain:
    """The inputs of one model; those that take no floating numbers stay as they are.

    Args:
        ports: Of the model, in order.
    """

    def __init__(self, ports: Sequence[Port]) -> None:
        self._ports = ports
        self._floating = [family_of(port) == "float" for port in ports]

    @property
    def floating(self) -> bool:
        """Whether any input takes floating numbers."""
        return any(self._floating)

    def mapped(self, batch: Batch, change: Callable[[Array], Array]) -> Batch:
        """A batch with its floating inputs changed, each in float64, within their bounds."""
        return self._bounded(batch, [change(one) for one in self.wide(batch)])

    def moved(self, batch: Batch, steps: Sequence[Array]) -> Batch:
        """A batch with a step added to each floating input, within their bounds."""
        return self._bounded(batch, [one + step for one, step in zip(self.wide(batch), steps, strict=True)])

    def wide(self, batch: Batch) -> Batch:
        """A batch with its floating inputs in float64."""
        return tuple(
            one.astype(np.float64) if floating else one for one, floating in zip(batch, self._floating, strict=True)
        )

    def holds(self, batch: Batch) -> bool:
        """Whether no floating value of a batch lies beyond :data:`FARTHEST`."""
        return not any(np.max(np.abs(one), initial=0.0) > FARTHEST for one in batch if one.dtype.kind == "f")

    def _bounded(self, batch: Batch, changed: Sequence[Array]) -> Batch:
        return tuple(
            _clipped(new, port).astype(one.dtype) if floating else one
            for one, new, port, floating in zip(batch, changed, self._ports, self._floating, strict=True)
        )


def _clipped(values: Array, port: Port) -> Array:
    low = -np.inf if port.low is None else port.low
    high = np.inf if port.high is None else port.high
    return np.clip(values, low, high)
