"""A cluster of Ray nodes on this machine, and a fit on it as a user starts it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STORE_BYTES = 80 * 2**20
"""Of each node's object store; Ray takes no less than 75 MB."""

MODELS = """
import keras
import beside

class Plain(keras.Model):
    def __init__(self, activation="relu"):
        super().__init__()
        self.hidden = keras.layers.Dense(beside.WIDTH, activation=activation)
        self.drop = keras.layers.Dropout(0.5)
        self.head = keras.layers.Dense(3)
    def call(self, x):
        return self.head(self.drop(self.hidden(x)))

def broken():
    raise RuntimeError("no such model today")
"""


@contextlib.contextmanager
def nodes(count: int, cpus: int = 1) -> Iterator[tuple[Any, list[Any]]]:
    """A cluster of so many nodes, and its nodes, the head first."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    each = {"num_cpus": cpus, "object_store_memory": STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args={**each, "include_dashboard": False})
    try:
        yield cluster, [cluster.head_node, *(cluster.add_node(**each) for _ in range(count - 1))]
    finally:
        cluster.shutdown()


def models(folder: Path) -> Path:
    """Writes a pair of models that import a file beside theirs."""
    (folder / "m.py").write_text(MODELS)
    (folder / "beside.py").write_text("WIDTH = 16\n")
    return folder / "m.py"


def started(file: Path, cache: Path, *options: str, candidate: str = "Plain(activation=None)") -> subprocess.Popen[str]:
    """Starts ``kerasdiff fit`` on the pair."""
    words = ("fit", "--format", "json", "--input", "4", *options, f"{file}:Plain", f"{file}:{candidate}")
    return subprocess.Popen(
        [sys.executable, "-m", "kerasdiff", *words],
        env={**os.environ, "KERASDIFF_CACHE": str(cache), "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_results(cache: Path, count: int, process: subprocess.Popen[str], seconds: float = 120) -> None:
    """Waits until so many trials are in the store."""
    until = time.monotonic() + seconds
    while len(list(cache.rglob("result.npz"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)


def away_from(nodes: list[Any]) -> Any:
    """A node that is neither the head nor the one that the command belongs to, which holds the desk."""
    raylets = {node.all_processes["raylet"][0].process.pid: node for node in nodes}
    until = time.monotonic() + 20
    while not (held := {parent for parent in _parents_of(b"Desk") if parent in raylets}):
        assert time.monotonic() < until  # its process is renamed with every call
    return next(node for pid, node in raylets.items() if pid not in held and node is not nodes[0])


def _parents_of(word: bytes) -> Iterator[int]:
    """The parents of the processes that are called so."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if word in path.read_bytes():
                yield int(path.with_name("stat").read_text().rsplit(")", 1)[1].split()[1])


def of_trials(report: dict[str, Any]) -> list[Any]:
    """What is the same on any machine of one kind: every loss and every test of a pair, and how a control begins.

    A cluster runs a control as far as it is needed, one machine beside the first pair, and so farther.
    """
    return [
        (t["side"], t["seed"], t["losses"], t["test_loss"], [e["test_accuracy"] for e in t["epochs"]])
        if t["side"] in ("reference", "candidate")
        else (t["side"], t["seed"], t["losses"][:8])
        for t in report["fit"]["trials"]
    ]


def checking(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Starts ``kerasdiff check`` on the file of gates in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "kerasdiff", "check", "--format", "json", *options],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_task(process: subprocess.Popen[str], seconds: float = 120) -> None:
    """Waits until a comparison runs on a node."""
    until = time.monotonic() + seconds
    while not list(_parents_of(b"ray::run")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)


def of_pairs(report: dict[str, Any]) -> list[Any]:
    """What is the same on any machine of one kind: verdicts, edits with their places, figures, errors."""
    return [
        (pair["name"], pair["standing"], pair.get("error"), _without_places(pair.get("comparison")))
        for pair in report["pairs"]
    ]


def _without_places(comparison: dict[str, Any] | None) -> Any:
    if comparison is None:
        return None
    return [comparison[name] for name in ("verdict", "reference", "candidate", "rungs", "edits")]
