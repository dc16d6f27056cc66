"""The figures of a page: what they say, what their scripts and tables are given, and that large ones stay small."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace

import plot_samples as plots
import pytest
import report_samples as samples

from kerasdiff.align.edits import Insert, Move, Update
from kerasdiff.comparison import Comparison
from kerasdiff.drawing import Drawing
from kerasdiff.explain.records import Effect, Measure
from kerasdiff.findings import Site
from kerasdiff.fitting.trajectories import parted
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.graph import Weight
from kerasdiff.report.html.numbers import figure
from kerasdiff.report.html.page import to_html
from kerasdiff.report.html.plots import of_fit, of_models, plot_data
from kerasdiff.report.html.plots.records import Figure
from kerasdiff.report.html.plots.runs import means
from kerasdiff.report.html.plots.thinning import MOST_POINTS, kept, largest, spread
from kerasdiff.report.json import to_json
from kerasdiff.report.named import Named
from kerasdiff.report.saved import read
from kerasdiff.report.wording import plots as wording


def figures(comparison: Comparison) -> tuple[Figure, ...]:
    return (*of_models(comparison), *of_fit(comparison.fit))


def by_name(comparison: Comparison) -> Mapping[str, Figure]:
    return {item.name: item for item in figures(comparison)}


def drawing(comparison: Comparison) -> Drawing:
    assert comparison.drawing is not None
    return comparison.drawing


# All of them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", plots.COMPARISONS)
def test_figures_are_plain_data_and_the_same_each_time(name: str) -> None:
    comparison = plots.COMPARISONS[name]()
    shown = figures(comparison)

    # Strict JSON: what is not finite has a name.
    assert json.dumps(plot_data(shown), allow_nan=False) == json.dumps(plot_data(figures(comparison)), allow_nan=False)
    for item in shown:
        assert item.title
        assert item.caption.endswith(".")
        assert all(note.endswith(".") for note in item.notes)
        assert {len(row) for row in item.table.rows} == {len(item.table.head)}, item.name


def test_a_page_is_the_same_each_time_with_its_plots() -> None:
    comparison = plots.whole()
    page = to_html(Named.of(comparison))

    assert page == to_html(Named.of(comparison))
    assert page.count('<figure class="plot"') == len(figures(comparison)) == 9


@pytest.mark.parametrize("name", [name for name in plots.COMPARISONS if name not in ("long", "many-seeds")])
def test_a_saved_report_shows_the_same_figures(name: str) -> None:
    comparison = plots.COMPARISONS[name]()

    again = read(json.loads(to_json(comparison)))

    assert figures(again) == figures(comparison)


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "parting": ["depth", "gradients", "effects"],
        "deep": ["depth", "effects"],
        "fit": ["epochs", "steps", "distances", "decision", "agreement", "classes"],
        "regression": ["epochs", "steps", "distances", "decision"],
        "identical": ["epochs", "steps"],
        "cut-off": ["epochs"],
    }.items(),
)
def test_a_figure_without_data_is_absent(name: str, expected: list[str]) -> None:
    assert list(by_name(plots.COMPARISONS[name]())) == expected


def test_nothing_to_plot_leaves_no_section() -> None:
    comparison = replace(samples.forum(), attribution=None, fit=None)

    assert figures(comparison) == ()
    assert plot_data(()) is None
    assert 'class="plots"' not in to_html(Named.of(comparison))


def test_names_of_models_stay_text() -> None:
    comparison = plots.parting()
    evil = "<img src=x onerror=alert(1)>"
    side = drawing(comparison).sides[1]
    depth = drawing(comparison).depth
    assert depth is not None
    nodes = (replace(depth.nodes[0], nodes=(evil, evil)), *depth.nodes[1:])
    page = to_html(
        Named.of(
            replace(
                comparison, drawing=replace(drawing(comparison), sides=(side, side), depth=replace(depth, nodes=nodes))
            )
        )
    )

    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        (0.0, 0.0),
        (1 / 3, 0.3333333),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
    ],
)
def test_what_is_not_finite_goes_by_the_name_that_scripts_read(value: float | None, written: object) -> None:
    assert figure(value) == written


# Thinning ----------------------------------------------------------------------------------------------------


def test_small_curves_are_whole_and_large_ones_keep_their_spikes() -> None:
    values = [math.sin(at / 50) for at in range(10_000)]
    values[4_321] = 7.0
    values[8_765] = -7.0

    chosen = kept(values)

    assert kept(values[:MOST_POINTS]) == list(range(MOST_POINTS))
    assert len(chosen) <= MOST_POINTS + 2
    assert {0, 4_321, 8_765, 9_999} <= set(chosen)
    assert chosen == sorted(chosen)


def test_the_first_that_is_not_finite_is_kept() -> None:
    values = [1.0] * 3_000 + [math.nan] * 10

    assert any(math.isnan(values[at]) for at in kept(values))


def test_many_are_shown_by_some_at_even_distances_and_by_the_largest_in_their_order() -> None:
    assert spread(list(range(100)), 4) == [0, 33, 66, 99]
    assert spread([1, 2], 4) == [1, 2]
    assert largest([3, 9, math.nan, 1, 9], lambda size: size, 3) == [9, pytest.approx(math.nan, nan_ok=True), 9]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("many-seeds", "Of 45 seeds, 30 are drawn, at even distances; means are of all."),
        ("long", "Of each 10 steps, the lowest and the highest are drawn."),
    ],
)
def test_what_is_left_out_is_said_and_pages_stay_small(name: str, told: str) -> None:
    comparison = plots.COMPARISONS[name]()

    assert told in by_name(comparison)["steps"].notes
    assert len(json.dumps(plot_data(figures(comparison)))) < 400_000
    assert not any("drawn" in note for note in by_name(plots.fitted(plots.fit()))["steps"].notes)


def test_means_are_of_all_seeds_though_some_are_drawn() -> None:
    held = plots.fit(45, steps=12)
    (mean, _) = means(held, lambda trial: (range(1, len(trial.losses) + 1), trial.losses))
    losses = [trial.losses[0] for trial in held.trials if trial.side == "reference"]

    assert mean.mean[0] == pytest.approx(sum(losses) / 45)
    assert mean.deviation[0] == pytest.approx(math.sqrt(sum((one - mean.mean[0]) ** 2 for one in losses) / 44))


# Along the model ---------------------------------------------------------------------------------------------


def test_depth_says_where_values_part_and_what_differs_by_itself() -> None:
    shown = by_name(plots.parting())["depth"]

    assert shown.caption == (
        "The first 3 values agree; they part at mp_1 (max_pooling2d, b.py:28). Of 14 aligned values, 11 differ by more "
        "than the limit of 1e-09: up to 90 % of scale. Fed the reference's values, 1 still differs: mp_1 "
        "(max_pooling2d, b.py:28)."
    )
    assert shown.table.rows[3] == ("mdl/mp_1", "mp_1", "b.py:28", "0.9", "0.7", "1e-09")
    assert [series["name"] for series in shown.data["series"]] == ["overall", "local"]


@pytest.mark.parametrize(
    ("distances", "caption"),
    [
        ([(0.0, 0.0)] * 3, "All 3 aligned values are equal to the last bit."),
        ([(0.0, 0.0), (2e-16, 0.0)], "All 2 aligned values agree: 2e-16 of scale at most, limit 1e-09."),
        ([(0.5, 0.5)], "The values part at the very first: input (input). Of 1 aligned value, 1 differs by more than "
         "the limit of 1e-09: up to 50 % of scale. Fed the reference's values, 1 still differs: input (input)."),
        ([(0.0, 0.0), (math.nan, 0.0), (0.1, 0.0)], "The first value agrees; they part at c2d_32 (conv2d, b.py:25). Of "
         "3 aligned values, 2 differ by more than the limit of 1e-09: up to 10 % of scale and 1 without a finite "
         "distance. Fed the reference's values, none differs by itself."),
    ],
)  # fmt: skip
def test_the_caption_of_depth(distances: list[tuple[float, float]], caption: str) -> None:
    assert by_name(plots.along(distances))["depth"].caption == caption


def test_edits_stand_between_the_nodes_they_were_put_between() -> None:
    marks = by_name(plots.parting())["depth"].data["marks"]

    assert marks == [{"at": 2.5, "text": "1"}, {"at": 5.5, "text": "2"}, {"at": 8.5, "text": "3"}]


def test_an_update_stands_at_its_node_a_move_at_both_of_its_places_and_settings_of_weights_nowhere() -> None:
    comparison = plots.parting()
    first, second = Site(node="c2d_64", op="conv2d"), Site(node="dns_64", op="dense")
    edits = (
        Update(op="conv2d", reference=first, candidate=first, changes=()),
        Move(op="dense", reference=first, candidate=second, behind=((), ())),
        Update(op="conv2d", rung="weights", reference=first, candidate=first, changes=()),
        Insert(op="relu", reference=None, candidate=first, modes=("training",)),
        Insert(op="relu", reference=None, candidate=Site(node="nowhere", op="relu")),
    )

    # Both sides share a graph here; the reference's names have a prefix, so give them the candidate's.
    depth = drawing(comparison).depth
    assert depth is not None
    nodes = tuple(replace(item, nodes=(item.nodes[1], item.nodes[1])) for item in depth.nodes)
    shown = replace(comparison, edits=edits, drawing=replace(drawing(comparison), depth=replace(depth, nodes=nodes)))

    assert by_name(shown)["depth"].data["marks"] == [{"at": 4.0, "text": "1, 2"}, {"at": 10.0, "text": "2"}]


def test_gradients_say_what_is_beyond_and_what_one_side_lacks() -> None:
    shown = by_name(plots.parting())["gradients"]

    assert shown.caption == (
        "The gradients of 3 of 5 weights are beyond the limit. The largest difference is 90 % of scale, of "
        "layer_0/kernel. Without a finite distance, or with a gradient on one side alone: layer_4/kernel."
    )
    assert shown.data["series"] == [{"name": "gradient", "values": [0.9, 0.002, 4e-15, 0.0, "Infinity"]}]
    agree = by_name(plots.along([(0.0, 0.0)], [0.0, 1e-15]))["gradients"]
    assert agree.caption == "The gradients of all 2 weights agree: 1e-15 of scale at most."


def test_a_weight_is_selected_by_the_node_that_holds_it() -> None:
    comparison = plots.parting()
    side = drawing(comparison).sides[1]
    weight = Weight(id="w1", path="layer_1/kernel", name="kernel", shape=(3,), dtype="float32", trainable=True)
    nodes = (side.graph.nodes[0], replace(side.graph.nodes[1], weights=("w1",)), *side.graph.nodes[2:])
    holding = replace(side, graph=replace(side.graph, nodes=nodes), weights=(weight,))
    shown = replace(comparison, drawing=replace(drawing(comparison), sides=(holding, holding)))

    assert by_name(shown)["gradients"].data["select"] == ["", side.graph.nodes[1].id, "", "", ""]


# Edits -------------------------------------------------------------------------------------------------------


def test_bars_are_of_each_edit_then_of_all_and_of_what_remains() -> None:
    shown = by_name(samples.forum())["effects"]

    assert shown.data["rows"] == [
        "1. insert relu (b.py:27)",
        "2. insert relu (b.py:31)",
        "3. insert relu (b.py:35)",
        "all edits together",
        "left with all applied",
    ]
    assert [(panel["title"], panel["limit"], panel["values"]) for panel in shown.data["panels"]] == [
        ("outputs", 1e-9, [0.7712, 0.4129, 0.2087, 0.84, 2.2e-15]),
        ("training outputs", 1e-9, [None, None, None, 0.9, 0.0]),
        ("gradients", 1e-7, [None, None, None, 0.9, 3.1e-15]),
    ]
    assert shown.caption == (
        "Edit 1 changes outputs the most: by 77 % of the largest value. With these 3 edits applied both agree to 3e-15 "
        "of the largest value: nothing else differs in outputs and gradients; not compared: an optimizer step."
    )


def test_edits_applied_as_one_share_a_bar_and_an_only_doer_is_called_so() -> None:
    attribution = samples.forum().attribution
    assert attribution is not None
    joint = Effect(sizes={Measure.LOSS: -0.25}, harmless=False)
    none = Effect(sizes={Measure.LOSS: 0.0}, harmless=True)
    held = replace(attribution, effects=(joint, joint, none), together=((0, 1),), explained=False, remaining={})
    shown = by_name(replace(samples.forum(), attribution=held))["effects"]

    assert shown.data["rows"][:2] == ["1, 2. insert relu (b.py:27)", "3. insert relu (b.py:35)"]
    assert shown.caption == "Only edits 1 and 2 change the training loss: by 0.25."
    assert shown.table.rows[0][-1] == "−0.25"


def test_edits_that_do_nothing_are_said_to() -> None:
    attribution = samples.forum().attribution
    assert attribution is not None
    held = replace(attribution, effects=(Effect(sizes={Measure.OUTPUT: 0.0}, harmless=True),), remaining={})
    assert wording.effects(held, ()) == "Applied alone, no edit changes anything beyond rounding."


# Trials ------------------------------------------------------------------------------------------------------


def test_curves_have_every_seed_means_and_controls() -> None:
    (panel, *_) = by_name(plots.fitted(plots.fit()))["epochs"].data["panels"]

    assert panel["title"] == "test accuracy"
    assert [(curve["side"], curve["seed"]) for curve in panel["curves"]] == [
        *(("reference", seed) for seed in range(5)),
        *(("candidate", seed) for seed in range(5)),
        ("control", 0),
        ("rounding", 0),
    ]
    assert [mean["side"] for mean in panel["means"]] == ["reference", "candidate"]
    assert panel["curves"][0]["x"] is None  # 1, 2, 3 and on


def test_one_seed_has_no_mean_and_says_so() -> None:
    shown = by_name(plots.fitted(plots.fit(1)))

    assert shown["epochs"].data["panels"][0]["means"] == []
    assert shown["epochs"].notes[0] == "One seed, which shows no spread."
    assert shown["decision"].caption == "One trial pair shows no spread between seeds."
    assert shown["decision"].data["rows"][0]["interval"] is None


@pytest.mark.parametrize("held", [plots.fit(2), plots.diverging()], ids=["whole", "diverging"])
def test_a_control_that_ends_within_an_epoch_is_not_shown_as_one(held: FitEvidence) -> None:
    short = plots.trial("control", 0, plots.falling(0), steps=8, epochs=1)
    shown = replace(held, trials=(*(one for one in held.trials if one.side != "control"), short))
    sides = [curve["side"] for curve in by_name(plots.fitted(shown))["epochs"].data["panels"][0]["curves"]]

    assert "control" not in sides
    assert "rounding" in sides


def test_a_trial_that_diverges_ends_where_it_does_and_stops_the_mean() -> None:
    shown = by_name(plots.fitted(plots.diverging()))
    (panel,) = shown["steps"].data["panels"]
    curve = next(one for one in panel["curves"] if (one["side"], one["seed"]) == ("candidate", 1))
    mean = next(one for one in panel["means"] if one["side"] == "candidate")

    assert curve["end"] == curve["y"][-1] == "NaN"
    assert len(mean["mean"]) == len(curve["y"]) - 1
    assert "Of the candidate, 1 trial ends in NaN or infinity (seed 1)." in shown["steps"].caption
    assert shown["decision"].data["seeds"][1] == [1, "-Infinity"]
    assert ("1", "not finite") in shown["decision"].table.rows
    assert shown["distances"].data["curves"][1]["y"][-1] == "Infinity"


def test_a_fit_that_was_cut_off_shows_the_epochs_it_had() -> None:
    (shown,) = figures(plots.fitted(plots.cut_off()))

    assert shown.caption == "No trial pair has finished."
    assert "Cut off before the end: 2 trials." in shown.notes
    assert all(not curve["whole"] for curve in shown.data["panels"][0]["curves"])


def test_distances_stand_against_the_limit_that_decided() -> None:
    held = plots.fit()
    shown = by_name(plots.fitted(held))["distances"]
    pair, controls = held.trials[:2], [trial for trial in held.trials if trial.side in ("control", "rounding")]
    found = parted(pair, [(pair[0], control) for control in controls])
    limit = shown.data["limit"]

    assert found == held.parted
    assert found is not None
    assert limit["y"][0] == pytest.approx(found.limit, rel=1e-6)
    assert limit["y"][-1] == pytest.approx(100 * 40e-7, rel=1e-6)  # where rounding has come to more than 1e-6 of a loss
    assert shown.data["marks"] == [{"at": found.step + 1, "text": "beyond the limit"}]
    assert shown.caption.startswith("Beyond the controls from step 2 on: step loss ")
    assert shown.table.head == ("step", "seed 0", "control", "rounding", "limit")


def test_without_a_control_nothing_is_held_against_a_limit() -> None:
    shown = by_name(plots.fitted(plots.fit(3, controls=False)))["distances"]

    assert shown.data["limit"] is None
    assert shown.caption == "No control ran, so that nothing says what is noise."


def test_the_decision_is_told_in_the_unit_of_its_axis() -> None:
    held = plots.fit()
    shown = by_name(plots.fitted(held))["decision"]
    assert held.decision is not None
    assert held.decision.interval is not None
    low, high = (100 * bound for bound in held.decision.interval)

    assert f"{low:+.2f} to {high:+.2f} points, lies beyond the margin of ±1." in shown.caption
    assert shown.data["rows"][0]["interval"] == pytest.approx([low, high])
    assert shown.data["margin"] == 1.0


def test_agreement_is_by_seed_and_classes_have_their_names() -> None:
    held = plots.fit()
    shown = by_name(plots.fitted(held))

    assert [seed for seed, _ in shown["agreement"].data["seeds"]] == [0, 1, 2, 3, 4]
    assert [name for name, _ in shown["classes"].data["classes"]] == list(plots.NAMES)
    assert shown["classes"].caption.startswith("Points apart the most: ring by +")
    none = by_name(plots.fitted(replace(held, classes=(0.0, math.nan, 0.01, 0.0))))["classes"]
    assert none.caption == "No class is apart by two points or more."
    assert none.table.rows[1] == ("ring", "no test rows")


def test_of_many_classes_those_apart_the_most_have_bars() -> None:
    held = replace(plots.fit(2), classes=tuple(at / 1_000 for at in range(100)))
    shown = by_name(plots.fitted(held))["classes"]

    assert len(shown.data["classes"]) == 24
    assert shown.data["classes"][-1] == ["class 99", 9.9]
    assert "Of 100 classes, the 24 that are apart the most." in shown.notes
    assert len(shown.table.rows) == 100
