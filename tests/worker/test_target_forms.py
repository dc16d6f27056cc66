"""Every form of a target, loaded: what it names, what is filled in and said, and what is refused in one sentence."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kerasdiff.errors import KerasdiffError, LoadError
from kerasdiff.findings import Fact
from kerasdiff.side.reading import said
from kerasdiff.side.reading.early import check, read_target
from kerasdiff.side.targets import Target, parse_input

keras: Any = pytest.importorskip("keras")

from kerasdiff.worker.loading import generations  # noqa: E402  (imports Keras, which may be missing)
from kerasdiff.worker.loading.load import load  # noqa: E402  (imports Keras, which may be missing)
from kerasdiff.worker.loading.loaded import Loaded  # noqa: E402  (imports Keras, which may be missing)

FORMS = """
from __future__ import annotations
import argparse
from dataclasses import dataclass, field
from typing import Optional
import keras


@dataclass
class Cfg:
    width: int = 3
    names: list = field(default_factory=list)


@dataclass
class Needy:
    width: int


class Options:
    def __init__(self, **given):
        self.__dict__.update(given)


CONFIGS = {"small": Cfg(width=2), "a:b": Cfg(width=7)}


def net(width):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(width)])


def make(cfg: Cfg):
    return net(cfg.width)


def needs(cfg: Needy, depth: int, name):
    return net(cfg.width)


def plain(config):
    return net(config.width)


def two(width, extra=0):
    return net(width + extra), net(width + extra + 1)


def one(width=2):
    return net(width), "history"


def named():
    encoder = net(5)
    return {"encoder": encoder, "decoder": net(6), "again": encoder, "epochs": 3}


class Held:
    def __init__(self):
        self.model = net(3)


class Factory:
    width = 2

    def __init__(self, extra=1):
        self.extra = extra

    def build(self, depth=0):
        return net(self.width + self.extra + depth)

    @property
    def whole(self):
        return net(9)

    @classmethod
    def of_class(cls):
        return net(cls.width)

    @staticmethod
    def static(width=8):
        return net(width)


class Wanting:
    def __init__(self, size):
        self.size = size

    def build(self):
        return net(self.size)


class Outer(keras.Model):
    def __init__(self, width=3):
        super().__init__()
        self.inner = net(width)

    def train_step(self, data):
        return {}


nets = {"small": net(2), "large": net(6)}
factory = Factory(4)


def parser():
    made = argparse.ArgumentParser()
    made.add_argument("--width", type=int, default=5)
    group = made.add_argument_group("more")
    group.add_argument("--depth", type=int, default=1)
    return made
