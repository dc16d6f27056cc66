"""Two models at work, each in a process of its own, traced and ready to be asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

from kerasdiff.findings import Finding
from kerasdiff.side.describing import Inputs, describe_both
from kerasdiff.side.environment import Hardware
from kerasdiff.side.process import Worker
from kerasdiff.side.protocol import TRIAL_KEY
from kerasdiff.side.records import Description
from kerasdiff.side.retried import Retried
from kerasdiff.side.targets import Target
from kerasdiff.side.training import FitPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Two models at work.

    Attributes:
        targets, workers, descriptions: By side.
        fitters: Who trains: the workers, or what takes up a trial where one was lost.
        control: Starts the reference in another process.
        make_ready: Starts that process ahead and has it make ready to train like this, beside what is asked of others.
        more: Starts another pair of who trains.
        lost: Facts of workers that ended; grows while trials run.
        started: Before anything of them was loaded, in seconds since the epoch.
        on_gpu: Whether trials run on a GPU, or may.
    """

    targets: tuple[Target, Target]
    workers: tuple[Worker, Worker]
    descriptions: tuple[Description, Description]
    fitters: tuple[Worker | Retried, Worker | Retried]
    control: Callable[[], AbstractContextManager[Worker | Retried]]
    make_ready: Callable[[FitPlan], None]
    more: Callable[[], AbstractContextManager[tuple[Worker | Retried, Worker | Retried]]]
    lost: list[Finding]
    started: float
    on_gpu: bool = False


@contextmanager
def models_of(
    targets: tuple[Target, Target],
    given: Inputs,
    timeout: float,
    without: tuple[str, ...] = (),
    *,
    numbers: Hardware,
    trials: Hardware | None = None,
    retried: bool = False,
) -> Iterator[Models]:
    """Loads and traces both models.

    Args:
        targets: Reference and candidate.
        given: What ``--input`` said.
        timeout: Seconds a worker may take for one answer.
        without: What the workers leave out; without ``names``, inputs that go by name come in the reference's order.
        numbers: What both are described and probed on.
        trials: What they are trained on, by workers of their own if it is something else; ``None`` if nothing trains.
        retried: Whether trials survive the end of a worker.

    Raises:
        KerasdiffError: If a model cannot be loaded, built or called.
    """
    lost: list[Finding] = []
    started = time.time()
    trials = trials or numbers
    worker = partial(Worker, timeout=timeout, without=without, hardware=numbers)
    with ExitStack() as stack:
        first = stack.enter_context(worker(targets[0], given, label="reference"))
        second = stack.enter_context(worker(targets[1], given, label="candidate"))
        descriptions = describe_both((first, second), given, names_count="names" not in without)

        def trained_by(worker: Worker) -> AbstractContextManager[Worker | Retried]:
            return Retried(worker, lost) if retried else nullcontext(worker)

        ahead: list[Worker] = []

        def make_ready(plan: FitPlan) -> None:
            worker = stack.enter_context(first.fresh(trials, "control"))
            worker.submit(TRIAL_KEY, plan)  # what goes wrong goes wrong once more when it is to train
            ahead.append(worker)

        @contextmanager
        def control() -> Iterator[Worker | Retried]:
            begun = ahead.pop() if ahead else None
            if begun is not None:
                begun.revive()
            with begun or first.fresh(trials, "control") as worker, trained_by(worker) as own:
                yield own

        @contextmanager
        def more() -> Iterator[tuple[Worker | Retried, Worker | Retried]]:
            with (
                first.fresh(trials) as one,
                second.fresh(trials) as two,
                trained_by(one) as own,
                trained_by(two) as other,
            ):
                yield own, other

        trainers = (first, second)
        if trials != numbers:
            # At once: they start up and load their models while the numbers are looked at.
            trainers = (stack.enter_context(first.fresh(trials)), stack.enter_context(second.fresh(trials)))
        one, two = (stack.enter_context(trained_by(worker)) for worker in trainers)
        yield Models(
            targets=targets,
            workers=(first, second),
            descriptions=descriptions,
            fitters=(one, two),
            control=control,
            make_ready=make_ready,
            more=more,
            lost=lost,
            started=started,
            on_gpu=trials != numbers or descriptions[0].environment["device"] == "gpu",
        )
