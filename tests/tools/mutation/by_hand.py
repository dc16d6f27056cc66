"""Layers and activations of Keras written out by hand: the same weights, numbers, gradients and updates.

Each layer takes the config of the one it stands for and holds the same weights in the same order. What it does not
cover (``covers``) stays as it is.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kerasdiff.worker.mutating.blueprint import FUNCTIONS
from kerasdiff.worker.mutating.blueprint import LAYERS as LAYERS_OF_BLUEPRINTS


class ByHand(keras.layers.Layer):
    """Weights made as the config of a layer of Keras says."""

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name=name, trainable=config.get("trainable", True))
        self.settings = config

    @staticmethod
    def covers(config: dict[str, Any], shape: tuple[int | None, ...]) -> bool:
        """Whether the layer of this config, on values of this shape, can be written so."""
        return True

    def weight(self, role: str, shape: tuple[int, ...], prefix: str = "", inputs: int = 0) -> Any:
        """A weight with the initializer, regularizer and constraint of its role.

        Args:
            inputs: How many axes, from the first, the initializer counts as inputs, if not as for a convolution.
        """
        setting = prefix or role
        initializer = keras.initializers.get(self.settings[f"{setting}_initializer"])
        if inputs and isinstance(initializer, keras.initializers.VarianceScaling):
            initializer.input_axes = tuple(range(inputs))
            initializer.output_axes = tuple(range(inputs, len(shape)))
        return self.add_weight(
            name=role,
            shape=shape,
            initializer=initializer,
            regularizer=keras.regularizers.get(self.settings.get(f"{setting}_regularizer")),
            constraint=keras.constraints.get(self.settings.get(f"{setting}_constraint")),
        )

    def bias(self, shape: tuple[int, ...], role: str = "bias", prefix: str = "") -> Any:
        """A bias, or zero where the layer has none."""
        return self.weight(role, shape, prefix) if self.settings["use_bias"] else 0.0

    def activate(self, x: Any) -> Any:
        return keras.activations.get(self.settings["activation"])(x)


class DenseByHand(ByHand):
    """``Dense`` by einsum."""

    def build(self, shape: Any) -> None:
        self.kernel = self.weight("kernel", (shape[-1], self.settings["units"]))
        self.add = self.bias((self.settings["units"],))

    def call(self, x: Any) -> Any:
        return self.activate(ops.einsum("...d,du->...u", x, self.kernel) + self.add)


class Conv2DByHand(ByHand):
    """``Conv2D`` as a matmul of patches, each cut out by slicing."""

    @staticmethod
    def covers(config: dict[str, Any], shape: tuple[int | None, ...]) -> bool:
        return bool(config["groups"] == 1)

    def build(self, shape: Any) -> None:
        filters = self.settings["filters"]
        self.kernel = self.weight("kernel", (*self.settings["kernel_size"], shape[-1], filters))
        self.add = self.bias((filters,))

    def call(self, x: Any) -> Any:
        (rows, height), (columns, width) = (self._starts(axis, x.shape[axis]) for axis in (1, 2))
        x = ops.pad(x, [(0, 0), rows, columns, (0, 0)])
        (down, right), (step, skip) = self.settings["kernel_size"], self.settings["strides"]
        far, wide = self.settings["dilation_rate"]
        patches = [
            x[
                :,
                i * far : i * far + (height - 1) * step + 1 : step,
                j * wide : j * wide + (width - 1) * skip + 1 : skip,
            ]
            for i in range(down)
            for j in range(right)
        ]
        flat = ops.reshape(self.kernel, (-1, self.settings["filters"]))
        return self.activate(ops.matmul(ops.concatenate(patches, axis=-1), flat) + self.add)

    def _starts(self, axis: int, size: int) -> tuple[tuple[int, int], int]:
        """Zeros before and after in one dimension, and the number of windows."""
        kernel, stride, dilation = (self.settings[key][axis - 1] for key in ("kernel_size", "strides", "dilation_rate"))
        window = (kernel - 1) * dilation + 1
        if self.settings["padding"] == "valid":
            return (0, 0), (size - window) // stride + 1
        count = math.ceil(size / stride)
        zeros = max((count - 1) * stride + window - size, 0)
        return (zeros // 2, zeros - zeros // 2), count


class LayerNormByHand(ByHand):
    """``LayerNormalization`` over the last axis by its formula."""

    @staticmethod
    def covers(config: dict[str, Any], shape: tuple[int | None, ...]) -> bool:
        return config["axis"] in (-1, [-1], [len(shape) - 1], len(shape) - 1)

    def build(self, shape: Any) -> None:
        self.gamma = self.weight("gamma", (shape[-1],)) if self.settings["scale"] else 1.0
        self.beta = self.weight("beta", (shape[-1],)) if self.settings["center"] else 0.0

    def call(self, x: Any) -> Any:
        off = x - ops.mean(x, axis=-1, keepdims=True)
        spread = ops.sqrt(ops.mean(ops.square(off), axis=-1, keepdims=True) + self.settings["epsilon"])
        return off / spread * self.gamma + self.beta


class BatchNormByHand(ByHand):
    """``BatchNormalization`` over the last axis by its formula, moving statistics included."""

    @staticmethod
    def covers(config: dict[str, Any], shape: tuple[int | None, ...]) -> bool:
        return config["axis"] in (-1, len(shape) - 1) and config.get("trainable", True)

    def build(self, shape: Any) -> None:
        self.gamma = self.weight("gamma", (shape[-1],)) if self.settings["scale"] else 1.0
        self.beta = self.weight("beta", (shape[-1],)) if self.settings["center"] else 0.0
        self.mean, self.variance = (
            self.add_weight(name=role, shape=(shape[-1],), initializer=start, trainable=False)
            for role, start in (("moving_mean", "zeros"), ("moving_variance", "ones"))
        )

    def call(self, x: Any, training: bool = False) -> Any:
        mean, variance = self.mean.value, self.variance.value
        if training:
            mean, variance = ops.moments(x, axes=list(range(len(x.shape) - 1)))
            keep = self.settings["momentum"]
            self.mean.assign(self.mean * keep + mean * (1.0 - keep))
            self.variance.assign(self.variance * keep + variance * (1.0 - keep))
        return (x - mean) / ops.sqrt(variance + self.settings["epsilon"]) * self.gamma + self.beta


class AttentionByHand(ByHand):
    """``MultiHeadAttention`` by einsum."""

    @staticmethod
    def covers(config: dict[str, Any], shape: tuple[int | None, ...]) -> bool:
        plain = config["output_shape"] is None and config["attention_axes"] in (None, [1], (1,), 1)
        return plain and not config["dropout"] and len(shape) == 3

    def build(self, shape: Any) -> None:
        heads, width = self.settings["num_heads"], shape[-1]
        size, wide = self.settings["key_dim"], self.settings["value_dim"] or self.settings["key_dim"]
        self.parts = [
            (
                self.weight(f"{role}_kernel", (width, heads, deep), "kernel", inputs=1),
                self.bias((heads, deep), f"{role}_bias", "bias"),
            )
            for role, deep in (("query", size), ("key", size), ("value", wide))
        ]
        self.mix = self.weight("mix", (heads, wide, width), "kernel", inputs=2)
        self.mix_bias = self.bias((width,), "mix_bias", "bias")

    def call(self, query: Any, value: Any, use_causal_mask: bool = False) -> Any:
        operands = (query, value, value)
        q, k, v = (
            ops.einsum("btd,dhs->bths", x, kernel) + bias
            for x, (kernel, bias) in zip(operands, self.parts, strict=True)
        )
        scores = ops.einsum("bqhs,bkhs->bhqk", q, k) / math.sqrt(self.settings["key_dim"])
        if use_causal_mask:
            seen = ops.tril(ops.ones((query.shape[1], value.shape[1]), dtype="bool"))
            scores = ops.where(seen, scores, -1e9)
        mixed = ops.einsum("bhqk,bkhs->bqhs", ops.softmax(scores, axis=-1), v)
        return ops.einsum("bqhs,hsd->bqd", mixed, self.mix) + self.mix_bias


class LoopByHand(ByHand):
    """A recurrent layer unrolled: the steps written out in Python."""

    gates = 1

    @staticmethod
    def covers(config: dict[str, Any], shape: tuple[int | None, ...]) -> bool:
        noise = config["dropout"] or config["recurrent_dropout"]
        return not noise and not config["stateful"] and not config["return_state"] and None not in shape[1:]

    def build(self, shape: Any) -> None:
        wide = self.gates * self.settings["units"]
        self.kernel = self.weight("kernel", (shape[-1], wide))
        self.back = self.weight("recurrent_kernel", (self.settings["units"], wide), "recurrent")
        self.add = self.bias(self.bias_shape(wide))

    def bias_shape(self, wide: int) -> tuple[int, ...]:
        return (wide,)

    def step(self, x: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        """One step; the first of the new state is the output."""
        return (self.activate(ops.matmul(x, self.kernel) + self.add + ops.matmul(state[0], self.back)),)

    def call(self, x: Any) -> Any:
        empty = ops.zeros_like(ops.matmul(x[:, 0], self.kernel)[:, : self.settings["units"]])
        state: tuple[Any, ...] = (empty, empty)
        steps = range(x.shape[1])
        outputs = []
        for at in reversed(steps) if self.settings["go_backwards"] else steps:
            state = self.step(x[:, at], state)
            outputs.append(state[0])
        return ops.stack(outputs, axis=1) if self.settings["return_sequences"] else outputs[-1]

    def gate(self, x: Any) -> Any:
        return keras.activations.get(self.settings["recurrent_activation"])(x)


class LstmByHand(LoopByHand):
    """``LSTM`` unrolled."""

    gates = 4

    @staticmethod
    def covers(config: dict[str, Any], shape: tuple[int | None, ...]) -> bool:
        return LoopByHand.covers(config, shape) and not (config["use_bias"] and config["unit_forget_bias"])

    def step(self, x: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        gates = ops.matmul(x, self.kernel) + ops.matmul(state[0], self.back) + self.add
        enter, forget, new, leave = ops.split(gates, 4, axis=-1)
        memory = self.gate(forget) * state[1] + self.gate(enter) * self.activate(new)
        return self.gate(leave) * self.activate(memory), memory


class GruByHand(LoopByHand):
    """``GRU`` unrolled, with the reset before or after the matmul."""

    gates = 3

    def bias_shape(self, wide: int) -> tuple[int, ...]:
        return (2, wide) if self.settings["reset_after"] else (wide,)

    def step(self, x: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        (last, *_), after, units = state, self.settings["reset_after"], self.settings["units"]
        biases = (self.add[0], self.add[1]) if after and self.settings["use_bias"] else (self.add, 0.0)
        keep, reset, new = ops.split(ops.matmul(x, self.kernel) + biases[0], 3, axis=-1)
        if after:
            back = ops.split(ops.matmul(last, self.back) + biases[1], 3, axis=-1)
            update, reset = self.gate(keep + back[0]), self.gate(reset + back[1])
            new = self.activate(new + reset * back[2])
        else:
            back = ops.split(ops.matmul(last, self.back[:, : 2 * units]), 2, axis=-1)
            update, reset = self.gate(keep + back[0]), self.gate(reset + back[1])
            new = self.activate(new + ops.matmul(reset * last, self.back[:, 2 * units :]))
        return (update * last + (1.0 - update) * new,)


class PoolByHand(ByHand):
    """Pooling over windows that do not overlap, as a reduction of a reshaped value."""

    @staticmethod
    def covers(config: dict[str, Any], shape: tuple[int | None, ...]) -> bool:
        return bool(config["strides"] == config["pool_size"] and config["padding"] == "valid")

    def reduce(self, x: Any, axes: list[int]) -> Any:
        raise NotImplementedError

    def call(self, x: Any) -> Any:
        split: list[int] = []
        for size, dim in zip(self.settings["pool_size"], x.shape[1:-1], strict=True):
            axis = 1 + len(split) // 2
            x = ops.take(x, list(range(dim // size * size)), axis=axis) if dim % size else x
            split += [dim // size, size]
        windows = ops.reshape(x, (-1, *split, x.shape[-1]))
        return self.reduce(windows, list(range(2, len(split) + 1, 2)))


class AverageByHand(PoolByHand):
    """Average pooling as a mean."""

    def reduce(self, x: Any, axes: list[int]) -> Any:
        return ops.mean(x, axis=axes)


class MaxByHand(PoolByHand):
    """Max-pooling as a maximum."""

    def reduce(self, x: Any, axes: list[int]) -> Any:
        return ops.max(x, axis=axes)


LAYERS: dict[str, type[ByHand]] = {
    made.__name__: made
    for made in (
        DenseByHand, Conv2DByHand, LayerNormByHand, BatchNormByHand, AttentionByHand, LoopByHand, LstmByHand, GruByHand,
        AverageByHand, MaxByHand,
    )
}  # fmt: skip
"""Every layer by hand."""

STANDS_FOR = {
    "Dense": "DenseByHand", "Conv2D": "Conv2DByHand", "LayerNormalization": "LayerNormByHand",
    "BatchNormalization": "BatchNormByHand", "MultiHeadAttention": "AttentionByHand", "SimpleRNN": "LoopByHand",
    "LSTM": "LstmByHand", "GRU": "GruByHand", "AveragePooling1D": "AverageByHand", "AveragePooling2D": "AverageByHand",
    "MaxPooling1D": "MaxByHand", "MaxPooling2D": "MaxByHand",
}  # fmt: skip
"""The layer by hand for a class of Keras."""


def _shares(x: Any) -> Any:
    return x / ops.sum(x, axis=-1, keepdims=True)


FORMULAS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: ops.maximum(x, 0.0),
    "tanh": lambda x: 2.0 * ops.sigmoid(2.0 * x) - 1.0,
    "sigmoid": lambda x: 0.5 * (1.0 + ops.tanh(0.5 * x)),
    "gelu": lambda x: 0.5 * x * (1.0 + ops.erf(x / math.sqrt(2.0))),
    "silu": lambda x: x * ops.sigmoid(x),
    "softplus": lambda x: ops.maximum(x, 0.0) + ops.log1p(ops.exp(-ops.abs(x))),
    "elu": lambda x: ops.where(x > 0, x, ops.expm1(ops.minimum(x, 0.0))),
    "hard_sigmoid": lambda x: ops.relu6(x + 3.0) / 6.0,
    "softmax": lambda x: _shares(ops.exp(x - ops.max(x, axis=-1, keepdims=True))),
}
"""Activations by a formula that does not overflow where they do not."""


LAYERS_OF_BLUEPRINTS.update(LAYERS)
FUNCTIONS.update(
    {
        "operator.add": operator.add,
        "operator.mul": operator.mul,
        "operator.sub": operator.sub,
        "concatenate": ops.concatenate,
        "maximum": ops.maximum,
        "mean": ops.mean,
        "max": ops.max,
        "reshape": ops.reshape,
        "activation": lambda x, name: keras.activations.get(name)(x),
        "cast": lambda x, dtype: ops.cast(x, dtype),
        **{f"formula of {name}": formula for name, formula in FORMULAS.items()},
    }
)
