"""In which words is a target refused? One home for each sentence that is said by reading a file or by running it."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

from kerasdiff.errors import LoadError, NoModelError, TargetError
from kerasdiff.side.targets import Target

MOST_LISTED = 20


def shown(target: Target) -> str:
    """What the module of a target is called: the name of its file, or its own."""
    return target.location if target.kind == "module" else Path(target.location).name


def user_frames(frames: Iterable[traceback.FrameSummary]) -> str:
    """A traceback of these frames without the error, which the message tells; empty without frames."""
    return "".join(traceback.format_list(list(frames))).rstrip()


def names_no_model(target: Target, known: Sequence[str]) -> TargetError:
    """Says that a file alone was named, and what could be named in it: targets to be pasted, the likeliest first."""
    if not known:
        why = f"`kerasdiff list {target.place}` says why not"
        return TargetError(f"{target.text!r} names no model, and nothing in it looks like one; {why}.")
    more = [f"and {len(known) - MOST_LISTED} more: kerasdiff list {target.place}"] if len(known) > MOST_LISTED else []
    return TargetError(f"{target.text!r} names no model; name one of these:", "\n".join([*known[:MOST_LISTED], *more]))


def not_python(target: Target) -> LoadError:
    """Says that a file of another kind was named."""
    return LoadError(f"{target.text}: {shown(target)} is not a Python file.")


def no_source(target: Target, size: int) -> LoadError:
    """Says that a file is larger than any program."""
    return LoadError(
        f"{target.text}: {shown(target)} is no Python source that anybody wrote: it has {size / 1e6:,.0f} MB."
    )


def no_notebook(target: Target, why: str) -> LoadError:
    """Says why a notebook cannot be read."""
    return LoadError(f"{target.text}: {shown(target)} cannot be read as a notebook: {why}.")


def no_config(target: Target, why: str) -> LoadError:
    """Says why a file holds no config of a model."""
    return LoadError(f"{target.text}: {shown(target)} describes no model: {why}.")


def no_module(target: Target, here: str) -> TargetError:
    """Says that no module has the name."""
    return TargetError(
        f"{target.text}: there is no module {target.location}, neither installed nor below {here}; "
        "name a file as FILE.py:NAME."
    )


def syntax_error(target: Target, error: SyntaxError) -> LoadError:
    """Says where a file does not parse, this one or one that it imports."""
    where = f"{Path(error.filename).name}:{error.lineno}" if error.filename else shown(target)
    line = (error.text or "").strip()
    return LoadError(
        f"{target.text}: syntax error in {where}: {error.msg}" + (f": {line}" if line else "."),
        "" if error.offset is None or not line else f"{error.text}".rstrip(),
    )


def not_installed(target: Target, name: str | None, at: str, details: str, importer: str = "") -> LoadError:
    """Says which module that a file imports does not exist.

    Args:
        target: Whose file it is.
        name: Of the module.
        at: `` (a.py:12)``, or empty.
        details: The traceback.
        importer: The file that does, where it is another.
    """
    who = importer or shown(target)
    where = f"under {target.python}" if target.python else "here"
    hint = f" {_OF_TENSORFLOW}" if target.python and name == "tf_keras" else ""
    return LoadError(
        f"{target.text}: {who} imports {name}, which is not installed {where} nor found beside it{at}.{hint}", details
    )


_OF_TENSORFLOW = "Install it there; TensorFlow up to 2.15 has the same Keras as tensorflow.keras."


def import_fails(target: Target, error: BaseException, at: str, reason: str, details: str) -> LoadError:
    """Says how running a file ends."""
    advice = ""
    if isinstance(error, ImportError) and "relative import" in str(error):
        advice = " A file in a package is named as a module from the package's parent: package.module:NAME."
    return LoadError(f"{target.text}: importing {shown(target)} fails{at}: {reason}.{advice}", details)


def no_such_name(target: Target, depth: int, known: Sequence[str]) -> TargetError:
    """Says that a part of the name does not exist, which ones are near, and which there are.

    Args:
        target: Whose name it is.
        depth: Number of the part, from 0.
        known: What could be a model where it was looked for.
    """
    parts = target.name.split(".")
    where = ":".join([shown(target), *([".".join(parts[:depth])] if depth else [])])
    close = difflib.get_close_matches(parts[depth], known, n=3, cutoff=0.5)
    nearest = f"; nearest: {', '.join(close)}" if close else ""
    return TargetError(f"{target.text}: {where} defines no {parts[depth]}{nearest}.", listing(known))


def listing(known: Sequence[str]) -> str:
    """Which models a file has."""
    more = ", …" if len(known) > MOST_LISTED else ""
    return f"It defines: {', '.join(known[:MOST_LISTED])}{more}." if known else ""


def not_of_keras(target: Target, advice: str = "") -> NoModelError:
    """Says that a class is none of a model."""
    return NoModelError(f"{target.text}: {target.name} is a class, but not of a Keras model or layer.{advice}")


def no_model(target: Target, value: object, advice: str = "") -> NoModelError:
    """Says that a name stands for something else than a model or what makes one."""
    what = f"{target.name} is {a(value)}, not a Keras model, a layer, a class or a function of one."
    return NoModelError(f"{target.text}: {what}{advice}")


def cannot_open(target: Target, why: str) -> LoadError:
    """Says why a saved model cannot be read."""
    return LoadError(f"{target.text}: Keras cannot open this file: {why.rstrip('.')}.")


def holds_code(layers: Sequence[str]) -> str:
    """Why a file is not loaded that holds code."""
    more = ", …" if len(layers) > MOST_LISTED else ""
    return (
        f"it holds the code of Lambda layers ({', '.join(layers[:MOST_LISTED])}{more}), which would be run; "
        "if you trust whoever saved it, add --unsafe (in a file of gates: unsafe = true)"
    )


def lacks_classes(names: Sequence[str]) -> str:
    """Why a file is not loaded that is made with the user's own classes."""
    more = ", …" if len(names) > MOST_LISTED else ""
    return (
        f"it is made with {', '.join(names[:MOST_LISTED])}{more}, which Keras does not know; "
        'name the file that defines them: --custom-objects FILE.py (in a file of gates: custom_objects = ["FILE.py"])'
    )


def a(value: object) -> str:
    """What kind of thing a value is, with an article.

    >>> a(5)
    'an int (5)'
    """
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, ModuleType):
        return f"the module {value.__name__}"
    name = type(value).__name__
    repeated = f" ({value!r})" if isinstance(value, int | float | str) and len(repr(value)) < 40 else ""
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}{repeated}"
