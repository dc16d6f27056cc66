"""What does a call use that is no weight of the model? Variables nobody tracks, lookup tables, what it makes itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from kerasdiff.graph import SEED_ROLE
from kerasdiff.worker.keras_internals import (
    Live,
    global_generator_state,
    graph_variables,
    handle_of,
    is_seed_state,
    kept_variables,
)
from kerasdiff.worker.tracing.names import Names, initializer_text, is_atomic
from kerasdiff.worker.tracing.trace import Recording
from kerasdiff.worker.user_code.digests import digest_of

OUTSIDE = "seed generator"
"""What a random generator holds that is no weight of the model, nor the one that Keras keeps for draws without a
seed."""


@dataclass(frozen=True)
class Untracked:
    """What a call uses besides the model's weights.

    Attributes:
        id: As the weights of nodes have it.
        contents: What it holds, in words.
        seed: Whether it is the state of a random generator, Keras's global one or another.
    """

    id: str
    contents: str
    seed: bool


class Surroundings:
    """Names such things by what they hold, so that two models agree on them whatever they are called there."""

    def __init__(self, recording: Recording) -> None:
        self._operations = recording.graph.get_operations()
        self._variables = {id(handle_of(variable)): variable for variable in graph_variables(recording.graph)}
        self._made = {id(handle_of(variable)): initializer for variable, initializer in recording.made}
        self._used: dict[str, int] = {}

    def of(self, outer: Live, inner: Live) -> Untracked:
        """What a capture is; things of the same contents are numbered as they are met."""
        with tf.init_scope():  # values are read eagerly, also while a graph is being traced
            base = self._contents(outer, inner)
        self._used[base] = self._used.get(base, 0) + 1
        contents = base if self._used[base] == 1 else f"{base} #{self._used[base]}"
        return Untracked(id=f"untracked/{contents}", contents=contents, seed=base in (SEED_ROLE, OUTSIDE))

    def _contents(self, outer: Live, inner: Live) -> str:
        variable = self._variables.get(id(outer))
        if variable is None:
            return self._table(outer, inner) or str(inner.op.name)
        if is_seed_state(variable) and id(outer) not in self._made:
            return SEED_ROLE if id(outer) in _shared() else OUTSIDE  # its state is no setting
        kind = f"{variable.dtype.name} {tuple(variable.shape.as_list() or ())}"
        if id(outer) in self._made:
            return f"made in the call: {kind} from {initializer_text(self._made[id(outer)])}"
        value = np.ascontiguousarray(variable.numpy())
        return f"{kind} = {hashlib.sha256(value.tobytes()).hexdigest()[:8]}"

    def _table(self, outer: Live, inner: Live) -> str | None:
        """A digest of a lookup table."""
        for op in self._operations:
            if op.type == "LookupTableFindV2" and op.inputs[0] is inner:
                kinds = op.get_attr("Tin"), op.get_attr("Tout")
                held = tf.raw_ops.LookupTableExportV2(table_handle=outer, Tkeys=kinds[0], Tvalues=kinds[1])
                pairs = sorted(zip(held.keys.numpy().tolist(), held.values.numpy().tolist(), strict=True))
                return f"table {digest_of(pairs)}"
        return None


def untracked(recording: Recording, tracked: set[int]) -> list[str]:
    """Names of the variables a call uses and the model does not track.

    Args:
        recording: The call.
        tracked: ``id`` of the handle of every weight.
    """
    tracked = tracked | _shared()
    known = tracked | {id(handle_of(variable)) for variable, _ in recording.made} | set(_states(recording.names))
    return [str(variable.name) for variable in graph_variables(recording.graph) if id(handle_of(variable)) not in known]


def _shared() -> set[int]:
    """The state of the generator that all draws without a seed share, by its handle, where that is a variable."""
    state = global_generator_state()
    return set() if state is None else {id(handle_of(state))}


def _states(names: Names) -> Iterator[int]:
    """What Keras's own layers keep beside their weights, such as the state of a stateful recurrent layer."""
    for _, layer in names.layers:
        if is_atomic(layer):
            yield from (id(handle_of(variable)) for variable in kept_variables(layer))
