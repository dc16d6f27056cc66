"""Answers ``stage``: a part of a traced call, run on values given at any of its nodes, and its gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph.ops import BRANCHES, FAMILIES, KEYED_DRAWS, LOOPS
from kerasdiff.side.observations import Draw, Stage, Staged
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import Live, is_stateful
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.running.imported import imported
from kerasdiff.worker.running.pulls import Pull, Pulls
from kerasdiff.worker.running.undisturbed import Undisturbed
from kerasdiff.worker.running.values import array_of, moved
from kerasdiff.worker.tracing.names import weight_table


def stage(session: Session, request: Stage) -> Staged:
    """Runs one stage.

    Raises:
        EvaluateError: If the call cannot be taken apart, or a node does not exist.
    """
    key = request.precision, request.mode
    try:
        if key not in session.staged:
            session.staged[key] = StagedCall(session, request)
        staged: Staged = session.staged[key].run(request)
    except KerasdiffError:
        raise
    except BaseException as error:  # a graph op that cannot be imported, has no gradient or fails on these values
        raise EvaluateError(f"the call cannot be run in parts: {reason(error)}") from None
    return staged


class StagedCall:
    """One traced call whose nodes take given values."""

    def __init__(self, session: Session, request: Stage) -> None:
        loaded = session.loaded(request.precision)
        recording, _ = session.traced(request.precision, request.mode)
        if recording.made:
            raise EvaluateError("the call cannot be run in parts: it makes new variables each time")
        parts = session.parts(request.precision, request.mode)
        self._dtypes = [port.spec.dtype for port in loaded.ports]
        self._call = imported(recording, weight_table(loaded.model), parts.spots())
        ops = recording.graph.get_operations()
        self._draws = [
            _RandomOp(node=parts.home(op.name), family=FAMILIES[op.type], made=self._call.own(op.outputs[0]))
            for op in ops
            if op.type in FAMILIES and not _is_fixed(op)
        ]
        self._loops = any(op.type in LOOPS | BRANCHES for op in ops)
        self._added, self._losses = recording.added, self._call.own(recording.added.values)
        self._updates = [self._call.own(op) for op in parts.updates()]
        self._pulls = Pulls(self._call, self._losses)
        self._undisturbed = Undisturbed()
        self._session = self._new_session()

    def _new_session(self) -> Live:
        """A session of its own for the graph as it is: one that has run a loop does not see it change."""
        return tf.compat.v1.Session(graph=self._call.graph, config=_as_written())

    def run(self, request: Stage) -> Staged:
        """Runs the stage; the weights are set anew, for a call may have updated them."""
        missing = [edge for edge in (*request.given, *request.wanted) if edge not in self._call.cuts]
        if missing:
            where = f"in {request.precision} it has no node {missing[0].node}"
            raise EvaluateError(f"the call cannot be run in parts: {where}")
        pull = self._pull(request)
        self._call.entries.load(self._session, request.recipes, request.weight_scale, request.perturbation)
        fetches = self._fetches(request, pull)
        got = self._session.run(fetches, self._feeds(request, pull))
        if request.effects or not self._undisturbed.by(_ops_of(fetches)):
            self._call.entries.disturb()
        staged = Staged(
            values={edge: array_of(value) for edge, value in got["values"].items()},
            outputs=tuple(map(array_of, got.get("outputs", ()))),
            pulled=got["pulled"],
            gradients=got["gradients"],
            hidden=self._call.draws_inside,
        )
        if not request.effects:
            return staged
        drawn = zip(self._draws, got["draws"], strict=True)
        return replace(
            staged,
            draws=tuple(Draw(node=one.node, family=one.family, value=value) for one, value in drawn),
            state=self._session.run(self._call.entries.state),
            before=self._call.entries.before,
            losses=self._added.told(got["losses"].tolist()),
        )

    def _fetches(self, request: Stage, pull: Pull) -> dict[str, Live]:
        """What is asked for, by what it is."""
        fetches: dict[str, Live] = {
            "values": {edge: self._call.made[edge] for edge in request.wanted},
            "pulled": dict(pull.given),
            "gradients": dict(pull.weights),
        }
        if request.outputs:
            fetches["outputs"] = self._call.outputs
        if request.effects:
            fetches |= {"losses": self._losses, "draws": [one.made for one in self._draws], "updates": self._updates}
        return fetches

    def _feeds(self, request: Stage, pull: Pull) -> dict[Live, Live]:
        """What is put in: the probe, values in place of nodes and random numbers, weights of what is pulled."""
        feeds: dict[Live, Live] = {}
        rng = np.random.default_rng(13)
        for entry, batch, dtype in zip(self._call.entries.inputs, request.probe, self._dtypes, strict=True):
            values = np.asarray(batch).astype(tf.as_dtype(dtype).as_numpy_dtype)
            feeds[entry] = moved(values, request.perturbation, rng)
        feeds.update({self._call.cuts[edge]: value for edge, value in request.given.items()})
        feeds.update({self._draws[position].made: value for position, value in request.draws.items()})
        seeds = [*(request.pull or {}).values(), *(request.pull_outputs or ())]
        feeds.update(zip(pull.seeds, seeds, strict=True))
        return feeds

    def _pull(self, request: Stage) -> Pull:
        """The gradients that are asked for, whose ops are made on first use."""
        if request.pull is None and request.pull_outputs is None:
            return _NO_PULL
        if self._call.customised:
            raise EvaluateError("gradients cannot be taken in parts: the call holds a custom gradient")
        made = self._pulls.made
        pull = self._pulls.of(request)
        if self._loops and self._pulls.made > made:
            # The gradient of a loop gives the loop more outputs, which a session that has run it never learns of.
            self._session.close()
            self._session = self._new_session()
            self._call.entries.forget()
        return pull


def _ops_of(fetches: Mapping[str, Live]) -> Iterator[Live]:
    """The ops behind what is asked for."""
    for group in fetches.values():
        several = group.values() if isinstance(group, dict) else group if isinstance(group, tuple | list) else (group,)
        yield from (one.op for one in several)


_NO_PULL = Pull()
"""Nothing is pulled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RandomOp:
    """An op that draws other numbers in each call; ``node`` is the one it belongs to."""

    node: str
    family: str
    made: Live


def _is_fixed(op: Live) -> bool:
    """Whether an op draws the same numbers in every call: its key comes from constants alone (``seed=3`` in a call)."""
    if op.type not in KEYED_DRAWS:
        return False
    seen, waiting = set(), [one.op for one in list(op.inputs)[1:]]  # the first is the shape
    while waiting:
        other = waiting.pop()
        if other.name in seen:
            continue
        seen.add(other.name)
        if (not other.inputs and other.type != "Const") or is_stateful(other):
            return False
        waiting += [one.op for one in other.inputs]
    return True


def _as_written() -> Live:
    """No graph optimiser, as in ``evaluate``: a handful of runs does not repay it."""
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = -1
    return config
