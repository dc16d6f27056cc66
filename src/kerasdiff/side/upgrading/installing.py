"""Who installs, and what came of it? uv where it is on the path, else the pip of the environment.

Both find their own settings, as the user has them: indexes, mirrors, certificates. What pip finds in its variables is
told to uv by uv's names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.errors import UpgradeError
from kerasdiff.side.environment import seen_by
from kerasdiff.side.upgrading.packages import Packages, canonical
from kerasdiff.side.upgrading.wanted import Wanted, nearest, without_secrets

_OF_UV = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_NO_INDEX": "UV_NO_INDEX",
    "PIP_CERT": "SSL_CERT_FILE",
}
"""What pip's variables are called by uv (0.9)."""

_UNREACHED = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|Max retries exceeded|error sending request|dns error"
    r"|Failed to fetch|Network is unreachable|Could not connect|ReadTimeoutError",
)
_NONE = re.compile(
    r"(?:No matching distribution found for|Could not find a version that satisfies the requirement"
    r"|Because there is no version of|Because) (?P<what>[\w.-]+)"
)
_NO_SUCH = re.compile(r"No matching distribution found for|was not found in|there is no version of|has no wheels with")
_FROM = re.compile(r"\(from versions: ([^)]*)\)")
_APART = re.compile(r"conflicting dependencies|ResolutionImpossible|requirements are unsatisfiable")
_FULL = re.compile(r"No space left on device")
_ERROR = re.compile(r"^\s*(?:ERROR|error|×)[: ]+", re.MULTILINE)
_SEEN = 5
"""Versions that are named where the one asked for is not there: the newest."""
_TOLD = 12
"""Lines of the installer that are shown: its end says why."""

Told = Callable[[str], None]
"""Hears what is being done."""


class FailedError(Exception):
    """An installer gave up; the message is what it printed."""

    @property
    def for_good(self) -> bool:
        """Whether it would give up again, whatever it is asked for."""
        return any(cause.search(str(self)) for cause in (_UNREACHED, _FULL))


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """What puts packages into an environment.

    Attributes:
        python: The interpreter of the environment.
        uv: Path of uv; empty for pip.
        known: What the user's own environment has: preferred wherever it will do.
        lent: Whether the new environment finds all of that, and needs only what is to be another version.
    """

    python: str
    uv: str
    known: Packages
    lent: bool

    @property
    def name(self) -> str:
        return "uv" if self.uv else "pip"

    def install(self, wanted: Wanted, beside: Iterable[str], told: Told) -> None:
        """Installs what is wanted, and these packages beside it.

        Raises:
            FailedError: If that cannot be had.
        """
        asked = [*wanted.texts, *beside]
        if self.uv:
            self._by_uv(wanted, asked, told)
            return
        files = [part for file in wanted.files for part in ("-r", file)]
        self._run([self.python, "-m", "pip", "install", "--no-input", *files, *asked], told)

    def _by_uv(self, wanted: Wanted, asked: Sequence[str], told: Told) -> None:
        """Resolves with the known versions preferred, then installs those of the outcome that are not there yet."""
        outcome = self._written("resolved.txt", self._pins())
        start = [self.uv, "pip"]
        within = ["--python", self.python]
        asking = [self._written("asked.txt", asked), *wanted.files]
        self._run([*start, "compile", *within, "--no-header", "--no-annotate", "-o", outcome, *asking], told)
        lines = Path(outcome).read_text(encoding="utf-8").splitlines()
        there = {line.lower() for line in self._pins()} if self.lent else set()
        new = [line for line in lines if line.strip() and _plain(line) not in there]
        self._run([*start, "install", *within, "--no-deps", "-r", self._written("new.txt", new)], told)

    def _pins(self) -> list[str]:
        """What is known, as a resolution writes it; but what came from no index, for there it is not found."""
        return [
            f"{canonical(name)}=={version}" for name, version in self.known.held.items() if name not in self.known.own
        ]

    def _written(self, name: str, lines: Iterable[str]) -> str:
        """A file beside the environment's own, with these lines."""
        path = Path(self.python).parents[1] / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return str(path)

    def _run(self, command: Sequence[str], told: Told) -> None:
        """Runs an installer to its end, and tells its lines as they come.

        Raises:
            FailedError: If it says no.
        """
        lines: list[str] = []
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=_environment(self.python),
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    lines.append(line.rstrip())
                    told(f"{self.name}: {without_secrets(line.strip())[:100]}")
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            raise FailedError(without_secrets("\n".join(lines)))


