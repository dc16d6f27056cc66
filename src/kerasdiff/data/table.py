"""What was read or drawn: named arrays, before anything is known of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kerasdiff.errors import DataError
from kerasdiff.graph.values import Array
from kerasdiff.side.training import DataSource

COLUMNS = ("x_train", "y_train", "x_test", "y_test")
"""What every fit needs, in the order in which it is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Training and test rows by name.

    Attributes:
        arrays: ``x_train``, ``y_train``, ``x_test`` and ``y_test``; a model of several inputs or outputs has one each,
            ``x_train_NAME``. An ``.npz`` may hold anything else besides.
        origin: What messages call it: a path, or a name.
        source: What they are, with the number of rows.
        class_names: By class id, empty where unknown.
        images: Whether the rows are image files, which have the size they have.
    """

    arrays: Mapping[str, Array]
    origin: str
    source: DataSource
    class_names: tuple[str, ...] = ()
    images: bool = False


def lacking(origin: str, wanted: str, names: Iterable[str]) -> DataError:
    """Says that an array is not there, and which ones are."""
    return DataError(f"{origin} lacks {wanted}; it holds {', '.join(sorted(names)) or 'nothing'}.")
