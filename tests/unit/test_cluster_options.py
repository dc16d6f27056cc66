"""What crosses to a node of a cluster, and what is refused before anything runs; Ray itself is not needed."""

from __future__ import annotations

import importlib.metadata
import socket
import threading
from pathlib import Path

import pytest
from made_repository import MadeRepository

from kerasdiff.errors import ClusterError, FitError, WorkerError
from kerasdiff.fitting.cluster import connect, entry, shipping, spread
from kerasdiff.options import ClusterOptions
from kerasdiff.side.revisions.targets import of_revision
from kerasdiff.side.targets import Target, parse_target


def target(path: Path) -> Target:
    return Target(text=path.name, kind="file", location=str(path), name="Net")


def test_a_folder_goes_without_what_no_model_needs(tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name in ("a.py", "b.py", "parts/layer.py", ".git/config", "env/pyvenv.cfg", "env/lib/x.py", "rows.npz"):
        (models / name).parent.mkdir(parents=True, exist_ok=True)
        (models / name).write_text(name)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "c.py").write_text("")
    targets = target(models / "a.py"), target(models / "b.py"), target(tmp_path / "other" / "c.py")
    to = tmp_path / "to"
    shipments = shipping.stage(targets, (str(models / "rows.npz"),), to)
    sent = sorted(str(path.relative_to(to)) for path in to.rglob("*") if path.is_file())
    assert sent == ["models0/a.py", "models0/b.py", "models0/parts/layer.py", "models1/c.py"]
    there = [shipment.there(to).location for shipment in shipments]
    assert there == [str(to / "models0/a.py"), str(to / "models0/b.py"), str(to / "models1/c.py")]


def test_a_package_goes_with_what_lies_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("src/net/__init__.py", "src/net/parts/__init__.py", "src/helper.py", "net.json", "nb.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "src/net/parts/a.py").write_text("from .. import b\n")
    monkeypatch.chdir(tmp_path)
    texts = ("src/net/parts/a.py:f", "net.parts.a:f", "net.json", "keras.applications:ResNet50")
    to = tmp_path / "to"
    inner, module, config, installed = shipping.stage(tuple(map(parse_target, texts)), (), to)
    assert inner.there(to).location == str(to / "models0/net/parts/a.py")
    assert (module.there(to).location, module.there(to).here) == ("net.parts.a", str(to / "models0"))
    assert Path(config.there(to).location).read_text() == ""
    assert installed.there(to) == installed.target
    assert (to / "models0/helper.py").is_file()
    assert len(list(to.iterdir())) == 2


def test_all_of_a_revision_goes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = MadeRepository(tmp_path / "repo")
    made.commit({"nets/a.py": "", "layers.py": "then"}, "Begin")
    made.write({"layers.py": "now"})
    monkeypatch.chdir(made.top / "nets")
    targets = of_revision("git:main:a.py:Net"), of_revision("git:main:layers:Net")
    to = tmp_path / "to"
    there = [shipment.there(to) for shipment in shipping.stage(targets, (), to)]
    assert (to / "models0" / "layers.py").read_text() == "then"
    assert [item.location for item in there] == [str(to / "models0/nets/a.py"), "layers"]
    assert [item.here for item in there] == [str(to / "models0/nets")] * 2
    assert {item.revision.root for item in there if item.revision} == {str(to / "models0")}


def test_a_folder_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("x" * 100)
    monkeypatch.setattr(shipping, "MOST_BYTES", 99)
    with pytest.raises(ClusterError, match=r"put the models and what they import in a folder of their own"):
        shipping.stage((target(tmp_path / "a.py"),), (), tmp_path / "to")


def test_data_are_the_same_on_a_node(tmp_path: Path, keras_home: Path) -> None:
    keras_home.mkdir()
    (keras_home / "keras.json").write_text("{}")
    (tmp_path / "rows.npz").write_bytes(b"rows")
    parcel = shipping.packed(str(tmp_path / "rows.npz"), keras_home)
    folder = tmp_path / "node" / "there"
    folder.parent.mkdir()
    shipping.unpacked(parcel, folder)
    shipping.unpacked(parcel, folder)
    assert Path(shipping.data_there(str(tmp_path / "rows.npz"), folder)).read_bytes() == b"rows"
    assert (folder / "keras" / "keras.json").read_text() == "{}"
    assert shipping.data_there("auto", folder) == "auto"


def test_a_node_with_other_versions_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    here = entry.versions()
    assert entry.unfit(here) == ""
    kind, told = entry.run({**here, "keras": "0.1"}, b"", {}, None)
    assert kind == "unfit"
    assert f"has keras {here['keras']}, and this machine has 0.1" in str(told)

    def none(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", none)
    assert "has no keras, and this machine has" in entry.unfit({"keras": here["keras"]})


def test_an_address_where_no_cluster_is_is_refused_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.0 400 no\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with (
            pytest.raises(ClusterError, match="does not speak as Ray does"),
            connect.connected(ClusterOptions(address=address), (), ()),
        ):
            pass
    with (
        pytest.raises(ClusterError, match=f"No cluster answers at {address}"),
        connect.connected(ClusterOptions(address=address), (), ()),
    ):
        pass


def test_without_ray_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with (
        pytest.raises(ClusterError, match=r"pip install 'kerasdiff\[ray\]'"),
        connect.connected(ClusterOptions(address="local"), (), ()),
    ):
        pass


def test_a_lost_task_runs_again_for_a_while_and_the_end_of_a_process_counts_when_met_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = spread._Group(number=1, plans=(), told=None, futures=(), task=None, job=b"")
    lost = spread._once_more(group, connect.lost_for_good("a trial pair", RuntimeError("The raylet died.")))
    assert lost is not None
    assert not lost.last
    monkeypatch.setattr(spread, "LOST_AFTER", 0)
    assert spread._once_more(lost, connect.lost_for_good("a trial pair", RuntimeError("The raylet died."))) is None
    ended = spread._once_more(group, WorkerError("The worker process ended."))
    assert ended is not None
    assert ended.last
    assert spread._once_more(ended, WorkerError("The worker process ended.")) is None
    assert spread._once_more(group, FitError("No usable loss.")) is None
