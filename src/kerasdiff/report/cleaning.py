"""How is text from models and files made harmless? By itself, for an error is said without any of the reports."""

from __future__ import annotations

import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def clean(value: object) -> str:
    r"""One line of visible text: control, format and lone surrogate characters become their escapes.

    Names and messages come from model files; an escape sequence in one must not reach the terminal.

    >>> clean("relu\x1b[2J")
    'relu\\x1b[2J'
    """
    text = " ".join(str(value).splitlines())
    return "".join(
        char if unicodedata.category(char) not in _HIDDEN else char.encode("unicode_escape").decode() for char in text
    )