"""


LINE = FORMS.partition("made = ")[0].count("\n") + 1


@pytest.fixture(autouse=True)
def clean_path() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    ours = [name for name in set(sys.modules) - modules if any("pytest-" in place for place in _places(name))]
    for name in ours:
        del sys.modules[name]


def _places(name: str) -> list[str]:
    module = sys.modules[name]
    return [str(place) for place in (getattr(module, "__file__", ""), *getattr(module, "__path__", ()))]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "m.py").write_text(FORMS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loaded(text: str, *inputs: str) -> Loaded:
    target, specs = read_target(text), tuple(map(parse_input, inputs))
    check(target, specs)
    return load(target, specs)


def width(result: Loaded) -> int:
    return int(result.model.weights[-1].shape[0])


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("m.py:make(cfg=Cfg(width=4))", 4),
        ("m.py:make(Cfg(4))", 4),
        ("m.py:make(cfg=CONFIGS['small'])", 2),
        ("m.py:make(CONFIGS['a:b'])", 7),
        ("m.py:make(Namespace(width=3))", 3),
        ("m.py:make(SimpleNamespace(width=6))", 6),
        ("m.py:make(argparse.Namespace(width=6))", 6),
        ("m.py:make(Options(width=5))", 5),
        ("m.py:net(2 + 3)", 5),
        ("m.py:net(width=max(2, 4))", 4),
        ("m.py:two(3)[1]", 4),
        ("m.py:two(3, extra=1)[0]", 4),
        ("m.py:one[0]", 2),
        ("m.py:named['decoder']", 6),
        ('m.py:named()["encoder"]', 5),
        ("m.py:nets['large']", 6),
        ("m.py:Held().model", 3),
        ("m.py:Outer(width=4).inner", 4),
        ("m.py:Factory(3).build(depth=2)", 7),
        ("m.py:Factory(extra=3).build", 5),
        ("m.py:Factory.of_class", 2),
        ("m.py:Factory.static", 8),
        ("m.py:Factory.static(width=4)", 4),
        ("m.py:factory.build", 6),
        ("m.py:factory.build(2)", 8),
        ("m.py:factory.whole", 9),
    ],
)
def test_a_form_names_a_model(folder: Path, text: str, last: int) -> None:
    result = loaded(text)
    assert (width(result), result.inferred) == (last, ())


@pytest.mark.parametrize(
    ("text", "last", "fact", "names"),
    [
        ("m.py:make", 3, Fact.ARGUMENT_FROM_DATACLASS, ("cfg", "Cfg")),
        ("m.py:plain", 5, Fact.ARGUMENT_FROM_PARSER, ("config", f"made (m.py:{LINE})")),
        ("m.py:one", 2, Fact.ITEM_TAKEN, ("Sequential", "one[0]")),
        ("m.py:one(5)", 5, Fact.ITEM_TAKEN, ("Sequential", "one(5)[0]")),
        ("m.py:Factory.build", 3, Fact.INSTANCE_MADE, ("Factory",)),
        ("m.py:Factory.build(depth=3)", 6, Fact.INSTANCE_MADE, ("Factory",)),
        ("m.py:Factory.whole", 9, Fact.INSTANCE_MADE, ("Factory",)),
        ("m.py:Held.model", 3, Fact.INSTANCE_MADE, ("Held",)),
        ("m.py:Outer.inner", 3, Fact.INSTANCE_MADE, ("Outer",)),
    ],
)
def test_what_is_filled_in_is_said(folder: Path, text: str, last: int, fact: Fact, names: tuple[str, ...]) -> None:
    result = loaded(text)
    (said,) = result.inferred
    assert (width(result), said.fact, said.names) == (last, fact, (text, *names))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "m.py:make(cfg=Cgf(width=4))",
            "the argument cfg=Cgf(width=4) fails: NameError: name 'Cgf' is not defined. Ne",
        ),
        ("m.py:make(cfg=CONFIGS['huge'])", "the argument cfg=CONFIGS['huge'] fails: KeyError: key 'huge'."),
        ("m.py:make(Cfg(1, 2, 3))", "the argument Cfg(1, 2, 3) fails: TypeError: "),
        ("m.py:needs(name='x')", "needs the arguments cfg (Needy), depth (int); write "),
        ("m.py:needs", "write 'm.py:needs(cfg=..., depth=..., name=...)'."),
        ("m.py:net(1, 2)", "net does not take 2 arguments by position. Its signature is net(width)."),
        ("m.py:net(1, width=2)", "fails: TypeError: "),
        (
            "m.py:two(3)",
            "returned a tuple with 2 models; name one: 'm.py:two(3)[0]' is a Sequential; 'm.py:two(3)[1]' is",
        ),
        ("m.py:named", "returned a dict with 2 models; name one: "),
        ("m.py:nets", "nets is a dict with 2 models; name one: "),
        ("m.py:two(3)[2]", "two(3)[2] fails: IndexError: tuple index out of range."),
        ("m.py:Wanting.build", "Wanting needs the argument size; write 'm.py:Wanting(size=...).build'."),
        ("m.py:Wanting.build()", "write 'm.py:Wanting(size=...).build()'."),
        ("m.py:nets(3)", "nets is a dict, not a Keras model"),
        ("m.py:Held", "Held is a class, but not of a Keras model or layer."),
    ],
)
def test_what_is_wrong_is_one_sentence(folder: Path, text: str, says: str) -> None:
    with pytest.raises(LoadError) as caught:
        loaded(text)
    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_a_line_to_paste_survives_the_shell(folder: Path) -> None:
    with pytest.raises(LoadError) as caught:
        loaded("m.py:needs(name='x')")
    assert shlex.split(caught.value.message.partition("; write ")[2].removesuffix(".")) == [
        "m.py:needs(name='x', cfg=..., depth=...)"
    ]


def test_a_parser_that_wants_more_says_what(folder: Path) -> None:
    (folder / "m.py").write_text(FORMS.replace('"--width", type=int, default=5', '"--width", required=True'))
    with pytest.raises(LoadError, match=r"gives no defaults: the following arguments are required: --width; write"):
        loaded("m.py:plain")


CELLS = (
    """%matplotlib inline
