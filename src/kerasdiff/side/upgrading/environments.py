"""Where is the environment of an upgrade? Made once, and found again by what was asked for.

Why a layer over the user's own environment, and not a new one? An upgrade is what ``pip install`` would do to the
environment that is there: what the model needs beside it stays as it is, at the same versions, whether an index has it
or not. So the new environment finds the packages of the other behind its own, and holds only what changes: 40 MB and
7 s for another Keras. A Python of another version cannot share them; there everything is installed anew, at the
versions that are known where there are some.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kerasdiff.errors import UpgradeError
from kerasdiff.side.files import UnreadableError, json_of, write_whole
from kerasdiff.side.interpreters.asking import PROVIDERS, ask
from kerasdiff.side.interpreters.choosing import CALLED, LEAST_OF_SECOND, Unfit, dotted, located, unfit
from kerasdiff.side.interpreters.kept import RECORD, mark_used
from kerasdiff.side.upgrading.installing import ALONE, FailedError, Installer, Told, installer, refusal
from kerasdiff.side.upgrading.kept import PART, clear_abandoned
from kerasdiff.side.upgrading.packages import Packages, canonical, packages_of
from kerasdiff.side.upgrading.wanted import Wanted

_FORM = 1
"""Counted up where environments are made otherwise, so that older ones are not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An environment that is there or can be made.

    Attributes:
        wanted: What is asked for.
        place: Its directory.
        known: What the user's own environment has.
        own: The interpreter of that.
        base: The interpreter that it is made by.
        version: Of that.
        lent: Whether it finds the packages of the user's own environment.
        needed: What has to go with what is asked for: what a worker imports, and of what the model imports that which
            is bound to versions of it; where nothing is lent, all of that.
        imported: The packages that bring what the model imports.
    """

    wanted: Wanted
    place: Path
    known: Packages
    own: str
    base: str
    version: str
    lent: bool
    needed: tuple[str, ...]
    imported: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An environment as it stands.

    Attributes:
        python: Its interpreter.
        changed: Packages, each with its version in the user's own environment, empty where it has none, and here.
        kept: What a worker and the model import beside what changed, with its version.
        seconds: That it took to make; ``None`` where it was there.
    """

    python: str
    changed: Mapping[str, tuple[str, str]]
    kept: Mapping[str, str]
    seconds: float | None = None


def planned(wanted: Wanted, imports: tuple[str, ...], store: str, own: str, other: str = "") -> Plan:
    """Finds out which environment it is.

    Args:
        wanted: What is asked for.
        imports: What the model's code imports.
        store: Where environments are kept.
        own: The interpreter of the environment that is upgraded.
        other: The interpreter that the new one is made by, as a user names it; empty for that of ``own``.

    Raises:
        UpgradeError: If an interpreter does not answer.
        TargetError: If there is no such interpreter.
    """
    asked = wanted.asked
    base = located(other, asked.python) if other else own
    told, owns = ask(base, asked.python), ask(own, "--python")
    lent = told.version[:2] == owns.version[:2]
    if told.version < LEAST_OF_SECOND["python"]:
        raise UpgradeError(
            f"{asked.said(asked.python, other)}: it is Python {dotted(told.version)}; kerasdiff runs models under "
            f"{dotted(LEAST_OF_SECOND['python'])} or later."
        )
    known = packages_of(own)
    imported = _bringing(imports, known, wanted)
    bound = tuple(name for name in imported if not lent or _is_bound(name, known, wanted))
    needed = tuple(dict.fromkeys((*_bringing(("tensorflow", "keras", "numpy"), known, wanted), *bound)))
    key = [
        _FORM,
        [wanted.texts, wanted.files, wanted.stamps, sorted(needed)],
        [base, told.version, known.places if lent else ()],
    ]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
    return Plan(
        wanted=wanted,
        place=Path(store) / f"{wanted.short}-{digest[:10]}",
        known=known,
        own=own,
        base=base,
        version=dotted(told.version),
        lent=lent,
        needed=needed,
        imported=imported,
    )


def _bringing(imports: Iterable[str], known: Packages, wanted: Wanted) -> tuple[str, ...]:
    """The packages that bring what is imported, as far as nothing that is asked for does."""
    names = []
    for top in imports:
        others = {canonical(name) for name in PROVIDERS.get(top, ())}
        if top in known.homes and not others & wanted.names and canonical(known.homes[top]) not in wanted.names:
            names.append(canonical(known.homes[top]))
    return tuple(dict.fromkeys(names))


def _is_bound(name: str, known: Packages, wanted: Wanted) -> bool:
    """Whether a package requires something that is asked for, or what a worker needs: other versions may not do."""
    bound = {*wanted.names, *(canonical(one) for names in PROVIDERS.values() for one in names)}
    needs = next((needs for held, needs in known.needs.items() if canonical(held) == name), ())
    return bool(bound.intersection(map(canonical, needs)))


def found(plan: Plan) -> Made | None:
    """The environment, where it is there and whole, and what it is lent is still what it was made with."""
    try:
        held = json_of(plan.place / RECORD, "it is no JSON")
        assert isinstance(held, dict)
        python = _python_of(plan.place)
        known = plan.known.versions() if plan.lent else {}
        if any(known.get(name) != version for name, version in held["rests_on"].items()):
            return None
        mark_used(python)
        return _outcome(plan, python, {**known, **{str(name): str(version) for name, version in held["own"].items()}})
    except (UnreadableError, AssertionError, KeyError, ValueError, TypeError, AttributeError, UpgradeError):
        return None


