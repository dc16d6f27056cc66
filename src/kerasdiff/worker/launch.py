"""The launcher: a process that imports TensorFlow, runs nothing, and is forked into one worker after another.

The other half is :mod:`kerasdiff.side.launching`. What a fork would lose or share is looked for before each: threads
that TensorFlow started, its eager context, an open GPU. What would be the same in all workers and is not in processes
of their own, random states above all, is made anew in each.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import threading
from collections.abc import Iterable
from pathlib import Path

from kerasdiff.side.ending.orphans import adopt, end_all

_MESSAGE_BYTES = 1 << 20
_PATIENCE_S = 2.0


def launch(connection: socket.socket, *, draws: bool) -> None:
    """Forks a worker for each request until the parent is gone; returns in each worker, and nowhere else.

    Args:
        connection: To the parent.
        draws: Whether the procedural data are drawn beside the import, once for all workers that train on them.
    """
    threads = _imported(draws=draws)
    adopt()
    awake, waker = os.pipe()
    os.set_blocking(awake, False)
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    workers: dict[int, socket.socket] = {}
    news = select.poll()
    for source in (connection.fileno(), awake):
        news.register(source, select.POLLIN)
    while True:
        ready = [source for source, _ in news.poll()]
        if awake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(awake, 4096)
            _tell_ends(workers)
        if connection.fileno() not in ready:
            continue
        text, passed, _, _ = socket.recv_fds(connection, _MESSAGE_BYTES, 5, socket.MSG_CMSG_CLOEXEC)
        if not text:
            end_all(_PATIENCE_S)
            os._exit(0)
        *inherited, told = passed
        parent = socket.socket(fileno=told)
        pid = _forked(parent, threads)
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for other in (connection, *workers.values()):
                other.close()
            os.close(awake)
            os.close(waker)
            _become_worker(json.loads(text), inherited, parent)
            return
        for descriptor in inherited:
            os.close(descriptor)
        if pid is None:
            parent.close()
        else:
            workers[pid] = parent


def _imported(*, draws: bool) -> int:
    """Imports all that a worker runs, and draws what it may train on.

    Returns:
        How many threads there were before TensorFlow: those of numpy's linear algebra, which survive a fork.
    """
    # What is imported stays: visiting it again and again takes a quarter of the time of the import.
    gc.disable()
    import numpy  # noqa: F401

    threads = _threads()
    drawing = threading.Thread(target=_draw)
    if draws:
        drawing.start()
    # Where TensorFlow cannot be imported, each worker says so.
    with contextlib.suppress(ImportError):
        import keras  # noqa: F401
        import tensorflow  # noqa: F401

        from kerasdiff.side.protocol import REQUESTS

        for request in REQUESTS.values():
            importlib.import_module(request.handler.partition(":")[0])
        importlib.import_module("kerasdiff.worker.server")
    if draws:
        drawing.join()
    # No worker looks for garbage in what is here already, nor copies its pages by doing so.
    gc.freeze()
    return threads


def _draw() -> None:
    """Draws the procedural data where a fit would take them; they are kept, and every worker inherits them."""
    from kerasdiff.data.cifar import cifar10_cached
    from kerasdiff.data.procedural import procedural_table

    if cifar10_cached() is None:
        procedural_table()


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def is_safe(threads: int) -> bool:
    """Whether this process may be forked: TensorFlow has started no thread and no context, and no GPU is open."""
    from kerasdiff.worker.keras_internals import eager_context_started

    # Fewer there may be: linear algebra ends its own for a fork, and starts them again when it needs them.
    return _threads() <= threads and not eager_context_started() and not any(_open_devices())


def _open_devices() -> Iterable[str]:
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the descriptor of this listing is gone by now
            target = os.readlink(entry)
            if target.startswith(("/dev/nvidia", "/dev/kfd", "/dev/dri")):
                yield target


def _forked(parent: socket.socket, threads: int) -> int | None:
    """The number of a new process, 0 in it; ``None`` where it is not wanted any more, not safe, or not possible."""
    with contextlib.suppress(BlockingIOError):
        if not parent.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK):
            return None
    try:
        return os.fork() if is_safe(threads) else None
    except (ImportError, OSError):
        return None


def _tell_ends(workers: dict[int, socket.socket]) -> None:
    """Reaps the workers that ended, and says how; after the last of them, ends what they left.

    Not before: what has lost its parent does not say whose it was.
    """
    ended = False
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            pid, status = found
            if pid in workers:
                ended = True
                with workers.pop(pid) as parent, contextlib.suppress(OSError):
                    parent.send(str(os.waitstatus_to_exitcode(status)).encode())
    if ended and not workers:
        end_all(_PATIENCE_S)


def _become_worker(environment: dict[str, str], inherited: list[int], parent: socket.socket) -> None:
    """Makes of the forked process what a process of its own would be."""
    os.setsid()
    with parent:
        try:
            parent.send(str(os.getpid()).encode())
        except OSError:  # not wanted any more
            os._exit(0)
    *streams, directory = inherited
    os.fchdir(directory)
    os.close(directory)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    home = os.environ.get("KERAS_HOME")
    os.environ.clear()
    os.environ.update(environment)
    if os.environ.get("KERAS_HOME") != home:
        from kerasdiff.worker.keras_internals import reread_configuration

        reread_configuration()
    import numpy as np

    np.random.seed()  # `random` does so by itself
    gc.enable()
