"""What are the files of pages called, whatever their pairs or tests are?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

INDEX = "index.html"
"""What a folder of pages begins with."""

_PLAIN = re.compile(r"(?!-)[a-z0-9_-]{1,60}(?<!-)")
"""Names that are file names everywhere. No capitals: of two that differ in them alone some systems make one file."""

_TAKEN = re.compile(r"index|con|prn|aux|nul|com\d|lpt\d|.*-[0-9a-f]{10}")
"""Names that mean something else: the index, devices of Windows, and what :func:`page_names` makes of others."""


def page_names(names: Iterable[str]) -> Mapping[str, str]:
    """A file name for each name, whatever it holds: the same in every run, and no two alike.

    >>> page_names(["backbone", "Head: v2"])
    {'backbone': 'backbone.html', 'Head: v2': 'head-v2-74b88981f3.html'}
    """
    return {name: f"{_stem(name)}.html" for name in names}


def _stem(name: str) -> str:
    if _PLAIN.fullmatch(name) and not _TAKEN.fullmatch(name):
        return name
    import hashlib

    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:10]
    return f"{readable or 'pair'}-{digest}"
