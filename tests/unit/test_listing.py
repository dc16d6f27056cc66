"""What can be named in a file, a module or a directory, and what cannot: read, never run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kerasdiff.cli import main
from kerasdiff.errors import KerasdiffError
from kerasdiff.side.listing.finding import listed
from kerasdiff.side.reading.early import read_target

PAIRS = Path(__file__).parents[1] / "end_to_end" / "pairs"

NAMES = """
import argparse
try:
    import keras
except ImportError:
    from tensorflow import keras
import numpy as np
from dataclasses import dataclass
from keras import layers

WIDTH = 3
SIZES = [3, 4]
table = np.zeros(3)


@dataclass
class Cfg:
    width: int = 3


class Options:
    pass


class Block(layers.Layer):
    def __init__(self, width, *, rate=0.5):
        super().__init__()


class Net(keras.Model):
    def __init__(self, width: int, depth=2):
        super().__init__()


class Wider(Net):
    pass


class Stop(keras.callbacks.Callback):
    pass


def block(x, width):
    x = layers.Dense(width)(x)
    return layers.ReLU()(x)


def train(model):
    model.fit(table)


def history(model):
    return model.fit(table)


def build(cfg: Cfg, input_shape):
    x = inputs = keras.Input(input_shape)
    for width in SIZES:
        x = block(x, width)
    model = keras.Model(inputs, x)
    return model


def build_two():
    return Net(3), "history"


def wrapped():
    return build(Cfg())


def other():
    return made_elsewhere()


def lr(epoch):
    return 0.1 * epoch


inputs = keras.Input((4,))
outputs = layers.Dense(2)(inputs)
whole = keras.Model(inputs, outputs)
dense = layers.Dense(3)
loaded = keras.models.load_model("a.keras")
_hidden = Net(3)
for step in SIZES:
    pass

if __name__ == "__main__":
    program = Net(WIDTH)
    rate = 0.5
