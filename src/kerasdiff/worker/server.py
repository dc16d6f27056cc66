"""The worker's loop: one request after another, each answered by a value, an error or a confessed bug."""

from __future__ import annotations

import faulthandler
import os
import queue
import signal
import sys
import threading
import traceback
from typing import Any, BinaryIO

from kerasdiff.errors import KerasdiffError, LoadError, WorkerError
from kerasdiff.side.frames import read_frame, write_frame
from kerasdiff.side.records import Tick


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers requests until the parent is gone.

    The first message is ``(target, inputs, without)``; each further one ``(number, name, arguments)``. Answers are
    ``(number, "value" | "error" | "bug" | "progress", payload)``.
    """
    faulthandler.enable(all_threads=False)  # a crash in native code leaves the Python stack in what the parent shows
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, inbox), daemon=True).start()
    failure = _start_tensorflow()
    target, inputs, without = inbox.get()
    session: Any = None
    while True:
        number, name, arguments = inbox.get()
        try:
            if failure is not None:
                raise failure
            if session is None:
                from kerasdiff.worker.loading.load import Session

                session = Session(target, inputs, without)

            def progress(tick: Tick, number: int = number) -> None:
                write_frame(answers, (number, "progress", tick))

            _answer(answers, number, "value", _handle(session, name, arguments, progress))
        except KerasdiffError as error:
            _answer(answers, number, "error", error)
        except SystemExit as error:
            _answer(answers, number, "error", WorkerError(f"{target.text}: the model called sys.exit({error.code!r})."))
        except Exception:  # the worker's boundary: whatever it was has to reach the parent
            _answer(answers, number, "bug", traceback.format_exc())


def _handle(session: Any, name: str, arguments: tuple[Any, ...], progress: Any) -> Any:
    # Imported on demand: what a request does not need must not delay its answer.
    if name == "describe":
        from kerasdiff.worker.describe import describe

        if arguments:
            session.restart(*arguments)
        return describe(session)
    if name == "evaluate":
        from kerasdiff.worker.running.evaluate import evaluate

        return evaluate(session, *arguments)
    if name == "stage":
        from kerasdiff.worker.running.stages import stage

        return stage(session, *arguments)
    if name == "step":
        from kerasdiff.worker.running.step import step

        return step(session, *arguments)
    if name == "losses_of":
        from kerasdiff.worker.running.step import losses_of

        return losses_of(session, *arguments)
    if name in ("save_checkpoint", "load_checkpoint"):
        from kerasdiff.worker.running import checkpoint

        return getattr(checkpoint, name)(session, *arguments)
    if name == "fit":
        from kerasdiff.worker.training.fit import fit

        (plan,) = arguments
        return fit(session, plan, progress)
    if name == "start_digests":
        from kerasdiff.worker.describe import start_digests

        return start_digests(session, *arguments)
    if name == "start":
        from kerasdiff.worker.training.fit import start

        return start(session, *arguments)
    raise ValueError(f"unknown request {name!r}")


def _answer(answers: BinaryIO, number: int, kind: str, payload: Any) -> None:
    try:
        write_frame(answers, (number, kind, payload))
    except BrokenPipeError:
        _leave()


def _listen(requests: BinaryIO, inbox: queue.SimpleQueue[Any]) -> None:
    """Reads requests in a thread of its own, so that a busy worker still notices that its parent is gone."""
    while True:
        try:
            inbox.put(read_frame(requests))
        except (EOFError, OSError):
            _leave()


def _leave() -> None:
    """Ends this process and what the model started, at once."""
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _start_tensorflow() -> LoadError | None:
    try:
        import keras  # noqa: F401
        import tensorflow as tf
    except ImportError as error:
        return LoadError(
            f"TensorFlow or Keras cannot be imported by {sys.executable}: {error}.", traceback.format_exc()
        )
    threads = os.environ.get("KERASDIFF_THREADS", "")
    if threads.isdigit() and int(threads) > 0:
        tf.config.threading.set_intra_op_parallelism_threads(int(threads))
        tf.config.threading.set_inter_op_parallelism_threads(int(threads))
    return _choose_device(tf, os.environ.get("KERASDIFF_DEVICE", "auto"))


def _choose_device(tf: Any, wanted: str) -> LoadError | None:
    """Leaves the wanted GPU visible alone, or all; none is filled before its memory is needed.

    References:
        "Use a GPU", https://www.tensorflow.org/guide/gpu: limiting memory growth.
    """
    found = tf.config.list_physical_devices("GPU")
    kind, _, number = wanted.partition(":")
    if kind == "gpu":
        at = int(number or 0)
        if at >= len(found):
            held = f"TensorFlow sees {len(found)}" if found else "TensorFlow sees no GPU"
            return LoadError(f"--device {wanted}: {held}; use --device cpu.")
        found = [found[at]]
        tf.config.set_visible_devices(found, "GPU")
    for device in found:
        tf.config.experimental.set_memory_growth(device, True)
    return None
