"""Two models at work, each in a process of its own, traced and ready to be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

from kerasdiff.findings import Finding
from kerasdiff.side.describing import Inputs, describe_both
from kerasdiff.side.environment import Hardware
from kerasdiff.side.process import Worker
from kerasdiff.side.records import Description
from kerasdiff.side.retried import Retried
from kerasdiff.side.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Two models at work.

    Attributes:
        targets, workers, descriptions: By side.
        fitters: Who trains: the workers, or what takes up a trial where one was lost.
        control: Starts the reference in another process.
        lost: Facts of workers that ended; grows while trials run.
    """

    targets: tuple[Target, Target]
    workers: tuple[Worker, Worker]
    descriptions: tuple[Description, Description]
    fitters: tuple[Worker | Retried, Worker | Retried]
    control: Callable[[], AbstractContextManager[Worker | Retried]]
    lost: list[Finding]


def _trained_by(
    worker: Worker, hardware: Hardware | None, lost: list[Finding]
) -> AbstractContextManager[Worker | Retried]:
    """Who trains: the worker, or where trials run on hardware of their own, what goes on when the worker ends."""
    return nullcontext(worker) if hardware is None else Retried(worker, lost)


@contextmanager
def models_of(
    targets: tuple[Target, Target],
    given: Inputs,
    timeout: float,
    without: tuple[str, ...] = (),
    hardware: Hardware | None = None,
) -> Iterator[Models]:
    """Loads and traces both models.

    Args:
        targets: Reference and candidate.
        given: What ``--input`` said.
        timeout: Seconds a worker may take for one answer.
        without: What the workers leave out; without ``names``, inputs that go by name come in the reference's order.
        hardware: What trials run on; they then survive the end of a worker.

    Raises:
        KerasdiffError: If a model cannot be loaded, built or called.
    """
    lost: list[Finding] = []

    started = partial(Worker, timeout=timeout, without=without, hardware=hardware)
    with ExitStack() as stack:
        first = stack.enter_context(started(targets[0], given, label="reference"))
        second = stack.enter_context(started(targets[1], given, label="candidate"))
        descriptions, inputs = describe_both((first, second), given, names_count="names" not in without)

        @contextmanager
        def control() -> Iterator[Worker | Retried]:
            with started(targets[0], inputs[0], label="control") as worker, _trained_by(worker, hardware, lost) as own:
                yield own

        one, two = (stack.enter_context(_trained_by(worker, hardware, lost)) for worker in (first, second))
        yield Models(
            targets=targets,
            workers=(first, second),
            descriptions=descriptions,
            fitters=(one, two),
            control=control,
            lost=lost,
        )
