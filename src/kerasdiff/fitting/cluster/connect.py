"""Which cluster is it, and can it run a trial pair at all? Connecting, and the checks before anything runs.

Everything that would make a task wait for ever, or fail on every node, is said here in a sentence.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import re
import socket
import sys
import tempfile
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.errors import ClusterError, WorkerError
from kerasdiff.fitting.cluster import entry
from kerasdiff.fitting.cluster.entry import Handle
from kerasdiff.fitting.cluster.shipping import Shipment, packed, stage
from kerasdiff.options import ClusterOptions
from kerasdiff.side.targets import Target

AHEAD = 2
"""Tasks handed over for each that can run: one waits wherever one ends, and an autoscaler sees that there is more."""

RETRIES = 3
"""How often a task is run again whose node or process is lost; Ray's own default."""

LOST_AFTER = 60
"""Seconds without a node that could take a task, or in which Ray gives one up again and again, after which all ends: a
cluster may be growing a node, and Ray hands tasks to a dead one until it notices."""

REACH_S = 10.0
"""How long an address may take to accept a connection."""

_ADDRESS = re.compile(r"(?:ray://)?(\[[^\]]+\]|[^:/]+):(\d{1,5})")

_HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
_SETTINGS = bytes((4,))
"""What a client of gRPC begins with, and the type of the frame that every server answers with (RFC 9113, 3.4 and 6.5).

Why ask that first? Ray waits for ever where something else listens at the port."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Set before Ray is imported where the user has not set them: no statistics are sent, and it warns of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that this process is connected to.

    Attributes:
        ray: The module.
        shipped: The targets whose files every node gets.
        options: What a trial pair, or a comparison, takes of a node.
    """

    ray: Handle
    shipped: tuple[tuple[Target, Shipment], ...]
    options: ClusterOptions

    def shipment(self, target: Target) -> Shipment:
        """Where a target that was shipped is on a node."""
        return next(shipment for shipped, shipment in self.shipped if shipped == target)

    @property
    def slots(self) -> int:
        """As many as run at once, and as many again."""
        return max(1, AHEAD * self.room())

    def parcel(self, data: str) -> Handle:
        """What is trained on, in the object store, from which each node takes it once."""
        return self.ray.put(packed(data, Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")))

    def task(self) -> Handle:
        """What runs on a node: :func:`entry.run`, with what one takes of it.

        What a model does wrong is a result: what a task raises is a node on its way down, which is no reason to stop.
        """
        takes: dict[str, float] = {"num_cpus": self.options.cpus, "max_retries": RETRIES}
        takes |= {"num_gpus": self.options.gpus} if self.options.gpus else {}
        return self.ray.remote(retry_exceptions=True, **takes)(entry.run)

    def room(self) -> int:
        """How many run at once on the nodes that are alive."""
        return sum(self._fit(node["Resources"]) for node in self.ray.nodes() if node["Alive"])

    def _fit(self, resources: dict[str, float]) -> int:
        rooms = [int(resources.get("CPU", 0.0) / self.options.cpus)]
        if self.options.gpus:
            rooms.append(int(resources.get("GPU", 0.0) / self.options.gpus + 1e-9))
        return min(rooms)

    def check(self) -> None:
        """Refuses a cluster on which none would ever start.

        Raises:
            ClusterError: If no node has what one takes.
        """
        if self.room():
            return
        held = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        cpus, gpus = (max((item.get(name, 0.0) for item in held), default=0.0) for name in ("CPU", "GPU"))
        what, name = self.options.what, "trial pair" if self.options.what == "trial" else "pair"
        wanted = f"--{what}-cpus {self.options.cpus}"
        wanted += f" and --{what}-gpus {self.options.gpus:g}" if self.options.gpus else ""
        raise ClusterError(
            f"No node of the cluster can take a {name} with {wanted}: of {len(held)} "
            f"node{'s' if len(held) != 1 else ''} the largest has {cpus:g} processor cores and {gpus:g} GPUs."
        )


def answer_of(outcome: entry.Outcome, what: str) -> bytes:
    """What a task gave.

    Raises:
        ClusterError: If its node cannot run it; the message begins with ``what``.
    """
    kind, content = outcome
    if isinstance(content, str) or kind != "done":
        raise ClusterError(f"{what} there: {content!s}; install the same on every node.")
    return content


class LostError(WorkerError):
    """Ray gave a task up, or is gone itself."""


def lost_for_good(what: str, why: Exception) -> LostError:
    """What Ray says of a task that it gave up, as one sentence."""
    lines = [line.strip() for line in str(why).splitlines() if line.strip()] or [type(why).__name__]
    text = f"The cluster lost {what} for good ({type(why).__name__}: {lines[0].rstrip('.')})."
    return LostError(text, str(why))


@contextlib.contextmanager
def connected(options: ClusterOptions, targets: Sequence[Target], data: Collection[str]) -> Iterator[Cluster]:
    """Connects to a cluster, or starts one of this machine alone, and ships the targets' files.

    Args:
        options: The address, and what a pair takes.
        targets: Whose files every node gets.
        data: Paths of what is trained on, which goes another way.

    Raises:
        ClusterError: If Ray is not installed, nothing answers, or no node can take a pair.
    """
    _reach(options.address)
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    ray = _imported()
    with tempfile.TemporaryDirectory(prefix="kerasdiff-") as directory, contextlib.ExitStack() as stack:
        shipped = tuple(zip(targets, stage(targets, data, Path(directory)), strict=True))
        (Path(directory) / "kerasdiff.txt").write_text("The models, and what they import.\n")
        stack.enter_context(_without_noise())
        _init(ray, options.address, directory)
        stack.callback(ray.shutdown)
        ray.cloudpickle.register_pickle_by_value(entry)
        cluster = Cluster(ray=ray, shipped=shipped, options=options)
        cluster.check()
        yield cluster


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Keeps Ray's words away from the report and from live progress.

    Ray tells of the end of a node on ``sys.stdout``, and its native part writes to descriptor 2: within, that leads
    nowhere, and ``sys.stderr`` to where it led.
    """
    with contextlib.ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w"))
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        sys.stderr.flush()
        kept = os.dup(2)
        stack.callback(os.close, kept)
        if sys.stderr is sys.__stderr__:
            # Of the same encoding; what it cannot spell is escaped.
            shown = open(os.dup(kept), "w", buffering=1, errors="backslashreplace")  # noqa: SIM115
            stack.enter_context(contextlib.redirect_stderr(stack.enter_context(shown)))
        stack.callback(os.dup2, kept, 2)
        os.dup2(nowhere.fileno(), 2)
        yield


def _imported() -> Handle:
    try:
        return importlib.import_module("ray")
    except ImportError as why:
        missing = "is not installed" if getattr(why, "name", "") == "ray" else f"cannot be imported ({why})"
        raise ClusterError(f"Ray {missing}: pip install 'kerasdiff[ray]' brings what --ray needs.") from None


def _reach(address: str) -> None:
    """Refuses an address at which nothing listens, or something else."""
    parts = _ADDRESS.fullmatch(address)
    if parts is None:
        return
    try:
        with socket.create_connection((parts[1].strip("[]"), int(parts[2])), timeout=REACH_S) as connection:
            connection.sendall(_HTTP2)
            answer = connection.recv(9)
    except (OSError, OverflowError) as why:
        reason = getattr(why, "strerror", None) or str(why)
        raise ClusterError(f"No cluster answers at {address}: {reason}.") from None
    if answer[3:4] != _SETTINGS:
        raise ClusterError(f"No cluster answers at {address}: what listens there does not speak as Ray does.")


def _init(ray: Handle, address: str, directory: str) -> None:
    if ray.is_initialized():
        raise ClusterError("This process is connected to a Ray cluster already: call ray.shutdown() first.")
    settings: dict[str, object] = {"include_dashboard": False} if address == "local" else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(
                address=address or None,
                runtime_env={"working_dir": directory},
                logging_level=logging.CRITICAL,
                log_to_driver=False,
                **settings,
            )
    except Exception as why:  # whatever Ray raises: ConnectionError, RuntimeError, ValueError, its own
        lines = str(why).strip().splitlines()
        where = f"at {address}" if _ADDRESS.fullmatch(address) else "of this machine"
        reason = f": {lines[0].rstrip('.')}" if lines else f" ({type(why).__name__})"
        raise ClusterError(f"The cluster {where} cannot be used{reason}.", "\n".join(lines[1:])) from None
