"""What do files and copies of a model hold in Keras 3?"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping

import tensorflow as tf

from kerasdiff.worker.keras_internals.arrays import dtype_name, on_tensorflow, recast
from kerasdiff.worker.keras_internals.generations import Live, keras

UNNAMED_FUNCTIONS: Mapping[str, str] = {"bias_initializer": "unit_forget_bias"}
"""Functions that Keras makes inside a layer, by the setting that asks for them: ones for the forget gate of an LSTM
(``LSTMCell.build``, Keras 3.11 to 3.15.1)."""


LAMBDA = "__lambda__"
"""Class name under which a config holds a lambda's byte code, file and line (Keras 3.11 to 3.15.1)."""


ARCHIVED_WEIGHTS = "model.weights.h5"
"""Name of the weights file inside a ``.keras`` archive (``saving_lib``, Keras 3.11 to 3.15.1)."""


TRAINING_STATE = ("optimizer/",)
"""How paths in a weights file begin that belong to a compiled model's training, not to the model (``saving_lib``, Keras
3.11 to 3.15.1)."""


def stored_variables(model: Live) -> dict[str, Live]:
    """What ``save_weights`` writes, by its path inside the file; nothing is written.

    ``saving_lib._save_state`` with a store that keeps what it is given. Checked with Keras 3.11 to 3.15.1.
    """
    from keras.src.saving import saving_lib

    class Kept(saving_lib.H5IOStore):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(io.BytesIO(), mode="w")
            self.kept: dict[str, Live] = {}

        def __setitem__(self, key: str, value: Live) -> None:
            place = f"{self._h5_entry_path}/vars/{key}" if self._h5_entry_path else f"vars/{key}"
            self.kept[place] = value

    store = Kept()
    try:
        saving_lib._save_state(model, weights_store=store, assets_store=None, inner_path="", visited_saveables=set())
    finally:
        store.close()
    return store.kept


def path_in_third(path: str) -> str:
    """A path in a file of weights as Keras 3 calls it."""
    return path


def to_precision(copied: Live, precision: str) -> None:
    """Makes float64 of what is float32 by itself in an object copied attribute by attribute.

    A policy, a symbolic tensor, a variable and its value. Checked with Keras 3.11 to 3.15.1.
    """
    if precision == "float32":
        return
    if isinstance(copied, keras.dtype_policies.DTypePolicy):
        if copied.name == "float32":
            copied.__dict__.update(keras.dtype_policies.DTypePolicy(precision).__dict__)
        return
    state = copied.__dict__
    if isinstance(copied, keras.Variable | keras.KerasTensor | keras.Operation):
        state.update((name, precision) for name in ("_dtype", "dtype") if state.get(name) == "float32")
    value = state.get("_value")
    if not isinstance(copied, keras.Variable) or value is None or dtype_name(value) != "float32":
        return
    if on_tensorflow():
        state["_value"] = tf.Variable(tf.cast(value, precision), trainable=value.trainable, name=copied.name)
    else:
        state["_value"] = recast(value, precision)


def identify(copied: Live) -> None:
    """Tells an object that was copied attribute by attribute who the others are, where it knows them by identity.

    ``Tracker.stored_ids``, ``Layer._loss_ids``, ``Function._nodes`` and ``Optimizer._trainable_variables_indices``.
    Checked with Keras 3.11 to 3.15.1.
    """
    state = copied.__dict__
    if isinstance(copied, sys.modules["keras.src.utils.tracking"].Tracker):
        copied.stored_ids = {name: {id(one) for one in store} for name, (_, store) in copied.config.items()}
    if "_loss_ids" in state:
        state["_loss_ids"] = {id(loss) for loss in state.get("_losses", ())}
    if "_nodes_by_depth" in state:
        nodes = [node for level in state["_nodes_by_depth"].values() for node in level]
        node_key = sys.modules["keras.src.ops.function"].make_node_key
        state["_nodes"] = {node_key(node.operation, node.operation._inbound_nodes.index(node)) for node in nodes}
    if "_trainable_variables_indices" in state:
        known = (copied._var_key(variable) for variable in state["_trainable_variables"])
        state["_trainable_variables_indices"] = {key: at for at, key in enumerate(known)}


def as_in_float32(model: Live) -> None:
    """Lets layers compute in another precision what they compute in float32, where they would not: none of Keras 3."""
    del model
