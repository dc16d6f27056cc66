"""What a fit trains on: the user's data, CIFAR-10, or a task made to a model's shape, checked against the model.

Both sides of a trial pair make or read the same arrays on their own, so none crosses a process boundary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.data import cifar
from kerasdiff.data.procedural import procedural_table
from kerasdiff.data.readers import default_table, read
from kerasdiff.data.table import Table, lacking
from kerasdiff.errors import DataError, EvaluateError, FitError
from kerasdiff.graph import Port
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.probes import batch_shape, family_of, integer_range
from kerasdiff.side.training import DataSource
from kerasdiff.worker.training.heads import Head
from kerasdiff.worker.training.images import decode
from kerasdiff.worker.training.synthetic import taught
from kerasdiff.worker.training.targets import targets_of

AUTO, CACHE, SYNTHETIC = "auto", "cifar10-cache", "synthetic"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """Training and test rows in memory.

    Attributes:
        x_train, x_test: One array per input, in the model's order; images may still be uint8.
        y_train, y_test: One array per output: int64 class ids, or float32.
        inputs: What the rows are cast to.
        source: What they are.
        class_names: By class id, empty where unknown.
    """

    x_train: tuple[Array, ...]
    y_train: tuple[Array, ...]
    x_test: tuple[Array, ...]
    y_test: tuple[Array, ...]
    inputs: tuple[Port, ...]
    source: DataSource
    class_names: tuple[str, ...] = ()


def load_data(wanted: str, inputs: tuple[Port, ...], heads: tuple[Head, ...], seed: int = 0) -> DataSet:
    """Finds or makes the data of a fit.

    Args:
        wanted: A path (see :func:`kerasdiff.data.readers.read`); ``cifar10-cache``; ``synthetic``; or ``auto``:
            the cache where the model fits CIFAR-10 and the cache holds it, else synthetic.
        inputs: The model's inputs.
        heads: The model's outputs.
        seed: Of made-up data.

    Raises:
        FitError: If the model cannot be fitted; ``DataError`` if the data cannot be read or do not fit it.
    """
    if not inputs or not heads:
        raise FitError("A model without inputs or without outputs cannot be fitted.")
    try:
        for port in inputs:
            _ = batch_shape(port, 1)
            if family_of(port) == "text":
                raise FitError(f"Input {port.name} takes text, and models are trained on numbers alone.")
    except EvaluateError as why:
        raise FitError(f"No data fit this model: {why.message}") from why
    if wanted == CACHE:
        return _checked(cifar.cached_table(), inputs, heads)
    if wanted not in (AUTO, SYNTHETIC):
        return _checked(read(Path(wanted).expanduser(), decode), inputs, heads)
    if _fits_cifar(inputs, heads):
        return _checked(default_table(seed) if wanted == AUTO else procedural_table(seed), inputs, heads)
    return _synthetic(inputs, heads, seed)


def _synthetic(inputs: tuple[Port, ...], heads: tuple[Head, ...], seed: int) -> DataSet:
    drawn, targets = taught(inputs, heads, seed)
    rows = len(drawn[0])
    split = rows - rows // 5
    source = DataSource(
        kind="synthetic",
        train=split,
        test=rows - split,
        inputs=tuple((port.name, x.shape[1:]) for port, x in zip(inputs, drawn, strict=True)),
    )
    return DataSet(
        x_train=tuple(x[:split] for x in drawn),
        y_train=tuple(y[:split] for y in targets),
        x_test=tuple(x[split:] for x in drawn),
        y_test=tuple(y[split:] for y in targets),
        inputs=inputs,
        source=source,
    )


def _fits_cifar(inputs: tuple[Port, ...], heads: tuple[Head, ...]) -> bool:
    if len(inputs) != 1 or len(heads) != 1 or family_of(inputs[0]) == "bool":
        return False
    head = heads[0]
    return _fits(inputs[0].spec.shape, (cifar.SIDE, cifar.SIDE, 3)) and (
        head.encoding in ("sparse", "one-hot") and head.shape == (len(cifar.CLASSES),)
    )


def _fits(spec: tuple[int | None, ...] | None, row: tuple[int, ...]) -> bool:
    """Whether rows of this shape fit a spec (batch first) with unknown dimensions."""
    if spec is None:
        return True
    return len(spec) == len(row) + 1 and all(
        want is None or want == got for want, got in zip(spec[1:], row, strict=True)
    )


def _checked(table: Table, inputs: tuple[Port, ...], heads: tuple[Head, ...]) -> DataSet:
    """Checks arrays against the model and orders them by input and output.

    One input is ``x_train`` and ``x_test``; several are ``x_train_NAME`` each. The same for outputs and ``y``.
    """
    arrays, origin = table.arrays, table.origin
    columns: dict[str, tuple[Array, ...]] = {}
    for part in ("train", "test"):
        columns[f"x_{part}"] = tuple(
            _check_input(_column(arrays, f"x_{part}", port.name, len(inputs), origin), port, table) for port in inputs
        )
        columns[f"y_{part}"] = tuple(
            targets_of(_column(arrays, f"y_{part}", head.port.name, len(heads), origin), head, origin) for head in heads
        )
        rows = [len(array) for array in (*columns[f"x_{part}"], *columns[f"y_{part}"])]
        if min(rows) == 0 or len(set(rows)) > 1:
            counts = ", ".join(f"{count:,}" for count in rows)
            raise DataError(
                f"{origin}: the {part} arrays must have the same number of rows, at least one, not {counts}."
            )
    return DataSet(
        x_train=columns["x_train"],
        y_train=columns["y_train"],
        x_test=columns["x_test"],
        y_test=columns["y_test"],
        inputs=inputs,
        source=table.source,
        class_names=table.class_names,
    )


def _column(arrays: Mapping[str, Array], key: str, name: str, many: int, origin: str) -> Array:
    wanted = key if many == 1 else f"{key}_{name}"
    for column in (wanted, f"{key}_{name}"):
        if column in arrays:
            if arrays[column].ndim == 0:
                raise DataError(f"{origin}: {column} is a single value, not one row per example.")
            return arrays[column]
    raise lacking(origin, wanted, arrays)


def _check_input(values: Array, port: Port, table: Table) -> Array:
    origin = table.origin
    if not _fits(port.spec.shape, values.shape[1:]):
        advice = " Images are not resized: scale them first, or build the models for this size." if table.images else ""
        raise DataError(
            f"{origin}: rows of shape {values.shape[1:]} do not fit input {port.name} {port.spec.shape}.{advice}"
        )
    family = family_of(port)
    ids = "fiub" if port.ids else "iub"
    if values.dtype.kind not in {"float": "fiub", "integer": ids, "bool": "b", "text": "SU"}[family]:
        raise DataError(f"{origin}: values of dtype {values.dtype} do not fit input {port.name}, a {port.spec.dtype}.")
    if family == "integer" and values.size and port.high is not None:
        low, high = integer_range(port)
        if values.min() < low or values.max() > high:
            raise DataError(
                f"{origin}: values {values.min()} to {values.max()} are outside {low} to {high}, "
                f"the range of input {port.name}."
            )
    return values
