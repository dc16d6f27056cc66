"""Can the candidate load the reference's saved weights?

Why are outputs compared where Keras reports success? It walks the candidate's layers and asks the file for each path:
what the file holds beyond them is left out in silence, and layers of one class in a list are found by their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kerasdiff.align.pair import Pair, WeightTransfer
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph.chance import draws_from
from kerasdiff.graph.values import Closeness
from kerasdiff.probing.observations import Observations, StoredObservation, StoredPlaces, Unobserved
from kerasdiff.rungs.records import CheckpointFigures, Rung, RungOutcome
from kerasdiff.side.checkpoints import CHECKPOINT, FORMS, SKIPPING, WEIGHTS, Places, Restored, Saved


def checkpoint(pair: Pair, observations: Observations, *, required: bool, ignore_names: bool = False) -> Rung:
    """Judges what became of the candidate that loaded what the reference saved.

    Args:
        pair: With the weights that correspond.
        observations: What was saved and loaded.
        required: Whether a candidate that does not load is a difference; else it is advisory.
        ignore_names: Whether weights that are stored under other names alone are none.
    """
    seen = observations.stored
    if isinstance(seen, Unobserved):
        outcome: RungOutcome = "failed" if seen.failed else "skipped"
        return Rung(name="checkpoint", outcome=outcome, findings=(seen.reason,))
    if seen is None:
        return Rung(name="checkpoint", outcome="equal", findings=(Finding(fact=Fact.NOTHING_STORED),))
    if isinstance(seen, StoredPlaces):
        return _by_places(pair, seen.sides)
    draws = _draws(pair)
    transfer = pair.transfer if draws else _without_generators(pair)
    rung = _rung(transfer, seen, required=required, ignore_names=ignore_names, crosses=pair.crosses_generations)
    if rung.outcome != "equal" and not (seen.repeated and (_more_than_generators(pair, seen) or not draws)):
        return Rung(name="checkpoint", outcome="failed", findings=(Finding(fact=Fact.REFERENCE_IS_RANDOM),))
    return rung


def _draws(pair: Pair) -> bool:
    """Whether a call of either model at inference draws random numbers, as far as its graph is known."""
    graphs = [description.inference for description in pair.descriptions]
    return any(graph is None or any(map(draws_from, graph)) for graph in graphs)


def _without_generators(pair: Pair) -> WeightTransfer:
    """The weights that outputs at inference can depend on, where these draw nothing."""
    seeds = {weight.id for weight in pair.descriptions[1].weights if weight.is_seed}
    pairs = {one: two for one, two in pair.transfer.pairs.items() if two not in seeds}
    return replace(pair.transfer, pairs=pairs)


def _more_than_generators(pair: Pair, seen: StoredObservation) -> bool:
    """Whether more is astray than the states of generators, which Keras stores for its own layers alone."""
    seeds = {weight.id for weight in pair.descriptions[1].weights if weight.is_seed}
    astray = [_astray(seen.saved, seen.other, item, pair.transfer).weights for item in seen.restored.values()]
    return any(item.error for item in seen.restored.values()) or not (any(astray) and seeds.issuperset(*astray))


_NONE: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the stored paths of the two sides compare.

    Attributes:
        missing: Paths the candidate saves and the reference does not.
        extra: Paths the reference saves and the candidate does not.
        reshaped: Paths of both, with both shapes.
    """

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    reshaped: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Astray:
    """The weights that do not hold what their counterparts saved, whether Keras refused the file or not.

    Attributes:
        weights: Ids in the candidate.
        of: How many were expected to arrive.
        renamed: What they are stored under on either side, where that differs.
        unplaced: How many are stored alike, or at a place that is not known.
        swapped: How many hold what another weight saved.
    """

    weights: tuple[str, ...]
    of: int
    renamed: tuple[tuple[str, str], ...]
    unplaced: int
    swapped: int

    @property
    def renamed_alone(self) -> bool:
        """Whether they are stored under other names, and nothing else is wrong."""
        return bool(self.renamed) and not self.unplaced and not self.swapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """Kinds of file by what became of the candidate that loaded them.

    Attributes:
        good: It computes the same.
        bad: It does not, or Keras refused; of those that hold the same arrays under the same paths, one.
        unread: Keras has no reader for them.
    """

    good: tuple[str, ...]
    bad: tuple[str, ...]
    unread: tuple[str, ...]

    @classmethod
    def of(cls, seen: StoredObservation, *, reads_checkpoints: bool) -> Kinds:
        """By what was observed."""
        unread = () if reads_checkpoints or CHECKPOINT in seen.outputs else (CHECKPOINT,)
        bad = tuple(form for form in seen.restored if form not in unread and not _arrives(seen, form))
        good = tuple(form for form in seen.saved.files if form not in unread and _arrives(seen, form))
        return cls(good=good, bad=bad, unread=tuple(form for form in unread if form in seen.restored))


