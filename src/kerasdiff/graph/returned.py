"""What may stand at one place of what a call returns?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kerasdiff.graph.model import Attribute

Kind = Literal["tensor", "ragged", "sparse", "constant", "dict", "sequence", "fields", "object"]
"""``fields``: an object with declared ones, as of a dataclass; ``object``: anything else, whose type alone is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """One place of what a call returns.

    Attributes:
        place: How one writes it after the call (``["logits"]``, ``[0]``, ``.logits``), empty for the whole.
        position: The same by number, whatever the keys are called.
        kind: What stands there.
        value: A constant as text; the type of an object, a list, a tuple or a sparse tensor; the names of the fields
            of a named tuple.
    """

    place: str
    position: str
    kind: Kind
    value: Attribute = None
