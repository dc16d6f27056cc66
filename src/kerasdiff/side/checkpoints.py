"""What a model is asked about its saved weights, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kerasdiff.graph.values import Array
from kerasdiff.side.observations import Recipe

WEIGHTS = ".weights.h5"
"""The kind of file that every model with weights can be saved as."""

FORMS = (WEIGHTS, ".keras")
"""Kinds of files that a model of Keras 3 is saved as."""

CHECKPOINT = "TF checkpoint"
BY_LAYERS = ".h5"
SECOND_FORMS = (*FORMS, BY_LAYERS, CHECKPOINT)
"""The same of Keras 2: what its users have."""

BY_NAME, SKIPPING = "by_name", "skip_mismatch"
"""Options of ``load_weights`` for a file that does not load as it is: by the names of layers, without what misfits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRequest:
    """A copy of the model to draw weights for, to save, and to run.

    Attributes:
        files: Kind of file to the path that it is saved to.
        probe: One batch per model input, empty where no output is wanted.
        load_follows: Whether a ``LoadRequest`` for the same copy does.
    """

    recipes: tuple[Recipe, ...]
    files: Mapping[str, str]
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
        inside: Kind of file to the same in it, as its Keras writes it; what Keras 2 calls otherwise than Keras 3, which
            knows that, is in ``stored`` and ``paths`` as Keras 3 calls it.
        digests: Weight id to a digest of the bytes saved.
    """

    files: Mapping[str, str]
    alike: tuple[str, ...]
    problems: Mapping[str, str]
    stored: Mapping[str, tuple[int, ...]]
    paths: Mapping[str, str]
    digests: Mapping[str, str]
    inside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    outputs: tuple[Array, ...] = ()

    def home_of(self, form: str) -> str:
        """The kind of file that was loaded in the place of one."""
        return WEIGHTS if form in self.alike else form


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
    """Files to load, by their kinds, one after the other, each into the same copy with weights drawn anew."""

    recipes: tuple[Recipe, ...]
    files: Mapping[str, str]
    probe: tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of a model after one file was loaded.

    Attributes:
        error: Why Keras refused, else empty.
        digests: Weight id to a digest of the bytes it now holds.
        outputs: Of the probe, empty where Keras refused.
        otherwise: The same with an option of ``load_weights``, by the option: a file that goes by the order of layers
            is tried by their names too, and one that is refused without what does not fit.
    """

    error: str
    digests: Mapping[str, str]
    outputs: tuple[Array, ...] = ()
    otherwise: Mapping[str, Restored] = field(default_factory=dict)


# Conversion --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsFile:
    """A file of weights that somebody named.

    Attributes:
        text: As the user wrote it.
        location: Its absolute path; of a checkpoint of TensorFlow the prefix of its files.
        form: What it is: HDF5 (``.h5``, ``.weights.h5``), a ``.keras`` archive, or a checkpoint of TensorFlow, as a
            SavedModel holds one too.
    """

    text: str
    location: str
    form: Literal["hdf5", "archive", "checkpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRequest:
    """A copy of the model that is to read a file of weights, and to be run.

    Attributes:
        recipes: What its weights hold before, so that one of which the file holds nothing shows.
        file: The file; ``None`` for the values that the model starts from.
        probes: One batch per model input each.
    """

    recipes: tuple[Recipe, ...]
    file: WeightsFile | None
    probes: tuple[tuple[Array, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of it.

    Attributes:
        unfilled: Ids of weights of which the file holds nothing.
        homeless: Paths of arrays in the file that no weight holds, training state left out.
        outputs: Per probe, the model outputs in order.
        repeated: Whether the first probe a second time gave the same bits.
    """

    unfilled: tuple[str, ...]
    homeless: tuple[str, ...]
    outputs: tuple[tuple[Array, ...], ...]
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRequest:
    """A file to be written of the copy, and read back into another one.

    Attributes:
        path: Of the file, which ends in ``.weights.h5`` or ``.keras``.
        recipes: What the weights of the other copy hold before.
        probes: As of :class:`TakeRequest`.
        unsafe: Whether code that the file holds may be run.
    """

    path: str
    recipes: tuple[Recipe, ...]
    probes: tuple[tuple[Array, ...], ...]
    unsafe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of the copy that read it.

    Attributes:
        astray: Ids of weights that hold something else than was written.
        outputs: As of :class:`Taken`.
    """

    astray: tuple[str, ...]
    outputs: tuple[tuple[Array, ...], ...]
