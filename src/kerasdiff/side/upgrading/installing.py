"""Who installs, and what came of it? uv where it is on the path, else the pip of the environment.

Either installs from where the user's pip would (:mod:`.indexes`); a setting of it that uv does not have is left to pip.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kerasdiff.errors import UpgradeError
from kerasdiff.side.environment import seen_by
from kerasdiff.side.upgrading.indexes import for_pip, for_uv, needs_pip, settings_in, settings_of_pip
from kerasdiff.side.upgrading.packages import Packages, canonical
from kerasdiff.side.upgrading.wanted import Wanted, nearest, without_secrets

_UNREACHED = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|Max retries exceeded|error sending request|dns error"
    r"|Failed to fetch|Network is unreachable|network was disabled|Could not connect|ReadTimeoutError",
)
_NO_NAME = re.compile(
    r"satisfies the requirement (?P<pip>[\w.-]+)[^(]*\(from versions: none\)|Because (?P<uv>[\w.-]+) was not found in"
)
_NO_VERSION = re.compile(r"No matching distribution found for|there is no version of|no wheels with a matching Python")
_FROM = re.compile(r"\(from versions: ([^)]*)\)")
_APART = re.compile(r"conflicting dependencies|ResolutionImpossible|requirements are unsatisfiable")
_NEEDS = re.compile(
    r"^\s*(?:× |╰─▶ )?(?:cause: )?(?:Because )?(?P<why>\S.*? depends on .*?)(?:, we can conclude.*)?[.,]?$",
    re.MULTILINE,
)
_FULL = re.compile(r"No space left on device")
_ERROR = re.compile(r"^\s*(?:ERROR|error|×)[: ]+", re.MULTILINE)
_WENT_WELL = re.compile(
    r"Looking in|WARNING: (?:Location|Retrying)|Requirement already|Collecting|Using |Downloading|Installing|INFO"
    r"|\[notice\]|To fix this|\d\. |\s+(?:Using cached|Downloading|Preparing|Getting|Installing)"
)
_WIDEST = 300
_SEEN = 5
"""Versions that are named where the one asked for is not there: the newest."""
_TOLD = 12
"""Lines of the installer that are shown: its end says why."""

ALONE = ("-I",)
"""How an interpreter is started so that no file in the current directory stands for a module of Python's own."""

Told = Callable[[str], None]
"""Hears what is being done."""


class FailedError(Exception):
    """An installer gave up; the message is what it printed."""

    @property
    def for_good(self) -> bool:
        """Whether it would give up again, whatever it is asked for."""
        return any(cause.search(str(self)) for cause in (_UNREACHED, _FULL, _NO_NAME))


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """What puts packages into an environment.

    Attributes:
        python: The interpreter of the environment.
        uv: Path of uv; empty for pip.
        known: What the user's own environment has: preferred wherever it will do.
        lent: Whether the new environment finds all of that, and needs only what is to be another version.
        variables: What it finds in its environment.
    """

    python: str
    uv: str
    known: Packages
    lent: bool
    variables: Mapping[str, str] = field(default_factory=dict)

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
        with _folder() as folder:
            named = [*wanted.files, *([_written(folder, "asked.txt", asked)] if asked else [])]
            files = [part for file in named for part in ("-r", file)]
            self._run([self.python, *ALONE, "-u", "-m", "pip", "install", "--no-input", *files], told)

    def _by_uv(self, wanted: Wanted, asked: Sequence[str], told: Told) -> None:
        """Resolves with the known versions preferred, then installs those of the outcome that are not there yet."""
        within = ["--python", self.python]
        with _folder() as folder:
            outcome = _written(folder, "resolved.txt", self._pins())
            files = [_written(folder, "asked.txt", asked), *wanted.files]
            self._run([self.uv, "pip", "compile", *within, "--no-header", "--no-annotate", "-o", outcome, *files], told)
            lines = Path(outcome).read_text(encoding="utf-8").splitlines()
            there = {line.lower() for line in self._pins()} if self.lent else set()
            new = _written(folder, "new.txt", [line for line in lines if line.strip() and _plain(line) not in there])
            self._run([self.uv, "pip", "install", *within, "--no-deps", "-r", new], told)

    def _pins(self) -> list[str]:
        """What is known, as a resolution writes it; but what came from no index, for there it is not found."""
        return [
            f"{canonical(name)}=={version}" for name, version in self.known.held.items() if name not in self.known.own
        ]

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
            env=dict(self.variables),
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


