"""What is a live object on its way into a worker? Bytes, and what its code needs around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A model, a layer, or a class or function that makes one, as :mod:`kerasdiff.worker.live` packs it.

    Attributes:
        body: The object.
        path: Where its process looks for modules.
        sources: Lines of code that no file holds, as of a notebook's cells, by the name it goes by.
        settings: Keras's settings there, by name.
        root: Directory that source lines are shown relative to.
        builds: Whether it is code that makes a model, and not a model, which holds values.
        second: Whether it is of Keras 2.
        backend: What Keras runs on there; empty where it was not imported.
    """

    body: bytes
    path: tuple[str, ...]
    sources: Mapping[str, tuple[str, ...]]
    settings: tuple[tuple[str, str], ...]
    root: str
    builds: bool
    second: bool = False
    backend: str = ""