def installer(python: str, known: Packages, *, lent: bool) -> Installer:
    """What installs into an environment.

    Raises:
        UpgradeError: If nothing does.
    """
    uv = shutil.which("uv") or ""
    made = Installer(python=python, uv=uv, known=known, lent=lent)
    if not uv and not _answers(python, "-c", "import pip") and not _answers(python, "-m", "ensurepip", "--default-pip"):
        raise UpgradeError(
            "an environment cannot be made: there is neither uv nor pip here; install uv, or the `venv` package of "
            "this system's Python."
        )
    return made


def _answers(python: str, *words: str) -> bool:
    done = subprocess.run([python, *words], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0


def _environment(python: str) -> Mapping[str, str]:
    """What an installer finds: everything the user set, and nothing that would lead it to another environment."""
    held = dict(seen_by(python, os.environ))
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_USER", "VIRTUAL_ENV"):
        held.pop(name, None)
    for theirs, ours in _OF_UV.items():
        if theirs in held:
            held.setdefault(ours, held[theirs])
    return {**held, "PYTHONUNBUFFERED": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_PROGRESS_BAR": "off"}


def _plain(line: str) -> str:
    """A line of a resolution as it compares with a pin."""
    return line.partition(" ;")[0].partition("#")[0].strip().lower()


def refusal(error: FailedError, wanted: Wanted, made: Installer, python: str) -> UpgradeError:
    """Why an environment could not be made, and what to do.

    Args:
        error: What the installer said.
        wanted: What was asked for.
        made: The installer.
        python: Version of the environment's Python.
    """
    text = str(error)
    if _UNREACHED.search(text):
        why = (
            "the package index cannot be reached. Is there a network, and is it the right index? An environment that "
            "is there already is compared by `kerasdiff compare MODEL MODEL --candidate-python PATH`."
        )
    elif _FULL.search(text):
        why = "there is no room left; make some, or set KERASDIFF_CACHE to another directory."
    elif _NO_SUCH.search(text):
        why = _absent(text, made, python)
    elif _APART.search(text):
        why = "these cannot be installed together; ask for less, or for other versions."
    else:
        why = f"{made.name} could not install it ({_last(text)})."
    return UpgradeError(f"{wanted.label}: {why}", "\n".join(_end(text)))


def _absent(text: str, made: Installer, python: str) -> str:
    """What is said where the index has no such package, or no such version."""
    found = _NONE.search(text)
    name = found["what"] if found else ""
    seen = _FROM.search(text)
    there = [one.strip() for one in seen[1].split(",")] if seen and seen[1] != "none" else []
    final = [version for version in there if not re.search(r"[a-z]", version)][-_SEEN:]
    if final:
        return (
            f"the index has no such version for Python {python}; it has {', '.join(final)}. For another Python, name "
            "one by --with-python."
        )
    near = nearest(name, made.known.held)
    meant = f" Was {near} meant?" if near and near != canonical(name) else ""
    return f"the index has nothing called {name or 'so'} for Python {python}.{meant}"


def _last(text: str) -> str:
    errors = [line for line in text.splitlines() if _ERROR.match(line)]
    line = errors[-1] if errors else text.strip().rpartition("\n")[2]
    return _ERROR.sub("", line, 1).strip().rstrip(".") or "it does not say why"


def _end(text: str) -> list[str]:
    """What the installer said last, without the lists of all versions and what went before."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("[notice]")]
    return [line if len(line) <= 300 else f"{line[:300]} …" for line in lines[-_TOLD:]]
