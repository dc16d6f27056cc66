"""What of the machine may a worker use, and what does its process find around it?"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What of the machine a worker may use.

    Attributes:
        device: ``auto``, ``cpu``, ``gpu`` or ``gpu:N``.
        threads: Processor threads, or ``None`` for TensorFlow's choice.
        onednn: Whether convolutions may use oneDNN: 1.8 times as fast in training on one thread, and repeatable for a
            fixed number of threads. Off by default, for it sums in an order that depends on shapes.
    """

    device: str = "auto"
    threads: int | None = None
    onednn: bool = False


def trial_hardware(device: str) -> Hardware:
    """What each of the two sides of a trial pair may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Hardware(device=device, threads=max(1, cores // 2), onednn=True)


def worker_environment(hardware: Hardware = Hardware()) -> dict[str, str]:
    """The worker's environment: quiet, deterministic, and with imports that do not begin in the current directory."""
    chosen = {"KERASDIFF_DEVICE": hardware.device}
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
