"""What runs a worker, or with the number of a socket a launcher, from which workers are forked.

Started by :mod:`kerasdiff.side.launching` alone, as a script: so it runs in any interpreter, whatever is installed
there, and brings this package along.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and sys.version_info < (3, 11):
    del sys.path[0]  # what PYTHONSAFEPATH does from Python 3.11 on

import gc
import os
import signal
import socket
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def main() -> None:
    """Serves; as a launcher in each of the forked processes, as if it had been started by itself."""
    # The parent decides when to stop; a child that heard Ctrl-C too would print a traceback of its own.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Imports and traces make a million objects that stay; by default a tenth of the time goes into visiting them again.
    gc.set_threshold(100_000, 20, 20)
    if len(sys.argv) > 1:
        from kerasdiff.worker.launch import launch

        launch(socket.socket(fileno=int(sys.argv[1])), draws=len(sys.argv) > 2)
        del sys.argv[1:]
    _serve()


def _serve() -> None:
    """Takes the connection away from standard input and output before anything can print, then serves."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.dont_write_bytecode = True  # from here on: nothing is ever written beside the user's files
    # Not for the processes that the model itself may start.
    os.environ.pop("PYTHONSAFEPATH", None)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]

    _need_numpy()
    from kerasdiff.worker.connection import Connection
    from kerasdiff.worker.server import serve

    serve(Connection(requests, answers))


def _need_numpy() -> None:
    """Ends the process, with what Python says of it, where there is no numpy that could be imported."""
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        from kerasdiff.errors import NO_NUMPY

        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        os._exit(NO_NUMPY)


def _bring_package() -> None:
    """Makes ``import kerasdiff`` mean the package that this file belongs to, and lets nothing else be found by it."""
    within = [str(_PACKAGE)]
    spec = spec_from_file_location("kerasdiff", _PACKAGE / "__init__.py", submodule_search_locations=within)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["kerasdiff"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["kerasdiff"])


if __name__ == "__main__":
    _bring_package()
    if sys.version_info < (3, 10):  # noqa: UP036  (Keras 2 is run there)
        from kerasdiff.worker import older

        older.install("kerasdiff")
    main()
