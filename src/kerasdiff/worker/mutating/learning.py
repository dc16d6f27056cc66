"""Changes of what a model learns, and from where: initializers, penalties, frozen layers, modes, shared weights."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.mutating.blueprint import Blueprint
from kerasdiff.worker.mutating.change import WEIGHTED, Change, flag, layers_of, set_to
from kerasdiff.worker.mutating.settings import NOISE, dotted_settings, holder


def training_flags(blueprint: Blueprint) -> Iterator[Change]:
    """Hard-codes ``training=`` in the call of a layer that heeds it."""
    for name, part, first, _ in layers_of(blueprint):
        if part.kind in NOISE | {"BatchNormalization"}:
            for value in (True, False):
                key, edit = f"{name}(training={value})", flag(first, "training", value)
                yield Change("fix-training", key, (name,), edit, form="subclassed")


def _held(config: dict[str, Live], role: str) -> bool:
    """Whether a layer has the weight a setting speaks of."""
    needs = {"bias": "use_bias", "beta": "center", "gamma": "scale", "moving_mean": "", "moving_variance": ""}
    return bool(config.get(needs.get(role, ""), True))


def starts(blueprint: Blueprint) -> Iterator[Change]:
    """Another initializer, for a weight the layer has."""
    others = {"Zeros": "Ones", "Ones": "Zeros"}
    for name, part, _, _ in layers_of(blueprint):
        for dotted, old in dotted_settings(part):
            key = dotted.rpartition(".")[2]
            if not key.endswith("_initializer") or not old or not _held(holder(part, dotted), key[:-12]):
                continue
            kind = old["class_name"]
            other = others.get(kind, "HeNormal")
            new: dict[str, Live] = {"module": "keras.initializers", "class_name": other, "config": {}}
            new["registered_name"] = None
            if kind != other:
                yield Change("initializer", f"{name}.{dotted} {kind} -> {other}", (name,), set_to(name, dotted, new))


def penalties(blueprint: Blueprint) -> Iterator[Change]:
    """Drops, adds or strengthens a regularizer or a constraint of a weight the layer has, or of its output."""
    new: dict[str, dict[str, Live]] = {
        "_regularizer": {"class_name": "L2", "config": {"l2": 0.02}, "module": "keras.regularizers"},
        "_constraint": {"class_name": "UnitNorm", "config": {"axis": 0}, "module": "keras.constraints"},
    }
    for name, part, _, _ in layers_of(blueprint):
        for dotted, old in dotted_settings(part):
            key = dotted.rpartition(".")[2]
            ending = next((text for text in new if key.endswith(text)), None)
            if ending is None or not _held(holder(part, dotted), key.removesuffix(ending)):
                continue
            if old:
                yield Change(f"drop{ending}", f"drop {name}.{dotted}", (name,), set_to(name, dotted, None))
            value = {**new[ending], "registered_name": None}
            if not old or old["class_name"] != value["class_name"]:
                yield Change(
                    f"set{ending}", f"{name}.{dotted} -> {value['class_name']}", (name,), set_to(name, dotted, value)
                )


def frozen(blueprint: Blueprint) -> Iterator[Change]:
    """Freezes a layer that has something to train, or thaws one."""
    for name, part, _, _ in layers_of(blueprint):
        weighty = any(dotted.endswith("_initializer") for dotted, _ in dotted_settings(part))
        if weighty:
            value = not part.config.get("trainable", True)
            yield Change("freeze", f"{name}.trainable = {value}", (name,), set_to(name, "trainable", value))


def sharing(blueprint: Blueprint) -> Iterator[Change]:
    """Gives the second use of a shared layer weights of its own, or makes two equal layers one."""
    seen: dict[str, str] = {}
    for name, part in list(blueprint.parts.items()):
        calls = blueprint.calls_of(name)
        weighty = part.kind in WEIGHTED | {"Embedding", "Blueprint"}
        if not calls or not weighty:
            continue
        if len(calls) > 1:
            copied = f"{name}_own"

            def unshare(blueprint: Blueprint, name: str = name, copied: str = copied, call: str = calls[-1]) -> None:
                blueprint.parts[copied] = copy.deepcopy(blueprint.parts[name])
                blueprint.calls[call].part = copied

            yield Change("unshare", f"{name} not shared", (name,), unshare, added=(copied,))
        if not part.data:
            continue
        shape = blueprint.shapes[blueprint.calls[calls[0]].refs()[0]]
        likeness = repr(({**part.config, "name": ""}, shape))
        if likeness in seen and len(calls) == 1:

            def share(
                blueprint: Blueprint, name: str = name, other: str = seen[likeness], call: str = calls[0]
            ) -> None:
                blueprint.calls[call].part = other
                del blueprint.parts[name]

            yield Change("share", f"{name} is {seen[likeness]}", (name, seen[likeness]), share)
        seen.setdefault(likeness, name)
