"""What does a difference do to training? The order of the steps of ``kerasdiff fit``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from kerasdiff.comparison import Comparison, NotChecked, Rung, Verdict
from kerasdiff.findings import Fact, Finding
from kerasdiff.fit.experiment import Experiment, Fitter, Interrupted
from kerasdiff.fit.statistics import DEFAULT_MARGIN
from kerasdiff.fit.trials import FitEvidence
from kerasdiff.fit.verdict import FitVerdict, judge_cut_off, judge_fit
from kerasdiff.options import FitOptions, Listener, Options
from kerasdiff.pipeline import Steps, describe, told_rung
from kerasdiff.probing.transfer import transfer_weights
from kerasdiff.report.wording.fit import verdict_sentence
from kerasdiff.rungs import architecture as structural
from kerasdiff.rungs.fit import fit_rung
from kerasdiff.rungs.interface import interface
from kerasdiff.rungs.unseen import training_code
from kerasdiff.side.environment import Hardware
from kerasdiff.side.process import Worker
from kerasdiff.side.retried import Retried
from kerasdiff.side.targets import Target


class InterruptedFit(KeyboardInterrupt):
    """Somebody pressed Ctrl-C; ``known`` is what can be reported, if anything."""

    def __init__(self, known: Comparison | None) -> None:
        super().__init__()
        self.known = known


def fit(reference: Target, candidate: Target, options: Options, trials: FitOptions, listener: Listener) -> Comparison:
    """Trains two models alike, each in a worker of its own, and judges from that alone.

    Raises:
        KerasdiffError: If a model cannot be loaded, built, called or trained.
        InterruptedFit: On Ctrl-C.
    """
    listener.phase("loading and tracing both models")
    hardware = Hardware(device=trials.device, threads=max(1, _cores() // 2), onednn=True)
    findings: list[Finding] = []
    with ExitStack() as stack:
        workers = (
            stack.enter_context(Worker(reference, options.inputs, options.timeout, "reference", hardware=hardware)),
            stack.enter_context(Worker(candidate, options.inputs, options.timeout, "candidate", hardware=hardware)),
        )
        descriptions, inputs = describe(workers, options)

        @contextmanager
        def control() -> Iterator[Fitter]:
            with (
                Worker(reference, inputs[0], options.timeout, "control", hardware=hardware) as worker,
                Retried(worker, findings) as side,
            ):
                yield side

        sides = tuple(stack.enter_context(Retried(worker, findings)) for worker in workers)
        steps = _Steps((reference, candidate), workers, descriptions, options, listener, control)
        return steps.trained((sides[0], sides[1]), trials, findings)


def _cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Steps(Steps):
    """A comparison that trains, and does nothing else."""

    def trained(self, sides: tuple[Fitter, Fitter], trials: FitOptions, findings: list[Finding]) -> Comparison:
        """Aligns the graphs, for weights to correspond, and trains."""
        first, second = self.descriptions
        self.listener.phase("aligning the graphs")
        face = interface(first, second)
        structure = structural.architecture(first, second)
        transfer = transfer_weights(structure, first, second, self.options.seed)
        rungs = [face, structure.rung]
        reasons = [NotChecked(rung=name, reason="kerasdiff fit trains only") for name in ("inference", "training step")]
        if face.outcome == "different":
            reasons.append(NotChecked(rung="fit", reason="the interfaces differ, so no data fit both"))
            text = f"The interfaces differ, so no data fit both: {face.detail}."
            verdict = Verdict(outcome="different", basis="witness", summary=text)
            return self._judged(structure, rungs, None, reasons, verdict, trials)
        code, unseen = training_code(first, second)
        reasons += [NotChecked(rung="training step", reason=reason) for reason in code]
        self.listener.phase("training both models")
        complete = transfer.complete and not trials.own_init
        if not transfer.complete and not trials.own_init:
            findings.append(Finding(fact=Fact.OWN_START, cause=transfer.reason))
        experiment = Experiment(
            sides,
            self.control,
            self._starts(transfer),
            self.options.data or "auto",
            trials,
            self.listener,
            findings,
            transposed=transfer.transposed,
            alike=structure.isomorphic and not trials.own_init,
            serial=first.environment["device"] != "cpu",
        )

        def judged(fit: FitEvidence, verdict: FitVerdict) -> Comparison:
            text = verdict_sentence(verdict.finding)
            known = Verdict(outcome=verdict.outcome, basis=verdict.basis, summary=text)
            if verdict.outcome == "equivalent" and unseen:
                text = f"No difference found, but not all of it was seen: {'; '.join(unseen)}."
                known = Verdict(outcome="inconclusive", basis=None, summary=text)
            rung = told_rung(fit_rung(fit, complete=complete))
            return self._judged(structure, [*rungs, rung], fit, reasons, known, trials)

        try:
            fit = experiment.run()
        except Interrupted as stop:
            if stop.known is None:
                raise InterruptedFit(None) from None
            known = judged(stop.known, judge_cut_off(stop.known, complete=complete))
            raise InterruptedFit(replace(known, interrupted=True)) from None
        return judged(fit, judge_fit(fit, complete=complete))

    def _judged(
        self,
        structure: structural.Structure,
        rungs: list[Rung],
        fit: FitEvidence | None,
        reasons: list[NotChecked],
        verdict: Verdict,
        trials: FitOptions,
    ) -> Comparison:
        terms = [*_terms(trials), *(term for term in self._terms(rungs) if term[0] != "seed")]
        return Comparison(
            verdict=verdict,
            reference=self._info(0, structure),
            candidate=self._info(1, structure),
            environment=self.descriptions[0].environment,
            terms=tuple(terms),
            rungs=tuple(rungs),
            edits=(),
            rewrites=(),
            rows=(),
            fit=fit,
            not_checked=tuple(reasons),
        )


def _terms(trials: FitOptions) -> list[tuple[str, str]]:
    points = f"{100 * trials.margin:g}"
    text = f"{points} points of test accuracy, or {points} % of the test loss where there are no classes"
    if trials.margin == DEFAULT_MARGIN:
        text += "; the default: about twice the standard error of an accuracy on CIFAR-10's 10,000 test images"
    terms = [("margin", text)]
    if trials.own_init:
        terms.append(("start", "each model's own draw from the seed (--own-init)"))
    return terms
