"""Was an interpreter made by an upgrade, and when was it used last? Its environment holds a record, whose time says."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

RECORD = "kerasdiff.json"
"""What an environment holds that was made by an upgrade and is whole: what was asked for, and what came of it."""


def mark_used(python: str) -> None:
    """Notes that a model is run by an interpreter, where an upgrade made it; in a store that is read-only, nothing."""
    with suppress(OSError):
        os.utime(Path(python).parents[1] / RECORD)
