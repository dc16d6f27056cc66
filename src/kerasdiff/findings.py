"""What did a step establish? Typed facts; every sentence is made from them later, in `kerasdiff.report.wording` alone.

Imports graph; everyone above it may import it. A fact has a kind of the closed enumeration :class:`Fact`, and typed
fields: rewording a sentence changes no verdict, for no verdict reads one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from kerasdiff.graph import Attribute, Node, Port, Returned, Source
from kerasdiff.graph.values import Closeness

SideName = Literal["reference", "candidate"]
SIDES: tuple[SideName, SideName] = ("reference", "candidate")
RungName = Literal["interface", "architecture", "weights", "inference", "training step", "checkpoint", "fit"]


def other(side: SideName) -> SideName:
    """The side that is not ``side``."""
    return "candidate" if side == "reference" else "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A node as an edit or a finding names it: all that a sentence may say of it.

    Attributes:
        node: Its id in the canonical graph.
        origin: The traced node it was made of, itself where it is traced.
        op, kind, scope, display, source: As of :class:`kerasdiff.graph.Node`.
        settings: What a function call without a config was given, by name (``by``, ``constants``, ``alpha``, ``rate``).
    """

    node: str
    origin: str = ""
    op: str = ""
    kind: str = "function"
    scope: str = ""
    display: str = ""
    source: Source | None = None
    settings: Mapping[str, Attribute] = field(default_factory=dict)

    @staticmethod
    def of(node: Node) -> Site:
        """Where ``node`` stands."""
        settings = {key: node.attributes[key] for key in GIVEN if key in node.attributes} if _called(node) else {}
        return Site(
            node=node.id,
            origin=node.home,
            op=node.op,
            kind=node.kind,
            scope=node.scope,
            display=node.display,
            source=node.source,
            settings=settings,
        )


GIVEN = ("by", "constants", "alpha", "rate")
"""Attributes of a function's node that say what it was given, in the order in which they are told."""


def _called(node: Node) -> bool:
    return node.kind == "function"


