"""The order of the steps: describe, align, climb the rungs, judge. The only place that knows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, replace

from kerasdiff.comparison import NUMERIC, Comparison, ModelInfo, NotChecked, Rung
from kerasdiff.errors import EvaluateError, FitError, TraceError
from kerasdiff.explain.attribution import with_effects
from kerasdiff.fit.experiment import Experiment, Fitter
from kerasdiff.fit.trials import FitEvidence
from kerasdiff.graph import Weight
from kerasdiff.judge import UNIMPLIED, Case, judge
from kerasdiff.numbers import Numbers, numbers, rerun
from kerasdiff.options import FitOptions, Listener, Options, Silent
from kerasdiff.probing.choosing import choose
from kerasdiff.probing.prober import guarded
from kerasdiff.probing.probes import PROBE_BATCH, probe_rows
from kerasdiff.probing.transfer import WeightTransfer, transfer_weights
from kerasdiff.probing.witness import SavedWitness
from kerasdiff.report.wording.fit import told
from kerasdiff.rungs import architecture as structural
from kerasdiff.rungs.checkpoint import checkpoint
from kerasdiff.rungs.fit import fit_rung
from kerasdiff.rungs.interface import interface, shown
from kerasdiff.rungs.records import Rung as TypedRung
from kerasdiff.rungs.unseen import training_code, untaken, untraced
from kerasdiff.rungs.weights import penalized_otherwise, weights
from kerasdiff.side.process import Worker
from kerasdiff.side.protocol import DESCRIBE, Side
from kerasdiff.side.records import Description
from kerasdiff.side.targets import InputSpec, Target, parse_input
from kerasdiff.side.training import TrialOptions

_NUMBERED = re.compile(r"input(_\d+)?")
"""Names that stand for a place, not for a meaning."""


def inspect(target: Target, inputs: tuple[InputSpec, ...] = (), timeout: float = 600.0) -> Description:
    """Traces one model.

    Raises:
        KerasdiffError: If it cannot be loaded or called.
    """
    with Worker(target, inputs, timeout, "target") as worker:
        return worker.describe()


def compare(
    reference: Target, candidate: Target, options: Options | None = None, listener: Listener | None = None
) -> Comparison:
    """Compares two models, each in a worker of its own.

    Raises:
        KerasdiffError: If a model cannot be loaded, built or called.
    """
    options, listener = options or Options(), listener or Silent()
    listener.phase("loading and tracing both models")
    with ExitStack() as stack:
        workers = (
            stack.enter_context(Worker(reference, options.inputs, options.timeout, "reference", options.ignore)),
            stack.enter_context(Worker(candidate, options.inputs, options.timeout, "candidate", options.ignore)),
        )
        descriptions, inputs = describe(workers, options)

        @contextmanager
        def control() -> Iterator[Fitter]:
            with Worker(reference, inputs[0], options.timeout, "control", options.ignore) as worker:
                yield worker

        return Steps((reference, candidate), workers, descriptions, options, listener, control).comparison()


def replay(
    pair: tuple[Target, Target], saved: SavedWitness, timeout: float = 600.0, listener: Listener | None = None
) -> Rung:
    """Runs both models once more on the input of a saved witness.

    Raises:
        KerasdiffError: If a model cannot be loaded or called, or the input does not fit both.
    """
    listener = listener or Silent()
    listener.phase("loading and tracing both models")
    options = Options(inputs=tuple(parse_input(text) for text in saved.inputs), seed=saved.seed, timeout=timeout)
    with ExitStack() as stack:
        workers = (
            stack.enter_context(Worker(pair[0], options.inputs, timeout, "reference")),
            stack.enter_context(Worker(pair[1], options.inputs, timeout, "candidate")),
        )
        descriptions, _ = describe(workers, options)
        face = interface(*descriptions)
        if face.outcome == "different":
            raise EvaluateError(f"The witness cannot be run: the interfaces differ ({face.detail}).")
        structure = structural.architecture(*descriptions)
        transfer = choose(
            workers, descriptions, structure, transfer_weights(structure, *descriptions, saved.seed), saved.seed
        )
        if not transfer.complete:
            raise EvaluateError(f"The witness cannot be run: {transfer.reason}.")
        listener.phase("running the witness through both models")
        return rerun(workers, descriptions, structure, transfer, saved.witness)


def describe(
    workers: tuple[Worker, Worker], options: Options
) -> tuple[tuple[Description, Description], tuple[tuple[InputSpec, ...], tuple[InputSpec, ...]]]:
    """Traces both models at once; a model whose input is a guess is given the other one's inputs."""
    pending = [worker.submit(DESCRIBE, None, ()) for worker in workers]
    found: list[Description | TraceError] = []
    for item in pending:
        try:
            found.append(item.result())
        except TraceError as error:
            found.append(error)
    inputs = [options.inputs, options.inputs]
    done: list[Description] = []
    for side, one in enumerate(found):
        other = found[1 - side]
        unsure = isinstance(one, TraceError) or one.guessed
        if not options.inputs and unsure and isinstance(other, Description) and not other.guessed:
            inputs[side], description = _lent(workers[side], other)
            done.append(description)
        elif isinstance(one, TraceError):
            raise one
        else:
            done.append(one)
    order = () if "names" in options.ignore else common_order(done[0], done[1])
    if order:
        done[1] = workers[1].describe(inputs[1], order)
    return (done[0], done[1]), (inputs[0], inputs[1])


