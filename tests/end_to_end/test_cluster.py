"""``kerasdiff fit --ray`` on three nodes of this machine, of which one is killed; skipped without Ray."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import ray_nodes as three

pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
LENGTH = ("--seeds", "4", "--epochs", "3", "--margin", "0.01")


def test_a_cluster_that_loses_a_node_gives_the_bits_of_one_machine(tmp_path: Path) -> None:
    file, kept = three.models(tmp_path), tmp_path / "kept"
    with three.nodes(3) as (cluster, nodes), three.started(file, kept, *LENGTH, "--ray", cluster.address) as process:
        three.wait_for_results(kept, 1, process)
        cluster.remove_node(three.away_from(nodes), allow_graceful=False)
        out, err = process.communicate(timeout=200)
    assert (process.returncode, err) == (1, ""), json.loads(out)["verdict"] if out else err
    spread = json.loads(out)
    with three.started(file, kept, *LENGTH) as process:  # takes up what the cluster trained
        out, err = process.communicate(timeout=100)
    alone = json.loads(out)
    paired = [t for t in alone["fit"]["trials"] if t["side"] in ("reference", "candidate")]
    assert [t["reused"] for t in paired] == [3] * 8, err
    assert three.of_trials(alone) == three.of_trials(spread)
    assert [pair["seed"] for pair in spread["fit"]["pairs"]] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--trial-gpus", "1"), "--trial-gpus needs --ray"),
        (("--ray", "a.py:Net"), "'a.py:Net' is no address"),
        (("--ray", "127.0.0.1:1"), "No cluster answers at 127.0.0.1:1"),
        (("--ray", "local", "--trial-cpus", "999"), "No node of the cluster can take a trial pair"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_said_in_a_sentence(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    with three.started(three.models(tmp_path), tmp_path, *LENGTH, *options) as process:
        out, err = process.communicate(timeout=100)
    assert (process.returncode, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


GATES = """
[pairs.same]
reference = "m.py:Plain"
candidate = "m.py:Plain"
inputs = ["4"]

[pairs.other]
reference = "m.py:Plain"
candidate = "m.py:Plain(activation=None)"
expect = "different"
inputs = ["4"]

[pairs.trained]
reference = "m.py:Plain"
candidate = "m.py:Plain"
inputs = ["4"]
fit = true

[pairs.broken]
reference = "m.py:Plain"
candidate = "m.py:broken"
inputs = ["4"]
"""


def test_pairs_are_compared_on_a_cluster_that_loses_a_node_as_on_one_machine(tmp_path: Path) -> None:
    three.models(tmp_path)
    (tmp_path / "kerasdiff.toml").write_text(GATES)
    with (
        three.nodes(3) as (cluster, nodes),
        three.checking(tmp_path, "--ray", cluster.address, "--pair-cpus", "1") as process,
    ):
        three.wait_for_task(process)
        cluster.remove_node(nodes[-1], allow_graceful=False)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 2, err
    with three.checking(tmp_path) as process:
        alone, err = process.communicate(timeout=200)
    assert three.of_pairs(json.loads(out)) == three.of_pairs(json.loads(alone)), err
