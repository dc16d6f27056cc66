"""How are a count, a figure and a setting written? The smallest words, which sentences and tables share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasdiff.graph import Attribute


def count(amount: int, noun: str) -> str:
    """``1 row``, ``1,200 rows``."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def number(figure: float | None, digits: int = 4) -> str:
    """A measured number with ``digits`` significant digits; ``–`` where there is none."""
    return "–" if figure is None else f"{figure:.{digits}g}"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; empty for none."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def value(setting: Attribute) -> str:
    """A setting as Python writes it, strings without quotes, numbers to the seven digits that float32 holds."""
    if isinstance(setting, str):
        return setting
    if isinstance(setting, float):
        return f"{setting:.7g}" if setting % 1 else repr(setting)
    if isinstance(setting, tuple | list):
        inner = ", ".join(value(item) for item in setting)
        return f"({inner},)" if len(setting) == 1 else f"({inner})"
    if isinstance(setting, Mapping):
        return "{" + ", ".join(f"{key}: {value(item)}" for key, item in setting.items()) + "}"
    return repr(setting)


def change(reference: Attribute, candidate: Attribute) -> str:
    """A changed setting, ``0.001 → 1e-05``; quoted where only the type tells the two apart."""
    before, after = value(reference), value(candidate)
    return f"{reference!r} → {candidate!r}" if before == after else f"{before} → {after}"