def _lent(worker: Worker, lender: Description) -> tuple[tuple[InputSpec, ...], Description]:
    """Traces a model on the inputs of the other one, in the first way it accepts."""
    first: TraceError | None = None
    for inputs in borrowed(lender):
        try:
            return inputs, worker.describe(inputs)
        except TraceError as error:
            first = first or error
    assert first is not None
    raise first


def borrowed(description: Description) -> tuple[tuple[InputSpec, ...], ...]:
    """One model's inputs as ``--input`` would say them, in the order to try: a single one stays unnamed.

    Several in a list are tried as such first, then by the names the lender gave them.
    """
    several = len(description.inputs) > 1
    named = several and not any(_NUMBERED.fullmatch(port.name) for port in description.inputs)
    ways = (True,) if several and description.named_inputs else (False, True) if named else (False,)
    return tuple(
        tuple(
            InputSpec(
                name=port.name if by_name else None,
                shape=tuple((port.spec.shape or (None,))[1:]),
                dtype=port.spec.dtype,
                low=port.low,
                high=port.high,
                batch=(port.spec.shape or (None,))[0],
                label=port.name,
            )
            for port in description.inputs
        )
        for by_name in ways
    )


def common_order(reference: Description, candidate: Description) -> tuple[str, ...]:
    """The reference's input names, where the candidate has the same in another order and a side goes by names."""
    first, second = ([port.name for port in item.inputs] for item in (reference, candidate))
    by_name = reference.named_inputs or candidate.named_inputs
    return tuple(first) if by_name and first != second and sorted(first) == sorted(second) else ()


