"""Weights of one side that are several of the other, or that may correspond in several ways."""

from __future__ import annotations

from pairs.table import NUMERIC, Pair, different, equal, open_question

PAIRS: tuple[Pair, ...] = (
    equal(
        "query-key-and-value-from-one-matrix",
        "joined.py:fused",
        "joined.py:separate",
        basis=NUMERIC,
        mentions=("qkv/kernel (4, 12) of the reference holds q/kernel, k/kernel and v/kernel (4, 4)",),
    ),
    equal(
        "query-key-and-value-head-by-head", "joined.py:separate_heads", "joined.py:fused_by_heads", basis=NUMERIC
    ),
    equal("two-replicas-in-one-layer", "joined.py:replicas", "joined.py:two_networks", basis=NUMERIC),
    equal("a-layer-a-gate", "joined.py:lstm", "joined.py:gates", basis=NUMERIC),
    different("one-of-the-joined-weights-is-frozen", "joined.py:fused", "joined.py:separate(frozen=True)",
              mentions=("trainable",)),
    different("joined-weights-and-dropout", "joined.py:fused", "joined.py:separate(rate=0.3)"),
    different("joined-weights-that-start-otherwise", "joined.py:fused",
              "joined.py:separate(initializer='he_normal')", mentions=("he_normal",)),
    open_question("joined-weights-and-another-scale", "joined.py:fused", "joined.py:separate(scale=1.0)",
                  mentions=("may be joined in one array",)),
    equal("a-gate-by-where-or-by-a-product", "ways.py:gated", "ways.py:gated(how='swapped')", basis=NUMERIC),
    different("a-gate-by-a-product-and-an-activation", "ways.py:gated", "ways.py:gated(how='product', inner='tanh')",
              mentions=("tanh",)),
    equal("two-lstms-of-one-input-joined-otherwise", "ways.py:read_twice", "ways.py:read_twice(way=1)", basis=NUMERIC),
    equal("two-towers-for-two-inputs", "ways.py:siamese", "ways.py:siamese(way=1)", basis=NUMERIC),
    equal("a-transposed-convolution-as-a-product", "ways.py:upsampled", "ways.py:upsampled(product=True)",
          basis=NUMERIC, mentions=("in another layout",)),
    equal("a-cell-of-two-layers", "ways.py:recurrent", "ways.py:by_hand", basis=NUMERIC),
    open_question("a-kernel-in-an-order-that-nothing-shows", "ways.py:upsampled",
                  "ways.py:upsampled(product=True, block=3)", mentions=("whose parts are not transferred",)),
)  # fmt: skip
