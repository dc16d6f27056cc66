"""What is no layer and may differ between Keras 2 and Keras 3: optimizers, losses, starts, penalties, how one compiles.

A row is a text, or two where both generations spell it differently, that Keras 2 reads first: what is given to
``compile``, or, in :data:`LAYERS`, a layer. ``K`` is the package, ``S`` its schedules.
"""

from __future__ import annotations

from typing import Union

import starts

Row = Union[str, "tuple[str, str]"]  # read by Python 3.9 too, where Keras 2 runs


def _legacy(text: str) -> Row:
    """An optimizer of ``optimizers.legacy`` against the one of Keras 3."""
    return f"optimizer=K.optimizers.legacy.{text}, loss='mse'", f"optimizer=K.optimizers.{text}, loss='mse'"


def _own(text: str) -> Row:
    return f"optimizer=K.optimizers.{text}, loss='mse'"


OPTIMIZERS: dict[str, Row] = {
    **{
        name.lower(): _own(f"{name}()")
        for name in (
            *("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion"),
            "Adafactor",
        )
    },
    **{
        f"legacy_{name.lower()}": _legacy(f"{name}()")
        for name in ("SGD", "Adam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl")
    },
    **{f"string_{name}": f"optimizer={name!r}, loss='mse'" for name in ("sgd", "adam", "rmsprop", "adagrad")},
    "sgd_nesterov": _own("SGD(0.02, momentum=0.9, nesterov=True)"),
    "legacy_sgd_nesterov": _legacy("SGD(0.02, momentum=0.9, nesterov=True)"),
    "rmsprop_centered": _own("RMSprop(centered=True, momentum=0.5)"),
    "legacy_rmsprop_centered": _legacy("RMSprop(centered=True, momentum=0.5)"),
    "adam_amsgrad": _own("Adam(amsgrad=True)"),
    "legacy_adam_amsgrad": _legacy("Adam(amsgrad=True)"),
    "adam_epsilon": _own("Adam(epsilon=1e-4)"),
    "legacy_adam_epsilon": _legacy("Adam(epsilon=1e-4)"),
    "adam_weight_decay": _own("Adam(weight_decay=0.01)"),
    "adam_clipnorm": _own("Adam(clipnorm=0.01)"),
    "adam_clipvalue": _own("Adam(clipvalue=0.001)"),
    "sgd_global_clipnorm": _own("SGD(global_clipnorm=0.01)"),
    "legacy_sgd_clipnorm": _legacy("SGD(clipnorm=0.01)"),
    "sgd_ema": _own("SGD(0.05, use_ema=True, ema_momentum=0.9)"),
    "sgd_ema_overwritten": _own("SGD(0.05, use_ema=True, ema_overwrite_frequency=2)"),
    "ftrl_penalties": _own("Ftrl(l1_regularization_strength=0.01, l2_regularization_strength=0.02)"),
    "exponential_decay": _own("SGD(S.ExponentialDecay(0.1, 3, 0.5))"),
    "cosine_decay": _own("SGD(S.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=3))"),
    "cosine_restarts": _own("SGD(S.CosineDecayRestarts(0.1, 3))"),
    "piecewise": _own("SGD(S.PiecewiseConstantDecay([2, 4], [0.1, 0.05, 0.01]))"),
    "polynomial": _own("SGD(S.PolynomialDecay(0.1, 5, 0.01, power=2.0))"),
    "inverse_time": _own("SGD(S.InverseTimeDecay(0.1, 1, 0.5))"),
    "legacy_decay": (
        "optimizer=K.optimizers.legacy.SGD(0.1, decay=0.5), loss='mse'",
        "optimizer=K.optimizers.SGD(S.InverseTimeDecay(0.1, 1, 0.5)), loss='mse'",
    ),
    "legacy_decay_lost": (
        "optimizer=K.optimizers.legacy.SGD(0.1, decay=0.5), loss='mse'",
        "optimizer=K.optimizers.SGD(0.1), loss='mse'",
    ),
    "legacy_adam_decay": (
        "optimizer=K.optimizers.legacy.Adam(0.1, decay=0.5), loss='mse'",
        "optimizer=K.optimizers.Adam(S.InverseTimeDecay(0.1, 1, 0.5)), loss='mse'",
    ),
    "legacy_lr": (
        "optimizer=K.optimizers.legacy.SGD(lr=0.05), loss='mse'",
        "optimizer=K.optimizers.SGD(learning_rate=0.05), loss='mse'",
    ),
    "experimental_sgd": (
        "optimizer=K.optimizers.experimental.SGD(0.05), loss='mse'",
        "optimizer=K.optimizers.SGD(0.05), loss='mse'",
    ),
    "other_rate": (
        "optimizer=K.optimizers.legacy.Adam(0.002), loss='mse'",
        "optimizer=K.optimizers.Adam(0.001), loss='mse'",
    ),
    "other_epsilon": (
        "optimizer=K.optimizers.legacy.Adam(epsilon=1e-8), loss='mse'",
        "optimizer=K.optimizers.Adam(), loss='mse'",
    ),
}
"""On real outputs."""

