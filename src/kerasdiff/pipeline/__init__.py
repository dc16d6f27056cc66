"""In which order is a question answered? Describe, align, observe, climb the rungs, judge: nothing else knows it.

`compare`, `fit`, `inspect`, `replay` and `convert` are orders over the same steps, one module each. Nothing here
decides; `kerasdiff.judge` does. Imports all that takes part; imported by cli, api, checking and doctor.
"""

from kerasdiff.pipeline.comparing import compare, compare_models
from kerasdiff.pipeline.converting import convert
from kerasdiff.pipeline.fitting import InterruptedFit, fit
from kerasdiff.pipeline.opening import inspect
from kerasdiff.pipeline.replaying import replay

__all__ = [
    "InterruptedFit",
    "compare",
    "compare_models",
    "convert",
    "fit",
    "inspect",
    "replay",
]