def _rung(
    transfer: WeightTransfer,
    seen: StoredObservation,
    *,
    required: bool,
    ignore_names: bool,
    crosses: bool = False,
) -> Rung:
    """One rung from all files: each that does not do, with why, then what loads.

    From one generation to the other (``crosses``) a checkpoint of TensorFlow, which Keras 3 does not read, is told and
    counts for nothing; and what is stored under another name may arrive all the same, so what did is no reason.
    """
    kinds = Kinds.of(seen, reads_checkpoints=not crosses)
    close = seen.outputs.get(kinds.bad[0] if kinds.bad else seen.saved.home_of(kinds.good[0]))
    figures = _figures(seen, _apart(transfer, seen, crosses=crosses), close)
    figures = _mapped(figures, transfer, seen, (*kinds.bad, *kinds.unread)[:1])
    tail = _told_last(transfer, seen, kinds)
    if not kinds.bad:
        outcome: RungOutcome = "equal" if close is not None and close.informative else "failed"
        return Rung(name="checkpoint", outcome=outcome, findings=tail, figures=figures)
    failures = _alike([_failure(transfer, seen, form) for form in kinds.bad])
    first = _astray(seen.saved, seen.other, seen.restored[kinds.bad[0]], transfer)
    ignored = ignore_names and transfer.complete and first.renamed_alone
    figures = replace(
        figures,
        stored_as=first.renamed if kinds.bad[0] in FORMS else (),
        astray=len(first.weights),
        of=first.of,
        ignored={"names": len(first.renamed)} if ignored else {},
    )
    silent = any(failure.fact is Fact.LOADS_OTHERWISE for failure in failures)
    outcome = "different" if required and not ignored and (silent or not kinds.good) else "advisory"
    return Rung(name="checkpoint", outcome=outcome, findings=(*failures, *tail), figures=figures)


def _told_last(transfer: WeightTransfer, seen: StoredObservation, kinds: Kinds) -> tuple[Finding, ...]:
    """What stands behind the files that do not do: how they may be loaded otherwise, what loads, what was not tried."""
    otherwise = [finding for form in kinds.bad for finding in _otherwise(transfer, seen, form)]
    return (*otherwise, *_loads(seen, kinds.good), *_not_done(seen, kinds.unread, convertible=transfer.complete))


def _apart(transfer: WeightTransfer, seen: StoredObservation, *, crosses: bool) -> Layout:
    """How the stored paths compare; from one generation to the other those alone of what did not arrive."""
    item = seen.restored.get(WEIGHTS) if crosses else None
    placed = _NONE if item is None else _arrived(seen.saved, seen.other, item, transfer)
    return _layout(seen.saved, seen.other, placed)


def _not_done(seen: StoredObservation, unread: Sequence[str], *, convertible: bool) -> Iterator[Finding]:
    """What was not saved, and what was not read."""
    for form, why in seen.saved.problems.items():
        yield Finding(fact=Fact.NOT_SAVED, names=(form,), cause=why)
    converts = (Finding(fact=Fact.CAN_BE_CONVERTED),) if convertible else ()
    yield from (Finding(fact=Fact.UNREAD_FORM, names=(form,), parts=converts) for form in unread)


def _arrives(seen: StoredObservation, form: str) -> bool:
    """Whether the candidate that loaded such a file computes the same."""
    home = seen.saved.home_of(form)
    return home in seen.outputs and seen.outputs[home].equal


def _loads(seen: StoredObservation, good: Sequence[str]) -> tuple[Finding, ...]:
    if not good:
        return ()
    close = seen.outputs[seen.saved.home_of(good[0])]
    return (Finding(fact=Fact.LOADS, names=tuple(good), closeness=close),)


def _failure(transfer: WeightTransfer, seen: StoredObservation, form: str) -> Finding:
    """That a file does not do, and why; what Keras reads by its order, and not by its paths, has another reason."""
    item, close = seen.restored[form], seen.outputs.get(form)
    astray = _astray(seen.saved, seen.other, item, transfer)
    if form in FORMS:
        homeless = _layout(seen.saved, seen.other, _arrived(seen.saved, seen.other, item, transfer))
        cause = _cause(astray, homeless, transfer, refused=close is None)
    else:
        nothing = Layout(missing=(), extra=(), reshaped=())
        unnamed = replace(astray, renamed=(), unplaced=len(astray.weights))
        cause = _others_values(seen.saved, item, transfer)
        cause = cause or (_cause(unnamed, nothing, transfer, refused=False) if close is not None else ())
    return _does_not_load(form, item, cause, close)


