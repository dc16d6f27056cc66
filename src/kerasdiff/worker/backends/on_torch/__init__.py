"""How does PyTorch answer what is asked of a backend (:mod:`kerasdiff.worker.backends.engine`)?

Imports the room's programs; imported by its engine alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from kerasdiff.worker.backends.on_torch.aten import traced
from kerasdiff.worker.backends.on_torch.walking import START, walked
from kerasdiff.worker.keras_internals import Live, kept_variables, keras, sublayers
from kerasdiff.worker.tracing.names import weight_table

__all__ = ["array_of", "carried", "compiled", "fast", "pulled", "summed", "traced", "updated", "updating", "walked"]


def array_of(value: Live, dtype: Live = None) -> Live:
    """Values as a tensor, of a dtype of PyTorch or by its name."""
    made = value if isinstance(value, torch.Tensor) else keras.ops.convert_to_tensor(np.asarray(value))
    return made if dtype is None else keras.ops.cast(made, keras.backend.standardize_dtype(dtype))


def summed(terms: Sequence[Live]) -> Live:
    """The sum of all entries of all terms, in float64."""
    return sum((one.to(torch.float64).sum() for one in terms), torch.zeros((), dtype=torch.float64))


def compiled(function: Callable[..., Live]) -> Callable[..., Live]:
    """A function that gives the same each time for the same values."""

    def run(*arguments: Live) -> Live:
        torch.manual_seed(START)
        return function(*arguments)

    return run


def fast(function: Callable[..., Live], *, still: bool = False) -> Callable[..., Live]:
    """A function as fast as it gets; ``still`` where no gradient is taken in it."""
    made: Callable[..., Live] = torch.no_grad()(function) if still else function
    return made


def updated(
    optimizer: Live, variables: Sequence[Live], values: Sequence[Live], gradients: Sequence[Live], state: Sequence[Live]
) -> tuple[list[Live], list[Live]]:
    """The values of variables, and those of the optimizer's own, after a step from these, which stand in them.

    Keras's optimizers for PyTorch write to the tensors of the variables, whatever stands in for those.
    """
    del values, state
    with updating():
        optimizer.apply(list(gradients), list(variables))
    return [one.value for one in variables], [one.value for one in optimizer.variables]


def pulled(function: Callable[..., tuple[Live, Live]]) -> Callable[..., Live]:
    """What a function gives, a number and more, and the gradients of the number by the values in its first argument."""

    def run(moved: Live, *others: Live) -> Live:
        own = keras.tree.map_structure(lambda one: one.detach().clone().requires_grad_(), moved)
        number, more = function(own, *others)
        leaves = keras.tree.flatten(own)
        if not number.requires_grad:  # nothing that is moved reaches it
            found = [None] * len(leaves)
        else:
            found = torch.autograd.grad(number, leaves, allow_unused=True)
        full = [torch.zeros_like(one) if it is None else it for one, it in zip(leaves, found, strict=True)]
        return (number, more), keras.tree.pack_sequence_as(own, full)

    return run


def carried(model: Live) -> list[Live]:
    """The variables whose values a step of ``fit`` hands on to the next: all, for none is compiled."""
    layers = (model, *sublayers(model, deep=True))
    return [*weight_table(model).values(), *(one for layer in layers for one in kept_variables(layer))]


@contextmanager
def updating() -> Iterator[None]:
    """Lets an optimizer move variables inside, which gradients are not taken of."""
    with torch.no_grad():
        yield
