"""What is said about a machine, and what would help."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kerasdiff.graph import Attribute
from kerasdiff.report.wording.names import count
from kerasdiff.side.health import Check, Subject, Wanting

Found = Mapping[str, Attribute]


def found(check: Check) -> str:
    """What was found, in words."""
    told = _SPECIAL.get((check.subject, check.wanting)) or _FOUND[check.subject]
    return told(check.found)


def advice(check: Check) -> str:
    """What to do about it; empty where there is nothing to do."""
    return _ADVICE.get((check.subject, check.wanting), "").format_map(check.found)


def summary(checks: tuple[Check, ...]) -> str:
    """The whole in a sentence."""
    failed = [check.subject.value for check in checks if check.standing == "fail"]
    doubtful = [check.subject.value for check in checks if check.standing == "warn"]
    if failed:
        return f"kerasdiff cannot be relied on here: {', '.join(failed)}."
    if doubtful:
        return f"kerasdiff works here; {count(len(doubtful), 'line')} could be better: {', '.join(doubtful)}."
    return "kerasdiff works here."


def size(number: Attribute) -> str:
    """``1.5 GB``."""
    amount, unit = float(str(number)), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    return f"{amount:.3g} {unit}"


def _versions(found: Found) -> str:
    there = [f"{name} {version}" for name, version in found.items() if version]
    absent = [name for name, version in found.items() if not version]
    return ", ".join([*there, *(f"no {name}" for name in absent)])


def _names(found: Found) -> str:
    names = found["names"]
    assert isinstance(names, tuple | list)
    return ", ".join(map(str, names))


def _memory(found: Found) -> str:
    free = "" if found["free"] is None else f", {size(found['free'])} of memory free"
    return f"{count(int(str(found['cores'])), 'core')}{free}"


def _broken(found: Found) -> str:
    return str(found["cause"])


def _placed(found: Found) -> str:
    return f"{found['version']}, {found['place']}"


_FOUND: Mapping[Subject, Callable[[Found], str]] = {
    Subject.KERASDIFF: _placed,
    Subject.PYTHON: _placed,
    Subject.TENSORFLOW: lambda f: str(f["version"]),
    Subject.KERAS: lambda f: str(f["version"]),
    Subject.LIBRARIES: _versions,
    Subject.DEVICES: _names,
    Subject.REPEATABLE: lambda f: "the same computation gives the same bits, twice in each of two workers",
    Subject.START: lambda f: (
        "forked from one process that imports TensorFlow once"
        if f["forked"]
        else "each imports TensorFlow by itself, as this system asks for"
    ),
    Subject.MACHINE: _memory,
    Subject.TEMPORARY: lambda f: f"{f['place']}, {size(f['free'])} free",
    Subject.DATA: lambda f: f"CIFAR-10 in {f['place']}",
    Subject.STORE: lambda f: f"{f['place']}, {count(int(str(f['files'])), 'file')}, {size(f['bytes'])}",
    Subject.ENVIRONMENTS: lambda f: (
        f"{f['place']}, {count(int(str(f['environments'])), 'environment')} that `upgrade` made, {size(f['bytes'])}"
    ),
    Subject.GIT: _placed,
    Subject.EXTRAS: _versions,
    Subject.SAME: lambda f: f"found {f['outcome']} in {f['seconds']} s",
    Subject.OTHER: lambda f: f"found {f['outcome']} in {f['seconds']} s",
}

_SPECIAL: Mapping[tuple[Subject, Wanting], Callable[[Found], str]] = {
    (Subject.PYTHON, Wanting.OLD): lambda f: f"{f['version']} is older than {f['least']}, {f['place']}",
    (Subject.TENSORFLOW, Wanting.ABSENT): lambda f: "not installed there",
    (Subject.KERAS, Wanting.ABSENT): lambda f: "not installed there",
    (Subject.TENSORFLOW, Wanting.BROKEN): _broken,
    (Subject.TENSORFLOW, Wanting.OLD): lambda f: f"{f['version']} is older than {f['least']}",
    (Subject.KERAS, Wanting.OLD): lambda f: f"{f['version']} is older than {f['least']}",
    (Subject.DEVICES, Wanting.UNSEEN): lambda f: "there is a GPU, and TensorFlow does not see it",
    (Subject.REPEATABLE, Wanting.APART): lambda f: "the same computation gives other bits the second time",
    (Subject.START, Wanting.SLOW): lambda f: "each imports TensorFlow by itself, which takes seconds a comparison",
    (Subject.TEMPORARY, Wanting.UNUSABLE): lambda f: (
        f"none can be made in {f['place'] or 'any directory'}: {f['cause']}"
    ),
    (Subject.DATA, Wanting.ABSENT): lambda f: f"no CIFAR-10 in {f['place']}; fits train on a procedural set",
    (Subject.STORE, Wanting.UNUSABLE): lambda f: str(f["cause"]),
    (Subject.GIT, Wanting.ABSENT): lambda f: "not found",
    (Subject.GIT, Wanting.UNUSABLE): lambda f: f"{f['place']} does not run: {f['cause']}",
    (Subject.SAME, Wanting.BROKEN): _broken,
    (Subject.OTHER, Wanting.BROKEN): _broken,
    (Subject.SAME, Wanting.WRONG): lambda f: f"two models that are equal were found {f['outcome']}",
    (Subject.OTHER, Wanting.WRONG): lambda f: f"two models that differ were found {f['outcome']}",
}

_REPORT = "This is a bug in kerasdiff: please report it with this list."

_ADVICE: Mapping[tuple[Subject, Wanting], str] = {
    (Subject.TENSORFLOW, Wanting.BROKEN): "Make `python -c 'import tensorflow, keras'` work in this Python; "
    "`pip install --upgrade tensorflow keras` often does.",
    (Subject.PYTHON, Wanting.OLD): "Make the environment with a newer Python.",
    (Subject.TENSORFLOW, Wanting.ABSENT): "Install it there: {place} -m pip install tensorflow",
    (Subject.KERAS, Wanting.ABSENT): "Install it there: {place} -m pip install keras",
    (Subject.TENSORFLOW, Wanting.OLD): "pip install --upgrade tensorflow",
    (Subject.KERAS, Wanting.OLD): "pip install --upgrade keras",
    (Subject.DEVICES, Wanting.UNSEEN): "Fits would be faster with it: pip install 'tensorflow[and-cuda]'",
    (Subject.REPEATABLE, Wanting.APART): "Fits take the noise for their floor, and need more seeds to decide; "
    "--device cpu is deterministic.",
    (Subject.START, Wanting.SLOW): "Something makes TensorFlow start threads while it is imported: look for a "
    "sitecustomize.py or a plug-in of TensorFlow's.",
    (Subject.MACHINE, Wanting.LITTLE): "A comparison takes about 2 GB: close something, or use a larger machine.",
    (Subject.TEMPORARY, Wanting.LITTLE): "Checkpoints are compared through files there: make room, or set TMPDIR.",
    (Subject.TEMPORARY, Wanting.UNUSABLE): "Make room there, or set TMPDIR to another directory.",
    (Subject.DATA, Wanting.ABSENT): "`kerasdiff data cifar10` downloads it, 170 MB.",
    (Subject.STORE, Wanting.UNUSABLE): "Finished trials are not kept; set KERASDIFF_CACHE to another directory.",
    (Subject.GIT, Wanting.ABSENT): "Targets such as git:main:model.py:Net and --against need it.",
    (Subject.GIT, Wanting.UNUSABLE): "Targets such as git:main:model.py:Net and --against need it.",
    (Subject.SAME, Wanting.BROKEN): _REPORT,
    (Subject.OTHER, Wanting.BROKEN): _REPORT,
    (Subject.SAME, Wanting.WRONG): _REPORT,
    (Subject.OTHER, Wanting.WRONG): _REPORT,
}
