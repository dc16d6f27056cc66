"""A check built by hand, for the tests of everything that only renders."""

from __future__ import annotations

from datetime import date

import report_samples as samples

from kerasdiff.gates.judging import judged
from kerasdiff.gates.records import Checked, CheckedPair, Gate, Standing, Trouble, Why
from kerasdiff.options import Options

TODAY = date(2026, 10, 1)
MARKUP = "Head: <b>v2</b> & 'more' \x1b[2J"


def _gate(name: str, line: int) -> Gate:
    return Gate(name=name, line=line, candidate="new.py:Net", reference="old.py:Net", options=Options(fit=False))


def check() -> Checked:
    """One pair of every standing, two whose names differ in capitals, and names that mean harm."""
    trouble = Trouble(message="old.py: no such file.", details="Traceback: <script>alert(1)</script>")
    return Checked(
        path="kerasdiff.toml",
        today=TODAY,
        base="main",
        pairs=(
            judged(_gate("backbone", 1), samples.long(2), TODAY),
            judged(_gate("Backbone", 5), samples.forum(), TODAY),
            judged(_gate(MARKUP, 9), samples.every_state(), TODAY),
            CheckedPair(gate=_gate("index", 13), standing=Standing.UNUSABLE, why=Why.TROUBLE, trouble=trouble),
            CheckedPair(gate=_gate("../up", 17), standing=Standing.UNCHANGED),
        ),
    )
