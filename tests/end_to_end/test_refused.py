"""Wrong and hostile inputs that only a worker meets: one sentence each, no process and no file left.

Those that wait, or are long, run with the others by ``python tests/tools/wrong_inputs.py``.
"""

from __future__ import annotations

import sys

import pytest
import wrong_inputs
from wrong.row import Row

ROWS = [row for row in wrong_inputs.ROWS if row.worker and not row.slow]


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone, and found in /proc")
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_one_sentence_and_nothing_left(row: Row) -> None:
    told = wrong_inputs.run(row)

    assert told.faults == (), told.answer.stderr[-2000:]
