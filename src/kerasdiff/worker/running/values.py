"""Which values do weights and inputs get? Drawn from recipes, moved by a perturbation, assigned."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError
from kerasdiff.graph import SEED_ROLE
from kerasdiff.graph.values import Array, Precision
from kerasdiff.side.observations import Recipe, starts_kept
from kerasdiff.worker.keras_internals import Live, array, dtype_name, is_floating, on_tensorflow, to_numpy, write
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.tracing.names import weight_table

Values = Iterable[tuple[Live, Live]]
"""Variables, each with the tensor it is to hold; made one after the other, for all at once are a copy of the model."""

MOST_CACHED = 1 << 18
"""Values of a weight that is drawn once for all, at most: 1 MiB. Models of many parameters have them in larger weights,
and what is kept of those would be another copy of the model."""


def draw(recipe: Recipe, weight_scale: float = 1.0) -> Array:
    """Draws a weight value that hides nothing: no zero bias, no unit gamma, variances positive.

    Values are float32 numbers, so that both precisions start from the same ones, and read-only.
    """
    made = _drawn_once if math.prod(recipe.shape) <= MOST_CACHED else _draw
    value, grows = made(recipe)
    return value * np.float32(weight_scale) if grows and weight_scale != 1.0 else value


def _draw(recipe: Recipe) -> tuple[Array, bool]:
    """A value, and whether a weight scale applies to it."""
    rng = np.random.default_rng([recipe.seed, 20_260_823])
    name, shape = recipe.name, recipe.shape
    grows = False
    value: Array
    if name == SEED_ROLE:
        value = np.asarray(rng.integers(0, 2**31, shape))
    elif "variance" in name or name == "var":
        value = np.asarray(rng.uniform(0.5, 2.0, shape), np.float32)
    elif name in ("gamma", "scale"):
        value = np.asarray(rng.uniform(0.5, 1.5, shape), np.float32)
    else:
        spread = math.sqrt(1.5 / recipe.fan_in) if len(shape) >= 2 else 0.3
        # In float32 from the start: large kernels hold nearly all the values, and this takes half the time and memory.
        value, grows = np.asarray(rng.standard_normal(shape, dtype=np.float32)), True
        value *= np.float32(spread)
    value.setflags(write=False)
    return value, grows


_drawn_once = lru_cache(maxsize=1024)(_draw)
"""The same, drawn once: every rung, mode and precision asks for the same values, which took 6 % of a comparison to
draw."""


def drawn(
    variables: Mapping[str, Live], recipes: tuple[Recipe, ...], weight_scale: float = 1.0
) -> Iterator[tuple[Live, Live]]:
    """Each variable with the value its recipe gives it.

    Raises:
        EvaluateError: If a recipe names a weight that does not exist.
    """
    for recipe in recipes:
        variable = variables.get(recipe.weight)
        if variable is None:
            raise EvaluateError(f"weight {recipe.weight} does not exist")
        value = value_of(recipe, variable, weight_scale)
        if value is not None:
            yield variable, tf.constant(value)


def value_of(recipe: Recipe, variable: Live, weight_scale: float = 1.0) -> Array | None:
    """What a recipe gives a variable; integers other than random-generator states keep their own (``None``)."""
    kind, shape = tf.as_dtype(variable.dtype), tuple(variable.shape)
    if recipe.join is not None and kind.is_floating:
        whole = recipe.join.joined([draw(part, weight_scale) for part in recipe.parts])
        return whole.reshape(shape).astype(kind.as_numpy_dtype, copy=False)
    if kind.is_floating or recipe.name == SEED_ROLE:
        value = draw(recipe, weight_scale)
        return (value.T if recipe.transposed else value).reshape(shape).astype(kind.as_numpy_dtype, copy=False)
    if kind in (tf.int8, tf.uint8):  # quantised kernels; wider whole numbers count or index, and are left alone
        whole = np.random.default_rng([recipe.seed, 8]).integers(kind.min, kind.max, recipe.shape, endpoint=True)
        return np.asarray(whole.reshape(shape).astype(kind.as_numpy_dtype))
    return None


def perturbed(values: Values, perturbation: float) -> Values:
    """The same values with each floating entry changed by a random fraction of about ``perturbation``."""
    if not perturbation:
        return values
    rng = np.random.default_rng(13)
    return (
        (owner, value * array(1.0 + perturbation * rng.standard_normal(tuple(value.shape)), dtype_name(value)))
        if is_floating(value)
        else (owner, value)
        for owner, value in values
    )


def moved(value: Array, perturbation: float, rng: np.random.Generator) -> Array:
    """The same for one array; one that is not floating stays."""
    if not perturbation or value.dtype.kind != "f":
        return value
    return np.asarray(value * (1.0 + perturbation * rng.standard_normal(value.shape)).astype(value.dtype))


def array_of(value: Live) -> Array:
    """What an eager tensor or a session gives, as an array: a single text comes as bytes."""
    if not on_tensorflow():
        return np.asarray(to_numpy(value))
    plain = value.numpy() if hasattr(value, "numpy") else value
    return np.array(plain, dtype=object) if isinstance(plain, bytes) else plain


def bytes_of(value: Array) -> memoryview:
    """The bytes of an array in the order of its entries: no copy, where they lie in it."""
    return np.ascontiguousarray(value).reshape(-1).view(np.uint8).data


def assign(values: Values) -> list[tuple[Live, Live]]:
    """Gives each variable its value, as it comes: the one it had goes before the next is made.

    Returns:
        The values, for another time. A variable and the tensor it was given share their memory until it is written to.
    """
    given = []
    for variable, value in values:
        write(variable, value)
        given.append((variable, value))
    return given


def start_of(
    session: Session, precision: Precision, recipes: tuple[Recipe, ...], weight_scale: float, perturbation: float
) -> list[tuple[Live, Live]]:
    """What the variables of the model in this precision start a request from; what is kept is not drawn again.

    Raises:
        EvaluateError: If a recipe names a weight that does not exist.
    """
    key = recipes, weight_scale, perturbation
    kept = session.starts.setdefault(precision, [])
    given = next((given for known, given in kept if known == key), None)
    if given is None:
        room = starts_kept(sum(math.prod(recipe.shape) for recipe in recipes))
        del kept[: max(0, len(kept) + 1 - room)]  # before others are drawn, for each is a copy of the model
        variables = weight_table(session.drawn(precision).model)
        given = assign(perturbed(drawn(variables, recipes, weight_scale), perturbation))
        kept.append((key, given))
    return given


def same_bits(first: Array, second: Array) -> bool:
    """Whether two values are the same to the last bit, NaN for NaN."""
    return bool(np.array_equal(first, second, equal_nan=first.dtype.kind == "f"))
