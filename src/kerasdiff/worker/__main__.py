"""The worker process: ``python -m kerasdiff.worker``, started by :class:`kerasdiff.side.process.Worker` alone."""

from __future__ import annotations

import gc
import os
import signal
import sys


def main() -> None:
    """Takes the connection away from standard input and output before anything can print, then serves."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    # The parent decides when to stop; a child that heard Ctrl-C too would print a traceback of its own.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Not for the processes that the model itself may start.
    os.environ.pop("PYTHONSAFEPATH", None)
    if sys.path and sys.path[0] in ("", os.getcwd()) and sys.version_info < (3, 11):
        del sys.path[0]  # what PYTHONSAFEPATH does from Python 3.11 on
    # Imports and traces make a million objects that stay; by default a tenth of the time goes into visiting them again.
    gc.set_threshold(100_000, 20, 20)
    sys.dont_write_bytecode = True  # nothing is ever written beside the user's files
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]

    from kerasdiff.worker.server import serve

    serve(requests, answers)


if __name__ == "__main__":
    main()
