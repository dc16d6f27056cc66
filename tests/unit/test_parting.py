"""Compile settings that read the same in two versions of Keras: what is rounding, and what is another function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerasdiff.probing.training.parting import parted, parted_on
from kerasdiff.side.observations import Occasion, SettingsSample


def stepped(*steps: float, weight: float = 1.0) -> SettingsSample:
    arrays = tuple(np.array([step]) for step in steps)
    weights = (np.zeros(3), *(np.array([weight]) for _ in steps))
    return SettingsSample(values={"optimizer": weights}, weighted={}, encodings=(), steps=arrays)


def scored(*figures: float, masked: float = 1.0) -> SettingsSample:
    values = tuple(np.array(figure) for figure in figures)
    return SettingsSample(values={"loss": values}, weighted={"loss": (np.array(masked),)}, encodings=())


@pytest.mark.parametrize(
    ("one", "two", "far"),
    [
        (stepped(0.1, 0.2), stepped(0.1, 0.2 + 1e-6), 0.0),
        (stepped(0.1, 0.2), stepped(0.1, 0.3), 0.5),
        (stepped(1e-13, weight=100.0), stepped(0.0, weight=100.0), 0.0),
        (stepped(0.1), stepped(np.nan), 1.0),
        (stepped(0.0), stepped(0.1), 1.0),
        (stepped(0.1), stepped(0.1, 0.1), None),
        (stepped(), stepped(), None),
        (stepped(0.1), scored(0.1), None),
    ],
)
def test_steps(one: SettingsSample, two: SettingsSample, far: float | None) -> None:
    found = parted("optimizer", one, two)

    assert found == (far if far is None else pytest.approx(far))


@pytest.mark.parametrize(
    ("one", "two", "far"),
    [
        (scored(2.0, 3.0), scored(2.0, 3.0 + 1e-6), 0.0),
        (scored(2.0, 3.0), scored(2.0, 3.3), 0.1),
        (scored(2.0), scored(2.0, masked=0.5), 0.5),
        (scored(np.nan), scored(np.nan), 0.0),
        (scored(0.0, 2.0), scored(1e-7, 2.0), 5e-8),
        (scored(0.0, masked=0.0), scored(1e-7, masked=0.0), 1.0),
    ],
)
def test_losses(one: SettingsSample, two: SettingsSample, far: float) -> None:
    assert parted("loss", one, two) == pytest.approx(far)


@pytest.mark.parametrize(
    ("figures", "masked", "where"),
    [
        ((1.0, 2.0), 1.0, None),
        ((1.0, 2.5), 1.0, "ends"),
        ((1.0, 2.0), 1.5, "masked"),
        ((1.5, 2.5), 1.0, None),
        ((1.0, 2.5), 1.5, None),
    ],
)
def test_on_which_outputs_alone_figures_lie_apart(
    figures: tuple[float, ...], masked: float, where: Occasion | None
) -> None:
    one = replace(scored(1.0, 2.0), occasions={"loss": ((), ("ends",), ("masked",))})

    assert parted_on("loss", one, scored(*figures, masked=masked)) == where
