"""Cases of the rules on activations."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rule_cases.arithmetic import ordered
from rule_cases.case import Drawn, always, fires, shapes, spares
from rule_cases.tracing import tf

ROW = (None, 4)


def clip(x: Any, low: float, high: float) -> Any:
    low, high = tf.constant(low, x.dtype), tf.constant(high, x.dtype)
    return tf.raw_ops.ClipByValue(t=x, clip_value_min=low, clip_value_max=high)


def by_hand(x: Any, axis: int = -1, stop: bool = False) -> Any:
    """A softmax written out."""
    largest = tf.reduce_max(x, axis, keepdims=True)
    e = tf.exp(x - (tf.stop_gradient(largest) if stop else largest))
    return e / tf.reduce_sum(e, axis, keepdims=True)


def stopped_sum(x: Any) -> Any:
    """A softmax whose denominator counts as a constant in the gradient."""
    e = tf.exp(x - tf.reduce_max(x, -1, keepdims=True))
    return e / tf.stop_gradient(tf.reduce_sum(e, -1, keepdims=True))


def bent(x: Any, alpha: float, above: float = 0.0) -> Any:
    """An ELU as Keras writes it where alpha is not 1."""
    return tf.where(x > above, tf.nn.elu(x), alpha * tf.nn.elu(x))


CASES = (
    fires("relu-spelling", lambda x: tf.maximum(x, 0.0), ROW, left="Relu"),
    fires("relu-spelling", lambda x: tf.maximum(0.0, x), ROW, left="Relu"),
    spares("relu-spelling", lambda x: tf.maximum(x, 0.1), ROW, left="Maximum"),
    spares("relu-spelling", lambda x: tf.minimum(x, 0.0), ROW, left="Minimum"),
    spares("relu-spelling", lambda x: tf.maximum(x, [[[0.0]]]), (4,), left="Maximum"),
    fires("relu6-spelling", lambda x: tf.minimum(tf.maximum(x, 0.0), 6.0), ROW, left="Relu6"),
    fires("relu6-spelling", lambda x: clip(x, 0.0, 6.0), ROW, left="Relu6"),
    spares("relu6-spelling", lambda x: tf.minimum(tf.nn.relu(x), 1.0), ROW, left="Relu Minimum"),
    spares("relu6-spelling", lambda x: tf.minimum(x, 6.0), ROW, left="Minimum"),
    spares("relu6-spelling", lambda x: clip(x, -6.0, 6.0), ROW, left="ClipByValue"),
    spares("relu6-spelling", lambda x: tf.minimum(tf.nn.relu(x), [[[6.0]]]), (4,), left="Relu Minimum"),
    fires("leaky-relu-zero", lambda x: tf.nn.leaky_relu(x, 0.0), ROW, left="Relu"),
    spares("leaky-relu-zero", lambda x: tf.nn.leaky_relu(x, 0.2), ROW, left="LeakyRelu"),
    fires("leaky-relu-spelling", lambda x: tf.maximum(x, 0.2 * x), ROW, left="LeakyRelu"),
    fires("leaky-relu-spelling", lambda x: tf.maximum(x / 4.0, x) - tf.nn.leaky_relu(x, 0.25), ROW,
          left="LeakyRelu Sub"),
    spares("leaky-relu-spelling", lambda x: tf.maximum(x, 1.5 * x), ROW, left="Scale Maximum"),
    spares("leaky-relu-spelling", lambda x: tf.maximum(x, -0.5 * x), ROW, left="Scale Maximum"),
    spares("leaky-relu-spelling", lambda x: tf.minimum(x, 0.2 * x), ROW, left="Scale Minimum"),
    spares("leaky-relu-spelling", lambda x, y: tf.maximum(x, 0.2 * y), ROW, ROW, left="Scale Maximum"),
    spares("leaky-relu-spelling", lambda x: tf.maximum(x, 0.2 * x), ROW, left="Scale Maximum", dtypes=("float64",)),
    fires("elu-spelling", lambda x: bent(x, 0.5), ROW, left="Elu"),
    spares("elu-spelling", lambda x: bent(x, -0.5), ROW, left="Greater Elu Scale SelectV2"),
    spares("elu-spelling", lambda x: bent(x, 0.5, above=0.1), ROW, left="Greater Elu Scale SelectV2"),
    spares("elu-spelling", lambda x, y: tf.where(y > 0.0, tf.nn.elu(x), 0.5 * tf.nn.elu(x)), ROW, ROW,
           left="Greater Elu Scale SelectV2"),
    spares("elu-spelling", lambda x: tf.where(x > 0.0, 0.5 * tf.nn.elu(x), tf.nn.elu(x)), ROW,
           left="Greater Elu Scale SelectV2"),
    fires("erfc-spelling", lambda x: 1.0 + tf.math.erf(x), ROW, left="Scale Erfc"),
    fires("erfc-spelling", lambda x: tf.math.erf(-x) + 1.0, ROW, left="Erfc"),
    spares("erfc-spelling", lambda x: 2.0 + tf.math.erf(x), ROW, left="Erf Shift"),
    spares("erfc-spelling", lambda x: 1.0 - tf.math.erf(x), ROW, left="Erf Scale Shift"),
    fires("softmax-spelling", lambda x: by_hand(x), ROW, left="Softmax"),
    fires("softmax-spelling", lambda x: by_hand(x, stop=True), (None, 3, 4), left="Softmax"),
    spares("softmax-spelling", lambda x: tf.exp(x) / tf.reduce_sum(tf.exp(x), -1, keepdims=True), ROW,
           left="Exp Sum Reshape RealDiv"),
    spares("softmax-spelling", stopped_sum, ROW, left="Max Reshape Sub Exp Sum Reshape StopGradient RealDiv",
           mode="training"),
    spares("softmax-spelling", lambda x: by_hand(x, axis=1), (None, 3, 4),
           left="Max Reshape Sub Exp Sum Reshape RealDiv"),
)  # fmt: skip


@always("relu-spelling")
def _relu(draw: st.DrawFn) -> Drawn:
    maximum = ordered(draw, tf.maximum)
    zero = draw(st.sampled_from([0.0, [0.0], [[0.0]]]))
    return Drawn(lambda x: maximum(x, tf.constant(zero, x.dtype)), (draw(shapes()),))


@always("relu6-spelling")
def _relu6(draw: st.DrawFn) -> Drawn:
    minimum = ordered(draw, tf.minimum)
    way = draw(st.sampled_from([lambda x: minimum(tf.nn.relu(x), 6.0), lambda x: clip(x, 0.0, 6.0)]))
    return Drawn(lambda x: way(3 * x), (draw(shapes()),))


@always("leaky-relu-zero")
def _zero(draw: st.DrawFn) -> Drawn:
    return Drawn(lambda x: tf.nn.leaky_relu(x, 0.0), (draw(shapes()),))


@always("leaky-relu-spelling")
def _leaky(draw: st.DrawFn) -> Drawn:
    maximum = ordered(draw, tf.maximum)
    slope = draw(st.sampled_from([0.5, 0.25, 0.125, 0.375]))
    return Drawn(lambda x: maximum(x, slope * x), (draw(shapes()),))


@always("elu-spelling")
def _elu(draw: st.DrawFn) -> Drawn:
    alpha = draw(st.sampled_from([0.5, 0.1, 1.5, 2.0]))
    return Drawn(lambda x: bent(x, alpha), (draw(shapes()),))


@always("erfc-spelling")
def _erfc(draw: st.DrawFn) -> Drawn:
    add = ordered(draw, tf.add)
    by = draw(st.sampled_from([0.5, -2.0, 1.0]))
    return Drawn(lambda x: add(tf.math.erf(by * x), 1.0), (draw(shapes()),))


@always("softmax-spelling")
def _softmax(draw: st.DrawFn) -> Drawn:
    stop = draw(st.booleans())
    return Drawn(lambda x: by_hand(2.0 * x, stop=stop), (draw(shapes()),))
