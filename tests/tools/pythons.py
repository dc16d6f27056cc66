"""Which other versions of Python are on this machine? Those on the path, and those that pyenv keeps."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
"""Those that run a worker."""


@cache
def interpreter(version: str) -> str | None:
    """An interpreter of a version, which may have no package installed; ``None`` where there is none."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(kept.glob(f"{version}.*/bin/python"))
    for path in (*map(str, found), shutil.which(f"python{version}")):
        if path and said(path, "-c", "import sys; print(sys.version)").startswith(version):
            return path
    return None


def said(*command: str, **environment: str) -> str:
    """What a command prints; empty where it cannot be run."""
    clean = {name: value for name, value in os.environ.items() if not re.match(r"PYTHON|COVERAGE", name)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**clean, **environment})
    return done.stdout if done.returncode == 0 else ""
