"""What a model is trained for: the form of each output's targets, and the loss and accuracy that go with it.

A model that was compiled keeps its own loss. For the others the outputs on two probes decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, FitError
from kerasdiff.graph import Port
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.probes import probes
from kerasdiff.side.observations import Encoding
from kerasdiff.worker.hooks import hooked
from kerasdiff.worker.keras_internals import (
    Live,
    array,
    generation,
    is_compiled,
    is_seed_state,
    keras,
    loss_of,
    summed,
    to_numpy,
)
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.tracing.compiled import fresh
from kerasdiff.worker.tracing.lower import spec_of
from kerasdiff.worker.tracing.names import output_names
from kerasdiff.worker.tracing.returned import Structure, structure_of, tensors_of
from kerasdiff.worker.tracing.trace import call_model
from kerasdiff.worker.training.choosing import bounded, heads_of
from kerasdiff.worker.training.heads import Head
from kerasdiff.worker.training.losses import compiled_losses, encoding_of, named, no_loss, takes_logits, words_of

PROBE_SEED = 0

LEARNING_RATE = 3e-4
"""The forum's."""


class Task:
    """Loss and accuracy of one model, in the form a training step calls.

    Attributes:
        heads: The outputs with the form of their targets.
        losses: Of each output.
        words: The same as a report shows them.
        structure: What the model returned for a probe.
        encodings: Form of the targets that each loss tells of, ``None`` where it is code of the user's own.
    """

    def __init__(
        self,
        loaded: Loaded,
        loss: str | None = None,
        *,
        compiled: bool = True,
        encodings: Sequence[Encoding | None] = (),
    ) -> None:
        """Calls the model on two probes.

        Args:
            loaded: The model and how it is called.
            loss: Keras name of a loss for every output, in place of the model's own.
            compiled: Whether its own compile settings count, if it has any.
            encodings: Form of the targets of each output, where its loss tells nothing about it; empty for unknown.

        Raises:
            FitError: If no data can be drawn for the model, or it cannot be called.
        """
        self._model = loaded.model
        self.compiled = loss is None and compiled and is_compiled(loaded.model)
        results = _probe(loaded)
        _check_structure(structure_of(results[0]), compiled=self.compiled)
        outputs = [[to_array(t) for t in tensors_of(result)] for result in results]
        specs = [spec_of(tensor) for tensor in tensors_of(results[0])]
        names = output_names(loaded.model, len(specs))
        ports = [Port(name=name, spec=spec) for name, spec in zip(names, specs, strict=True)]
        losses = compiled_losses(loaded.model, names) if self.compiled else [None] * len(ports)
        if loss is not None:
            losses = [named(loss, logits=not bounded([batch[at] for batch in outputs])) for at in range(len(ports))]
        self.heads, self.losses = heads_of(ports, outputs, losses, encodings)
        self.structure: Live = results[0]
        self.encodings = tuple(encoding_of(loss) for loss in self.losses)
        self.words = tuple(words_of(loss) for loss in self.losses)
        self._check(results[0])

    def _check(self, result: Live) -> None:
        """Applies the loss once, eagerly: it must fit the outputs, and Keras creates its trackers here."""
        rows = len(tensors_of(result)[0]) if len(tensors_of(result)[0].shape) else 1
        targets = [
            array(
                np.zeros((rows, *(head.shape[:-1] if head.encoding == "sparse" else head.shape))), _target_dtype(head)
            )
            for head in self.heads
        ]
        try:
            loss = self.loss(result, targets, training=False)
        except (ValueError, TypeError, KeyError, tf.errors.OpError) as why:
            raise FitError(f"The loss ({', '.join(self.words)}) does not fit the outputs: {_line(why)}") from why
        if not hasattr(loss, "shape"):  # Keras 2 says nothing of it
            raise FitError("The model is compiled without a loss.")
        if len(loss.shape) != 0:
            raise FitError(f"The loss ({', '.join(self.words)}) has shape {tuple(loss.shape)}, not a single number.")

    def loss(self, result: Live, targets: Sequence[Live], *, training: bool) -> Live:
        """The loss of a batch with everything the model adds to it (regularizers, ``add_loss``).

        Args:
            result: What the model returned, in its own structure.
            targets: One tensor per head.
            training: As passed to the model.
        """
        if self.compiled:
            packed = keras.tree.pack_sequence_as(result, list(targets))
            return loss_of(self._model, packed, result, training=training)
        scored = zip(self.losses, targets, tensors_of(result), strict=True)
        terms = [loss(y, output) for loss, y, output in scored if loss is not no_loss]
        return summed([*terms, *self._model.losses])

    @property
    def has_accuracy(self) -> bool:
        """Whether any output has right answers: all but those of real numbers do."""
        return any(head.encoding != "real" for head in self.heads)

    def accuracy(self, result: Live, targets: Sequence[Live]) -> Live:
        """Fraction of right answers, the mean over the heads that have them; ``None`` for pure regression."""
        rates = [
            tf.reduce_mean(tf.cast(tf.equal(answer, label), tf.float64))
            for answer, label in self.answers(tensors_of(result), targets)
        ]
        return tf.add_n(rates) / len(rates) if rates else None

    def answers(self, outputs: Sequence[Live], targets: Sequence[Live]) -> list[tuple[Live, Live]]:
        """For every head with classes, the ids the model answers with and the right ones, both int64.

        Of tensors of TensorFlow, or of arrays of numpy.
        """
        pairs = []
        for head, loss, y, output in zip(self.heads, self.losses, targets, outputs, strict=True):
            if head.encoding == "real":
                continue
            if head.encoding == "binary":
                threshold = 0.0 if takes_logits(loss) or not head.zero_one else 0.5
                pairs.append((_whole(output > threshold), _whole(y > 0.5)))
            else:
                labels = y if head.encoding == "sparse" else _largest(y)
                pairs.append((_largest(output), _whole(labels)))
        return pairs


