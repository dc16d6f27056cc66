"""On which input do two models part? The counterexample, in memory and on disk.

The file is an ``.npz`` without pickle: ``input_0`` and on, and ``about``, JSON text.
"""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kerasdiff.errors import TargetError
from kerasdiff.findings import Finding
from kerasdiff.graph import MODES, Mode
from kerasdiff.graph.values import Array
from kerasdiff.side.files import other_than_file, write_whole
from kerasdiff.side.interpreters.settings import OPEN, Setting

SCHEMA = "kerasdiff.witness/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """An input and the way both models are run on it.

    Attributes:
        inputs: One batch per model input.
        mode: In which they are called.
        weight_scale: Factor on the weights.
        difference: The largest, as a fraction of the reference output's scale.
    """

    inputs: tuple[Array, ...]
    mode: Mode
    weight_scale: float
    difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness(Counterexample):
    """An input on which two models part; ``how`` says where it comes from."""

    how: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedWitness(Counterexample):
    """A witness with the question it answers.

    Attributes:
        how: Where it comes from, in words that nothing reads.
        reference, candidate: Targets, as they were given.
        given: What ``--input`` said.
        seed: Of the weights.
        settings: In what they ran.
    """

    how: str
    reference: str
    candidate: str
    given: tuple[str, ...]
    seed: int
    settings: tuple[Setting, Setting] = (OPEN, OPEN)


def save(path: Path, saved: SavedWitness) -> None:
    """Writes a witness, whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    import numpy as np  # which those that only tell of a witness do without

    about = {
        "schema": SCHEMA,
        "reference": saved.reference,
        "candidate": saved.candidate,
        "inputs": list(saved.given),
        "seed": saved.seed,
        "settings": [asdict(setting) for setting in saved.settings],
        "mode": saved.mode,
        "weight_scale": saved.weight_scale,
        "how": saved.how,
        "difference": saved.difference if math.isfinite(saved.difference) else None,
    }
    arrays = {f"input_{number}": value for number, value in enumerate(saved.inputs)}
    text = np.array(json.dumps(about))
    write_whole(path, lambda file: np.savez_compressed(file, allow_pickle=False, about=text, **arrays))


def load(path: Path) -> SavedWitness:
    """Reads a witness.

    Raises:
        TargetError: If the file is none.
    """
    import numpy as np

    try:
        if other := other_than_file(path):
            raise TargetError(f"{path} is {other}, and a witness is a file that --save-witness wrote.")
        with np.load(path, allow_pickle=False) as held:
            about = json.loads(str(held["about"]))
            inputs = tuple(held[f"input_{number}"] for number in range(len(held.files) - 1))
    except OSError as error:
        raise TargetError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (EOFError, ValueError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error):
        raise TargetError(f"{path} is no witness that --save-witness wrote.") from None
    if about.get("schema") != SCHEMA or about.get("mode") not in MODES or not inputs:
        raise TargetError(f"{path} is no witness of schema {SCHEMA}.")
    difference = about["difference"]
    first, second = map(_setting, about.get("settings", ({}, {})))
    return SavedWitness(
        inputs=inputs,
        mode=about["mode"],
        weight_scale=float(about["weight_scale"]),
        how=str(about["how"]),
        difference=float("inf") if difference is None else float(difference),
        reference=str(about["reference"]),
        candidate=str(about["candidate"]),
        given=tuple(str(text) for text in about["inputs"]),
        seed=int(about["seed"]),
        settings=(first, second),
    )


def _setting(told: Mapping[str, Any]) -> Setting:
    return Setting(
        python=str(told.get("python", "")),
        backend=str(told.get("backend", "")),
        variables=tuple((str(name), str(value)) for name, value in told.get("variables", ())),
    )