def installer(python: str, known: Packages, *, lent: bool, own: str) -> Installer:
    """What installs into an environment.

    Args:
        python: Its interpreter.
        known: What the user's own environment has.
        lent: Whether the new one finds that.
        own: The interpreter of the user's own, whose pip says where packages come from.

    Raises:
        UpgradeError: If nothing does.
    """
    around = _environment(python)
    uv = shutil.which("uv") or ""
    told = settings_of_pip([own], around)
    settings = settings_in(around) if told is None else told
    if uv and not needs_pip(settings):
        mine = for_uv(settings, around)
        return Installer(python=python, uv=uv, known=known, lent=lent, variables={**around, **mine})
    if not _answers(python, "-c", "import pip") and not _answers(python, "-m", "ensurepip", "--default-pip"):
        raise UpgradeError(
            "an environment cannot be made: there is neither uv nor pip here; install uv, or the `venv` package of "
            "this system's Python."
        )
    whole = {} if told is None else {**for_pip(told), "PIP_CONFIG_FILE": os.devnull}
    return Installer(python=python, uv="", known=known, lent=lent, variables={**around, **whole})


def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where requirements are written: one may hold a password, and others see what a command is called with."""
    return tempfile.TemporaryDirectory(prefix="kerasdiff-")


def _written(folder: str, name: str, lines: Iterable[str]) -> str:
    path = Path(folder, name)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def _answers(python: str, *words: str) -> bool:
    done = subprocess.run([python, *ALONE, *words], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0


def _environment(python: str) -> Mapping[str, str]:
    """What an installer finds: everything the user set, and nothing that would lead it to another environment."""
    held = dict(seen_by(python, os.environ))
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_USER", "VIRTUAL_ENV"):
        held.pop(name, None)
    return {**held, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_PROGRESS_BAR": "off"}


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
    elif absent := _NO_NAME.search(text):
        why = _no_name(absent["pip"] or absent["uv"], made)
    elif _NO_VERSION.search(text):
        why = _no_version(text, python, wanted.asked.python)
    elif _APART.search(text):
        needs = _NEEDS.search(text)
        because = f": {needs['why']}" if needs else ""
        why = f"these cannot be installed together{because}; ask for less, or for other versions."
    else:
        why = f"{made.name} could not install it ({_last(text)})."
    return UpgradeError(f"{wanted.label}: {why}", "\n".join(_end(text)))


def _no_name(name: str, made: Installer) -> str:
    near = nearest(name, made.known.held)
    meant = f"; was {near} meant?" if near and near != canonical(name) else "."
    return f"the index has nothing called {name}{meant}"


def _no_version(text: str, python: str, option: str) -> str:
    seen = _FROM.search(text)
    final = [one for one in re.split(r",\s*", seen[1]) if not re.search(r"[a-z]", one)][-_SEEN:] if seen else []
    there = f"; the newest that it has: {', '.join(final)}" if final else ""
    return (
        f"the index has no such version for Python {python}{there}. Name another version, or another Python by "
        f"{option}."
    )


def _last(text: str) -> str:
    errors = [line for line in text.splitlines() if _ERROR.match(line)]
    line = errors[-1] if errors else text.strip().rpartition("\n")[2]
    return _ERROR.sub("", line, 1).strip().rstrip(".") or "it does not say why"


def _end(text: str) -> list[str]:
    """What the installer said last, without what went well before and the lists of all versions."""
    lines = [_FROM.sub("", line).rstrip() for line in text.splitlines()]
    return [line[:_WIDEST] for line in lines if line.strip() and not _WENT_WELL.match(line)][-_TOLD:]
