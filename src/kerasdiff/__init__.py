"""Do two Keras models behave the same, and if not, where, why, and how much does it matter?

>>> import kerasdiff
>>> kerasdiff.assert_equivalent("old.py:Net", "new.py:Net")  # doctest: +SKIP

Models are named as on the command line, or given as they are in memory: a ``keras.Model``, a class, a function that
makes one. Imports nothing before something is asked, so that ``import kerasdiff`` and ``kerasdiff --help`` are instant.
"""

__version__ = "0.1.0"

_HOMES = {
    "kerasdiff.api.calls": ("assert_equivalent", "compare", "convert", "fit", "inspect"),
    "kerasdiff.api.upgrading": ("upgrade",),
    "kerasdiff.api.results": ("Converted", "Edit", "InconclusiveError", "Inspection", "NotEquivalentError", "Result"),
    "kerasdiff.errors": ("KerasdiffError",),
}
"""Where the names of the package are, for whoever asks for one; ``__init__.pyi`` says the same to type checkers."""

__all__ = [
    "Converted",
    "Edit",
    "InconclusiveError",
    "Inspection",
    "KerasdiffError",
    "NotEquivalentError",
    "Result",
    "assert_equivalent",
    "compare",
    "convert",
    "fit",
    "inspect",
    "upgrade",
]


def __getattr__(name: str) -> object:
    import importlib

    for home, names in _HOMES.items():
        if name in names:
            globals()[name] = value = getattr(importlib.import_module(home), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
