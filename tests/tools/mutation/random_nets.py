"""Random networks from a number: what the mutator and the re-expressions work on where fifteen by hand are too few.

Images, sequences, words, tables or two of these at once go through random blocks, side by side or one after the
other, to one or two heads. Sizes are small: a comparison has to take well under a second.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import Input, Model, layers

PREFIX = "random-"
FUNCTIONS = ("relu", "tanh", "sigmoid", "gelu", "elu", "softplus", "silu", "selu", "hard_sigmoid")
VOCABULARY = 20
WIDEST = 48
"""A value flattened beyond this goes through global pooling instead, so that no kernel is large."""


def network(name: str) -> Model:
    """The network of a name, ``random-17``; the same every time."""
    return _Drawer(random.Random(name)).model(name.replace("-", "_"))


class _Drawer:
    """Draws layers and applies them."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.nested = 0

    def one_of(self, *options: Any) -> Any:
        return self.draw.choice(options)

    def maybe(self, chance: float) -> bool:
        return self.draw.random() < chance

    def model(self, name: str) -> Model:
        starts = {"image": self.image, "sequence": self.sequence, "words": self.words, "table": self.table}
        kinds = [self.draw.choice(sorted(starts))]
        if self.maybe(0.25):
            kinds.append(self.draw.choice(sorted(starts)))
        inputs, ends = zip(*(starts[kind](f"{kind}_{number}") for number, kind in enumerate(kinds)), strict=True)
        x = ends[0] if len(ends) == 1 else self.merged(ends)
        for _ in range(self.draw.randint(0, 2)):
            x = self.vector_block(x)
        outputs = [self.head(x)]
        if self.maybe(0.15):
            outputs.append(self.head(ends[-1]))
        return Model(
            list(inputs) if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0], name=name
        )

    def merged(self, values: Sequence[Any]) -> Any:
        if self.maybe(0.4):
            return layers.Concatenate()(list(values))
        width = self.draw.randint(3, 6)
        merge = self.one_of(layers.Add, layers.Multiply, layers.Average, layers.Maximum, layers.Subtract)
        return merge()([layers.Dense(width, activation=self.function())(value) for value in values])

    def head(self, x: Any) -> Any:
        return layers.Dense(self.draw.randint(2, 4), activation=self.one_of(None, "softmax", "sigmoid", "linear"))(x)

    def function(self) -> str | None:
        return self.draw.choice(FUNCTIONS) if self.maybe(0.6) else None

    def kernel(self) -> dict[str, Any]:
        """Settings that every layer with a kernel has."""
        found: dict[str, Any] = {"use_bias": self.maybe(0.75)}
        if self.maybe(0.25):
            found["kernel_initializer"] = self.one_of("he_normal", "lecun_uniform", "orthogonal", "random_normal")
        if self.maybe(0.15):
            found["kernel_regularizer"] = self.one_of("l2", keras.regularizers.L1(1e-3))
        if self.maybe(0.1):
            found["kernel_constraint"] = self.one_of("non_neg", keras.constraints.MaxNorm(1.5))
        if self.maybe(0.05):
            found["trainable"] = False
        return found

    # What every rank has.

    def norm(self, x: Any) -> Any:
        center, scale = self.maybe(0.8), self.maybe(0.8)
        epsilon = self.one_of(1e-3, 1e-5, 1e-2)
        settings = {"center": center, "scale": scale, "epsilon": epsilon}
        kind = self.draw.randint(0, 2)
        if kind == 0:
            return layers.LayerNormalization(**settings)(x)
        if kind == 1 and len(x.shape) > 2 and x.shape[-1] % 2 == 0:
            return layers.GroupNormalization(groups=2, **settings)(x)
        return layers.BatchNormalization(momentum=self.one_of(0.99, 0.9, 0.8), **settings)(x)

    def bend(self, x: Any) -> Any:
        kind = self.draw.randint(0, 5)
        if kind == 0:
            return layers.ReLU(max_value=self.one_of(None, 6.0))(x)
        if kind == 1:
            return layers.LeakyReLU(negative_slope=self.one_of(0.1, 0.2))(x)
        if kind == 2:
            return layers.ELU(alpha=self.one_of(1.0, 0.5))(x)
        if kind == 3:
            return layers.PReLU(shared_axes=list(range(1, len(x.shape) - 1)) or None)(x)
        return layers.Activation(self.draw.choice(FUNCTIONS))(x)

    def noise(self, x: Any) -> Any:
        rate = self.one_of(0.1, 0.25, 0.5)
        spatial: Callable[..., Any] = {3: layers.SpatialDropout1D, 4: layers.SpatialDropout2D}.get(
            len(x.shape), layers.Dropout
        )
        return self.one_of(layers.Dropout, layers.Dropout, spatial, layers.GaussianDropout, layers.GaussianNoise)(rate)(
            x
        )

    def beside(self, x: Any, keep: Callable[[Any], Any]) -> Any:
        """Branches of blocks that keep the shape, joined; one may be the value itself."""
        first = x if self.maybe(0.5) else keep(x)
        second = keep(keep(x)) if self.maybe(0.5) else keep(x)
        if first.shape != second.shape or self.maybe(0.3):
            return layers.Concatenate()([first, second])
        return self.one_of(layers.Add, layers.Add, layers.Multiply, layers.Average, layers.Maximum)()([first, second])

    def within(self, x: Any, block: Callable[[Any], Any]) -> Any:
        """A block as a model of its own, whose layers have names that nothing else has."""
        self.nested += 1
        start = Input(x.shape[1:], name=f"nested_{self.nested}_in")
        inner = Model(start, block(start), name=f"nested_{self.nested}")
        for number, layer in enumerate(inner.layers[1:]):
            layer.name = f"nested_{self.nested}_{number}"
        return inner(x)

    # Tables, and what the others become.

    def table(self, name: str) -> tuple[Any, Any]:
        start = x = Input((self.draw.randint(3, 7),), name=name)
        for _ in range(self.draw.randint(2, 4)):
            x = self.vector_block(x)
        return start, x

    def dense(self, x: Any, units: int | None = None) -> Any:
        return layers.Dense(units or self.draw.randint(3, 7), activation=self.function(), **self.kernel())(x)

    def vector_block(self, x: Any) -> Any:
        kind = self.draw.randint(0, 7)
        if kind <= 2:
            return self.dense(x)
        if kind == 3:
            return self.norm(x)
        if kind == 4:
            return self.noise(x)
        if kind == 5:
            return self.bend(x)
        if kind == 6 and not self.nested and self.maybe(0.5):
            return self.within(x, lambda value: self.dense(self.dense(value)))
        return self.beside(x, lambda value: self.dense(value, units=value.shape[-1]))

    # Images.

    def image(self, name: str) -> tuple[Any, Any]:
        size = self.one_of(6, 7, 8)
        start = x = Input((size, size, self.draw.randint(1, 3)), name=name)
        for _ in range(self.draw.randint(2, 5)):
            x = self.image_block(x)
        if x.shape[1] * x.shape[2] * x.shape[3] <= WIDEST:
            return start, layers.Flatten()(x)
        return start, self.one_of(layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)()(x)

    def conv(self, x: Any, keep: bool = False) -> Any:
        size = self.draw.randint(1, min(3, x.shape[1]))
        strides = 1 if keep or size == 1 else self.one_of(1, 1, 2)
        padding = "same" if keep else self.one_of("same", "valid")
        settings = self.kernel()
        common = {
            "padding": padding,
            "strides": strides,
            "activation": self.function(),
            "use_bias": settings["use_bias"],
        }
        kind = self.draw.randint(0, 5)
        filters = x.shape[-1] if keep else self.draw.randint(2, 6)
        if kind == 0:
            return layers.DepthwiseConv2D(size, depth_multiplier=1 if keep else self.draw.randint(1, 2), **common)(x)
        if kind == 1:
            return layers.SeparableConv2D(filters, size, **common)(x)
        if kind == 2 and not keep and x.shape[1] < 5:
            return layers.Conv2DTranspose(filters, size, **common)(x)
        dilation = 2 if strides == 1 and size > 1 and x.shape[1] >= 5 and self.maybe(0.2) else 1
        return layers.Conv2D(filters, size, dilation_rate=dilation, **{**settings, **common})(x)

    def image_block(self, x: Any) -> Any:
        kind = self.draw.randint(0, 9)
        if kind <= 2:
            return self.conv(x)
        if kind == 3:
            return self.norm(x)
        if kind == 4:
            return self.noise(x)
        if kind == 5:
            return self.bend(x)
        if kind == 6 and x.shape[1] >= 4:
            pool = self.one_of(layers.MaxPooling2D, layers.AveragePooling2D)
            return pool(self.one_of(2, 2, 3), strides=self.one_of(None, 2), padding=self.one_of("valid", "same"))(x)
        if kind == 7 and x.shape[1] <= 4:
            return layers.UpSampling2D(2, interpolation=self.one_of("nearest", "bilinear"))(x)
        if kind == 8:
            gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
            gate = layers.Conv2D(x.shape[-1], 1, activation=self.one_of("sigmoid", "hard_sigmoid"))(gate)
            return layers.Multiply()([x, gate])
        return self.beside(x, lambda value: self.conv(value, keep=True))

    # Sequences and words.

    def sequence(self, name: str) -> tuple[Any, Any]:
        start = Input((self.draw.randint(4, 6), self.draw.randint(2, 4)), name=name)
        return start, self.read(start, masked=False)

    def words(self, name: str) -> tuple[Any, Any]:
        start = Input((self.draw.randint(4, 6),), dtype="int32", name=name)
        masked = self.maybe(0.25)
        return start, self.read(layers.Embedding(VOCABULARY, self.draw.randint(3, 5), mask_zero=masked)(start), masked)

    def read(self, x: Any, masked: bool) -> Any:
        if masked:
            for _ in range(self.draw.randint(0, 1)):
                x = self.recur(x, whole=True)
            return self.recur(x, whole=False)
        for _ in range(self.draw.randint(2, 4)):
            x = self.sequence_block(x)
        kind = self.draw.randint(0, 3)
        if kind == 0:
            return self.recur(x, whole=False)
        if kind == 1 and x.shape[1] * x.shape[2] <= WIDEST:
            return layers.Flatten()(x)
        return self.one_of(layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D)()(x)

    def recur(self, x: Any, whole: bool) -> Any:
        made = self.one_of(layers.LSTM, layers.GRU, layers.SimpleRNN)
        settings: dict[str, Any] = {"return_sequences": whole, "use_bias": self.maybe(0.85)}
        if made is layers.LSTM:
            settings["unit_forget_bias"] = self.maybe(0.6)
        if made is layers.GRU:
            settings["reset_after"] = self.maybe(0.7)
        if self.maybe(0.2):
            settings["dropout"] = 0.2
        if self.maybe(0.2):
            settings["activation"] = self.one_of("relu", "sigmoid", "softsign")
        units = self.draw.randint(2, 4)
        if self.maybe(0.25):
            mode = self.one_of("concat", "sum", "ave", "mul")
            return layers.Bidirectional(made(units, **settings), merge_mode=mode)(x)
        return made(units, go_backwards=self.maybe(0.15), **settings)(x)

    def sequence_block(self, x: Any) -> Any:
        kind = self.draw.randint(0, 9)
        if kind <= 1:
            padding = self.one_of("same", "valid", "causal") if x.shape[1] >= 3 else "same"
            settings = {"activation": self.function(), **self.kernel()}
            return layers.Conv1D(self.draw.randint(2, 5), self.draw.randint(1, 3), padding=padding, **settings)(x)
        if kind == 2:
            return self.recur(x, whole=True)
        if kind == 3:
            attend = layers.MultiHeadAttention(
                self.draw.randint(1, 2),
                self.draw.randint(2, 3),
                use_bias=self.maybe(0.8),
                dropout=self.one_of(0, 0, 0.1),
            )
            y = attend(x, x, use_causal_mask=self.maybe(0.4))
            return layers.Add()([x, y]) if self.maybe(0.7) else y
        if kind == 4:
            return self.norm(x)
        if kind == 5:
            return self.noise(x)
        if kind == 6:
            return self.dense(x)
        if kind == 7 and x.shape[1] >= 4:
            return self.one_of(layers.MaxPooling1D, layers.AveragePooling1D)(2)(x)
        if kind == 8:
            return layers.TimeDistributed(layers.Dense(self.draw.randint(2, 5), activation=self.function()))(x)
        return self.beside(x, lambda value: self.dense(value, units=value.shape[-1]))
