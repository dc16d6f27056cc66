"""What a stored graph holds of its functions."""

from __future__ import annotations

from typing import Any

import pytest

tf: Any = pytest.importorskip("tensorflow")

from kerasdiff.worker.stored.called import forget_uncalled  # noqa: E402


def test_a_stored_graph_holds_the_functions_it_calls_and_swaps_none() -> None:
    spec = tf.TensorSpec((2,))

    @tf.function(autograph=False, experimental_attributes={"api_implements": "a random name"})
    def called(x: Any) -> Any:
        return tf.while_loop(lambda n, y: n < 2, lambda n, y: (n + 1, tf.sin(y)), (0, x))[1]

    @tf.function(autograph=False, experimental_attributes={"api_implements": "a random name"})
    def registered(x: Any) -> Any:
        return tf.cos(x)

    def call(x: Any) -> Any:
        registered.get_concrete_function(spec).add_to_graph()
        return called(x)

    definition = tf.function(call, autograph=False).get_concrete_function(spec).graph.as_graph_def()
    before = kinds(definition)
    forget_uncalled(definition)

    assert {"Sin", "Cos"} <= before
    assert kinds(definition) == before - {"Cos"}
    assert not any("api_implements" in one.attr for one in definition.library.function)


def kinds(definition: Any) -> set[str]:
    return {node.op for function in definition.library.function for node in function.node_def}