class Steps:
    """One comparison on its way up the rungs."""

    def __init__(
        self,
        targets: tuple[Target, Target],
        sides: tuple[Side, Side],
        descriptions: tuple[Description, Description],
        options: Options,
        listener: Listener,
        control: Callable[[], AbstractContextManager[Fitter]],
    ) -> None:
        self.targets = targets
        self.sides = sides
        self.descriptions = descriptions
        self.options = options
        self.listener = listener
        self.control = control
        self.not_checked: list[NotChecked] = []

    def comparison(self) -> Comparison:
        """Runs every rung that can be run."""
        first, second = self.descriptions
        self.listener.phase("aligning the graphs")
        code, unseen = training_code(first, second)
        self.not_checked += [NotChecked(rung="training step", reason=reason) for reason in code]
        face = interface(first, second, self.options.ignore)
        structure = structural.architecture(first, second)
        transfer = self._transferred(face, structure)
        weight_rung, weight_edits = weights(
            structure, transfer.pairs, *self._starting(), self.sides, self.options.ignore, transfer.transposed
        )
        found = self._numbers(face, structure, transfer, settings=weight_rung.outcome != "different")
        settings = weight_rung
        weight_rung, doubts = penalized_otherwise(settings, weight_edits, found.rungs[1], self.descriptions)
        stored = self._checkpoint(face, transfer)
        rungs = [face, structural.tempered(structure.rung, found.rungs), weight_rung, *found.rungs, stored]
        evidence = self._fit(face, structure, transfer, rungs)
        blame = found.attribution
        edits = (*(structure.edits if blame is None else with_effects(structure.edits, blame)), *weight_edits)
        case = Case(
            rungs={rung.name: rung for rung in rungs},
            edits=edits,
            proved=structure.isomorphic and weight_rung is settings,
            complete=transfer.complete,
            guessed=transfer.guessed,
            regrouped=transfer.regrouped,
            sizes=(_parameters(first), _parameters(second)),
            unseen=(
                *unseen,
                *doubts,
                *untraced(first, second),
                *untaken(rungs, edits),
                *(blame.one_way if blame else ()),
            ),
            explained="" if blame is None else blame.sentence,
            require=self.options.require,
            gates=(*UNIMPLIED, "checkpoint") if self.options.require_checkpoint else UNIMPLIED,
        )
        return Comparison(
            verdict=judge(case),
            reference=self._info(0, structure),
            candidate=self._info(1, structure),
            environment=first.environment,
            terms=self._terms(rungs),
            rungs=tuple(rungs),
            edits=edits,
            rewrites=structural.rewrites(structure),
            rows=structural.rows(structure, first, second),
            fit=evidence,
            not_checked=tuple(self.not_checked),
            attribution=blame,
            witness=found.witness,
        )

    def _starting(self) -> tuple[Description, Description]:
        """What the weights rung compares: a saved file holds values, not what weights would start from."""
        saved = [target.kind == "saved" for target in self.targets]
        if saved[0] == saved[1]:
            return self.descriptions
        name = self.targets[saved.index(True)].text
        reason = f"initializers: {name} is a saved model and holds values, whatever they were drawn from"
        self.not_checked.append(NotChecked(rung="weights", reason=reason))
        first, second = (
            replace(item, weights=tuple(replace(w, initializer=None, fans=None) for w in item.weights))
            if held
            else item
            for item, held in zip(self.descriptions, saved, strict=True)
        )
        return first, second

    def _transferred(self, face: Rung, structure: structural.Structure) -> WeightTransfer:
        transfer = transfer_weights(structure, *self.descriptions, self.options.seed)
        if face.outcome == "different":
            return transfer
        return choose(self.sides, self.descriptions, structure, transfer, self.options.seed)

    def _numbers(
        self, face: Rung, structure: structural.Structure, transfer: WeightTransfer, *, settings: bool
    ) -> Numbers:
        if face.outcome == "different":
            reason = "the interfaces differ, so no input fits both"
            self.not_checked.extend(NotChecked(rung=name, reason=reason) for name in NUMERIC)
            return Numbers.skipped(reason)
        self.listener.phase("running probes through both models")
        found = numbers(
            self.sides, self.descriptions, structure, transfer, self.options, self.listener, settings=settings
        )
        self.not_checked.extend(found.not_checked)
        return found

    def _checkpoint(self, face: Rung, transfer: WeightTransfer) -> Rung:
        """The checkpoint rung, where both sides take the same inputs."""
        if face.outcome != "equal":
            reason = "the interfaces are not known to be the same, so outputs cannot be compared after loading"
            self.not_checked.append(NotChecked(rung="checkpoint", reason=reason))
            return Rung(name="checkpoint", outcome="skipped", detail=reason)
        self.listener.phase("loading the reference's saved weights into the candidate")
        options = self.options
        return guarded(
            "checkpoint",
            lambda: checkpoint(
                self.sides,
                self.descriptions,
                transfer,
                options.seed,
                required=options.require_checkpoint,
                ignore_names="names" in options.ignore,
            ),
        )

    def _fit(
        self, face: Rung, structure: structural.Structure, transfer: WeightTransfer, rungs: list[Rung]
    ) -> FitEvidence | None:
        reason = "--no-fit" if not self.options.fit else ""
        if not reason and face.outcome == "different":
            reason = "the interfaces differ, so no data fit both"
        if reason:
            self.not_checked.append(NotChecked(rung="fit", reason=reason))
            return None
        self.listener.phase("training both models")
        try:
            found = Experiment(
                self.sides,
                self.control,
                self._starts(transfer),
                self.options.data or "auto",
                FitOptions(seeds=(self.options.seed,), trial=TrialOptions(steps=self.options.fit_steps)),
                self.listener,
                [],
                transposed=transfer.transposed,
                alike=structure.isomorphic,
                serial=self.descriptions[0].environment["device"] != "cpu",
            ).run()
        except FitError as error:
            self.not_checked.append(NotChecked(rung="fit", reason=error.message))
            rungs.append(Rung(name="fit", outcome="failed", detail=error.message))
            return None
        rungs.append(told_rung(fit_rung(found, complete=transfer.complete)))
        return found

    def _starts(self, transfer: WeightTransfer) -> dict[str, Weight]:
        """Reference weight id to the candidate's weight that can start from the same values."""
        first, second = ({weight.id: weight for weight in item.weights} for item in self.descriptions)
        return {one: second[two] for one, two in transfer.pairs.items() if first[one].size == second[two].size}

    def _info(self, side: int, structure: structural.Structure) -> ModelInfo:
        description = self.descriptions[side]
        item = structure.modes.get("training") or structure.modes.get("inference")
        graph = None if item is None else (item.reference, item.candidate)[side].graph
        return ModelInfo(
            target=self.targets[side].text,
            class_name=description.class_name,
            parameters=_parameters(description),
            trainable_parameters=sum(w.size for w in description.weights if w.trainable),
            nodes=0 if graph is None else len(graph),
            interface=tuple(shown(port) for port in (*description.inputs, *description.outputs)),
        )

    def _terms(self, rungs: list[Rung]) -> tuple[tuple[str, str], ...]:
        found = [("seed", str(self.options.seed))]
        if self.options.require != Options().require:
            found.append(("required", f"{self.options.require}: weaker evidence does not pass as equivalent"))
        if self.options.require_checkpoint:
            found.append(("required", "checkpoint: the candidate loads the reference's saved weights"))
        found += [("ignored", _hidden(name, rungs)) for name in self.options.ignore]
        limits: dict[float, list[str]] = {}
        for rung in rungs:
            if "limit" in rung.figures:
                limits.setdefault(rung.figures["limit"], []).append(rung.name)
        told = ", ".join(f"{limit:g} for {' and '.join(names)}" for limit, names in sorted(limits.items()))
        if told:
            found.append(("tolerance", f"{told}: fractions of the scale, which is the reference's largest value"))
        if limits and (rows := probe_rows(self.descriptions[0].inputs)) < PROBE_BATCH:
            found.append(("probes", f"{rows} rows each instead of {PROBE_BATCH}, for the inputs are large"))
        found += [("inferred", text) for description in self.descriptions for text in description.inferred]
        found += [
            ("note", f"{side}: {note}")
            for side, description in zip(("reference", "candidate"), self.descriptions, strict=True)
            for note in description.notes
        ]
        return tuple(dict.fromkeys(found))


def told_rung(rung: TypedRung) -> Rung:
    """The fit rung as the rest of the comparison takes it, until that speaks in findings."""
    detail = "; ".join(told(finding) for finding in rung.findings)
    return Rung(
        name="fit", outcome=rung.outcome, detail=detail, figures={} if rung.figures is None else asdict(rung.figures)
    )


def _hidden(name: str, rungs: list[Rung]) -> str:
    """What leaving ``name`` out hid, rung by rung."""
    counts = [(rung.name, rung.figures.get("ignored", {}).get(name, 0)) for rung in rungs]
    shown = [f"{count} difference{'' if count == 1 else 's'} in {rung}" for rung, count in counts if count]
    return f"{name}: hid {', '.join(shown) or 'no difference'}"


def _parameters(description: Description) -> int:
    return sum(weight.size for weight in description.weights if not weight.is_seed)
