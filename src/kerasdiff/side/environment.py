"""What of the machine may a worker use, and what does its process find around it?"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

DEBUG = "KERASDIFF_DEBUG"
"""Whether an error is to be shown with where in the code it arose; a worker finds it, too."""

GPU_BYTES = 3 << 30
"""Memory that a small model's trial takes on a GPU: CUDA's context, cuDNN's workspaces, data, activations. A guess on
the high side; no figure from a GPU stands behind it."""

MOST_SEEDS = 4
"""Trial pairs on one GPU at once: its processes take turns there, and each keeps a processor core busy."""


def debugging() -> bool:
    """Whether errors are shown with where in the code they arose."""
    return os.environ.get(DEBUG, "") not in ("", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What of the machine a worker may use.

    Attributes:
        device: ``auto``, ``cpu``, ``gpu`` or ``gpu:N``.
        threads: Processor threads, or ``None`` for TensorFlow's choice. A number repeats itself to the last bit, and
            another number is other bits.
        onednn: Whether convolutions may use oneDNN: 1.8 times as fast in training on one thread, and repeatable for a
            fixed number of threads. Off by default, for it sums in an order that depends on shapes. XLA is never on:
            where ops are deterministic it refuses the gradient of max-pooling (TensorFlow 2.21). What each setting
            costs is in ``tests/benchmarks/settings_cost.py``.
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
        import importlib.metadata  # which reads mail headers, and takes longer than all that --help needs

        return any(True for _ in importlib.metadata.distributions(name="tensorflow-metal"))
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in ("", "-1"):
        return False
    drivers = any(True for _ in Path("/dev").glob("nvidia[0-9]*")), Path("/usr/lib/wsl/lib/libcuda.so.1").exists()
    return any(drivers) or Path("/dev/kfd").exists()


def seeds_at_once(parameters: int) -> int:
    """How many trial pairs a GPU is given at once to begin with; where memory turns out short, there will be fewer.

    A trial is taken to need ``GPU_BYTES`` and 24 bytes a parameter: values, gradients, two slots of Adam, what a fresh
    model starts from, all in float32, and once more for the room between.
    """
    free = _free_gpu_bytes()
    if free is None:
        return 1
    return max(1, min(MOST_SEEDS, _cores() // 4, free // (2 * (GPU_BYTES + 24 * parameters))))


def _free_gpu_bytes() -> int | None:
    """Free memory of the GPU that has least of it; ``None`` where nobody says."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    words = (program, "--query-gpu=memory.free", "--format=csv,noheader,nounits")
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    free = [int(line) for line in done.stdout.split() if line.isdigit()]
    return min(free) << 20 if free else None


def _cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def trial_hardware(device: str) -> Hardware:
    """What each of the two sides of a trial pair may use."""
    return Hardware(device=device, threads=max(1, _cores() // 2), onednn=True)


def worker_environment(
    hardware: Hardware = Hardware(), backend: str | None = None, variables: Iterable[tuple[str, str]] = ()
) -> dict[str, str]:
    """The worker's environment: quiet, deterministic, and with imports that do not begin in the current directory.

    Args:
        hardware: What it may use.
        backend: What Keras computes with; ``None`` for TensorFlow.
        variables: What somebody sets for its side; that holds.
    """
    chosen = {"KERASDIFF_DEVICE": hardware.device, "KERASDIFF_TF32": str(int(hardware.tf32))}
    if hardware.device == "cpu":
        chosen["CUDA_VISIBLE_DEVICES"] = "-1"
        chosen["JAX_PLATFORMS"] = "cpu"
    if hardware.threads is not None:
        chosen["KERASDIFF_THREADS"] = str(hardware.threads)
    return {
        **os.environ,
        **chosen,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # oneDNN reorders sums by shape and core count: off, so that equal graphs give equal bits.
        "TF_ENABLE_ONEDNN_OPTS": "1" if hardware.onednn else "0",
        "PYTHONHASHSEED": "0",
        # Else a file named like a standard module beside the user's models would break the worker's start.
        "PYTHONSAFEPATH": "1",
        **dict(variables),
        "KERAS_BACKEND": backend or "tensorflow",
    }


_OF_ONE_PYTHON = frozenset({"PYTHONHOME", "PYTHONEXECUTABLE", "PYTHONPLATLIBDIR", "__PYVENV_LAUNCHER__"})
"""Names that say where the parts of one interpreter are: another one that found them would not start."""


def seen_by(python: str, environment: Mapping[str, str]) -> Mapping[str, str]:
    """What of an environment an interpreter finds; an empty one is that of this process, which finds all."""
    return {name: text for name, text in environment.items() if not (python and name in _OF_ONE_PYTHON)}


def processor() -> dict[str, str]:
    """What of the machine may move the last digits of numbers, as far as the system tells."""
    return {"machine": platform.machine(), "processor": _processor_name() or platform.processor() or "unknown"}


def _processor_name() -> str:
    """The processor's name on Linux."""
    return next((line.partition(":")[2].strip() for line in processor_lines("model name")), "")


def processor_lines(*names: str) -> list[str]:
    """What Linux says of the processors under these names, line by line; nothing on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [line for line in lines if line.startswith(names)]
