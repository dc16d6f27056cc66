"""Which command is meant where models are named and no command is?"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

_TARGET = re.compile(
    r"git:.+|.+\.(?:py|ipynb)(?::[^\W\d].*)?|[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d].*|.+\.(?:keras|h5|kerasdiff)",
    re.DOTALL,
)
_FILE = re.compile(r".+\.json", re.DOTALL)


def implied_command(args: Sequence[str], commands: Container[str]) -> str | None:
    """The command that is meant: two models are compared, one is inspected; ``None`` where the first word is one.

    >>> implied_command(["a.py:A", "b.py:B", "--no-fit"], ["compare"])
    'compare'
    >>> implied_command(["model.keras"], ["compare"])
    'inspect'
    >>> implied_command(["comapre", "a.py:A", "b.py:B"], ["compare"])

    Args:
        args: What follows the program's name.
        commands: The names of those that there are.
    """
    if not args or args[0] in commands or not (args[0].startswith("-") or _names_model(args[0])):
        return None
    options = [False, *(text.startswith("--") for text in args[:-1])]
    models = [text for text, after in zip(args, options, strict=True) if _names_model(text, after_option=after)]
    if not models:
        return None
    return "compare" if len(models) > 1 or any(text.startswith("--against") for text in args) else "inspect"


def _names_model(text: str, *, after_option: bool = False) -> bool:
    """Whether a word is a target; one that ends in .json is as likely a file to write where an option stands before."""
    return not text.startswith("-") and bool(_TARGET.fullmatch(text) or (not after_option and _FILE.fullmatch(text)))
