"""Which files are the user's: wherever TensorFlow lies, and wherever the target is installed."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from kerasdiff.worker.user_code import libraries


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "_known", {})
    monkeypatch.setattr(libraries, "_claimed", set())


def _file(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return str(path)


def test_a_library_is_one_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    inside = _file(tmp_path / "target" / "tensorflow" / "python" / "framework" / "ops.py")
    beside = _file(tmp_path / "target" / "model.py")
    module = ModuleType("tensorflow")
    module.__path__ = [str(tmp_path / "target" / "tensorflow")]
    monkeypatch.setitem(sys.modules, "tensorflow", module)

    assert not libraries.is_user_file(inside)
    assert libraries.is_user_file(beside)
    assert libraries.is_user_file(_file(tmp_path / "target" / "tensorflow_model.py"))


def test_an_archive_is_read_by_the_path_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    module = ModuleType("tensorflow")
    module.__path__ = [str(tmp_path / "all.zip" / "tensorflow")]
    monkeypatch.setitem(sys.modules, "tensorflow", module)

    assert not libraries.is_user_file(str(tmp_path / "all.zip" / "tensorflow" / "python" / "eager.py"))
    assert libraries.is_user_file(str(tmp_path / "all.zip" / "mine" / "model.py"))


def test_a_target_that_is_installed_is_the_users_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(libraries, "_INSTALLED", (f"{tmp_path}/site-packages/",))
    package = tmp_path / "site-packages" / "mine"
    target, layers = _file(package / "models" / "net.py"), _file(package / "layers.py")
    _file(package / "__init__.py"), _file(package / "models" / "__init__.py")
    other, single = _file(tmp_path / "site-packages" / "other" / "net.py"), _file(tmp_path / "site-packages" / "one.py")
    assert not libraries.is_user_file(target)

    libraries.claim(Path(target))

    assert libraries.is_user_file(target)
    assert libraries.is_user_file(layers)
    assert not libraries.is_user_file(other)
    assert not libraries.is_user_file(single)
    libraries.claim(Path(single))
    assert libraries.is_user_file(single)
    assert not libraries.is_user_file(other)


def test_an_environment_in_a_project_is_not_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(libraries, "_INSTALLED", (f"{tmp_path}/project/venv/lib/",))
    _file(tmp_path / "project" / "__init__.py")
    target = _file(tmp_path / "project" / "net.py")

    libraries.claim(Path(target))

    assert libraries.is_user_file(target)
    assert not libraries.is_user_file(_file(tmp_path / "project" / "venv" / "lib" / "other.py"))


def test_keras_is_never_the_users():
    keras = pytest.importorskip("keras")

    libraries.claim(Path(str(keras.__file__)))

    assert not libraries.is_user_file(str(keras.__file__))
    assert not libraries.is_user_file("<string>")
    assert not libraries.is_user_file(str(libraries.__file__))
