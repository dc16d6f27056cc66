"""The taxonomy of ops against the registry of the TensorFlow that is installed."""

from __future__ import annotations

from typing import Any

import pytest

from kerasdiff.graph import ops

tf = pytest.importorskip("tensorflow")

RESOURCE = 20
"""``DT_RESOURCE`` of TensorFlow's ``types.proto``."""
ADDED = {"Sum*", "Slice*", "Dim", "scale", "shift"}
"""Ops of the normal form, which TensorFlow does not have."""
SEEDED_OTHERWISE = ("CudnnRNN", "ComputeAccidentalHits", "RandomShuffleQueue", "SnapshotDataset", "AnonymousSeed")
"""Take a seed and are no draw: see ``KERNEL_DRAWS``; queues and data sets stand in no call of a model."""


@pytest.fixture(scope="module")
def registry() -> dict[str, Any]:
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session as session

    found = op_def_pb2.OpList()
    found.ParseFromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
    return {definition.name: definition for definition in found.op}


def sets() -> dict[str, frozenset[str]]:
    return {name: value for name, value in vars(ops).items() if isinstance(value, frozenset)}


def test_every_op_of_the_lists_exists_in_the_newest_tensorflow(registry: dict[str, Any]) -> None:
    newest = tuple(map(int, tf.__version__.split(".")[:2])) >= (2, 21)
    missing = {kind for kinds in sets().values() for kind in kinds} - set(registry) - ADDED

    assert not newest or not missing, missing


def test_what_takes_a_seed_draws(registry: dict[str, Any]) -> None:
    seeded = {name for name, one in registry.items() if any(attr.name == "seed2" for attr in one.attr)}

    assert {name for name in seeded if not name.startswith(SEEDED_OTHERWISE)} <= ops.KERNEL_DRAWS | ops.VARIABLE_DRAWS


def test_draws_keep_their_state_where_the_lists_say(registry: dict[str, Any]) -> None:
    for kind in ops.VARIABLE_DRAWS & set(registry):
        assert registry[kind].is_stateful
        assert registry[kind].input_arg[0].type == RESOURCE
    for kind in ops.KEYED_DRAWS & set(registry):
        assert not registry[kind].is_stateful


def test_writes_take_a_handle_first_and_give_nothing_but_state(registry: dict[str, Any]) -> None:
    for kind in (ops.VARIABLE_WRITES | ops.TABLE_WRITES) & set(registry):
        assert registry[kind].is_stateful
        assert registry[kind].input_arg[0].type == RESOURCE
        assert ops.is_effect(kind)
    named = {
        name
        for name, one in registry.items()
        if name.startswith(("Assign", "ResourceScatter", "ResourceApply", "ResourceSparseApply"))
        and one.input_arg
        and one.input_arg[0].type == RESOURCE
    }
    assert named <= ops.VARIABLE_WRITES


@pytest.mark.parametrize("kind", ["TruncatedNormal", "Multinomial", "StatelessMultinomial", "StatefulUniform"])
def test_draws_without_random_in_their_name(kind: str) -> None:
    assert ops.draws(kind)
    assert ops.draws_anew(kind) == (not kind.startswith("Stateless"))


@pytest.mark.parametrize("kind", ["StatelessRandomGetKeyCounter", "RandomGammaGrad", "RngReadAndSkip", "RandomDataset"])
def test_random_in_the_name_is_no_draw(kind: str) -> None:
    assert not ops.draws(kind)