!pip install \\
  keras
from __future__ import annotations
import keras
files = !ls
keras?
""",
    "%%bash\nls",
    """TEXT = '''
%d
'''
%time width = 3

class Net(keras.Model):
    def __init__(self, width: Later = width):
        super().__init__()
        self.d = keras.layers.Dense(width)

    def call(self, x):
        return self.d(x)
""",
    "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])\ndisplay(model)",
)


def notebook(*cells: str, **metadata: object) -> str:
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": []} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "# A title"}, *code], "metadata": metadata})


@pytest.mark.parametrize(("name", "last"), [("Net", 3), ("Net(width=7)", 7), ("model", 5)])
def test_a_notebook_is_a_module_of_its_cells(folder: Path, name: str, last: int) -> None:
    (folder / "nb.ipynb").write_text(notebook(*CELLS, kernelspec={"language": "python"}))
    assert width(loaded(f"nb.ipynb:{name}", "4")) == last


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (notebook("import keras", "x = 1\n1 / 0"), "fails (nb.ipynb[cell 2]:2): ZeroDivisionError: division by zero."),
        (notebook("import keras", "\ndef f(:"), "syntax error in nb.ipynb[cell 2]:2: invalid syntax: def f(:"),
        (
            notebook("import keras", "\nimport torchh"),
            "imports torchh, which is not installed here",
        ),
        (notebook("def g(): ..."), "nb.ipynb defines no f."),
        (notebook("f <- 3", language_info={"name": "R"}), "it is written in r, not in Python."),
        (notebook(), "it holds no code."),
        ("", "it is empty."),
        ("[]", "it has no cells."),
        ("{", "it is no JSON."),
    ],
)
def test_what_is_wrong_with_a_notebook(folder: Path, content: str, says: str) -> None:
    (folder / "nb.ipynb").write_text(content)
    target = read_target("nb.ipynb:f")
    with pytest.raises(KerasdiffError) as caught:
        load(target)
    assert says in caught.value.message
    if "fails" not in says:
        with pytest.raises(KerasdiffError) as early:
            check(target, ())
        assert (early.value.message, early.value.details) == (caught.value.message, caught.value.details)


def own_layer() -> Any:
    class Own(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    return keras.Sequential([keras.Input((4,)), Own()])


def test_a_config_is_a_model(folder: Path) -> None:
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dropout(0.5)])
    (folder / "config.json").write_text(made.to_json())
    result, exact = loaded("config.json"), load(read_target("config.json"), precision="float64")
    assert (width(result), result.inferred, result.ports[0].spec.dtype) == (3, (), "float32")
    assert {weight.dtype for weight in exact.model.weights} == {"float64"}
    assert exact.ports[0].spec.dtype == "float64"


@pytest.mark.parametrize(
    ("content", "says", "early"),
    [
        (lambda: "", "describes no model: it is empty.", True),
        (lambda: "{", "describes no model: it is no JSON.", True),
        (lambda: "[1]", "it is no config of a Keras model, which has a class_name", True),
        (lambda: '{"class_name": "Sequential", "config": {}, "keras_version": "2.9.0"}', "by Keras 2.9.0, which", True),
        (lambda: own_layer().to_json(), "it is made with Own, which Keras does not know; name the file", False),
        (
            lambda: json.dumps(keras.saving.serialize_keras_object(keras.optimizers.Adam())),
            "this config describes an Adam, not a model or layer.",
            False,
        ),
    ],
)
def test_what_is_wrong_with_a_config(folder: Path, content: Any, says: str, early: bool) -> None:
    (folder / "config.json").write_text(content())
    target = read_target("config.json")
    with pytest.raises(LoadError) as caught:
        load(target)
    assert says in caught.value.message
    if early:
        with pytest.raises(LoadError) as first:
            check(target, ())
        assert first.value.message == caught.value.message


PACKAGE = {
    "net.py": "import keras\nfrom .parts.layers import dense\nfrom mypkg import WIDTH\n\n\ndef build(width=WIDTH):\n"
    "    return keras.Sequential([keras.Input((4,)), dense(width)])\n",
    "__init__.py": "WIDTH = 3\n",
    "parts/layers.py": "from .. import WIDTH\nimport keras\ndef dense(width):\n    return keras.layers.Dense(width)\n",
    "alone.py": "import keras\nfrom beside import dense\n\n\ndef build():\n"
    "    return keras.Sequential([keras.Input((4,)), dense(5)])\n",
    "beside.py": "import keras\n\n\ndef dense(width):\n    return keras.layers.Dense(width)\n",
}


def package(folder: Path, **other: str) -> None:
    for name, text in {**PACKAGE, **other}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("place", "text", "last"),
    [
        ("mypkg", "mypkg/net.py:build", 3),
        ("mypkg", "mypkg.net:build(width=4)", 4),
        ("mypkg", "mypkg:net.build", 3),
        ("mypkg", "mypkg/alone.py:build", 5),
        ("src/mypkg", "src/mypkg/net.py:build", 3),
        ("src/mypkg", "mypkg.net:build", 3),
    ],
)
def test_a_part_of_a_package_is_imported_as_one(folder: Path, place: str, text: str, last: int) -> None:
    package(folder / place, **{"__init__.py": "WIDTH = 3\nfrom . import net\n"} if text == "mypkg:net.build" else {})
    assert width(loaded(text)) == last
    assert width(loaded(text)) == last  # and again, as another precision does


def test_a_folder_without_init_is_a_package_where_it_is_treated_as_one(folder: Path) -> None:
    package(folder / "nets", **{"net.py": PACKAGE["net.py"].replace("from mypkg import WIDTH", "WIDTH = 2")})
    (folder / "nets" / "__init__.py").unlink()
    (folder / "nets" / "parts" / "layers.py").write_text(PACKAGE["beside.py"])
    assert width(loaded("nets/net.py:build")) == 2


@pytest.mark.parametrize("text", ["mypkg.net:build", "mypkg:build", "mypkg/net.py:build", "mypkg.nowhere:build"])
def test_what_a_package_lacks_is_said(folder: Path, text: str) -> None:
    package(folder / "mypkg", **{"__init__.py": "import keras\nimport torchh\n"})
    with pytest.raises(LoadError) as caught:
        loaded(text)
    who, where = ("mypkg", "") if text == "mypkg:build" else ("mypkg/__init__.py", "mypkg/")
    assert caught.value.message == (
        f"{text}: {who} imports torchh, which is not installed here nor found beside it ({where}__init__.py:2)."
    )


def test_a_module_that_another_python_lacks_is_missed_there() -> None:
    target = Target(text="net.py:Net", kind="file", location="net.py", name="Net", python="/old/bin/python")

    told = said.not_installed(target, "tf_keras", " (net.py:1)", "").message

    assert "imports tf_keras, which is not installed under /old/bin/python nor found beside it (net.py:1)" in told
    assert "tensorflow.keras" in told
    assert "tensorflow.keras" not in said.not_installed(target, "torchh", "", "").message


def test_keras_2_is_run_on_tensorflow_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tf_keras")
    (tmp_path / "old.py").write_text("import tf_keras\n\n\ndef build():\n    return tf_keras.Sequential()\n")
    for name, answer in {"on_tensorflow": False, "backend": "jax"}.items():
        monkeypatch.setattr(generations, name, lambda answer=answer: answer)
    target = replace(read_target(f"{tmp_path}/old.py:build"), backend="jax")

    with pytest.raises(LoadError, match=r"Keras 2, which runs on TensorFlow alone, and it was to run on jax; name no"):
        generations.by_its_generation(target, lambda: load(target))
