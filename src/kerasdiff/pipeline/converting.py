"""How do one model's weights become another's? Compared, taken over by the alignment, written, and read back.

A file is written only where the two compute the same with random weights, and the file, loaded into a fresh copy of the
candidate, then gives the outputs of the reference with its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copyfileobj

from kerasdiff.align.pair import Pair
from kerasdiff.comparison import Comparison
from kerasdiff.conversion import Carried, Conversion, How
from kerasdiff.errors import TargetError, WeightsError
from kerasdiff.findings import Compared, Fact, Finding
from kerasdiff.graph.values import Array
from kerasdiff.options import Listener, Options, Silent
from kerasdiff.pipeline.comparing import compare_pair
from kerasdiff.pipeline.opening import opened, paired
from kerasdiff.probing.inputs.texts import with_words
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.probing.numbers.rounding import DECIDES, PERTURBATION
from kerasdiff.probing.prober import Run, batches_of, output_comparisons, rank
from kerasdiff.probing.stored import OTHER_DRAW
from kerasdiff.probing.values import MOST_AT_ONCE
from kerasdiff.probing.weights.transfer import incomplete
from kerasdiff.rungs.records import Rung
from kerasdiff.side.checkpoints import KeepRequest, Kept, Taken, TakeRequest, WeightsFile
from kerasdiff.side.files import write_whole
from kerasdiff.side.models import Models
from kerasdiff.side.observations import Evaluation, Recipe
from kerasdiff.side.process import Worker
from kerasdiff.side.targets import Target

Source = tuple[Recipe, int]
"""A weight of the reference, and which of the arrays it holds: 0 where it is one."""


def convert(
    reference: Target,
    candidate: Target,
    weights: WeightsFile | None,
    output: Path,
    options: Options | None = None,
    listener: Listener | None = None,
) -> Conversion:
    """Writes the candidate's weights from the reference's, where inference then agrees.

    Args:
        reference: Whose weights they are.
        candidate: Whose they are to become.
        weights: What the reference reads; ``None`` for the values it starts from.
        output: The file to write, which ends in ``.weights.h5`` or ``.keras``; what is there is written over.
        options: Seed of probes and random weights, inputs, timeout, device.
        listener: Told what begins.

    Raises:
        KerasdiffError: If a model cannot be loaded or called, the weights do not fit the reference, or the candidate
            cannot be saved.
    """
    options, listener = replace(options or Options(), ignore=("compile",), outputs_alone=True), listener or Silent()
    options = replace(options, fit=False, values=False, explain=False, search=0.0)  # what inputs show is for `compare`
    for target in (reference, candidate):
        if target.kind == "baseline":
            raise TargetError(f"{target.text} is a baseline, which holds no model to load weights into.")
    with opened((reference, candidate), options, listener) as models:
        listener.phase("aligning the graphs")
        pair, face = paired(models, options)
        comparison = compare_pair(models, pair, face, options, listener)
        made = Conversion(comparison=comparison, weights=weights.text if weights else "", output=str(output))
        if (refusal := _refused(pair, comparison)) is not None:
            return replace(made, refusal=refusal)
        return _Carrier(models, pair, options, listener).carried(made, weights, output)


def _refused(pair: Pair, comparison: Comparison) -> Finding | None:
    """Why weights of one are none of the other, as random ones show."""
    rungs = {rung.name: rung for rung in comparison.rungs}
    if rungs["interface"].outcome == "different":
        return rungs["interface"].findings[0]
    if not pair.transfer.complete:
        return incomplete(pair.transfer)
    function = rungs["inference"]
    if function.outcome == "equal" or _beside_outputs(function):
        return None
    return function.findings[0] if function.findings else Finding(fact=Fact.SAME_FUNCTION_UNKNOWN)


def _beside_outputs(rung: Rung) -> bool:
    """Whether outputs agree, and nothing but losses that are added beside them differs."""
    lead = rung.findings[0] if rung.findings else None
    return (
        lead is not None
        and lead.fact is Fact.BESIDE_OUTPUTS
        and all(part.fact is Fact.ADDED_AT_INFERENCE for part in lead.parts)
    )


class _Carrier:
    """Takes over values from one side to the other, and has the outcome checked."""

    def __init__(self, models: Models, pair: Pair, options: Options, listener: Listener) -> None:
        self._models, self._pair, self._listener = models, pair, listener
        self._reference: Worker
        self._candidate: Worker
        self._reference, self._candidate = models.workers
        batches = batches_of(with_words(*(side.inputs for side in pair.descriptions)), options.seed)
        self._names, self._probes = tuple(batches), tuple(batches.values())
        self._plan = dict(_plan(pair))

    def carried(self, made: Conversion, weights: WeightsFile | None, output: Path) -> Conversion:
        """The conversion, once it is known what became of it; the file is there where nothing refuses it."""
        self._listener.phase("reading the reference's weights")
        taken = self._taken(weights)
        made = replace(
            made,
            carried=tuple(self._told(recipe, sources) for recipe, sources in self._plan.items()),
            kept=self._kept(),
            unseen=self._unseen(),
            homeless=taken.homeless,
        )
        if not taken.repeated:
            return replace(made, refusal=Finding(fact=Fact.REFERENCE_IS_RANDOM))
        self._listener.phase("writing the candidate's weights, and loading them again")
        for group in self._groups():
            self._candidate.give_values(self._values(group))
        with tempfile.TemporaryDirectory(prefix="kerasdiff-", ignore_cleanup_errors=True) as directory:
            path = Path(directory, f"candidate{'.keras' if output.suffix == '.keras' else '.weights.h5'}")
            kept = self._candidate.keep_weights(
                KeepRequest(
                    path=str(path),
                    recipes=tuple(recipe.drawn_elsewhere(OTHER_DRAW) for recipe in self._pair.transfer.candidate),
                    probes=self._probes,
                    unsafe=self._models.targets[1].unsafe,
                )
            )
            made = self._checked(made, taken, kept)
            if made.written:
                _put(path, output)
        return made

    def _taken(self, weights: WeightsFile | None) -> Taken:
        recipes = self._pair.transfer.reference
        taken = self._reference.take_weights(TakeRequest(recipes=recipes, file=weights, probes=self._probes))
        wanted = {recipe.weight for sources in self._plan.values() for recipe, _ in sources}
        lacking = [name for name in taken.unfilled if name in wanted]
        if weights is not None and lacking:
            named = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
            raise WeightsError(
                f"{weights.text} holds nothing for {named} of {self._models.targets[0].text}; is it a file of this "
                "model?"
            )
        return taken

    def _told(self, recipe: Recipe, sources: Sequence[Source]) -> Carried:
        first, second = self._pair.weights
        names = tuple(source.weight for source, _ in sources)
        how: How = "as it is"
        if len(sources) > 1:
            how = "of several"
        elif sources[0][0].join is not None and len(sources[0][0].parts) > 1:
            how = "of a part"
        elif recipe.transposed:
            how = "transposed"
        elif first[names[0]].shape != second[recipe.weight].shape:
            how = "reshaped"
        return Carried(weight=recipe.weight, sources=names, how=how)

    def _kept(self) -> tuple[str, ...]:
        given = {recipe.weight for recipe in self._plan}
        return tuple(w.id for w in self._pair.descriptions[1].weights if w.id not in given and not w.is_seed)

    def _unseen(self) -> tuple[str, ...]:
        aligned = self._pair.modes.get("inference")
        read = {name for node in aligned.graphs[1] for name in node.weights} if aligned else set[str]()
        return tuple(recipe.weight for recipe in self._plan if recipe.weight not in read) if aligned else ()

    def _groups(self) -> Iterator[list[Recipe]]:
        """The weights in groups of no more numbers than are asked for at once."""
        group: list[Recipe] = []
        total = 0
        for recipe in self._plan:
            size = self._pair.weights[1][recipe.weight].size
            if group and total + size > MOST_AT_ONCE:
                yield group
                group, total = [], 0
            group.append(recipe)
            total += size
        if group:
            yield group

    def _values(self, group: Sequence[Recipe]) -> Mapping[str, Array]:
        """What these weights of the candidate are to hold."""
        names = dict.fromkeys(source.weight for recipe in group for source, _ in self._plan[recipe])
        held = self._reference.held_values(tuple(names))
        second = self._pair.weights[1]
        values = {}
        for recipe in group:
            arrays = [_array(source, number, held[source.weight]) for source, number in self._plan[recipe]]
            values[recipe.weight] = _laid(recipe, arrays).reshape(second[recipe.weight].shape)
        return values

    def _checked(self, made: Conversion, taken: Taken, kept: Kept) -> Conversion:
        """The conversion, with what is wrong with the file that was written, if anything."""
        given = {recipe.weight for recipe in self._plan}
        astray = tuple(name for name in kept.astray if name in given)
        seen = self._comparisons(taken.outputs, kept.outputs)
        if any(item.closeness.differs for item in seen):
            moved = self._comparisons(taken.outputs, self._reference.moved_outputs(self._probes, PERTURBATION).outputs)
            own = max(item.closeness.max_relative for item in moved)
            seen = self._comparisons(taken.outputs, kept.outputs, own)
        made = replace(made, checked=len(seen), worst=max(seen, key=rank, default=None))
        if made.worst is None or made.worst.closeness.limit >= DECIDES:
            return replace(made, refusal=Finding(fact=Fact.SAME_FUNCTION_UNKNOWN))
        if made.worst.closeness.differs:
            return replace(made, refusal=Finding(fact=Fact.CONVERTED_APART, compared=made.worst))
        if astray:
            return replace(made, refusal=Finding(fact=Fact.CONVERTED_ASTRAY, weights=astray))
        return made

    def _comparisons(
        self, ones: tuple[tuple[Array, ...], ...], twos: tuple[tuple[Array, ...], ...], own_distance: float = 0.0
    ) -> list[Compared]:
        """How close outputs are, held to what rounding does to the reference where that is known."""
        sides = Evaluation(outputs=ones, repeated=True), Evaluation(outputs=twos, repeated=True)
        tolerance = precision_tolerance("float32", own_distance)
        return output_comparisons(Run(names=self._names, sides=sides, precision="float32", tolerance=tolerance))


def _plan(pair: Pair) -> Iterator[tuple[Recipe, tuple[Source, ...]]]:
    """Each weight of the candidate that is made of the reference's, with what of: what is drawn from the same seeds."""
    transfer = pair.transfer
    sources = {
        array.seed: (recipe, number) for recipe in transfer.reference for number, array in enumerate(recipe.arrays)
    }
    second, homes = pair.weights[1], _unread(pair)
    for recipe in transfer.candidate:
        made_of = tuple(sources[array.seed] for array in recipe.arrays if array.seed in sources)
        if len(made_of) == len(recipe.arrays) and not second[recipe.weight].is_seed:
            yield recipe, made_of
        elif recipe.weight in homes:
            own = next(one for one in transfer.reference if one.weight == homes[recipe.weight])
            yield replace(own, weight=recipe.weight), ((own, 0),)


