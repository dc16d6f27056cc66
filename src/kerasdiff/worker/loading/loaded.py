"""What is a loaded model, and how is the same one called with its inputs in another order, or with other settings?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kerasdiff.findings import Finding
from kerasdiff.graph import Port
from kerasdiff.worker.keras_internals import Live, declared_trainable, drop_penalty
from kerasdiff.worker.tracing.names import Names, serialized, weight_table
from kerasdiff.worker.tracing.trace import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model whose weights all exist.

    Attributes:
        model: A ``keras.Model`` or ``keras.Layer``.
        ports: Its inputs; shapes with the batch dimension first.
        pack: Builds ``(args, kwargs)`` of a call from one tensor per port.
        inferred: One fact for each guess.
        class_name: Of the model.
        root: Directory of the target's file; source lines are shown relative to it.
        guessed: Whether the input shape is the CIFAR-10 default, for want of anything better.
        penalties: Regularizers that were taken off, by weight id.
        frozen: Ids of the weights of frozen layers that were thawed.
        fitted: Whether it is called the way ``fit`` and ``predict`` call it, which may leave the mode unsaid.
    """

    model: Live
    ports: tuple[Port, ...]
    pack: Pack
    inferred: tuple[Finding, ...]
    class_name: str
    root: str
    guessed: bool = False
    penalties: Mapping[str, str] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    fitted: bool = False


def without_penalties(loaded: Loaded) -> Loaded:
    """The same model without the regularizers of its weights: no loss, gradient or fit knows of them any more."""
    penalties: dict[str, str] = {}
    for name, variable in weight_table(loaded.model).items():
        text = serialized(getattr(variable, "regularizer", None))
        if text is not None:
            penalties[name] = text
            drop_penalty(loaded.model, variable)
    return replace(loaded, penalties=penalties)


def thawed(loaded: Loaded) -> Loaded:
    """The same model with every layer trained.

    A frozen layer may do something else as well: BatchNormalization runs as at inference. What a layer declares as not
    trainable, such as moving statistics, stays so.
    """
    before = {id(variable) for variable in loaded.model.trainable_variables}
    for layer in (loaded.model, *(layer for _, layer in Names(loaded.model).layers)):
        layer.trainable = True  # one by one: where a model is trained, setting it does not reach its frozen layers
        for variable in declared_trainable(layer):
            variable.trainable = True
    after = {id(variable) for variable in loaded.model.trainable_variables}
    names = (name for name, variable in weight_table(loaded.model).items() if id(variable) in after - before)
    return replace(loaded, frozen=frozenset(names))


def in_order(loaded: Loaded, names: tuple[str, ...]) -> Loaded:
    """The same model with its inputs in the order of ``names``; empty leaves them as they are."""
    if not names:
        return loaded
    own = [port.name for port in loaded.ports]

    def pack(flat: Sequence[Live]) -> tuple[tuple[Live, ...], dict[str, Live]]:
        return loaded.pack([flat[names.index(name)] for name in own])

    return replace(loaded, ports=tuple(loaded.ports[own.index(name)] for name in names), pack=pack)
