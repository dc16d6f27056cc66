"""What a fit trains on, as plain arrays: the user's file, CIFAR-10, or a task made to a model's shape.

numpy alone. Both sides of a trial pair make or read the same arrays on their own, so none crosses a process boundary.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kerasdiff.errors import EvaluateError, FitError
from kerasdiff.probes import batch_shape, family_of, integer_range
from kerasdiff.side import Array, Port
from kerasdiff.worker import cifar

Encoding = Literal["sparse", "one-hot", "binary", "real"]
"""How an output's targets are written: class ids, one-hot rows, 0 or 1 in the output's shape, or real numbers."""

AUTO, CACHE, SYNTHETIC = "auto", "cifar10-cache", "synthetic"

TRAIN_ROWS, TEST_ROWS = 2_000, 500
"""Rows of made-up data: 31 batches of 64, and a test accuracy to 2.2 points (one standard error at one half)."""

SYNTHETIC_BYTES = 128 * 2**20
"""Most memory of made-up data: inputs of 224x224x3 get 170 rows of training data instead of 2,000."""

FEWEST_ROWS = 32

TEACHER_WIDTH = 32
"""Features the synthetic teacher reads from each input, and units of its hidden layer."""

TEACHER_OUTPUTS = 1_024
"""Most values the teacher computes for one row of one output; larger outputs repeat them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One output as a task sees it.

    Attributes:
        port: The output.
        encoding: Form of its targets.
        shape: What a probe gave, without the batch: every dimension known.
        zero_one: Whether its values stay in [0, 1], so that targets outside make no sense.
    """

    port: Port
    encoding: Encoding
    shape: tuple[int, ...]
    zero_one: bool = False

    @property
    def classes(self) -> int:
        """Number of classes: the last dimension, 2 for binary outputs."""
        return 2 if self.encoding == "binary" or not self.shape else self.shape[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """Training and test rows in memory.

    Attributes:
        x_train, x_test: One array per input, in the model's order; images may still be uint8.
        y_train, y_test: One array per output: int64 class ids, or float32.
        inputs: What the rows are cast to.
        description: One phrase for the report; says so where the data are made up.
    """

    x_train: tuple[Array, ...]
    y_train: tuple[Array, ...]
    x_test: tuple[Array, ...]
    y_test: tuple[Array, ...]
    inputs: tuple[Port, ...]
    description: str

    def train_batch(self, rows: NDArray[np.int64]) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Inputs and targets of the training rows, ready for the model."""
        return self._batch(self.x_train, rows), tuple(y[rows] for y in self.y_train)

    def test_batch(self, rows: NDArray[np.int64]) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Inputs and targets of the test rows, ready for the model."""
        return self._batch(self.x_test, rows), tuple(y[rows] for y in self.y_test)

    def _batch(self, arrays: tuple[Array, ...], rows: NDArray[np.int64]) -> tuple[Array, ...]:
        return tuple(_as_input(x[rows], port) for x, port in zip(arrays, self.inputs, strict=True))


def _as_input(values: Array, port: Port) -> Array:
    """Casts rows to an input's dtype; uint8 images become float32 in [0, 1].

    Why here and not on loading? 50,000 CIFAR images are 150 MB in uint8 and 600 MB in float32.
    """
    if family_of(port) != "float":
        return values.astype(port.spec.dtype, copy=False)
    if values.dtype == np.uint8:
        return values.astype(np.float32) / np.float32(255.0)
    return values.astype(np.float64 if port.spec.dtype == "float64" else np.float32, copy=False)


def load_data(source: str, inputs: tuple[Port, ...], heads: tuple[Head, ...], seed: int = 0) -> DataSet:
    """Finds or makes the data of a fit.

    Args:
        source: Path of an ``.npz``; ``cifar10-cache``; ``synthetic``; or ``auto``: the cache where the model fits
            CIFAR-10 and the cache holds it, else synthetic.
        inputs: The model's inputs.
        heads: The model's outputs.
        seed: Of made-up data.

    Raises:
        FitError: If the data cannot be read or do not fit the model.
    """
    if not inputs or not heads:
        raise FitError("A model without inputs or without outputs cannot be fitted.")
    try:
        for port in inputs:
            _ = batch_shape(port, 1), family_of(port)
    except EvaluateError as why:
        raise FitError(f"No data fit this model: {why.message}") from why
    like_cifar = _fits_cifar(inputs, heads)
    if source == CACHE or (source == AUTO and like_cifar and cifar.cifar10_cached() is not None):
        return _cached_cifar(inputs, heads)
    if source in (AUTO, SYNTHETIC):
        return _procedural(inputs, heads, seed) if like_cifar else _taught(inputs, heads, seed)
    return _from_npz(Path(source).expanduser(), inputs, heads)


def _fits_cifar(inputs: tuple[Port, ...], heads: tuple[Head, ...]) -> bool:
    if len(inputs) != 1 or len(heads) != 1 or family_of(inputs[0]) == "bool":
        return False
    head = heads[0]
    return _fits(inputs[0].spec.shape, (cifar.SIDE, cifar.SIDE, 3)) and (
        head.encoding in ("sparse", "one-hot") and head.shape == (cifar.CLASSES,)
    )


def _fits(spec: tuple[int | None, ...] | None, row: tuple[int, ...]) -> bool:
    """Whether rows of this shape fit a spec (batch first) with unknown dimensions."""
    if spec is None:
        return True
    return len(spec) == len(row) + 1 and all(
        want is None or want == got for want, got in zip(spec[1:], row, strict=True)
    )


def _cached_cifar(inputs: tuple[Port, ...], heads: tuple[Head, ...]) -> DataSet:
    folder = cifar.cifar10_cached()
    if folder is None:
        raise FitError("CIFAR-10 is not in the Keras cache (~/.keras/datasets); use --data PATH.npz or synthetic data.")
    x_train, y_train, x_test, y_test = cifar.read_batches(folder)
    arrays: dict[str, Array] = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    words = f"CIFAR-10 from the Keras cache ({len(x_train):,} + {len(x_test):,} images)"
    return _checked(arrays, "CIFAR-10", words, inputs, heads)


def _procedural(inputs: tuple[Port, ...], heads: tuple[Head, ...], seed: int) -> DataSet:
    images, labels = cifar.procedural(TRAIN_ROWS + TEST_ROWS, seed)
    arrays: dict[str, Array] = {
        "x_train": images[:TRAIN_ROWS],
        "y_train": labels[:TRAIN_ROWS],
        "x_test": images[TRAIN_ROWS:],
        "y_test": labels[TRAIN_ROWS:],
    }
    lacking = "CIFAR-10 is not on this machine" if cifar.cifar10_cached() is None else "not CIFAR-10"
    words = f"procedural CIFAR-shaped set, {TRAIN_ROWS:,} + {TEST_ROWS:,} images ({lacking})"
    return _checked(arrays, "the procedural set", words, inputs, heads)


def _from_npz(path: Path, inputs: tuple[Port, ...], heads: tuple[Head, ...]) -> DataSet:
    try:
        # Opened here: np.load leaves a damaged archive open.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise FitError(f"{path}: no such data file.") from None
    except (OSError, ValueError, AttributeError, TypeError, EOFError, zipfile.BadZipFile) as why:
        raise FitError(f"{path} cannot be read as an .npz of plain arrays: {why}.") from why
    return _checked(arrays, str(path), path.name, inputs, heads)


def _checked(
    arrays: Mapping[str, Array], place: str, words: str, inputs: tuple[Port, ...], heads: tuple[Head, ...]
) -> DataSet:
    """Checks arrays against the model and orders them by input and output.

    One input is ``x_train`` and ``x_test``; several are ``x_train_NAME`` each. The same for outputs and ``y``.
    """
    columns: dict[str, tuple[Array, ...]] = {}
    for part in ("train", "test"):
        columns[f"x_{part}"] = tuple(
            _check_input(_column(arrays, f"x_{part}", port.name, len(inputs), place), port, place) for port in inputs
        )
        columns[f"y_{part}"] = tuple(
            _check_target(_column(arrays, f"y_{part}", head.port.name, len(heads), place), head, place)
            for head in heads
        )
        rows = [len(array) for array in (*columns[f"x_{part}"], *columns[f"y_{part}"])]
        if min(rows) == 0 or len(set(rows)) > 1:
            counts = ", ".join(f"{count:,}" for count in rows)
            raise FitError(f"{place}: the {part} arrays must have the same number of rows, at least one, not {counts}.")
    if "images" not in words:
        words = f"{words} ({len(columns['x_train'][0]):,} + {len(columns['x_test'][0]):,} rows)"
    return DataSet(
        x_train=columns["x_train"],
        y_train=columns["y_train"],
        x_test=columns["x_test"],
        y_test=columns["y_test"],
        inputs=inputs,
        description=words,
    )


def _column(arrays: Mapping[str, Array], key: str, name: str, many: int, place: str) -> Array:
    wanted = key if many == 1 else f"{key}_{name}"
    for found in (wanted, f"{key}_{name}"):
        if found in arrays:
            if arrays[found].ndim == 0:
                raise FitError(f"{place}: {found} is a single value, not one row per example.")
            return arrays[found]
    held = ", ".join(sorted(arrays)) or "nothing"
    raise FitError(f"{place} lacks {wanted}; it holds {held}.")


def _check_input(values: Array, port: Port, place: str) -> Array:
    if not _fits(port.spec.shape, values.shape[1:]):
        raise FitError(f"{place}: rows of shape {values.shape[1:]} do not fit input {port.name} {port.spec.shape}.")
    family = family_of(port)
    if values.dtype.kind not in {"float": "fiub", "integer": "iub", "bool": "b"}[family]:
        raise FitError(f"{place}: values of dtype {values.dtype} do not fit input {port.name}, a {port.spec.dtype}.")
    if family == "integer" and values.size and port.high is not None:
        low, high = integer_range(port)
        if values.min() < low or values.max() > high:
            raise FitError(
                f"{place}: values {values.min()} to {values.max()} are outside {low} to {high}, "
                f"the range of input {port.name}."
            )
    return values


def _check_target(values: Array, head: Head, place: str) -> Array:
    """Brings targets into the form of the head's encoding.

    Class ids may come as ``(n,)`` or ``(n, 1)``, whole floats, or one-hot rows.
    """
    name = head.port.name
    if values.dtype.kind not in "fiub":
        raise FitError(f"{place}: targets of dtype {values.dtype} do not fit output {name}.")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise FitError(f"{place}: the targets of output {name} are not all finite.")
    per_value = _squeezed(values, head.shape[:-1], name, place, must=False)
    ids = per_value is not None and head.shape[-1:] > (1,)
    if head.encoding == "binary" or (head.encoding == "real" and not ids):
        targets = _squeezed(values, head.shape, name, place, must=True)
        assert targets is not None
        if (head.encoding == "binary" or head.zero_one) and values.size and (values.min() < 0 or values.max() > 1):
            raise FitError(
                f"{place}: targets {values.min():g} to {values.max():g} do not fit output {name}, which is in [0, 1]."
            )
        return targets.astype(np.float32)
    if per_value is None:
        rows = _squeezed(values, head.shape, name, place, must=True)
        assert rows is not None
        if head.encoding == "sparse" and not (np.all(rows.sum(axis=-1) == 1) and np.all((rows == 0) | (rows == 1))):
            raise FitError(f"{place}: targets of output {name} must be class ids, or rows with one 1 among zeros.")
        return np.argmax(rows, axis=-1).astype(np.int64) if head.encoding == "sparse" else rows.astype(np.float32)
    labels = per_value.astype(np.int64)
    if values.size and (np.any(labels != per_value) or labels.min() < 0 or labels.max() >= head.classes):
        raise FitError(
            f"{place}: labels {values.min():g} to {values.max():g} do not fit the {head.classes} classes "
            f"(0 to {head.classes - 1}) of output {name}."
        )
    return labels if head.encoding == "sparse" else one_hot(labels, head.classes)


def one_hot(labels: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Rows of float32 with a 1 at the label."""
    rows: NDArray[np.float32] = np.eye(classes, dtype=np.float32)[labels]
    return rows


