"""A traced call of JAX once more, with other values put in the place of some.

Its jaxpr is walked primitive by primitive, in the order in which its ops were made of it: what a primitive gives is
kept, or put aside for another value, by the name of the op's value. A function with a derivative of its own is run as a
whole where nothing inside is asked for, so that its derivative is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp

from kerasdiff.worker.backends.on_jax.jaxpr import Step
from kerasdiff.worker.backends.program import Kept, Program
from kerasdiff.worker.keras_internals import Live


def walked(
    program: Program, arguments: Sequence[Live], given: Mapping[str, Live], wanted: frozenset[str]
) -> tuple[list[Live], Kept]:
    """What comes out for the values of variables and inputs, and the values that are wanted on the way."""
    walk = _Walk(program, given, wanted)
    return walk.run(arguments), walk.kept


class _Walk:
    """One run of a program, with some values put in the place of others."""

    def __init__(self, program: Program, given: Mapping[str, Live], wanted: frozenset[str]) -> None:
        self._program, self._given, self._wanted = program, given, wanted
        self._closed, self._steps = program.own
        touched = {*given, *wanted}
        self._touched = [at for at, step in enumerate(self._steps) if touched & set(step.names)]
        self._at = 0
        self.kept = Kept()

    def run(self, arguments: Sequence[Live]) -> list[Live]:
        closed = self._closed
        count = len(self._program.captures)
        entries = [self._settled(op.name, one) for op, one in zip(self._program.inputs, arguments[count:], strict=True)]
        return self._jaxpr(closed.jaxpr, closed.consts, [*arguments[:count], *entries])

    def _settled(self, name: str, value: Live) -> Live:
        if name in self._wanted:
            self.kept.values[name] = value
        return jnp.asarray(self._given[name], value.dtype) if name in self._given else value

    def _jaxpr(self, jaxpr: Live, consts: Sequence[Live], arguments: Sequence[Live]) -> list[Live]:
        held = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *arguments], strict=True))

        def read(atom: Live) -> Live:
            return atom.val if hasattr(atom, "val") else held[atom]

        for equation in jaxpr.eqns:
            step = self._steps[self._at]
            outputs = self._step(step, jaxpr, equation, list(map(read, equation.invars)))
            held.update(zip(equation.outvars, outputs, strict=True))
        return list(map(read, jaxpr.outvars))

    def _step(self, step: Step, jaxpr: Live, equation: Live, inputs: list[Live]) -> list[Live]:
        self._at += 1
        if step.mark is not None:
            self.kept.written[step.mark] = inputs[0]
            outputs = inputs[:1]
        elif step.inner and (not step.custom or self._is_touched(self._at, self._at + step.inner)):
            inner = step.opened
            return self._jaxpr(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), inputs)
        else:
            self._at += step.inner
            outputs = _computed(jaxpr, equation, inputs)
        return [self._settled(name, one) for name, one in zip(step.names, outputs, strict=False)] or outputs

    def _is_touched(self, start: int, stop: int) -> bool:
        return any(start <= at < stop for at in self._touched)


def _computed(jaxpr: Live, equation: Live, inputs: Sequence[Live]) -> list[Live]:
    """What an equation of a jaxpr gives: a jaxpr of it alone is run, for how to call a primitive differs by version."""
    entries = {one: value for one, value in zip(equation.invars, inputs, strict=True) if not hasattr(one, "val")}
    alone = jaxpr.replace(constvars=[], invars=list(entries), outvars=list(equation.outvars), eqns=[equation])
    return list(jax.core.eval_jaxpr(alone, (), *entries.values()))
