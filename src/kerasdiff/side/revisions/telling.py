"""How is an error of a revision's files told? In terms of the repository, with what the revision lacks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from kerasdiff.errors import KerasdiffError
from kerasdiff.side.revisions.finding import Finder

_ABSENT = ("No such file", "not exist", "Unable to open", "not found")
_MOST = 5


def told(error: KerasdiffError, finder: Finder, here: str) -> KerasdiffError:
    """The error without the place of the layout, and what its reader cannot see: that a file is there now.

    Args:
        error: Is changed.
        finder: Found the modules of the revision.
        here: Where relative paths were looked for.
    """
    hints = list(_hints(error.message, finder, here))
    root = finder.places.revision.root
    message, details = (text.replace(root + os.sep, "").replace(root, ".") for text in (error.message, error.details))
    error.message = message
    error.details = "\n".join(part for part in (details, *(hint for hint in hints if hint not in details)) if part)
    return error


def _hints(message: str, finder: Finder, here: str) -> Iterator[str]:
    revision = finder.places.revision
    name = revision.commit.name
    for module in dict.fromkeys(finder.lacking):
        if re.search(rf"(?<![\w.]){re.escape(module)}(?!\w)", message):
            yield f"{module} is in the working tree, but not in {name}."
    if any(words in message for words in _ABSENT):
        for quoted in re.findall(r"'([^'\n]+)'", message):
            now = finder.places.now(os.path.normpath(os.path.join(here, quoted)))
            if now is not None and os.path.exists(now):
                yield f"{quoted} is in the working tree, but not in {name}: a revision has what git tracks alone."
    if revision.missing and any(words in message for words in (*_ABSENT, "not installed")):
        some = ", ".join(revision.missing[:_MOST]) + (", …" if len(revision.missing) > _MOST else "")
        yield (
            f"Not on this machine, of {name}: {some}; get submodules by `git submodule update --init`, files of git "
            f"LFS by `git lfs fetch origin {revision.commit.commit}`."
        )
