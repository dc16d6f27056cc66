"""What a case of a rule is: a program, and what its graph comes to in normal form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from kerasdiff.graph import Graph, Mode
from rule_cases.tracing import Program, Shape, graph_of, probes, specs_of, tf


@dataclass(frozen=True)
class Case:
    """A program and the ops left of it in normal form.

    Attributes:
        dtypes: Of the first operands, where they are not float32.
        operands: Values of operands by position, where not any will do.
        fires: Whether the rule must be used, or must not.
    """

    rule: str
    program: Program
    shapes: tuple[Shape, ...]
    left: tuple[str, ...]
    dtypes: tuple[str, ...] = ()
    operands: Mapping[int, Any] = field(default_factory=dict)
    mode: Mode = "inference"
    fires: bool = True

    def graph(self) -> Graph:
        return graph_of(self.program, self.specs())

    def specs(self) -> list[Any]:
        return specs_of(self.shapes, self.dtypes)

    def inputs(self) -> list[Any]:
        """Numbers for the operands; integers are 0 where nothing else is said."""
        found = [tf.zeros_like(value) if value.dtype.is_integer else value for value in probes(self.specs())]
        for position, value in self.operands.items():
            found[position] = tf.constant(value, found[position].dtype)
        return found


def fires(rule: str, program: Program, *shapes: Shape, left: str, **more: Any) -> Case:
    """The rule is used, and ``left`` names the ops that remain."""
    return Case(rule, program, shapes, tuple(left.split()), **more)


def spares(rule: str, program: Program, *shapes: Shape, left: str, **more: Any) -> Case:
    """The rule is not used on a look-alike."""
    return Case(rule, program, shapes, tuple(left.split()), **more, fires=False)


@dataclass(frozen=True)
class Drawn:
    """A program that hypothesis drew, with the shapes of its operands, and whether TensorFlow has its gradient."""

    program: Program
    shapes: tuple[Shape, ...]
    dtypes: tuple[str, ...] = ()
    gradients: bool = True


Family = Callable[[st.DrawFn], Drawn]
"""Draws programs on which one rule must fire."""

FAMILIES: dict[str, Family] = {}
"""By rule, what its property test draws."""


def always(rule: str) -> Callable[[Family], Family]:
    """Registers the family of programs on which a rule fires whatever is drawn."""

    def register(family: Family) -> Family:
        FAMILIES[rule] = family
        return family

    return register


def shapes(least: int = 1, most: int = 4, rank: tuple[int, int] = (2, 4), batch: bool = True) -> st.SearchStrategy[Any]:
    """Static shapes; with ``batch`` the first dimension may be unknown."""
    rest = st.lists(st.integers(least, most), min_size=rank[0] - 1, max_size=rank[1] - 1)
    first = st.sampled_from([None, 2]) if batch else st.integers(least, most)
    return st.tuples(first, rest).map(lambda parts: (parts[0], *parts[1]))


numbers = st.sampled_from([-3.0, -1.0, -0.5, 0.1, 0.25, 1 / 3, 2.0, 7.0, 127.5, 255.0])
"""Constants of models."""
