"""Answers ``stage`` on another backend: part of a call, on values given at any of its nodes, and its gradients.

The backend runs the call once more as it was traced: what an op gives is kept, or put aside for another value, by the
name of the op's value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph import Edge
from kerasdiff.graph.ops import FAMILIES
from kerasdiff.side.observations import Draw, Stage, Staged
from kerasdiff.worker.backends.engine import engine
from kerasdiff.worker.backends.numbers import inputs_of, start_of
from kerasdiff.worker.backends.program import Kept, Program
from kerasdiff.worker.backends.session import BackendSession
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import Live, is_floating, to_numpy
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


class _Part:
    """One stage's program, its values and where they stand in it."""

    def __init__(self, session: BackendSession, request: Stage) -> None:
        self._request = request
        self._call = session.calling(request.precision, request.mode)
        loaded = session.loaded(request.precision)
        probe = inputs_of(loaded.ports, request.probe, request.perturbation)
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
        self._values = start_of(self._call, request.recipes, request.weight_scale, request.perturbation)
        self._probe = probe
        self._drawn = [op for op in self._program.operations if op.type in FAMILIES]

    def staged(self) -> Staged:
        request = self._request
        given = {self._names[edge]: value for edge, value in request.given.items()}
        given |= {self._drawn[at].outputs[0].name: value for at, value in request.draws.items()}
        outputs, kept, losses = self._walked(self._values, given)
        pulled, gradients = self._pulled(given)
        found = Staged(
            values={edge: to_numpy(kept.values[self._names[edge]]) for edge in request.wanted},
            outputs=tuple(map(to_numpy, outputs)) if request.outputs else (),
            pulled=pulled,
            gradients=gradients,
            hidden=self._program.hidden,
        )
        return self._with_effects(found, kept, losses) if request.effects else found

    def _with_effects(self, found: Staged, kept: Kept, losses: Sequence[Live]) -> Staged:
        written = {id(variable): kept.written[mark] for mark, variable in self._program.written.items()}
        state = {
            name: to_numpy(written.get(id(one), self._values[name]))
            for name, one in self._call.variables.items()
            if name not in self._call.trained or id(one) in written
        }
        draws = tuple(
            Draw(
                node=self._homes.get(op.name, ""),
                family=FAMILIES[op.type],
                value=to_numpy(kept.values[op.outputs[0].name]),
            )
            for op in self._drawn
        )
        before = {name: to_numpy(self._values[name]) for name in self._call.trained if name in state}
        told = self._added.told([float(np.sum(to_numpy(one))) for one in losses])
        return replace(found, state=state, draws=draws, before=before, losses=told)

    def _walked(self, values: Mapping[str, Live], given: Mapping[str, Live]) -> tuple[list[Live], Kept, list[Live]]:
        drawn = {op.outputs[0].name for op in self._drawn}
        wanted = frozenset({*drawn, *(self._names[edge] for edge in self._request.wanted)})
        arguments = [*(values[name] for name in self._call.variables), *self._probe]
        results, kept = engine().walked(self._program, arguments, given, wanted)
        return results[: self._count], kept, results[self._count :]

    def _pulled(self, given: Mapping[str, Live]) -> tuple[dict[Edge, Live], dict[str, Live]]:
        """Gradients of what is pulled, with respect to what is given and to the weights."""
        request = self._request
        if request.pull is None and request.pull_outputs is None:
            return {}, {}
        floating = {edge: value for edge, value in request.given.items() if np.asarray(value).dtype.kind == "f"}

        def total(moved: tuple[Mapping[str, Live], Mapping[str, Live]]) -> tuple[Live, None]:
            trained, cuts = moved
            return self._weighed(*self._walked({**self._values, **trained}, {**given, **cuts})), None

        trained = {name: self._values[name] for name in self._call.trained}
        cuts = {self._names[edge]: engine().array_of(value) for edge, value in floating.items()}
        _, (weights, values) = engine().pulled(total)((trained, cuts))
        reached = {edge: to_numpy(values[self._names[edge]]) for edge in floating}
        return (
            {edge: one for edge, one in reached.items() if one.any()},
            {name: one for name, one in zip(weights, map(to_numpy, weights.values()), strict=True) if one.any()},
        )

    def _weighed(self, outputs: Sequence[Live], kept: Kept, losses: Sequence[Live]) -> Live:
        """What is pulled back, as one number: values and outputs each weighed, and the added losses."""
        request = self._request
        pulls = {self._names[edge]: engine().array_of(seed) for edge, seed in (request.pull or {}).items()}
        terms = [kept.values[name] * seed for name, seed in pulls.items()]
        ends = [one for one in outputs if is_floating(one)]
        if request.pull_outputs is not None:
            terms += [one * engine().array_of(seed) for one, seed in zip(ends, request.pull_outputs, strict=True)]
        if request.pull_losses:
            terms += losses
        return engine().summed(terms)
