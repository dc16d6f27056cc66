"""How does a worker stay in touch with its parent, whatever the model's code does to the process around it?

Code of a model may close every file descriptor, or put others in their place; it may fork, and come back twice. An
answer is sent by the process that was asked, over the pipe it was given, or not at all.
"""

from __future__ import annotations

import fcntl
import os
import queue
import signal
import threading
from typing import BinaryIO

from kerasdiff.errors import CUT_OFF
from kerasdiff.side.wire.frames import ProtocolError, Reply, read_frame, write_frame

_HIGH = 500
"""Where our descriptors lie, if so many may be open: code that closes some closes those that follow its own."""


class Connection:
    """Both pipes to the parent.

    Args:
        requests, answers: Descriptors of ours; they are moved out of the way.
    """

    def __init__(self, requests: int, answers: int) -> None:
        self._requests, self._answers = _moved(requests), _moved(answers)
        self._reader: BinaryIO = os.fdopen(self._requests, "rb")
        self._writer: BinaryIO = os.fdopen(self._answers, "wb")
        self._owner = os.getpid()
        self._known = {number: _identity(number) for number in (self._requests, self._answers)}
        self.inbox: queue.SimpleQueue[object] = queue.SimpleQueue()

    def listen(self) -> None:
        """Reads requests in a thread of its own, so that a busy worker still notices that its parent is gone."""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self._check(self._requests)
                self.inbox.put(read_frame(self._reader))
            except EOFError:
                self._leave()
            except ProtocolError:  # which the parent finds, too, in any answer
                self.send(Reply(number=0, kind="bug", payload=""))
                self._leave()
            except BaseException:  # it reads what nobody has sent
                self._cut_off()

    def send(self, reply: Reply) -> None:
        """Sends an answer; leaves where nobody would get it."""
        self._check(self._answers)
        try:
            write_frame(self._writer, reply)
        except BrokenPipeError:
            self._leave()
        except OSError:
            self._cut_off()

    def _check(self, number: int) -> None:
        if os.getpid() != self._owner:
            os._exit(0)  # a copy of the worker, which the model's code has forked
        if _identity(number) != self._known[number]:
            self._cut_off()

    def _cut_off(self) -> None:
        os._exit(CUT_OFF)

    def _leave(self) -> None:
        """Ends this process and what the model started, at once."""
        if os.getpgid(0) == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(0)


def _moved(number: int) -> int:
    try:
        high = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:  # so many may not be open
        return number
    os.close(number)
    return high


def _identity(number: int) -> tuple[int, int] | None:
    """Which file a descriptor stands for; ``None`` where for none."""
    try:
        found = os.fstat(number)
    except OSError:
        return None
    return found.st_dev, found.st_ino
