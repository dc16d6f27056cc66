"""Values between constants, and beyond them."""

from __future__ import annotations

import sys

from kerasdiff.probing.inputs.knots import between


def test_nothing_lies_beyond_the_largest_number() -> None:
    assert between([0.0, sys.float_info.max]) == [-1.0, sys.float_info.max / 2]
