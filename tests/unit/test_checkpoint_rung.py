"""Why does a checkpoint give other outputs? Only for what did not arrive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerasdiff.align.pair import WeightTransfer
from kerasdiff.findings import Fact
from kerasdiff.graph.values import Tolerance
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.observations import StoredObservation
from kerasdiff.report.wording.findings.table import detail
from kerasdiff.rungs.checkpoint import _rung
from kerasdiff.rungs.records import CheckpointFigures
from kerasdiff.side.checkpoints import CHECKPOINT, WEIGHTS, Restored, Saved

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


def second(fate: dict[str, str]) -> StoredObservation:
    """What became of files of Keras 2 with two weights of one shape: ``same``, ``swapped`` or ``refused``, by kind."""
    held = {"one": "1", "two": "2"}
    places = {"one": "layers/a/vars/0", "two": "layers/b/vars/0"}
    known = {"stored": dict.fromkeys(places.values(), (2,)), "paths": places, "problems": {}, "alike": ()}
    inside = {form: {name: f"{name}:0" for name in held} for form in fate}
    tolerance = Tolerance(limit=1e-5, grounds="float32")
    got = {"same": held, "swapped": {"one": "2", "two": "1"}, "refused": {"one": "x", "two": "y"}}
    return StoredObservation(
        saved=Saved(files=dict.fromkeys(fate, "net"), digests=held, inside=inside, **known),
        other=Saved(files={WEIGHTS: "net"}, digests=got["refused"], inside={WEIGHTS: places}, **known),
        restored={
            form: Restored(error="no" if what == "refused" else "", digests=got[what]) for form, what in fate.items()
        },
        outputs={
            form: compare_values(ONE, ONE if what == "same" else OTHER, tolerance)
            for form, what in fate.items()
            if what != "refused"
        },
    )


@pytest.mark.parametrize(
    ("fate", "required", "outcome", "facts"),
    [
        ({WEIGHTS: "same", ".h5": "same"}, True, "equal", [Fact.LOADS]),
        ({WEIGHTS: "same", CHECKPOINT: "refused"}, True, "equal", [Fact.LOADS, Fact.UNREAD_FORM]),
        ({WEIGHTS: "same", ".h5": "swapped"}, False, "advisory", [Fact.LOADS_OTHERWISE, Fact.LOADS]),
        ({WEIGHTS: "same", ".h5": "swapped"}, True, "different", [Fact.LOADS_OTHERWISE, Fact.LOADS]),
        ({WEIGHTS: "refused", ".h5": "same"}, True, "advisory", [Fact.LOAD_REFUSED, Fact.LOADS]),
        ({WEIGHTS: "refused", ".h5": "refused"}, True, "different", [Fact.LOAD_REFUSED, Fact.LOAD_REFUSED]),
    ],
    ids=lambda value: "-".join(f"{k}-{v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_each_kind_of_file_is_told(fate: dict[str, str], required: bool, outcome: str, facts: list[Fact]) -> None:
    pairs = {"one": "one", "two": "two"}
    transfer = WeightTransfer(pairs=pairs, reference=(), candidate=(), complete=True, guessed=False)

    rung = _rung(transfer, second(fate), required=required, ignore_names=False, crosses=True)

    assert (rung.outcome, [finding.fact for finding in rung.findings]) == (outcome, facts)
    assert isinstance(rung.figures, CheckpointFigures)
    wrong = [form for form, what in fate.items() if what != "same"]
    assert rung.figures.mapped == (wrong[0] if wrong else "")
    assert rung.figures.mapping == ((("one:0", "layers/a/vars/0"), ("two:0", "layers/b/vars/0")) if wrong else ())


def test_weights_with_the_values_of_others_are_named() -> None:
    pairs = {"one": "one", "two": "two"}
    transfer = WeightTransfer(pairs=pairs, reference=(), candidate=(), complete=True, guessed=False)

    rung = _rung(transfer, second({".h5": "swapped", WEIGHTS: "same"}), required=False, ignore_names=False)

    assert "one gets what two saved, two gets what one saved" in detail(rung)


@pytest.mark.parametrize(
    ("held", "outputs", "says"),
    [
        (
            {"one": "1", "two": "2"},
            ONE,
            "loads without an error and gives the same outputs",
        ),
        (
            {"one": "1", "two": "y"},
            OTHER,
            "loads without an error, but leaves two as they were",
        ),
        ({"one": "2", "two": "1"}, OTHER, "loads without an error, but outputs differ"),
    ],
)
def test_an_option_is_told_where_the_file_does_not_do_without(
    held: dict[str, str], outputs: np.ndarray, says: str
) -> None:
    pairs = {"one": "one", "two": "two"}
    transfer = WeightTransfer(pairs=pairs, reference=(), candidate=(), complete=True, guessed=False)
    seen = second({".h5": "swapped", WEIGHTS: "same"})
    named = replace(seen.restored[".h5"], otherwise={"by_name": Restored(error="", digests=held)})
    close = compare_values(ONE, outputs, Tolerance(limit=1e-5, grounds="float32"))
    seen = replace(seen, restored={**seen.restored, ".h5": named}, otherwise={(".h5", "by_name"): close})

    told = detail(_rung(transfer, seen, required=False, ignore_names=False))

    assert f"with `by_name=True` the .h5 {says}" in told
