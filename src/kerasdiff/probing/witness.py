"""A counterexample on disk: the input on which two models part, and what it takes to run it again.

The file is an ``.npz`` without pickle: ``input_0`` and on, and ``about``, JSON text.
"""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasdiff.comparison import Witness
from kerasdiff.errors import TargetError
from kerasdiff.graph import MODES

SCHEMA = "kerasdiff.witness/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedWitness:
    """A witness with the question it answers.

    Attributes:
        reference, candidate: Targets, as they were given.
        inputs: What ``--input`` said.
        seed: Of the weights.
    """

    witness: Witness
    reference: str
    candidate: str
    inputs: tuple[str, ...]
    seed: int


def save(path: Path, saved: SavedWitness) -> None:
    """Writes a witness, whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    found = saved.witness
    about = {
        "schema": SCHEMA,
        "reference": saved.reference,
        "candidate": saved.candidate,
        "inputs": list(saved.inputs),
        "seed": saved.seed,
        "mode": found.mode,
        "weight_scale": found.weight_scale,
        "how": found.how,
        "difference": found.difference if np.isfinite(found.difference) else None,
    }
    arrays: dict[str, Any] = {f"input_{number}": value for number, value in enumerate(found.inputs)}
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(path: Path) -> SavedWitness:
    """Reads a witness.

    Raises:
        TargetError: If the file is none.
    """
    try:
        with np.load(path, allow_pickle=False) as held:
            about = json.loads(str(held["about"]))
            inputs = tuple(held[f"input_{number}"] for number in range(len(held.files) - 1))
    except OSError as error:
        raise TargetError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (EOFError, ValueError, KeyError, zipfile.BadZipFile):
        raise TargetError(f"{path} is no witness that --save-witness wrote.") from None
    if about.get("schema") != SCHEMA or about.get("mode") not in MODES or not inputs:
        raise TargetError(f"{path} is no witness of schema {SCHEMA}.")
    difference = about["difference"]
    return SavedWitness(
        witness=Witness(
            inputs=inputs,
            mode=about["mode"],
            weight_scale=float(about["weight_scale"]),
            how=str(about["how"]),
            difference=float("inf") if difference is None else float(difference),
        ),
        reference=str(about["reference"]),
        candidate=str(about["candidate"]),
        inputs=tuple(str(text) for text in about["inputs"]),
        seed=int(about["seed"]),
    )
