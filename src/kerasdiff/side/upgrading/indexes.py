"""From where does the user's pip install? Its indexes, certificates and proxies, for whoever installs.

pip knows them from variables and from files, of which one lies in the user's own environment: the pip of a new one does
not look there, and uv reads none. So the user's pip is asked what holds, and that is handed on: to pip by its own
variables, to uv by uv's. Variables hand on passwords that others would see on a command line.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PATIENCE_S = 60.0
_SECTIONS = ("global", "install", ":env:")
"""What counts for ``pip install``, the stronger later (pip 23 to 26)."""


def _spaced(value: str) -> str:
    return " ".join(value.split())


def _links(value: str) -> str:
    """Places of packages: uv stops at a directory that is not there, which pip leaves out."""
    return ",".join(one for one in value.split() if "://" in one or Path(one).expanduser().exists())


def _same(value: str) -> str:
    return value


_OF_UV: Mapping[str, tuple[tuple[str, ...], Callable[[str], str]]] = {
    "index-url": (("UV_DEFAULT_INDEX",), _same),
    "extra-index-url": (("UV_INDEX",), _spaced),
    "find-links": (("UV_FIND_LINKS",), _links),
    "no-index": (("UV_NO_INDEX",), _same),
    "trusted-host": (("UV_INSECURE_HOST",), _spaced),
    "cert": (("SSL_CERT_FILE",), _same),
    "client-cert": (("SSL_CLIENT_CERT",), _same),
    "proxy": (("HTTP_PROXY", "HTTPS_PROXY"), _same),
    "timeout": (("UV_HTTP_TIMEOUT",), _same),
    "default-timeout": (("UV_HTTP_TIMEOUT",), _same),
    "constraint": (("UV_CONSTRAINT",), _spaced),
    "keyring-provider": (("UV_KEYRING_PROVIDER",), lambda value: "subprocess" if value == "subprocess" else "disabled"),
    "no-cache-dir": (("UV_NO_CACHE",), _same),
}
"""What settings of pip are called by uv, and how it takes their values. Checked with uv 0.9 and 0.13."""

_OF_PIP_ALONE = frozenset(
    ("require-hashes", "no-binary", "only-binary", "prefer-binary", "pre", "no-deps", "config-settings", "platform")
)
"""Settings that change what is installed, and that uv has otherwise or not at all: where one is set, pip installs."""

_OFF = ("", "0", "false", "no", "off")
"""How a setting of pip says that it does not hold."""

_LEADS_AWAY = ("target", "prefix", "root", "user", "python")
"""Settings that would lead pip to another environment."""

_OWN_INDEXES = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_CONFIG_FILE")


def settings_of_pip(pythons: Iterable[str], around: Mapping[str, str]) -> dict[str, str] | None:
    """What the user's pip installs by, by the names of its options; ``None`` where there is no pip.

    Args:
        pythons: Interpreters whose pip is asked, the first that has one; the one on the path comes last.
        around: The environment's variables.
    """
    pip = shutil.which("pip")
    for command in (*([python, "-I", "-m", "pip"] for python in pythons), *([[pip]] if pip else [])):
        told = _told([*command, "config", "list"], around)
        if told is not None:
            return told
    return None


def settings_in(around: Mapping[str, str]) -> dict[str, str]:
    """The same as far as variables say."""
    found = {name[4:].lower().replace("_", "-"): value for name, value in around.items() if name.startswith("PIP_")}
    return {name: value for name, value in found.items() if name not in _LEADS_AWAY}


def _told(command: list[str], around: Mapping[str, str]) -> dict[str, str] | None:
    """What ``pip config list`` says; ``None`` where there is no pip that does."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE_S,
            check=False,
            env=dict(around),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return dict(_settings(done.stdout)) if done.returncode == 0 else None


def _settings(text: str) -> Iterator[tuple[str, str]]:
    r"""The settings that hold, the stronger later.

    >>> list(_settings("install.no-index='1'\nglobal.no-index='0'\nlist.format='json'\n"))
    [('no-index', '0'), ('no-index', '1')]
    """
    lines = [line.partition("=") for line in text.splitlines()]
    for section in _SECTIONS:
        for key, _, value in lines:
            name = key.removeprefix(f"{section}.")
            if key != name and name not in _LEADS_AWAY:
                yield name, str(ast.literal_eval(value))


def for_pip(settings: Mapping[str, str]) -> dict[str, str]:
    """The variables by which pip has the same settings, whatever files it finds."""
    return {f"PIP_{name.upper().replace('-', '_')}": " ".join(value.split()) for name, value in settings.items()}


def for_uv(settings: Mapping[str, str], around: Mapping[str, str], here: str = "") -> dict[str, str]:
    """The variables by which uv has the same settings; what the user tells uv itself stays.

    Args:
        settings: Those of pip.
        around: The environment's variables.
        here: The directory from which uv looks for its files; empty for the current one.
    """
    found: dict[str, str] = {}
    own_indexes = any(name in around for name in _OWN_INDEXES) or _names_indexes(Path(here or os.getcwd()), around)
    for name, value in settings.items():
        names, taken = _OF_UV.get(name, ((), _same))
        if not taken(value) or (own_indexes and name in ("index-url", "extra-index-url")):
            continue
        found.update((one, taken(value)) for one in names if one not in around)
    if "UV_INDEX" in found and "UV_INDEX_STRATEGY" not in around:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # of several indexes pip takes the best version, uv the first
    return found


def needs_pip(settings: Mapping[str, str]) -> bool:
    """Whether uv could not install as these settings say."""
    return any(name in _OF_PIP_ALONE and value.lower() not in _OFF for name, value in settings.items())


def _names_indexes(here: Path, around: Mapping[str, str]) -> bool:
    """Whether the files that uv reads name an index: those of the project, the user and the machine."""
    home = Path(around.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = [folder / name for folder in (here, *here.parents) for name in ("uv.toml", "pyproject.toml")]
    return any(map(_has_index, [*files, home / "uv" / "uv.toml", Path("/etc/uv/uv.toml")]))


def _has_index(file: Path) -> bool:
    try:
        held = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    own = held.get("tool", {}).get("uv", {}) if file.name == "pyproject.toml" else held
    parts = own if isinstance(own, dict) else {}
    return any("index" in name for part in (parts, parts.get("pip", {})) if isinstance(part, dict) for name in part)
