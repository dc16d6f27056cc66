"""Who compares pairs on a cluster? Each pair is one task of Ray's, which runs it as this machine would.

On a node a comparison is that of the command: workers of its own, forked from a launcher, which end with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import pickle
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kerasdiff.comparison import Comparison
from kerasdiff.errors import KerasdiffError, WorkerError
from kerasdiff.fitting.cluster import entry
from kerasdiff.fitting.cluster.connect import LOST_AFTER, Cluster, LostError, answer_of, lost_for_good
from kerasdiff.fitting.cluster.shipping import Parcel, Shipment, data_there, unpacked
from kerasdiff.fitting.cluster.spread import THREADS
from kerasdiff.fitting.cluster.task import restore
from kerasdiff.options import Options
from kerasdiff.pipeline import compare
from kerasdiff.side.targets import Target

LOOK_S = 0.5
"""How often one who waits for a pair looks whether all were cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A pair to be compared.

    Attributes:
        shipments: Where the models' files are.
        data: Folder of the node for what is trained on.
        environment: What Ray must not have changed: ``None`` for a variable that is not set.
    """

    shipments: tuple[Shipment, Shipment]
    options: Options
    data: str
    environment: Mapping[str, str | None]


class Spread:
    """Compares on a cluster, in as many threads as ask.

    Args:
        cluster: Where tasks run.
        data: Paths of what pairs are trained on, where they name some.
    """

    def __init__(self, cluster: Cluster, data: Sequence[str]) -> None:
        self._cluster, self._ray = cluster, cluster.ray
        self._parcels = {name: cluster.parcel(name) for name in {"auto", *data}}
        self._task = cluster.task()
        self._under_way: set[entry.Handle] = set()
        self._closed = threading.Event()

    def compare(self, reference: Target, candidate: Target, options: Options) -> Comparison:
        """What `kerasdiff.pipeline.compare` gives.

        Raises:
            KerasdiffError: If a model cannot be loaded, built or called, or the cluster lost the pair for good.
        """
        name = options.data or "auto"
        shipments = self._cluster.shipment(reference), self._cluster.shipment(candidate)
        folder = f"kerasdiff-data-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
        environment = {variable: os.environ.get(variable) for variable in THREADS}
        job = Job(shipments=shipments, options=options, data=folder, environment=environment)
        compared = self._compared(pickle.dumps(job), self._parcels[name])
        one, two = (
            replace(info, location=shipment.here(info.location))
            for info, shipment in zip((compared.reference, compared.candidate), shipments, strict=True)
        )
        return replace(compared, reference=one, candidate=two)

    def _compared(self, job: bytes, parcel: entry.Handle) -> Comparison:
        """The answer of a node that lives: on one that goes down a worker may end before the task that tells of it."""
        since, ended = math.inf, False
        while True:
            try:
                return self._answer(job, parcel)
            except LostError:
                since = min(since, time.monotonic())
                if self._closed.is_set() or time.monotonic() - since >= LOST_AFTER:
                    raise
            except WorkerError:
                if self._closed.is_set() or ended:
                    raise
                ended = True
            time.sleep(LOOK_S)

    def _answer(self, job: bytes, parcel: entry.Handle) -> Comparison:
        reference = self._task.remote(entry.versions(), Job.__module__, job, parcel)
        self._under_way.add(reference)
        try:
            while not self._ray.wait([reference], timeout=LOOK_S)[0]:
                if self._closed.is_set():
                    raise WorkerError("The check was cut off.")
            outcome: entry.Outcome = self._ray.get(reference)
        except KerasdiffError:
            raise
        except Exception as why:  # Ray's own: a node, a process or an object is lost once more than it is tried again
            raise lost_for_good("the pair", why) from None
        finally:
            self._under_way.discard(reference)
        answer: Comparison | KerasdiffError = pickle.loads(answer_of(outcome, "The pair cannot be compared"))
        if isinstance(answer, KerasdiffError):
            raise answer
        return answer

    def close(self) -> None:
        """Cancels the tasks; their processes end with them."""
        self._closed.set()
        with contextlib.suppress(Exception):  # the cluster may be gone
            for reference in list(self._under_way):
                self._ray.cancel(reference, force=True)


def run(packed_job: bytes, parcel: Parcel) -> bytes:
    """Runs a job on its node; what a model does wrong is a result, for Ray to try it again would change nothing."""
    job: Job = pickle.loads(packed_job)
    here = Path.cwd()
    data = here / job.data
    unpacked(parcel, data)
    restore({**job.environment, "KERAS_HOME": str(data / "keras")})
    options = job.options
    if options.data is not None:
        options = replace(options, data=data_there(options.data, data))
    first, second = (shipment.there(here) for shipment in job.shipments)
    try:
        return pickle.dumps(compare(first, second, options))
    except KerasdiffError as error:
        return pickle.dumps(error)
