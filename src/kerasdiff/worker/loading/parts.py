"""How is a model called that has no ``call``? By its sub-models, each on inputs of its own.

Models that bring their own ``train_step`` alone (autoencoders, GANs, distillers) do all they do by their sub-models;
what is made of those in training is code, which is compared as that of any model of its own ``train_step``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kerasdiff.errors import TraceError
from kerasdiff.findings import Fact, Finding
from kerasdiff.worker.keras_internals import Live, keras
from kerasdiff.worker.loading.inputs import Signature, declared, is_declared

Part = tuple[str, Live]


def without_call(model: Live) -> bool:
    """Whether a model has no ``call``, so that Keras refuses to call it."""
    return isinstance(model, keras.Model) and type(model).call in (keras.Model.call, keras.Layer.call)


def by_parts(model: Live, text: str) -> Signature | None:
    """Gives a model a ``call`` that calls each of its sub-models; how that is called. ``None`` where it has none.

    Raises:
        TraceError: If it holds something beside them that cannot be called as it is.
    """
    parts = _parts(model)
    other = [name for name, part in parts if not is_declared(part)]
    name = type(model).__name__
    ready = [f"{text}.{part}" for part, sub in parts if is_declared(sub)]
    if not ready:
        return None
    if other:
        raise TraceError(
            f"{text}: {name} has no call(), and its {', '.join(other)} declare{'s' if len(other) == 1 else ''} no "
            f"inputs, so there is nothing to run. Name a part of it: {' or '.join(ready)}."
        )
    signatures = [declared(part, text) for _, part in parts]
    ports = [
        replace(port, name=f"{part}/{port.name}")
        for (part, _), signature in zip(parts, signatures, strict=True)
        for port in signature.ports
    ]
    model.__class__ = _called(type(model), [part for _, part in parts], signatures)
    found = Finding(fact=Fact.CALLED_BY_PARTS, names=(text, name, *(part for part, _ in parts)))
    return Signature(ports=tuple(ports), pack=_as_list, inferred=(found,))


def _parts(model: Live) -> list[Part]:
    """The layers and models that a model holds, by the names of its attributes."""
    named = {id(value): name for name, value in reversed(list(vars(model).items())) if isinstance(value, keras.Layer)}
    return [(named.get(id(layer), layer.name), layer) for layer in model.layers]


def _as_list(flat: Sequence[Live]) -> tuple[tuple[Live, ...], dict[str, Live]]:
    return (list(flat),), {}


def _called(kind: type, parts: Sequence[Live], signatures: Sequence[Signature]) -> type:
    """The same class with a ``call``; it goes by the same name."""

    def call(self: Live, inputs: Sequence[Live], training: Live = None) -> tuple[Live, ...]:
        outputs = []
        left: Sequence[Live] = list(inputs)
        for part, signature in zip(parts, signatures, strict=True):
            args, kwargs = signature.pack(left[: len(signature.ports)])
            left = left[len(signature.ports) :]
            outputs.append(part(*args, training=training, **kwargs))
        return tuple(outputs)

    return type(
        kind.__name__, (kind,), {"call": call, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    )