def make(plan: Plan, told: Told, *, fresh: bool = False) -> Made:
    """Makes the environment, whole or not at all.

    Args:
        plan: Of it.
        told: Hears what is being done.
        fresh: Whether one that is there gives way to it; else that of another process, which was faster, is taken.

    Raises:
        UpgradeError: If it cannot be made.
    """
    started = time.monotonic()
    try:
        plan.place.parent.mkdir(parents=True, exist_ok=True)
        clear_abandoned(plan.place.parent)
        part = Path(tempfile.mkdtemp(prefix=PART, dir=plan.place.parent))
    except OSError as error:
        raise UpgradeError(
            f"{plan.place.parent} cannot be written into ({error.strerror}); set KERASDIFF_CACHE to another directory."
        ) from None
    try:
        python = _created(plan, part)
        made = installer(python, plan.known, lent=plan.lent, own=plan.own)
        _install(plan, made, told)
        _refuse_unfit(plan, python)
        record = {"asked": plan.wanted.label, "python": plan.version, "by": made.name, "bytes": _size(part)}
        record |= {"over": plan.base if plan.lent else ""}
        record |= _kept(plan, packages_of(python))
        write_whole(part / RECORD, lambda stream: stream.write(json.dumps(record, indent=1, sort_keys=True).encode()))
        there = None if fresh else found(plan)
        if there is not None:
            return there
        shutil.rmtree(plan.place, ignore_errors=True)
        os.rename(part, plan.place)
    except OSError as error:
        raise UpgradeError(f"{plan.wanted.label}: no environment could be made ({error.strerror or error}).") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    whole = found(plan)
    assert whole is not None
    return replace(whole, seconds=time.monotonic() - started)


def _kept(plan: Plan, now: Packages) -> dict[str, object]:
    """What is written down of an environment: its own packages, and of those it is lent the ones they rest on."""
    known = plan.known.versions() if plan.lent else {}
    versions = now.versions()
    own = {name: version for name, version in versions.items() if known.get(name) != version}
    below = now.below((*own, *plan.needed))
    return {"own": own, "rests_on": {name: known[name] for name in sorted(below - set(own)) if name in known}}


def _created(plan: Plan, part: Path) -> str:
    """An environment with nothing in it, or with the packages of another behind its own."""
    done = subprocess.run(
        [plan.base, *ALONE, "-m", "venv", "--without-pip", str(part)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise UpgradeError(f"{plan.base} makes no environments ({said.rpartition(chr(10))[2]}).", said[-2000:])
    python = _python_of(part)
    if plan.lent:
        site = Path(packages_of(python).places[0])
        lines = "".join(f"import site; site.addsitedir({place!r})\n" for place in plan.known.places)
        (site / "kerasdiff-behind.pth").write_text(lines, encoding="utf-8")
    return python


def _install(plan: Plan, made: Installer, told: Told) -> None:
    """Installs what is asked for, and beside it as much of what is needed as goes with it, at known versions first."""
    attempts = _attempts(plan, made)
    for number, beside in enumerate(attempts, start=1):
        try:
            return made.install(plan.wanted, beside, told)
        except FailedError as error:
            if number == len(attempts) or error.for_good:
                raise refusal(error, plan.wanted, made, plan.version) from None
    return None


def _attempts(plan: Plan, made: Installer) -> list[tuple[str, ...]]:
    """What is installed beside what is asked for, the best first.

    Where packages are lent, pip leaves those that will do; uv prefers the known versions by itself. Else pip has to be
    told them: all, or at least those of what the model alone imports.
    """
    own = {canonical(name) for name in plan.known.own}
    needed = plan.needed if plan.lent and not made.uv else tuple(name for name in plan.needed if name not in own)
    if plan.lent or made.uv:
        return list(dict.fromkeys((needed, ())))
    known = plan.known.versions()
    pins = {name: f"{name}=={known[name]}" for name in needed}
    workers = ("numpy", *(name for names in PROVIDERS.values() for name in names))
    some = tuple(name if name in workers else pins[name] for name in needed)
    return list(dict.fromkeys((tuple(pins.values()), some, needed, ())))


def _refuse_unfit(plan: Plan, python: str) -> None:
    wrong: Unfit | None = unfit(ask(python, plan.wanted.asked.to))
    if wrong is None:
        return
    called = CALLED.get(wrong.package, "Python")
    came = f"brings {called} {wrong.version}" if wrong.version else f"brings no {called}"
    raise UpgradeError(f"{plan.wanted.label}: that {came}; kerasdiff runs models with {called} {wrong.least} or later.")


def _outcome(plan: Plan, python: str, now: Mapping[str, str]) -> Made:
    before = plan.known.versions()
    new = {name: (before.get(name, ""), text) for name, text in sorted(now.items()) if before.get(name) != text}
    kept = {name: now[name] for name in (*plan.needed, *plan.imported) if name in now and name not in new}
    return Made(python=python, changed=new, kept=kept)


def _size(place: Path) -> int:
    return sum(file.lstat().st_size for file in place.rglob("*"))


def _python_of(place: Path) -> str:
    for inside in ("bin/python", "Scripts/python.exe"):
        if (place / inside).exists():
            return os.path.abspath(place / inside)
    raise UpgradeError(f"{place} has no interpreter.")
