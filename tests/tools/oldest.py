"""Runs tests with the oldest versions that pyproject.toml promises, in a fresh virtual environment.

python3.10 tests/tools/oldest.py [PYTEST ARGUMENTS]

Without arguments: the unit tests, the tests of tracing and of private parts, and the table of pairs. The environment
has the Python that runs this, which should be the oldest promised one, and the lowest version that each dependency's
``>=`` allows; whatever those depend on is as new as they take. Exits as pytest does, and with 2, before any test, where
a version promised cannot be installed (a Python too new for it has no wheel of it).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = (
    "tests/unit",
    "tests/worker/test_trace.py",
    "tests/worker/test_keras_internals.py",
    "tests/end_to_end/test_pairs.py",
)
REQUIREMENT = re.compile(r"([\w.-]+)>=([\d.]+)")


def install(environment: Path) -> Path:
    """Makes the environment, with this checkout in it as an editable package, and returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "uv"], check=True)
    lowest = ("--quiet", "--python", python, "--resolution", "lowest-direct")
    subprocess.run([python, "-m", "uv", "pip", "install", *lowest, "--editable", ".[test]"], cwd=ROOT, check=True)
    return python


def broken_promises(environment: Path) -> list[str]:
    """Prints the versions that an environment has of what kerasdiff requires; returns a line for each that is newer."""
    site = [sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)})]
    installed = {found.name.lower(): found.version for found in distributions(path=site)}
    (own,) = distributions(name="kerasdiff", path=site)
    broken = []
    for text in own.requires or ():
        requirement, _, extra = text.partition(";")
        promise = REQUIREMENT.fullmatch(requirement.strip())
        if extra:
            continue
        assert promise, f"{text}: a requirement is NAME>=VERSION"
        name, lowest = promise.groups()
        print(f"{name} {installed[name]}, promised from {lowest}")
        if not f"{installed[name]}.".startswith(f"{lowest}."):
            broken.append(f"{name} {lowest} is promised, but Python {sys.version.split()[0]} gets {installed[name]}")
    return broken


def main(arguments: list[str]) -> int:
    """Installs, checks what was installed, and runs pytest."""
    with tempfile.TemporaryDirectory() as directory:
        environment = Path(directory, "oldest")
        try:
            python = install(environment)
        except subprocess.CalledProcessError:
            print(f"Python {sys.version.split()[0]} cannot install them, see above; try an older one.", file=sys.stderr)
            return 2
        print(f"python {sys.version.split()[0]}")
        if broken := broken_promises(environment):
            print(*broken, sep="\n", file=sys.stderr)
            return 2
        unset = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
        clean = {name: value for name, value in os.environ.items() if name not in unset}
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(arguments or TESTS)]
        return subprocess.run(command, cwd=ROOT, env=clean, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
