"""Wrong inputs that are seen without TensorFlow: one sentence each, and nothing is started or left."""

from __future__ import annotations

import pytest
import wrong_inputs
from wrong.row import Row

ROWS = [row for row in wrong_inputs.ROWS if not row.worker and not row.slow]


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_one_sentence_and_nothing_left(row: Row) -> None:
    told = wrong_inputs.run(row)

    assert told.faults == (), told.answer.stderr[-2000:]


def test_there_are_many_of_them_each_with_a_name_of_its_own() -> None:
    names = [row.name for row in wrong_inputs.ROWS]

    assert len(names) == len(set(names)) >= 80
