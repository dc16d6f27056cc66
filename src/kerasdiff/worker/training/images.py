"""Image files as arrays, in the worker of a fit or in a process of its own.

``python -m kerasdiff.worker.training.images`` is started by
:func:`kerasdiff.data.decoding.decode_apart` alone, for commands that have no model.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np

from kerasdiff.errors import DataError, KerasdiffError
from kerasdiff.graph.values import Array
from kerasdiff.side.wire.frames import read_frame, write_frame

MOST_BYTES = 4 * 2**30
"""Most memory of decoded images, which both sides and the control hold at once: 28,000 of 224x224x3."""


def decode(paths: Sequence[Path]) -> Array:
    """Decodes images of one size and number of channels; none is resized or converted.

    Args:
        paths: PNG and JPEG files, at least one.

    Returns:
        uint8 ``(n, height, width, channels)``.

    Raises:
        DataError: If a file is no image, is unlike the first one, or all together are too large.
    """
    import tensorflow as tf  # here, so that reading other kinds of data does not wait for it

    images = np.empty((0,), np.uint8)
    for at, path in enumerate(paths):
        try:
            image = tf.io.decode_image(path.read_bytes(), expand_animations=False).numpy()
        except (OSError, tf.errors.OpError) as why:
            reason = why.strerror if isinstance(why, OSError) else "it is no PNG or JPEG, or damaged"
            raise DataError(f"{path} cannot be decoded: {reason}.") from why
        if at == 0:
            if image.nbytes * len(paths) > MOST_BYTES:
                raise DataError(
                    f"{len(paths):,} images of {_size(image.shape)} take more than {MOST_BYTES // 2**30} GiB: "
                    "give fewer or smaller ones."
                )
            images = np.empty((len(paths), *image.shape), np.uint8)
        elif image.shape != images.shape[1:]:
            raise DataError(
                f"{path} is {_size(image.shape)}, and {paths[0]} is {_size(images.shape[1:])}: bring all images to "
                "one size and number of channels first; kerasdiff does not resize them."
            )
        images[at] = image
    return images


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(str(dim) for dim in shape)


def main() -> None:
    """Answers one list of paths with an array, or with the error that it led to."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Whatever libraries print must not end up among the answer.
    os.dup2(2, 1)
    try:
        answer: Array | KerasdiffError = decode([Path(text) for text in cast("list[str]", read_frame(requests))])
    except KerasdiffError as error:
        answer = error
    write_frame(answers, answer)


if __name__ == "__main__":
    main()
