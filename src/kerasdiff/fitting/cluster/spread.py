"""Who runs trials on a cluster? `Spread` hands each group to Ray as one task, and keeps what comes back.

Why one task a pair, and its trials in turn? Both sides of a pair then run on the same hardware, whatever the others run
on, and a core is never idle while the other side is still at work. Ray queues the tasks, and runs them again where a
node is lost.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from kerasdiff.errors import KerasdiffError, WorkerError
from kerasdiff.findings import Fact, Finding
from kerasdiff.fitting.cluster import entry
from kerasdiff.fitting.cluster.connect import LOST_AFTER, Cluster, LostError, answer_of, lost_for_good
from kerasdiff.fitting.cluster.task import Done, Files, Job, Said
from kerasdiff.fitting.trainers import Starts, Told
from kerasdiff.graph.values import Array
from kerasdiff.side.environment import Hardware
from kerasdiff.side.files import trial_directory, write_whole
from kerasdiff.side.process import Worker
from kerasdiff.side.training import FitPlan, Trial

HEAR_S = 1.0

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Ray sets the first for its tasks; numbers drawn with numpy must be those of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Trials that run as one task.

    Attributes:
        task: What Ray runs, on ``job``.
        last: Whether a model's process ended, and it was handed over once more: what it says now counts.
        lost_since: When Ray first gave it up; it hands tasks to a dead node until it notices.
        reference: Of the task that is under way.
    """

    number: int
    plans: tuple[FitPlan, ...]
    told: Told | None
    futures: tuple[Future[Trial], ...]
    task: entry.Handle
    job: bytes
    last: bool = False
    lost_since: float = math.inf
    reference: entry.Handle = None


