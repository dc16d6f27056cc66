"""How is text from models and files made harmless? By itself, for an error is said without any of the reports."""

from __future__ import annotations

import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def clean(value: object) -> str:
    r"""One line of visible text: control, format and lone surrogate characters, and what is none, become escapes.

    Names and messages come from model files; an escape sequence in one must not reach the terminal.

    >>> clean("relu\x1b[2J")
    'relu\\x1b[2J'
    """
    text = " ".join(str(value).splitlines())
    if text.isprintable():  # as nearly all are, and looking at each character takes most of the time of a large page
        return text
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _HIDDEN or _is_none(char) else char
        for char in text
    )


def _is_none(char: str) -> bool:
    """Whether it is one of the code points that Unicode keeps from being characters, which no XML may hold."""
    return ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
