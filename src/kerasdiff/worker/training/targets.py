"""In which form may targets come, and how do they take the form of a head's encoding?

They come either as class ids, one for each row of values that an output gives, or as numbers in the output's own shape.
"""

from __future__ import annotations

import numpy as np

from kerasdiff.errors import DataError
from kerasdiff.graph.values import Array
from kerasdiff.worker.training.heads import Head, one_hot


def targets_of(values: Array, head: Head, origin: str) -> Array:
    """Brings targets into the form of the head's encoding.

    Class ids may come as ``(n,)`` or ``(n, 1)``, whole floats, or one-hot rows.

    Args:
        values: One row an example, as they were read.
        head: The output they are for.
        origin: Where they were read, for messages.

    Returns:
        int64 class ids for a sparse head, else float32 in the shape of the output.

    Raises:
        DataError: If they are no finite numbers, have another shape, or are out of the range of the output.
    """
    _check_numbers(values, head, origin)
    if _come_as_ids(values, head):
        ids = _class_ids(_shaped(values, head.shape[:-1]), head, origin)
        return ids if head.encoding == "sparse" else one_hot(ids, head.classes)
    if not _differ_in_ones(values.shape[1:], head.shape):
        raise DataError(
            f"{origin}: targets of shape {values.shape[1:]} do not fit output {head.port.name} {head.shape}."
        )
    numbers = _shaped(values, head.shape)
    if head.encoding == "sparse":
        return _ids_of_rows(numbers, head, origin)
    if head.encoding == "binary" or (head.encoding == "real" and head.zero_one):
        _check_fractions(numbers, head, origin)
    return numbers.astype(np.float32)


def _come_as_ids(values: Array, head: Head) -> bool:
    """Whether there is one number for each row of the output's values, and such a row stands for a class.

    A row of one real number is a number: only where it has more do targets without that dimension have to be ids.
    """
    by_class = head.encoding in ("sparse", "one-hot") or (head.encoding == "real" and head.shape[-1:] > (1,))
    return by_class and _differ_in_ones(values.shape[1:], head.shape[:-1])


def _differ_in_ones(got: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether two shapes are the same but for dimensions of 1."""
    return [dim for dim in got if dim != 1] == [dim for dim in wanted if dim != 1]


def _shaped(values: Array, row: tuple[int, ...]) -> Array:
    return values.reshape(len(values), *row)


def _class_ids(given: Array, head: Head, origin: str) -> Array:
    """Class ids that came as ids: whole numbers from 0 to one less than the classes."""
    ids = given.astype(np.int64)
    if ids.size and (np.any(ids != given) or ids.min() < 0 or ids.max() >= head.classes):
        raise DataError(
            f"{origin}: labels {given.min():g} to {given.max():g} do not fit the {head.classes} classes "
            f"(0 to {head.classes - 1}) of output {head.port.name}."
        )
    return ids


def _ids_of_rows(rows: Array, head: Head, origin: str) -> Array:
    """Class ids that came as one-hot rows."""
    if not (np.all(rows.sum(axis=-1) == 1) and np.all((rows == 0) | (rows == 1))):
        raise DataError(
            f"{origin}: targets of output {head.port.name} must be class ids, or rows with one 1 among zeros."
        )
    ids: Array = np.argmax(rows, axis=-1).astype(np.int64)
    return ids


def _check_numbers(values: Array, head: Head, origin: str) -> None:
    if values.dtype.kind not in "fiub":
        raise DataError(f"{origin}: targets of dtype {values.dtype} do not fit output {head.port.name}.")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError(f"{origin}: the targets of output {head.port.name} are not all finite.")


def _check_fractions(values: Array, head: Head, origin: str) -> None:
    if values.size and (values.min() < 0 or values.max() > 1):
        raise DataError(
            f"{origin}: targets {values.min():g} to {values.max():g} do not fit output {head.port.name}, "
            "which is in [0, 1]."
        )
