"""What is known of each TensorFlow op: the one taxonomy that every module asks.

Why lists and not TensorFlow's registry? Most of those who ask never import TensorFlow. The lists are taken from the
``OpDef`` of each op (``is_stateful``, the ``seed`` attributes, resource inputs, function attributes) as TensorFlow 2.21
registers them, 1,910 ops; ``test_ops.py`` holds them against the registry in use. Ops on the reference variables of
TensorFlow 1 (``ScatterUpdate``, ``ApplyAdam``) do not occur under Keras 3 and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kerasdiff.graph.model import Attribute, Graph, Node

# Random numbers ------------------------------------------------------------------------------------------

KERNEL_DRAWS = frozenset(
    {"RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal", "ParameterizedTruncatedNormal",
     "Multinomial", "RandomGamma", "RandomPoisson", "RandomPoissonV2", "RandomShuffle", "RandomCrop",
     "SampleDistortedBoundingBox", "SampleDistortedBoundingBoxV2", "FractionalAvgPool", "FractionalMaxPool",
     "AllCandidateSampler", "FixedUnigramCandidateSampler", "LearnedUnigramCandidateSampler",
     "LogUniformCandidateSampler", "ThreadUnsafeUnigramCandidateSampler", "UniformCandidateSampler",
     "RiscRandomUniform"}
)  # fmt: skip
"""Draw from a generator inside the kernel, which nobody can read or set back: all that take ``seed`` and ``seed2``.
``CudnnRNN`` takes them too, and draws only where its dropout is not 0, which Keras never asks for."""

VARIABLE_DRAWS = frozenset(
    {"StatefulRandomBinomial", "StatefulStandardNormal", "StatefulStandardNormalV2", "StatefulTruncatedNormal",
     "StatefulUniform", "StatefulUniformFullInt", "StatefulUniformInt"}
)  # fmt: skip
"""Draw from a generator whose state is a variable, their first operand, and move it on."""

KEYED_DRAWS = frozenset(
    {"StatelessMultinomial", "StatelessParameterizedTruncatedNormal", "StatelessRandomBinomial",
     "StatelessRandomGammaV2", "StatelessRandomGammaV3", "StatelessRandomNormal", "StatelessRandomNormalV2",
     "StatelessRandomPoisson", "StatelessRandomUniform", "StatelessRandomUniformFullInt",
     "StatelessRandomUniformFullIntV2", "StatelessRandomUniformInt", "StatelessRandomUniformIntV2",
     "StatelessRandomUniformV2", "StatelessSampleDistortedBoundingBox", "StatelessShuffle",
     "StatelessTruncatedNormal", "StatelessTruncatedNormalV2", "RandomIndexShuffle", "XlaRngBitGenerator"}
)  # fmt: skip
"""Draw from a key that is an operand: the same numbers for the same key."""

SKIPS = frozenset({"RngReadAndSkip", "RngSkip"})
"""Move the state of a generator on and draw nothing."""

FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(("RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2"), "uniform"),
    **dict.fromkeys(("RandomStandardNormal", "StatelessRandomNormal", "StatelessRandomNormalV2"), "normal"),
    **dict.fromkeys(("TruncatedNormal", "StatelessTruncatedNormal", "StatelessTruncatedNormalV2"), "truncated normal"),
}
"""The distribution an op draws from; the same numbers may stand for those of any op of its family."""


def draws(kind: str) -> bool:
    """Whether an op of this type gives random numbers."""
    return kind in KERNEL_DRAWS or kind in VARIABLE_DRAWS or kind in KEYED_DRAWS


def draws_anew(kind: str) -> bool:
    """Whether it gives other random numbers each time it runs, whatever its operands are."""
    return kind in KERNEL_DRAWS or kind in VARIABLE_DRAWS


# State ---------------------------------------------------------------------------------------------------

_OPTIMIZER_STEPS = frozenset(
    {"ResourceApplyAdaMax", "ResourceApplyAdadelta", "ResourceApplyAdagrad", "ResourceApplyAdagradDA",
     "ResourceApplyAdagradV2", "ResourceApplyAdam", "ResourceApplyAdamWithAmsgrad", "ResourceApplyAddSign",
     "ResourceApplyCenteredRMSProp", "ResourceApplyFtrl", "ResourceApplyFtrlV2", "ResourceApplyGradientDescent",
     "ResourceApplyKerasMomentum", "ResourceApplyMomentum", "ResourceApplyPowerSign", "ResourceApplyProximalAdagrad",
     "ResourceApplyProximalGradientDescent", "ResourceApplyRMSProp", "ResourceSparseApplyAdadelta",
     "ResourceSparseApplyAdagrad", "ResourceSparseApplyAdagradDA", "ResourceSparseApplyAdagradV2",
     "ResourceSparseApplyCenteredRMSProp", "ResourceSparseApplyFtrl", "ResourceSparseApplyFtrlV2",
     "ResourceSparseApplyKerasMomentum", "ResourceSparseApplyMomentum", "ResourceSparseApplyProximalAdagrad",
     "ResourceSparseApplyProximalGradientDescent", "ResourceSparseApplyRMSProp"}
)  # fmt: skip

VARIABLE_WRITES = _OPTIMIZER_STEPS | {
    "AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "AssignVariableXlaConcatND", "ResourceCountUpTo",
    "ResourceStridedSliceAssign", "ResourceScatterAdd", "ResourceScatterDiv", "ResourceScatterMax",
    "ResourceScatterMin", "ResourceScatterMul", "ResourceScatterSub", "ResourceScatterUpdate", "ResourceScatterNdAdd",
    "ResourceScatterNdMax", "ResourceScatterNdMin", "ResourceScatterNdSub", "ResourceScatterNdUpdate",
}  # fmt: skip
"""Give the variable that is their first operand another value."""

TABLE_WRITES = frozenset(
    {"InitializeTableV2", "InitializeTableFromDataset", "InitializeTableFromTextFileV2", "LookupTableImportV2",
     "LookupTableInsertV2", "LookupTableRemoveV2"}
)  # fmt: skip
"""Change the lookup table that is their first operand."""

VARIABLE_READS = frozenset({"ReadVariableOp", "ResourceGather", "ResourceGatherNd"})
"""Give the values, or some of them, that the variable of their first operand has at that moment."""

TABLE_READS = frozenset({"LookupTableFindV2", "LookupTableSizeV2", "LookupTableExportV2"})
"""Look into a lookup table."""

PYTHON_CALLS = frozenset({"PyFunc", "EagerPyFunc", "PyFuncStateless"})
"""Run Python code that a graph does not show."""

_BESIDES = frozenset(
    {"Assert", "PrintV2", "Print", "If", "While", "Case", "StatefulPartitionedCall", "PyFunc", "EagerPyFunc"}
)
"""Say something, or may hold an op that writes."""


def writes(kind: str) -> bool:
    """Whether an op changes what its first operand holds, a variable or a lookup table.

    A generator of TensorFlow's that moves on (:data:`SKIPS`, :data:`VARIABLE_DRAWS`) does not count: it starts
    anywhere, and who draws first is no difference between two models.
    """
    return kind in VARIABLE_WRITES or kind in TABLE_WRITES


def is_effect(kind: str) -> bool:
    """Whether an op may be there for what it does (assign, print, call), not for what it returns alone."""
    return writes(kind) or kind in _BESIDES


def forgets(kind: str) -> bool:
    """Whether an op has a state that nobody can read: a generator inside the kernel, or whatever Python does."""
    return kind in KERNEL_DRAWS or kind in PYTHON_CALLS


# Control flow --------------------------------------------------------------------------------------------

LOOPS = frozenset({"While", "StatelessWhile"})

BRANCHES = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})

FUNCTION_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})

SELECTIONS = frozenset({"Select", "SelectV2"})
"""Take one of two values; where the condition is one number, for all of a batch."""


def bodies(node: Node) -> Iterator[Graph]:
    """The function bodies an op runs."""
    return bodies_in(node.attributes.values())


def bodies_in(attributes: Iterable[Attribute]) -> Iterator[Graph]:
    """The function bodies among the attributes of an op."""
    for value in attributes:
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Graph):
                yield part


def within(graph: Graph) -> Iterator[Node]:
    """Every node of a graph, those of function bodies included."""
    graphs = [graph]
    while graphs:
        for node in graphs.pop():
            yield node
            graphs.extend(bodies(node))


def draws_inside(node: Node) -> bool:
    """Whether a node draws random numbers somewhere in what it computes."""
    return node.lowering is not None and any(draws(inner.op) for inner in within(node.lowering))


def looks_up(node: Node) -> bool:
    """Whether a node takes rows of a table by their numbers."""
    return node.lowering is not None and any(inner.op in LOOKUPS for inner in within(node.lowering))


# What ops look at or leave alone -------------------------------------------------------------------------

SHAPE_ONLY = frozenset({"Shape", "ShapeN", "Rank", "Size", "VariableShape"})
"""Look at the shape of a value alone."""

SIZE_WORK = SHAPE_ONLY | {"Dim", "Pack"}
"""Work out sizes (``Dim`` is the canonical op of one element of a shape): nobody knows a layer by these."""

HANDED_ON = frozenset({"ReadVariableOp", "Identity", "IdentityN", "NoOp"})
"""Fetch a value or hand it on: how TensorFlow writes a graph down, not what the graph computes."""

GRADIENT_STOPS = frozenset({"StopGradient", "PreventGradient"})
"""Hand a value on, and no gradient back."""

REARRANGES = GRADIENT_STOPS | {
    "Cast", "Reshape", "Squeeze", "ExpandDims", "Transpose", "ConcatV2", "Pack", "BroadcastTo",
}  # fmt: skip
"""Hand values on whole, to other places at most: as they treat one value, they treat all."""

CUTS = frozenset({"StridedSlice", "Slice", "Slice*"})
"""Take a part of a value (``Slice*`` is the canonical op of every spelling)."""

COMPARISONS = frozenset({"Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"})
"""Tell whether two values stand in a relation: where one is a constant, they jump there."""

POLES = frozenset({"RealDiv", "Div", "DivNoNan", "Xdivy", "Reciprocal", "Inv", "Rsqrt", "Sqrt", "Log", "Pow", "Xlogy"})
"""Give what is not finite, or has no slope, at 0."""

TIES = frozenset({"ArgMax", "ArgMin", "TopK", "TopKV2"})
"""Choose between values that are the same by where they stand."""

LOOKUPS = frozenset({"Gather", "GatherV2", "GatherNd", "ResourceGather", "ResourceGatherNd"})
"""Take rows of a table by their numbers; their gradient holds these rows alone."""

BOUNDS = SELECTIONS | {"Minimum", "Maximum", "Relu", "Relu6", "ClipByValue"}
"""Hold a value back."""

AFFINE = frozenset({"scale", "shift"})
"""Canonical ops that multiply by a constant or add one: it moves every value, by an amount that probes can measure."""

COMMUTATIVE = frozenset(
    {"AddV2", "Mul", "Maximum", "Minimum", "LogicalAnd", "LogicalOr", "SquaredDifference", "Equal", "NotEqual", "Sum*"}
)
"""Ops whose operands may stand in any order, bit for bit."""