def _largest(values: Live) -> Live:
    return tf.argmax(values, axis=-1) if tf.is_tensor(values) else np.argmax(values, axis=-1)


def _whole(values: Live) -> Live:
    return tf.cast(values, tf.int64) if tf.is_tensor(values) else values.astype(np.int64)


def _check_structure(structure: Structure, *, compiled: bool) -> None:
    """Refuses what no loss takes: ragged and sparse tensors, objects, and for Keras's own loop all but tensors."""
    if not structure.plain or (compiled and structure.constants):
        odd = next((one for one in structure.places if one.kind not in ("tensor", "dict", "sequence")), None)
        what = "dict of its own kind" if odd is None else f"{odd.kind} output"
        raise FitError(f"The model returns a {what}, for which there are no targets.")


def _target_dtype(head: Head) -> str:
    return "int64" if head.encoding == "sparse" else "float32"


def _line(error: BaseException) -> str:
    """First line of an error, which is the sentence; Keras and TF add argument dumps below."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


@contextmanager
def left_alone(weights: Iterable[Live] = ()) -> Iterator[Mapping[int, tuple[Live, Array]]]:
    """Gives each variable assigned inside its value from before: a stateful layer's is no weight, and would move.

    In Keras 2 such a state is a weight.

    Args:
        weights: Variables that are left as they come.

    Returns:
        The others that were assigned so far, with those values, by identity.
    """
    before: dict[int, tuple[Live, Array]] = {}
    known = set(map(id, weights))

    def noted(original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
        if id(args[0]) not in known and not is_seed_state(args[0]):
            before.setdefault(id(args[0]), (args[0], to_array(args[0])))
        return original(*args, **kwargs)

    if generation() == "second":
        yield before
        return
    try:
        with hooked(keras.Variable, "assign", noted):
            yield before
    finally:
        for variable, value in before.values():
            variable.assign(value)


def _probe(loaded: Loaded) -> list[Live]:
    """The model's results on an ordinary and an extreme probe: only a bounded output stays in [0, 1] on both."""
    try:
        drawn = dict(probes(tuple(loaded.ports), PROBE_SEED))
    except EvaluateError as why:
        raise FitError(f"No data can be made for this model: {why.message}") from why
    results = []
    for name in dict.fromkeys((next(iter(drawn)), "large" if "large" in drawn else next(iter(drawn)))):
        tensors = [as_tensor(drawn[name][port.name], port) for port in loaded.ports]
        args, kwargs = loaded.pack(tensors)
        try:
            with left_alone():
                results.append(call_model(loaded.model, args, kwargs, training=False))
        except (ValueError, TypeError, tf.errors.OpError) as why:
            raise FitError(f"The model cannot be called on a batch: {_line(why)}") from why
    if not tensors_of(results[0]):
        raise FitError("A model that returns no tensor cannot be fitted.")
    return results


def as_tensor(values: Array, port: Port) -> Live:
    """A batch as a tensor of the input's dtype."""
    return array(values, port.spec.dtype)


def to_array(value: Live) -> Array:
    """A tensor or Keras variable as a copy (``keras.ops.convert_to_numpy`` warns under numpy 2)."""
    copy: Array = to_numpy(value)
    return copy


def fresh_optimizer(model: Live, *, own: bool) -> Live:
    """An optimizer without state: the compiled class and settings where the model's ``own`` count, else Adam."""
    compiled = getattr(model, "optimizer", None) if own else None
    if compiled is None:
        return keras.optimizers.Adam(LEARNING_RATE)
    return fresh(compiled)
