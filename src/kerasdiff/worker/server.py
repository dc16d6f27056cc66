"""The worker's loop: one request after another, each answered by a value, an error or a confessed bug."""

from __future__ import annotations

import faulthandler
import importlib
import os
import queue
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, BinaryIO, Literal

from kerasdiff.errors import KerasdiffError, LoadError, WorkerError
from kerasdiff.side.frames import Call, Opening, Reply, read_frame, write_frame
from kerasdiff.side.protocol import REQUESTS
from kerasdiff.side.training import Tick

if TYPE_CHECKING:
    from kerasdiff.worker.loading.load import Session


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers requests until the parent is gone: an :class:`Opening`, then :class:`Call` after :class:`Call`."""
    faulthandler.enable(all_threads=False)  # a crash in native code leaves the Python stack in what the parent shows
    inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, inbox), daemon=True).start()
    failure = _start_tensorflow()
    opening = inbox.get()
    assert isinstance(opening, Opening)
    session: Session | None = None
    while True:
        call = inbox.get()
        assert isinstance(call, Call)
        try:
            if failure is not None:
                raise failure
            if session is None:
                session = _opened(opening)
            _answer(answers, call, "value", _handle(session, call, answers))
        except KerasdiffError as error:
            _answer(answers, call, "error", _told(error))
        except SystemExit as error:
            text = f"{opening.target.text}: the model called sys.exit({error.code!r})."
            _answer(answers, call, "error", WorkerError(text))
        except Exception:  # the worker's boundary: whatever it was has to reach the parent
            _answer(answers, call, "bug", traceback.format_exc())


def _opened(opening: Opening) -> Session:
    """The session of a target: what a baseline is asked is answered from its file."""
    how = opening.target, opening.inputs, opening.without, opening.order, opening.fitted
    if opening.target.kind == "baseline":
        from kerasdiff.worker.stored.session import StoredSession

        return StoredSession(*how)
    from kerasdiff.worker.loading.load import Session

    return Session(*how)


def _told(error: KerasdiffError) -> KerasdiffError:
    """An error in terms of the revision that was loaded, if any."""
    from kerasdiff.worker.loading.revision import entered

    revision = entered()
    return error if revision is None else revision.told(error)


def _handle(session: Session, call: Call, answers: BinaryIO) -> object:
    """Calls the function that the table of requests names."""
    request = REQUESTS.get(call.name)
    if request is None:
        raise ValueError(f"unknown request {call.name!r}")
    handler = session.answers.get(call.name)
    if handler is None:
        module, _, function = request.handler.partition(":")
        # Imported on demand: what a request does not need must not delay its answer.
        handler = getattr(importlib.import_module(module), function)

    def progress(tick: Tick) -> None:
        write_frame(answers, Reply(number=call.number, kind="progress", payload=tick))

    answer: object = handler(session, *call.arguments, *([progress] if request.reports else []))
    return answer


def _answer(answers: BinaryIO, call: Call, kind: Literal["value", "error", "bug"], payload: object) -> None:
    try:
        write_frame(answers, Reply(number=call.number, kind=kind, payload=payload))
    except BrokenPipeError:
        _leave()


def _listen(requests: BinaryIO, inbox: queue.SimpleQueue[object]) -> None:
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
        import tensorflow  # noqa: F401
    except ImportError as error:
        return LoadError(
            f"TensorFlow or Keras cannot be imported by {sys.executable}: {error}.", traceback.format_exc()
        )
    from kerasdiff.worker import hardware

    try:
        hardware.set_up()
    except LoadError as error:
        return error
    return None
