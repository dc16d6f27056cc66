"""Small graphs to align by hand: one call after the other, each on a line of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from graph_builder import Build

from kerasdiff.align.alignment import Alignment, align
from kerasdiff.graph import Edge, Graph

MIRROR = {"insert": "delete", "delete": "insert", "update": "update", "move": "move", "rewire": "rewire"}
HELD = ("conv", "norm", "dense")
"""Ops that hold weights here."""

Made = tuple[Graph, Build]


def step(b: Build, value: Edge, op: str, line: int = 0, **attributes: Any) -> Edge:
    count = sum(node.op == op for node in b.nodes)
    name = f"{op}_{count}"
    return b.call(op, value, name=name, weights=[f"{name}/kernel"] if op in HELD else (), line=line, **attributes)


def chain(*ops: str | tuple[str, dict[str, Any]]) -> Made:
    """One call after the other, each on a line of its own."""
    b = Build()
    value = b.input()
    for number, item in enumerate(ops):
        op, attributes = (item, {}) if isinstance(item, str) else item
        value = step(b, value, op, number + 1, **attributes)
    return b.graph(value), b


def aligned(first: Made, second: Made) -> Alignment:
    return align(first[0], second[0], (first[1].weights, second[1].weights), "inference")


def mirrored(forward: Alignment, backward: Alignment) -> bool:
    """Whether the scripts of a pair and of the swapped pair hold the same edits, with the sides swapped."""
    kinds = sorted(MIRROR[edit.kind] for edit in forward.edits)
    return forward.isomorphic == backward.isomorphic and kinds == sorted(edit.kind for edit in backward.edits)


def printed(program: str, hash_seed: str) -> str:
    """What a program prints in a process of its own, with the modules of the unit tests at hand."""
    paths = [str(Path(__file__).parents[1] / "unit"), *sys.path]
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    return done.stdout
