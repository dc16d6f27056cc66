"""How does JAX answer what is asked of a backend (:mod:`kerasdiff.worker.backends.engine`)?

Imports the room's programs; imported by its engine alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import jax
import jax.numpy as jnp

from kerasdiff.worker.backends.on_jax.jaxpr import traced
from kerasdiff.worker.backends.on_jax.walking import walked
from kerasdiff.worker.keras_internals import Live

__all__ = ["array_of", "carried", "compiled", "fast", "pulled", "summed", "traced", "updated", "updating", "walked"]


def array_of(value: Live, dtype: Live = None) -> Live:
    """Values as an array, of a dtype of JAX or by its name."""
    return jnp.asarray(value, dtype)


def summed(terms: Sequence[Live]) -> Live:
    """The sum of all entries of all terms, in the widest precision there is."""
    return sum((jnp.sum(jnp.asarray(one)) for one in terms), jnp.zeros((), float))


def compiled(function: Callable[..., Live]) -> Callable[..., Live]:
    """A function that gives the same each time for the same values."""
    made: Callable[..., Live] = jax.jit(function)
    return made


def fast(function: Callable[..., Live], *, still: bool = False) -> Callable[..., Live]:
    """A function as fast as it gets; ``still`` where no gradient is taken in it."""
    del still
    return compiled(function)


def updated(
    optimizer: Live, variables: Sequence[Live], values: Sequence[Live], gradients: Sequence[Live], state: Sequence[Live]
) -> tuple[list[Live], list[Live]]:
    """The values of variables, and those of the optimizer's own, after a step from these."""
    del variables
    moved, after = optimizer.stateless_apply(list(state), list(gradients), list(values))
    return list(moved), list(after)


def pulled(function: Callable[..., tuple[Live, Live]]) -> Callable[..., Live]:
    """What a function gives, a number and more, and the gradients of the number by the values in its first argument."""
    made: Callable[..., Live] = jax.value_and_grad(function, has_aux=True)
    return made


def carried(model: Live) -> list[Live]:
    """The variables whose values a step of ``fit`` hands on to the next: those that the model lists.

    What else a call assigns is lost, as the state of a stateful recurrent layer (``JAXTrainer.train_step``, Keras 3.11
    to 3.15.1).
    """
    return list(model.variables)


@contextmanager
def updating() -> Iterator[None]:
    """Lets an optimizer move variables inside."""
    yield
