"""Where is what Keras 3 makes public, and where its configuration?"""

from __future__ import annotations

import importlib
import sys

from kerasdiff.worker.keras_internals.generations import Live


def public() -> Live:
    """The package itself."""
    return sys.modules["keras"]


def reread_configuration() -> None:
    """Lets Keras read ``KERAS_HOME`` and its ``keras.json`` again, as it does once when it is imported.

    All that is read stands in the globals of ``keras.src.backend.config``, which functions imported elsewhere share.
    Checked with Keras 3.11 to 3.15.1.
    """
    importlib.reload(sys.modules["keras.src.backend.config"])
