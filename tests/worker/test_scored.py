"""What do metrics say, in whichever order a version of Keras tells them?"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kerasdiff.worker.running.settings import _told

MEANS = {"loss", "a_loss", "b_loss"}


@pytest.mark.parametrize(
    "told",
    [
        {"loss": 0.0, "a_loss": 0.0, "b_loss": 0.0, "a_mae": 0.5, "b_mse": 0.25},  # Keras 2
        {"loss": 0.0, "a_mae": 0.5, "b_mse": 0.25, "a_loss": 0.0, "b_loss": 0.0},  # Keras 3
    ],
)
def test_means_of_losses_are_no_metrics(told: Mapping[str, float]) -> None:
    assert [float(figure) for figure in _told(told, MEANS)] == [0.5, 0.25]
