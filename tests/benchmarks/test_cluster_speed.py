"""Trials a minute on three Ray nodes of one core, one of them killed, against one machine: ``-m benchmark -s``.

On a machine of two cores three nodes share what one machine has, so the ratio is printed and not held to a limit; the
bits and the count are.
"""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
import ray_nodes as three

pytest.importorskip("ray")
pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
]
SEEDS = 8
LENGTH = ("--seeds", str(SEEDS), "--epochs", "20", "--margin", "2.5")
"""A margin near the difference that there is, so that no look decides and all seeds run."""


def test_three_nodes_against_one_machine(tmp_path: Path) -> None:
    file = three.models(tmp_path)
    with three.started(file, tmp_path / "alone", *LENGTH) as process:
        began = time.monotonic()
        out, err = process.communicate(timeout=600)
    took = [time.monotonic() - began]
    alone = json.loads(out)
    with three.nodes(3) as (cluster, nodes):
        with three.started(file, tmp_path / "spread", *LENGTH, "--ray", cluster.address) as process:
            began = time.monotonic()
            three.wait_for_results(tmp_path / "spread", 4, process)
            cluster.remove_node(three.away_from(nodes), allow_graceful=False)
            out, err = process.communicate(timeout=600)
        took.append(time.monotonic() - began)
        assert err == ""
        spread = json.loads(out)
        assert spread["fit"]["stopped"] == ""
        assert three.of_trials(spread) == three.of_trials(alone)
        assert len(spread["fit"]["pairs"]) == SEEDS
        results = list((tmp_path / "spread").rglob("result.npz"))
        assert len(results) >= 2 * SEEDS
        sizes = [sum(file.stat().st_size for file in path.parent.iterdir()) for path in results]
        trials = len(results)
        print(
            f"\n{trials} trials: one machine {took[0]:.0f} s, three nodes of which one is killed {took[1]:.0f} s: ",
            end="",
        )
        print(f"{took[0] / took[1]:.2f} x; {max(sizes):,} bytes a trial in the store")
        # A model that cannot be made is told as on one machine, and no task is tried again for it.
        with three.started(file, tmp_path, "--ray", cluster.address, candidate="broken") as process:
            _, err = process.communicate(timeout=100)
        assert (process.returncode, "no such model today" in err) == (2, True)
        with three.started(file, tmp_path, "--seeds", "1", "--epochs", "20000", "--ray", cluster.address) as process:
            time.sleep(15)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert (process.returncode, "Traceback" in err) == (130, False)
    # The node of the command itself is lost: whatever Ray does to the process, the code must not read as "different".
    with three.nodes(1) as (cluster, (node,)):
        with three.started(file, tmp_path, "--seeds", "1", "--epochs", "20000", "--ray", cluster.address) as process:
            time.sleep(15)
            node.all_processes["raylet"][0].process.kill()
            _, err = process.communicate(timeout=100)
        assert (process.returncode, err.startswith("error: ")) == (2, True)
