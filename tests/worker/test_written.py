"""The input that a file itself gives its models, for an example in a message."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("keras")

from kerasdiff.side.targets import parse_target
from kerasdiff.worker.loading.written import guess_mended


@pytest.mark.parametrize(
    ("code", "example"),
    [
        ("net = Net()\nnet.build((None, 28, 28))", "--input 28,28 as net.py:2 has it"),
        ("SIDE = 28\nNet()(np.zeros((1, SIDE, SIDE)))", "--input 28,28 as net.py:2 has it"),
        ("x = x.reshape(-1, 28, 28, 1)", "--input 28,28,1 as net.py:1 has it"),
        ("Net()(np.random.rand(4, 7))\nkeras.Input((9,))", "--input 9 as net.py:2 has it"),
        ("Dense(3, input_shape=[5])", "--input 5 as net.py:1 has it"),
        ("keras.Input((32, 32, 3))\ntf.zeros((2, 7))", "--input 7 as net.py:2 has it"),  # the guess did not do
        ("tf.zeros((batch, 28, width))", "--input 28,28,1, or"),
        ("def broken(:", "--input 28,28,1, or"),
    ],
)
def test_the_example_is_from_the_code(code: str, example: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(code)

    assert f"e.g. {example}" in guess_mended(parse_target(f"{path}:Net"))
