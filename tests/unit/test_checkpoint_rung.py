"""Why does a checkpoint give other outputs? Only for what did not arrive."""

from __future__ import annotations

import numpy as np

from kerasdiff.align.pair import WeightTransfer
from kerasdiff.findings import Fact
from kerasdiff.graph.values import Tolerance
from kerasdiff.probing.closeness import compare_values
from kerasdiff.probing.observations import StoredObservation
from kerasdiff.rungs.checkpoint import _rung
from kerasdiff.side.checkpoints import Restored, Saved

ONE, OTHER = np.ones(3), np.full(3, 2.0)


def saved(path: str, digest: str = "k") -> Saved:
    return Saved(
        files={".weights.h5": "net"},
        alike=(),
        problems={},
        stored={path: (2, 2)},
        paths={"kernel": path},
        digests={"kernel": digest},
    )


def cause(one: Saved, other: Saved, arrived: str) -> Fact:
    """The reason that a rung gives for outputs that differ."""
    transfer = WeightTransfer(pairs={"kernel": "kernel"}, reference=(), candidate=(), complete=True, guessed=False)
    tolerance = Tolerance(limit=1e-5, grounds="float32")
    seen = StoredObservation(
        saved=one,
        other=other,
        restored={".weights.h5": Restored(error="", digests={"kernel": arrived})},
        outputs={".weights.h5": compare_values(ONE, OTHER, tolerance)},
    )
    return _rung(transfer, seen, required=False, ignore_names=False).findings[0].parts[0].fact


def test_a_weight_that_arrives_from_another_path_is_no_reason() -> None:
    assert cause(saved("layers/conv2d/vars/0"), saved("conv/vars/0", "own"), "k") is Fact.ALL_ARRIVED


def test_a_weight_that_does_not_arrive_is_one() -> None:
    names = cause(saved("layers/conv2d/vars/0"), saved("conv/vars/0", "own"), "own")

    assert names is Fact.STORED_UNDER_OTHER_NAMES
