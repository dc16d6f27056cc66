"""What does the worker take for a model where there is a baseline? Weights by id, and calls that run its graphs.

No code of the user's is in it: what it computes stands in the graphs, and its compile settings are Keras's own.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping, Sequence

import keras
import tensorflow as tf

from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Mode, Returned
from kerasdiff.side.baselines.records import HeldWeight
from kerasdiff.worker.keras_internals import Live, set_mask
from kerasdiff.worker.stored.calls import StoredCall
from kerasdiff.worker.tracing.names import SaysWeights


class StoredModel(keras.Model, SaysWeights):  # type: ignore[misc]
    """A model whose calls were kept.

    Args:
        weights: In the order in which an optimizer takes them.
        call_of: Gives the call of a mode.
        returned: By mode, every place of what a call returns.
        names: Of the outputs, where the model declared them.
    """

    def __init__(
        self,
        weights: Sequence[HeldWeight],
        call_of: Callable[[Mode], StoredCall],
        returned: Mapping[Mode, tuple[Returned, ...]],
        names: tuple[str, ...],
    ) -> None:
        super().__init__()
        if names:
            self.output_names = list(names)
        self.weights_by_id = {one.id: _variable(one) for one in weights}
        self.__dict__["_stored"] = call_of, returned
        self.__dict__["_own_losses"] = []
        self.__dict__["_uncompiled"] = ""

    def __call__(self, *tensors: Live, training: bool = False) -> Live:
        """Runs the call of a mode; gives what the model returned, in its own structure."""
        call_of, returned = self.__dict__["_stored"]
        mode: Mode = "training" if training else "inference"
        call = call_of(mode)
        results = call.adding(*tensors)
        count = len(call.held.outputs)
        outputs, self.__dict__["_own_losses"] = results[:count], results[count:]
        for number, mask in call.held.masks.items():
            set_mask(outputs[number], outputs[mask])
        return structured(returned.get(mode, ()), outputs)

    @property
    def losses(self) -> list[Live]:
        """What the last call added."""
        return list(self.__dict__["_own_losses"])

    @property
    def compiled(self) -> bool:
        """Whether it has compile settings.

        Raises:
            EvaluateError: If the locked model had some that the file does not hold.
        """
        if self.__dict__.get("_uncompiled"):
            raise EvaluateError(f"the baseline does not hold its compile settings: {self.__dict__['_uncompiled']}")
        return bool(self.__dict__.get("_compiled", False))

    @compiled.setter
    def compiled(self, value: bool) -> None:
        self.__dict__["_compiled"] = value

    def compile_as(self, config: str, uncompiled: str) -> None:
        """Takes on the compile settings of the model that was locked, or notes why they are not held."""
        self.__dict__["_uncompiled"] = uncompiled
        if config:
            self.compile_from_config(json.loads(config))


def _variable(one: HeldWeight) -> Live:
    value = "zeros" if one.value is None else tf.constant(one.value)
    return keras.Variable(value, shape=one.shape, dtype=one.dtype, trainable=one.trained, name=one.name)


def structured(places: Sequence[Returned], tensors: Sequence[Live]) -> Live:
    """What a call returned, made of its tensors.

    Raises:
        EvaluateError: If it holds what cannot be made again.
    """
    left = iter(tensors)

    def made(at: int) -> Live:
        place = places[at]
        if place.kind == "tensor":
            return next(left)
        inside = [
            (number, other.place[len(place.place) :])
            for number, other in enumerate(places)
            if other.position.startswith(f"{place.position}[")
            and other.position.count("[") == place.position.count("[") + 1
        ]
        if place.kind == "dict":
            return {_key(name): made(number) for number, name in inside}
        if place.kind == "sequence":
            items = [made(number) for number, _ in inside]
            return items if place.value == "list" else tuple(items)
        raise EvaluateError(f"the model returns a {place.kind}, which a baseline does not give back as it was")

    return made(0) if places else list(tensors)


def _key(name: str) -> Live:
    try:
        return ast.literal_eval(name[1:-1])
    except (ValueError, SyntaxError):
        raise EvaluateError(f"the model returns a dict with the key {name}, which a baseline does not hold") from None
