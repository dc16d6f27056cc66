"""What every test stands on."""

from __future__ import annotations

import signal

# A shell starts a job in the background with Ctrl-C ignored, and what such a job starts would ignore it, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
