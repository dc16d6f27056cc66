"""On which rows are both sides run in parts? Those of the worst probe, and of what else fits beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kerasdiff.findings import Compared, Subject
from kerasdiff.graph import Graph
from kerasdiff.graph.values import Array, Tolerance
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.prober import rank

Batch = tuple[Array, ...]
"""One array per model input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One batch of several probes, and the limit that values on it are held to.

    Attributes:
        batch: Their rows, one probe after the other.
        probes: Which rows are whose, by name of the probe.
        tolerance: Of what is computed from the same values, as a fraction of its scale on one probe.
        overall: Of what each side computes on its own, which may have amplified rounding by then.
    """

    batch: Batch
    probes: Mapping[str, slice]
    tolerance: Tolerance
    overall: Tolerance

    @property
    def on_their_own(self) -> Rows:
        """The same for values that each side computes on its own."""
        return replace(self, tolerance=self.overall)

    def compare(self, reference: Array, candidate: Array) -> Compared:
        """The worst probe's rows, each on their own scale; the whole where the value has other rows.

        Values are compared in the wider dtype: an op that always answers in float32 stays so in a float64 model.

        Raises:
            EvaluateError: If the values are empty.
        """
        one, two = _widened(reference, candidate)
        count = max(rows.stop or 0 for rows in self.probes.values())
        if len(self.probes) == 1 or not one.shape or len(one) != count or one.shape != two.shape:
            return self._compared(next(iter(self.probes)), one, two)
        return max((self._compared(name, one[rows], two[rows]) for name, rows in self.probes.items()), key=rank)

    def _compared(self, probe: str, one: Array, two: Array) -> Compared:
        subject = Subject(quantity="output", probe=probe)
        return Compared(subject=subject, closeness=compare_values(one, two, self.tolerance))


def stacked(batches: Mapping[str, Batch], most: int, *, fixed: bool) -> tuple[Batch, dict[str, slice]]:
    """Rows of several probes in one batch, at most so many.

    Args:
        batches: By name of the probe, the most important first.
        most: Rows, of all of them; the first probe gives one at least.
        fixed: Whether the models take one batch size alone: then the first probe stands alone, whole.

    Returns:
        The batch, and which rows are whose; of a probe whose inputs have no common number of rows, all.
    """
    parts: list[Batch] = []
    probes: dict[str, slice] = {}
    start = 0
    for name, batch in batches.items():
        rows = {len(one) if one.ndim else 0 for one in batch}
        if len(rows) != 1 or 0 in rows:
            if not parts:
                return batch, {name: slice(None)}
            break
        count = min(*rows, max(1, most) - start)
        if count < 1 or (parts and fixed):
            break
        parts.append(batch if fixed else tuple(one[:count] for one in batch))
        probes[name] = slice(start, start + count)
        start += count
    return _joined(parts), probes


def values_a_row(graph: Graph) -> int:
    """How many values its nodes give for one row; a size that is not known counts as 1."""
    return sum(
        int(np.prod([dim or 1 for dim in (spec.shape or ())[1:]]))
        for node in graph
        for spec in node.outputs
        if node.kind not in ("read", "const")
    )


def _joined(parts: Sequence[Batch]) -> Batch:
    return tuple(np.concatenate(batches) for batches in zip(*parts, strict=True))


def _widened(one: Array, two: Array) -> tuple[Array, Array]:
    if one.dtype == two.dtype or not one.dtype.kind == two.dtype.kind == "f":
        return one, two
    wide = np.promote_types(one.dtype, two.dtype)
    return one.astype(wide), two.astype(wide)
