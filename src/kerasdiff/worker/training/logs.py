"""A trial for other tools: TensorBoard's event files and a CSV, where ``--logdir`` asks for them."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from kerasdiff.errors import FitError
from kerasdiff.side.files import write_whole
from kerasdiff.side.training import Epoch, History
from kerasdiff.worker.training.store import history_csv


class Logs:
    """Writes what a trial shows, epoch by epoch, below ``logdir/name``; nothing without a directory."""

    def __init__(self, logdir: str | None, name: str) -> None:
        self._directory = None if logdir is None else Path(logdir) / name
        self._writer = None
        if self._directory is not None:
            try:
                self._directory.mkdir(parents=True, exist_ok=True)
            except OSError as why:
                raise FitError(f"--logdir {logdir}: {why.strerror or why}.") from why
            self._writer = tf.summary.create_file_writer(str(self._directory))

    def write(self, history: History) -> None:
        """Adds the last epoch of ``history``."""
        if self._writer is None or self._directory is None:
            return
        epoch = history.epochs[-1]
        with self._writer.as_default():
            for name in ("train_loss", "train_accuracy", "test_loss", "test_accuracy"):
                value = getattr(epoch, name)
                if value is not None:
                    _scalar(name, value, epoch)
        self._writer.flush()
        text = history_csv(history).encode()
        write_whole(self._directory / "history.csv", lambda stream: stream.write(text))


def _scalar(name: str, value: float, epoch: Epoch) -> None:
    """``tf.summary.scalar`` without the package ``tensorboard``, which TensorFlow no longer brings."""
    metadata = tf.compat.v1.SummaryMetadata(
        plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars"), summary_description=""
    )
    tf.summary.write(name, tf.constant(value, tf.float32), step=epoch.number, metadata=metadata)
