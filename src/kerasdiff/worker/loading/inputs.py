"""Which inputs does a model take? What it declares, what the user says, or what can be told from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kerasdiff.errors import TargetError, TraceError
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import Port, TensorSpec
from kerasdiff.side.reading.calling import CIFAR_SHAPE, SHAPE_NAMES
from kerasdiff.side.targets import InputSpec
from kerasdiff.worker.importing.calls import ShapeHint, as_shape
from kerasdiff.worker.importing.resolve import Constructed
from kerasdiff.worker.keras_internals import Live, built_shapes, is_automatic_input, keras, on_tensorflow, sublayers
from kerasdiff.worker.loading.lookups import hold_ids
from kerasdiff.worker.loading.packing import CallParameters, as_dict, as_list, as_one, by_parameter
from kerasdiff.worker.tracing.trace import Pack

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How to call a model.

    Attributes:
        ports: Inputs in the order ``pack`` takes them.
        pack: Builds positional and keyword arguments from one tensor per port.
        inferred: One fact for each guess.
        guessed: Whether the shape is the CIFAR-10 default, which the model may well refuse.
    """

    ports: tuple[Port, ...]
    pack: Pack
    inferred: tuple[Finding, ...] = ()
    guessed: bool = False


def signature_of(made: Constructed, inputs: tuple[InputSpec, ...], text: str) -> Signature:
    """Finds a model's inputs: declared, given, recorded at build time, stated by the constructor, or CIFAR-10.

    Raises:
        TargetError: If ``--input`` contradicts what the model declares, or is needed and missing.
    """
    if is_declared(made.model):
        return _declared(made.model, inputs, text)
    if inputs:
        return _given(made.model, inputs, text)
    return _built(made.model) or _assumed(made, text)


def is_declared(model: Live) -> bool:
    """Whether the model is Functional or a built Sequential, whose inputs are part of its definition."""
    if not isinstance(model, keras.Model):
        return False
    declared = getattr(model, "inputs", None)
    return isinstance(declared, list) and bool(declared) and all(isinstance(x, keras.KerasTensor) for x in declared)


def declared(model: Live, text: str) -> Signature:
    """How a model is called that declares its inputs."""
    return _declared(model, (), text)


def _declared(model: Live, inputs: tuple[InputSpec, ...], text: str) -> Signature:
    # A Sequential declares inputs but has no ``input`` of its own until something else has called it.
    structure = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    tensors = keras.tree.flatten(structure)
    names = _declared_names(model, structure, tensors)
    ports = [
        Port(name=name, spec=TensorSpec(shape=tuple(tensor.shape), dtype=keras.backend.standardize_dtype(tensor.dtype)))
        for name, tensor in zip(names, tensors, strict=True)
    ]
    aliases = {tensor.name: index for index, tensor in enumerate(tensors)} | {name: i for i, name in enumerate(names)}
    contradicted: list[Finding] = []
    for number, spec in enumerate(inputs):
        index = aliases.get(spec.name, -1) if spec.name is not None else number
        _check_meant(spec, index, len(inputs), names, text)
        contradicted += _contradicted_dtype(ports[index], spec, text)
        ports[index] = _override(ports[index], spec, text)

    def pack(flat: Sequence[Live]) -> tuple[tuple[Live, ...], dict[str, Live]]:
        return (keras.tree.pack_sequence_as(structure, list(flat)),), {}

    return Signature(ports=tuple(ports), pack=pack, inferred=tuple(contradicted))


def _declared_names(model: Live, structure: Live, tensors: list[Live]) -> list[str]:
    """Dict keys where the structure has them, else the names the user gave, else numbered."""
    names = []
    paths = keras.tree.flatten_with_path(structure)
    for index, ((path, _), tensor) in enumerate(zip(paths, tensors, strict=True)):
        keys = [str(part) for part in path]
        if keys and any(isinstance(part, str) for part in path):
            names.append("/".join(keys))
        elif is_automatic_input(model, tensor.name):
            # Keras numbers unnamed inputs over the whole process, which says nothing about the model.
            names.append("input" if len(tensors) == 1 else f"input_{index}")
        else:
            names.append(str(tensor.name))
    return names


def _check_meant(spec: InputSpec, index: int, count: int, names: list[str], text: str) -> None:
    """Refuses an option that names no declared input (``index`` below 0), or unnamed ones of another number."""
    if index < 0:
        raise TargetError(f"{text}: it declares no input {spec.name}; its inputs are {', '.join(names)}.")
    if spec.name is None and count != len(names):
        raise TargetError(
            f"{text}: {count} unnamed --input option{'s' if count > 1 else ''}, but the model declares "
            f"{len(names)} inputs ({', '.join(names)}); name them, e.g. --input {names[0]}=SHAPE."
        )


def _contradicted_dtype(port: Port, spec: InputSpec, text: str) -> list[Finding]:
    if spec.dtype is None or spec.dtype == port.spec.dtype:
        return []
    dtypes = {"declared": port.spec.dtype, "asked": spec.dtype}
    return [Finding(fact=Fact.DTYPE_AS_DECLARED, names=(text, port.name), settings=dtypes)]


