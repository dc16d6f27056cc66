"""What of the machine does this process use: which threads, which device, in which precision?

Imports nothing of the worker; imported by whatever has to say or to know where it computes.
"""

from __future__ import annotations

import os

import tensorflow as tf

from kerasdiff.errors import LoadError
from kerasdiff.worker.keras_internals import Live

_FIRST_WITH_TF32 = (8, 0)
"""Compute capability: NVIDIA A100 whitepaper (2020), "TF32 Tensor Cores"."""


def set_up() -> None:
    """Takes up what the parent chose, before TensorFlow touches a device.

    Raises:
        LoadError: If the wanted device is not there.
    """
    threads = os.environ.get("KERASDIFF_THREADS", "")
    if threads.isdigit() and int(threads) > 0:
        tf.config.threading.set_intra_op_parallelism_threads(int(threads))
        tf.config.threading.set_inter_op_parallelism_threads(int(threads))
    _choose_device(os.environ.get("KERASDIFF_DEVICE", "auto"))
    tf.config.experimental.enable_tensor_float_32_execution(os.environ.get("KERASDIFF_TF32", "1") == "1")
    if gpus():
        # Gradients of convolutions are summed in another order every time, else.
        tf.config.experimental.enable_op_determinism()


def _choose_device(wanted: str) -> None:
    """Leaves the wanted GPU visible alone, or all, or none; none is filled before its memory is needed.

    References:
        "Use a GPU", https://www.tensorflow.org/guide/gpu: limiting memory growth.
    """
    there = tf.config.list_physical_devices("GPU")
    kind, _, number = wanted.partition(":")
    chosen = there
    if kind == "cpu":
        chosen = []
    elif kind == "gpu":
        at = int(number or 0)
        if at >= len(there):
            held = f"TensorFlow sees {len(there)}" if there else "TensorFlow sees no GPU"
            raise LoadError(f"--device {wanted}: {held}; use --device cpu.")
        chosen = [there[at]]
    if chosen != there:
        tf.config.set_visible_devices(chosen, "GPU")
    for device in chosen:
        tf.config.experimental.set_memory_growth(device, True)


def gpus() -> list[Live]:
    """The GPUs this process uses."""
    return list(tf.config.get_visible_devices("GPU"))


def rounds_to_tf32() -> bool:
    """Whether products of float32 are taken of 11 significant bits here."""
    if not tf.config.experimental.tensor_float_32_execution_enabled():
        return False
    capable = (tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0)) for gpu in gpus())
    return any(tuple(item) >= _FIRST_WITH_TF32 for item in capable)


def place() -> dict[str, str]:
    """Where this process computes, as a report says it: its device, and of a GPU whether it rounds to TF32."""
    if not gpus():
        return {"device": "cpu"}
    return {"device": "gpu", "tf32": "on" if rounds_to_tf32() else "off"}


def gpu_models() -> dict[str, str | list[str]]:
    """What bits depend on where a GPU computes: which models they are, and in which precision; else nothing."""
    names = [str(tf.config.experimental.get_device_details(gpu).get("device_name", "")) for gpu in gpus()]
    return {**place(), "gpus": names} if names else {}
