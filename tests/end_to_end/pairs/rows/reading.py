"""Pairs whose report has to name the cause in the user's words."""

from __future__ import annotations

from pairs.table import Pair, delete, different, equal, update

LOGIN = "user=1:int32@0..9", "item=1:int32@0..9"

PAIRS: tuple[Pair, ...] = (
    different(
        "gelu-by-hand-in-two-forms",
        "reading.py:Acted(act='gelu_tanh')",
        "reading.py:Acted(act='gelu_erf')",
        "4",
        edits=(update("gelu", "approximate"),),
        exact=True,
        mentions=("gelu by its tanh approximation in the reference", "in its exact form in the candidate"),
    ),
    equal(
        "gelu-by-hand-as-keras-has-it", "reading.py:Acted(act='gelu_erf')", "reading.py:Acted(act='keras_gelu')", "4"
    ),
    different(
        "hard-sigmoid-by-hand-with-the-old-slope",
        "reading.py:Acted(act='old_hard_sigmoid')",
        "reading.py:Acted(act='hard_sigmoid')",
        "4",
        edits=(update("hard_sigmoid", "slope"),),
        exact=True,
        mentions=("hard_sigmoid with slope 0.2 in the reference", "slope 1/6"),
    ),
    different(
        "softmax-by-hand-over-another-axis",
        "reading.py:Acted(act='softmax')",
        "reading.py:Acted(act='softmax_hand_1')",
        "5,4",
        edits=(update("softmax", "axis"),),
        exact=True,
        mentions=("softmax over the last axis in the reference", "over axis 1 in the candidate"),
    ),
    different(
        "called-by-another-of-its-names",
        "reading.py:Swished",
        "reading.py:Swished(hard=False)",
        "4",
        exact=True,
        edits=(update("hard_silu", "function"),),
        mentions=("hard_swish in the reference", "swish in the candidate"),
    ),
    different(
        "augmentation-told-to-train",
        "reading.py:Augmented",
        "reading.py:Augmented(training=True)",
        "8,8,3",
        edits=(update("augment", "call.training"),),
        exact=True,
        mentions=("calls augment with training=true", "randomflip and randomcontrast act in inference as in training"),
    ),
    different(
        "cells-that-are-one-object",
        "reading.py:stacked_cells",
        "reading.py:stacked_cells(shared=True)",
        mentions=("are one object in the candidate", "share their weights"),
    ),
    different(
        "backwards-and-not-flipped",
        "reading.py:BothWays",
        "reading.py:BothWays(flip=False)",
        "5,3",
        edits=(delete("flip"),),
        mentions=("back (lstm", "go_backwards=true"),
    ),
    different(
        "positions-baked-in",
        "reading.py:Positioned(kind='baked')",
        "reading.py:Positioned(kind='trained')",
        "8:int32@0..19",
        exact=True,
        edits=(update("add", "constants"),),
        mentions=("constant that add", "is a trained weight of places"),
    ),
    different(
        "self-loops-after-normalising",
        "reading.py:GraphConv",
        "reading.py:GraphConv(after=True)",
        "nodes=5,3",
        "edges=5,5",
        mentions=("stands after edges (input) in the reference", "1 edit (1 move)"),
    ),
    different(
        "pre-norm-became-post-norm", "reading.py:Norms", "reading.py:Norms(pre=False)", "5,6", mentions=("pre-norm",)
    ),
    different(
        "linear-part-missing",
        "reading.py:WideDeep",
        "reading.py:WideDeep(linear=False)",
        *LOGIN,
        mentions=("lacks a branch: wide.0 (embedding", "from user and item"),
    ),
    different(
        "padding-above-a-norm",
        "reading.py:sized",
        "reading.py:sized(padding='valid')",
        edits=(update("conv2d", "padding"),),
        exact=True,
        mentions=("nothing else differs",),
    ),
    different("pool-above-a-norm", "reading.py:sized", "reading.py:sized(pool=2)", mentions=("nothing else differs",)),
    different(
        "one-line-in-a-loop",
        "reading.py:Looped",
        "reading.py:Looped(axis=1)",
        "5,4",
        edits=(update("softmax", "axis"),),
        exact=True,
        mentions=("3 times",),
    ),
)
