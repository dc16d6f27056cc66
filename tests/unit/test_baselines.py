"""Baselines as files: what is written, what is read back, and what is refused before anything of it is believed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command import run_command

from kerasdiff.errors import TargetError
from kerasdiff.graph import Edge, Graph, Node, Port, TensorSpec, Weight
from kerasdiff.side.baselines.container import ABOUT, MODEL, check
from kerasdiff.side.baselines.format import read, write
from kerasdiff.side.baselines.records import (
    Answered,
    Baseline,
    Frozen,
    HeldCall,
    HeldVariable,
    HeldWeight,
    Variant,
)
from kerasdiff.side.observations import Recipe
from kerasdiff.side.records import Description
from kerasdiff.side.targets import parse_target

SPEC = TensorSpec(shape=(None, 2), dtype="float32")
GOLDEN = Path(__file__).parent / "goldens" / "lstm-schema-1.kerasdiff"
"""Written by the first version of the format, and never written again: later versions have to read it."""


def baseline() -> Baseline:
    graph = Graph(nodes=(Node(id="x", op="input", kind="input", outputs=(SPEC,)),), outputs=(Edge(node="x"),))
    port = Port(name="x", spec=SPEC)
    description = Description(
        class_name="Net",
        inference=graph,
        training=graph,
        weights=(
            Weight(
                id="dense/kernel", path="dense/kernel", name="kernel", shape=(2, 2), dtype="float32", trainable=True
            ),
        ),
        inputs=(port,),
        outputs=(port,),
        inferred=(),
        notes=(),
        unused_layers=(),
        environment={"tensorflow": "2.21.0"},
    )
    call = HeldCall(
        precision="float32",
        mode="inference",
        graph="graphs/plain-float32-inference.pb",
        inputs=("x:0",),
        outputs=("y:0",),
        masks={0: 1},
        added="zeros:0",
        variables=(
            HeldVariable(entry="w:0", weight="dense/kernel"),
            HeldVariable(entry="s:0", value=np.array(2.0, np.float32)),
        ),
        spots={Edge(node="x"): "x:0"},
    )
    weight = HeldWeight(id="dense/kernel", name="kernel", shape=(2, 2), dtype="float32", trained=True)
    frozen = Frozen(
        calls=(call,), weights={"float32": (weight,)}, graphs={call.graph: b"graph"}, ports={"float32": ("float32",)}
    )
    ones = np.ones((4, 2), np.float32)
    answer = Answered(precision="float32", mode="inference", probe="normal", inputs=(ones,), outputs=(ones,))
    return Baseline(
        target="net.py:Net",
        environment={"tensorflow": "2.21.0"},
        plain=Variant(description=description, frozen=frozen, answers=(answer,)),
        recipes=(Recipe(weight="dense/kernel", seed=0, name="kernel", shape=(2, 2), fan_in=2),),
    )


def written() -> bytes:
    stream = io.BytesIO()
    write(stream, baseline(), "0.1.0")
    return stream.getvalue()


def changed(change: Callable[[dict[str, bytes]], None], compress: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The file with other members, which its list does not know of."""
    with zipfile.ZipFile(io.BytesIO(written())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compress) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def about(**fields: object) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members[ABOUT] = json.dumps({**json.loads(members[ABOUT]), **fields}).encode()

    return change


def test_a_baseline_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "net.kerasdiff"
    path.write_bytes(written())
    again, own = read(path), baseline()

    assert again.plain.description == own.plain.description
    assert again.plain.frozen.graphs == own.plain.frozen.graphs
    assert again.recipes == own.recipes
    assert again.plain.answers[0].outputs[0].tobytes() == own.plain.answers[0].outputs[0].tobytes()
    assert again.plain.frozen.calls[0].spots == own.plain.frozen.calls[0].spots
    assert again.plain.frozen.calls[0].masks == {0: 1}


def test_equal_models_give_equal_bytes_and_equal_arrays_are_kept_once() -> None:
    assert written() == written()
    with zipfile.ZipFile(io.BytesIO(written())) as archive:
        assert [name for name in archive.namelist() if name.endswith(".npy")] == ["arrays/0.npy", "arrays/1.npy"]


