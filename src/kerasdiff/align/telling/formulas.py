"""Which well-known function is it? What a formula computes says so, however it is written.

A function is known by its values: on points of both signs, small and large, of an array of the operand's own shape
where axes matter. The values of a formula in float32 constants are within 1e-6 of the function's, and the tanh
approximation of GELU is 5e-4 away from GELU, so the two never pass for one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import scipy  # which imports each of its parts when it is first used: most comparisons use none

from kerasdiff.align.edits import Formula
from kerasdiff.align.telling.arithmetic import NotEvaluatedError, Values

Function = Callable[[Values], Values]

CLOSE = 3e-6
"""Of the scale of the values: what float32 constants, written to seven digits, leave between two spellings."""

GRID = np.concatenate([np.linspace(-9.7, 9.3, 77), np.array([-40.0, -0.01, -1e-3, 0.0, 1e-3, 0.013, 40.0])])
"""Points on which functions of one entry are told apart; none of them is a kink of a function below but 0."""


def recognised(function: Function, shape: Sequence[int | None] | None, *, entrywise: bool) -> Formula | None:
    """The well-known function that ``function`` is; ``None`` where it is none of them.

    Args:
        function: May raise :class:`NotEvaluatedError`.
        shape: Of the operand.
        entrywise: Whether it works on each entry alone.
    """
    try:
        if entrywise:
            return _of_entries(function(GRID), function)
        return None if shape is None or None in shape[1:] or len(shape) < 2 else _of_axes(function, shape)
    except NotEvaluatedError:
        return None


def _same(one: Values, two: Values) -> bool:
    with np.errstate(all="ignore"):
        if one.shape != two.shape or not np.array_equal(np.isfinite(one), np.isfinite(two)):
            return False
        finite = np.isfinite(one)
        scale = np.maximum(1.0, np.abs(two[finite]))
        return bool(np.all(np.abs(one[finite] - two[finite]) <= CLOSE * scale))


# Entry by entry ------------------------------------------------------------------------------------------------


def _hard_sigmoid(x: Values, slope: float) -> Values:
    return np.asarray(np.clip(slope * x + 0.5, 0.0, 1.0))


def _gelu_tanh(x: Values) -> Values:
    return np.asarray(0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))))


FIXED: Sequence[tuple[Formula, Function]] = (
    (Formula(name="relu"), lambda x: np.maximum(x, 0)),
    (Formula(name="relu6"), lambda x: np.clip(x, 0, 6)),
    (Formula(name="sigmoid"), lambda x: scipy.special.expit(x)),
    (Formula(name="tanh"), np.tanh),
    (Formula(name="gelu", settings={"approximate": False}), lambda x: 0.5 * x * scipy.special.erfc(-x / np.sqrt(2))),
    (Formula(name="gelu", settings={"approximate": True}), _gelu_tanh),
    (Formula(name="silu"), lambda x: x * scipy.special.expit(x)),
    (Formula(name="softplus"), lambda x: np.logaddexp(0, x)),
    (Formula(name="softsign"), lambda x: x / (1 + np.abs(x))),
    (Formula(name="log_sigmoid"), lambda x: -np.logaddexp(0, -x)),
    (Formula(name="mish"), lambda x: x * np.tanh(np.logaddexp(0, x))),
    (
        Formula(name="selu"),
        lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    ),
    (Formula(name="hard_tanh"), lambda x: np.clip(x, -1, 1)),
    (Formula(name="tanh_shrink"), lambda x: x - np.tanh(x)),
    (Formula(name="exp"), np.exp),
    (Formula(name="abs"), np.abs),
    (Formula(name="square"), np.square),
    (Formula(name="squared relu"), lambda x: np.square(np.maximum(x, 0))),
)
"""Functions without a setting, and those that Keras knows in two forms."""


def _at(function: Function, x: float) -> float:
    return float(function(np.array([x]))[0])


def _fitted(function: Function) -> Iterator[tuple[Formula, Function]]:
    """Functions with a number in them, each with the number that it takes from ``function``.

    Each number is read off where nothing else has a part in it; whether it is right, all other points say.
    """
    with np.errstate(all="ignore"):
        slope = (_at(function, 0.5) - 0.5) / 0.5
        yield Formula(name="hard_sigmoid", settings={"slope": slope}), lambda x: _hard_sigmoid(x, slope)
        hard = (_at(function, 0.5) / 0.5 - 0.5) / 0.5
        yield Formula(name="hard_silu", settings={"slope": hard}), lambda x: x * _hard_sigmoid(x, hard)
        negative = -_at(function, -1.0)
        yield (
            Formula(name="leaky_relu", settings={"negative_slope": negative}),
            lambda x: np.where(x > 0, x, negative * x),
        )
        depth = -_at(function, -40.0)
        yield (
            Formula(name="elu", settings={"alpha": depth}),
            lambda x: np.where(x > 0, x, depth * np.expm1(np.minimum(x, 0))),
        )
        share = _at(function, 1.0)
        if 0 < share < 1:
            beta = float(scipy.special.logit(share))
            yield Formula(name="silu", settings={"beta": beta}), lambda x: x * scipy.special.expit(beta * x)
            yield Formula(name="sigmoid", settings={"factor": beta}), lambda x: scipy.special.expit(beta * x)
        top = _at(function, 40.0)
        yield Formula(name="relu", settings={"max_value": top}), lambda x: np.clip(x, 0, top)


def _of_entries(values: Values, function: Function) -> Formula | None:
    with np.errstate(all="ignore"):
        for formula, known in FIXED:
            if _same(values, np.asarray(known(GRID))):
                return formula
        for formula, known in _fitted(function):
            if _plain(formula) and _same(values, np.asarray(known(GRID))):
                return Formula(name=formula.name, settings={key: _rounded(it) for key, it in formula.settings.items()})
    return None


def _plain(formula: Formula) -> bool:
    """Whether its numbers are such as people write, and do not make another function of it."""
    numbers = [float(str(value)) for value in formula.settings.values()]
    identity = formula.name == "leaky_relu" and numbers == [1.0]
    return not identity and all(np.isfinite(number) and 1e-4 < number < 1e3 for number in numbers)


def _rounded(value: object) -> float:
    """A number that was read off, to the digits that float32 holds of it."""
    return float(f"{float(str(value)):.6g}")


# Along an axis -------------------------------------------------------------------------------------------------

ALONG: Mapping[str, Callable[[Values, int], Values]] = {
    "softmax": lambda x, axis: scipy.special.softmax(x, axis=axis),
    "log_softmax": lambda x, axis: scipy.special.log_softmax(x, axis=axis),
    "l2_normalize": lambda x, axis: x / np.sqrt(np.sum(np.square(x), axis=axis, keepdims=True)),
    "standardize": lambda x, axis: (x - np.mean(x, axis=axis, keepdims=True)) / np.std(x, axis=axis, keepdims=True),
}
"""Functions of the entries along one axis."""

ROWS = 2
"""Entries of an axis of any length."""

MOST_ENTRIES = 50_000
"""Of an operand that is tried."""


def _of_axes(function: Function, shape: Sequence[int | None]) -> Formula | None:
    sizes = [ROWS if size is None else size for size in shape]
    if not 0 < np.prod(sizes) <= MOST_ENTRIES:
        return None
    operand = 2.0 * np.random.default_rng(0).standard_normal(sizes)
    values = function(operand)
    rank = len(sizes)
    for name, known in ALONG.items():
        for axis in range(rank):
            if sizes[axis] > 1 and _same(values, known(operand, axis)):
                return Formula(name=name, settings={"axis": axis if axis < rank - 1 else -1})
    return None
