"""The worker's loop: one request after another, each answered by a value, an error or a confessed bug."""

from __future__ import annotations

import faulthandler
import importlib
import os
import sys
import traceback
from typing import TYPE_CHECKING

from kerasdiff.errors import KerasdiffError, LoadError, WorkerError
from kerasdiff.side.ending.hanging import ASKED_BY
from kerasdiff.side.environment import debugging
from kerasdiff.side.protocol import REQUESTS
from kerasdiff.side.training import Tick
from kerasdiff.side.wire.frames import Call, Opening, Reply
from kerasdiff.worker.connection import Connection
from kerasdiff.worker.patched import Originals

if TYPE_CHECKING:
    from kerasdiff.worker.loading.session import Session

_MOST_CHANGED = 5
_LAST_FRAMES = 2
"""Of an import that fails: some twenty modules of Keras import one another before."""


def serve(connection: Connection) -> None:
    """Answers requests until the parent is gone: an :class:`Opening`, then :class:`Call` after :class:`Call`."""
    if ASKED_BY is not None:
        faulthandler.register(ASKED_BY, all_threads=True)
    faulthandler.enable(all_threads=False)  # a crash in native code leaves the Python stack in what the parent shows
    connection.listen()
    failure = _start_tensorflow()
    opening = connection.inbox.get()
    assert isinstance(opening, Opening)
    shows, originals = debugging(), Originals()
    session: Session | None = None
    while True:
        call = connection.inbox.get()
        assert isinstance(call, Call)
        try:
            if failure is not None:
                raise failure
            if session is None:
                session = _opened(opening)
            reply = Reply(number=call.number, kind="value", payload=_handle(session, call, connection))
        except BaseException as error:  # the worker's boundary: whatever it was has to reach the parent
            if error is failure:  # without TensorFlow, what tells of errors cannot be imported either
                reply = Reply(number=call.number, kind="error", payload=failure)
            else:
                reply = _failed(call, opening.target.text, error, originals, shows=shows)
        _send(connection, reply, call, opening.target.text, originals)


def _send(connection: Connection, reply: Reply, call: Call, target: str, originals: Originals) -> None:
    """Sends an answer, with Python's own functions where it cannot be made into bytes with those that are there."""
    try:
        connection.send(reply)
    except BaseException as first:  # nothing was sent: an answer is made into bytes before
        failed = _failed(call, target, first, originals, shows=False)
        try:
            connection.send(reply)
        except BaseException:
            connection.send(failed)


def _opened(opening: Opening) -> Session:
    """The session of a target: what a baseline is asked is answered from its file."""
    how = opening.target, opening.inputs, opening.without, opening.order, opening.fitted
    if opening.target.kind == "baseline":
        from kerasdiff.worker.stored.session import StoredSession

        return StoredSession(*how)
    from kerasdiff.worker.keras_internals import on_tensorflow

    if not on_tensorflow():
        from kerasdiff.worker.backends.session import BackendSession

        return BackendSession(*how)
    from kerasdiff.worker.loading.session import Session

    return Session(*how)


def _told(error: KerasdiffError) -> KerasdiffError:
    """An error in terms of the revision that was loaded, if any."""
    from kerasdiff.worker.importing.revision import entered

    revision = entered()
    return error if revision is None else revision.told(error)


def _handle(session: Session, call: Call, connection: Connection) -> object:
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
        connection.send(Reply(number=call.number, kind="progress", payload=tick))

    answer: object = handler(session, *call.arguments, *([progress] if request.reports else []))
    return answer


def _failed(call: Call, target: str, error: BaseException, originals: Originals, *, shows: bool) -> Reply:
    """What is said of an error: the user's, or else a bug; not of what only the model's code can have raised.

    Args:
        call: What failed.
        target: As the user wrote it.
        error: What was raised.
        originals: What Python's own functions were before.
        shows: Whether where it arose is to be shown.
    """
    changed = [] if isinstance(error, KerasdiffError) else originals.restore()
    if changed and isinstance(error, Exception):
        listed = ", ".join(changed[:_MOST_CHANGED]) + (", …" if len(changed) > _MOST_CHANGED else "")
        error = LoadError(
            f"{target}: its code puts others in the place of functions of Python ({listed}), and kerasdiff cannot work "
            "with these; leave that out where the model is defined."
        ).with_traceback(error.__traceback__)
    elif isinstance(error, SystemExit):
        error = WorkerError(f"{target}: the model called sys.exit({error.code!r}).")
    elif not isinstance(error, Exception):
        error = WorkerError(f"{target}: the model's code raised {type(error).__name__}, which ends a program.")
    elif not isinstance(error, KerasdiffError):
        error = _of_the_model(error, call, target) or error
    if isinstance(error, KerasdiffError):
        if shows:
            error.details = "\n".join(filter(None, (error.details, _whole_traceback(error))))
        return Reply(number=call.number, kind="error", payload=_told(error))
    return Reply(number=call.number, kind="bug", payload=_whole_traceback(error))


def _of_the_model(error: BaseException, call: Call, target: str) -> WorkerError | None:
    """An error that the model's code raised where nothing stood ready for it; ``None`` where kerasdiff raised it."""
    from kerasdiff.worker.importing.faults import raised_by_user, reason, user_traceback

    place = raised_by_user(error)
    if place is None:
        return None
    task = REQUESTS[call.name].task
    text = f"{target}: the model's code fails where kerasdiff has to {task} ({place}): {reason(error)}."
    return WorkerError(text, user_traceback(error, "")).with_traceback(error.__traceback__)


def _whole_traceback(error: BaseException) -> str:
    """Where an error arose, with the errors that were turned into it."""
    before: BaseException | None = error
    while before is not None:
        before.__suppress_context__ = False
        before = before.__context__
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def _start_tensorflow() -> LoadError | None:
    try:
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
    except ImportError as error:
        if error.name == os.environ.get("KERAS_BACKEND"):
            return LoadError(
                f"Keras is to run on {error.name}, which is not installed there; install it: "
                f"{sys.executable} -m pip install {error.name}"
            )
        why = str(error).rstrip(".")
        return LoadError(
            f"TensorFlow or Keras cannot be imported by {sys.executable}: {why}. Make `import tensorflow, keras` work "
            "there.",
            traceback.format_exc(limit=-_LAST_FRAMES),
        )
    from kerasdiff.worker import hardware

    try:
        hardware.set_up()
    except LoadError as error:
        return error
    return None