def _alike(failures: Sequence[Finding]) -> list[Finding]:
    """Failures for one reason told once, of all kinds of file."""
    told: list[Finding] = []
    for failure in failures:
        at = next((n for n, one in enumerate(told) if (one.fact, one.parts) == (failure.fact, failure.parts)), None)
        if at is None or not failure.parts:
            told.append(failure)
        else:
            told[at] = replace(told[at], names=(*told[at].names, *failure.names))
    return told


def _otherwise(transfer: WeightTransfer, seen: StoredObservation, form: str) -> Iterator[Finding]:
    """What an option of ``load_weights`` makes of a file that does not do, where that is no option's to mend by names.

    What is stored under other names is not in the file at all, as the candidate reads it: skipping leaves all of it.
    """
    item = seen.restored[form]
    failure = _failure(transfer, seen, form)
    named = {Fact.STORED_IN_OTHER_ORDER, Fact.STORED_UNDER_OTHER_NAMES} & {part.fact for part in failure.parts}
    whole = set(seen.saved.digests.values())
    for option, way in item.otherwise.items():
        if way.error or (named and option == SKIPPING):
            continue
        names = (*transfer.pairs.values(), *transfer.lacking[1])
        parts = _others_values(seen.saved, way, transfer)
        yield Finding(
            fact=Fact.LOADS_WITH_OPTION,
            names=(form, option),
            weights=tuple(name for name in names if way.digests.get(name) not in whole),
            parts=() if parts == failure.parts else parts,
            closeness=seen.otherwise[form, option],
        )


def _others_values(saved: Saved, item: Restored, transfer: WeightTransfer) -> tuple[Finding, ...]:
    """That weights hold what others saved: each with whose it holds."""
    source = {digest: name for name, digest in saved.digests.items()}
    held = {two: source.get(item.digests.get(two, "")) for two in transfer.pairs.values()}
    mixed = tuple((two, held[two]) for one, two in transfer.pairs.items() if held[two] not in (None, one))
    return (Finding(fact=Fact.HOLDS_ANOTHERS, values=(mixed, ())),) if mixed else ()


def _mapped(
    figures: CheckpointFigures, transfer: WeightTransfer, seen: StoredObservation, forms: Sequence[str]
) -> CheckpointFigures:
    """The figures with what the candidate would have to load of a kind of file that it does not: path by path."""
    if not forms:
        return figures
    inside, other = seen.saved.inside.get(forms[0], {}), seen.other.inside.get(WEIGHTS, {})
    mapping = tuple((inside[one], other[two]) for one, two in transfer.pairs.items() if one in inside and two in other)
    return replace(figures, mapped=forms[0], mapping=mapping)


def _by_places(pair: Pair, sides: tuple[Places, Places]) -> Rung:
    """What names and shapes say of models of which no file is written: whether those of a proof load, or why not."""
    if own := tuple(sorted({*sides[0].own, *sides[1].own})):
        finding = Finding(fact=Fact.STORES_BY_ITSELF, names=own)
        return Rung(name="checkpoint", outcome="skipped", findings=(finding,))
    layout = _layout(*sides)
    known = [(one, two) for one, two in pair.transfer.pairs.items() if one in sides[0].paths and two in sides[1].paths]
    apart = [(one, two) for one, two in known if sides[0].paths[one] != sides[1].paths[two]]
    taken = {*sides[1].paths.values()}
    astray = Astray(
        weights=tuple(two for _, two in apart),
        of=len(known),
        renamed=_renamed(sides, apart),
        unplaced=0,
        swapped=sum(sides[0].paths[one] in taken for one, _ in apart),
    )
    figures = CheckpointFigures(
        missing=layout.missing,
        extra=layout.extra,
        other_shape=layout.reshaped,
        stored_as=astray.renamed,
        astray=len(astray.weights),
        of=astray.of,
    )
    if cause := _cause(astray, layout, pair.transfer, refused=True):
        finding = Finding(fact=Fact.STORED_APART, parts=cause)
        return Rung(name="checkpoint", outcome="advisory", findings=(finding,), figures=figures)
    finding = Finding(fact=Fact.STORED_ALIKE, count=len(known))
    outcome: RungOutcome = "equal" if pair.isomorphic else "skipped"
    return Rung(name="checkpoint", outcome=outcome, findings=(finding,), figures=figures)


