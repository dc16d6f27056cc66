"""Which model a string on the command line means, and which inputs it is given."""

from __future__ import annotations

import ast
import math
import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from kerasdiff.errors import TargetError
from kerasdiff.side.files import other_than_file
from kerasdiff.side.payload import Payload
from kerasdiff.side.revisions.records import Revision

Backend = Literal["tensorflow", "jax", "torch"]
"""What Keras computes with."""

TargetKind = Literal["file", "module", "notebook", "saved", "config", "baseline", "live"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument as it was written: Python, which the worker evaluates in the target's module.

    Attributes:
        text: ``64``, ``Cfg(width=4)``.
        name: Its keyword; ``None`` where it goes by position.
    """

    text: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A model to load.

    Attributes:
        text, place: As the user wrote it, and what stands before the name there.
        kind: ``file`` (``a.py:Name``), ``module`` (``package.module:Name``), ``notebook`` (``nb.ipynb:Name``),
            ``saved`` (``model.keras``, ``model.h5``), ``config`` (``config.json``), ``baseline`` (``net.kerasdiff``) or
            ``live`` (an object in this process).
        location: Absolute path of the file, or the dotted module name.
        name: Attribute of the module, dotted where nested; empty where a file is the model.
        arguments: What a class or function of that name is called with.
        called: Whether parentheses follow the name.
        after: What is done with the outcome, as Python that follows it: ``.encoder``, ``[0]``, ``.build(depth=2)``.
        here: Directory that relative paths and modules are found from; empty for the current one.
        revision: The commit whose files are meant, laid out below ``here``; ``None`` for the files as they are.
        unsafe: Whether code that a saved model holds may be run.
        objects: Python files whose classes and functions a saved model is made with.
        run_file: Whether its file is run as a whole, also where it trains, downloads or asks.
        found: Whether the user named the file alone, and ``name`` is the one model that it holds.
        payload: The object itself where it is ``live``.
        python: Absolute path of the interpreter that runs it; empty for the one of this process.
        backend: What Keras runs it on; ``None`` for TensorFlow where nobody says.
        variables: Names and values of the environment that it is loaded and run in, beside those of this process.
        change: Key of a small change to make in it; with an empty one it is taken apart and built again all the same.
    """

    text: str
    kind: TargetKind
    location: str
    place: str = ""
    name: str = ""
    arguments: tuple[Argument, ...] = ()
    called: bool = False
    after: str = ""
    here: str = ""
    revision: Revision | None = None
    run_file: bool = False
    found: bool = False
    payload: Payload | None = None
    python: str = ""
    backend: Backend | None = None
    variables: tuple[tuple[str, str], ...] = ()
    change: str | None = None
    unsafe: bool = False
    objects: tuple[str, ...] = ()

    @property
    def elsewhere(self) -> bool:
        """Whether it may find other modules than this process would."""
        return bool(self.python) or "PYTHONPATH" in dict(self.variables)

    @property
    def holds_values(self) -> bool:
        """Whether it is a model whose weights have values, and not code, which says what they start from."""
        return self.kind == "saved" or (self.payload is not None and not self.payload.builds)


SIDES = ("reference", "candidate")
STORED: tuple[TargetKind, ...] = ("saved", "config")
"""Kinds of models that are data."""


def trusting(target: Target, side: str, *, unsafe: bool, objects: Iterable[tuple[str, str]]) -> Target:
    """The target with what may be run to load it, where it is data.

    Args:
        target: It.
        side: Which of two it is; empty where it is alone.
        unsafe: Whether code that it holds may be run.
        objects: Files of the classes that it is made with, each with the side that it is for, empty for both.
    """
    if target.kind not in STORED:
        return target
    return replace(target, unsafe=unsafe, objects=tuple(file for of, file in objects if of in ("", side)))


def no_objects(file: str) -> TargetError:
    """Says that what should hold the classes of a saved model is no file."""
    return TargetError(f"{file} of `custom_objects` is no file: name the one that defines the classes.")


def as_written(argument: Argument) -> str:
    """An argument as it stands in a call."""
    return argument.text if argument.name is None else f"{argument.name}={argument.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """One ``--input``: shape without the batch dimension (``None`` for unknown), dtype and range of values.

    Inputs lent by the other model also say its ``batch`` size where it fixes one (a stateful recurrent layer needs
    it), its ``label``, which counts as a name where ``call`` has parameters of these names, and whether the range was
    ``guessed`` there.
    """

    name: str | None
    shape: tuple[int | None, ...]
    dtype: str | None = None
    low: float | None = None
    high: float | None = None
    batch: int | None = None
    label: str | None = None
    guessed: bool = False


_INPUT = re.compile(
    r"^(?:(?P<name>[A-Za-z_][\w.\-/]*)=)?(?P<shape>\(?[\d\s,?NnoneN]*\)?)"
    r"(?::(?P<dtype>[a-z]+\d*))?(?:@(?P<low>[^.@]+(?:\.\d+)?)\.\.(?P<high>.+))?$"
)
DTYPES = (
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "bool",
    "string",
)


_LONGEST = 200
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_NAME_FOLLOWS = re.compile(r":(?=[^\W\d])")
KINDS: dict[str, TargetKind] = {
    ".py": "file", ".ipynb": "notebook", ".keras": "saved", ".h5": "saved", ".hdf5": "saved", ".json": "config",
    ".kerasdiff": "baseline",
}  # fmt: skip
"""By the suffix of a file."""
DEFINING: tuple[TargetKind, ...] = ("file", "module", "notebook")
"""Kinds in which a model has a name; a file of another kind is one by itself."""


def is_module(location: str) -> bool:
    """Whether what stands before a name is a module's, by its spelling."""
    return Path(location).suffix not in KINDS and _MODULE.fullmatch(location) is not None


def parse_target(text: str, here: str = "") -> Target:
    """Reads a target; one that names a file or a module alone has an empty name.

    Args:
        text: ``file.py:Name``, ``file.py:Name(argument, key=argument).part[0]``, ``package.module:Name``,
            ``notebook.ipynb:Name``, ``model.keras``, ``model.h5``, ``config.json`` or ``net.kerasdiff``.
        here: Directory that relative paths and modules are found from; empty for the current one.

    Raises:
        TargetError: If the text has another form, or the file does not exist.
    """
    try:
        return _target(text, here)
    except (OSError, ValueError) as error:  # a folder that may not be entered, a name that no file can have
        why = error.strerror if isinstance(error, OSError) else "no file has such a name"
        raise TargetError(f"{shortened(text)!r} cannot be looked at: {why}.") from None


def _target(text: str, here: str) -> Target:
    location, expression = _split(text, here)
    path = path_of(location, here)
    kind = _kind(text, location, path, named=expression is not None)
    found = location if kind == "module" else _existing(location, path)
    if expression is None:
        return Target(text=text, kind=kind, location=found, place=location, here=here)
    if kind not in DEFINING:
        raise TargetError(f"{text!r}: {Path(location).name} is a model by itself; write {location} alone.")
    name, call, after = _chain(text, location, expression)
    return Target(
        text=text,
        kind=kind,
        location=found,
        place=location,
        name=name,
        arguments=() if call is None else _arguments(text, name, call, expression),
        called=call is not None,
        after=after,
        here=here,
    )


def location_of(text: str, here: str) -> str:
    """What of a target names its file or module: all before the colon that a name follows."""
    return _split(text, here)[0]


def _split(text: str, here: str) -> tuple[str, str | None]:
    """What comes before the colon that a name follows, and what after it; ``None`` where no name follows."""
    if os.path.isfile(path_of(text, here)):  # with arguments it may be longer than the name of any file
        return text, None
    splits = [(text[: match.start()], text[match.end() :]) for match in _NAME_FOLLOWS.finditer(text)]
    if not splits:
        return text, None
    return next((split for split in splits if isinstance(_parsed(split[1]), ast.expr)), splits[0])


def path_of(location: str, here: str) -> Path:
    """Where a file or directory is that a user names.

    Raises:
        TargetError: If it begins with a home directory that there is not.
    """
    try:
        return Path(here) / Path(location).expanduser()
    except (RuntimeError, ValueError):
        raise TargetError(f"{location}: there is no such home directory.") from None


def _is_file(path: Path) -> bool:
    """Whether a file is there.

    Raises:
        TargetError: If that cannot be seen: the name is too long, or a folder may not be entered.
    """
    try:
        return path.is_file()
    except (OSError, ValueError) as why:
        told = why.strerror if isinstance(why, OSError) else str(why)
        raise TargetError(f"{shortened(str(path))} cannot be looked at: {told}.") from None


def shortened(text: str) -> str:
    """A text that is to be repeated in a message; one of a few thousand letters would hide it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _kind(text: str, location: str, path: Path, *, named: bool) -> TargetKind:
    if not location.strip():
        raise TargetError(f"{text!r} names no file: write FILE.py:NAME, e.g. models.py:build_model.")
    kind = KINDS.get(path.suffix)
    if kind is not None and (_is_file(path) or not path.is_dir()):
        return kind
    if _MODULE.fullmatch(location):
        return "file" if _is_file(path) else "module"
    if path.is_dir():
        raise TargetError(
            f"{location} is a directory: name the Python file that defines the model; `kerasdiff list {location}` "
            "shows which there are."
        )
    if _is_file(path) or "/" in location:
        return "file"
    if named:
        raise TargetError(
            f"{location!r} is neither a Python file nor a module name: write FILE.py:NAME or package.module:NAME."
        )
    raise TargetError(
        f"{text!r} names no model: write FILE.py:NAME, e.g. models.py:build_model or models.py:Net(width=64)."
    )


def _existing(location: str, path: Path) -> str:
    if not _is_file(path):
        try:
            other = other_than_file(path)
        except OSError as why:
            raise TargetError(f"{location} cannot be looked at: {why.strerror}.") from None
        if other:
            raise TargetError(f"{location} is {other}, not a file.")
        raise TargetError(f"{location}: no such file.", _similar_files(path))
    return str(path.resolve())


def _similar_files(path: Path) -> str:
    import difflib

    if not path.parent.is_dir():
        return f"The directory {path.parent} does not exist."
    beside = sorted(entry for entry in path.parent.iterdir() if entry.suffix == path.suffix)
    close = difflib.get_close_matches(path.stem.lower(), [entry.stem.lower() for entry in beside], n=3, cutoff=0.5)
    names = [entry.name for stem in dict.fromkeys(close) for entry in beside if entry.stem.lower() == stem]
    said = [f"Nearest: {', '.join(names)}."] if names else []
    said += [f"`kerasdiff lock TARGET -o {path.name}` makes it."] if path.suffix == ".kerasdiff" else []
    return "\n".join(said)


def _parsed(expression: str) -> ast.expr | str:
    """An expression, or why it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(expression, mode="eval").body
    except SyntaxError as error:
        return error.msg
    except (ValueError, MemoryError, RecursionError) as error:
        return str(error) or "it is too deep"


def _chain(text: str, location: str, expression: str) -> tuple[str, ast.Call | None, str]:
    """The dotted name at the head of an expression, the call that follows it, and the text after both."""
    tree = _parsed(expression)
    if isinstance(tree, str):
        raise TargetError(f"{text!r}: what follows {location}: does not parse ({tree}).")
    parts: list[ast.expr] = [tree]
    while isinstance(node := parts[-1], ast.Attribute | ast.Call | ast.Subscript):
        parts.append(node.func if isinstance(node, ast.Call) else node.value)
    head = parts.pop()
    if not isinstance(head, ast.Name):
        raise TargetError(
            f"{text!r}: write a name after {location}: and what is to be done with it, e.g. build(width=64)[0]."
        )
    while parts and isinstance(parts[-1], ast.Attribute):
        head = parts.pop()
    name = ast.unparse(head)
    call = parts.pop() if parts and isinstance(parts[-1], ast.Call) else None
    done = ast.get_source_segment(expression, call or head) or ""
    return name, call if isinstance(call, ast.Call) else None, expression[len(done) :].strip()


def _arguments(text: str, name: str, call: ast.Call, expression: str) -> tuple[Argument, ...]:
    given = [(None, value) for value in call.args] + [(keyword.arg or "**", keyword.value) for keyword in call.keywords]
    made = []
    for key, value in given:
        if key == "**" or isinstance(value, ast.Starred):
            raise TargetError(f"{text!r}: write each argument of {name} by itself; * and ** are not read.")
        if isinstance(value, ast.Constant) and value.value is ...:
            raise TargetError(
                f"{text!r}: put {'a value' if key is None else f'the value of {key}'} in place of the dots."
            )
        written = ast.get_source_segment(expression, value) or ast.unparse(value)
        made.append(Argument(text=written, name=key))
    return tuple(made)


def parse_input(text: str) -> InputSpec:
    """Reads ``[NAME=]SHAPE[:DTYPE][@LOW..HIGH]``; SHAPE is comma-separated, without the batch, ``?`` where unknown.

    >>> parse_input("ids=16:int32@0..100").shape
    (16,)

    Raises:
        TargetError: If the text has another form.
    """
    match = _INPUT.match(text.strip())
    help_text = "write [NAME=]SHAPE[:DTYPE][@LOW..HIGH], e.g. 32,32,3 or ids=16:int32@0..100."
    if match is None:
        raise TargetError(f"--input {text!r} does not parse: {help_text}")
    parts = [part.strip() for part in match["shape"].strip("() ").split(",") if part.strip()]
    shape: list[int | None] = []
    for part in parts:
        if part in ("?", "None", "none"):
            shape.append(None)
        elif part.isdigit() and int(part) > 0:
            shape.append(int(part))
        else:
            raise TargetError(f"--input {text!r}: {part!r} is not a dimension: {help_text}")
    dtype = match["dtype"]
    if dtype is not None and dtype not in DTYPES:
        raise TargetError(f"--input {text!r}: {dtype!r} is not a dtype: use one of {', '.join(DTYPES)}.")
    low = high = None
    if match["low"] is not None:
        try:
            low, high = float(match["low"]), float(match["high"])
        except ValueError:
            raise TargetError(f"--input {text!r}: the range must be two numbers: {help_text}") from None
        if not (math.isfinite(low) and math.isfinite(high)):
            raise TargetError(f"--input {text!r}: the range must be two finite numbers: {help_text}")
        if not low <= high:
            raise TargetError(f"--input {text!r}: the range is empty, {low:g} is above {high:g}.")
    return InputSpec(name=match["name"], shape=tuple(shape), dtype=dtype, low=low, high=high)
