"""Ways to write a model otherwise that change nothing: not what it computes, learns or starts from."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import keras
from mutation.by_hand import FORMULAS, LAYERS, STANDS_FOR

from kerasdiff.worker.mutating.blueprint import Blueprint, Call, Part, Ref, renamed
from kerasdiff.worker.mutating.change import Change, layer

CALLABLE = ("relu", "tanh", "sigmoid", "gelu", "elu", "softplus", "silu", "swish", "softmax", "selu", "hard_sigmoid")
OPERATORS = {"Add": "operator.add", "Multiply": "operator.mul", "Subtract": "operator.sub"}


def function(name: str) -> Part:
    """A part that is a plain function."""
    return Part("function", function=name)


def other_name(number: int, name: str, part: Part) -> str:
    """Another name for every part but the inputs."""
    return name if part.kind == "InputLayer" else f"n{number}_{part.kind.lower()[:4]}"


def _plain_layers(blueprint: Blueprint) -> Iterator[tuple[str, Part, str, Call]]:
    """Layers called once."""
    for name, part in blueprint.parts.items():
        calls = blueprint.calls_of(name)
        if part.data and len(calls) == 1:
            yield name, part, calls[0], blueprint.calls[calls[0]]


def _change(operator: str, name: str, edit: Callable[[Blueprint], None]) -> Change:
    return Change(operator, f"{operator} {name}".strip(), (name,) if name else (), edit)


def whole(blueprint: Blueprint) -> Iterator[Change]:
    """Of the whole model: built again from its config; other names; calls in another order; copied."""
    yield _change("rebuild", "", lambda blueprint: None)
    yield _change("rename", "", lambda blueprint: vars(blueprint).update(vars(renamed(blueprint, other_name))))

    def reorder(blueprint: Blueprint) -> None:
        """Calls whose operands exist, drawn at random: independent branches come in another order."""
        draw, done, left, order = random.Random(1), set(blueprint.inputs), dict(blueprint.calls), {}
        while left:
            ready = [name for name, call in left.items() if all(ref.call in done for ref in call.refs())]
            name = draw.choice(ready)
            order[name] = left.pop(name)
            done.add(name)
        parts = {call.part: blueprint.parts[call.part] for call in order.values()}
        blueprint.calls, blueprint.parts = order, {**blueprint.parts, **parts}

    yield _change("reorder", "", reorder)


def commuted(blueprint: Blueprint) -> Iterator[Change]:
    """``a + b = b + a``, for the merge layers that commute."""
    for name, part, first, call in _plain_layers(blueprint):
        if part.kind in ("Add", "Multiply", "Average", "Maximum"):

            def edit(blueprint: Blueprint, first: str = first, call: Call = call) -> None:
                blueprint.calls[first] = Call(call.part, [call.refs()[::-1]], call.kwargs)

            yield _change("commute", name, edit)


def as_functions(blueprint: Blueprint) -> Iterator[Change]:
    """Layers without weights as the operators and ops they stand for."""
    for name, part, first, call in _plain_layers(blueprint):
        refs, made = call.refs(), None
        if part.kind in OPERATORS and len(refs) == 2:
            made = function(OPERATORS[part.kind]), Call(name, refs)
        elif part.kind == "Concatenate" and part.config["axis"] == -1:
            made = function("concatenate"), Call(name, [refs], {"axis": -1})
        elif part.kind.startswith("GlobalAveragePooling2D"):
            made = function("mean"), Call(name, refs, {"axis": [1, 2], "keepdims": part.config["keepdims"]})
        elif part.kind.startswith("GlobalMaxPooling"):
            axes = list(range(1, len(blueprint.shapes[refs[0]]) - 1))
            made = function("max"), Call(name, refs, {"axis": axes, "keepdims": part.config["keepdims"]})
        elif part.kind == "Flatten":
            size = 1
            for dim in blueprint.shapes[refs[0]][1:]:
                size *= dim or 0
            made = function("reshape"), Call(name, [refs[0], (-1, size)])
        if made is not None:

            def edit(blueprint: Blueprint, name: str = name, first: str = first, made: Any = made) -> None:
                blueprint.parts[name], blueprint.calls[first] = made[0], copy.deepcopy(made[1])

            yield _change("as-function", name, edit)


def as_layers(blueprint: Blueprint) -> Iterator[Change]:
    """One layer as another that does the same."""
    for name, part, _, call in _plain_layers(blueprint):
        shape = blueprint.shapes[call.refs()[0]]
        other: Part | None = None
        if part.kind == "Activation" and part.config["activation"] == "relu":
            other = layer("ReLU")
        elif part.kind == "ReLU" and _bare(part, max_value=None):
            other = layer("Activation", activation="relu")
        elif part.kind == "ReLU" and _bare(part, max_value=6.0):
            other = layer("Activation", activation="relu6")
        elif part.kind == "Softmax" and part.config["axis"] == -1:
            other = layer("Activation", activation="softmax")
        elif part.kind == "Flatten" and all(shape[1:]):
            other = layer("Reshape", target_shape=[-1])
        elif part.kind == "Dense" and len(shape) == 3:
            other = layer("TimeDistributed", layer=copy.deepcopy(part.data))
        if other is not None:

            def edit(blueprint: Blueprint, name: str = name, other: Part = other) -> None:
                blueprint.parts[name] = copy.deepcopy(other)

            yield _change("as-layer", name, edit)


def by_hand(blueprint: Blueprint) -> Iterator[Change]:
    """A layer written out by hand, and an activation as its formula; not where a mask is about."""
    if any(part.data.get("config", {}).get("mask_zero") for part in blueprint.parts.values()):
        return
    for name, part, first, call in _plain_layers(blueprint):
        made = LAYERS.get(STANDS_FOR.get(part.kind, ""))
        if made is not None and made.covers(part.config, blueprint.shapes[call.refs()[0]]):

            def edit(blueprint: Blueprint, name: str = name, kind: str = made.__name__) -> None:
                blueprint.parts[name] = Part(kind, data=copy.deepcopy(blueprint.parts[name].data))

            yield _change("by-hand", name, edit)
        used = part.config["activation"] if part.kind == "Activation" else None
        if used in FORMULAS:

            def spell(blueprint: Blueprint, name: str = name, first: str = first, used: Any = used) -> None:
                blueprint.parts[name] = function(f"formula of {used}")
                blueprint.calls[first].kwargs = {}

            yield _change("formula", name, spell)


def _bare(part: Part, max_value: float | None) -> bool:
    config = part.config
    return config.get("max_value") == max_value and not config.get("negative_slope") and not config.get("threshold")


def split(blueprint: Blueprint) -> Iterator[Change]:
    """A fused activation as a layer or as a call of its own; an activation layer fused into the layer before."""
    for name, part, first, call in _plain_layers(blueprint):
        used = part.data["config"].get("activation")
        if used in CALLABLE and part.kind not in ("Activation", "LSTM", "GRU", "SimpleRNN", *LAYERS):
            ways = [
                ("split-layer", layer("Activation", activation=used), {}),
                ("split-call", function("activation"), {"name": used}),
            ]
            ways += [("split-formula", function(f"formula of {used}"), {})] if used in FORMULAS else []
            for operator, made, kwargs in ways:

                def edit(
                    blueprint: Blueprint, name: str = name, first: str = first, made: Part = made, kwargs: Any = kwargs
                ) -> None:
                    blueprint.parts[name].config["activation"] = "linear"
                    blueprint.insert_after(Ref(first), f"{name}_act", copy.deepcopy(made))
                    blueprint.calls[f"{name}_act"].kwargs = dict(kwargs)

                yield _change(operator, name, edit)
        if part.kind == "Activation" and _could_fuse(blueprint, call.refs()[0]):

            def fuse(blueprint: Blueprint, first: str = first, used: Any = used) -> None:
                before = blueprint.calls[first].refs()[0]
                blueprint.parts[before.call].config["activation"] = used
                blueprint.bypass(first, before)

            yield _change("fuse", name, fuse)


def _could_fuse(blueprint: Blueprint, ref: Ref) -> bool:
    """Whether a value comes from a layer that could apply what its only user does."""
    part = blueprint.parts.get(ref.call)
    if part is None or not part.data or part.kind == "Activation":
        return False
    alone = len(blueprint.users(ref)) == 1 and len(blueprint.calls_of(ref.call)) == 1
    return alone and part.config.get("activation") == "linear"


def nothings(blueprint: Blueprint) -> Iterator[Change]:
    """A layer that does nothing, put after another."""
    for name, _, first, _ in _plain_layers(blueprint):
        for label, made in (
            ("identity", layer("Identity")),
            ("dropout0", layer("Dropout", rate=0.0)),
            ("linear", layer("Activation", activation="linear")),
        ):

            def edit(blueprint: Blueprint, first: str = first, label: str = label, made: Part = made) -> None:
                blueprint.insert_after(Ref(first), f"{label}_{first}", copy.deepcopy(made))

            yield _change(f"add-{label}", name, edit)


def chains(blueprint: Blueprint) -> Iterator[list[str]]:
    """Runs of calls, each the only user of the one before, that have one operand."""
    heads = [name for name, call in blueprint.calls.items() if _alone(blueprint, name, call)]
    seen: set[str] = set()
    for name in heads:
        run = []
        while name in heads and name not in seen:
            run.append(name)
            seen.add(name)
            users = blueprint.users(Ref(name))
            if len(users) != 1:
                break
            name = users[0]
        if len(run) > 1:
            yield run


def _alone(blueprint: Blueprint, name: str, call: Call) -> bool:
    part = blueprint.parts[call.part]
    return bool(part.data) and len(call.refs()) == 1 and len(blueprint.calls_of(call.part)) == 1 and not call.kwargs


def nested(blueprint: Blueprint) -> Iterator[Change]:
    """A run of layers as a model of its own, functional or sequential; the part between two values likewise."""
    for run in chains(blueprint):
        for kind in ("Blueprint", "Sequential"):
            start = blueprint.calls[run[0]].refs()[0]

            def edit(blueprint: Blueprint, run: list[str] = run, kind: str = kind, start: Ref = start) -> None:
                shape = list(blueprint.shapes[start])
                whole = start.call in blueprint.inputs
                dtype = blueprint.parts[start.call].config.get("dtype") if whole else None
                inner = Blueprint(
                    name=f"nest_{run[0]}",
                    parts={"nest_in": Part("InputLayer", data={"config": {"batch_shape": shape, "dtype": dtype}})},
                    calls={},
                    inputs=["nest_in"],
                    outputs=[Ref(run[-1])],
                )
                for name in run:
                    inner.parts[name] = blueprint.parts.pop(name)
                    inner.calls[name] = blueprint.calls.pop(name)
                inner.calls[run[0]] = inner.calls[run[0]].replaced(start, Ref("nest_in"))
                blueprint.parts[inner.name] = Part(kind, inner=inner)
                blueprint.calls[inner.name] = Call(inner.name, [start])
                blueprint.redirect(Ref(run[-1]), Ref(inner.name))

            yield _change("nest" if kind == "Blueprint" else "nest-sequential", f"{run[0]}..{run[-1]}", edit)


FAMILIES: tuple[Callable[[Blueprint], Iterator[Change]], ...] = (
    whole, commuted, as_functions, as_layers, by_hand, split, nothings, nested,
)  # fmt: skip


def expressions(blueprint: Blueprint) -> list[Change]:
    """Every re-expression of a model that was built."""
    return [change for family in FAMILIES for change in family(blueprint)]


class Wrapped(keras.Model):
    """A functional model as the only layer of a subclassed one."""

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(name=blueprint.name)
        self.inner = blueprint.build()

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.inner(inputs)