def bomb(members: dict[str, bytes]) -> None:
    members[MODEL] = b" " * (64 << 20)
    listed = json.loads(members[ABOUT])
    listed["members"][MODEL]["bytes"] = len(members[MODEL])
    members[ABOUT] = json.dumps(listed).encode()


def edited(members: dict[str, bytes]) -> None:
    members[MODEL] = members[MODEL].replace(b'"trainable":true', b'"trainable":null')


def swollen(members: dict[str, bytes]) -> None:
    members[ABOUT] = b" " * (17 << 20)


FAULTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "it is empty"),
    "foreign": (lambda: b"no zip at all", "it is no baseline"),
    "truncated": (lambda: written()[:-100], "it is no baseline, or a truncated one"),
    "other-archive": (lambda: changed(lambda members: members.pop(ABOUT)), "it lacks about.json"),
    "newer": (lambda: changed(about(schema="kerasdiff.baseline/2")), "written by a later kerasdiff"),
    "another-schema": (lambda: changed(about(schema="somebody/1")), "its schema is 'somebody/1'"),
    "no-members": (lambda: changed(about(members=None)), "lists no members"),
    "not-json": (lambda: changed(lambda members: members.update({ABOUT: b"{"})), "is not what kerasdiff writes"),
    "hand-edited": (lambda: changed(edited), "model.json"),
    "one-more-member": (lambda: changed(lambda members: members.update({"evil.py": b""})), "are not those that"),
    "one-member-less": (lambda: changed(lambda members: members.pop("arrays/0.npy")), "are not those that"),
    "bomb": (lambda: changed(bomb), "would unpack to more than a baseline has"),
    "large-about": (lambda: changed(swollen), "too large to be one"),
    "damaged": (lambda: written().replace(b"graph", b"grapj", 1), ""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_told_in_a_sentence(name: str, tmp_path: Path) -> None:
    make, says = FAULTS[name]
    path = tmp_path / "net.kerasdiff"
    path.write_bytes(make())

    with pytest.raises(TargetError) as fault:
        check(path)
    assert says in fault.value.message
    assert fault.value.message.startswith("net.kerasdiff ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", "no.kerasdiff", "a.py:Net"),
        ("inspect", "bad.kerasdiff"),
        ("lock", "--update", "bad.kerasdiff"),
        ("lock", "a.py:Net", "-o", "net.zip"),
        ("lock", "a.py:Net", "-o", "nowhere/net.kerasdiff"),
        ("lock", "a.py:Net", "-o", "good.kerasdiff"),
        ("lock", "good.kerasdiff", "-o", "other.kerasdiff"),
        ("lock", "a.py:Net"),
        ("lock",),
        ("fit", "good.kerasdiff", "a.py:Net"),
    ],
    ids=" ".join,
)
def test_mistakes_are_answered_without_tensorflow(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import keras\n\nclass Net(keras.Model):\n    pass\n")
    (tmp_path / "bad.kerasdiff").write_bytes(written()[:-100])
    (tmp_path / "good.kerasdiff").write_bytes(written())
    answer = run_command(*arguments, cwd=str(tmp_path))

    assert answer.exit_code == 2
    assert "kerasdiff" in answer.stderr or "directory" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "bad.kerasdiff", "good.kerasdiff"]


def test_an_array_that_claims_to_be_large_is_refused(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    path = tmp_path / "net.kerasdiff"

    def grow(members: dict[str, bytes]) -> None:
        import hashlib

        members["arrays/0.npy"] = header.getvalue()
        listed = json.loads(members[ABOUT])
        digest = hashlib.sha256(header.getvalue()).hexdigest()
        listed["members"]["arrays/0.npy"] = {"bytes": len(header.getvalue()), "sha256": digest}
        members[ABOUT] = json.dumps(listed).encode()

    path.write_bytes(changed(grow))
    with pytest.raises(TargetError, match="an array is not as long as it says"):
        read(path)


def test_the_first_schema_is_read() -> None:
    held = read(GOLDEN)

    assert held.target == "spelled.py:remembered"
    assert held.plain.description.class_name == "Functional"
    assert {(call.precision, call.mode) for call in held.plain.frozen.calls} == {
        (precision, mode) for precision in ("float32", "float64") for mode in ("inference", "training")
    }
    assert held.plain.answers
    assert parse_target(str(GOLDEN)).kind == "baseline"
