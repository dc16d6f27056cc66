"""What a model is asked about its saved weights, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kerasdiff.graph.values import Array
from kerasdiff.side.observations import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRequest:
    """A copy of the model to draw weights for, to save, and to run.

    Attributes:
        files: Paths to save to, each ending in ``.weights.h5`` or ``.keras``.
        probe: One batch per model input, empty where no output is wanted.
        load_follows: Whether a ``LoadRequest`` for the same copy does.
    """

    recipes: tuple[Recipe, ...]
    files: tuple[str, ...]
    probe: tuple[Array, ...] = ()
    load_follows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a model saved.

    Attributes:
        files: Kind of file (``.weights.h5``, ``.keras``) to its path.
        alike: Kinds that hold the same arrays under the same paths as the ``.weights.h5``, so that loading them is the
            same: Keras reads both with one function.
        problems: Kind of file to why Keras could not write it.
        stored: Path inside the ``.weights.h5`` to shape, what belongs to an optimizer left out.
        paths: Weight id to that path, where it is known.
        digests: Weight id to a digest of the bytes saved.
    """

    files: Mapping[str, str]
    alike: tuple[str, ...]
    problems: Mapping[str, str]
    stored: Mapping[str, tuple[int, ...]]
    paths: Mapping[str, str]
    digests: Mapping[str, str]
    outputs: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a model stores its weights, told without a file.

    Attributes:
        stored: As of :class:`Saved`.
        paths: Weight id to its path.
        own: Classes of the user's that save or load in a way of their own, of which places tell nothing.
    """

    stored: Mapping[str, tuple[int, ...]]
    paths: Mapping[str, str]
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a model computes with the values it was saved with.

    Attributes:
        outputs: Per probe, the model outputs in order.
        repeated: Whether the first probe a second time gave the same bits.
    """

    outputs: tuple[tuple[Array, ...], ...]
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRequest:
    """Files to load, one after the other, each into the same copy with weights drawn anew."""

    recipes: tuple[Recipe, ...]
    files: tuple[str, ...]
    probe: tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of a model after one file was loaded.

    Attributes:
        error: Why Keras refused, else empty.
        digests: Weight id to a digest of the bytes it now holds.
        outputs: Of the probe, empty where Keras refused.
    """

    error: str
    digests: Mapping[str, str]
    outputs: tuple[Array, ...] = ()
