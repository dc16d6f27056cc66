"""A server of the test's own that publishes an archive, with the faults of real ones."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from data_files import archive, python_batches

ARCHIVE = archive(python_batches())


SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves one file; can lack ranges, drop the connection, dawdle, or fail."""

    content = ARCHIVE
    ranges = True
    sizes = True
    drop_after: int | None = None
    status = 200
    dawdle = 0.0
    asked: list[str | None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/cifar-10-python.tar.gz"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        content, begin = self.server.content, 0
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        if asked and self.server.ranges:
            begin = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if begin >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        if self.server.sizes:
            self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        stop = len(content) if self.server.drop_after is None else self.server.drop_after
        self.wfile.write(content[begin:stop])
        time.sleep(self.server.dawdle)

    def log_message(self, form: str, *values: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a port of its own; what it was asked for is in ``asked``, one range a request."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
