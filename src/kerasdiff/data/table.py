"""What was read or drawn: named arrays, before anything is known of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kerasdiff.side.records import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Training and test rows by name.

    Attributes:
        arrays: ``x_train``, ``y_train``, ``x_test`` and ``y_test``; a model of several inputs or outputs has one each,
            ``x_train_NAME``. An ``.npz`` may hold anything else besides.
        place: What messages call it: a path, or a name.
        words: One phrase for reports, with the number of rows; says so where the data are made up.
        class_names: By class id, empty where unknown.
        images: Whether the rows are image files, which have the size they have.
    """

    arrays: Mapping[str, Array]
    place: str
    words: str
    class_names: tuple[str, ...] = ()
    images: bool = False


def counts(train: int, test: int, noun: str = "images") -> str:
    """``(50,000 + 10,000 images)``."""
    return f"({train:,} + {test:,} {noun})"
