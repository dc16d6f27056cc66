"""Which mode is a layer called in, and does that matter to it?

Keras takes the ``training`` that a caller passes, else that of the layer around it, else the default of its own
``call`` (``Layer.__call__``). A model whose ``call`` takes none is told none by ``fit`` and ``predict``.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence, Set

from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph import Mode
from kerasdiff.worker.keras_internals import Live, keras, told_mode

NORMS = ("BatchNormalization",)
"""Layers that learn statistics in training."""

DROPPING = (
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "AlphaDropout",
    "GaussianDropout",
)
"""Layers that drop or multiply at random in training."""

OTHERS = ("Random", "GaussianNoise", "AugMix", "CutMix", "MixUp", "RandAugment", "SpectralNormalization")
"""How the names of other layers begin that act in training alone (Keras 3.11 to 3.15.1)."""


def _layers(names: Sequence[str]) -> Live:
    return tuple(getattr(keras.layers, name) for name in names)


def kind_of(layer: Live) -> str:
    """What a layer does in training alone: ``statistics``, ``drops``, ``acts``; empty for none of it."""
    if isinstance(layer, _layers(NORMS)):
        return "statistics" if layer.trainable else ""
    if isinstance(layer, _layers(DROPPING)):
        return "drops"
    return "acts" if type(layer).__name__.startswith(OTHERS) else ""


def told(layer: Live, said: Mapping[str, Live], around: bool | None) -> bool | None:
    """The mode a layer is called in: what its caller says, else that around it, else its default; ``None`` for none.

    Args:
        layer: What is called.
        said: The caller's arguments by name; a ``training=None`` among them hides the mode around.
        around: That of the layer it is called in.
    """
    if "training" in said:
        return bool(said["training"]) if isinstance(said["training"], bool | int) else None
    if around is not None:
        return around
    return True if _acts_by_default(layer) else None


def _acts_by_default(layer: Live) -> bool:
    """Whether a layer that is told no mode acts as in training, as Keras's augmentation does."""
    default = inspect.signature(layer.call).parameters.get("training") if hasattr(layer, "call") else None
    return default is not None and default.default is True


def _inherited(mode: bool | None, site: Site, trained: Set[str]) -> bool:
    """Whether a layer takes the mode of the model: at inference none or that of inference, in training the other."""
    return mode is None or (not mode and site.node in trained)


def untold(
    model: Live, class_name: str, calls: Mapping[Mode, Sequence[tuple[Live, Site, bool | None]]]
) -> Iterator[Finding]:
    """The fact that ``fit`` and ``predict`` leave layers without a mode that act otherwise in training.

    Args:
        model: What is fitted.
        class_name: Of the model.
        calls: By mode, the layers that are called in the same order, each with where, and the mode it is told.
    """
    if told_mode(model) is not False or set(calls) != {"inference", "training"}:
        return
    trained = {site.node for _, site, mode in calls["training"] if mode}
    idle = {
        site.node: (site, "always" if _acts_by_default(layer) else kind_of(layer))
        for layer, site, mode in calls["inference"]
        if kind_of(layer) and (_inherited(mode, site, trained) or (mode and _acts_by_default(layer)))
    }
    if idle:
        sites, kinds = zip(*idle.values(), strict=True)
        yield Finding(fact=Fact.FIT_IN_INFERENCE, names=(class_name, *kinds), sites=sites)
