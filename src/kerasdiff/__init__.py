"""Do two Keras models behave the same, and if not, where, why, and how much does it matter?

>>> import kerasdiff
>>> kerasdiff.assert_equivalent("old.py:Net", "new.py:Net")  # doctest: +SKIP

Models are named as on the command line, or given as they are in memory: a ``keras.Model``, a class, a function that
makes one. Imports nothing before something is asked, so that ``import kerasdiff`` and ``kerasdiff --help`` are instant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from kerasdiff.api.calls import assert_equivalent, compare, fit, inspect
    from kerasdiff.api.results import Edit, InconclusiveError, Inspection, NotEquivalentError, Result
    from kerasdiff.errors import KerasdiffError

__all__ = [
    "Edit",
    "InconclusiveError",
    "Inspection",
    "KerasdiffError",
    "NotEquivalentError",
    "Result",
    "assert_equivalent",
    "compare",
    "fit",
    "inspect",
]

_HOMES = {
    **dict.fromkeys(__all__, "kerasdiff.api.results"),
    **dict.fromkeys(("assert_equivalent", "compare", "fit", "inspect"), "kerasdiff.api.calls"),
    "KerasdiffError": "kerasdiff.errors",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
