"""Compares every model of ``keras.applications`` between two environments, beside what plain Keras says of it.

    python applications.py --reference-python OLD/bin/python [NAME ...]

The truth is made without kerasdiff, by ``application_truth.py`` in either environment. Prints one line a model as it
goes. Exit code 1 where kerasdiff and plain Keras disagree.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
TARGETS = HERE.parent / "applications" / "targets.py"
LIMIT = 1e-4
"""Of the scale, beyond which float32 of two TensorFlows is a difference. Rounding reaches 3e-5 in the deepest networks;
a moving variance of images of 32 x 32 is 1e-3 off and more."""
CLEAN = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"CUDA_VISIBLE_DEVICES": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What both say of one model.

    Attributes:
        truth: By part, how far the environments are apart, as a fraction of the scale.
        answer: ``outcome/basis``, or the message where there is no report.
        sentence: What the verdict says first.
        seconds: Wall clock of the comparison.
    """

    name: str
    size: int
    truth: dict[str, float]
    answer: str
    sentence: str
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether the answer is what plain Keras shows, which silences what draws: that is no witness of equality."""
        if any(value > LIMIT for value in self.truth.values()):
            return self.answer.startswith("different")
        return self.answer.startswith(("equivalent", "inconclusive"))


def asked(python: str, *arguments: str) -> str:
    """What the truth says in one environment."""
    command = [python, str(HERE / "application_truth.py"), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**CLEAN, "CUDA_VISIBLE_DEVICES": ""}, check=False
    )
    if done.returncode:
        raise SystemExit(f"{python}: {done.stderr[-2000:]}")
    return done.stdout


def truth(pythons: tuple[str, str], name: str, held: Path) -> tuple[int, dict[str, float]]:
    """The size of the images, and by part how far both environments are apart; what is held is not made again."""
    size = max(json.loads(asked(python, "smallest", name))[name] for python in pythons)
    found = []
    for number, python in enumerate(pythons):
        place = held / str(number)
        if not (place / f"{name}.npz").exists():
            place.mkdir(parents=True, exist_ok=True)
            asked(python, "answers", str(place), f"{name}={size}")
        found.append(dict(np.load(place / f"{name}.npz")))
    return size, apart(*found)


def apart(one: dict[str, Any], other: dict[str, Any]) -> dict[str, float]:
    """The largest difference of each part: of outputs and states by their own scale, of gradients by that of all."""
    steepest = max(np.abs(value).max() for key, value in one.items() if key.startswith("gradient"))
    told: dict[str, float] = {}
    for key in {**one, **other}:
        first, _, last = key.partition(" ")
        part = last.partition(" ")[2] if first == "state" else first
        if key not in one or key not in other or one[key].shape != other[key].shape:
            told[part] = float("inf")
            continue
        scale = steepest if first == "gradient" else np.abs(one[key]).max() or 1.0
        told[part] = max(told.get(part, 0.0), float(np.abs(one[key] - other[key]).max() / scale))
    return told


def compared(reference: str, name: str, size: int) -> tuple[str, str, float]:
    """What kerasdiff answers, what it says first, and how long it takes."""
    target = f"{TARGETS}:sized(name={name!r}, size={size})"
    command = [
        sys.executable,
        "-m",
        "kerasdiff",
        "compare",
        target,
        target,
        "--reference-python",
        reference,
        "--no-fit",
    ]
    begin = time.perf_counter()
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if not done.stdout:
        return "no report", done.stderr.strip()[-300:], seconds
    verdict = json.loads(done.stdout)["verdict"]
    return f"{verdict['outcome']}/{verdict['basis']}", verdict["summary"], seconds


def rows(reference: str, names: list[str], held: Path) -> Iterator[Row]:
    for name in names:
        size, far = truth((reference, sys.executable), name, held)
        answer, sentence, seconds = compared(reference, name, size)
        yield Row(name=name, size=size, truth=far, answer=answer, sentence=sentence, seconds=seconds)


def line(row: Row) -> str:
    far = ", ".join(f"{part} {value:.0e}" for part, value in row.truth.items())
    mark = "" if row.agrees else "  WRONG"
    return f"{row.name:18} {row.size:4} {row.seconds:6.0f} s  {row.answer}{mark}  [{far}]  {row.sentence}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference-python", required=True, help="interpreter of the other environment")
    parser.add_argument("--truth", type=Path, help="keep the truth here, and take what is there")
    parser.add_argument("name", nargs="*", help="models (default: all that both have)")
    options = parser.parse_args()
    reference = options.reference_python
    every = [json.loads(asked(python, "names")) for python in (reference, sys.executable)]
    for alone in sorted({*every[0]} ^ {*every[1]}):
        print(f"{alone:18} in one environment alone")
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        for row in rows(reference, options.name or sorted({*every[0]} & {*every[1]}), options.truth or Path(place)):
            print(line(row), flush=True)
            wrong += not row.agrees
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
