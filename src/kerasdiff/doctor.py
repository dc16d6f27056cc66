"""Does kerasdiff work on this machine, and if not, what is missing? Each thing is looked at where it would be used.

TensorFlow is imported by workers alone, so that it may be broken in any way. Above the pipeline, for it compares a pair
of models that are known to be equal, and one that is not.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import kerasdiff
from kerasdiff.errors import KerasdiffError
from kerasdiff.graph import Attribute
from kerasdiff.options import Options, environment_store, trial_store
from kerasdiff.side.environment import Hardware, may_have_gpu
from kerasdiff.side.health import Check, Examined, Subject, Wanting
from kerasdiff.side.interpreters.asking import ask, shown
from kerasdiff.side.interpreters.choosing import LEAST, LEAST_OF_SECOND, dotted, too_old, unfit
from kerasdiff.side.launching import FORKS, prepare
from kerasdiff.side.memory import available_bytes
from kerasdiff.side.process import Worker
from kerasdiff.side.protocol import EXAMINE
from kerasdiff.side.targets import Target
from kerasdiff.side.upgrading.kept import kept

LITTLE_MEMORY = 2 << 30
"""A comparison takes about this: a launcher, two workers, what they share counted once."""
LITTLE_ROOM = 1 << 30
"""What temporary files may need: saved weights of a model of 100 million parameters, a side each."""

_MODELS = """
import keras


def reference():
    return keras.Sequential([
        keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2),
    ])


def equal():
    inputs = keras.Input((8, 8, 3))
    x = keras.activations.relu(keras.layers.Conv2D(4, 3)(inputs))
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(keras.layers.AveragePooling2D(6)(x))))


