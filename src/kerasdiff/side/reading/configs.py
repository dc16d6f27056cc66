"""What does a JSON file say of a model? A config as ``model.to_json()`` writes it, and what may be wrong with it."""

from __future__ import annotations

from pathlib import Path

from kerasdiff.side.files import UnreadableError, json_of


def config_of(path: Path) -> dict[str, object] | str:
    """The config that a file holds, or why it is none."""
    try:
        config = json_of(path, "it is no JSON")
    except UnreadableError as error:
        return str(error)
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str) or "config" not in config:
        return "it is no config of a Keras model, which has a class_name and a config, as model.to_json() writes it"
    version = str(config.get("keras_version", ""))
    if version.startswith(("1.", "2.")) and "module" not in config:
        return f"it was written by Keras {version}, which Keras 3 does not read"
    return config


def foreign_classes(config: object) -> list[str]:
    """The classes and functions of a config that are none of Keras, each once, as their authors call them."""
    found: list[str] = []
    waiting = [config]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += reversed(one)
        elif isinstance(one, dict):
            waiting += reversed(one.values())
            name, module = one.get("class_name"), one.get("module")
            own = "module" in one and not str(module or "").startswith("keras")
            if name == "function" and isinstance(one.get("config"), str):
                found.append(one["config"])
            elif own and isinstance(name, str) and not str(module).startswith("builtins"):
                found.append(name)
    return list(dict.fromkeys(found))


def stored_code(config: object) -> list[str]:
    """The names of layers whose code a config holds: marshalled bytes, which would be run."""
    found: list[str] = []
    waiting: list[tuple[object, str]] = [(config, "")]
    while waiting:
        one, name = waiting.pop()
        if isinstance(one, list):
            waiting += [(item, name) for item in reversed(one)]
        elif isinstance(one, dict):
            inner = one.get("config")
            own = inner.get("name") if isinstance(inner, dict) else None
            if one.get("class_name") == "__lambda__" or one.get("function_type") == "lambda":
                found.append(name or "a layer without a name")
            waiting += [(item, own if isinstance(own, str) else name) for item in reversed(one.values())]
    return list(dict.fromkeys(found))
