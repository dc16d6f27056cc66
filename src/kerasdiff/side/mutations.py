"""Which changes of a model can a side be asked to make?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One small change of a model, in one place.

    Attributes:
        key: Says what it does; no other change of the model has it (``conv2d.strides (1, 1) -> [2, 2]``).
        operator: What kind of change it is (``set-strides``).
    """

    key: str
    operator: str
