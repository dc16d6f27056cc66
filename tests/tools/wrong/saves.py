"""What may a file hold that is named as a saved model?"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

from wrong.row import Row

CONFIG = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {
        "name": "s",
        "trainable": True,
        "dtype": "float32",
        "layers": [
            {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "i"}},
            {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}},
        ],
        "build_input_shape": [None, 4],
    },
    "registered_name": None,
}  # fmt: skip
"""As Keras 3.15 writes it, shortened."""
LAYERS = CONFIG["config"]["layers"]  # type: ignore[index]
SEE = "inspect m.keras"
CODE = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}


def with_layer(**layer: object) -> dict[str, object]:
    """The config with a layer in the place of the last one."""
    inner = {**CONFIG["config"], "layers": [LAYERS[0], layer]}  # type: ignore[dict-item]
    return {**CONFIG, "config": inner}


LAMBDA = with_layer(module="keras.layers", class_name="Lambda", config={"name": "mine", "function": CODE})
OWN = with_layer(module=None, class_name="Mine", config={"name": "m"}, registered_name="pack>Mine")


def archive(
    config: object = CONFIG, weights: bytes = b"\x89HDF\r\n\x1a\n", version: str = "3.15.1", name: str = "m.keras"
) -> Callable[[Path], None]:
    """Makes a ``.keras`` file."""

    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as held:
            held.writestr("metadata.json", json.dumps({"keras_version": version}))
            held.writestr("config.json", config if isinstance(config, str | bytes) else json.dumps(config))
            held.writestr("model.weights.h5", weights)

    return make


def _bomb(folder: Path) -> None:
    archive(weights=bytes(1 << 20))(folder)
    data = bytearray((folder / "m.keras").read_bytes())
    at = data.rindex(b"PK\x01\x02")  # the directory's entry of the last member
    data[at + 24 : at + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    (folder / "m.keras").write_bytes(data)
    with zipfile.ZipFile(folder / "m.keras", "a", zipfile.ZIP_DEFLATED) as held:
        for number in range(400):
            info = zipfile.ZipInfo(f"more{number}")
            held.writestr(info, b"")
    data = bytearray((folder / "m.keras").read_bytes())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        if b"config" not in data[at + 46 : at + 58]:
            data[at + 24 : at + 28] = (0xFFFFFFF0).to_bytes(4, "little")
        at += 4
    (folder / "m.keras").write_bytes(data)


def _cut(folder: Path) -> None:
    archive()(folder)
    whole = (folder / "m.keras").read_bytes()
    (folder / "m.keras").write_bytes(whole[:-40])


def _saved_model(folder: Path) -> None:
    (folder / "m").mkdir()
    (folder / "m" / "saved_model.pb").write_bytes(b"\x08\x01")


def _checkpoint(folder: Path) -> None:
    (folder / "m").mkdir()
    for name in ("checkpoint", "model.index"):
        (folder / "m" / name).write_bytes(b"x")


def _torch(folder: Path) -> None:
    with zipfile.ZipFile(folder / "m.pt", "w") as held:
        held.writestr("archive/data.pkl", b"x")


CLASS = "import keras\n@keras.saving.register_keras_serializable('pack')\nclass Mine(keras.layers.Layer):\n    def call(self, x): return x + 1\n"
PICKLE = pickle.dumps({"a": 1})
ROWS: tuple[Row, ...] = (
    Row(name="an empty .keras", run=SEE, files={"m.keras": ""}, says=("it is empty",)),
    Row(name="a .keras of text", run=SEE, files={"m.keras": "model"}, says=("no .keras archive",)),
    Row(name="a .keras that is cut off", run=SEE, make=_cut, says=("damaged",)),
    Row(name="a .keras without a config", run=SEE, make=lambda at: zipfile.ZipFile(at / "m.keras", "w").close(), says=("lacks config.json",)),
    Row(name="a .keras whose config is no JSON", run=SEE, make=archive("{"), says=("no JSON",)),
    Row(name="a .keras whose config is nested too deep", run=SEE, make=archive("[" * 100_000), says=("no JSON",)),
    Row(name="a .keras whose config is another thing", run=SEE, make=archive([1]), says=("cannot open",), worker=True),
    Row(name="a .keras whose weights are cut off", run=SEE, make=archive(), says=("cannot open",), worker=True),
    Row(name="a .keras larger than all memory", run=SEE, make=_bomb, says=("of memory are free",)),
    Row(name="a .keras of a config without end", run=SEE, make=archive("[" + " " * (70 << 20) + "]"), says=("its config.json has 73 MB",)),
    Row(name="a .keras with code", run=SEE, make=archive(LAMBDA), says=("the code of Lambda layers (mine)", "--unsafe")),
    Row(name="a .keras with code that is allowed and damaged", run=f"{SEE} --unsafe", make=archive(LAMBDA), says=("cannot open",), worker=True),
    Row(name="a .keras of a class that is not there", run=SEE, make=archive(OWN), says=("made with Mine", "--custom-objects FILE.py"), worker=True),
    Row(name="a .keras of a later Keras", run=SEE, make=archive(with_layer(module="keras.layers", class_name="Later", config={}), version="9.0.0"), says=("Keras 9.0.0 saved it",), worker=True),
    Row(name="custom objects that are no file", run=f"{SEE} --custom-objects no.py", make=archive(OWN), says=("'no.py' is no Python file",)),
    Row(name="custom objects that cannot be run", run=f"{SEE} --custom-objects bad.py", files={"bad.py": "1 / 0"}, make=archive(OWN), says=("importing bad.py fails", "ZeroDivisionError"), worker=True),
    Row(name="custom objects that two files define", run="inspect m.json --custom-objects one.py --custom-objects two.py", files={"m.json": json.dumps(OWN), "one.py": CLASS, "two.py": CLASS}, says=("one.py and", "two.py both define pack>Mine"), worker=True),
    Row(name="custom objects of a script", run="inspect net.py:net --custom-objects net.py", says=("there is none here",)),
    Row(name="unsafe scripts", run="inspect net.py:net --unsafe", says=("there is none here",)),
    Row(name="a pickle as .keras", run=SEE, files={"m.keras": PICKLE}, says=("a pickle", "never loaded")),
    Row(name="a pickle", run="inspect m.pkl", files={"m.pkl": PICKLE}, says=("a pickle", "never loaded")),
    Row(name="a file of PyTorch", run="inspect m.pt", make=_torch, says=("PyTorch",)),
    Row(name="a file of ONNX", run="inspect m.onnx", files={"m.onnx": b"\x08\x07"}, says=("ONNX",)),
    Row(name="a file of TensorFlow Lite", run="inspect m.tflite", files={"m.tflite": b"\x1c\0\0\0TFL3"}, says=("TensorFlow Lite",)),
    Row(name="a graph of TensorFlow 1 in a file", run="inspect m.pb", files={"m.pb": b"\x0a"}, says=("TensorFlow 1",)),
    Row(name="a SavedModel", run="inspect m", make=_saved_model, says=("a SavedModel",)),
    Row(name="a checkpoint", run="inspect m", make=_checkpoint, says=("a checkpoint",)),
    Row(name="weights alone", run="inspect m.weights.h5", files={"m.weights.h5": b"\x89HDF\r\n\x1a\n"}, says=("weights alone",)),
    Row(name="an .h5 of text", run="inspect m.h5", files={"m.h5": "model"}, says=("no HDF5 file",)),
    Row(name="an .h5 that is cut off", run="inspect m.h5", files={"m.h5": b"\x89HDF\r\n\x1a\n"}, says=("cannot open",), worker=True),
    Row(name="a config that is no JSON", run="inspect m.json", files={"m.json": "{"}, says=("no JSON",)),
    Row(name="a config with code", run="inspect m.json", files={"m.json": json.dumps(LAMBDA)}, says=("--unsafe",)),
    Row(name="a config of a class that is not there", run="inspect m.json", files={"m.json": json.dumps(OWN)}, says=("--custom-objects",), worker=True),
    Row(name="a config with the class it needs", run="inspect m.json --custom-objects own.py", files={"m.json": json.dumps(OWN), "own.py": CLASS}, code=0, worker=True),
)  # fmt: skip
