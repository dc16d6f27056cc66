"""An output as a task sees it: the form of its targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerasdiff.graph import Port
from kerasdiff.side.observations import Encoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One output as a task sees it.

    Attributes:
        port: The output.
        encoding: Form of its targets.
        shape: What a probe gave, without the batch: every dimension known.
        zero_one: Whether its values stay in [0, 1], so that targets outside make no sense.
    """

    port: Port
    encoding: Encoding
    shape: tuple[int, ...]
    zero_one: bool = False

    @property
    def classes(self) -> int:
        """Number of classes: the last dimension, 2 for binary outputs."""
        return 2 if self.encoding == "binary" or not self.shape else self.shape[-1]


def one_hot(labels: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Rows of float32 with a 1 at the label."""
    rows: NDArray[np.float32] = np.eye(classes, dtype=np.float32)[labels]
    return rows
