"""What does an error of Keras or TensorFlow say without what they wrap around it?

Imports nothing of kerasdiff; imported by the room alone.
"""

from __future__ import annotations

import re

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CALLING = re.compile(r"^Exception encountered when calling [^\n]*\n+", re.MULTILINE)
_ARGUMENTS = "Arguments received by"
_GRAPH_NOISE = re.compile(
    r"^(Graph execution error:|Detected at node .*|\s*File \".*|<stack traces unavailable>)$|"
    r"\[\[\{\{[^}]*\}\}\]\]|\{\{[^}]*\}\}\s*|\s*\[Op:[^\]]+\](\s*name:\s*\S*)?",
    re.MULTILINE,
)
_VALUES = re.compile(r",? numpy=.*")  # the whole value of a variable, which nobody reads


def bare_message(error: BaseException) -> str:
    """An error's text on one line, without what Keras and TensorFlow wrap around it: callers, arguments, node names.

    For messages to the user alone. Checked with TensorFlow 2.16 to 2.21 and Keras 3.11 to 3.15.1.
    """
    try:
        told = str(error)
    except BaseException:  # its text is the user's code
        told = ""
    text = _CALLING.sub("", _COLOUR.sub("", told))
    text = text.split(_ARGUMENTS, 1)[0]
    return _VALUES.sub(" …", " ".join(_GRAPH_NOISE.sub("", text).split())).rstrip(". ")


def refuses_code(error: BaseException) -> bool:
    """Whether Keras refused to load a model for the code it holds, which safe mode does not run.

    Checked with Keras 3.11 to 3.15.1: the message tells of ``safe_mode`` or ``enable_unsafe_deserialization``.
    """
    text = bare_message(error) + " " + str(error)
    return "unsafe_deserialization" in text or "safe_mode=False" in text


def is_data_dependent(error: BaseException) -> bool:
    """Whether a call failed because Python decided on the value of a tensor, which no graph holds.

    Either ``tf.errors.OperatorNotAllowedInGraphError``, or an error that names TensorFlow's ``SymbolicTensor``. Checked
    with TensorFlow 2.16 to 2.21.
    """
    return "SymbolicTensor" in bare_message(error) or type(error).__name__ == "OperatorNotAllowedInGraphError"
