"""Image files as arrays for a command without a model: TensorFlow decodes them in a process of its own."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from kerasdiff.errors import KerasdiffError, WorkerError
from kerasdiff.graph.values import Array
from kerasdiff.side.environment import worker_environment
from kerasdiff.side.wire.frames import read_frame, write_frame


def decode_apart(paths: Sequence[Path]) -> Array:
    """Decodes images of one size; see :func:`kerasdiff.worker.training.images.decode`.

    Raises:
        DataError: What the decoder said.
        WorkerError: If its process ended without an answer.
    """
    request = io.BytesIO()
    write_frame(request, [str(path) for path in paths])
    done = subprocess.run(
        [sys.executable, "-m", "kerasdiff.worker.training.images"],
        input=request.getvalue(),
        capture_output=True,
        env=worker_environment(),
        check=False,
    )
    if done.returncode != 0:
        raise WorkerError(
            f"The process that decodes images ended with exit code {done.returncode}. Its last output follows.",
            done.stderr.decode(errors="replace")[-2_000:],
        )
    answer = cast("Array | KerasdiffError", read_frame(io.BytesIO(done.stdout)))
    if isinstance(answer, KerasdiffError):
        raise answer
    return answer
