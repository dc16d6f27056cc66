"""Which device a worker takes, by a list of devices that is not there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf

from kerasdiff.errors import LoadError
from kerasdiff.worker import hardware


class Machine:
    """What TensorFlow says of a machine and is told about it."""

    def __init__(self, capability: tuple[int, int], count: int) -> None:
        self.gpus = [SimpleNamespace(name=f"/physical_device:GPU:{at}") for at in range(count)]
        self.visible = list(self.gpus)
        self.growing: list[Any] = []
        self.deterministic, self.tf32 = False, True
        self._capability = capability

    def config(self) -> SimpleNamespace:
        def show(devices: list[Any], kind: str) -> None:
            assert kind == "GPU"
            self.visible = devices

        def round_off(enabled: bool) -> None:
            self.tf32 = enabled

        def repeat() -> None:
            self.deterministic = True

        return SimpleNamespace(
            list_physical_devices=lambda kind: list(self.gpus),
            get_visible_devices=lambda kind: list(self.visible),
            set_visible_devices=show,
            threading=tf.config.threading,
            experimental=SimpleNamespace(
                set_memory_growth=lambda gpu, growing: self.growing.append(gpu),
                enable_tensor_float_32_execution=round_off,
                tensor_float_32_execution_enabled=lambda: self.tf32,
                get_device_details=lambda gpu: {"compute_capability": self._capability, "device_name": "Fake"},
                enable_op_determinism=repeat,
            ),
        )


def machine(
    monkeypatch: pytest.MonkeyPatch, count: int, device: str, tf32: str, capability: tuple[int, int] = (9, 0)
) -> Machine:
    made = Machine(capability, count)
    monkeypatch.setattr(hardware, "tf", SimpleNamespace(config=made.config()))
    monkeypatch.setenv("KERASDIFF_DEVICE", device)
    monkeypatch.setenv("KERASDIFF_TF32", tf32)
    hardware.set_up()
    return made


@pytest.mark.parametrize(
    ("device", "taken"), [("auto", [0, 1]), ("cpu", []), ("gpu", [0]), ("gpu:0", [0]), ("gpu:1", [1])]
)
def test_the_wanted_gpu_is_taken_alone_and_grows(monkeypatch: pytest.MonkeyPatch, device: str, taken: list[int]):
    made = machine(monkeypatch, 2, device, "1")

    assert made.visible == made.growing == [made.gpus[at] for at in taken]
    assert made.deterministic == bool(taken)
    assert hardware.place() == ({"device": "gpu", "tf32": "on"} if taken else {"device": "cpu"})
    assert hardware.gpu_models().get("gpus", []) == ["Fake"] * len(taken)


@pytest.mark.parametrize(
    ("tf32", "capability", "rounds"), [("1", (8, 0), True), ("0", (9, 0), False), ("1", (7, 5), False)]
)
def test_tf32_is_on_where_it_is_wanted_and_there(
    monkeypatch: pytest.MonkeyPatch, tf32: str, capability: tuple[int, int], rounds: bool
):
    machine(monkeypatch, 1, "auto", tf32, capability)

    assert hardware.rounds_to_tf32() == rounds
    assert hardware.place()["tf32"] == ("on" if rounds else "off")


@pytest.mark.parametrize(("count", "held"), [(0, "TensorFlow sees no GPU"), (1, "TensorFlow sees 1")])
def test_a_gpu_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, count: int, held: str):
    with pytest.raises(LoadError, match=f"--device gpu:1: {held}; use --device cpu"):
        machine(monkeypatch, count, "gpu:1", "1")