Quantity = Literal[
    "output",
    "training output",
    "gradient",
    "state",
    "call loss",
    "call losses",
    "regularizer loss",
    "unmatched losses",
    "added losses",
    "loss",
    "optimizer step",
    "metric",
    "stored value",
]
"""What a comparison of values was of. ``call loss``: one of the losses that layers add while they run; ``call
losses``: their sum; ``unmatched losses``: the sum of those that do not correspond one by one; ``added losses``: the sum
of all; ``loss``: of the optimizer step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was compared.

    Attributes:
        probe: By name, where it is one of several.
        number: Which one: of the outputs from 0, of the call losses from 1.
        of: How many there are.
        weight: The reference's id, or for a metric its name.
        weight_scale: Factor on the weights of both sides.
    """

    quantity: Quantity
    probe: str = ""
    number: int = 0
    of: int = 1
    weight: str = ""
    weight_scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One comparison: of what, and how close it came."""

    subject: Subject
    closeness: Closeness


class Fact(Enum):
    """The kinds of facts. A comment says which fields of a :class:`Finding` each fills beside those of its section."""

    # -- what was not done, whatever the rung --------------------------------------------------------------------
    REFUSED = auto()  # cause: why a side cannot be run, in the words of the error
    OPTION = auto()  # names: the option that left it out (--no-fit)
    OUTPUTS_ALONE = auto()  # nothing but outputs was asked for
    INTERFACES_APART = auto()  # names: what fits both no longer, "input" or "data"
    INTERFACES_UNKNOWN = auto()  # of the checkpoint rung: outputs cannot be compared after loading
    NO_COUNTERPART = auto()  # parts: by side, the weights without a counterpart of their size
    REGROUPED = auto()  # the same, where the others may be the same ones, joined on one side
    LIVE_VALUES = auto()  # names: what a model in memory is called, whose values are not compared
    SAVED_VALUES = auto()  # names: the target of a saved model, which holds values and no initializers

    # -- baselines -----------------------------------------------------------------------------------------------
    LOCKED = auto()  # names: what was locked; parts: LOCKED_ELSEWHERE, then one of the next three
    LOCKED_ELSEWHERE = auto()  # values: of each version or device that is another now, its name, then and now
    RECALLED = auto()  # figures: by precision, how far answers lie from those of then; count: answers
    ANSWERS_OTHERWISE = auto()  # the same; closeness: the worst, beyond its limit
    NOT_RECALLED = auto()  # cause, empty where there are no answers to hold it to
    SETTINGS_NOT_HELD = auto()  # names: the baseline whose compile settings read differently; cause: why it lacks them
    NOT_TRAINED = auto()  # names: the baseline, which cannot be trained
    NO_FILE_OF_BASELINE = auto()  # names: the baseline, which holds no layers that could save or load

    # -- interface -----------------------------------------------------------------------------------------------
    SAME_INTERFACE = auto()  # ports: inputs, then outputs; count: of the inputs
    PORT_COUNT = auto()  # names: "input" or "output"; values: how many
    PORT_DIFFERS = auto()  # names: "input" or "output"; count: its number; ports: both
    OUTPUTS_SWAPPED = auto()  # values: the names of the outputs in their order
    OTHER_KEYS = auto()  # parts: RENAMED_INPUT
    RENAMED_INPUT = auto()  # values: both names
    OUTPUTS_UNKNOWN = auto()
    RETURNED_OTHERWISE = auto()  # names: modes, where not both; returned: both places, None where a side has none
    OTHER_SEQUENCE = auto()  # the same, where one is a tuple and the other a list
    RETURNED_UNREAD = auto()  # returned: an object on both sides, of whose contents nothing is known

    # -- architecture --------------------------------------------------------------------------------------------
    ISOMORPHIC = auto()  # count: nodes
    SAME_BY_OTHERS = auto()  # computed by another library a side, or by none that proves; count: nodes; libraries
    SAME_BUT_ROWS = auto()  # the same of two generations, each of which trains rows of a table in its own way
    EDITS = auto()  # count; figures: by kind of edit
    TRAINING_ALONE = auto()  # the edits show in training mode alone
    NUMBERS_AGREE = auto()  # no rule proves the edits harmless, but every number agrees
    UNTRACED_MODES = auto()  # names: modes in which a side could not be traced
    UNEXPLAINED = auto()  # not proved the same, and no edit names why
    NO_GRAPH = auto()  # parts: UNTRACED
    UNTRACED = auto()  # side; parts: the worker's notes on it
    ASIDE = auto()  # parts: NOTE, UNEXPANDED
    NOTE = auto()  # side; parts: one note of its worker
    UNEXPANDED = auto()  # count: TF ops that were too many to be compared one by one

    # -- weights -------------------------------------------------------------------------------------------------
    SETTINGS_DIFFER = auto()  # count: edits of the rung
    PENALIZED_ALIKE = auto()  # regularizers differ, and all losses and gradients agree
    OWN_PENALTY = auto()  # names: the regularizer, as it reads
    WITHOUT_COUNTERPART = auto()  # weights: reference's, then candidate's; values: how many of each
    NO_PAIR_OF_WEIGHTS = auto()
    WEIGHTS_AGREE = auto()  # count: pairs; names: in what
    NO_WEIGHTS = auto()
    LAYOUTS = auto()  # parts: LAID_OUT, TRANSPOSED
    LAID_OUT = auto()  # weights: both; values: both shapes
    TRANSPOSED = auto()  # the same, where the candidate holds the transposed matrix
    JOINED = auto()  # side; weights: the one that holds the others, then these; values: shapes of the first two
    OTHER_WHOLE = auto()  # weights: both; names: an initializer that looks at the whole matrix
    OTHER_NUMBERS = auto()  # weights: one; values: by side, the weight whose random numbers it starts from, or None
    START_NUMBERS = auto()  # parts: OTHER_NUMBERS
    START_SCALES = auto()  # parts: OTHER_FANS, OTHER_WHOLE
    OTHER_FANS = auto()  # weights: both; values: both fans
    SPELLED_OTHERWISE = auto()  # parts: SPELLED; what they do agrees in every figure
    ALIKE_UNWEIGHED = auto()  # the same, but where rows are weighed or masked
    SPELLED = auto()  # names: the compile setting; values: how either side reads
    STORED_VALUES_DIFFER = auto()  # count, of: pairs; weights: the first few; compared: the worst; parts: AS_STORED
    STORED_VALUES_APART = auto()  # the same, and yet all outputs agree
    STORED_VALUES_AGREE = auto()  # count: pairs; figures: rounding, the largest difference
    AS_STORED = auto()  # compared: outputs with the values as stored
    SAME_START = auto()  # count: weights of other initializers with the same starting values

    # -- numbers -------------------------------------------------------------------------------------------------
    NEVER_FINITE = auto()  # names: the quantity; count, of: outputs that are not finite on either side on any probe
    NOTHING_TO_COMPARE = auto()  # names: the quantity
    VALUES_AGREE = auto()  # names: the quantity; compared: the worst; of: comparisons; parts: COARSE
    VALUES_DIFFER = auto()  # the same; count: beyond their limit; subjects: not finite on one side alone
    ROUNDING_DECIDES = auto()  # the same; count: that rounding alone may part, by more than any limit allows for
    COARSE = auto()  # parts: why the limit is not that of float64
    FLOAT32_HARD_CODED = auto()
    OTHER_DRAWS_IN_FLOAT64 = auto()
    TOLD_IN_FLOAT32 = auto()  # names: the quantity; count: comparisons; of: all; figures: limit
    OTHERWISE_IN_FLOAT64 = auto()  # side: which does, None for both
    FLOAT32_TELLS = auto()  # count: parameters; of: the most of which float64 is tried first
    DRAWS_GIVEN = auto()  # count: random ops that were given the other side's numbers
    DRAWS_MIRRORED = auto()  # the same, or as likely ones
    DISTRIBUTIONS_AGREE = auto()  # count: draws a row; of: tests; figures: smallest_p, limit_p, seconds if spent
    DISTRIBUTIONS_DIFFER = auto()  # the same; parts: what of it tells
    VARY_TOGETHER_OTHERWISE = auto()  # names: the axes over which values of a draw vary together otherwise
    SHOWN_BY_INPUTS = auto()  # outputs do not tell, but how inputs move them
    TOO_LARGE_TO_SAMPLE = auto()

    # -- inference -----------------------------------------------------------------------------------------------
    PROOF_CONFIRMED = auto()
    PROOF_OF_RANDOM_MODELS = auto()
    PROOF_OF_FUNCTION = auto()
    UNCONFIRMED = auto()  # count: parameters; of: the most of which numbers confirm a proof
    TOO_LARGE_NODE_BY_NODE = auto()  # count: parameters; of: the most of which values are compared node by node
    BESIDE_OUTPUTS = auto()  # parts: UPDATED_*, ADDED_AT_INFERENCE
    UPDATED_ALONE = auto()  # side; weights: that the call updates
    UPDATED_OTHERWISE = auto()  # weights; compared
    ADDED_AT_INFERENCE = auto()  # closeness: of the losses added at inference
    READING = auto()  # figures: smallest_passing, argmax_agreement, where known
    SEPARATED = auto()  # parts: how the input was found; closeness: of the outputs
    RANDOM_ON_ONE_SIDE = auto()  # side
    RANDOM_ON_BOTH_SIDES = auto()
    SIZE_REFUSED = auto()  # side: that refuses; names: the shapes; cause
    SIZES_REFUSED = auto()  # names: shapes that neither takes
    ONE_WAY_BRANCH = auto()  # side; sites: an edit's node with a branch that no probe is known to take

    # -- training step -------------------------------------------------------------------------------------------
    PROOF_OF_LEARNING = auto()
    UNTRAINED = auto()  # names: what differs; count: parameters; of: the most of which gradients are compared even so
    MASKED_ON_ONE_SIDE = auto()
    ABSENT_GRADIENTS = auto()  # parts: the four below
    FROZEN_ON_ONE_SIDE = auto()  # side: where it is trainable; weights
    WEIGHT_NOT_READ = auto()  # side: where it gets no gradient; weights
    GRADIENT_STOPPED = auto()  # the same; names: the node that stops gradients; sources
    NOTHING_LEARNED_FROM = auto()  # the same
    BY_ROWS = auto()  # parts: ROW_BY_ROW
    ROW_BY_ROW = auto()  # side: that takes its rows one by one; weights: there, and on the other side where that
    # looks it up by id too; names: the optimizer; sources: the calls that look up
    NO_STEP = auto()  # cause
    STEP_IS_ROUNDING = auto()
    STEP_NOT_FINITE = auto()  # the loss is NaN or infinite on both sides
    STEP_TAKEN = auto()  # values: optimizer and objective of either side
    SETTINGS_REFUSED = auto()  # side: that cannot be trained by its compile settings, as the other can; cause
    UNSEEDED_ON_ONE_SIDE = auto()  # side
    UNSEEDED_ON_BOTH_SIDES = auto()
    SAME_TRAINING_CODE = auto()  # names: a method that both models bring, which no rung runs; sources
    OWN_STEPS_AGREE = auto()  # the same, that is run under two generations of Keras; count: weights it moves alike
    OWN_STEPS_APART = auto()  # the same; compared: the worst
    OWN_STEPS_REFUSED = auto()  # the same; cause
    OTHER_TRAINING_CODE = auto()  # the same, with other code on either side
    OWN_TRAINING_CODE = auto()  # the same; side: that alone brings it

    # -- checkpoint ----------------------------------------------------------------------------------------------
    NOTHING_STORED = auto()
    LOADS = auto()  # names: kinds of file; closeness: of the outputs
    LOAD_REFUSED = auto()  # names: kinds of file; parts: why; cause: Keras's words
    LOADS_OTHERWISE = auto()  # names: kinds of file; parts: why; closeness
    UNREAD_FORM = auto()  # names: kind of file; parts: CAN_BE_CONVERTED
    CAN_BE_CONVERTED = auto()  # the weights of a file that is not read
    LOADS_WITH_OPTION = auto()  # names: kind of file, option; weights: which hold nothing of it; parts; closeness
    HOLDS_ANOTHERS = auto()  # values: weights of the candidate, each with that of the reference whose values it holds
    NOT_SAVED = auto()  # names: kind of file; cause
    REFERENCE_IS_RANDOM = auto()
    STORED_IN_OTHER_ORDER = auto()  # values: pairs of what weights are stored under, empty for the model itself
    STORED_UNDER_OTHER_NAMES = auto()  # the same
    STORED_IN_OTHER_SHAPE = auto()  # values: paths with both shapes
    FILE_LACKS = auto()  # names: paths
    NO_ROOM_FOR = auto()  # names: paths
    DID_NOT_ARRIVE = auto()  # count, of: weights
    READ_TRANSPOSED = auto()  # weights
    ALL_ARRIVED = auto()
    SAME_FUNCTION_UNKNOWN = auto()  # of a conversion: the rung that should tell that outputs agree does not
    CONVERTED_APART = auto()  # of a conversion: outputs of the file that was written differ; compared: the worst
    CONVERTED_ASTRAY = auto()  # of a conversion: weights: of the candidate, that its own Keras does not load again
    STORED_ALIKE = auto()  # count: weights that both sides store at one place, in one shape
    STORED_APART = auto()  # parts: why
    STORES_BY_ITSELF = auto()  # names: classes of the user's that save or load in a way of their own
    NOTHING_LOADED = auto()  # count: parameters; of: the most of which saved weights are loaded

    # -- searching and attribution, as the pipeline says it ------------------------------------------------------
    NO_SEARCH_OF_RANDOM_MODELS = auto()
    SEARCH_ENDED = auto()  # figures: seconds; count: inputs tried
    NO_ROOM = auto()  # count: parameters; figures: needed and free, in gigabytes
    GATE_CLOSED = auto()  # names: the rung; parts: its findings, none where it did not run
    TRAINS_ONLY = auto()  # of `kerasdiff fit`

    # -- explain: what of an attribution is not known ------------------------------------------------------------
    NOTHING_ATTRIBUTED = auto()  # parts: EFFECTS_UNKNOWN, none where neither mode could be aligned
    EFFECTS_UNKNOWN = auto()  # names: modes in which no edit was measured; cause
    GRADIENTS_UNMEASURED = auto()  # count: aligned values; of: the most with which gradients are measured
    ALWAYS_TRUE = auto()  # side; sites: an edit's node that compares values, the same for all that were tried
    ALWAYS_FALSE = auto()  # the same
    APART_AT = (
        auto()
    )  # side; sites: an edit's node that jumps; figures: constant; the sides part where it is met inside

    UNMEASURED = auto()  # side; sites: an edit's node that could not be run in parts; figures: constant, its bound
    PYTHON_CODE = auto()  # side; sites: an edit's node that runs Python code, which no graph shows
    APART_AROUND = auto()  # the same beyond a constant; figures: value, where the sides part
    NEVER_ACTS = auto()  # side; sites: an edit's node that changed no value on anything tried, and does elsewhere
    APART_FAR = auto()  # side; sites: an edit's node; names: "0" and so on, the values before it where the sides part

    # -- explain: where an input comes from ----------------------------------------------------------------------
    ON_PROBE = auto()  # names: the probe
    LARGER_WEIGHTS = auto()  # figures: factor
    SCALED_INPUTS = auto()  # figures: factor
    NEAR_CONSTANT = auto()  # figures: constant
    DRIVEN_UP = auto()  # side; sites: the traced node into which as much goes as gradients lead to
    DRIVEN_DOWN = auto()  # the same, as little

    # -- worker: what was assumed to construct or call a model; names: the target, then what is named ------------------
    ARGUMENT_FROM_INPUT = auto()  # names: target, argument; settings: value, taken from --input
    ARGUMENT_FROM_DEFAULT = auto()  # names: target, argument; settings: value, the CIFAR-10 default
    ARGUMENT_FROM_DATACLASS = auto()  # names: target, argument, the dataclass that was made with its defaults
    ARGUMENT_FROM_PARSER = auto()  # names: target, argument, what gives the argument parser whose defaults it got
    INSTALLED_COPY = auto()  # names: target, then modules that are installed as a copy of the target's repository
    TARGET_FOUND = auto()  # names: target, which names a file alone, and the one model in it
    INSTANCE_MADE = auto()  # names: target, and the class that was made for a method of it
    BUILT_FILES_KEPT = auto()  # names: target, then files that git ignores and that were taken as they are there now
    ITEM_TAKEN = auto()  # names: target, class, and the item as Python reaches it
    CALLED_BY_PARTS = auto()  # names: target, class, the attributes that hold its sub-models
    LOADED_BY_DEFINITIONS = auto()  # names: target, file; settings: left_out, pairs of lines, within; parts: why
    LINE_LEFT_OUT = auto()  # names: what it does, of what kind and how it reads; sources: the line
    COMPILE_SETTINGS_LEFT_OUT = auto()  # names: target; cause: why the saved file does not open with them
    INPUT_FROM_ARGUMENT = auto()  # names: target, constructor argument; settings: shape
    INPUT_FROM_ATTRIBUTE = auto()  # names: target, attribute of the model; settings: shape
    INPUT_FROM_DEFAULT = auto()  # names: target; settings: shape, dtype, the CIFAR-10 default
    DTYPE_AS_DECLARED = auto()  # names: target, input; settings: declared, asked
    RANGE_CUT = auto()  # names: target, input; figures: last, the last row of its embedding table

    # -- worker: what cannot be traced; names: modes; sources: the line; cause ----------------------------------------
    NOT_TRACEABLE = auto()  # parts: DECIDES_ON_DATA, where that is why
    DECIDES_ON_DATA = auto()  # Python decides on the value of a tensor; cause: the first sentence of the error

    # -- worker: what looks like a mistake in one model ---------------------------------------------------------------
    LAYER_NEVER_CALLED = auto()  # sites: the layer, where it is created
    LAYER_MADE_ANEW = auto()  # sites: the layer that each call makes, where it is called
    WEIGHTS_MADE_ANEW = auto()  # sites: the same, with weights
    RANDOM_STATE_MADE_ANEW = auto()  # sites: the same, with the state of a random generator
    VARIABLE_MADE_ANEW = auto()  # names: the variable that each call makes
    VARIABLE_UNTRACKED = auto()  # names: the variable that is used and is no weight of the model
    MODE_HARD_CODED = auto()  # sites: the layer that is told another mode; names: the mode its caller is in
    FIT_IN_INFERENCE = (
        auto()
    )  # names: class, kinds of the layers; sites: the layers that would act otherwise in training
    WEIGHT_NEVER_READ = auto()  # weights; sources: the line that made it
    MASK_LOST = auto()  # sites: what makes the mask, what drops it, the layer that would use it
    MASK_UNUSED = auto()  # sites: what makes the mask, what drops it

    # -- fit: what the trials say -----------------------------------------------------------------------------------
    NO_PAIR = auto()  # no trial pair has finished
    TRIALS_IDENTICAL = auto()  # count: steps; every loss and test output agrees to the last bit
    TRIALS_NOT_FINITE = auto()  # names: "data" where they hold no finite number; else no loss after an update is one
    TRIALS_APART = auto()  # figures: first_parting, distance, control_distance, rounding_distance; absent where None
    TRIALS_START_APART = auto()  # the same figures; the trials of a pair did not start from the same weights
    TRIALS_DRAWS_APART = auto()  # the same figures; each side draws random numbers of its own
    TRIALS_ROUNDING = auto()  # the same figures; rounding that training amplifies explains them
    LEADS = auto()  # count: epochs; names: what the curves do; parts: one LEAD a metric
    LEAD = auto()  # names: metric; figures: mean, level, and with several pairs low, high
    DECIDED = auto()  # names: outcome; figures: of the Decision, absent where None
    UNDECIDED = auto()  # parts: why it stopped, if so; DECIDED or NO_PAIR; names: "draws" where those part all trials
    CUT_OFF = auto()  # parts: what the finished pairs say, empty where none has finished

    # -- fit: what happened on the way ------------------------------------------------------------------------------
    BUDGET_SPENT = auto()  # figures: budget in seconds; count, of: seeds done
    BUDGET_PLANNED = auto()  # figures: budget, seeds, steps, steps_per_epoch, seconds_per_step
    BUDGET_RECALLED = auto()  # the same, as measured in an earlier run
    WORKER_LOST = auto()  # cause: the error that ended the fit
    WORKER_REPLACED = auto()  # names: label and target; figures: exit_code, absent where it closed its connection
    TRIALS_IN_TURN = auto()  # memory of the device was short of what two trials at once take
    OWN_START = auto()  # cause: which weights start from the candidate's own draw, and why
    NOT_STORED = auto()  # side; the trial's state cannot be read back
    NOT_STORED_ELSEWHERE = auto()  # side, names: the backend, of whose trials none is stored
    STORE_UNREADABLE = auto()  # side; names: file; cause
    STORE_UNWRITABLE = auto()  # side; names: directory; cause, empty where no space is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What computes a side: ``tensorflow``, ``jax``."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One typed fact.

    Attributes:
        side: The side it is about, ``None`` for both.
        sites: Nodes it is about.
        weights: Weights, by id.
        names: Other things by name: inputs, outputs, layers, files, settings, modes.
        values: The reference's value and the candidate's.
        sources: Lines of the user's code.
        count, of: How many, of how many.
        figures: Numbers, by name.
        settings: Other plain values, by name.
        compared, closeness: The comparison of values it rests on, with or without what it was of.
        subjects: What was compared beside that.
        ports: Inputs and outputs.
        libraries: What computes the reference and the candidate.
        returned: Places of what the calls return, the reference's and the candidate's.
        cause: Words that are not ours: of Keras, of TensorFlow, of an exception; or of an error of ours.
        parts: Facts it consists of.
    """

    fact: Fact
    side: SideName | None = None
    sites: tuple[Site, ...] = ()
    weights: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[Attribute, Attribute] | None = None
    sources: tuple[Source, ...] = ()
    count: int = 0
    of: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Attribute] = field(default_factory=dict)
    compared: Compared | None = None
    closeness: Closeness | None = None
    subjects: tuple[Subject, ...] = ()
    ports: tuple[Port, ...] = ()
    libraries: tuple[Library, ...] = ()
    returned: tuple[Returned | None, ...] = ()
    cause: str = ""
    parts: tuple[Finding, ...] = ()
