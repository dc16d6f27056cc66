"""A Keras model as data that can be changed in one place and built again.

A blueprint lists the parts of a model (layers, by their config) and the calls between them. Every mutant and every
re-expression is an edit of a blueprint, so which layer was touched is known by construction.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kerasdiff.worker.keras_internals import Live, Value, is_keras_own, keras, network

FUNCTIONS: dict[str, Callable[..., Live]] = {}
"""Calls that are no layer, by the name of their part; who writes models with such puts them here."""

LAYERS: dict[str, Callable[..., Live]] = {}
"""Layers that are made of a config and a ``name``, by kind; who writes models with such puts them here."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Output ``port`` of a call (``dense``, ``dense#1`` for the second call) or an input."""

    call: str
    port: int = 0


class Held:
    """A layer that is used as it is; a copy of what holds it holds the same one."""

    def __init__(self, layer: Live) -> None:
        self.layer = layer

    def __deepcopy__(self, memo: object) -> Held:
        return self


@dataclass
class Part:
    """What is called: an input, a layer (``config``), a model of its own (``inner``) or a function.

    Attributes:
        kind: Class of the layer (``Conv2D``), ``InputLayer``, ``Blueprint``, ``Sequential``, ``function``, or one of
            ``LAYERS``.
        data: The layer as Keras serialises it.
        inner: The parts of a model of its own; a ``Sequential`` calls them in order.
        function: A key of ``FUNCTIONS``.
        held: The layer itself, of a class that Keras cannot make again from what it says.
    """

    kind: str
    data: dict[str, Live] = field(default_factory=dict)
    inner: Blueprint | None = None
    function: str = ""
    held: Held | None = None

    @property
    def config(self) -> dict[str, Live]:
        config: dict[str, Live] = self.data["config"]
        return config


@dataclass
class Call:
    """One use of a part; ``args`` and ``kwargs`` hold :class:`Ref` where a value stands."""

    part: str
    args: list[Live]
    kwargs: dict[str, Live] = field(default_factory=dict)

    def refs(self) -> list[Ref]:
        """The values it consumes, in order."""
        return list(_refs([self.args, self.kwargs]))

    def replaced(self, old: Ref, new: Ref) -> Call:
        """The call with every use of a value replaced by another."""
        args, kwargs = (_mapped(item, lambda ref: new if ref == old else ref) for item in (self.args, self.kwargs))
        return Call(self.part, args, kwargs)


