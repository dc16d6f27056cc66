"""The check by Keras itself of what the mutation test takes for equal or different, and its random networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from keras import Input, Model, layers
from mutation.by_hand import LAYERS, STANDS_FOR
from mutation.drawing import contradiction, random_sample
from mutation.models import given, original
from mutation.neutral import expressions
from mutation.random_nets import network

from kerasdiff.worker.mutating.blueprint import Blueprint, read
from kerasdiff.worker.mutating.change import Change, set_to
from kerasdiff.worker.mutating.changes import changes
from kerasdiff.worker.mutating.independent import in_float64, parting


def one(*made: Callable[[], Any], shape: tuple[int, ...] = (6,), twice: bool = False) -> Callable[[], Model]:
    """A model of one layer, called on its input (``twice`` as query and value), and a head."""

    def build() -> Model:
        start = x = Input(shape)
        for layer in made:
            x = layer()(x, x) if twice else layer()(x)
        return Model(start, layers.Dense(2)(x))

    return build


IMAGE, STEPS = (7, 6, 2), (5, 3)
WRITTEN = {
    "dense": one(lambda: layers.Dense(4, activation="selu", kernel_regularizer="l2"), shape=STEPS),
    "dense-bare": one(lambda: layers.Dense(4, use_bias=False)),
    "conv": one(lambda: layers.Conv2D(3, (3, 2), padding="same", activation="tanh"), shape=IMAGE),
    "conv-strided": one(lambda: layers.Conv2D(3, (3, 2), strides=2, padding="same"), shape=IMAGE),
    "conv-dilated": one(lambda: layers.Conv2D(3, 2, dilation_rate=(3, 2), use_bias=False), shape=IMAGE),
    "layer-norm": one(lambda: layers.LayerNormalization(epsilon=0.1), shape=STEPS),
    "layer-norm-bare": one(lambda: layers.LayerNormalization(center=False, scale=False)),
    "batch-norm": one(lambda: layers.BatchNormalization(momentum=0.7), shape=IMAGE),
    "batch-norm-bare": one(lambda: layers.BatchNormalization(center=False, scale=False)),
    "attention": one(lambda: layers.MultiHeadAttention(2, 3, value_dim=4), shape=STEPS, twice=True),
    "attention-bare": one(lambda: layers.MultiHeadAttention(1, 3, use_bias=False), shape=STEPS, twice=True),
    "rnn": one(lambda: layers.SimpleRNN(4, return_sequences=True), shape=STEPS),
    "rnn-backwards": one(lambda: layers.SimpleRNN(4, go_backwards=True, activation="relu"), shape=STEPS),
    "lstm": one(lambda: layers.LSTM(4, unit_forget_bias=False, return_sequences=True), shape=STEPS),
    "lstm-bare": one(lambda: layers.LSTM(4, use_bias=False, go_backwards=True), shape=STEPS),
    "gru": one(lambda: layers.GRU(4, return_sequences=True), shape=STEPS),
    "gru-bare": one(lambda: layers.GRU(4, use_bias=False), shape=STEPS),
    "gru-reset-before": one(lambda: layers.GRU(4, reset_after=False), shape=STEPS),
    "average": one(lambda: layers.AveragePooling2D(2), shape=IMAGE),
    "average-1d": one(lambda: layers.AveragePooling1D(2), shape=STEPS),
    "max": one(lambda: layers.MaxPooling2D((2, 3)), shape=IMAGE),
    "max-1d": one(lambda: layers.MaxPooling1D(2), shape=STEPS),
}
"""Models whose first layer has a counterpart by hand."""

BENT = ("relu", "tanh", "sigmoid", "gelu", "silu", "softplus", "elu", "hard_sigmoid", "softmax")


def built(make: Callable[[], Model]) -> Blueprint:
    blueprint = read(make())
    blueprint.build()
    return blueprint


@pytest.mark.parametrize("name", WRITTEN)
def test_a_layer_by_hand_is_the_layer(name: str) -> None:
    with in_float64():
        before = built(WRITTEN[name])
        change = next(item for item in expressions(before) if item.operator == "by-hand")
        after = change.apply(before)

        assert after.parts[change.nodes[0]].kind in LAYERS
        assert parting(given(before), before.build(), after.build()) is None


def test_every_layer_by_hand_is_checked() -> None:
    kinds = {part.kind for make in WRITTEN.values() for part in read(make()).parts.values()}

    assert set(STANDS_FOR) <= kinds


@pytest.mark.parametrize("activation", BENT)
def test_a_formula_is_the_activation(activation: str) -> None:
    with in_float64():
        before = built(one(lambda: layers.Dense(4), lambda: layers.Activation(activation)))
        change = next(item for item in expressions(before) if item.operator == "formula")

        assert parting(given(before), before.build(), change.apply(before).build()) is None


@pytest.mark.parametrize(
    ("layer", "key", "fact"),
    [
        (lambda: layers.Dropout(0.5), "rate", "training output"),
        (lambda: layers.BatchNormalization(), "momentum", "state"),
        (lambda: layers.BatchNormalization(), "epsilon", "output"),
        (lambda: layers.Dense(3, kernel_regularizer="l2"), "drop dense.kernel_regularizer", "losses"),
        (lambda: layers.Dense(3), "kernel_constraint", "settings"),
        (lambda: layers.Dense(3), "dense.trainable", "gradient"),
        (lambda: layers.Dense(3), "units", "output"),
    ],
)
def test_a_change_is_seen(layer: Callable[[], Any], key: str, fact: str) -> None:
    with in_float64():
        before = built(one(layer))
        change = next(item for item in changes(before) if key in item.key)
        after = change.apply(before)
        found = parting(given(before), before.build(), after.build())

    assert found is not None
    facts = {"settings", "gradient"} if fact == "losses" else {fact, "gradient", "settings", "state"}
    assert found[0] in facts, found


def test_a_pair_that_is_not_what_it_is_said_to_be_is_found_out() -> None:
    """The drawn pair is right; a change that turns one spelling into another is no mutant."""
    mutant, neutral = random_sample(1, 1, 0)
    assert (contradiction(mutant), contradiction(neutral)) == ("", "")

    with in_float64():
        before = built(one(lambda: layers.Dense(4), lambda: layers.ReLU()))
        idle = Change("set-max_value", "", ("re_lu",), set_to("re_lu", "max_value", 1e9))
        assert parting(given(before), before.build(), idle.apply(before).build()) is None


def test_random_networks_are_the_same_every_time_and_of_every_kind() -> None:
    names = [f"random-{number}" for number in range(60)]
    blueprints = [read(network(name)) for name in names]
    kinds = {part.kind for blueprint in blueprints for part in blueprint.parts.values()}

    again = read(network(names[0]))
    assert (again.calls, [part.kind for part in again.parts.values()]) == (
        blueprints[0].calls,
        [part.kind for part in blueprints[0].parts.values()],
    )
    assert {"Conv2D", "LSTM", "GRU", "MultiHeadAttention", "Embedding", "BatchNormalization", "Add"} <= kinds
    assert {"Multiply", "Concatenate", "Dropout", "SeparableConv2D", "Bidirectional", "Blueprint"} <= kinds
    assert any(len(blueprint.inputs) > 1 for blueprint in blueprints)
    assert any(len(blueprint.outputs) > 1 for blueprint in blueprints)


def test_the_drawn_network_and_its_blueprint_agree() -> None:
    with in_float64():
        blueprint = original("random-7")
        drawn, again = network("random-7"), blueprint.build()

    assert [tuple(weight.shape) for weight in drawn.weights] == [tuple(weight.shape) for weight in again.weights]
