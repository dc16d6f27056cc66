"""Does the exit code mean what it says, whatever a library does to the process?

Ray ends a process with code 1 as soon as the node that the process belongs to is lost, and no handler hears of it; 1
would mean "different". So what talks to Ray goes on in a child, and this process tells whether that came to its end.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kerasdiff.errors import ClusterError

FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP")


class Child:
    """Where this process goes on.

    Attributes:
        exit_code: In the process that stays behind, how the child ended; ``None`` in the child, and where none can be
            forked.
    """

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self._end: int | None = None
        if not hasattr(os, "fork"):
            return
        ended, self._end = os.pipe()
        alive, ours = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ended)
            os.close(ours)
            os.setpgid(0, 0)  # Ctrl-C comes once, by way of the parent
            threading.Thread(target=_follow, args=(alive,), daemon=True).start()
            return
        os.close(self._end)
        os.close(alive)
        for name in FORWARDED:
            signal.signal(getattr(signal, name), lambda number, frame: os.kill(pid, number))
        _, status = os.waitpid(pid, 0)
        if not os.read(ended, 1):
            raise ClusterError("Ray ended the fit: the node of this machine is lost. Trials that ended are kept.")
        self.exit_code = os.waitstatus_to_exitcode(status)

    @contextmanager
    def to_its_end(self) -> Iterator[None]:
        """Within, the child works; what it raises is its end as well."""
        try:
            yield
        finally:
            if self._end is not None:
                os.write(self._end, b".")


def _follow(alive: int) -> None:
    """Ends this process when its parent is gone."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
