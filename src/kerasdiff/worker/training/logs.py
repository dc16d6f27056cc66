"""A trial for other tools: TensorBoard's event files and a CSV, where ``--logdir`` asks for them."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from kerasdiff.errors import FitError
from kerasdiff.side.records import Epoch
from kerasdiff.worker.training.keep import History, history_csv


class Logs:
    """Writes what a trial shows, epoch by epoch, below ``logdir/name``; nothing without a directory."""

    def __init__(self, logdir: str | None, name: str) -> None:
        self._folder = None if logdir is None else Path(logdir) / name
        self._writer = None
        if self._folder is not None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as why:
                raise FitError(f"--logdir {logdir}: {why.strerror or why}.") from why
            self._writer = tf.summary.create_file_writer(str(self._folder))

    def write(self, history: History) -> None:
        """Adds the last epoch of ``history``."""
        if self._writer is None or self._folder is None:
            return
        epoch = history.epochs[-1]
        with self._writer.as_default():
            for name in ("train_loss", "train_accuracy", "test_loss", "test_accuracy"):
                value = getattr(epoch, name)
                if value is not None:
                    _scalar(name, value, epoch)
        self._writer.flush()
        (self._folder / "history.csv").write_text(history_csv(history), encoding="utf-8")


def _scalar(name: str, value: float, epoch: Epoch) -> None:
    """``tf.summary.scalar`` without the package ``tensorboard``, which TensorFlow no longer brings."""
    metadata = tf.compat.v1.SummaryMetadata(
        plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars"), summary_description=""
    )
    tf.summary.write(name, tf.constant(value, tf.float32), step=epoch.number, metadata=metadata)