def _unread(pair: Pair) -> dict[str, str]:
    """The candidate's weights that no call reads, by whose values they take: those of the same role in the same layer.

    A layer may have made what it computes with of them when they were loaded, as Normalization does.
    """
    nodes = [nodes for aligned in pair.modes.values() for nodes in aligned.pairs]
    layers = {two.origin or two.id: one.origin or one.id for one, two in nodes}
    first, second = pair.weights
    made: dict[str, str] = {}
    for two in second.values():
        layer, _, role = two.id.rpartition("/")
        one = first.get(f"{layers.get(layer, layer)}/{role}")
        unread = two.id not in pair.read[1] and not two.is_seed
        if unread and one is not None and one.id not in pair.read[0] and one.shape == two.shape:
            made[two.id] = one.id
    return made


def _array(source: Recipe, number: int, held: Array) -> Array:
    """The array that was drawn for a weight, or for a part of it, of what the weight holds."""
    if source.join is not None:
        part = source.parts[number]
        return source.join.parted(held, len(source.parts))[number].reshape(part.shape)
    return held.reshape(source.shape[::-1]).T if source.transposed else held.reshape(source.shape)


def _laid(recipe: Recipe, arrays: Sequence[Array]) -> Array:
    """What a weight holds that is made of these."""
    if recipe.join is not None:
        return recipe.join.joined([array.reshape(part.shape) for array, part in zip(arrays, recipe.parts, strict=True)])
    value = arrays[0].reshape(recipe.shape)
    return value.T if recipe.transposed else value


def _put(made: Path, output: Path) -> None:
    try:
        with made.open("rb") as stream:
            write_whole(output, lambda target: copyfileobj(stream, target))
    except OSError as error:
        raise WeightsError(f"{output} cannot be written: {error.strerror or error}.") from None
