"""Images as a PNG file, with zlib alone."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Encodes 8-bit colour pixels.

    Args:
        pixels: uint8 ``(height, width, 3)``.

    References:
        PNG specification, third edition, https://www.w3.org/TR/png-3/: signature, chunks, filter type 0.
    """
    height, width, _ = pixels.shape
    lines = np.zeros((height, 1 + 3 * width), np.uint8)  # a filter byte of 0 before each line
    lines[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack("!2I5B", width, height, 8, 2, 0, 0, 0)
    body = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack("!I", len(content)) + kind + content + struct.pack("!I", zlib.crc32(kind + content))
