"""The mutator: every single change of a real model that changes what it computes, learns or starts from.

What cannot have an effect is left out by rules on the model alone (``settings.matters`` and the docstrings below),
never by asking kerasdiff.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial

from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.mutating.blueprint import Blueprint, Call, Part, Ref
from kerasdiff.worker.mutating.change import WEIGHTED, Change, Edit, bypass, flag, layer, layers_of, set_to
from kerasdiff.worker.mutating.learning import frozen, penalties, sharing, starts, training_flags
from kerasdiff.worker.mutating.settings import (
    ACTIVATIONS,
    NOISE,
    Setting,
    activation_of,
    alternatives,
    dotted_settings,
    interval,
    matters,
    rectified_next,
)

ACTIVATION_LAYERS = {"Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"}
NORMALISATIONS = {"BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization"}
MERGES = {"Add", "Multiply", "Average", "Maximum", "Subtract", "Concatenate"}
POOLS = {
    "MaxPooling1D": "AveragePooling1D", "MaxPooling2D": "AveragePooling2D",
    "GlobalMaxPooling1D": "GlobalAveragePooling1D", "GlobalMaxPooling2D": "GlobalAveragePooling2D",
}  # fmt: skip
REPLACEMENTS = {
    **{one: (two,) for one, two in POOLS.items()},
    **{two: (one,) for one, two in POOLS.items()},
    "Add": ("Average", "Maximum", "Multiply"), "Multiply": ("Add",), "Subtract": ("Add",),
    "LSTM": ("GRU", "SimpleRNN"), "GRU": ("LSTM",), "BatchNormalization": ("LayerNormalization",),
    "Dropout": ("GaussianDropout",), "ReLU": ("LeakyReLU",), "LeakyReLU": ("ReLU",), "ELU": ("ReLU",),
}  # fmt: skip


def changes(blueprint: Blueprint, inside: str = "") -> list[Change]:
    """Every change of a model that was built, in an order that depends on the model alone."""
    found = [change for family in FAMILIES for change in family(blueprint)]
    for name, part in blueprint.parts.items():
        if part.kind == "Blueprint" and part.inner is not None:
            found += changes(part.inner, inside=name)
    return [Change(**{**vars(change), "inside": change.inside or inside}) for change in found]


def activations(blueprint: Blueprint) -> Iterator[Change]:
    """Drops or swaps an activation.

    It must not touch a rectifier of values that are never negative, nor one whose result is rectified anyway.
    """
    for name, part, first, call in layers_of(blueprint):
        bare = part.kind in ACTIVATION_LAYERS
        if bare and interval(blueprint, call.refs()[0])[0] >= 0:
            continue
        heard = not _rectified(blueprint, part, first)
        if bare and len(blueprint.calls_of(name)) == 1 and heard:
            yield Change("drop-activation", f"drop {name}", (name,), bypass(first))
        for dotted, old in dotted_settings(part):
            if dotted.rpartition(".")[2] != "activation" or not isinstance(old, str):
                continue
            if old != "linear" and not bare and heard:
                yield Change("drop-activation", f"drop {name}.{dotted} {old}", (name,), set_to(name, dotted, "linear"))
            for other in _others(blueprint, first, old):
                key = f"{name}.{dotted} {old} -> {other}"
                yield Change("swap-activation", key, (name,), set_to(name, dotted, other))


def _others(blueprint: Blueprint, call: str, used: str) -> list[str]:
    """Activations that can be told from the one that is used."""
    return [] if rectified_next(blueprint, Ref(call)) else [other for other in ACTIVATIONS if other != used]


def _rectified(blueprint: Blueprint, part: Part, call: str) -> bool:
    return activation_of(part) == "relu" and rectified_next(blueprint, Ref(call))


def attributes(blueprint: Blueprint) -> Iterator[Change]:
    """Changes one setting of one layer, or of the layer a wrapper holds."""
    for name, part, first, call in layers_of(blueprint):
        for dotted, old, new in alternatives(part):
            key = f"{name}.{dotted} {old} -> {new}"
            check = partial(matters, Setting(name, first, dotted, new))
            yield Change(f"set-{dotted.rpartition('.')[2]}", key, (name,), set_to(name, dotted, new), check=check)
        if part.kind == "MultiHeadAttention":
            causal = bool(call.kwargs.get("use_causal_mask"))
            yield Change(
                "set-use_causal_mask",
                f"{name}.use_causal_mask {causal} -> {not causal}",
                (name,),
                flag(first, "use_causal_mask", not causal),
                check=partial(_several_keys, first),
            )


def _several_keys(call: str, before: Blueprint, after: Blueprint) -> bool:
    """Whether an attention has more than one key to look at."""
    return before.shapes[before.calls[call].refs()[1]][1] != 1


def dropped(blueprint: Blueprint) -> Iterator[Change]:
    """Drops a dropout, a normalisation or another layer of one operand; the build decides where shapes fit."""
    for name, part, first, call in layers_of(blueprint):
        if part.kind in ACTIVATION_LAYERS or len(blueprint.calls_of(name)) > 1 or len(call.refs()) != 1:
            continue
        what = "dropout" if part.kind in NOISE else "normalisation" if part.kind in NORMALISATIONS else "layer"
        shaping = part.kind in ("Flatten", "Reshape")  # what follows may flatten anyway

        def check(before: Blueprint, after: Blueprint, shaping: bool = shaping) -> bool:
            return not shaping or _shapes(before) != _shapes(after)

        yield Change(f"drop-{what}", f"drop {name}", (name,), bypass(first), check=check)


def _shapes(blueprint: Blueprint) -> list[Live]:
    return [blueprint.shapes[ref] for ref in blueprint.outputs]


def skips(blueprint: Blueprint) -> Iterator[Change]:
    """Drops one operand of a merge, or takes it from elsewhere; nothing else may become unused."""
    for name, part, first, call in layers_of(blueprint):
        if part.kind not in MERGES or len(blueprint.calls_of(name)) > 1:
            continue
        operands = call.refs()
        for number, ref in enumerate(operands):
            if operands.count(ref) > 1 or len(blueprint.users(ref)) < 2:
                continue
            yield Change("drop-skip", f"drop {ref.call} of {name}", (name,), _without(first, number))
            order = list(blueprint.calls)
            for other in order[: order.index(first)]:
                fits = blueprint.shapes.get(Ref(other)) == blueprint.shapes[ref]
                if fits and Ref(other) not in operands:
                    key = f"{name} takes {other} for {ref.call}"
                    yield Change("rewire-skip", key, (name,), _taking(first, number, Ref(other)))


def _without(name: str, number: int) -> Edit:
    def edit(blueprint: Blueprint) -> None:
        left = [ref for at, ref in enumerate(blueprint.calls[name].refs()) if at != number]
        if len(left) == 1:
            blueprint.bypass(name, left[0])
        else:
            blueprint.calls[name] = Call(blueprint.calls[name].part, [left], blueprint.calls[name].kwargs)

    return edit


def _taking(name: str, number: int, other: Ref) -> Edit:
    def edit(blueprint: Blueprint) -> None:
        call = blueprint.calls[name]
        refs = [other if at == number else ref for at, ref in enumerate(call.refs())]
        blueprint.calls[name] = Call(call.part, [refs], call.kwargs)

    return edit


def orders(blueprint: Blueprint) -> Iterator[Change]:
    """Swaps the first two operands of a call, or two outputs, where order counts."""
    for name, part, first, call in layers_of(blueprint):
        refs = call.refs()
        if part.kind in ("Concatenate", "Subtract", "MultiHeadAttention") and len(set(refs[:2])) == 2:

            def edit(blueprint: Blueprint, first: str = first) -> None:
                call = blueprint.calls[first]
                one, two, *rest = call.refs()
                listed = isinstance(call.args[0], list | tuple)
                swapped = [two, one, *rest]
                blueprint.calls[first] = Call(call.part, [swapped] if listed else swapped, call.kwargs)

            yield Change("swap-operands", f"{name} operands swapped", (name,), edit)
    if len(blueprint.outputs) == 2:
        nodes = tuple(ref.call for ref in blueprint.outputs)
        yield Change("swap-operands", "outputs swapped", nodes, lambda blueprint: blueprint.outputs.reverse())


_POINTWISE = {"Dense", "BatchNormalization", "LayerNormalization", "TimeDistributed", "Conv1D", "Conv2D", "PReLU"}


def may_commute(one: Part, two: Part) -> bool:
    """Whether two layers may compute the same in either order.

    At least one has to hold weights, which mix or scale what the other acts on, or one is an activation and the other
    an average. A layer that acts on each position alone is not swapped with one that averages, cuts or copies them.
    """
    kinds = {one.kind, two.kind}
    spatial = ("AveragePooling", "UpSampling", "Cropping", "ZeroPadding", "Permute", "GlobalMaxPooling")
    if not kinds & WEIGHTED:
        average = any("AveragePooling" in kind for kind in kinds)
        return not (average and kinds & ACTIVATION_LAYERS)
    if kinds & _POINTWISE and any(text in kind for kind in kinds for text in spatial):
        return True
    return one.kind == two.kind and {**one.config, "name": ""} == {**two.config, "name": ""}


def swaps(blueprint: Blueprint) -> Iterator[Change]:
    """Swaps two layers that follow each other and do not commute."""
    for name, part, first, call in layers_of(blueprint):
        users = blueprint.users(Ref(first))
        if len(blueprint.calls_of(name)) > 1 or len(call.refs()) != 1 or len(users) != 1 or users[0] == "output":
            continue
        after = blueprint.calls[users[0]]
        other = blueprint.parts[after.part]
        if not other.data or len(blueprint.calls_of(after.part)) > 1 or len(after.refs()) != 1:
            continue
        if not may_commute(part, other):

            def edit(blueprint: Blueprint, one: str = first, two: str = users[0]) -> None:
                blueprint.calls[one].part, blueprint.calls[two].part = (
                    blueprint.calls[two].part,
                    blueprint.calls[one].part,
                )

            yield Change("swap-layers", f"{name} <-> {after.part}", (name, after.part), edit)


def additions(blueprint: Blueprint) -> Iterator[Change]:
    """Adds a layer after another; a rectifier only where there is something to rectify."""
    for _, _, first, _ in layers_of(blueprint):
        shape = blueprint.shapes[Ref(first)]
        ref = Ref(first)
        new = [("added_tanh", layer("Activation", activation="tanh")), ("added_dropout", layer("Dropout", rate=0.3))]
        new.append(("added_norm", layer("BatchNormalization")))
        if len(shape) == 2:
            new.append(("added_dense", layer("Dense", units=shape[-1])))
        if len(shape) == 4:
            new.append(("added_conv", layer("Conv2D", filters=shape[-1], kernel_size=3, padding="same")))
        if interval(blueprint, ref)[0] < 0 and not rectified_next(blueprint, ref):
            new.append(("added_relu", layer("ReLU")))
        for name, part in new:

            def edit(blueprint: Blueprint, ref: Ref = ref, name: str = name, part: Part = part) -> None:
                blueprint.insert_after(ref, name, copy.deepcopy(part))

            yield Change("add-layer", f"{name} after {first}", (), edit, added=(name,))


def replacements(blueprint: Blueprint) -> Iterator[Change]:
    """Another class in the place of a layer, with the settings both have.

    It must not touch a pooling window of one, nor a rectifier of values that are never negative.
    """
    for name, part, _, call in layers_of(blueprint):
        idle = part.kind in ACTIVATION_LAYERS and interval(blueprint, call.refs()[0])[0] >= 0
        pool = part.config.get("pool_size", (2,))
        if idle or max(pool if isinstance(pool, list | tuple) else [pool]) == 1:
            continue
        for kind in REPLACEMENTS.get(part.kind, ()):

            def edit(blueprint: Blueprint, name: str = name, kind: str = kind) -> None:
                kept = {key: value for key, value in blueprint.parts[name].config.items() if key in _SHARED}
                blueprint.parts[name] = layer(kind, **kept)

            yield Change("replace-class", f"{name} as {kind}", (name,), edit)


_SHARED = {
    "pool_size", "strides", "padding", "data_format", "keepdims", "units", "return_sequences", "activation", "dropout",
    "epsilon", "rate",
}  # fmt: skip

FAMILIES: tuple[Callable[[Blueprint], Iterator[Change]], ...] = (
    activations, attributes, training_flags, starts, penalties, frozen, dropped, skips, orders, swaps, sharing,
    additions, replacements,
)  # fmt: skip