def _override(port: Port, spec: InputSpec, text: str) -> Port:
    declared = port.spec.shape or ()
    own = declared[1:]
    fits = len(own) == len(spec.shape) and all(
        mine is None or given is None or mine == given for mine, given in zip(own, spec.shape, strict=True)
    )
    if not fits:
        named = "" if port.name == "input" else f" {port.name}"
        own_shape = ",".join("?" if dim is None else str(dim) for dim in own)
        raise TargetError(
            f"{text}: --input says {show(spec.shape)}, but the model declares its input{named} as ({own_shape})."
        )
    shape = tuple(given if mine is None else mine for mine, given in zip(own, spec.shape, strict=True))
    return replace(
        port,
        spec=TensorSpec(shape=(*declared[:1], *shape), dtype=port.spec.dtype),
        low=spec.low,
        high=spec.high,
        given=spec.low is not None and not spec.guessed,
    )


def show(shape: Shape) -> str:
    """A shape as ``--input`` spells it: ``32,32,3``, ``?`` where unknown; ``()`` for a scalar per sample."""
    return ",".join("?" if dim is None else str(dim) for dim in shape) or "()"


def _given(model: Live, inputs: tuple[InputSpec, ...], text: str) -> Signature:
    """What ``--input`` says: by name where the options have one, else in the order of the call."""
    parameters = CallParameters.of(model)
    inputs = _labelled(inputs, parameters)
    names = [spec.name for spec in inputs if spec.name is not None]
    if names and len(names) < len(inputs):
        raise TargetError(f"{text}: name either every --input or none, e.g. --input {names[0]}=SHAPE.")
    if len(set(names)) < len(names):
        raise TargetError(f"{text}: an input is given twice with --input.")
    if names:
        _check_complete(names, parameters, type(model).__name__, text)
        keys, pack = _named(names, parameters)
        inputs = tuple(sorted(inputs, key=lambda spec: keys.index(str(spec.name))))
    else:
        keys, pack = _unnamed(len(inputs), parameters)
    ports = tuple(
        Port(
            name=key,
            spec=TensorSpec(shape=(spec.batch, *spec.shape), dtype=_own_dtype(spec.dtype)),
            low=spec.low,
            high=spec.high,
            given=spec.low is not None and not spec.guessed,
        )
        for key, spec in zip(keys, inputs, strict=True)
    )
    return Signature(ports=ports, pack=pack)


def _labelled(inputs: tuple[InputSpec, ...], parameters: CallParameters) -> tuple[InputSpec, ...]:
    """The same options, named by the labels of their dimensions where those are the parameters of the call."""
    labels = [spec.label for spec in inputs if spec.label is not None]
    if len(labels) == len(inputs) > 1 and set(parameters.required) <= set(labels) <= set(parameters.every):
        return tuple(replace(spec, name=spec.label) for spec in inputs)
    return inputs


def _check_complete(names: Sequence[str], parameters: CallParameters, model: str, text: str) -> None:
    missing = [name for name in parameters.required if name not in names]
    if missing and len(parameters.required) > 1:
        options = " ".join(f"--input {name}=SHAPE" for name in missing)
        raise TargetError(f"{text}: {model}.call also takes {', '.join(missing)}; add {options}.")


def _named(names: Sequence[str], parameters: CallParameters) -> tuple[list[str], Pack]:
    """One order whatever the command line's: that of the call, or of the keys, as Keras flattens a dict."""
    if set(parameters.required) <= set(names) <= set(parameters.every):
        keys = [name for name in parameters.every if name in names]
        return keys, by_parameter(parameters, keys)
    keys = sorted(names)
    return keys, as_dict(keys)


def _unnamed(count: int, parameters: CallParameters) -> tuple[list[str], Pack]:
    if count == 1:
        return ["input"], as_one
    if count == len(parameters.required):
        keys = list(parameters.required)
        return keys, by_parameter(parameters, keys)
    return [f"input_{index}" for index in range(count)], as_list


def named_otherwise(model: Live, signature: Signature, error: BaseException) -> str:
    """That a call which failed has no inputs of the names that were given; empty where a dict has other keys."""
    known = CallParameters.of(model).every
    names = [port.name for port in signature.ports if port.name not in known]
    looked_up = isinstance(error, KeyError) and any(isinstance(key, str) for key in error.args)
    if len(known) != 1 or signature.pack in (as_one, as_list) or not names or looked_up:
        return ""
    given = ", ".join(f"`{name}`" for name in names)
    return f"{type(model).__name__}.call has no input {given}; its input is `{known[0]}`"


def _own_dtype(given: str | None) -> str:
    """``--input``'s dtype; float32 follows the precision the model is rebuilt in."""
    return keras.config.floatx() if given in (None, "float32") else str(given)