def _refs(value: Live) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _refs(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _refs(item)


def _mapped(value: Live, function: Callable[[Ref], Live]) -> Live:
    if isinstance(value, Ref):
        return function(value)
    if isinstance(value, list | tuple):
        return type(value)(_mapped(item, function) for item in value)
    if isinstance(value, dict):
        return {key: _mapped(item, function) for key, item in value.items()}
    return value


@dataclass
class Blueprint:
    """Parts, calls in an order that works, inputs and outputs.

    Attributes:
        shapes: Of every value, with the batch first; known once it was built.
    """

    name: str
    parts: dict[str, Part]
    calls: dict[str, Call]
    inputs: list[str]
    outputs: list[Ref]
    shapes: dict[Ref, tuple[int | None, ...]] = field(default_factory=dict)

    def copy(self) -> Blueprint:
        """An independent copy."""
        return copy.deepcopy(self)

    def users(self, ref: Ref) -> list[str]:
        """The calls that consume a value; ``"output"`` for each output it is."""
        found = [name for name, call in self.calls.items() for used in call.refs() if used == ref]
        return found + ["output" for used in self.outputs if used == ref]

    def calls_of(self, part: str) -> list[str]:
        """The calls of a part, in order."""
        return [name for name, call in self.calls.items() if call.part == part]

    def bypass(self, name: str, to: Ref) -> None:
        """Removes a call: its users take ``to`` instead."""
        part = self.calls[name].part
        del self.calls[name]
        self.redirect(Ref(name), to)
        if not self.calls_of(part):
            del self.parts[part]

    def redirect(self, old: Ref, new: Ref) -> None:
        """Makes every user of a value take another."""
        self.calls = {name: call.replaced(old, new) for name, call in self.calls.items()}
        self.outputs = [new if ref == old else ref for ref in self.outputs]

    def insert_after(self, ref: Ref, name: str, part: Part) -> None:
        """Puts a part of one input between a value and all its users."""
        self.redirect(ref, Ref(name))
        self.parts[name] = part
        self.calls[name] = Call(name, [ref])

    def sort(self) -> None:
        """Puts the calls into an order in which every value exists before it is used."""
        done, left, ordered = set(self.inputs), dict(self.calls), {}
        while left:
            ready = [name for name, call in left.items() if all(ref.call in done for ref in call.refs())]
            if not ready:
                raise ValueError(f"calls that wait for one another: {', '.join(left)}")
            ordered[ready[0]] = left.pop(ready[0])
            done.add(ready[0])
        self.calls = ordered

    def prune(self) -> None:
        """Drops the calls that no output needs, and the parts nothing calls."""
        needed, stack = set(), [ref.call for ref in self.outputs]
        while stack:
            name = stack.pop()
            if name not in needed and name in self.calls:
                needed.add(name)
                stack += [ref.call for ref in self.calls[name].refs()]
        self.calls = {name: call for name, call in self.calls.items() if name in needed}
        called = {call.part for call in self.calls.values()} | set(self.inputs)
        self.shapes = {}
        self.parts = {name: part for name, part in self.parts.items() if name in called}

    def make_parts(self) -> dict[str, Live]:
        """A fresh layer (or function) for each part but the inputs."""
        return {name: make(name, part) for name, part in self.parts.items() if part.kind != "InputLayer"}

    def interpret(self, made: dict[str, Live], values: list[Live]) -> Live:
        """Runs the calls on values, symbolic or not."""
        known: dict[Ref, Live] = dict(zip((Ref(name) for name in self.inputs), values, strict=True))
        for name, call in self.calls.items():
            args, kwargs = (_mapped(item, known.__getitem__) for item in (call.args, call.kwargs))
            results = made[call.part](*args, **kwargs)
            for port, result in enumerate(results if isinstance(results, list | tuple) else [results]):
                known[Ref(name, port)] = result
        self.shapes = {ref: tuple(value.shape) for ref, value in known.items()}
        outputs = [known[ref] for ref in self.outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def build(self) -> Live:
        """The functional model."""
        self.sort()
        inputs = [_input(name, self.parts[name]) for name in self.inputs]
        outputs = self.interpret(self.make_parts(), inputs)
        return keras.Model(inputs[0] if len(inputs) == 1 else inputs, outputs, name=self.name)


def _input(name: str, part: Part) -> Live:
    config = part.config
    shape = config["batch_shape"] if "batch_shape" in config else config["batch_input_shape"]
    return keras.Input(batch_shape=shape, dtype=config.get("dtype"), name=name)


def make(name: str, part: Part) -> Live:
    """The layer or function a part stands for."""
    if part.function:
        return FUNCTIONS[part.function]
    if part.held is not None:
        return part.held.layer
    if part.kind == "Sequential":
        assert part.inner is not None
        chain = [make(call.part, part.inner.parts[call.part]) for call in part.inner.calls.values()]
        return keras.Sequential(chain, name=name)
    if part.inner is not None:
        return part.inner.build()
    data = copy.deepcopy(part.data)
    if part.kind in LAYERS:
        return LAYERS[part.kind](data["config"], name=name)
    data["config"]["name"] = name
    return keras.saving.deserialize_keras_object(data)


def read(model: Live) -> Blueprint:
    """The blueprint of a functional model, models in it included.

    What Keras fills in by itself is left out (precision, shapes built for, masks, the mode of a call): the built
    model has it again.
    """
    held = network(model)
    parts: dict[str, Part] = {}
    calls: dict[str, Call] = {}
    for use in held.uses:
        name = use.layer.name
        parts[name] = _part(use.layer, use.data)
        for number, (args, kwargs) in enumerate(use.calls):
            calls[_call(name, number)] = Call(name, _read(args), _read(kwargs))
    found = Blueprint(
        name=model.name,
        parts=parts,
        calls=calls,
        inputs=[_read(value).call for value in held.inputs],
        outputs=[_read(value) for value in held.outputs],
    )
    found.prune()
    return numbered(found)


def numbered(blueprint: Blueprint) -> Blueprint:
    """With the automatic names (``conv2d_17``) counted from the start, in each model anew, as kerasdiff shows them."""
    counts: dict[str, int] = {}

    def again(_: int, name: str, part: Part) -> str:
        base = re.sub(r"_\d+$", "", name)
        if base != _automatic(part):
            return name
        counts[base] = counts.get(base, -1) + 1
        return f"{base}_{counts[base]}" if counts[base] else base

    return renamed(blueprint, again, deep=False)


def _automatic(part: Part) -> str:
    """What Keras calls a layer of a class by default: ``Conv2D`` → ``conv2d``, ``ReLU`` → ``re_lu``."""
    kind = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", part.kind)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", kind).lower()


def renamed(blueprint: Blueprint, name_for: Callable[[int, str, Part], str], deep: bool = True) -> Blueprint:
    """The same model with other names for its parts.

    Args:
        blueprint: Stays as it is.
        name_for: Gets a part's number, name and itself, and gives its new name.
        deep: Whether to go on in models within it.
    """
    names = {name: name_for(number, name, part) for number, (name, part) in enumerate(blueprint.parts.items())}

    def moved(ref: Ref) -> Ref:
        part, _, number = ref.call.partition("#")
        return Ref(_call(names.get(part, part), int(number or 0)), ref.port)

    found = blueprint.copy()
    found.parts = {names[name]: part for name, part in found.parts.items()}
    for part in found.parts.values():
        if part.inner is not None and deep:
            part.inner = renamed(part.inner, name_for)
    found.calls = {
        moved(Ref(name)).call: Call(names[call.part], _mapped(call.args, moved), _mapped(call.kwargs, moved))
        for name, call in found.calls.items()
    }
    found.inputs = [names[name] for name in found.inputs]
    found.outputs = [moved(ref) for ref in found.outputs]
    found.shapes = {moved(ref): shape for ref, shape in found.shapes.items()}
    return found


def _part(layer: Live, data: dict[str, Live]) -> Part:
    kind = data["class_name"]
    if kind in ("Functional", "Sequential"):
        return Part("Blueprint", inner=read(layer))
    if not is_keras_own(type(layer)) or kind == "Lambda":
        return Part(kind, held=Held(layer))
    kept = ("module", "class_name", "config", "registered_name")
    return Part(kind, data=_plain({key: data[key] for key in kept}))


def _plain(value: Live) -> Live:
    """A config without the default precision and the shapes built for: the build decides them, float64 included."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if not (key == "dtype" and _default(item))}
        return {key: _plain(item) for key, item in kept.items() if key != "build_config"}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _default(dtype: Live) -> bool:
    name = dtype["config"]["name"] if isinstance(dtype, dict) and dtype.get("config") else dtype
    return name in (keras.config.floatx(), keras.config.dtype_policy().name)


def _call(name: str, number: int) -> str:
    return f"{name}#{number}" if number else name


def _read(held: Live) -> Live:
    """Arguments with a :class:`Ref` for each value."""
    if isinstance(held, Value):
        return Ref(_call(held.layer, held.number), held.port)
    if isinstance(held, dict):
        return {key: _read(item) for key, item in held.items()}
    return [_read(item) for item in held] if isinstance(held, list) else held
