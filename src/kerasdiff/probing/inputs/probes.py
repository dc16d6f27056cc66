"""On which inputs are two models compared? Seeded batches that together reach what one distribution would miss.

numpy alone: each batch is drawn here and sent to the workers.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Port
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.texts import draw_texts
from kerasdiff.probing.numbers.limits import MANY_ROWS, ONE_ROW, PROBE_BATCH

Family = Literal["float", "integer", "bool", "text"]

LARGE_ROWS = ((1 << 18, 2), (1 << 16, 3))
"""Rows of a probe whose inputs have more values a row than this: 295 and 147 pixels square.

The gradients of EfficientNetV2S in float64 take 9 GB with four rows of 384 pixels square. Two rows are the last
resort: a batch normalisation of vectors then gives signs alone, in training.
"""

UNKNOWN_DIMENSION = 16
"""Length given to dimensions the model leaves open."""

OTHER_DIMENSIONS = ((37, 4), (37, 0), (13, 0))
"""Further lengths of such dimensions, and how much shorter each is than the one before; the first that fits is taken.
Odd, so that a stride or a window does not divide them, more than twice the usual, and no two the same; all the same
where that does not fit, and then fewer, as in a model of at most 16 positions."""

FLOAT_PROBES = ("normal", "uniform", "image", "large", "tiny")

SPARED = "uniform", MANY_ROWS
"""Those that a pair of the same graphs is spared where a run is long: an op of another TensorFlow meets nothing on them
but other ordinary numbers and a larger batch."""

FARTHEST = 1e5
"""Largest floating input that is tried. Beyond, models part that nobody would tell apart: Keras masks attention by
adding -1e9 to scores, and the scores of such inputs come near that."""

CONSTANTS = (0.5, 1.0, -1.0, 2.0)
"""Values of the rows of ``constant``: an input without variance shows the epsilon of a normalisation at its largest."""


def probes(ports: tuple[Port, ...], seed: int) -> tuple[tuple[str, dict[str, Array]], ...]:
    """Seeded input batches that together reach what one distribution would miss.

    ``normal``, ``uniform`` [0, 1], ``image`` (whole numbers 0 to 255), ``large`` (1e3 x normal: overflow, saturation),
    ``tiny`` (1e-3 x normal: epsilons) where an input is floating; ``ids`` (the last quarter of each row is id 0 where
    the range has it, and one in the middle of the last: padding, masks) and ``ids-without-0`` where an input is
    integer; ``texts``, ``more-texts`` and ``words`` where an input takes text; ``bools`` where there is nothing else;
    ``zeros`` and ``constant`` (one value a row; the highest id; true; one word) always; the first of them once more
    with one row and with more rows than usual, unless the model fixes its batch size.

    Args:
        ports: Inputs; the batch dimension is `probe_rows` and other unknown ones `UNKNOWN_DIMENSION`.
        seed: Any non-negative integer. Each input of each probe gets draws of its own.

    Returns:
        ``(name, {input name: batch})``. Floating inputs come as float32 that the input's own dtype holds exactly;
        others in their own dtype.

    Raises:
        EvaluateError: If an input has a dtype or rank no probe can be drawn for, or there is no input.
    """
    if not ports:
        raise EvaluateError("The model has no inputs, so there is nothing to probe it with.")
    families = {family_of(port) for port in ports}
    names = [*_kinds(families), "zeros", "constant"]
    rows = probe_rows(ports)
    plans = [(name, name, rows) for name in names]
    if all(port.spec.shape and port.spec.shape[0] is None for port in ports):
        plans += [(ONE_ROW, names[0], 1), (MANY_ROWS, names[0], 2 * rows + 1)]
    drawn = []
    for which, (name, kind, count) in enumerate(plans):
        generators = [np.random.default_rng([seed, which, at]) for at in range(len(ports))]
        drawn.append(
            (name, {port.name: _draw(port, kind, count, rng) for port, rng in zip(ports, generators, strict=True)})
        )
    return tuple(drawn)


def _kinds(families: set[Family]) -> list[str]:
    """The probes that the kinds of numbers call for."""
    names: list[str] = []
    if "float" in families:
        names += FLOAT_PROBES
    if "integer" in families:
        names += ("ids", "ids-without-0")
    if "text" in families:
        names += ("texts", "more-texts", "words")
    return names or ["bools"]


def other_sizes(ports: tuple[Port, ...], seed: int) -> tuple[dict[str, Array], ...]:
    """The first probe in other lengths, where the model leaves dimensions open beside the batch.

    Returns:
        One batch per input for each of `OTHER_DIMENSIONS`, as :func:`probes` has them; nothing where shapes are fixed.
    """
    if not any(dim is None for port in ports for dim in (port.spec.shape or ())[1:]):
        return ()
    kind = _kinds({family_of(port) for port in ports})[0]
    rows = probe_rows(ports)
    found = []
    for length, step in OTHER_DIMENSIONS:
        lengths = itertools.count(length, -step)
        batch = {}
        for at, port in enumerate(ports):
            shape = port.spec.shape or ()
            dims = (*shape[:1], *(next(lengths) if dim is None else dim for dim in shape[1:]))
            fixed = replace(port, spec=replace(port.spec, shape=dims))
            batch[port.name] = _draw(fixed, kind, rows, np.random.default_rng([seed, length, at]))
        found.append(batch)
    return tuple(found)


def probe_rows(ports: tuple[Port, ...]) -> int:
    """How many rows a probe has: `PROBE_BATCH`, fewer where the inputs are large."""
    values = sum(math.prod(batch_shape(port, 1)) for port in ports)
    return next((rows for more, rows in LARGE_ROWS if values > more), PROBE_BATCH)


def family_of(port: Port) -> Family:
    """Which kind of values an input takes.

    Raises:
        EvaluateError: If it takes neither numbers nor texts.
    """
    dtype = port.spec.dtype
    if dtype.startswith(("float", "bfloat")) and not port.ids:
        return "float"
    if port.ids or dtype.startswith(("int", "uint")):
        return "integer"
    if dtype == "bool":
        return "bool"
    if dtype == "string":
        return "text"
    raise EvaluateError(f"Input {port.name} has dtype {dtype}, and no values are made for that.")


def batch_shape(port: Port, batch: int) -> tuple[int, ...]:
    """The shape of a batch for an input; a batch dimension the model fixes stays.

    Raises:
        EvaluateError: If the rank is unknown.
    """
    shape = port.spec.shape
    if shape is None:
        raise EvaluateError(f"Input {port.name} has an unknown rank: give its shape with --input {port.name}=SHAPE.")
    first = () if not shape else (batch if shape[0] is None else shape[0],)
    return (*first, *(UNKNOWN_DIMENSION if dim is None else dim for dim in shape[1:]))


def integer_range(port: Port) -> tuple[int, int]:
    """The inclusive range of an integer input: what is declared, cut to the dtype; 0 to 1 where nothing is.

    Why 0 to 1? They are the only ids that every embedding of two or more rows has.
    """
    least, most = whole_numbers(port)
    low = 0 if port.low is None else math.ceil(port.low)
    high = max(low, 1) if port.high is None else math.floor(port.high)
    return max(low, least), min(high, most)


def whole_numbers(port: Port) -> tuple[int, int]:
    """The first and the last whole number up to which the dtype of an input has all."""
    if not port.ids:
        bounds = np.iinfo(np.dtype(port.spec.dtype))
        return int(bounds.min), int(bounds.max)
    digits = {"bfloat16": 8, "float16": 11}.get(port.spec.dtype, 24)  # those of float64 come in float32
    return -(2**digits), 2**digits


def _draw(port: Port, name: str, rows: int, rng: np.random.Generator) -> Array:
    shape = batch_shape(port, rows)
    family = family_of(port)
    if family == "bool":
        if name in ("zeros", "constant"):
            return np.full(shape, name == "constant", np.bool_)
        return rng.integers(0, 2, shape).astype(np.bool_)
    if family == "integer":
        return _draw_ids(port, name, shape, rng)
    if family == "text":
        return draw_texts(port, name, shape, rng)
    low, high = port.low, port.high
    if name == "uniform":
        values = rng.random(shape)
        if low is not None and high is not None:
            values = low + values * (high - low)
    elif name == "image":
        values = rng.integers(0, 256, shape).astype(np.float64)
    elif name == "zeros":
        values = np.zeros(shape)
    elif name == "constant":
        a_row = np.resize(CONSTANTS, shape[:1]).reshape(*shape[:1], *(1,) * len(shape[1:]))
        values = np.broadcast_to(a_row, shape).copy()
    else:
        values = rng.standard_normal(shape) * {"large": 1e3, "tiny": 1e-3}.get(name, 1.0)
    if low is not None or high is not None:
        values = np.clip(values, low, high)
    return _representable(values, port.spec.dtype)


def _draw_ids(port: Port, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    low, high = integer_range(port)
    has_zero = low <= 0 <= high
    if name == "zeros":
        return in_own_dtype(np.full(shape, 0 if has_zero else low, dtype=object), port)
    if name == "constant":
        return in_own_dtype(np.full(shape, high, dtype=object), port)
    # Unsigned 64-bit bounds do not fit int64, numpy's default for integers().
    draw = np.uint64 if high > np.iinfo(np.int64).max else np.int64
    values = rng.integers(low, high, shape, dtype=draw, endpoint=True)
    if name == "ids-without-0" and has_zero and high > 0:
        values = np.where(values == 0, rng.integers(1, high, shape, dtype=draw, endpoint=True), values)
    if name == "ids" and has_zero and len(shape) > 1:
        values[..., shape[-1] - shape[-1] // 4 :] = 0
        values[-1, ..., shape[-1] // 2] = 0  # a mask that was made from the number of ids shows there alone
    if port.ids and name == "ids-without-0":  # what a cast cuts off, rounding does not
        values = np.where(values < high, values + rng.choice((0.25, 0.75), shape), values)
    return in_own_dtype(values, port)


def in_own_dtype(values: Array, port: Port) -> Array:
    """Numbers of an input of ids as it takes them; in float32 where it takes floating ones."""
    return values.astype(np.float32 if port.ids else port.spec.dtype)


def _representable(values: NDArray[np.float64], dtype: str) -> NDArray[np.float32]:
    """Rounds to float32 that the narrower of ``dtype`` and float32 holds exactly."""
    if dtype == "float16":
        return values.astype(np.float16).astype(np.float32)
    narrow = values.astype(np.float32)
    if dtype == "bfloat16":
        # bfloat16 is the upper half of a float32.
        return (narrow.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    return narrow
