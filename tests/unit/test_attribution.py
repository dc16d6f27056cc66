"""What is said of the effects of edits."""

from __future__ import annotations

from kerasdiff.comparison import Attribution, Effect


def test_a_difference_that_no_edit_names_is_said() -> None:
    kept = {
        "together": (),
        "divergence": None,
        "own": (),
        "one_way": (),
        "compared": 3,
        "mode": "inference",
        "notes": (),
        "probes": ("normal",),
    }
    some = Attribution(
        effects=(Effect(sizes={"output": 0.4}, harmless=False),),
        total={"output": 0.4},
        remaining={"output": 0.3},
        limits={"output": 1e-9},
        explained=False,
        precision="float64",
        **kept,
    )

    assert some.sentence == (
        "With this edit applied they still differ (output by 3.0e-01, limit 1e-09): "
        "something differs that no edit names."
    )
