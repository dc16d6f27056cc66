"""Settings that one version of Keras knows alone: no difference at their default, and one at any other value."""

from __future__ import annotations

from typing import Any

from kerasdiff.align.defaults import with_defaults
from kerasdiff.graph import Edge, Graph, Node

DEFAULTS: dict[str, dict[str, Any]] = {"norm": {"epsilon": 1e-3, "renorm": False}}


def graph(kind: Any = "layer", **attributes: Any) -> Graph:
    return Graph(nodes=(Node(id="norm", op="norm", kind=kind, attributes=attributes),), outputs=(Edge(node="norm"),))


def settings(made: Graph) -> dict[str, Any]:
    return dict(made.nodes[0].attributes)


def test_a_layer_gets_the_defaults_of_settings_it_does_not_know() -> None:
    assert settings(with_defaults(graph(epsilon=1e-5), DEFAULTS)) == {"epsilon": 1e-5, "renorm": False}


def test_what_it_knows_stays_as_it_is() -> None:
    known = graph(epsilon=1e-5, renorm=True)

    assert with_defaults(known, DEFAULTS) is known
    assert with_defaults(graph(epsilon=1e-5), {"dense": {"units": 3}}).nodes == graph(epsilon=1e-5).nodes


def test_a_function_and_a_layer_without_a_config_get_none() -> None:
    assert settings(with_defaults(graph("function", epsilon=1e-5), DEFAULTS)) == {"epsilon": 1e-5}
    assert settings(with_defaults(graph(), DEFAULTS)) == {}