def _squeezed(values: Array, row: tuple[int, ...], name: str, place: str, *, must: bool) -> Array | None:
    """``values`` as ``(n, *row)`` where they have that shape but for dimensions of 1, else ``None``."""
    got = values.shape[1:]
    if tuple(dim for dim in got if dim != 1) == tuple(dim for dim in row if dim != 1):
        return values.reshape(len(values), *row)
    if must:
        raise FitError(f"{place}: targets of shape {got} do not fit output {name} {row}.")
    return None


def _taught(inputs: tuple[Port, ...], heads: tuple[Head, ...], seed: int) -> DataSet:
    """A task for any signature: random inputs, labelled by a fixed random network with one hidden layer.

    Class labels are the largest of the teacher's outputs after each has been standardised over the rows, so that
    classes come about equally often; targets in [0, 1] are which of them are positive; real targets are the
    outputs themselves (mean 0, standard deviation 1).
    """
    shapes = [batch_shape(port, 1)[1:] for port in inputs]
    families = [family_of(port) for port in inputs]
    values_per_row = sum(int(np.prod(shape)) for shape in (*shapes, *(head.shape for head in heads)))
    # Ids are int64 while they are drawn; 8 bytes a value holds for all.
    rows = max(FEWEST_ROWS, min(TRAIN_ROWS + TEST_ROWS, SYNTHETIC_BYTES // (8 * values_per_row)))
    rng = np.random.default_rng([seed, rows])
    drawn, features = [], []
    for port, shape, family in zip(inputs, shapes, families, strict=True):
        values = _inputs(port, (rows, *shape), family, rng)
        drawn.append(values)
        features.append(_features(values, port, family, rng))
    mixed = np.concatenate(features, axis=1)
    weights = rng.standard_normal((mixed.shape[1], TEACHER_WIDTH), dtype=np.float32)
    hidden = np.tanh(2.0 * _standardised(mixed @ weights))
    targets = [_targets(hidden, head, rng) for head in heads]
    split = rows - rows // 5
    signature = ", ".join(f"{port.name} {shape}" for port, shape in zip(inputs, shapes, strict=True))
    return DataSet(
        x_train=tuple(x[:split] for x in drawn),
        y_train=tuple(y[:split] for y in targets),
        x_test=tuple(x[split:] for x in drawn),
        y_test=tuple(y[split:] for y in targets),
        inputs=inputs,
        description=f"synthetic task for {signature}, {split:,} + {rows - split:,} rows labelled by a random network",
    )


def _inputs(port: Port, shape: tuple[int, ...], family: str, rng: np.random.Generator) -> Array:
    if family == "bool":
        return rng.integers(0, 2, shape).astype(np.bool_)
    if family == "integer":
        low, high = integer_range(port)
        return rng.integers(low, high, shape, dtype=port.spec.dtype, endpoint=True)
    values = rng.standard_normal(shape, dtype=np.float32)
    if port.low is not None and port.high is not None:
        return (port.low + (port.high - port.low) * rng.random(shape, dtype=np.float32)).astype(np.float32)
    return values


def _features(values: Array, port: Port, family: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """What the teacher sees of one input: random projections, of random codes where the values are ids."""
    flat = values.reshape(len(values), -1)
    if family == "integer":
        low, high = integer_range(port)
        # 997 codes, a prime: ids that share one are far apart and no power of two.
        codes = rng.standard_normal(min(high - low + 1, 997), dtype=np.float32)
        flat = codes[((flat.astype(np.int64) - low) % len(codes))]
    weights = rng.standard_normal((flat.shape[1], TEACHER_WIDTH), dtype=np.float32)
    return _standardised(flat.astype(np.float32) @ weights)


def _targets(hidden: NDArray[np.float32], head: Head, rng: np.random.Generator) -> Array:
    size = int(np.prod(head.shape))
    weights = rng.standard_normal((hidden.shape[1], min(size, TEACHER_OUTPUTS)), dtype=np.float32)
    values = _standardised(hidden @ weights)
    tiled = np.take(values, np.arange(size) % values.shape[1], axis=1).reshape(len(hidden), *head.shape)
    positive: NDArray[np.float32] = (tiled > 0).astype(np.float32)
    if head.encoding == "real":
        return positive if head.zero_one else tiled
    if head.encoding == "binary":
        return positive
    labels = np.argmax(tiled, axis=-1).astype(np.int64)
    return labels if head.encoding == "sparse" else one_hot(labels, head.classes)


def _standardised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Columns with mean 0 and standard deviation 1 (0 where constant)."""
    centred = values - values.mean(axis=0)
    deviation = centred.std(axis=0)
    scaled: NDArray[np.float32] = (centred / np.where(deviation > 0, deviation, 1.0)).astype(np.float32)
    return scaled
