"""What is kept of a trial on disk, so that nothing finished is lost: its last finished epoch, and its result.

One directory a trial, named by its key. Files appear whole or not at all: each is written beside its place and then
renamed. ``state.npz`` goes when ``result.npz`` is there; ``history.csv`` is for people.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import BinaryIO

import numpy as np

from kerasdiff.side.records import Array, Epoch

_DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a trial has shown up to now, as a :class:`kerasdiff.side.records.Trial` holds it."""

    losses: tuple[float, ...] = ()
    accuracies: tuple[float, ...] = ()
    epochs: tuple[Epoch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What only a finished trial has; see :class:`kerasdiff.side.records.Trial`."""

    predictions: Array
    outputs_digest: str
    classes: tuple[Array, ...]
    labels: tuple[Array, ...]


class Kept:
    """The files of one trial, or nothing where nothing is kept.

    Attributes:
        notes: What went wrong, once each.
    """

    def __init__(self, root: str | None, key: str | None) -> None:
        self._folder = None if root is None or key is None else Path(root) / key[:2] / key
        self.notes: list[str] = []

    def forget(self) -> None:
        """Deletes what is kept of this trial."""
        if self._folder is not None:
            for name in ("result.npz", "state.npz", "history.csv"):
                (self._folder / name).unlink(missing_ok=True)

    def state(self) -> tuple[History, tuple[bytes, ...]] | None:
        """The last finished epoch: what was shown, and the bytes of every variable."""
        arrays = self._read("state.npz")
        if arrays is None:
            return None
        held = sorted((name for name in arrays if name.startswith("v")), key=lambda name: int(name[1:]))
        return _history(arrays), tuple(arrays[name].tobytes() for name in held)

    def result(self) -> tuple[History, Ended] | None:
        """The finished trial."""
        arrays = self._read("result.npz")
        if arrays is None:
            return None
        count = int(arrays["heads"])
        return _history(arrays), Ended(
            predictions=arrays["predictions"],
            outputs_digest=str(arrays["digest"]),
            classes=tuple(arrays[f"classes{at}"] for at in range(count)),
            labels=tuple(arrays[f"labels{at}"] for at in range(count)),
        )

    def save(self, history: History, variables: Sequence[bytes]) -> None:
        """Keeps a finished epoch in place of the one before."""
        held = {f"v{at}": np.frombuffer(data, np.uint8) for at, data in enumerate(variables)}
        if self._write("state.npz", lambda stream: _save(stream, {**_arrays(history), **held})):
            self._write("history.csv", lambda stream: stream.write(history_csv(history).encode()))

    def finish(self, history: History, ended: Ended) -> None:
        """Keeps a finished trial; its last state is no longer needed."""
        columns = {f"classes{at}": value for at, value in enumerate(ended.classes)}
        columns |= {f"labels{at}": value for at, value in enumerate(ended.labels)}
        arrays: dict[str, Array] = {
            **_arrays(history),
            **columns,
            "heads": np.array(len(ended.classes)),
            "predictions": _storable(ended.predictions),
            "digest": np.array(ended.outputs_digest),
        }
        if self._write("result.npz", lambda stream: _save(stream, arrays)) and self._folder is not None:
            self._write("history.csv", lambda stream: stream.write(history_csv(history).encode()))
            (self._folder / "state.npz").unlink(missing_ok=True)

    def _read(self, name: str) -> dict[str, Array] | None:
        if self._folder is None or not (self._folder / name).exists():
            return None
        try:
            with (self._folder / name).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                return {key: file[key] for key in file.files}
        except _DAMAGED as why:
            self.notes.append(f"{self._folder / name} cannot be read ({why}); what it held is trained anew")
            return None

    def _write(self, name: str, fill: Callable[[BinaryIO], object]) -> bool:
        """Whether the file was written; a full disk ends no trial, it only leaves the file as it was."""
        if self._folder is None:
            return False
        partial = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as stream:
                fill(stream)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(partial, self._folder / name)
        except OSError as why:
            with contextlib.suppress(OSError):  # the directory itself may be gone
                partial.unlink(missing_ok=True)
            self._note(why)
            return False
        return True

    def _note(self, why: OSError) -> None:
        assert self._folder is not None
        root = self._folder.parents[1]
        full = why.errno in (errno.ENOSPC, errno.EDQUOT)
        cause = "no space is left on the device" if full else why.strerror or str(why)
        text = (
            f"what was finished since cannot be kept in {root}: {cause}; free some space there or name another "
            "directory in KERASDIFF_CACHE, and run the same command again to go on from what was kept"
        )
        if text not in self.notes:
            self.notes.append(text)


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