def _built(model: Live) -> Signature | None:
    """The shapes a model was built with, which Keras records."""
    if not model.built:
        return None
    shapes, keyed_by_parameter = built_shapes(model)
    one = _without_batch(shapes)
    if one is not None:
        return _signature([("input", one)], as_one)
    pack: Pack
    if isinstance(shapes, dict) and keyed_by_parameter:
        parameters = CallParameters.of(model)
        named = {str(key).removesuffix("_shape"): shape for key, shape in shapes.items()}
        if not set(named) <= set(parameters.every):
            return None
        pack = by_parameter(parameters, list(named))
    elif isinstance(shapes, dict):
        named = {str(key): shape for key, shape in shapes.items()}
        pack = as_dict(list(named))
    elif isinstance(shapes, list | tuple):
        named = {f"input_{index}": shape for index, shape in enumerate(shapes)}
        pack = as_list
    else:
        return None
    known = [(name, shape) for name, raw in named.items() if (shape := _without_batch(raw)) is not None]
    return _signature(known, pack) if known and len(known) == len(named) else None


def _without_batch(shape: object) -> Shape | None:
    if not isinstance(shape, tuple | list) or not shape:
        return None
    if all(item is None or isinstance(item, int) for item in shape):
        return tuple(shape[1:])
    return None


def _signature(shapes: Sequence[tuple[str, Shape]], pack: Pack) -> Signature:
    ports = tuple(
        Port(name=name, spec=TensorSpec(shape=(None, *shape), dtype=keras.config.floatx())) for name, shape in shapes
    )
    return Signature(ports=ports, pack=pack)


def _assumed(made: Constructed, text: str) -> Signature:
    required = CallParameters.of(made.model).required
    if len(required) > 1:
        options = " ".join(f"--input {name}=SHAPE" for name in required)
        raise TraceError(
            f"{text}: {type(made.model).__name__}.call takes {', '.join(required)}; give their shapes: {options}."
        )
    hint = made.hint or _attribute_hint(made.model)
    if hint is None:
        default = Finding(
            fact=Fact.INPUT_FROM_DEFAULT, names=(text,), settings={"shape": CIFAR_SHAPE, "dtype": "float32"}
        )
        return replace(_signature([("input", CIFAR_SHAPE)], as_one), inferred=(default,), guessed=True)
    taken = Finding(fact=hint.origin, names=(text, hint.name), settings={"shape": hint.shape})
    guessed = bool(made.inferred) and hint.shape == CIFAR_SHAPE
    return replace(_signature([("input", hint.shape)], as_one), inferred=(taken,), guessed=guessed)


def _attribute_hint(model: Live) -> ShapeHint | None:
    for name in SHAPE_NAMES:
        shape = as_shape(vars(model).get(name))
        if shape is not None:
            return ShapeHint(shape, name, Fact.INPUT_FROM_ATTRIBUTE)
    return None


def with_ranges(
    ports: tuple[Port, ...], model: Live, pack: Pack, text: str, ids: Sequence[bool] | None = None
) -> tuple[tuple[Port, ...], tuple[Finding, ...]]:
    """Bounds inputs of ids by the smallest embedding table, and gives text inputs the words that lookups know.

    Once the model is built, so all layers are known. Without an embedding: 0 to 9, or 0 to 255 for uint8, which is
    how images come. Which floating inputs hold ids shows in a trace of the model, unless ``ids`` says it.
    """
    layers = [model, *sublayers(model, deep=True)]
    words, closed = _vocabulary(layers)
    tables = sorted({int(layer.input_dim) for layer in layers if isinstance(layer, keras.layers.Embedding)})
    if ids is None:
        ids = hold_ids(model, ports, pack) if tables and on_tensorflow() else [False] * len(ports)
    bounded, cuts = [], []
    for port, looks_up in zip(ports, ids, strict=True):
        low, high = port.low, port.high
        if looks_up or port.spec.dtype.startswith(("int", "uint")):
            default = tables[0] - 1 if tables else 255 if port.spec.dtype == "uint8" else 9
            low, high = (0, default) if low is None else (low, high)
            if high in tables:
                # 0..30 for a table of 30 rows: the reader meant a range as Python counts, and row 30 does not exist.
                high -= 1
                cuts.append(Finding(fact=Fact.RANGE_CUT, names=(text, port.name), figures={"last": high}))
        bounded.append(replace(port, low=low, high=high, ids=looks_up))
        if port.spec.dtype == "string":
            bounded[-1] = replace(port, words=words, closed=closed)
    return tuple(bounded), tuple(cuts)


MOST_WORDS = 4096
"""Words of a vocabulary that are told, from all over it."""


def _vocabulary(layers: list[Live]) -> tuple[tuple[str, ...], bool]:
    """The words that lookups of text know, the layers' own tokens left out; and whether one takes no others."""
    words: dict[str, None] = {}
    closed = False
    for layer in layers:
        if isinstance(layer, keras.layers.StringLookup | keras.layers.TextVectorization):
            known = layer.get_vocabulary(include_special_tokens=False)
            words.update(dict.fromkeys(str(word) for word in known[:: len(known) // MOST_WORDS + 1]))
            closed |= getattr(layer, "num_oov_indices", 1) == 0
    return tuple(words), closed
