"""More pairs, of everything Keras runs: too many to start two processes for each, so they are compared in one.

Same form as :mod:`pairs.table`; ``SELVES`` are targets that must equal themselves by proof.
"""

from __future__ import annotations

from pairs.table import EQUAL, PROOF, Pair, different, equal

IDS = "5:int32@0..19"

ZOO: tuple[Pair, ...] = (
    # Recurrence --------------------------------------------------------------------------------------
    equal("rnn-as-a-python-loop", "recurrent.py:simple", "recurrent.py:SimpleLoop", basis=EQUAL),
    equal("rnn-unrolled", "recurrent.py:simple", "recurrent.py:SimpleRolled(unroll=True)", basis=EQUAL),
    different("rnn-activation", "recurrent.py:simple", "recurrent.py:simple(activation='relu')", mentions=("relu",)),
    equal("stacked-cells", "recurrent.py:stacked", "recurrent.py:Stacked", basis=PROOF),
    different(
        "one-stacked-cell-differs", "recurrent.py:stacked", "recurrent.py:stacked(second='relu')", mentions=("relu",)
    ),
    different(
        "way-back-has-other-gates",
        "recurrent.py:both_ways",
        "recurrent.py:both_ways(backward=True)",
        mentions=("hard_sigmoid",),
    ),
    equal("state-handed-on", "recurrent.py:state_to_state", "recurrent.py:StateToState", basis=PROOF),
    equal("conv-lstm", "recurrent.py:conv_lstm(rank=2)", "recurrent.py:ConvLstm(rank=2)", basis=PROOF),
    different(
        "conv-lstm-activation",
        "recurrent.py:conv_lstm(rank=2)",
        "recurrent.py:conv_lstm(rank=2, activation='relu')",
        mentions=("relu",),
    ),
    different(
        "activation-inside-time-distributed",
        "recurrent.py:per_step",
        "recurrent.py:per_step(activation='tanh')",
        mentions=("tanh",),
    ),
    # Attention ---------------------------------------------------------------------------------------
    equal("multi-head-by-hand", "attention.py:multi_head", "attention.py:by_hand"),
    equal("grouped-attention", "attention.py:grouped", "attention.py:Grouped", basis=PROOF),
    equal("dot-attention-by-hand", "attention.py:dot", "attention.py:DotByHand"),
    different("dot-attention-scaled", "attention.py:dot", "attention.py:DotByHand(divisor=2.0)"),
    equal("additive-attention-by-hand", "attention.py:dot(kind='AdditiveAttention')", "attention.py:AdditiveByHand"),
    # Preprocessing -----------------------------------------------------------------------------------
    equal("resize-crop-rescale", "preprocessing.py:resized", "preprocessing.py:ResizedLayers", basis=PROOF),
    different(
        "resize-interpolation",
        "preprocessing.py:resized",
        "preprocessing.py:resized(interpolation='nearest')",
        mentions=("interpolation",),
    ),
    equal("augmentation", "preprocessing.py:augmented", "preprocessing.py:Augmented", basis=PROOF),
    equal("bins-by-hand", "preprocessing.py:binned", "preprocessing.py:Binned"),
    different("hash-bins", "preprocessing.py:hashed", "preprocessing.py:hashed(bins=4)", mentions=("num_bins",)),
    equal("category-encoding-by-hand", "preprocessing.py:encoded", "preprocessing.py:Encoded", "4:int32@0..5"),
    equal("integer-lookup", "preprocessing.py:numbers", "preprocessing.py:Numbers", basis=PROOF),
    equal("string-lookup", "preprocessing.py:strings", "preprocessing.py:Strings", basis=PROOF),
    equal("text-vectorization", "preprocessing.py:text", "preprocessing.py:Text", basis=PROOF),
    equal("normalization-by-hand", "preprocessing.py:normalised", "preprocessing.py:Normalised"),
    different(
        "normalization-mean", "preprocessing.py:normalised", "preprocessing.py:normalised(mean=0.4)", mentions=("mean",)
    ),
    different("normalization-adapted-to-other-data", "preprocessing.py:adapted", "preprocessing.py:adapted(scale=2.0)"),
    # Precision ---------------------------------------------------------------------------------------
    different(
        "quantised-against-float", "precision.py:plain", "precision.py:plain(quantised=True)", mentions=("int8",)
    ),
    equal("policy-by-layer-and-for-all", "precision.py:mixed", "precision.py:MixedGlobal", basis=PROOF),
    # Control flow ------------------------------------------------------------------------------------
    equal("cond-in-two-libraries", "control.py:Branch", "control.py:BranchOps", "6", basis=PROOF),
    equal("while-loop-in-python", "control.py:Loop", "control.py:LoopPython", "6"),
    equal("while-loop-as-fori", "control.py:Loop", "control.py:LoopFori", "6"),
    different(
        "layer-in-a-loop-activation",
        "control.py:LoopLayer",
        "control.py:LoopLayer(activation='relu')",
        "6",
        mentions=("relu",),
    ),
    equal("scan-in-python", "control.py:Scan", "control.py:ScanPython", "6"),
    equal("vectorized-map-without-map", "control.py:Mapped", "control.py:MappedPlain", "6"),
    different(
        "compiled-function-factor", "control.py:Compiled", "control.py:Compiled(factor=3.0)", "6", mentions=("3",)
    ),
    equal("static-control-flow", "control.py:Static", "control.py:StaticFlat", "6", basis=PROOF),
    # Layers of one's own -----------------------------------------------------------------------------
    equal("lambda-as-function", "custom.py:with_lambda", "custom.py:WithFunction", basis=PROOF),
    equal("models-in-layers-in-models", "custom.py:nested", "custom.py:Flat", basis=PROOF),
    equal("nested-inputs-and-outputs", "custom.py:structured", "custom.py:Structured", basis=PROOF),
    different("nested-outputs-swapped", "custom.py:Structured", "custom.py:Structured(swap=True)", "a=4", "b=5"),
    different("inputs-in-another-order", "custom.py:listed(order=('b', 'a'))", "custom.py:listed", mentions=("input",)),
    equal("unknown-sizes", "custom.py:unknown_sizes", "custom.py:UnknownSizes"),
    equal("layers-made-in-the-first-call", "custom.py:Lazy", "custom.py:Eager", "6", basis=PROOF),
    equal("tied-embedding", "custom.py:Tied", "custom.py:TiedReverse", "5:int32@0..19"),
    different("embedding-no-longer-tied", "custom.py:Tied", "custom.py:Tied(tied=False)", "5:int32@0..19"),
    # Habits ------------------------------------------------------------------------------------------
    equal("made-anew-without-weights", "habits.py:Healthy", "habits.py:MadeAnewPlain", "6", mentions=("anew in each",)),
    different("dropout-never", "habits.py:Healthy", "habits.py:DropoutNever", "6", mentions=("training=false",)),
)

