"""A worker whose trials survive its end: what was stored goes on in another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType

from kerasdiff.errors import WorkerEndedError
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph.values import Array
from kerasdiff.side.process import Worker
from kerasdiff.side.training import FitPlan, Progress, Trial


class Retried:
    """A worker's trials, each taken up once more by a fresh worker where the process ended in the middle.

    What is in the trial store is not trained again. A second end is the caller's to report.

    Args:
        worker: Where trials run at first.
        findings: Gets one on each worker that ended.
    """

    def __init__(self, worker: Worker, findings: list[Finding]) -> None:
        self._worker, self._findings = worker, findings
        self._own: Worker | None = None

    def start(self, seed: int) -> Mapping[str, Array]:
        """The weights a fresh copy of the model starts from, by id."""
        return self._worker.start(seed)

    def trial_key(self, plan: FitPlan) -> str | None:
        """Makes a trial ready; what it is called in the trial store."""
        try:
            return self._worker.trial_key(plan)
        except WorkerEndedError as error:
            self._replace(error)
            return self._worker.trial_key(plan)

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
        """Trains a fresh copy of the model."""
        try:
            return self._worker.fit(plan, progress)
        except WorkerEndedError as error:
            self._replace(error)
            # What the lost worker stored counts, even where what was stored before it does not.
            return self._worker.fit(replace(plan, options=replace(plan.options, fresh=False)), progress)

    def renew(self) -> None:
        """Starts the process anew."""
        self._worker.renew()

    def _replace(self, error: WorkerEndedError) -> None:
        if self._worker.closed:
            raise error
        figures = {} if error.exit_code is None else {"exit_code": error.exit_code}
        names = error.label, error.target
        self._findings.append(Finding(fact=Fact.WORKER_REPLACED, names=names, figures=figures))
        self._worker = self._own = self._worker.fresh()

    def __enter__(self) -> Retried:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own is not None:
            self._own.close()
