"""What does a task do on its node? It runs the trials of a seed as this machine would, in workers of their own.

A worker is a process of its own here, too: what a model breaks, it does not break Ray's.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kerasdiff.errors import KerasdiffError, WorkerError
from kerasdiff.findings import Finding
from kerasdiff.fitting.cluster.entry import Handle
from kerasdiff.fitting.cluster.shipping import Parcel, Shipment, data_there, unpacked
from kerasdiff.fitting.trainers import Starts
from kerasdiff.graph.values import Array
from kerasdiff.side.environment import Hardware
from kerasdiff.side.files import trial_directory
from kerasdiff.side.process import Recipe, Worker
from kerasdiff.side.retried import Retried
from kerasdiff.side.training import FitPlan, Tick, Trial, TrialSide

TELL_S = 1.0
"""Seconds between two signs of a trial, but for its epochs."""

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The trials of a seed, to be run one after the other on the same node.

    Attributes:
        number: Of the job, for what its task says.
        recipes, shipments: Of the reference's and the candidate's worker, and where its model's files are.
        starts: What the candidate starts from.
        environment: What Ray must not have changed: ``None`` for a variable that is not set.
    """

    number: int
    plans: tuple[FitPlan, ...]
    recipes: tuple[Recipe, Recipe]
    shipments: tuple[Shipment, ...]
    starts: Starts
    hardware: Hardware
    environment: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a task says while it runs: a tick of one of its plans, or which trial it is about to run."""

    number: int
    plan: int
    tick: Tick | None = None
    asks: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a task gives.

    Attributes:
        trials: In the order of the plans; or the error that ended them.
        stored: For each trial, its key and files; without a key where it was not stored.
        logs: Files below the directory for logs.
        lost: Facts of workers that ended.
    """

    node: str
    trials: tuple[Trial, ...] | KerasdiffError
    stored: tuple[tuple[str | None, Files], ...] = ()
    logs: Files = field(default_factory=dict)
    lost: tuple[Finding, ...] = ()


def run(packed_job: bytes, parcel: Parcel, desk: Handle) -> bytes:
    """Runs a job; what a model does wrong is a result, for Ray to try it again would change nothing."""
    import ray

    job: Job = pickle.loads(packed_job)
    here = Path.cwd()
    unpacked(parcel, here / "kerasdiff-data")
    restore({**job.environment, "KERAS_HOME": str(here / "kerasdiff-data" / "keras")})
    node = ray.get_runtime_context().get_node_id()
    with tempfile.TemporaryDirectory(prefix="kerasdiff-", ignore_cleanup_errors=True) as own:
        task = _Task(job, Path(own), desk)
        try:
            trials = task.trained()
        except KerasdiffError as error:
            return pickle.dumps(Done(node=node, trials=error, lost=_CREW.told()))
        logs = _files(Path(own) / "logs")
        return pickle.dumps(Done(node=node, trials=trials, stored=task.stored, logs=logs, lost=_CREW.told()))


def restore(environment: Mapping[str, str | None]) -> None:
    """Sets the variables of this process; those that are ``None`` are removed."""
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


class _Crew:
    """The workers of this process of Ray's, which stay for its next task: a worker trains any number of seeds.

    They end with this process, also where it is killed.
    """

    def __init__(self) -> None:
        self._members: dict[str, tuple[Worker, Retried, bytes]] = {}
        self._lost: list[Finding] = []

    def member(self, label: str, recipe: Recipe, hardware: Hardware) -> Retried:
        """The worker of that label, made anew where it held another model."""
        wanted = pickle.dumps((recipe, hardware))
        if label in self._members and self._members[label][2] != wanted:
            self.dismiss(label)
        if label not in self._members:
            worker = recipe.worker(label, hardware)
            self._members[label] = worker, Retried(worker, self._lost), wanted
        return self._members[label][1]

    def dismiss(self, label: str) -> None:
        """Ends a worker."""
        worker, fitter, _ = self._members.pop(label)
        with fitter, worker:
            pass

    def told(self) -> tuple[Finding, ...]:
        """Facts of workers that ended since the last time."""
        told = tuple(self._lost)
        self._lost.clear()
        return told


_CREW = _Crew()


class _Task:
    """The trials of a job, in turn."""

    def __init__(self, job: Job, own: Path, desk: Handle) -> None:
        self._job, self._own, self._desk = job, own, desk
        self.stored: tuple[tuple[str | None, Files], ...] = ()

    def trained(self) -> tuple[Trial, ...]:
        """Runs one trial after the other from the reference's start, which the worker of the first one draws."""
        plans, trials = self._job.plans, []
        own: Mapping[str, Array] | None = None
        for at, plan in enumerate(plans):
            with self._fitter(plan.side) as fitter:
                if own is None:
                    assert plan.side != "candidate"
                    own = fitter.start(plan.seed)
                trials.append(self._trial(at, self._job.starts.given(plan, own), fitter))
        return tuple(trials)

    @contextlib.contextmanager
    def _fitter(self, side: TrialSide) -> Iterator[Retried]:
        at = int(side == "candidate")
        recipe = replace(self._job.recipes[at], target=self._job.shipments[at].there(Path.cwd()))
        label = "control" if side == "rounding" else side
        try:
            yield _CREW.member(label, recipe, self._job.hardware)
        except WorkerError:  # it answers no more
            _CREW.dismiss(label)
            raise

    def _trial(self, at: int, plan: FitPlan, fitter: Retried) -> Trial:
        """One trial, on a store of its own that is filled from the one of the machine that asked."""
        wanted = plan.options
        store, logs = str(self._own / "store"), str(self._own / "logs")
        options = replace(wanted, store=wanted.store and store, logdir=wanted.logdir and logs)
        plan = replace(plan, data=data_there(plan.data, Path.cwd() / "kerasdiff-data"), options=options)
        key = fitter.trial_key(plan)
        directory = None if key is None else trial_directory(store, key)
        known: Files = {}
        if key is not None and directory is not None and not wanted.fresh:
            known = self._known(at, key)
            for name, content in known.items():
                directory.mkdir(parents=True, exist_ok=True)
                (directory / name).write_bytes(content)
        trial = fitter.fit(plan, _Teller(self._job.number, at, self._desk))
        held = {} if directory is None else _files(directory)
        new = {name: content for name, content in held.items() if known.get(name) != content}
        self.stored = (*self.stored, (key, new))
        return trial

    def _known(self, at: int, key: str) -> Files:
        """What the machine that asked holds of a trial."""
        import ray

        name = uuid.uuid4().hex
        asked = pickle.dumps(Said(number=self._job.number, plan=at, asks=name, key=key))
        answer: Files = pickle.loads(ray.get(self._desk.ask.remote(name, asked)))
        return answer


class _Teller:
    """Tells the machine that asked how far a trial is, every second or so."""

    def __init__(self, number: int, plan: int, desk: Handle) -> None:
        self._number, self._plan, self._desk = number, plan, desk
        self._last = 0.0

    def __call__(self, tick: Tick) -> None:
        if tick.epoch is None and time.monotonic() - self._last < TELL_S:
            return
        self._last = time.monotonic()
        self._desk.tell.remote(pickle.dumps(Said(number=self._number, plan=self._plan, tick=tick)))


def _files(folder: Path) -> Files:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