class Spread:
    """The trainers of a cluster.

    Args:
        cluster: Where tasks run.
        workers: Of this machine, reference and candidate; theirs are made alike.
        starts: What the candidate starts from.
        data: What is trained on.
        device: What ``--device`` said.
        findings: Gets what goes wrong.
    """

    in_turn = True

    def __init__(
        self,
        cluster: Cluster,
        workers: tuple[Worker, Worker],
        starts: Starts,
        data: str,
        device: str,
        findings: list[Finding],
    ) -> None:
        self._cluster, self._ray, self._workers, self._starts = cluster, cluster.ray, workers, starts
        self._findings = findings
        gpu = "gpu:0" if device in ("auto", "gpu") else device
        self._hardware = Hardware(
            device=gpu if cluster.options.gpus else "cpu", threads=cluster.options.cpus, onednn=True
        )
        self._parcel = cluster.parcel(data)
        here = self._on(self._ray.get_runtime_context().get_node_id())
        self._desk = self._ray.remote(entry.Desk).options(num_cpus=0, scheduling_strategy=here).remote()
        self._task = cluster.task()
        self._under_way: dict[int, _Group] = {}
        self._again: queue.SimpleQueue[_Group] = queue.SimpleQueue()
        self._numbers = 0
        self._first_node = ""
        self._closed, self._deaf = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def slots(self) -> int:
        """As many pairs as run at once, and as many again."""
        return self._cluster.slots

    def start(self, seed: int) -> Mapping[str, Array]:
        """The reference's start, as the worker of this machine draws it."""
        return self._workers[0].start(seed)

    def submit(self, plans: Sequence[FitPlan], told: Told | None = None) -> tuple[Future[Trial], ...]:
        """Hands a group to Ray; a control goes where the first pair was run, for the same hardware."""
        self._numbers += 1
        job = Job(
            number=self._numbers,
            plans=tuple(plans),
            recipes=(self._workers[0].recipe, self._workers[1].recipe),
            shipments=tuple(self._cluster.shipment(worker.target) for worker in self._workers),
            starts=self._starts,
            hardware=self._hardware,
            environment={name: os.environ.get(name) for name in THREADS},
        )
        alone = self._first_node and plans[0].side in ("control", "rounding")
        task = self._task.options(scheduling_strategy=self._on(self._first_node)) if alone else self._task
        futures = tuple(Future[Trial]() for _ in plans)
        group = _Group(number=job.number, plans=job.plans, told=told, futures=futures, task=task, job=pickle.dumps(job))
        self._hand_over(group)
        return futures

    def _hand_over(self, group: _Group) -> None:
        reference = group.task.remote(entry.versions(), Job.__module__, group.job, self._parcel, self._desk)
        self._under_way[group.number] = replace(group, reference=reference)
        reference.future().add_done_callback(lambda done: self._ended(group.number, done))

    def close(self) -> None:
        """Cancels the tasks; their processes end with them."""
        if self._closed.is_set():
            return
        self._closed.set()
        with contextlib.suppress(Exception):  # the cluster may be gone
            for group in list(self._under_way.values()):
                self._ray.cancel(group.reference, force=True)
            self._ray.kill(self._desk)

    def _on(self, node: str) -> entry.Handle:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return NodeAffinitySchedulingStrategy(node, soft=True)

    # Results -----------------------------------------------------------------------------------------------------

    def _ended(self, number: int, done: Future[entry.Outcome]) -> None:
        """Hands on what a task gave; called by a thread of Ray's.

        On a node that goes down a model's process may end before the task that tells of it: so the end of a process
        counts where it is met twice.
        """
        group = self._under_way[number]
        try:
            trials = self._results(group, done)
        except Exception as why:  # whoever waits for it must hear of it
            again = _once_more(group, why)
            if again is not None:
                self._again.put(again)
                if not (self._deaf.is_set() or self._closed.is_set()):
                    return
            del self._under_way[number]
            _settle(group.futures, why)
            return
        del self._under_way[number]
        for future, trial in zip(group.futures, trials, strict=True):
            if not future.done():
                future.set_result(trial)

    def _results(self, group: _Group, done: Future[entry.Outcome]) -> tuple[Trial, ...]:
        try:
            outcome = done.result()
        except Exception as why:  # Ray's own: a node, a process or an object is lost once more than it is tried again
            raise lost_for_good("a trial pair", why) from None
        result: Done = pickle.loads(answer_of(outcome, "A trial cannot run"))
        self._findings += [item for item in result.lost if item not in self._findings]
        if isinstance(result.trials, KerasdiffError):
            raise result.trials
        self._first_node = self._first_node or result.node
        for plan, (key, files) in zip(group.plans, result.stored, strict=True):
            if plan.options.store is not None and key is not None:
                self._kept(trial_directory(plan.options.store, key), files, plan)
        logdir = group.plans[0].options.logdir
        if logdir is not None:
            self._kept(Path(logdir), result.logs, group.plans[0])
        return result.trials

    def _kept(self, directory: Path, files: Files, plan: FitPlan) -> None:
        """Writes what a task kept to where a trial of this machine would have."""
        try:
            for name, content in files.items():
                path = directory / name
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, lambda stream, content=content: stream.write(content))  # type: ignore[misc]
            if "result.npz" in files:
                (directory / "state.npz").unlink(missing_ok=True)
        except OSError as why:
            root = plan.options.store or str(directory)
            side: Literal["reference", "candidate"] = "candidate" if plan.side == "candidate" else "reference"
            finding = Finding(fact=Fact.STORE_UNWRITABLE, side=side, names=(root,), cause=why.strerror or str(why))
            if finding not in self._findings:
                self._findings.append(finding)

    # What tasks say while they run -------------------------------------------------------------------------------

    def _listen(self) -> None:
        room = heard = time.monotonic()
        while not self._closed.is_set():
            try:
                while not self._again.empty():
                    self._hand_over(self._again.get())
                for message in self._ray.get(self._desk.hear.remote(HEAR_S)):
                    self._hear(pickle.loads(message))
                heard = time.monotonic()
                room = heard if self._cluster.room() else room
            except Exception as why:  # Ray's own: the desk, or the cluster, is gone
                for_now = isinstance(why, self._ray.exceptions.ActorUnavailableError)
                if not for_now or time.monotonic() - heard > LOST_AFTER:
                    self._fail(lost_for_good("a trial pair", why))
                    return
                time.sleep(HEAR_S)
            if time.monotonic() - room > LOST_AFTER:
                self._fail(WorkerError("The cluster has lost every node that could take a trial pair."))
                return

    def _hear(self, said: Said) -> None:
        group = self._under_way.get(said.number)
        if group is None:
            return
        plan = group.plans[said.plan]
        if said.tick is not None:
            if group.told is not None:
                group.told(plan, said.tick)
            return
        known = _read(plan, said.key)
        self._desk.answer.remote(said.asks, pickle.dumps(known))

    def _fail(self, why: Exception) -> None:
        self._deaf.set()
        for group in list(self._under_way.values()):
            if not self._closed.is_set():
                _settle(group.futures, why)


def _once_more(group: _Group, why: Exception) -> _Group | None:
    """The group as it is handed over again; ``None`` where what ended it counts."""
    if isinstance(why, LostError):
        since = min(group.lost_since, time.monotonic())
        return replace(group, lost_since=since) if time.monotonic() - since < LOST_AFTER else None
    return replace(group, last=True) if isinstance(why, WorkerError) and not group.last else None


def _settle(futures: Sequence[Future[Trial]], why: Exception) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(why)


def _read(plan: FitPlan, key: str) -> Files:
    """What the store of this machine holds of a trial."""
    if plan.options.store is None:
        return {}
    known = {}
    for name in ("result.npz", "state.npz"):
        with contextlib.suppress(OSError):
            known[name] = (trial_directory(plan.options.store, key) / name).read_bytes()
    return known
