"""Which nodes of two canonical graphs correspond, and the shortest readable edit script between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kerasdiff.graph import Node, Source

EditKind = Literal["insert", "delete", "update", "move", "rewire"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an edit stands on one side."""

    node: str
    scope: str
    source: Source | None
    display: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One step that turns the reference into the candidate.

    Attributes:
        rung: The rung that found it (``architecture``, ``weights`` or ``interface``).
        reference, candidate: The node on each side; ``None`` where it has none.
        after: Ids of the aligned nodes right before it, by side (``{"reference": …, "candidate": …}``).
        attributes: Changed settings, ``{name: (reference value, candidate value)}``.
        effect: Measured effects by rung (``{"output": 0.77}``), empty where not measured.
        message: One sentence naming both sides and their lines.
        modes: The graphs it shows in: ``inference``, ``training`` or both.
    """

    kind: EditKind
    op: str
    rung: str
    reference: Place | None
    candidate: Place | None
    after: Mapping[str, str | None]
    attributes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    effect: Mapping[str, float] = field(default_factory=dict)
    message: str = ""
    modes: tuple[str, ...] = ("inference", "training")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Partial one-to-one map between two graphs' nodes."""

    pairs: tuple[tuple[Node, Node], ...]
