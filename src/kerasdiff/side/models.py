"""Two models at work, each in a process of its own, traced and ready to be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

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

    def started(target: Target, inputs: Inputs, label: str) -> Worker:
        return Worker(target, inputs, timeout, label, without, hardware)

    with ExitStack() as stack:
        first = stack.enter_context(started(targets[0], given, "reference"))
        second = stack.enter_context(started(targets[1], given, "candidate"))
        descriptions, inputs = describe_both((first, second), given, names_count="names" not in without)

        @contextmanager
        def control() -> Iterator[Worker | Retried]:
            with started(targets[0], inputs[0], "control") as worker, ExitStack() as own:
                yield worker if hardware is None else own.enter_context(Retried(worker, lost))

        fitters: tuple[Worker | Retried, Worker | Retried] = first, second
        if hardware is not None:
            fitters = stack.enter_context(Retried(first, lost)), stack.enter_context(Retried(second, lost))
        yield Models(
            targets=targets,
            workers=(first, second),
            descriptions=descriptions,
            fitters=fitters,
            control=control,
            lost=lost,
        )
