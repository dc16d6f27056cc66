"""Comparisons whose workers are forked from the launcher of this process, which has imported TensorFlow already.

Everything runs as the command runs it: a launcher stays as long as its process, so a test waits for the import no more.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from command import Answer

import kerasdiff.side.launching
from kerasdiff.cli import main
from kerasdiff.side.environment import worker_environment
from kerasdiff.side.launching import Launcher


class Lent(Launcher):
    """The launcher of a process that waits for this one."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection


def run_warm(*arguments: str, cwd: Path | None = None) -> Answer:
    """Runs the command in this process and in this directory."""
    before = os.getcwd()
    os.chdir(cwd or before)
    try:
        done = CliRunner().invoke(main, list(arguments))
    finally:
        os.chdir(before)
    return Answer(exit_code=done.exit_code, stdout=done.stdout, stderr=done.stderr)


def run_fresh(*arguments: str, cwd: Path, **env: str) -> Answer:
    """Runs the command in a process of its own, which has nothing but the launcher from this one."""
    lent = kerasdiff.side.launching.launcher(worker_environment()).connection.fileno()
    done = subprocess.run(
        [sys.executable, __file__, str(lent), *arguments],
        cwd=cwd,
        env={**os.environ, **env},
        pass_fds=[lent],
        capture_output=True,
        text=True,
        check=False,
    )
    return Answer(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)


if __name__ == "__main__":
    if int(sys.argv[1]) >= 0:
        only = Lent(socket.socket(fileno=int(sys.argv[1])))
        kerasdiff.side.launching.launcher = lambda environment, python="", **_: only
    main(sys.argv[2:])
