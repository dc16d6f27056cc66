"""The table of model pairs that drives the end-to-end tests: what the command must say about each.

Every bug adds a row. A row was checked by hand with Keras itself: for equal pairs the outputs agree in
both modes with the weights carried over; for different ones a value, a gradient, a loss or a setting
parts the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PROOF = ("proof",)
EQUAL = ("proof", "numeric")
NUMERIC = ("numeric",)
WORDS = "int32@0..20"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One edit the report must hold; every field may offer alternatives with ``|``.

    Attributes:
        kind: Edit kind.
        op: Part of the edit's op, or of a node id on either side.
        attribute: Part of the name of a changed attribute; empty for any.
    """

    kind: str
    op: str
    attribute: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One row.

    Attributes:
        reference, candidate: Targets below ``tests/end_to_end/pairs``.
        inputs: Values of ``--input``.
        basis: What an equivalence may rest on.
        edits: Edits that must be there, each matched by an edit of its own.
        exact: Whether there may be no others.
        mentions: Words of the verdict, the edits or the rungs, whatever their case.
    """

    id: str
    reference: str
    candidate: str
    inputs: tuple[str, ...] = ()
    outcome: Literal["equivalent", "different", "inconclusive"]
    basis: tuple[str | None, ...] = ()
    edits: tuple[Expected, ...] = ()
    exact: bool = False
    mentions: tuple[str, ...] = ()

    @property
    def swapped(self) -> Pair:
        """The row with its sides exchanged; says nothing of edits."""
        return Pair(
            id=f"{self.id}-swapped",
            reference=self.candidate,
            candidate=self.reference,
            inputs=self.inputs,
            outcome=self.outcome,
            basis=self.basis,
        )


def equal(
    id: str,
    reference: str,
    candidate: str,
    *inputs: str,
    basis: tuple[str, ...] = EQUAL,
    mentions: tuple[str, ...] = (),
) -> Pair:
    return Pair(
        id=id,
        reference=reference,
        candidate=candidate,
        inputs=inputs,
        outcome="equivalent",
        basis=basis,
        exact=True,
        mentions=mentions,
    )


def open_question(id: str, reference: str, candidate: str, *inputs: str, mentions: tuple[str, ...]) -> Pair:
    """A pair about which the command must not claim more than it saw."""
    return Pair(
        id=id,
        reference=reference,
        candidate=candidate,
        inputs=inputs,
        outcome="inconclusive",
        basis=(None,),
        mentions=mentions,
    )


def different(
    id: str,
    reference: str,
    candidate: str,
    *inputs: str,
    edits: tuple[Expected, ...] = (),
    exact: bool = False,
    mentions: tuple[str, ...] = (),
) -> Pair:
    return Pair(
        id=id,
        reference=reference,
        candidate=candidate,
        inputs=inputs,
        outcome="different",
        basis=("witness",),
        edits=edits,
        exact=exact,
        mentions=mentions,
    )


def insert(op: str) -> Expected:
    return Expected(kind="insert", op=op)


def delete(op: str) -> Expected:
    return Expected(kind="delete", op=op)


def update(op: str, attribute: str) -> Expected:
    return Expected(kind="update", op=op, attribute=attribute)


PAIRS = (
    # Activations -------------------------------------------------------------------------------------
    equal("activation-in-every-spelling", "activations.py:fused", "activations.py:Spelled", "8,8,3", basis=PROOF),
    equal("relu6-in-three-spellings", "activations.py:relu6_limit", "activations.py:Relu6", "6", basis=PROOF),
    equal("smooth-activations-split", "activations.py:smooth_fused", "activations.py:Smooth", "6", basis=PROOF),
    equal("leaky-relu-with-its-slope", "activations.py:leaky_layer", "activations.py:LeakyFunction(slope=0.3)", "6"),
    equal("activation-that-does-nothing", "activations.py:scaling", "activations.py:scaling(by=None)", basis=PROOF),
    different("activation-of-ones-own", "activations.py:scaling", "activations.py:scaling(by=2.0)"),
    different(
        "leaky-relu-default-slopes-differ",
        "activations.py:leaky_layer",
        "activations.py:LeakyFunction",
        "6",
        edits=(update("leaky_relu", "slope|alpha"),),
        exact=True,
        mentions=("0.3", "0.2"),
    ),
    equal(
        "elu-with-its-alpha",
        "activations.py:elu_layer(alpha=0.5)",
        "activations.py:EluFunction(alpha=0.5, by_hand=True)",
        "6",
        basis=PROOF,
    ),
    different(
        "elu-another-alpha",
        "activations.py:EluFunction",
        "activations.py:EluFunction(alpha=0.5)",
        "6",
        edits=(update("elu", "alpha"),),
        exact=True,
        mentions=("alpha 1 in the reference, 0.5 in the candidate", "nothing else differs"),
    ),
    different(
        "elu-fused-and-another-alpha",
        "activations.py:elu_fused",
        "activations.py:elu_layer(alpha=0.5)",
        "6",
        edits=(update("elu", "alpha"),),
        exact=True,
        mentions=("alpha 1 in the reference, 0.5 in the candidate",),
    ),
    different(
        "relu6-where-no-probe-reaches-6",
        "activations.py:behind_tanh",
        "activations.py:behind_tanh(activation='relu6')",
        mentions=("relu6",),
    ),
    different(
        "clip-where-no-probe-reaches",
        "activations.py:behind_tanh",
        "activations.py:behind_tanh(limit=50.0)",
        edits=(insert("clip"),),
        exact=True,
    ),
    different(
        "relu6-against-relu",
        "activations.py:relu6_limit",
        "activations.py:relu_unlimited",
        edits=(Expected(kind="update|delete", op="relu"),),
        mentions=("relu6",),
    ),
    different("gelu-tanh-against-erf", "activations.py:gelu_exact", "activations.py:GeluTanh", "6", mentions=("gelu",)),
    equal("sigmoid-as-a-tanh", "activations.py:squashed", "activations.py:squashed(by_hand=True)", basis=NUMERIC),
    different(
        "softmax-over-another-axis",
        "activations.py:softmax_last",
        "activations.py:softmax_first",
        edits=(update("softmax", "axis"),),
        exact=True,
        mentions=("axis",),
    ),
    different(
        "relu-before-or-after-norm",
        "activations.py:relu_then_norm",
        "activations.py:norm_then_relu",
        edits=(Expected(kind="move", op="relu|batch_normalization"),),
        exact=True,
        mentions=("relu",),
    ),
    different(
        "relu-missing",
        "activations.py:norm_then_relu",
        "activations.py:norm_without_relu",
        edits=(delete("relu"),),
        exact=True,
        mentions=("relu", "batch_normalization"),
    ),
    different(
        "softmax-missing-from-the-head",
        "activations.py:softmax_in_head",
        "activations.py:logits_in_head",
        edits=(delete("softmax"),),
        exact=True,
        mentions=("softmax",),
    ),
    different(
        "softmax-in-half-precision",
        "activations.py:softmax_in_head",
        "activations.py:half_precision_softmax",
        mentions=("float16",),
    ),
    # Merges ------------------------------------------------------------------------------------------
    equal("merge-layers-as-operators", "merges.py:merge_layers", "merges.py:MergeOperators", "6", "6", basis=PROOF),
    equal("merge-layers-as-ops", "merges.py:merge_layers", "merges.py:MergeOps", "6", "6", basis=PROOF),
    equal("average-commuted", "merges.py:averaged", "merges.py:averaged_commuted"),
    equal("split-against-slices", "merges.py:SplitCall", "merges.py:SplitSlices", "6"),
    equal("siamese-in-two-styles", "merges.py:Siamese", "merges.py:siamese", "6", "6", basis=PROOF),
    different(
        "subtraction-turned-round",
        "merges.py:merge_layers",
        "merges.py:subtract_swapped",
        edits=(Expected(kind="rewire|update|move", op="subtract|sub"),),
        exact=True,
        mentions=("subtract",),
    ),
    different(
        "concatenation-in-another-order",
        "merges.py:merge_layers",
        "merges.py:concat_swapped",
        edits=(Expected(kind="rewire|update|move", op="concat"),),
        exact=True,
        mentions=("concat",),
    ),
    different("gate-and-value-exchanged", "merges.py:SplitSlices", "merges.py:SplitHalvesSwapped", "6"),
    different(
        "skip-starts-elsewhere",
        "merges.py:skip_from_input",
        "merges.py:skip_from_hidden",
        edits=(Expected(kind="rewire", op="add"),),
        exact=True,
        mentions=("add",),
    ),
    different("towers-no-longer-shared", "merges.py:siamese", "merges.py:towers_apart", mentions=("shared",)),
    different(
        "mean-over-another-axis",
        "shapes.py:averaged",
        "shapes.py:averaged(axis=2)",
        edits=(update("mean", "axis"),),
        exact=True,
        mentions=("axis 1 in the reference, 2 in the candidate", "nothing else differs"),
    ),
    # Shapes ------------------------------------------------------------------------------------------
    equal("flatten-as-reshape", "shapes.py:flatten_layer", "shapes.py:flatten_by_reshape", basis=PROOF),
    equal("flatten-as-tf-reshape", "shapes.py:flatten_layer", "shapes.py:FlattenByTensorflow", "8,8,3", basis=PROOF),
    equal("no-ops", "shapes.py:flatten_layer", "shapes.py:with_no_ops", basis=PROOF),
    equal("global-pool-as-ops-mean", "shapes.py:global_pool_layer", "shapes.py:GlobalPoolByMean", "8,8,3"),
    equal("global-pool-as-reduce-mean", "shapes.py:global_pool_layer", "shapes.py:GlobalPoolByReduceMean", "8,8,3"),
    equal("same-padding-by-hand", "shapes.py:same_padding", "shapes.py:explicit_padding"),
    equal("rescaling-as-division", "shapes.py:rescaling_layer", "shapes.py:DividedBy255", "8,8,3@0..255"),
    different("division-by-256", "shapes.py:rescaling_layer", "shapes.py:DividedBy256", "8,8,3@0..255"),
    different(
        "same-padding-by-hand-at-stride-2",
        "shapes.py:same_padding(strides=2)",
        "shapes.py:explicit_padding(strides=2)",
        mentions=("padding",),
    ),
    different(
        "stride-changed",
        "shapes.py:convolved",
        "shapes.py:convolved(strides=2)",
        edits=(update("conv2d", "strides"),),
        exact=True,
        mentions=("strides",),
    ),
    different(
        "padding-changed",
        "shapes.py:convolved",
        "shapes.py:convolved(padding='same')",
        edits=(update("conv2d", "padding"),),
        exact=True,
        mentions=("padding", "valid", "same"),
    ),
    different(
        "dilation-changed",
        "shapes.py:convolved",
        "shapes.py:convolved(dilation=2)",
        edits=(update("conv2d", "dilation"),),
        exact=True,
        mentions=("dilation",),
    ),
    different(
        "bias-dropped",
        "shapes.py:convolved",
        "shapes.py:convolved(use_bias=False)",
        edits=(update("conv2d", "bias"),),
        mentions=("bias",),
    ),
    different(
        "kernel-size-changed",
        "shapes.py:convolved",
        "shapes.py:convolved(kernel=5)",
        edits=(update("conv2d", "kernel_size"),),
        mentions=("kernel_size",),
    ),
    different(
        "units-changed",
        "shapes.py:convolved",
        "shapes.py:convolved(units=3)",
        edits=(update("dense", "units"),),
        mentions=("units",),
    ),
    different(
        "max-against-average-pooling",
        "shapes.py:pooled",
        "shapes.py:pooled(kind='average')",
        mentions=("max", "average"),
    ),
    different(
        "global-average-against-global-max",
        "shapes.py:global_pool_layer",
        "shapes.py:global_max",
        mentions=("max",),
    ),
    different(
        "transpose-lost",
        "shapes.py:transposed",
        "shapes.py:untransposed",
        edits=(delete("permute|transpose"),),
        exact=True,
    ),
    # Spelled out by hand -----------------------------------------------------------------------------
    equal("attention-by-einsum", "attention.py:multi_head", "attention.py:by_hand", basis=NUMERIC),
    different("attention-by-einsum-causal", "attention.py:multi_head", "attention.py:by_hand(causal=True)"),
    equal("convolution-as-patches", "spelled.py:convolved", "spelled.py:patched", basis=NUMERIC),
    different("convolution-as-patches-shifted", "spelled.py:convolved", "spelled.py:patched(shifted=True)"),
    equal(
        "lstm-by-hand",
        "spelled.py:remembered(unit_forget_bias=False)",
        "spelled.py:unrolled",
        basis=NUMERIC,
    ),
    open_question(  # an LSTM by hand may have its gates in any order, so which weights correspond is a guess
        "lstm-by-hand-unbent",
        "spelled.py:remembered(unit_forget_bias=False)",
        "spelled.py:unrolled(bend=False)",
        mentions=("guessed",),
    ),
    different("lstm-by-hand-forgets-at-first", "spelled.py:remembered", "spelled.py:unrolled", mentions=("forget",)),
    equal("gelu-by-its-formula", "spelled.py:bent", "spelled.py:BentByHand", "6", basis=PROOF),
    equal("two-formulas-one-rounded", "spelled.py:bent_twice", "spelled.py:BentTwice", "6", basis=NUMERIC),
    different("gelu-formula-unscaled", "spelled.py:bent", "spelled.py:BentByHand(scaled=False)", "6"),
    # Normalisation and training ----------------------------------------------------------------------
    different(
        "training-not-passed-by-fit",
        "norms.py:normed",
        "norms.py:Normed",
        "8,8,3",
        mentions=("`Normed.call` takes no `training` argument", "`norm` never learns its statistics"),
    ),
    equal("training-passed-by-fit-to-neither", "norms.py:Normed", "norms.py:NormedAgain", "8,8,3", basis=PROOF),
    equal("training-never-passed", "norms.py:Normed", "norms.py:NormedOff", "8,8,3"),
    equal("training-passed-by-hand", "norms.py:normed", "norms.py:NormedExplicit", "8,8,3", basis=PROOF),
    equal("layer-norm-in-two-styles", "norms.py:layer_norm", "norms.py:LayerNormSubclass", "5,6", basis=PROOF),
    equal("layer-norm-by-hand", "norms.py:layer_norm", "norms.py:LayerNormByHand", "5,6"),
    different(
        "norm-epsilon",
        "norms.py:normed",
        "norms.py:normed(epsilon=1e-5)",
        edits=(update("batch_normalization", "epsilon"),),
        exact=True,
        mentions=("epsilon",),
    ),
    different(
        "norm-momentum",
        "norms.py:normed",
        "norms.py:normed(momentum=0.9)",
        edits=(update("batch_normalization", "momentum"),),
        exact=True,
        mentions=("momentum", "0.9", '"harmless": false'),
    ),
    different(
        "dropout-rate",
        "norms.py:normed",
        "norms.py:normed(rate=0.5)",
        edits=(update("dropout", "rate"),),
        exact=True,
        mentions=("rate", "0.5"),
    ),
    different(
        "dropout-against-spatial-dropout",
        "norms.py:dropout_model",
        "norms.py:dropout_model(spatial=True)",
        mentions=("dropout",),
    ),
    different(
        "dropout-created-and-never-called",
        "norms.py:Normed",
        "norms.py:DropoutForgotten",
        "8,8,3",
        edits=(delete("dropout"),),
        exact=True,
        mentions=("dropout", "never called"),
    ),
    different(
        "norm-always-training",
        "norms.py:NormedExplicit",
        "norms.py:NormAlwaysTraining",
        "8,8,3",
        edits=(Expected(kind="update", op="batch_normalization|norm"),),
        mentions=("training",),
    ),
    different(
        "norm-never-training",
        "norms.py:NormedExplicit",
        "norms.py:NormNeverTraining",
        "8,8,3",
        edits=(Expected(kind="update", op="batch_normalization|norm"),),
        mentions=("training",),
    ),
    different(
        "layer-norm-axis",
        "norms.py:layer_norm",
        "norms.py:layer_norm(axis=1)",
        edits=(update("layer_normalization", "axis"),),
        mentions=("axis",),
    ),
    different(
        "frozen-layer",
        "norms.py:normed",
        "norms.py:normed(frozen=True)",
        edits=(update("conv2d|stem", "trainable"),),
        exact=True,
        mentions=("trainable",),
    ),
    different(
        "regularizer-dropped",
        "norms.py:regularized",
        "norms.py:regularized(strength=0)",
        mentions=("regularizer",),
    ),
    different(
        "regularizer-weaker",
        "norms.py:regularized",
        "norms.py:regularized(strength=1e-4)",
        mentions=("regularizer",),
    ),
    different(
        "constraint-added",
        "norms.py:regularized(strength=0)",
        "norms.py:constrained",
        edits=(update("dense", "constraint"),),
        exact=True,
        mentions=("constraint",),
    ),
    different(
        "initializer-changed",
        "norms.py:initialized",
        "norms.py:initialized(initializer='he_normal')",
        edits=(update("dense", "initializer"),),
        exact=True,
        mentions=("initializer", "he_normal"),
    ),
    equal("same-starting-weights-drawn-or-given", "norms.py:initialized", "norms.py:restored", basis=PROOF),
    equal(
        "same-initializer-in-two-spellings",
        "norms.py:initialized(initializer='zeros')",
        "norms.py:initialized(initializer={'class_name': 'Constant', 'config': {'value': 0.0}})",
        basis=PROOF,
    ),
    different(
        "pretrained-weights-not-loaded",
        "norms.py:restored(scale=2.0)",
        "norms.py:initialized",
        edits=(update("dense", "initializer"), update("dense_1", "initializer")),
        exact=True,
        mentions=("initializer", "value"),
    ),
    different("added-loss-dropped", "norms.py:Sparse", "norms.py:NotSparse", "6", mentions=("loss",)),
    different("gradient-stopped", "norms.py:NotSparse", "norms.py:StoppedGradient", "6", mentions=("gradient",)),
    different(
        "state-updated-at-inference",
        "norms.py:centred",
        "norms.py:centred(always=True)",
        mentions=("candidate alone updates centre/mean at inference",),
    ),
    # Penalties ---------------------------------------------------------------------------------------
    equal(
        "l2-by-hand",
        "penalties.py:regular",
        "penalties.py:ByHand",
        "6",
        basis=NUMERIC,
        mentions=("kernel_regularizer l2(l2=0.01) in the reference", "by other means"),
    ),
    equal(
        "l2-of-two-layers-in-one-loss",
        "penalties.py:ByHand(how='both')",
        "penalties.py:regular(both=True)",
        "6",
        basis=NUMERIC,
    ),
    different("l2-by-hand-of-one-layer", "penalties.py:regular(both=True)", "penalties.py:ByHand", "6"),
    different("l2-by-hand-weaker", "penalties.py:regular", "penalties.py:ByHand(factor=0.009)", "6"),
    different("l2-by-hand-stopped", "penalties.py:regular", "penalties.py:ByHand(how='stopped')", "6"),
    different(
        "penalty-bounded-where-no-weight-comes",
        "penalties.py:ByHand",
        "penalties.py:ByHand(how='bounded')",
        "6",
        mentions=("weights 64 times as large",),
    ),
    different("l2-by-hand-bounded", "penalties.py:regular", "penalties.py:ByHand(how='bounded')", "6"),
    open_question(
        "penalty-of-ones-own-by-hand",
        "penalties.py:regular(own=True)",
        "penalties.py:ByHand",
        "6",
        mentions=("a regularizer of one's own",),
    ),
    different(
        "penalty-of-ones-own-bounded",
        "penalties.py:regular(own=True)",
        "penalties.py:regular(own=True, limit=5.0)",
        mentions=("weights 64 times as large", "kernel_regularizer"),
    ),
    different(
        "penalty-in-training-alone",
        "penalties.py:ByHand",
        "penalties.py:ByHand(how='training alone')",
        "6",
        mentions=("validation loss",),
    ),
    # Compile settings --------------------------------------------------------------------------------
    equal("loss-by-name-or-object", "compiled.py:net", "compiled.py:net(loss='object')", basis=PROOF),
    equal(
        "loss-by-function-and-no-compilation",
        "compiled.py:net(loss='function')",
        "compiled.py:net(jit_compile=False)",
        basis=PROOF,
    ),
    different(
        "loss-of-logits",
        "compiled.py:net(loss='object')",
        "compiled.py:net(loss='logits')",
        mentions=("loss.from_logits false in the reference, true in the candidate",),
    ),
    different(
        "optimizer-momentum",
        "compiled.py:net",
        "compiled.py:net(momentum=0.9)",
        mentions=("optimizer.momentum 0 in the reference, 0.9 in the candidate",),
    ),
    equal("loss-in-a-list", "compiled.py:net", "compiled.py:net(loss='list')", basis=PROOF),
    equal("loss-by-output", "compiled.py:net", "compiled.py:net(loss='dict')", basis=PROOF),
    equal(
        "losses-by-output",
        "compiled.py:two_heads(loss=['mse', 'mae'])",
        "compiled.py:two_heads(loss={'two': 'mae', 'one': 'mse'})",
        basis=PROOF,
    ),
    equal(
        "one-loss-for-two-outputs",
        "compiled.py:two_heads",
        "compiled.py:two_heads(loss=['mse', 'mse'])",
        basis=PROOF,
    ),
    different(
        "losses-exchanged",
        "compiled.py:two_heads(loss=['mse', 'mae'])",
        "compiled.py:two_heads(loss={'two': 'mse', 'one': 'mae'})",
        mentions=("loss.0 meansquarederror in the reference, meanabsoluteerror in the candidate",),
    ),
    different(
        "loss-setting-no-config-holds",
        "compiled.py:robust",
        "compiled.py:robust(delta=100.0)",
        mentions=("loss.delta 1 in the reference, 100 in the candidate",),
    ),
    equal("optimizer-of-ones-own", "compiled.py:optimized", "compiled.py:optimized", basis=PROOF),
    different(
        "optimizer-of-ones-own-other-code",
        "compiled.py:optimized",
        "compiled.py:optimized(by='tripled')",
        mentions=("optimizer doubled in the reference, another doubled",),
    ),
    different(
        "schedule-of-ones-own",
        "compiled.py:optimized(by='falling')",
        "compiled.py:optimized(by='falling from higher')",
        mentions=("optimizer.learning_rate.code",),
    ),
    different(
        "weights-without-weight-decay",
        "compiled.py:optimized(by='decay')",
        "compiled.py:optimized(by='decay', excluded=('bias',))",
        mentions=("optimizer.without_decay none in the reference, bias (3,) in the candidate",),
    ),
    different(
        "weights-without-weight-decay-inside",
        "compiled.py:optimized(by='decay', scaled=True)",
        "compiled.py:optimized(by='decay', excluded=('bias',), scaled=True)",
        mentions=("optimizer.inner_optimizer.without_decay",),
    ),
    equal("loss-of-ones-own", "compiled.py:weighed", "compiled.py:weighed", basis=PROOF),
    different("loss-of-ones-own-weighed", "compiled.py:weighed", "compiled.py:weighed(by=2.0)", mentions=("loss",)),
    # Inputs of any length ----------------------------------------------------------------------------
    different(
        "any-length-cut",
        "shapes.py:open_length",
        "shapes.py:open_length(how='cut')",
        edits=(insert("slice"),),
        exact=True,
    ),
    different("any-length-summed", "shapes.py:open_length", "shapes.py:open_length(how='summed')"),
    different(
        "any-length-pooled-to-the-end",
        "shapes.py:open_length(how='valid')",
        "shapes.py:open_length(how='same')",
        edits=(update("max_pool", "padding"),),
        exact=True,
    ),
    different(
        "any-length-taken-for-16",
        "shapes.py:open_length",
        "shapes.py:open_length(how='reshaped')",
        mentions=("the candidate takes no input of shape (4, 37, 3)",),
    ),
    different("any-sides-by-the-other-one", "shapes.py:open_sides", "shapes.py:open_sides(axis=2)"),
    equal("one-length-cut-beyond", "shapes.py:open_length(length=16)", "shapes.py:open_length(how='cut', length=16)"),
    equal("any-length-up-to-16", "shapes.py:positions", "shapes.py:positions(by_hand=True)", basis=NUMERIC),
    # Layouts of weights ------------------------------------------------------------------------------
    equal("matrix-as-in-pytorch", "layouts.py:ported", "layouts.py:dense", basis=EQUAL),
    equal("matrix-as-in-pytorch-by-einsum", "layouts.py:dense", "layouts.py:ported(how='einsum')", basis=EQUAL),
    equal("matrix-as-in-pytorch-transposed", "layouts.py:ported(how='transpose')", "layouts.py:dense", basis=EQUAL),
    different("matrix-as-in-pytorch-relu-lost", "layouts.py:dense", "layouts.py:ported(bent=False)"),
    equal(
        "one-matrix-or-three",
        "layouts.py:joined",
        "layouts.py:joined(joined=False)",
        basis=NUMERIC,
        mentions=("of the reference holds", "the same initializer starts otherwise"),
    ),
    different("towers-of-other-widths", "layouts.py:towers", "layouts.py:towers(first=8, second=4)"),
    different("square-matrix-transposed", "layouts.py:Square", "layouts.py:Square(transposed=True)", "4"),
    different(
        "square-matrix-transposed-by-an-op",
        "layouts.py:Square(how='op')",
        "layouts.py:Square(transposed=True, how='op')",
        "4",
    ),
    equal(
        "square-layers-by-hand",
        "layouts.py:squares",
        "layouts.py:squares(how='transpose')",
        basis=NUMERIC,
        mentions=("transposed",),
    ),
    equal("square-layers-by-hand-from-the-left", "layouts.py:squares(how='left')", "layouts.py:squares", basis=NUMERIC),
    equal("square-layers-by-hand-as-sums", "layouts.py:squares", "layouts.py:squares(how='sum')", basis=NUMERIC),
    equal(
        "layers-by-hand-as-sums",
        "layouts.py:squares(units=7)",
        "layouts.py:squares(how='sum', units=7)",
        basis=NUMERIC,
    ),
    equal(
        "square-layers-by-hand-in-float16",
        "layouts.py:squares(policy='mixed_float16')",
        "layouts.py:squares(how='transpose', policy='mixed_float16')",
        basis=NUMERIC,
    ),
    different(
        "square-layers-by-hand-bent-otherwise",
        "layouts.py:squares",
        "layouts.py:squares(how='transpose', bent='leaky_relu')",
        edits=(Expected(kind="insert|update", op="relu"),),
    ),
    equal(
        "square-layer-of-one-name-by-hand",
        "layouts.py:held",
        "layouts.py:held(how='transpose')",
        basis=NUMERIC,
        mentions=("but the candidate reads holder/linear/kernel transposed",),
    ),
    # Chance ------------------------------------------------------------------------------------------
    equal("one-dropout-called-twice", "chance.py:DropoutTwice", "chance.py:two_dropouts", basis=EQUAL),
    different(
        "one-dropout-called-twice-other-rate",
        "chance.py:DropoutTwice",
        "chance.py:two_dropouts(rate=0.4)",
        mentions=("rate", "0.4"),
    ),
    equal("dropout-by-tensorflow", "chance.py:dropped", "chance.py:DroppedByTensorflow", basis=EQUAL),
    different("dropout-by-tensorflow-other-rate", "chance.py:dropped(rate=0.3)", "chance.py:DroppedByTensorflow"),
    equal("dropout-by-hand", "chance.py:dropped", "chance.py:DroppedByHand", basis=EQUAL),
    different("dropout-by-hand-unscaled", "chance.py:dropped", "chance.py:DroppedByHand(scaled=False)"),
    equal("dropout-by-hand-mirrored", "chance.py:dropped", "chance.py:DroppedByHand(kept_below=0.6)", basis=NUMERIC),
    different("dropout-by-hand-inverted", "chance.py:dropped", "chance.py:DroppedByHand(kept_below=0.4)"),
    equal("sampling-from-another-generator", "chance.py:sampled", "chance.py:sampled(seeded=True)", basis=EQUAL),
    different(
        "sampling-by-variance",
        "chance.py:sampled",
        "chance.py:sampled(halved=False)",
        edits=(delete("scale"),),
        exact=True,
        mentions=("nothing else differs",),
    ),
    different(
        "two-masks-or-one",
        "chance.py:two_seeds",
        "chance.py:two_seeds(second=2)",
        mentions=("seed the same as dropout",),
    ),
    different(
        "one-dropout-called-twice-or-two-of-one-seed",
        "chance.py:DropoutTwice",
        "chance.py:two_dropouts(seed=3)",
        mentions=("seed of its own in the reference, the same as dropout",),
    ),
    equal("other-seeds", "chance.py:two_seeds(second=2)", "chance.py:two_seeds(first=None, second=None)", basis=PROOF),
    equal("one-mask-of-another-seed", "chance.py:two_seeds", "chance.py:two_seeds(first=7, second=7)", basis=PROOF),
    different("two-masks-of-one-key", "chance.py:masked", "chance.py:masked(keys=1)"),
    equal("two-masks-of-tensorflow", "chance.py:masked", "chance.py:masked(keys=0)", basis=EQUAL),
    equal("noise-from-the-global-generator", "chance.py:shaken", "chance.py:shaken(turned=True)", basis=EQUAL),
    different("noise-from-the-global-generator-scaled", "chance.py:shaken", "chance.py:shaken(scale=1.5)"),
    equal(
        "truncated-noise-from-another-generator", "chance.py:truncated", "chance.py:truncated(seeded=True)", basis=EQUAL
    ),
    different("truncated-noise-spread-more", "chance.py:truncated", "chance.py:truncated(spread=0.4)"),
    different("truncated-noise-on-one-side", "chance.py:truncated", "chance.py:truncated(drawn=False)"),
    equal(
        "one-value-chosen", "chance.py:chosen(seeded=True)", "chance.py:chosen(seeded=True, turned=True)", basis=EQUAL
    ),
    different("one-value-chosen-by-more", "chance.py:chosen(seeded=True)", "chance.py:chosen(seeded=True, scale=2.0)"),
    different("one-value-chosen-by-more-by-the-kernel", "chance.py:chosen", "chance.py:chosen(scale=2.0)"),
    open_question(
        "one-value-chosen-from-another-generator",
        "chance.py:chosen",
        "chance.py:chosen(seeded=True)",
        mentions=("agree in distribution",),
    ),
    different(
        "the-same-noise-every-time",
        "chance.py:shaken",
        "chance.py:shaken(seed=3)",
        mentions=("seed_generator_state|random",),
    ),
    open_question(
        "dropout-by-other-random-ops",
        "chance.py:dropped",
        "chance.py:DroppedByCoin",
        mentions=("agree in distribution",),
    ),
    different("dropout-by-other-random-ops-unscaled", "chance.py:dropped", "chance.py:DroppedByCoin(scale=1.0)"),
    open_question(
        "two-dropouts-as-one",
        "chance.py:dropped_often",
        "chance.py:dropped_often(rates=(0.75,))",
        mentions=("agree in distribution",),
    ),
    different("two-dropouts-as-one-of-less", "chance.py:dropped_often", "chance.py:dropped_often(rates=(0.65,))"),
    different(
        "dropout-more",
        "chance.py:dropped_often(rates=(0.5, 0.01))",
        "chance.py:dropped_often(rates=(0.5,))",
        edits=(delete("dropout"),),
        exact=True,
    ),
    different(
        "two-dropouts-as-one-gradient-stopped",
        "chance.py:dropped_often",
        "chance.py:dropped_often(rates=(0.75,), stopped=True)",
        mentions=("gets no gradient in the candidate",),
    ),
    open_question(
        "two-noises-as-one", "chance.py:noisy", "chance.py:noisy(spreads=(0.3, 0.4))", mentions=("in distribution",)
    ),
    different("two-noises-as-one-of-less", "chance.py:noisy", "chance.py:noisy(spreads=(0.1, 0.2))"),
    equal(
        "one-dropout-called-twice-at-inference",
        "chance.py:AlwaysDropped",
        "chance.py:AlwaysDropped(one=True)",
        "6",
        basis=NUMERIC,
        mentions=("no counterexample is searched",),
    ),
    different(
        "one-dropout-called-twice-at-inference-other-rate",
        "chance.py:AlwaysDropped(rate=0.4)",
        "chance.py:AlwaysDropped(one=True)",
        "6",
        mentions=("rate", "0.4"),
    ),
    # Rows looked up by id ----------------------------------------------------------------------------
    equal("positions-never-repeat", "lookups.py:Placed", "lookups.py:Placed(by_id=False)", "6:int32@0..19"),
    equal("embedding-by-hand", "lookups.py:embedded", "lookups.py:Gathered", "5:int32@0..19"),
    equal(
        "embedding-as-one-hot-under-sgd",
        "lookups.py:embedded(optimizer='sgd')",
        "lookups.py:one_hot(optimizer='sgd')",
        "5:int32@0..19",
        basis=NUMERIC,
    ),
    different(
        "embedding-as-one-hot-under-adam",
        "lookups.py:embedded(optimizer='adam')",
        "lookups.py:one_hot(optimizer='adam')",
        "5:int32@0..19",
        mentions=("the reference alone looks up embedding/embeddings by id", "adam takes its gradients one by one"),
    ),
    different(
        "embedding-as-one-hot-in-float32",
        "lookups.py:one_hot(narrow=True)",
        "lookups.py:embedded",
        "5:int32@0..19",
        mentions=("the candidate alone looks up embedding/embeddings by id",),
    ),
    different(
        "embedding-as-one-hot-where-no-id-repeats",
        "lookups.py:embedded(words=5000)",
        "lookups.py:one_hot(words=5000)",
        "5:int32@0..4999",
        mentions=("one by one",),
    ),
    different(
        "embedding-as-one-hot-behind-a-dropout",
        "lookups.py:Gathered(rate=0.3)",
        "lookups.py:Gathered(rate=0.3, summed=True)",
        "5:int32@0..19",
        mentions=("one by one",),
    ),
    # Bounds of training alone ------------------------------------------------------------------------
    different(
        "gradient-cut-off-where-none-comes",
        "bounds.py:Bounded",
        "bounds.py:Bounded(gradient=50.0)",
        "6",
        mentions=("gradient of hidden/kernel, weights", "times as large"),
    ),
    different(
        "value-bounded-in-training-where-none-comes",
        "bounds.py:Bounded",
        "bounds.py:Bounded(value=5000.0)",
        "6",
        mentions=("minimum", "times as large"),
    ),
    different(
        "state-bounded-where-none-comes",
        "bounds.py:Bounded",
        "bounds.py:Bounded(state=50.0)",
        "6",
        mentions=("state of seen/average, weights",),
    ),
    equal("half-the-gradient", "bounds.py:Passed", "bounds.py:Passed(by_hand=True)", "6", basis=NUMERIC),
    different("half-the-gradient-or-all", "bounds.py:Passed(by_hand=True)", "bounds.py:Passed(all_of_it=True)", "6"),
    # Updates in order --------------------------------------------------------------------------------
    different(
        "state-written-twice-in-another-order",
        "updates.py:written",
        "updates.py:written(turned=True)",
        mentions=("state of written/seen",),
    ),
    different(
        "one-norm-called-in-another-order",
        "updates.py:NormedTwice",
        "updates.py:NormedTwice(turned=True)",
        "6",
    ),
    equal(
        "one-norm-on-look-alike-branches",
        "updates.py:NormedTwice(alike=True)",
        "updates.py:NormedTwice(alike=True, turned=True)",
        "6",
        basis=PROOF,
    ),
    equal("entry-added-to-by-scatter", "updates.py:marked", "updates.py:marked(scatter=False)", basis=NUMERIC),
    different("entry-added-to-by-more", "updates.py:marked", "updates.py:marked(amount=0.75)"),
    different("another-entry-added-to", "updates.py:marked", "updates.py:marked(scatter=False, at=2)"),
    different(
        "entry-added-to-on-one-side",
        "updates.py:marked(told=False)",
        "updates.py:marked(amount=0.0, told=False)",
        mentions=("marked/marks (updates.py:62) is never read",),
    ),
    different(
        "state-alone-added-to-by-more",
        "updates.py:marked(told=False)",
        "updates.py:marked(amount=0.75, told=False)",
        mentions=("state of marked/marks",),
    ),
    equal("entry-overwritten", "updates.py:overwritten", "updates.py:overwritten", basis=PROOF),
    different("entry-overwritten-with-another-value", "updates.py:overwritten", "updates.py:overwritten(value=0.75)"),
    different("entry-read-after-it-is-overwritten", "updates.py:overwritten", "updates.py:overwritten(late=True)"),
    # Sequences ---------------------------------------------------------------------------------------
    equal("recurrent-in-two-styles", "sequences.py:recurrent", "sequences.py:Recurrent", "6,3", basis=PROOF),
    equal("recurrent-layers-as-cells", "sequences.py:recurrent", "sequences.py:RecurrentCells", "6,3"),
    equal(
        "mask-travels-in-two-styles", "sequences.py:masked_words", "sequences.py:MaskedWords", f"6:{WORDS}", basis=PROOF
    ),
    equal("attention-in-two-styles", "sequences.py:attention", "sequences.py:Attention", "6,8", basis=PROOF),
    different(
        "lstm-gate-activation",
        "sequences.py:recurrent",
        "sequences.py:recurrent(gates='hard_sigmoid')",
        edits=(update("lstm", "recurrent_activation"),),
        exact=True,
        mentions=("recurrent_activation", "hard_sigmoid"),
    ),
    different(
        "gru-reset-after",
        "sequences.py:recurrent",
        "sequences.py:recurrent(reset_after=False)",
        edits=(update("gru", "reset_after"),),
        mentions=("reset_after",),
    ),
    different(
        "gru-goes-backwards",
        "sequences.py:backwards(reverse=False)",
        "sequences.py:backwards",
        edits=(update("gru", "go_backwards"),),
        exact=True,
        mentions=("go_backwards",),
    ),
    different(
        "mask-never-made",
        "sequences.py:masked_words",
        "sequences.py:masked_words(mask=False)",
        f"6:{WORDS}",
        mentions=("mask",),
    ),
    different(
        "mask-lost-on-the-way",
        "sequences.py:MaskedWords",
        "sequences.py:MaskLost",
        f"6:{WORDS}",
        mentions=("mask",),
    ),
    different(
        "causal-mask-missing",
        "sequences.py:attention(causal=True)",
        "sequences.py:attention",
        mentions=("causal|mask",),
    ),
    different(
        "attention-dropout",
        "sequences.py:attention(dropout=0.2)",
        "sequences.py:attention",
        mentions=("dropout",),
    ),
    different(
        "attention-values-unnormed",
        "sequences.py:Attention",
        "sequences.py:AttentionKeysUnnormed",
        "6,8",
        edits=(Expected(kind="rewire", op="attention|attend"),),
    ),
    different(
        "mask-goes-out-on-one-side",
        "sequences.py:attended",
        "sequences.py:attended(mask=False)",
        "6:int32@0..9",
        mentions=("an output carries a mask on one side alone",),
    ),
    equal("mean-of-words-by-hand", "sequences.py:mean_of_words", "sequences.py:MeanByHand", "6:int32@0..9"),
    different("mean-of-other-words", "sequences.py:mean_of_words", "sequences.py:MeanByHand(start=1)", "6:int32@0..9"),
    # Structure ---------------------------------------------------------------------------------------
    equal("nested-three-deep", "structure.py:flat", "structure.py:Nested", "8,8,3", basis=PROOF),
    equal("layers-in-containers", "structure.py:flat", "structure.py:Contained", "8,8,3", basis=PROOF),
    equal("dense-by-hand", "structure.py:dense_pair", "structure.py:affine_pair"),
    equal("dense-by-hand-in-a-subclass", "structure.py:dense_pair", "structure.py:AffinePair", "6"),
    equal("heads-declared-in-another-order", "structure.py:heads", "structure.py:Heads", "6", basis=PROOF),
    different("dense-by-hand-without-bias", "structure.py:dense_pair", "structure.py:AffinePair(use_bias=False)", "6"),
    equal("inputs-by-name", "structure.py:named_inputs", "structure.py:NamedInputs", "user=3", "item=4", basis=PROOF),
    different(
        "inputs-joined-in-another-order",
        "structure.py:named_inputs",
        "structure.py:named_inputs(order=('item', 'user'))",
        edits=(Expected(kind="rewire|update|move", op="concat"),),
        exact=True,
        mentions=("concat",),
    ),
    different("outputs-swapped", "structure.py:heads_apart", "structure.py:heads_swapped", mentions=("output",)),
    different(
        "look-alike-outputs-swapped",
        "structure.py:heads",
        "structure.py:heads(swapped=True)",
        mentions=("the outputs are (mean, spread) in the reference, (spread, mean) in the candidate",),
    ),
    different("output-missing", "structure.py:heads", "structure.py:one_head", mentions=("output",)),
    different(
        "loop-stops-early",
        "structure.py:Deep",
        "structure.py:DeepCut",
        "6",
        edits=(delete("dense"),),
        mentions=("never called",),
    ),
    different(
        "layer-repeated", "structure.py:Deep", "structure.py:DeepRepeated", "6", mentions=("shared|never called",)
    ),
    different("separable-against-plain", "structure.py:plain_block", "structure.py:depthwise_block"),
    different(
        "helper-modules-of-the-same-name",
        "left/model.py:model",
        "right/model.py:model",
        edits=(delete("relu"),),
        exact=True,
        mentions=("relu",),
    ),
    # Layers in disguise ------------------------------------------------------------------------------
    equal("dense-over-time", "rewrites.py:dense", "rewrites.py:time_distributed", basis=PROOF),
    equal("dense-as-conv1d", "rewrites.py:dense", "rewrites.py:conv1d", basis=PROOF),
    equal("dense-as-einsum", "rewrites.py:einsum", "rewrites.py:dense", basis=PROOF),
    equal("dense-as-pointwise-convolution", "rewrites.py:pointwise", "rewrites.py:dense", basis=PROOF),
    equal("dense-of-any-length", "rewrites.py:any_length_dense", "rewrites.py:any_length_conv1d", basis=PROOF),
    different("dense-against-wider-conv1d", "rewrites.py:dense", "rewrites.py:conv1d(kernel_size=3)"),
    different(
        "dense-over-time-other-activation",
        "rewrites.py:dense(activation='tanh')",
        "rewrites.py:time_distributed",
        mentions=("relu", "tanh"),
    ),
    equal("heads-by-reshape-or-einsum", "rewrites.py:heads_by_reshape", "rewrites.py:heads_by_einsum", basis=PROOF),
    different(
        "heads-in-another-order",
        "rewrites.py:heads_by_reshape",
        "rewrites.py:heads_by_einsum(order=(1, 2, 3))",
    ),
    equal("flatten-dense-as-full-window", "rewrites.py:flattened", "rewrites.py:full_window", basis=PROOF),
    different("full-window-transposed", "rewrites.py:flattened(transposed=True)", "rewrites.py:full_window"),
    equal("flatten-by-batch-size", "rewrites.py:flattened", "rewrites.py:FlattenedByBatch", "4,4,3", basis=PROOF),
    equal("separable-in-two-steps", "rewrites.py:separable", "rewrites.py:depthwise_pointwise", basis=PROOF),
    different(
        "separable-with-activation-between",
        "rewrites.py:separable",
        "rewrites.py:depthwise_pointwise(activation='relu')",
        mentions=("relu",),
    ),
    equal("rescaling-by-hand", "rewrites.py:rescaled", "rewrites.py:RescaledByHand", "6,6,3", basis=PROOF),
    different(
        "rescaling-off-centre",
        "rewrites.py:rescaled",
        "rewrites.py:RescaledByHand(center=127.0)",
        "6,6,3",
    ),
    equal("maximum-over-the-image", "rewrites.py:pooled_by_window", "rewrites.py:pooled_by_reduction", basis=PROOF),
    different(
        "average-before-relu",
        "rewrites.py:averaged_by_window",
        "rewrites.py:averaged_by_reduction",
        edits=(Expected(kind="move|insert|delete", op="relu|mean|pool"),),
    ),
    equal("crop-by-slices", "rewrites.py:cropped", "rewrites.py:CroppedBySlices", "8,3", basis=PROOF),
    equal("conv1d-padding-made-explicit", "rewrites.py:padded_same", "rewrites.py:padded_before", basis=PROOF),
    different("conv1d-padding-on-one-side", "rewrites.py:padded_same", "rewrites.py:padded_before(left=2, right=0)"),
    equal("value-computed-twice", "rewrites.py:SharedValue", "rewrites.py:SharedValue(twice=True)", "4", basis=PROOF),
    # Recurrence --------------------------------------------------------------------------------------
    equal("cell-of-ones-own", "recurrent.py:leaky", "recurrent.py:LeakyNet", basis=EQUAL),
    different("cell-of-ones-own-leaks-less", "recurrent.py:leaky", "recurrent.py:leaky(leak=0.4)", mentions=("0.4",)),
    equal("bidirectional-by-hand", "recurrent.py:both_ways", "recurrent.py:TwoLoops", basis=EQUAL),
    different(
        "state-forgotten",
        "recurrent.py:state_to_state",
        "recurrent.py:StateToState(hand_over=False)",
        mentions=("state",),
    ),
    equal("stateful", "recurrent.py:stateful", "recurrent.py:Stateful", basis=PROOF),
    different("state-not-kept", "recurrent.py:stateful", "recurrent.py:stateful(keep=False)", mentions=("stateful",)),
    equal("mask-by-hand", "recurrent.py:masked", "recurrent.py:MaskPassed", f"5:{WORDS}"),
    different(
        "mask-not-passed",
        "recurrent.py:MaskPassed",
        "recurrent.py:MaskPassed(pass_mask=False)",
        f"5:{WORDS}",
        mentions=("mask",),
    ),
    equal("time-distributed-by-hand", "recurrent.py:per_step", "recurrent.py:PerStep", basis=EQUAL),
    equal("last-of-all-outputs", "recurrent.py:last", "recurrent.py:LastOfAll", "5,3", basis=NUMERIC),
    different("first-of-all-outputs", "recurrent.py:last", "recurrent.py:LastOfAll(step=0)", "5,3"),
    different(
        "last-step-both-ways", "recurrent.py:last(both_ways=True)", "recurrent.py:LastOfAll(both_ways=True)", "5,3"
    ),
    different(
        "other-state-taken",
        "recurrent.py:StateTaken",
        "recurrent.py:StateTaken(number=2)",
        "5,3",
        edits=(Expected(kind="rewire", op="dense|head"),),
        exact=True,
        mentions=("cell output h of loop (LSTM", "cell state c of loop (LSTM", "nothing else differs"),
    ),
    # Attention ---------------------------------------------------------------------------------------
    equal("two-ways-by-hand", "recurrent.py:two_ways", "recurrent.py:TwoWays", "5,3", basis=NUMERIC),
    different("two-ways-not-turned-back", "recurrent.py:two_ways", "recurrent.py:TwoWays(back=False)", "5,3"),
    different("mask-from-a-count", "sequences.py:Lengths", "sequences.py:Lengths(counted=True)", "8:int32@0..4999"),
    equal("ids-taken-for-floats", "sequences.py:nested_words", "sequences.py:nested_words(nested=False)"),
    different(
        "ids-taken-for-floats-unmasked",
        "sequences.py:nested_words",
        "sequences.py:nested_words(nested=False, mask=False)",
        mentions=("mask",),
    ),
    equal("mask-added-or-put", "attention.py:masked", "attention.py:masked(how='where')", basis=NUMERIC),
    equal("mask-added-or-infinite", "attention.py:masked", "attention.py:masked(how='where', by=None)", basis=NUMERIC),
    equal("mask-of-another-size", "attention.py:masked", "attention.py:masked(by=-1e12)", basis=NUMERIC),
    equal(
        "mask-infinite-or-not",
        "attention.py:masked(how='where')",
        "attention.py:masked(how='where', by=None)",
        basis=NUMERIC,
    ),
    different("mask-within-the-scores", "attention.py:masked", "attention.py:masked(by=-1e4)"),
    different("mask-of-the-other-sign", "attention.py:masked", "attention.py:masked(by=1e9)"),
    equal(
        "one-head-of-dense-layers",
        "attention.py:one_head",
        "attention.py:masked(how='where', scaled=True)",
        basis=NUMERIC,
    ),
    different(
        "one-head-of-dense-layers-unmasked",
        "attention.py:one_head",
        "attention.py:masked(how='where', causal=False, scaled=True)",
    ),
    equal("causal-mask-by-hand", "attention.py:multi_head(causal=True)", "attention.py:MultiHead(causal=True)"),
    different(
        "grouped-attention-groups",
        "attention.py:grouped",
        "attention.py:grouped(groups=4)",
        mentions=("num_key_value",),
    ),
    different(
        "attention-mask-dropped",
        "attention.py:Words",
        "attention.py:Words(pass_mask=False)",
        f"5:{WORDS}",
        mentions=("mask",),
    ),
    # Preprocessing -----------------------------------------------------------------------------------
    different(
        "zoom-factor",
        "preprocessing.py:augmented(kind='zoom')",
        "preprocessing.py:augmented(kind='zoom', height_factor=0.3)",
        edits=(update("zoom", "height_factor"),),
        exact=True,
    ),
    different(
        "augmentation-always-on",
        "preprocessing.py:augmented(kind='noise')",
        "preprocessing.py:Augmented(kind='noise', always=True)",
        mentions=("training=true",),
    ),
    different(
        "integer-lookup-vocabulary",
        "preprocessing.py:numbers",
        "preprocessing.py:numbers(vocabulary=(4, 1, 6, 9))",
        mentions=("vocabulary",),
    ),
    different(
        "string-lookup-vocabulary",
        "preprocessing.py:strings",
        "preprocessing.py:strings(vocabulary=('a', 'c', 'b'))",
        mentions=("vocabulary",),
    ),
    # Precision ---------------------------------------------------------------------------------------
    equal("quantised", "precision.py:plain(quantised=True)", "precision.py:Plain(quantised=True)", basis=PROOF),
    different(
        "policy",
        "precision.py:mixed",
        "precision.py:mixed(policy='mixed_bfloat16')",
        mentions=("bfloat16", "mixed_float16"),
    ),
    # Control flow ------------------------------------------------------------------------------------
    equal("cond-as-where", "control.py:Branch", "control.py:BranchWhere", "6"),
    different("line-inside-cond", "control.py:Branch", "control.py:BranchElse", "6", mentions=("sigmoid|tanh",)),
    open_question(
        "branch-no-probe-takes", "control.py:BranchRare", "control.py:BranchRareWhere", "6", mentions=("branch",)
    ),
    different("body-of-while-loop", "control.py:Loop", "control.py:Loop(factor=0.4)", "6", mentions=("0.4",)),
    equal("layer-in-a-loop", "control.py:LoopLayer", "control.py:LoopLayerOther", "6"),
    equal("compiled-function-as-plain-python", "control.py:CompiledXla", "control.py:NotCompiled", "6", basis=PROOF),
    open_question(
        "python-on-data", "control.py:OnData", "control.py:Branch", "6", mentions=("control.py:", "cannot be")
    ),
    # Layers of one's own -----------------------------------------------------------------------------
    equal("loss-and-weights-added-in-a-layer", "custom.py:gated", "custom.py:Gated"),
    different("added-loss-weighs-more", "custom.py:gated", "custom.py:gated(strength=0.2)", mentions=("loss|0.2",)),
    different("lambda-factor", "custom.py:with_lambda", "custom.py:with_lambda(factor=3.0)", mentions=("3",)),
    equal("named-inputs-in-another-order", "custom.py:listed(order=('b', 'a'))", "custom.py:structured", basis=PROOF),
    equal("named-inputs-as-arguments", "custom.py:listed(order=('b', 'a'))", "custom.py:TwoArguments", basis=PROOF),
    # Habits ------------------------------------------------------------------------------------------
    equal("made-anew-on-both-sides", "habits.py:MadeAnew", "habits.py:MadeAnew", "6", mentions=("never trained",)),
    different(
        "made-anew", "habits.py:Healthy", "habits.py:MadeAnew", "6", mentions=("made in the call", "never trained")
    ),
    equal("layer-forgotten", "habits.py:Healthy", "habits.py:Forgotten", "6", mentions=("norm", "never called")),
    equal("weight-unread", "habits.py:Healthy", "habits.py:Unread", "6", mentions=("scale", "never read")),
    different("dropout-always", "habits.py:Healthy", "habits.py:DropoutAlways", "6", mentions=("training=true",)),
    different("flag-ignored-inside", "habits.py:Outer", "habits.py:Outer(passes=False)", "6", mentions=("inner/norm",)),
    different("mask-dropped", "habits.py:MaskKept", "habits.py:MaskDropped", "5:int32@0..19", mentions=("is lost in",)),
    equal("training-code-the-same", "habits.py:Stepping", "habits.py:SteppingAgain", "6", mentions=("same code",)),
    open_question(
        "training-code-differs",
        "habits.py:Stepping",
        "habits.py:SteppingTwice",
        "6",
        mentions=("train_step", "differently", "habits.py:"),
    ),
    open_question(
        "prediction-overridden-on-one-side",
        "habits.py:Healthy",
        "habits.py:PredictsTwice",
        "6",
        mentions=("predict_step is overridden in the candidate alone", "habits.py:"),
    ),
    open_question(
        "loss-overridden-on-one-side", "habits.py:Healthy", "habits.py:LossOfItsOwn", "6", mentions=("candidate alone",)
    ),
)
