"""What are these data? Their arrays, their classes and how even they are, and some images of each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kerasdiff.data.cifar import Images
from kerasdiff.data.table import Table
from kerasdiff.graph.values import Array
from kerasdiff.side.training import DataSource

MOST_CLASSES = 1_000
"""Whole numbers with more different values than this are taken for amounts, not classes: ImageNet has as many."""

CHECKED = 1_000
"""Rows that decide whether floats are colours from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One array; ``low`` and ``high`` bound its finite values and are ``None`` where there are none."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One class, or all rows where there are none.

    Attributes:
        name: With its id; ``all rows`` where there are no classes.
        train, test: How many rows it has.
        images: Its first training images, uint8 ``(n, height, width, 3)``; empty where rows are no images.
    """

    name: str
    train: int
    test: int
    images: Images


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A data set in short.

    Attributes:
        source: What it is.
        columns: Its arrays by name.
        rows: Its classes in order, or one row that stands for all.
        classes: Number of classes; 0 for targets that are no classes.
        note: What has to be said about the images.
    """

    source: DataSource
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    classes: int
    note: str


def summarise(table: Table, count: int) -> Summary:
    """Summarises a table.

    Args:
        table: Any; arrays of other names are listed and otherwise left alone.
        count: Most images of a class.
    """
    columns = tuple(_column(name, table.arrays[name]) for name in sorted(table.arrays))
    x = _first(table.arrays, "x_train")
    train, test = (_labels(_first(table.arrays, f"y_{part}")) for part in ("train", "test"))
    kind, note = _kind(x)
    if train is None or (x is not None and len(x) != len(train)):
        lengths = [0 if array is None else len(array) for array in (x, _first(table.arrays, "x_test"))]
        rows = (Row(name="all rows", train=lengths[0], test=lengths[1], images=_as_images(kind, slice(count), x)),)
        return Summary(source=table.source, columns=columns, rows=rows, classes=0, note=note)
    known = range(len(table.class_names)) if table.class_names else range(int(train.max()) + 1)
    classes = []
    for label in known:
        chosen = np.flatnonzero(train == label)
        name = f"{label} {table.class_names[label]}" if table.class_names else f"{label}"
        tested = 0 if test is None else int(np.count_nonzero(test == label))
        images = _as_images(kind, chosen[:count], x)
        classes.append(Row(name=name, train=len(chosen), test=tested, images=images))
    return Summary(source=table.source, columns=columns, rows=tuple(classes), classes=len(classes), note=note)


def _first(arrays: Mapping[str, Array], key: str) -> Array | None:
    """The array of that name, else the first of several inputs or outputs."""
    for name in (key, *sorted(name for name in arrays if name.startswith(f"{key}_"))):
        if name in arrays and arrays[name].ndim:
            return arrays[name]
    return None


def _column(name: str, values: Array) -> Column:
    low = high = None
    if values.dtype.kind in "fiub" and values.size:
        finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
        if finite.size:
            low, high = float(finite.min()), float(finite.max())
    return Column(name=name, dtype=str(values.dtype), shape=values.shape, low=low, high=high)


def _labels(y: Array | None) -> Array | None:
    """Class ids of targets that are class ids or one-hot rows, else ``None``."""
    if y is None or y.dtype.kind not in "fiub" or not y.size:
        return None
    rows = y.reshape(len(y), -1)
    if rows.shape[1] > 1:
        one_hot = y.ndim == 2 and bool(np.all((rows == 0) | (rows == 1)) and np.all(rows.sum(axis=1) == 1))
        return np.argmax(rows, axis=1) if one_hot else None
    values = rows[:, 0]
    whole = bool(np.isfinite(values).all() and np.all(values == np.floor(values)))
    if not whole or values.min() < 0 or values.max() >= MOST_CLASSES:
        return None
    return values.astype(np.int64)


Kind = Literal["none", "colours", "numbers"]


def _kind(x: Array | None) -> tuple[Kind, str]:
    """Whether rows are images, in colours from 0 to 255 or 0 to 1 or in other numbers; and what to say about it."""
    if x is None:
        return "none", "There is no x_train."
    shape = x.shape[1:]
    grey = len(shape) == 2 and x.dtype == np.uint8
    if x.dtype.kind not in "fiub" or not (grey or (len(shape) == 3 and shape[2] in (1, 3, 4))) or not x.size:
        return "none", f"Rows of shape {shape} and dtype {x.dtype} are no images, so none are shown."
    if x.dtype == np.uint8 or (x.dtype.kind == "f" and x[:CHECKED].min() >= 0 and x[:CHECKED].max() <= 1):
        return "colours", ""
    return "numbers", "Values are stretched to the range of each image to show them."


def _as_images(kind: Kind, rows: Array | slice, x: Array | None) -> Images:
    """Rows as uint8 ``(n, height, width, 3)``; none where they are no images."""
    if kind == "none" or x is None:
        return np.empty((0, 1, 1, 3), np.uint8)
    values = x[rows]
    if values.ndim == 3:
        values = values[..., None]
    values = values[..., :3]  # without transparency
    if values.dtype != np.uint8:
        floats = np.clip(np.nan_to_num(values.astype(np.float64)), -1e30, 1e30)
        if kind == "numbers" and floats.size:
            low, high = (bound(floats, axis=(1, 2, 3), keepdims=True) for bound in (np.min, np.max))
            floats = (floats - low) / np.where(high > low, high - low, 1.0)
        values = np.round(255 * np.clip(floats, 0, 1)).astype(np.uint8)
    images: Images = np.broadcast_to(values, (*values.shape[:3], 3)) if values.shape[3] == 1 else values
    return images