"""

CAN = {
    "Block": ("class", "yes", ("width",)),
    "Net": ("class", "yes", ("width",)),
    "Wider": ("class", "yes", ("width",)),
    "build": ("function", "yes", ()),
    "build_two": ("function", "yes", ()),
    "wrapped": ("function", "yes", ()),
    "other": ("function", "maybe", ()),
    "whole": ("object", "yes", ()),
    "dense": ("object", "yes", ()),
    "loaded": ("object", "yes", ()),
    "program": ("object", "yes", ()),
}
CANNOT = {
    "WIDTH": "IS_DATA",
    "SIZES": "IS_DATA",
    "table": "IS_DATA",
    "Cfg": "NOT_OF_KERAS",
    "Options": "NOT_OF_KERAS",
    "Stop": "NOT_OF_KERAS",
    "block": "RETURNS_TENSOR",
    "train": "RETURNS_NOTHING",
    "history": "RETURNS_DATA",
    "lr": "RETURNS_DATA",
    "inputs": "IS_TENSOR",
    "outputs": "IS_TENSOR",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "m.py").write_text(NAMES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_every_name_is_told_from_its_text() -> None:
    (file,) = listed("m.py")
    assert {one.name: (one.kind, one.can, one.missing) for one in file.names if one.can != "no"} == CAN
    assert {one.name: one.reason.name for one in file.names if one.reason is not None} == CANNOT
    targets = {one.name: one.target for one in file.names}
    assert (targets["Net"], targets["build"]) == ("m.py:Net(width=...)", "m.py:build")
    assert next(one.signature for one in file.names if one.name == "Net") == "(width: int, depth=2)"
    assert not {one.name for one in file.names if one.whole} & {"Block", "dense", "other"}


def test_no_model_of_the_table_of_pairs_is_left_out() -> None:
    text = "".join(path.read_text() for path in PAIRS.rglob("*.py"))
    named = {(file, name) for file, name in re.findall(r'"([\w/]+\.py):(\w+)', text) if (PAIRS / file).is_file()}
    can = {}
    for file in {file for file, _ in named}:
        (one,) = listed(str(PAIRS / file))
        can |= {(file, item.name): item.can for item in one.names}
    assert len(named) > 300
    assert {place for place in named if can.get(place, "no") == "no"} == set()
    assert sum(can[place] == "yes" for place in named) > 0.9 * len(named)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import keras\nmodel = keras.Sequential()\n", "model"),
        ("import keras\nclass Block(keras.Layer): ...\nclass Net(keras.Model): ...\ndef f(x): return g(x)\n", "Net"),
        (
            "import keras\nclass Net(keras.Model): ...\ndef build(): return Net(3)\n"
            "if __name__ == '__main__':\n    model = build()\n    model.fit(1)\n",
            "model",
        ),
        ("import keras\nfrom helper import make\nnet = make()\nWIDTH = 3\n", "net"),
        (
            "import keras\ndef block(x): return keras.layers.ReLU()(x)\ndef net(): return keras.Model(1, 2)\n",
            "net",
        ),
    ],
)
def test_the_one_model_of_a_file_need_not_be_named(folder: Path, text: str, name: str) -> None:
    (folder / "one.py").write_text(text)
    target = read_target("one.py")
    assert (target.name, target.found, target.text) == (name, True, "one.py")


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("m.py", "m.py:wrapped"),
        ("perhaps.py", "perhaps.py:aux\nperhaps.py:build"),
        ("none.py", "nothing in it looks like one; `kerasdiff list none.py` says why not"),
        ("broken.py", "syntax error in broken.py:1"),
        ("nowhere", "there is no module nowhere"),
    ],
)
def test_of_several_models_one_is_to_be_named(folder: Path, file: str, says: str) -> None:
    (folder / "none.py").write_text("WIDTH = 3\n")
    (folder / "perhaps.py").write_text("import keras\naux = keras.Sequential()\ndef build(): return made(aux)\n")
    (folder / "broken.py").write_text("def f(:\n")
    with pytest.raises(KerasdiffError) as caught:
        read_target(file)
    assert says in caught.value.message + caught.value.details


def test_a_package_hands_on_what_its_modules_define(folder: Path) -> None:
    (folder / "nets" / "small").mkdir(parents=True)
    (folder / "nets" / "__init__.py").write_text("from .small import Net as Small, WIDTH\nfrom nets.small import net\n")
    (folder / "nets" / "small" / "__init__.py").write_text("from .net import Net, WIDTH\nfrom . import net\n")
    (folder / "nets" / "small" / "net.py").write_text("import keras\nWIDTH = 3\nclass Net(keras.Model): ...\n")
    target = read_target("nets")
    assert (target.kind, target.location, target.name) == ("module", "nets", "Small")


def test_the_command_lists_targets_to_paste(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "n.py").write_text("import keras\nnet = keras.Sequential()\nWIDTH = 3\n")
    (folder / "sub" / "unrelated.py").write_text("def f(): return g()\n")
    (folder / "net.keras").write_text("")
    whole = CliRunner().invoke(main, ["list"])
    one = CliRunner().invoke(main, ["list", "sub/n.py"])
    asked = json.loads(CliRunner().invoke(main, ["list", "m.py:Net", "--format", "json"]).stdout)

    assert whole.exit_code == one.exit_code == 0
    assert "'m.py:Net(width=...)'    class of a model; needs width\n" in whole.stdout
    assert "net.keras" in whole.stdout
    assert "unrelated" not in whole.stdout
    assert one.stdout == "sub/n.py:net  model\n\nnot models:\n  sub/n.py:WIDTH  plain data\n"
    assert asked["files"][0]["names"][0]["missing"] == ["width"]
    assert CliRunner().invoke(main, ["list", "nowhere.py"]).exit_code == 2


def test_a_first_file_writes_targets_without_the_quotes_of_a_shell(folder: Path) -> None:
    (folder / "my nets").mkdir()
    (folder / "my nets" / "layers.py").write_text(
        "import keras\nclass Block(keras.layers.Layer):\n    def __init__(self, filters): pass\n"
    )
    done = CliRunner().invoke(main, ["init", "my nets"])
    text = (folder / "kerasdiff.toml").read_text()

    assert done.exit_code == 0, done.output
    assert '# candidate = "my nets/layers.py:Block(filters=...)"\n' in text
    assert "# kerasdiff lock 'my nets/layers.py:Block(filters=...)' -o Block.kerasdiff\n" in text


def test_values_of_libraries_are_no_models(folder: Path) -> None:
    lines = (
        "import importlib, keras, pathlib, numpy as np, pandas as pd",
        "x = np.random.rand(8, 3).astype('float32')",
        "y = x.mean(axis=0).reshape(3)",
        "rows = pd.read_csv('a.csv').dropna()",
        "folder = pathlib.Path('a').resolve()",
        "net = importlib.import_module('a').build()",
    )
    (folder / "v.py").write_text("\n".join(lines))
    told = json.loads(CliRunner().invoke(main, ["list", "v.py", "--format", "json"]).stdout)["files"][0]["names"]

    assert {one["name"]: one["can_be_model"] for one in told} == {
        "x": "no", "y": "no", "rows": "no", "folder": "no", "net": "maybe",
    }  # fmt: skip


def test_what_is_not_there_is_an_error(folder: Path) -> None:
    (folder / "config.json").write_text('{"class_name": "Functional", "config": {}}')
    (folder / "package.json").write_text("{}")
    lost, whole = CliRunner().invoke(main, ["list", "nope"]), CliRunner().invoke(main, ["list"])

    assert (lost.exit_code, lost.stdout) == (2, "")
    assert "nope" in lost.stderr
    assert "config.json" in whole.stdout
    assert "package.json" not in whole.stdout


def test_a_first_file_leaves_out_saved_models_of_unknown_classes(folder: Path) -> None:
    layer = {"module": None, "class_name": "Mine", "config": {}, "registered_name": "pack>Mine"}
    config = {"class_name": "Sequential", "config": {"layers": [layer]}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "net.keras").write_text("no archive")
    done = CliRunner().invoke(main, ["init", "config.json", "net.keras"])

    assert done.exit_code == 0, done.output
    text = (folder / "kerasdiff.toml").read_text()
    assert "# made with Mine: name their file in custom_objects\n# [pairs.config]\n" in text
    assert "\n[pairs.net]\n" in text


def test_listing_imports_nothing_heavy(folder: Path) -> None:
    code = (
        "import sys\nfrom kerasdiff.cli import main\ntry:\n    main(['list', 'm.py'])\nfinally:\n"
        "    print([name for name in ('numpy', 'rich', 'scipy', 'keras', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert done.stdout.endswith("[]\n"), done.stdout
