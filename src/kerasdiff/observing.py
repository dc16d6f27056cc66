"""What has to be run, and what did it give? Both models, asked once for all that the rungs judge by.

How far one question goes depends on the answers before it: a search is made where no probe tells two models apart,
larger weights are tried where outputs tell nothing. What is not asked, and why, is kept for the report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kerasdiff.align.pair import Pair
from kerasdiff.errors import EvaluateError, KerasdiffError, WorkerError
from kerasdiff.explain.bench import Question
from kerasdiff.explain.search import Search
from kerasdiff.explain.work import LONG_S, pair_s
from kerasdiff.findings import Fact, Finding, RungName
from kerasdiff.graph import MODES, Mode
from kerasdiff.graph.values import Precision, Tolerance
from kerasdiff.options import Listener, Options
from kerasdiff.probing.draws.sharing import drawn_apart
from kerasdiff.probing.function import observe_function, resized
from kerasdiff.probing.inputs.constants import at_constants
from kerasdiff.probing.inputs.probes import SPARED
from kerasdiff.probing.inputs.texts import with_words
from kerasdiff.probing.large import (
    IN_NARROW_TRAINING,
    IN_PARTS,
    IN_TRAINING,
    is_large,
    lacks_room,
    left_out,
    too_large_node_by_node,
)
from kerasdiff.probing.numbers.limits import PROBE_BATCH, precision_tolerance
from kerasdiff.probing.observations import (
    FunctionObservation,
    LearningObservation,
    Observations,
    OtherSize,
    Searched,
    StoredObservation,
    StoredPlaces,
    StoredValues,
    Unobserved,
    refused,
)
from kerasdiff.probing.prober import Prober, batches_of, both
from kerasdiff.probing.stored import observe_stored
from kerasdiff.probing.training.asked import Learning
from kerasdiff.probing.training.learning import observe_learning
from kerasdiff.probing.training.own_steps import compare_own_steps
from kerasdiff.probing.training.settings import SettingsObservation, asks_settings, observe_settings
from kerasdiff.probing.values import observe_values
from kerasdiff.probing.weights.transfer import incomplete
from kerasdiff.probing.witness import Witness
from kerasdiff.rungs.records import NUMERIC, NotChecked, NumberFigures, Rung
from kerasdiff.rungs.starting import other_initializer
from kerasdiff.rungs.training_step import steps_alike
from kerasdiff.rungs.unseen import training_code
from kerasdiff.side.observations import Encoding
from kerasdiff.side.protocol import Side

SEARCHED = "searched"
"""Name of the batch that a search found."""


def _on_probes(numeric: tuple[Rung, Rung]) -> Iterator[tuple[Mode, Rung, NumberFigures]]:
    """The numeric rungs whose worst comparison is of values on one probe, with the mode of each."""
    for mode, rung in zip(MODES, numeric, strict=True):
        if isinstance(rung.figures, NumberFigures) and rung.figures.where.probe:
            yield mode, rung, rung.figures


class Observer:
    """Asks both models of one pair.

    Args:
        sides: The models.
        pair: What is known of them.
        options: Seed, budget of the search, what is left out.
        listener: Told what begins.

    Attributes:
        not_checked: What was not asked, and why.
    """

    def __init__(self, sides: tuple[Side, Side], pair: Pair, options: Options, listener: Listener) -> None:
        self._sides, self._pair, self._options, self._listener = sides, pair, options, listener
        self._prober: Prober | None = None
        self._observations: Observations | None = None
        self._encodings: tuple[Encoding | None, ...] = ()
        self._modes: tuple[Mode, ...] = MODES
        self.not_checked: list[NotChecked] = []

    def same_start(self, pair: Pair) -> frozenset[str]:
        """Reference ids of the pairs whose initializers read differently and still give the same bytes from one seed.

        A model that was saved and loaded starts from given values and its original from drawn ones: the same values.
        """
        first, second = pair.weights
        asked = [
            (one, two)
            for one, two in sorted(pair.transfer.pairs.items())
            if one in first and two in second and not first[one].is_seed and other_initializer(first[one], second[two])
        ]
        if not asked:
            return frozenset()
        names = tuple(zip(*asked, strict=True))
        ones, twos = both(lambda side: self._sides[side].start_digests(names[side]))
        return frozenset(one for one, two in asked if ones[one] == twos[two])

    def settings(self) -> SettingsObservation:
        """Whether compile settings that read differently do the same."""
        if "compile" in self._options.ignore or not asks_settings(self._pair):
            return SettingsObservation(likeness={})
        self._listener.phase("sampling compile settings")
        seen = observe_settings(self._sides, self._pair)
        self._encodings = seen.encodings
        return seen

    def stored_values(self, face: Rung) -> StoredValues | None:
        """What both sides hold, where both are saved files; ``None`` where they cannot be read."""
        try:
            return observe_values(self._sides, self._pair, self._options.seed, runs=face.outcome != "different")
        except EvaluateError as error:
            self._left_out("weights", reason=Finding(fact=Fact.REFUSED, cause=error.message))
            return None

    def observe(self, face: Rung, *, settings_differ: bool, penalties: bool) -> Observations:
        """Everything that the rungs judge by.

        Args:
            face: Of the interface: without the same inputs nothing can be run on both.
            settings_differ: Whether weights have other settings, so that a proof says nothing of learning.
            penalties: Whether these are penalties alone, of which learning tells whether they do the same.
        """
        if face.outcome == "different":
            apart = Unobserved(reason=Finding(fact=Fact.INTERFACES_APART, names=("input",)))
            self._left_out(*NUMERIC, reason=apart.reason)
            seen = Observations(function=apart, learning=apart, stored=None)
        else:
            self._listener.phase("running probes through both models")
            seen = self._numbers(settings_differ=settings_differ, penalties=penalties)
        self._observations = replace(seen, stored=self._stored(face, seen.function))
        return self._observations

    def own_steps(self, learning: Rung) -> tuple[Finding, ...]:
        """What steps by the same ``train_step`` say of two generations of Keras, where nothing else differs."""
        told = next((item for item in training_code(self._pair) if item.names == ("train_step",)), None)
        one, two = (side.overrides.get("train_step") for side in self._pair.descriptions)
        if told is None or one is None or two is None or one.code != two.code or not self._pair.crosses_generations:
            return ()
        if self._prober is None or not self._pair.transfer.complete or learning.outcome != "equal":
            return ()
        self._listener.phase("taking steps by the models' own train_step")
        return (compare_own_steps(self._asked(self._prober), told),)

    def _left_out(self, *names: RungName, reason: Finding) -> None:
        self.not_checked += [NotChecked(rung=name, reason=reason) for name in names]

    def _asked(self, prober: Prober) -> Learning:
        return Learning(prober=prober, pair=self._pair, ignore=self._options.ignore, encodings=self._encodings)

    def _numbers(self, *, settings_differ: bool, penalties: bool) -> Observations:
        pair, transfer = self._pair, self._pair.transfer
        try:
            batches = batches_of(with_words(*(side.inputs for side in pair.descriptions)), self._options.seed)
        except KerasdiffError as error:
            undrawn = refused(error.message)
            return Observations(function=undrawn, learning=undrawn, stored=None)
        if pair.same_graphs and not pair.isomorphic and pair_s(pair, PROBE_BATCH) > LONG_S:
            batches = {name: batch for name, batch in batches.items() if name not in SPARED}
        prober = self._prober = Prober(self._sides, transfer, batches)
        if not transfer.complete:
            uncompared = Unobserved(reason=incomplete(transfer))
            self._left_out(*NUMERIC, reason=uncompared.reason)
            return Observations(function=uncompared, learning=uncompared, stored=None)
        hangs_on_learning = settings_differ and penalties
        if pair.isomorphic and is_large(pair) and not hangs_on_learning:
            self._left_out("inference", reason=left_out(pair, Fact.UNCONFIRMED))
            untrained = self._untrained("settings") if settings_differ else None
            return Observations(function=None, learning=untrained, stored=None)
        return self._run(prober, settings_differ=settings_differ, hangs_on_learning=hangs_on_learning)

    def _run(self, prober: Prober, *, settings_differ: bool, hangs_on_learning: bool) -> Observations:
        """What both models compute and learn on probes; ``hangs_on_learning`` is whether settings need it."""
        pair = self._pair
        other_size = OtherSize()
        if not pair.same_graphs:  # constants and sizes are those of the graphs
            ports = pair.descriptions[0].inputs
            prober = prober.with_fitting(at_constants(pair, ports, self._options.seed))
            prober, other_size = resized(prober, pair, self._options.seed)
            self._prober = prober
        function = self._function(prober, other_size)
        agrees = isinstance(function, FunctionObservation) and function.agrees
        learning: LearningObservation | Unobserved | None = None
        if self._options.outputs_alone:
            learning = self._unasked("training step")
        elif settings_differ or not pair.isomorphic:
            learning = self._learning(prober, function, enlarge=agrees, hangs_on_it=hangs_on_learning)
        searched = None
        undecided = self._options.outputs_alone or (isinstance(learning, LearningObservation) and learning.agrees)
        if agrees and undecided and isinstance(function, FunctionObservation):
            searched = self._searched(prober, function)
        if other_size.tried:
            self._left_out("inference", reason=Finding(fact=Fact.SIZES_REFUSED, names=other_size.tried))
        return Observations(function=function, learning=learning, stored=None, searched=searched)

    def _unasked(self, rung: RungName) -> Unobserved:
        """What is left out where outputs alone are asked for."""
        unasked = Unobserved(reason=Finding(fact=Fact.OUTPUTS_ALONE))
        self._left_out(rung, reason=unasked.reason)
        return unasked

    def _function(self, prober: Prober, other_size: OtherSize) -> FunctionObservation | Unobserved:
        try:
            return observe_function(prober, self._pair, other_size)
        except EvaluateError as error:
            return refused(error.message)

    def _learning(
        self, prober: Prober, function: FunctionObservation | Unobserved, *, enlarge: bool, hangs_on_it: bool
    ) -> LearningObservation | Unobserved:
        differs = isinstance(function, FunctionObservation) and function.differs
        if is_large(self._pair) and differs and not hangs_on_it:
            return self._untrained("outputs")
        lack = lacks_room(self._pair, IN_TRAINING)
        if lack is not None and (narrow := lacks_room(self._pair, IN_NARROW_TRAINING)) is not None:
            self._left_out("training step", reason=narrow)
            return Unobserved(reason=narrow)
        try:
            return observe_learning(self._asked(prober), enlarge=enlarge, coarse=lack)
        except EvaluateError as error:
            return refused(error.message)

    def _untrained(self, differing: str) -> Unobserved:
        """What is known of the learning of a large pair that differs already."""
        self._modes = ("inference",)
        untrained = Unobserved(reason=left_out(self._pair, Fact.UNTRAINED, differing))
        self._left_out("training step", reason=untrained.reason)
        return untrained

    def _searched(self, prober: Prober, seen: FunctionObservation) -> Searched | None:
        """A search for an input that separates the models, where edits stand between them and no number tells."""
        if not (self._pair.edits and self._options.search):
            return None
        if seen.comparisons is not None and seen.comparisons.coarse is not None:
            return None  # values that are driven far need float64
        if drawn_apart(self._pair, "inference"):
            self._left_out("inference", reason=Finding(fact=Fact.NO_SEARCH_OF_RANDOM_MODELS))
            return None
        self._listener.phase("searching for an input that separates the models")
        search = Search(prober, self._pair, self._options.search)
        answer = search.run()
        if answer is not None:
            return Searched(witness=answer[0], closeness=answer[1])
        if search.ended_early:
            seconds = {"seconds": self._options.search}
            self._left_out("inference", reason=Finding(fact=Fact.SEARCH_ENDED, count=search.tried, figures=seconds))
        return None

    def _stored(
        self, face: Rung, function: FunctionObservation | Unobserved | None
    ) -> StoredObservation | StoredPlaces | Unobserved | None:
        """What becomes of saved weights, where both sides take the same inputs; ``None`` where there are no weights."""
        if face.outcome != "equal":
            unknown = Unobserved(reason=Finding(fact=Fact.INTERFACES_UNKNOWN))
            self._left_out("checkpoint", reason=unknown.reason)
            return unknown
        if self._options.outputs_alone:
            return self._unasked("checkpoint")
        self._listener.phase("loading the reference's saved weights into the candidate")
        if not any(not weight.is_seed for item in self._pair.descriptions for weight in item.weights):
            return None
        try:
            places_alone = self._no_files()
            if places_alone is not None:
                return self._places(places_alone)
            repeated = function.repeated[0] if isinstance(function, FunctionObservation) else None
            return observe_stored(self._sides, self._pair, self._options.seed, repeated)
        except EvaluateError as error:
            return refused(error.message)
        except WorkerError as error:  # as HDF5 does where a disk is full: no harm to what is asked next
            self.revive()
            return refused(error.message)

    def _places(self, reason: Finding) -> StoredPlaces | Unobserved:
        """Where both sides store their weights, as no file is written; Keras 3 reads those of Keras 2 in more ways."""
        self._left_out("checkpoint", reason=reason)
        if self._pair.crosses_generations:
            return Unobserved(reason=reason)
        return StoredPlaces(sides=both(lambda side: self._sides[side].places()))

    def _no_files(self) -> Finding | None:
        """Why only the places where weights are stored are compared, and no file of them; ``None`` if one is."""
        descriptions = self._pair.descriptions
        baselines = tuple(side.locked.target for side in descriptions if side.locked is not None)
        if baselines:
            return Finding(fact=Fact.NO_FILE_OF_BASELINE, names=baselines)
        if is_large(self._pair) and not self._options.require_checkpoint:
            return left_out(self._pair, Fact.NOTHING_LOADED)
        return None

    def revive(self) -> None:
        """Lets the rest of a report be made after a side ended where the verdict did not need its answer."""
        for side in self._sides:
            side.revive()

    # What the numbers are asked for afterwards ---------------------------------------------------------------

    def question(self, numeric: tuple[Rung, Rung]) -> Question | Finding | None:
        """What attribution is asked: on the probes that show most, or on the input that a search found.

        Args:
            numeric: Inference and training step.

        Returns:
            ``None`` where there is nothing to attribute, or nothing can be run; why not, where there is no room for it.
        """
        differ = "different" in [rung.outcome for rung in numeric]
        if self._prober is None or self._pair.isomorphic or not (self._pair.edits or differ):
            return None
        if (lack := lacks_room(self._pair, IN_PARTS if self._modes == ("inference",) else IN_TRAINING)) is not None:
            return lack
        return self._in_parts(self._prober, numeric)

    def depth_question(self, numeric: tuple[Rung, Rung]) -> Question | Finding | None:
        """The same for a picture, where nothing is attributed.

        Returns:
            ``None`` where nothing can be run; why not, where weights are too many.
        """
        pair = self._pair
        if self._prober is None or not pair.transfer.complete:
            return None
        if (lack := too_large_node_by_node(pair) or lacks_room(pair, IN_PARTS)) is not None:
            return lack
        return self._in_parts(self._prober, numeric)

    def _in_parts(self, prober: Prober, numeric: tuple[Rung, Rung]) -> Question:
        known = next((rung.figures for rung in numeric if isinstance(rung.figures, NumberFigures)), None)
        worst = {mode: figures.where.probe for mode, _, figures in _on_probes(numeric)}
        scale = 1.0
        if (witness := self._searched_witness) is not None:
            prober = prober.with_batch(SEARCHED, witness.inputs)
            worst["inference"], scale = SEARCHED, witness.weight_scale
        precision, tolerance = self._unknown(prober) if known is None else (known.precision, known.tolerance)
        return Question(
            prober=prober,
            worst=worst,
            precision=precision,
            tolerance=tolerance,
            compiled=self._asked(prober).compiled,
            encodings=self._encodings,
            learns=numeric[1].outcome == "equal",
            computes=numeric[0].outcome == "equal",
            steps=steps_alike(numeric[1]),
            modes=self._modes,
            weight_scale=scale,
            settled=self._settled(tolerance),
        )

    def _settled(self, tolerance: Tolerance) -> dict[Mode, float]:
        """By mode, the limit of outputs that are equal beyond a tolerance, for rounding accounts for them."""
        seen = self._observations
        limits: dict[Mode, float] = {}
        for mode, one in zip(MODES, (seen.function, seen.learning) if seen else (), strict=False):
            items = one.outputs if isinstance(one, FunctionObservation | LearningObservation) else ()
            limit = max((item.closeness.limit for item in items), default=0.0)
            if limit > tolerance.limit and all(item.closeness.equal and not item.closeness.foreign for item in items):
                limits[mode] = limit
        return limits

    def _unknown(self, prober: Prober) -> tuple[Precision, Tolerance]:
        """In what both sides can be run, where no number has been asked for."""
        if self._pair.isomorphic:
            return "float32", precision_tolerance("float32")  # proved: half the memory, and no other set of variables
        try:
            run = prober.precise(prober.names[:1], training=False)
        except EvaluateError:
            return "float64", precision_tolerance("float64")  # attribution meets the same failure, and says so
        return run.precision, run.tolerance

    def witness(self, numeric: tuple[Rung, Rung]) -> Witness | None:
        """The input on which outputs differ most: that of a search, or the probe, in inference mode where they do."""
        if self._searched_witness is not None:
            return self._searched_witness
        for mode, rung, figures in _on_probes(numeric):
            if rung.outcome == "different" and self._prober is not None:
                return Witness(
                    inputs=self._prober.batches[figures.where.probe],
                    mode=mode,
                    weight_scale=1.0,
                    how=Finding(fact=Fact.ON_PROBE, names=(figures.where.probe,)),
                    difference=figures.max_relative,
                )
        return None

    @property
    def _searched_witness(self) -> Witness | None:
        seen = self._observations
        return None if seen is None or seen.searched is None else seen.searched.witness