SELVES: tuple[tuple[str, tuple[str, ...]], ...] = (
    *(
        (f"recurrent.py:{name}", ())
        for name in ("simple", "leaky", "stacked", "both_ways", "state_to_state", "stateful")
    ),
    *((f"recurrent.py:conv_lstm(rank={rank})", ()) for rank in (1, 2, 3)),
    *((f"recurrent.py:masked(loop='{loop}')", ()) for loop in ("SimpleRNN", "LSTM", "GRU")),
    ("recurrent.py:masked(dropout=0.2)", ()),
    ("recurrent.py:SimpleLoop", ("5,3",)),
    ("recurrent.py:per_step", ()),
    ("recurrent.py:Stateful", ("5,3",)),
    ("attention.py:multi_head(causal=True)", ()),
    ("attention.py:by_hand(causal=True)", ()),
    ("attention.py:grouped(causal=True)", ()),
    *((f"attention.py:dot(kind='{kind}', scale=True)", ()) for kind in ("Attention", "AdditiveAttention")),
    ("attention.py:words", ()),
    ("attention.py:words(kind='GroupQueryAttention')", ()),
    ("preprocessing.py:resized", ()),
    *(
        (f"preprocessing.py:augmented(kind='{kind}')", ())
        for kind in ("flip", "rotation", "zoom", "contrast", "brightness", "crop", "translation", "noise")
    ),
    *((f"preprocessing.py:{name}", ()) for name in ("binned", "hashed", "encoded", "numbers", "strings", "text")),
    *((f"preprocessing.py:{name}", ()) for name in ("normalised", "adapted")),
    ("precision.py:plain(quantised=True)", ()),
    ("precision.py:mixed", ()),
    ("precision.py:mixed_convnet", ()),
    ("precision.py:double", ()),
    *((f"control.py:{name}", ("6",)) for name in ("Branch", "BranchOps", "BranchWhere", "BranchRare", "Autograph")),
    *((f"control.py:{name}", ("6",)) for name in ("Loop", "LoopOps", "LoopFori", "LoopPython", "LoopLayer")),
    *((f"control.py:{name}", ("6",)) for name in ("Scan", "ScanPython", "Mapped", "MappedTensorflow")),
    *((f"control.py:{name}", ("6",)) for name in ("Compiled", "CompiledXla", "Static")),
    *(
        (f"custom.py:{name}", ())
        for name in ("gated", "with_lambda", "nested", "structured", "unknown_sizes", "sequence")
    ),
    ("custom.py:TwoArguments", ("a=4", "b=5")),
    ("custom.py:Lazy", ("6",)),
    ("custom.py:Tied", (IDS,)),
    *((f"habits.py:{name}", ("6",)) for name in ("MadeAnew", "MadeAnewPlain", "Forgotten", "Unread", "DropoutAlways")),
    ("habits.py:MaskDropped", (IDS,)),
)