_REAL = ("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError")
_MORE = ("Huber", "LogCosh", "CosineSimilarity", "Poisson", "Hinge", "SquaredHinge", "CategoricalHinge")
_SHORT = ("mse", "mae", "mape", "msle", "huber", "log_cosh", "cosine_similarity", "poisson", "hinge", "kl_divergence")

LOSSES: dict[str, Row] = {
    **{f"class_{name}": f"optimizer='sgd', loss=K.losses.{name}()" for name in (*_REAL, *_MORE)},
    **{f"string_{name}": f"optimizer='sgd', loss={name!r}" for name in _SHORT},
    **{
        f"function_{name}": f"optimizer='sgd', loss=K.losses.{name}"
        for name in ("mean_squared_error", "huber", "log_cosh", "cosine_similarity")
    },
    "reduction_sum": "optimizer='sgd', loss=K.losses.MeanSquaredError(reduction='sum')",
    "reduction_none": "optimizer='sgd', loss=K.losses.MeanSquaredError(reduction='none')",
    "reduction_mean": (
        "optimizer='sgd', loss=K.losses.MeanSquaredError(reduction='sum_over_batch_size')",
        "optimizer='sgd', loss=K.losses.MeanSquaredError()",
    ),
    "reduction_auto": (
        "optimizer='sgd', loss=K.losses.MeanSquaredError(reduction='auto')",
        "optimizer='sgd', loss=K.losses.MeanSquaredError()",
    ),
    "huber_delta": "optimizer='sgd', loss=K.losses.Huber(delta=0.3)",
    "no_loss": "optimizer='sgd'",
}
"""On real outputs."""

LOGITS: dict[str, Row] = {
    "sparse_logits": "optimizer='sgd', loss=K.losses.SparseCategoricalCrossentropy(from_logits=True)",
    "sparse_ignored": (
        "optimizer='sgd', loss=K.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)"
    ),
    "one_hot_logits": "optimizer='sgd', loss=K.losses.CategoricalCrossentropy(from_logits=True)",
    "binary_logits": "optimizer='sgd', loss=K.losses.BinaryCrossentropy(from_logits=True)",
    "binary_smoothed": "optimizer='sgd', loss=K.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)",
    "logits_forgotten": (
        "optimizer='sgd', loss=K.losses.CategoricalCrossentropy(from_logits=True)",
        "optimizer='sgd', loss=K.losses.CategoricalCrossentropy()",
    ),
}
SOFTMAX: dict[str, Row] = {
    "sparse": "optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy']",
    "sparse_class": "optimizer='adam', loss=K.losses.SparseCategoricalCrossentropy(), metrics=['acc']",
    "one_hot": "optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy', K.metrics.AUC()]",
    "one_hot_smoothed": "optimizer='adam', loss=K.losses.CategoricalCrossentropy(label_smoothing=0.1)",
    "focal": "optimizer='adam', loss=K.losses.CategoricalFocalCrossentropy()",
    "divergence": "optimizer='adam', loss=K.losses.KLDivergence()",
    "binary_of_softmax": "optimizer='adam', loss='binary_crossentropy', metrics=['accuracy']",
    "how": "optimizer='adam', loss='mse', run_eagerly=True, steps_per_execution=4",
    "compiled_by_xla": "optimizer='adam', loss='mse', jit_compile=True",
    "weighted_metrics": "optimizer='adam', loss='categorical_crossentropy', weighted_metrics=['accuracy']",
    "other_metrics": (
        "optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy']",
        "optimizer='adam', loss='categorical_crossentropy'",
    ),
    "smoothing_lost": (
        "optimizer='adam', loss=K.losses.CategoricalCrossentropy(label_smoothing=0.1)",
        "optimizer='adam', loss=K.losses.CategoricalCrossentropy()",
    ),
}
"""On probabilities of three classes."""

SIGMOID: dict[str, Row] = {
    "binary": "optimizer='rmsprop', loss='binary_crossentropy', metrics=['accuracy']",
    "binary_class": "optimizer='rmsprop', loss=K.losses.BinaryCrossentropy(label_smoothing=0.2)",
    "binary_focal": "optimizer='rmsprop', loss=K.losses.BinaryFocalCrossentropy(apply_class_balancing=True)",
    "binary_function": "optimizer='rmsprop', loss=K.losses.binary_crossentropy",
    "mean_or_sum": (
        "optimizer='rmsprop', loss=K.losses.BinaryCrossentropy()",
        "optimizer='rmsprop', loss=K.losses.BinaryCrossentropy(reduction='sum')",
    ),
}
"""On one probability."""

MASKED: dict[str, Row] = {
    "masked": "optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy']",
    "masked_class": "optimizer='adam', loss=K.losses.SparseCategoricalCrossentropy()",
    "masked_sum": "optimizer='adam', loss=K.losses.SparseCategoricalCrossentropy(reduction='sum')",
    "masked_logits": "optimizer='adam', loss=K.losses.SparseCategoricalCrossentropy(from_logits=True)",
    "masked_mse": "optimizer='adam', loss='mse'",
}
"""On probabilities of three classes for each time step, with a mask."""

