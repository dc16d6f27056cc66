"""What a user requires of an equivalence, and what is left out of it: through the command."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from command import Answer, run_command

pytest.importorskip("keras")

NETWORK = "policies.py:network"
HAND = "by_hand=True"
SETTINGS = {
    "initializer": "initializer='he_normal'",
    "regularizer": "l2=0.01",
    "constraint": "limit=1.0",
    "trainable": "frozen=True",
}


def ignoring(*names: str) -> tuple[str, ...]:
    return ("--no-fit", *(part for name in names for part in ("--ignore", name)))


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("proved", [True, False], ids=["proof", "numeric"])
def test_an_ignored_setting_and_its_consequences_are_left_out(
    compare: Callable[..., Answer], name: str, proved: bool
) -> None:
    pair = NETWORK, f"{NETWORK}({SETTINGS[name]}{'' if proved else ', ' + HAND})"
    plain, ignored = compare(*pair), compare(*pair, (), ignoring(name))
    verdict = ignored.report["verdict"]

    assert plain.report["verdict"]["outcome"] == "different"
    assert (verdict["outcome"], verdict["basis"]) == ("equivalent", "proof" if proved else "numeric"), verdict
    assert (plain.exit_code, ignored.exit_code) == (1, 0)
    (said,) = ignored.report["terms"]["ignored"]
    assert said.startswith(f"{name}: hid ")
    assert "in weights" in said
    assert "in training step" not in said
    assert "ignored" not in plain.report["terms"]


@pytest.mark.parametrize("at_once", [False, True], ids=["layer", "model"])
def test_a_frozen_batch_normalisation_is_thawed_with_the_rest(compare: Callable[..., Answer], at_once: bool) -> None:
    frozen = f"policies.py:normed(frozen=True, at_once={at_once})"
    pair = "policies.py:normed", frozen
    plain, ignored = compare(*pair), compare(*pair, (), ignoring("trainable"))
    other = compare("policies.py:normed(momentum=0.9)", frozen, (), ignoring("trainable"))

    assert plain.report["verdict"]["outcome"] == "different"
    assert ignored.report["verdict"] | {"summary": ""} == {
        "advice": None,
        "outcome": "equivalent",
        "basis": "proof",
        "summary": "",
    }
    assert ignored.report["terms"]["ignored"] == [f"trainable: hid {4 if at_once else 2} differences in weights"]
    assert other.report["verdict"]["outcome"] == "different"


def test_what_a_layer_declares_as_not_trainable_stays_so(compare: Callable[..., Answer]) -> None:
    pair = "policies.py:scaled", "policies.py:scaled(learned=False)"
    plain, ignored = compare(*pair), compare(*pair, (), ignoring("trainable"))

    assert plain.report["verdict"]["outcome"] == "different"
    assert ignored.report["verdict"]["outcome"] == "equivalent", ignored.report["verdict"]
    assert ignored.report["terms"]["ignored"] == ["trainable: hid 1 difference in weights"]


def test_weights_may_be_stored_in_another_precision(compare: Callable[..., Answer]) -> None:
    pair = "policies.py:scaled", "policies.py:scaled(stored='float64')"
    plain, ignored = compare(*pair), compare(*pair, (), ignoring("dtype"))

    assert plain.report["verdict"]["outcome"] == "different"
    assert ignored.report["verdict"]["outcome"] == "equivalent", ignored.report["verdict"]
    assert ignored.report["terms"]["ignored"] == ["dtype: hid 1 difference in weights, 1 difference in training step"]


def test_an_ignored_setting_hides_no_other(compare: Callable[..., Answer]) -> None:
    """Each name against each other setting."""
    for name in SETTINGS:
        others = [setting for other, setting in SETTINGS.items() if other != name]
        answer = compare(NETWORK, f"{NETWORK}({', '.join(others)})", (), ignoring(name))

        assert answer.report["verdict"]["outcome"] == "different"
        assert answer.report["terms"]["ignored"] == [f"{name}: hid no difference"]


def test_names_may_be_listed_or_repeated(compare: Callable[..., Answer]) -> None:
    changed = f"{NETWORK}({', '.join(SETTINGS.values())}, {HAND})"
    listed = compare(NETWORK, changed, (), ignoring("trainable,initializer", "regularizer , constraint,trainable"))
    in_order = compare(NETWORK, changed, (), ignoring("initializer", "regularizer", "constraint", "trainable"))

    assert listed.report["verdict"]["outcome"] == "equivalent"
    assert listed.stdout == in_order.stdout
    assert len(listed.report["terms"]["ignored"]) == 4


def test_an_ignored_regularizer_is_not_trained_with(compare: Callable[..., Answer]) -> None:
    pair = "norms.py:regularized", "norms.py:regularized(strength=0)"
    fit = ("--fit-steps", "3")
    plain, ignored = compare(*pair, (), fit), compare(*pair, (), (*fit, "--ignore", "regularizer"))

    assert not plain.report["fit"]["difference"]["identical"]
    assert ignored.report["fit"]["difference"]["identical"]
    assert ignored.report["verdict"]["outcome"] == "equivalent"


def test_compile_settings_may_be_ignored(compare: Callable[..., Answer]) -> None:
    pair = f"{NETWORK}(optimizer='adam')", f"{NETWORK}(optimizer='sgd')"

    assert compare(*pair).report["verdict"]["outcome"] == "different"
    answer = compare(*pair, (), ignoring("compile"))
    assert answer.report["verdict"]["outcome"] == "equivalent"
    (ignored,) = answer.report["terms"]["ignored"]
    assert re.fullmatch(r"compile: hid \d+ differences? in weights", ignored)
    assert answer.report["edits"] == []


def test_keys_of_a_dict_count_unless_names_are_ignored(compare: Callable[..., Answer]) -> None:
    pair = "policies.py:named", "policies.py:named(first='member')"
    plain, ignored = compare(*pair), compare(*pair, (), ignoring("names"))

    assert plain.report["verdict"]["outcome"] == "different"
    assert "both take a dict, with other keys: user against member" in plain.report["verdict"]["summary"]
    assert ignored.report["verdict"]["outcome"] == "equivalent"
    assert ignored.report["terms"]["ignored"] == ["names: hid 1 difference in interface"]


def test_arguments_are_matched_by_name_or_by_position(compare: Callable[..., Answer]) -> None:
    pair, inputs = ("policies.py:Pair", "policies.py:Turned"), ("left=4", "right=4")

    assert compare(*pair, inputs).report["verdict"]["outcome"] == "equivalent"
    assert compare(*pair, inputs, ignoring("names")).report["verdict"]["outcome"] == "different"


@pytest.mark.parametrize(
    ("candidate", "required", "outcome", "code"),
    [
        ("network", "proof", "equivalent", 0),
        ("network(by_hand=True)", "proof", "inconclusive", 3),
        ("network(by_hand=True)", "numeric", "equivalent", 0),
        ("network(by_hand=True)", "statistical", "equivalent", 0),
        ("network(l2=0.01)", "proof", "different", 1),
    ],
)
def test_required_evidence(
    compare: Callable[..., Answer], candidate: str, required: str, outcome: str, code: int
) -> None:
    answer = compare(NETWORK, f"policies.py:{candidate}", (), ("--no-fit", "--require", required))
    verdict = answer.report["verdict"]

    assert (verdict["outcome"], answer.exit_code) == (outcome, code), verdict
    assert ("required" in answer.report["terms"]) == (required != "statistical")
    if outcome == "inconclusive":
        assert "the evidence is numeric and proof is required: Not proved by rewrites" in verdict["summary"]


def test_an_unknown_name_is_a_usage_error() -> None:
    answer = run_command("compare", NETWORK, NETWORK, "--ignore", "regularizer,\x1b[1mbias")

    assert answer.exit_code == 2
    assert "initializer, regularizer, constraint, trainable, dtype, compile, names" in answer.stderr
    assert "\x1b" not in answer.stderr
    assert answer.stdout == ""