def different():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3)(inputs)
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(keras.layers.AveragePooling2D(6)(x))))
"""

Found = dict[str, Attribute]

_LIBRARIES = ("numpy", "scipy", "rich", "click", "cloudpickle")
_EXTRAS = ("ray", "pytest", "IPython")


def examine(timeout: float, told: Callable[[str], None], python: str = "") -> Iterator[Check]:
    """Looks at one thing after the other.

    Args:
        timeout: Seconds a worker may take for one answer.
        told: Hears what is done next.
        python: The interpreter whose environment is looked at, and nothing of this machine beside it; empty for the
            one that runs this, and for all.
    """
    yield Check(
        subject=Subject.KERASDIFF, found={"version": kerasdiff.__version__, "place": str(Path(__file__).parent)}
    )
    if python:
        yield from _elsewhere(timeout, told, python)
        return
    prepare(Hardware())
    yield Check(subject=Subject.PYTHON, found={"version": platform.python_version(), "place": sys.executable})
    works = yield from _workers(timeout, told)
    yield Check(subject=Subject.LIBRARIES, found={name: _version(name) for name in _LIBRARIES})
    yield _machine()
    yield _temporary()
    yield _data()
    yield _store()
    yield _environments()
    yield _git()
    yield Check(subject=Subject.EXTRAS, found={name: _version(name) for name in _EXTRAS})
    if works:
        told("comparing models that are known to be equal, and to be different")
        yield from _self_test(timeout)


def _elsewhere(timeout: float, told: Callable[[str], None], python: str) -> Iterator[Check]:
    """What another environment has, and whether models run there: first what its packages say, then what they do."""
    seen = ask(python, "--python")
    wrong = unfit(seen)
    for subject, version in (
        (Subject.PYTHON, dotted(seen.version)),
        (Subject.TENSORFLOW, seen.packages.get("tensorflow")),
        (Subject.KERAS, seen.packages.get("keras")),
    ):
        if wrong is None and subject is not Subject.PYTHON:
            continue  # a worker says it, and more
        found: Found = {"version": version, "place": shown(python)}
        if wrong is not None and wrong.package == subject.name.lower():
            lacks = Wanting.ABSENT if version is None else Wanting.OLD
            yield Check(subject=subject, standing="fail", wanting=lacks, found={**found, "least": wrong.least})
            return
        yield Check(subject=subject, found=found)
    prepare(Hardware(), [_subject(""), _subject(python)])
    if (yield from _workers(timeout, told, python)):
        told("comparing models that are known to be equal, and to be different")
        yield from _self_test(timeout, python)


def _subject(python: str) -> Target:
    return Target(text="import tensorflow, keras", kind="live", location="", python=python)


def _workers(timeout: float, told: Callable[[str], None], python: str = "") -> Generator[Check, None, bool]:
    """What workers say of TensorFlow; whether it works."""
    told("starting TensorFlow")
    works = False
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(_subject(python), (), timeout, "TensorFlow")) for _ in range(2)]
        try:
            answers = [pending.result() for pending in [worker.submit(EXAMINE) for worker in workers]]
        except KerasdiffError as error:
            found = {"version": _version("tensorflow"), "cause": error.message, "details": error.details}
            yield Check(subject=Subject.TENSORFLOW, standing="fail", wanting=Wanting.BROKEN, found=found)
        else:
            works = True
            yield from _tensorflow(answers)
            yield _start(workers[0])
    return works


def _tensorflow(answers: list[Examined]) -> Iterator[Check]:
    for subject, name in ((Subject.TENSORFLOW, "tensorflow"), (Subject.KERAS, "keras")):
        version = answers[0].environment[name]
        promised = LEAST_OF_SECOND if answers[0].environment["keras"].startswith("2.") else LEAST
        least = dotted(promised[name])
        if too_old(name, version, promised):
            found = {"version": version, "least": least}
            yield Check(subject=subject, standing="fail", wanting=Wanting.OLD, found=found)
        else:
            yield Check(subject=subject, found={"version": version})
    devices = answers[0].devices
    if len(devices) == 1 and may_have_gpu():
        yield Check(subject=Subject.DEVICES, standing="warn", wanting=Wanting.UNSEEN, found={"names": devices})
    else:
        yield Check(subject=Subject.DEVICES, found={"names": devices})
    distinct = {digest for answer in answers for digest in answer.digests}
    if len(distinct) > 1:
        yield Check(subject=Subject.REPEATABLE, standing="warn", wanting=Wanting.APART)
    else:
        yield Check(subject=Subject.REPEATABLE)


def _start(worker: Worker) -> Check:
    if worker.is_forked() or not FORKS:
        return Check(subject=Subject.START, found={"forked": worker.is_forked()})
    return Check(subject=Subject.START, standing="warn", wanting=Wanting.SLOW)


def _machine() -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    free = available_bytes()
    found: Found = {"cores": cores, "free": free}
    if free is not None and free < LITTLE_MEMORY:
        return Check(subject=Subject.MACHINE, standing="warn", wanting=Wanting.LITTLE, found=found)
    return Check(subject=Subject.MACHINE, found=found)


def _temporary() -> Check:
    found: Found
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"kerasdiff")
        place = tempfile.gettempdir()
        free = shutil.disk_usage(place).free
    except OSError as error:
        found = {"place": tempfile.tempdir or "", "cause": error.strerror or str(error)}
        return Check(subject=Subject.TEMPORARY, standing="fail", wanting=Wanting.UNUSABLE, found=found)
    found = {"place": place, "free": free}
    if free < LITTLE_ROOM:
        return Check(subject=Subject.TEMPORARY, standing="warn", wanting=Wanting.LITTLE, found=found)
    return Check(subject=Subject.TEMPORARY, found=found)


def _data() -> Check:
    from kerasdiff.data.cifar import cache_folder, cifar10_cached

    folder = cifar10_cached()
    if folder is None:
        return Check(subject=Subject.DATA, wanting=Wanting.ABSENT, found={"place": str(cache_folder())})
    return Check(subject=Subject.DATA, found={"place": str(folder)})


def _store() -> Check:
    place = Path(trial_store())
    files = [file for file in place.rglob("*") if file.is_file()] if place.is_dir() else []
    found: Found = {"place": str(place), "files": len(files), "bytes": sum(file.stat().st_size for file in files)}
    above = next(folder for folder in (place, *place.parents) if folder.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        found["cause"] = f"{above} cannot be written to"
        return Check(subject=Subject.STORE, standing="warn", wanting=Wanting.UNUSABLE, found=found)
    return Check(subject=Subject.STORE, found=found)


def _environments() -> Check:
    place = environment_store()
    there = kept(place)
    found: Found = {"place": place, "environments": len(there), "bytes": sum(one.size for one in there)}
    return Check(subject=Subject.ENVIRONMENTS, found=found)


def _git() -> Check:
    program = shutil.which("git")
    if program is None:
        return Check(subject=Subject.GIT, standing="warn", wanting=Wanting.ABSENT)
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
        cause = done.stderr.strip() if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        cause = str(error)
    if cause:
        found = {"place": program, "cause": cause}
        return Check(subject=Subject.GIT, standing="warn", wanting=Wanting.UNUSABLE, found=found)
    return Check(subject=Subject.GIT, found={"version": done.stdout.split()[-1], "place": program})


def _self_test(timeout: float, python: str = "") -> Iterator[Check]:
    import kerasdiff.pipeline as engine
    from kerasdiff.side.reading.early import read_target

    with tempfile.TemporaryDirectory(prefix="kerasdiff-") as folder:
        file = Path(folder) / "models.py"
        file.write_text(_MODELS)
        for subject, name, wanted in (
            (Subject.SAME, "equal", "equivalent"),
            (Subject.OTHER, "different", "different"),
        ):
            began = time.monotonic()
            found: Found
            one, two = (replace(read_target(f"{file}:{model}"), python=python) for model in ("reference", name))
            try:
                outcome = engine.compare(one, two, Options(fit=False, timeout=timeout)).verdict.outcome
            except KerasdiffError as error:
                found = {"cause": error.message, "details": error.details}
                yield Check(subject=subject, standing="fail", wanting=Wanting.BROKEN, found=found)
                continue
            found = {"outcome": outcome, "seconds": round(time.monotonic() - began, 1)}
            if outcome != wanted:
                yield Check(subject=subject, standing="fail", wanting=Wanting.WRONG, found=found)
            else:
                yield Check(subject=subject, found=found)


def _version(package: str) -> str | None:
    """That of an installed package; ``None`` where it is not."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
