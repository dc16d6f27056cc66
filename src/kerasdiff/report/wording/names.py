"""How are a node, a count, a figure and a setting written? The words that every sentence and table is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kerasdiff.findings import Library, Site
from kerasdiff.graph import Attribute, Source
from kerasdiff.graph.names import ALIASES
from kerasdiff.graph.table import Table

SAYS_LITTLE = frozenset({"Activation", "Lambda", "ReLU"})
"""Layer classes that do one thing or another: what it is says more than the class."""

LIBRARIES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
"""What computes, as its makers write it."""

MOST_SHOWN = 72
"""Characters of a setting in a sentence; the rest of a constant array tells a reader nothing."""


def name_of(site: Site) -> str:
    """``relu``, or for a layer its class, with the op where that says more (``Activation (relu)``)."""
    if site.kind != "layer":
        return site.display if site.display in ALIASES.get(site.op, ()) else site.op
    plain = site.display.lower().replace("_", "") == site.op.replace("_", "")
    return f"{site.display} ({site.op})" if site.display in SAYS_LITTLE and not plain else site.display


def library(one: Library) -> str:
    """What computes a side.

    >>> library(Library(name="jax", version="0.10.2"))
    'JAX 0.10.2'
    """
    return f"{LIBRARIES.get(one.name, one.name)} {one.version}"


def call_of(site: Site) -> str:
    """A call as sentences name it: ``stem/conv (Conv2D, model.py:12)``, with its op where the id does not say it."""
    return _told(site.node, _unsaid(site), () if site.source is None else (site.source,))


def calls_of(one: Site, two: Site) -> str:
    """Two calls that stand for each other: in one breath where both sides call them the same."""
    sources = tuple(dict.fromkeys(site.source for site in (one, two) if site.source is not None))
    if _unsaid(one) != _unsaid(two) or (one.node != two.node and len(sources) > 1):
        return f"{call_of(one)} → {call_of(two)}"
    return _told(" → ".join(dict.fromkeys((one.node, two.node))), _unsaid(one), sources)


def given_to(site: Site) -> str:
    """What a function call without config was given: `` (by 0.1)``, with the space before it; or nothing."""
    words = []
    for key, given in site.settings.items():
        if key == "constants" and isinstance(given, tuple):
            words.append(f"constant{'s' if len(given) > 1 else ''} {', '.join(map(shown, given))}")
        elif given is not None:
            words.append(f"{key} {shown_setting(key, given)}")
    return f" ({', '.join(words)})" if words else ""


def _unsaid(site: Site) -> str:
    """What the id of a node does not say: a layer's class, a function's op."""
    if site.kind == "layer":
        return name_of(site).replace(" (", ", ").removesuffix(")")
    plain = re.sub(r"(:\d+|_\d+)+$", "", site.node.rpartition("/")[2])
    return "" if plain == site.op else site.op


def _told(name: str, unsaid: str, sources: tuple[Source, ...]) -> str:
    lines = " and ".join(map(str, sources))
    inner = ", ".join(part for part in (unsaid, lines) if part)
    return f"{name} ({inner})" if inner else name


def shown(value: Attribute) -> str:
    """A setting as a reader knows it: numbers to the seven digits that float32 holds, long arrays by their start."""
    if isinstance(value, float):
        return f"{value:.7g}"
    if isinstance(value, Table):
        return f"a table of shape {value.shape}"
    if isinstance(value, tuple) and len(repr(value)) > MOST_SHOWN:
        inner = [shown(item) for item in value]
        room = max(12, MOST_SHOWN // len(value))
        text = ", ".join(item if len(item) <= room else f"{item[:room]}…" for item in inner)
        value = f"({text})"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 2 * MOST_SHOWN else f"{text[: 2 * MOST_SHOWN]}…"


def shown_setting(key: str, value: Attribute) -> str:
    """A setting; the factor or term of a canonical Scale or Shift is written out to the last digit."""
    return shown(float(value)) if key == "by" and isinstance(value, str) else shown(value)


def lines_of(sources: Sequence[Source | None], most: int) -> str:
    """Lines by file, each file named once: ``a.py:17, 19, 21``; of many, the first ``most`` and how many others."""
    known = sorted({(source.file, source.line) for source in sources if source is not None})
    files: dict[str, list[str]] = {}
    for file, line in known[:most]:
        files.setdefault(file, []).append(str(line))
    text = ", ".join(f"{file}:{', '.join(lines)}" for file, lines in files.items())
    return f"{text} and {len(known) - most} more" if len(known) > most else text


def count(amount: int, noun: str) -> str:
    """``1 row``, ``1,200 rows``."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def number(figure: float | None, digits: int = 4) -> str:
    """A measured number with ``digits`` significant digits; ``–`` where there is none."""
    return "–" if figure is None else f"{figure:.{digits}g}"


def capital(text: str) -> str:
    """A phrase as a sentence begins; empty for none."""
    return text[:1].upper() + text[1:]


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


def changed(reference: Attribute, candidate: Attribute) -> str:
    """A changed setting, ``0.001 → 1e-05``; quoted where only the type tells the two apart."""
    before, after = value(reference), value(candidate)
    return f"{reference!r} → {candidate!r}" if before == after else f"{before} → {after}"


def fans(value: Attribute) -> str:
    """The inputs or outputs per unit by which an initializer scales, or both.

    >>> fans((27, 64))
    'fan_in 27 and fan_out 64'
    >>> fans((27,))
    'a fan of 27'
    """
    counts = value if isinstance(value, Sequence) else (value,)
    return f"fan_in {counts[0]} and fan_out {counts[1]}" if len(counts) == 2 else f"a fan of {counts[0]}"
