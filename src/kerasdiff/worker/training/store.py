"""What is on disk of a trial, so that nothing finished is lost: its last finished epoch, and its result.

One directory a trial, named by its key. Files appear whole or not at all. ``state.npz`` goes when ``result.npz`` is
there; ``history.csv`` is for people.
"""

from __future__ import annotations

import csv
import errno
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import BinaryIO

import numpy as np

from kerasdiff.findings import Fact, Finding
from kerasdiff.graph.values import Array
from kerasdiff.side.files import trial_directory, write_whole
from kerasdiff.side.training import Answers, Epoch, History

_DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


class TrialStore:
    """The files of one trial.

    Args:
        root: Directory of the store; ``None`` for a store that holds nothing and takes nothing.
        key: Names the trial in it.

    Attributes:
        findings: What went wrong, once each.
    """

    def __init__(self, root: str | None, key: str = "") -> None:
        self._directory = None if root is None else trial_directory(root, key)
        self.findings: list[Finding] = []

    def forget(self) -> None:
        """Deletes what is stored of this trial."""
        if self._directory is not None:
            for name in ("result.npz", "state.npz", "history.csv"):
                (self._directory / name).unlink(missing_ok=True)

    def unfinished(self) -> tuple[History, tuple[bytes, ...]] | None:
        """The last finished epoch: what was shown, and the bytes of every variable."""
        arrays = self._read("state.npz")
        if arrays is None:
            return None
        names = sorted((name for name in arrays if name.startswith("v")), key=lambda name: int(name[1:]))
        return _history(arrays), tuple(arrays[name].tobytes() for name in names)

    def finished(self) -> tuple[History, Answers] | None:
        """The finished trial."""
        arrays = self._read("result.npz")
        if arrays is None:
            return None
        count = int(arrays["heads"])
        return _history(arrays), Answers(
            predictions=arrays["predictions"],
            digest=str(arrays["digest"]),
            classes=tuple(arrays[f"classes{at}"] for at in range(count)),
            labels=tuple(arrays[f"labels{at}"] for at in range(count)),
        )

    def save(self, history: History, variables: Sequence[bytes]) -> None:
        """Stores a finished epoch in place of the one before."""
        values = {f"v{at}": np.frombuffer(data, np.uint8) for at, data in enumerate(variables)}
        if self._write("state.npz", lambda stream: _save(stream, {**_arrays(history), **values})):
            self._write("history.csv", lambda stream: stream.write(history_csv(history).encode()))

    def finish(self, history: History, answers: Answers) -> None:
        """Stores a finished trial; its last state is no longer needed."""
        columns = {f"classes{at}": value for at, value in enumerate(answers.classes)}
        columns |= {f"labels{at}": value for at, value in enumerate(answers.labels)}
        arrays: dict[str, Array] = {
            **_arrays(history),
            **columns,
            "heads": np.array(len(answers.classes)),
            "predictions": _storable(answers.predictions),
            "digest": np.array(answers.digest),
        }
        if self._write("result.npz", lambda stream: _save(stream, arrays)) and self._directory is not None:
            self._write("history.csv", lambda stream: stream.write(history_csv(history).encode()))
            (self._directory / "state.npz").unlink(missing_ok=True)

    def _read(self, name: str) -> dict[str, Array] | None:
        if self._directory is None or not (self._directory / name).exists():
            return None
        try:
            with (self._directory / name).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                return {key: file[key] for key in file.files}
        except _DAMAGED as why:
            file = str(self._directory / name)
            self.findings.append(Finding(fact=Fact.STORE_UNREADABLE, names=(file,), cause=str(why)))
            return None

    def _write(self, name: str, fill: Callable[[BinaryIO], object]) -> bool:
        """Whether the file was written; a full disk ends no trial, it only leaves the file as it was."""
        if self._directory is None:
            return False
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            write_whole(self._directory / name, fill)
        except OSError as why:
            self._unwritable(self._directory.parents[1], why)
            return False
        return True

    def _unwritable(self, root: Path, why: OSError) -> None:
        full = why.errno in (errno.ENOSPC, errno.EDQUOT)
        cause = "" if full else why.strerror or str(why)
        finding = Finding(fact=Fact.STORE_UNWRITABLE, names=(str(root),), cause=cause)
        if finding not in self.findings:
            self.findings.append(finding)


def _save(stream: BinaryIO, arrays: Mapping[str, Array]) -> None:
    np.savez(stream, **arrays)  # type: ignore[arg-type]  # numpy's stubs take names for flags


def _storable(values: Array) -> Array:
    """Predictions in a dtype that an ``.npz`` holds without pickle (bfloat16 is none)."""
    return values if values.dtype.kind in "fiub" else values.astype(np.float32)


def _arrays(history: History) -> Mapping[str, Array]:
    rows = [[np.nan if item is None else item for item in astuple(epoch)] for epoch in history.epochs]
    return {
        "losses": np.array(history.losses, np.float64),
        "accuracies": np.array(history.accuracies, np.float64),
        "epochs": np.array(rows, np.float64).reshape(len(rows), len(fields(Epoch))),
    }


def _history(arrays: Mapping[str, Array]) -> History:
    epochs = []
    for row in arrays["epochs"]:
        number, steps, train_loss, train_accuracy, test_loss, test_accuracy, seconds = (float(item) for item in row)
        epochs.append(
            Epoch(
                number=int(number),
                steps=int(steps),
                train_loss=train_loss,
                train_accuracy=_known(train_accuracy),
                test_loss=_known(test_loss),
                test_accuracy=_known(test_accuracy),
                seconds=seconds,
            )
        )
    return History(
        losses=tuple(arrays["losses"].tolist()),
        accuracies=tuple(arrays["accuracies"].tolist()),
        epochs=tuple(epochs),
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def history_csv(history: History) -> str:
    """One line an epoch, figures in full."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name if field.name != "number" else "epoch" for field in fields(Epoch))
    writer.writerows(["" if item is None else item for item in astuple(epoch)] for epoch in history.epochs)
    return text.getvalue()