TWO: dict[str, Row] = {
    "two": "optimizer='sgd', loss='mse'",
    "two_list": "optimizer='sgd', loss=['mse', 'mae']",
    "two_weighted": "optimizer='sgd', loss=['mse', 'mae'], loss_weights=[1.0, 0.25]",
    "two_by_name": "optimizer='sgd', loss={'a': 'mse', 'b': 'mae'}, loss_weights={'a': 0.5, 'b': 2.0}",
    "one_of_two": "optimizer='sgd', loss={'a': 'mse'}",
    "two_metrics": "optimizer='sgd', loss='mse', metrics={'a': ['mae'], 'b': ['mse']}",
    "weight_lost": (
        "optimizer='sgd', loss=['mse', 'mae'], loss_weights=[1.0, 0.25]",
        "optimizer='sgd', loss=['mse', 'mae']",
    ),
}
"""On two real outputs, ``a`` and ``b``."""

_DENSE = "K.layers.Dense(5, {})"
_CONV = "K.layers.Conv2D(5, 3, {})"
_STARTS = (
    *("glorot_uniform", "glorot_normal", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "zeros", "ones"),
    *("random_normal", "random_uniform", "truncated_normal", "variance_scaling"),
)
LAYERS: dict[str, Row] = {
    **{f"dense_{name}": _DENSE.format(f"kernel_initializer={name!r}") for name in (*_STARTS, "orthogonal", "identity")},
    **{f"conv_{name}": _CONV.format(f"kernel_initializer={name!r}") for name in _STARTS},
    "depthwise": "K.layers.DepthwiseConv2D(3, depthwise_initializer='he_normal')",
    "conv_transpose": "K.layers.Conv2DTranspose(5, 3)",
    "dense_seeded": _DENSE.format("kernel_initializer=K.initializers.GlorotUniform(seed=1)"),
    "dense_constant": _DENSE.format("bias_initializer=K.initializers.Constant(0.3)"),
    "dense_scaled": _DENSE.format("kernel_initializer=K.initializers.VarianceScaling(2.0, 'fan_out', 'uniform')"),
    "conv_scaled": _CONV.format("kernel_initializer=K.initializers.VarianceScaling(2.0, 'fan_avg')"),
    "dense_other": (
        _DENSE.format("kernel_initializer='he_normal'"),
        _DENSE.format("kernel_initializer='glorot_normal'"),
    ),
    "l2": _DENSE.format("kernel_regularizer='l2'"),
    "l1": _DENSE.format("kernel_regularizer='l1'"),
    "l1_l2": _DENSE.format("kernel_regularizer='l1_l2'"),
    "l2_class": _DENSE.format("kernel_regularizer=K.regularizers.L2()"),
    "l2_function": _DENSE.format("kernel_regularizer=K.regularizers.l2(0.02)"),
    "l1_l2_class": _DENSE.format("kernel_regularizer=K.regularizers.L1L2(l1=0.01, l2=0.02)"),
    "orthogonal_rows": _DENSE.format("kernel_regularizer=K.regularizers.OrthogonalRegularizer(0.1)"),
    "activity": _DENSE.format("activity_regularizer='l2'"),
    "bias_penalty": _DENSE.format("bias_regularizer='l1'"),
    "l2_spelled": (
        _DENSE.format("kernel_regularizer='l2'"),
        _DENSE.format("kernel_regularizer=K.regularizers.L2(1e-2)"),
    ),
    "l2_other": (_DENSE.format("kernel_regularizer='l2'"), _DENSE.format("kernel_regularizer=K.regularizers.L2(1e-3)")),
    "max_norm": _DENSE.format("kernel_constraint='max_norm'"),
    "max_norm_axis": _CONV.format("kernel_constraint=K.constraints.MaxNorm(1.0, axis=[0, 1, 2])"),
    "unit_norm": _DENSE.format("kernel_constraint='unit_norm'"),
    "non_negative": _DENSE.format("kernel_constraint='non_neg'"),
    "min_max_norm": _DENSE.format("kernel_constraint=K.constraints.MinMaxNorm(0.1, 0.5, rate=0.7)"),
    "embedding": "K.layers.Embedding(9, 4)",
}
"""Each as the one layer before a ``Dense``; images where it is a convolution, ids where it is a table."""

GROUPS: dict[str, dict[str, Row]] = {
    "real": {**OPTIMIZERS, **LOSSES},
    "logits": LOGITS,
    "softmax": SOFTMAX,
    "sigmoid": SIGMOID,
    "masked": MASKED,
    "two": TWO,
    "layer": LAYERS,
    "start": dict(starts.EVERY),
    "flat": dict(starts.FLAT),
    "shared": dict(starts.SHARED),
}


def text_of(group: str, name: str, *, second: bool) -> str:
    """A row as Keras 2 or Keras 3 reads it."""
    row = GROUPS[group][name]
    return row if isinstance(row, str) else row[0 if second else 1]
