"""Which other program wrote a file that holds a model? Told from how it begins, or from its name."""

from __future__ import annotations

from pathlib import Path

_KERAS = "load it where it was made, and save it as a .keras file"
_CODE = "compare the Python code that makes the model"
_CHECKPOINT = f"a checkpoint of TensorFlow, which holds weights alone; {_CODE}"
_NAMES = {
    ".onnx": f"a model in ONNX, which Keras does not read; {_CODE}",
    ".tflite": f"a model of TensorFlow Lite, which Keras does not read; {_KERAS}",
    ".pb": f"a graph of TensorFlow 1, which Keras 3 does not read; {_CODE}",
    ".index": _CHECKPOINT,
    ".ckpt": _CHECKPOINT,
    ".safetensors": f"a file of weights alone; {_CODE}",
}
_TORCH = f"a file of PyTorch, and kerasdiff compares Keras models; {_CODE}"
_PICKLE = f"a pickle, which may run any code and is never loaded; {_KERAS}"
_TORCH_NAMES = (".pt", ".pth", ".ckpt", ".bin")
_PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".dill")


def foreign(path: Path) -> str | None:
    """What a file or directory is that holds a model Keras cannot load, and what to do; ``None`` where it is none."""
    try:
        if path.is_dir():
            return _directory(path)
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            head = stream.read(16)
    except (OSError, ValueError):
        return None
    if path.name.endswith((".weights.h5", ".weights.json")):
        return f"a file of weights alone, and a model is more than that; {_CODE}, or save the whole as .keras"
    if head[4:8] == b"TFL3":
        return _NAMES[".tflite"]
    if path.suffix in _TORCH_NAMES and head[:2] in (b"PK", b"\x80\x02"):
        return _TORCH
    if path.suffix in _PICKLE_NAMES or (
        path.suffix in (".keras", ".h5") and head[:1] == b"\x80" and head[1:2] <= b"\x05"
    ):
        return _PICKLE
    if ".data-00000-of-" in path.name:
        return _CHECKPOINT
    return _NAMES.get(path.suffix)


def _directory(path: Path) -> str | None:
    held = {entry.name for entry in path.iterdir()}
    if "saved_model.pb" in held or "keras_metadata.pb" in held:
        return f"a SavedModel of TensorFlow, which Keras 3 does not load as a model; {_KERAS}"
    if "checkpoint" in held and any(name.endswith(".index") for name in held):
        return _CHECKPOINT
    return None
