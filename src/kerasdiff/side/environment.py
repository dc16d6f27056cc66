"""What of the machine may a worker use, and what does its process find around it?"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What of the machine a worker may use.

    Attributes:
        device: ``auto``, ``cpu``, ``gpu`` or ``gpu:N``.
        threads: Processor threads, or ``None`` for TensorFlow's choice.
        onednn: Whether convolutions may use oneDNN: 1.8 times as fast in training on one thread, and repeatable for a
            fixed number of threads. Off by default, for it sums in an order that depends on shapes.
        tf32: Whether a GPU may round what it multiplies to the 11 bits of TF32, as it does for TensorFlow's users.
    """

    device: str = "auto"
    threads: int | None = None
    onednn: bool = False
    tf32: bool = True


def for_numbers(device: str) -> Hardware:
    """What models are described and probed on: the processor, unless a GPU is asked for by name.

    Why not the GPU that is there? The probes are a few rows: on an H200 a comparison took twice as long as on two
    processor cores, most of it in starting kernels up. And without TF32: it moves every product by up to 5e-4 of
    itself, as much as many a difference that is looked for, so a tolerance that allows for it would hide them.
    """
    return Hardware(device="cpu" if device == "auto" else device, tf32=False)


def for_trials(device: str) -> Hardware:
    """What trials run on beside numbers: a GPU where one may be, as the user's own training would; TF32 with it."""
    numbers = for_numbers(device)
    elsewhere = numbers.device != "cpu" or (device == "auto" and may_have_gpu())
    return Hardware(device=device) if elsewhere else numbers


def may_have_gpu() -> bool:
    """Whether TensorFlow may see a GPU, as far as files tell; only a worker knows.

    A yes that is wrong costs another pair of workers, which train on the processor; a no that is wrong only speed.
    """
    if sys.platform == "darwin":
        return any(True for _ in importlib.metadata.distributions(name="tensorflow-metal"))
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in ("", "-1"):
        return False
    drivers = any(True for _ in Path("/dev").glob("nvidia[0-9]*")), Path("/usr/lib/wsl/lib/libcuda.so.1").exists()
    return any(drivers) or Path("/dev/kfd").exists()


def trial_hardware(device: str) -> Hardware:
    """What each of the two sides of a trial pair may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Hardware(device=device, threads=max(1, cores // 2), onednn=True)


def worker_environment(hardware: Hardware = Hardware()) -> dict[str, str]:
    """The worker's environment: quiet, deterministic, and with imports that do not begin in the current directory."""
    chosen = {"KERASDIFF_DEVICE": hardware.device, "KERASDIFF_TF32": str(int(hardware.tf32))}
    if hardware.device == "cpu":
        chosen["CUDA_VISIBLE_DEVICES"] = "-1"
    if hardware.threads is not None:
        chosen["KERASDIFF_THREADS"] = str(hardware.threads)
    return {
        **os.environ,
        **chosen,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # oneDNN reorders sums by shape and core count: off, so that equal graphs give equal bits.
        "TF_ENABLE_ONEDNN_OPTS": "1" if hardware.onednn else "0",
        "KERAS_BACKEND": "tensorflow",
        "PYTHONHASHSEED": "0",
        # Else a file named like a standard module beside the user's models would break the worker's start.
        "PYTHONSAFEPATH": "1",
    }