def _figures(seen: StoredObservation, layout: Layout, close: Closeness | None) -> CheckpointFigures:
    figures = CheckpointFigures(
        files=tuple(seen.saved.files),
        unsaved=dict(seen.saved.problems),
        refused={form: item.error for form, item in seen.restored.items() if item.error},
        missing=layout.missing,
        extra=layout.extra,
        other_shape=layout.reshaped,
    )
    if close is None:
        return figures
    return replace(
        figures,
        limit=close.limit,
        max_absolute=close.max_absolute,
        max_relative=close.max_relative,
        place=close.place,
    )


def _does_not_load(form: str, item: Restored, cause: tuple[Finding, ...], close: Closeness | None) -> Finding:
    if close is None:
        return Finding(fact=Fact.LOAD_REFUSED, names=(form,), parts=cause, cause=item.error)
    return Finding(fact=Fact.LOADS_OTHERWISE, names=(form,), parts=cause, closeness=close)


def _layout(
    saved: Saved | Places, other: Saved | Places, placed: tuple[frozenset[str], frozenset[str]] = _NONE
) -> Layout:
    """How the stored paths compare, those of weights that are ``placed`` left out."""
    one, two = (
        {path: shape for path, shape in side.stored.items() if path not in paths}
        for side, paths in zip((saved, other), placed, strict=True)
    )
    return Layout(
        missing=tuple(sorted(set(two) - set(one))),
        extra=tuple(sorted(set(one) - set(two))),
        reshaped=tuple((path, one[path], two[path]) for path in sorted(set(one) & set(two)) if one[path] != two[path]),
    )


def _arrived(
    saved: Saved, other: Saved, item: Restored, transfer: WeightTransfer
) -> tuple[frozenset[str], frozenset[str]]:
    """The paths, in either layout, of the weights that hold what their counterparts saved: no reason for anything."""
    arrived = [(one, two) for one, two in transfer.pairs.items() if saved.digests.get(one, "") == item.digests.get(two)]
    return (
        frozenset(saved.paths[one] for one, _ in arrived if one in saved.paths),
        frozenset(other.paths[two] for _, two in arrived if two in other.paths),
    )


def _astray(saved: Saved, other: Saved, item: Restored, transfer: WeightTransfer) -> Astray:
    source = {digest: name for name, digest in saved.digests.items()}
    pairs = {one: two for one, two in transfer.pairs.items() if one in saved.digests and two in item.digests}
    lost = {one: two for one, two in pairs.items() if saved.digests[one] != item.digests[two]}
    known = {one: two for one, two in lost.items() if one in saved.paths and two in other.paths}
    apart = [(one, two) for one, two in known.items() if saved.paths[one] != other.paths[two]]
    return Astray(
        weights=tuple(lost.values()),
        of=len(pairs),
        renamed=_renamed((saved, other), apart),
        unplaced=len(lost) - len(apart),
        swapped=sum(item.digests[two] in source for two in lost.values()),
    )


def _renamed(
    sides: tuple[Saved, Saved] | tuple[Places, Places], apart: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """What weights that are stored under other names are stored under, each pair of names once."""
    names = ((_holder(sides[0].paths[one]), _holder(sides[1].paths[two])) for one, two in apart)
    return tuple(dict.fromkeys(names))


def _holder(path: str) -> str:
    """``layers/conv2d`` of ``layers/conv2d/vars/0``: what a weight is stored under; empty for the model itself."""
    return path.rpartition("vars/")[0].rstrip("/")


def _cause(astray: Astray, layout: Layout, transfer: WeightTransfer, *, refused: bool) -> tuple[Finding, ...]:
    """Why; empty where Keras's own message is all there is."""
    if astray.renamed:
        fact = Fact.STORED_IN_OTHER_ORDER if astray.swapped else Fact.STORED_UNDER_OTHER_NAMES
        return (Finding(fact=fact, values=(astray.renamed, ())),)
    if layout.reshaped:
        return (Finding(fact=Fact.STORED_IN_OTHER_SHAPE, values=(layout.reshaped, ())),)
    causes = []
    if layout.missing:
        causes.append(Finding(fact=Fact.FILE_LACKS, names=layout.missing))
    if layout.extra:
        causes.append(Finding(fact=Fact.NO_ROOM_FOR, names=layout.extra))
    if not causes and astray.weights:
        causes.append(Finding(fact=Fact.DID_NOT_ARRIVE, count=len(astray.weights), of=astray.of))
    if causes or refused:
        return tuple(causes)
    if transfer.transposed:
        return (Finding(fact=Fact.READ_TRANSPOSED, weights=tuple(sorted(transfer.transposed))),)
    return (Finding(fact=Fact.ALL_ARRIVED),)
