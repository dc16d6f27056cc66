"""Answers ``stage`` on JAX: a part of a traced call, run on values given at any of its nodes, and its gradients.

The jaxpr of the call is walked once more, primitive by primitive, in the order in which its ops were made of it: what a
primitive gives is kept, or put aside for another value, by the name of the op's value. A function with a derivative of
its own is run as a whole where nothing inside is asked for, so that its derivative is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph import Edge
from kerasdiff.graph.ops import FAMILIES
from kerasdiff.side.observations import Draw, Stage, Staged
from kerasdiff.worker.backends.numbers import inputs_of, start_of
from kerasdiff.worker.backends.program import Program, Step
from kerasdiff.worker.backends.session import BackendSession
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.loading.load import precision_scope


def stage(session: BackendSession, request: Stage) -> Staged:
    """Runs one stage.

    Raises:
        EvaluateError: If the call cannot be taken apart, or a node does not exist.
    """
    with precision_scope(request.precision):
        try:
            return _Part(session, request).staged()
        except KerasdiffError:
            raise
        except BaseException as error:  # a primitive that fails on these values, or has no gradient
            raise EvaluateError(f"the call cannot be run in parts: {reason(error)}") from None


@dataclass
class _Kept:
    """What one walk kept: by name of the value, and by mark what variables were given."""

    values: dict[str, Live] = field(default_factory=dict)
    written: dict[int, Live] = field(default_factory=dict)


class _Walk:
    """One run of a program, with some values put in the place of others."""

    def __init__(self, program: Program, given: Mapping[str, Live], wanted: frozenset[str]) -> None:
        self._program, self._given, self._wanted = program, given, wanted
        touched = {*given, *wanted}
        self._touched = [at for at, step in enumerate(program.steps) if touched & set(step.names)]
        self._at = 0
        self.kept = _Kept()

    def run(self, arguments: Sequence[Live]) -> list[Live]:
        closed = self._program.closed
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
            step = self._program.steps[self._at]
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


class _Part:
    """One stage's program, its values and where they stand in it."""

    def __init__(self, session: BackendSession, request: Stage) -> None:
        self._request = request
        self._call = session.calling(request.precision, request.mode)
        loaded = session.loaded(request.precision)
        probe = inputs_of(loaded.ports, request.probe)
        recording = session.program(request.precision, request.mode, tuple(one.shape for one in probe))
        self._program: Program = recording.graph
        self._added = recording.added
        self._count = len(recording.outputs)
        spots = session.spots(request.precision, request.mode)
        missing = [edge for edge in (*request.given, *request.wanted) if edge not in spots]
        if missing:
            raise EvaluateError(
                f"the call cannot be run in parts: in {request.precision} it has no node {missing[0].node}"
            )
        self._names = {edge: spots[edge].name for edge in (*request.given, *request.wanted)}
        self._homes = session.homes(request.precision, request.mode)
        self._values = start_of(self._call, request.recipes, request.weight_scale)
        self._probe = probe
        self._drawn = [op for op in self._program.operations if op.type in FAMILIES]

    def staged(self) -> Staged:
        request = self._request
        given = {self._names[edge]: value for edge, value in request.given.items()}
        given |= {self._drawn[at].outputs[0].name: value for at, value in request.draws.items()}
        outputs, kept, losses = self._walked(self._values, given)
        pulled, gradients = self._pulled(given)
        found = Staged(
            values={edge: np.asarray(kept.values[self._names[edge]]) for edge in request.wanted},
            outputs=tuple(map(np.asarray, outputs)) if request.outputs else (),
            pulled=pulled,
            gradients=gradients,
            hidden=self._program.hidden,
        )
        return self._with_effects(found, kept, losses) if request.effects else found

    def _with_effects(self, found: Staged, kept: _Kept, losses: Sequence[Live]) -> Staged:
        written = {id(variable): kept.written[mark] for mark, variable in self._program.written.items()}
        state = {
            name: np.asarray(written.get(id(one), self._values[name]))
            for name, one in self._call.variables.items()
            if name not in self._call.trained or id(one) in written
        }
        draws = tuple(
            Draw(
                node=self._homes.get(op.name, ""),
                family=FAMILIES[op.type],
                value=np.asarray(kept.values[op.outputs[0].name]),
            )
            for op in self._drawn
        )
        before = {name: np.asarray(self._values[name]) for name in self._call.trained if name in state}
        told = self._added.told([float(jnp.sum(one)) for one in losses])
        return replace(found, state=state, draws=draws, before=before, losses=told)

    def _walked(self, values: Mapping[str, Live], given: Mapping[str, Live]) -> tuple[list[Live], _Kept, list[Live]]:
        drawn = {op.outputs[0].name for op in self._drawn}
        walk = _Walk(self._program, given, frozenset({*drawn, *(self._names[edge] for edge in self._request.wanted)}))
        results = walk.run([*(values[name] for name in self._call.variables), *self._probe])
        return results[: self._count], walk.kept, results[self._count :]

    def _pulled(self, given: Mapping[str, Live]) -> tuple[dict[Edge, Live], dict[str, Live]]:
        """Gradients of what is pulled, with respect to what is given and to the weights."""
        request = self._request
        if request.pull is None and request.pull_outputs is None:
            return {}, {}
        floating = {edge: value for edge, value in request.given.items() if np.asarray(value).dtype.kind == "f"}

        def total(trained: Mapping[str, Live], cuts: Mapping[str, Live]) -> Live:
            return self._weighed(*self._walked({**self._values, **trained}, {**given, **cuts}))

        trained = {name: self._values[name] for name in self._call.trained}
        cuts = {self._names[edge]: jnp.asarray(value) for edge, value in floating.items()}
        weights, values = jax.grad(total, argnums=(0, 1))(trained, cuts)
        reached = {edge: np.asarray(values[self._names[edge]]) for edge in floating}
        return (
            {edge: one for edge, one in reached.items() if one.any()},
            {name: np.asarray(one) for name, one in weights.items() if np.asarray(one).any()},
        )

    def _weighed(self, outputs: Sequence[Live], kept: _Kept, losses: Sequence[Live]) -> Live:
        """What is pulled back, as one number: values and outputs each weighed, and the added losses."""
        request = self._request
        terms = [kept.values[self._names[edge]] * seed for edge, seed in (request.pull or {}).items()]
        ends = [one for one in outputs if jnp.issubdtype(one.dtype, jnp.floating)]
        if request.pull_outputs is not None:
            terms += [one * seed for one, seed in zip(ends, request.pull_outputs, strict=True)]
        if request.pull_losses:
            terms += losses
        return sum((jnp.sum(one) for one in terms), jnp.zeros((), float))
