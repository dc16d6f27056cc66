"""Which model a string on the command line means, and which inputs it is given."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kerasdiff.errors import TargetError
from kerasdiff.graph import Attribute

TargetKind = Literal["file", "module", "saved", "baseline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A model to load.

    Attributes:
        text: As the user wrote it.
        kind: ``file`` (``a.py:Name``), ``module`` (``package.module:Name``) or ``saved`` (``model.keras``).
        location: Absolute path of the file, or the dotted module name.
        name: Attribute of the module, dotted where nested; empty for saved files.
        arguments: Keyword arguments for the constructor.
    """

    text: str
    kind: TargetKind
    location: str
    name: str = ""
    arguments: dict[str, Attribute] = field(default_factory=dict)
    called: bool = False


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


_CALL = re.compile(r"^(?P<location>.+?):(?P<name>[A-Za-z_][\w.]*)(?P<call>\(.*\))?$", re.DOTALL)
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


def parse_target(text: str) -> Target:
    """Reads ``file.py:Name``, ``file.py:Name(key=literal, ...)``, ``module.name:Name`` or ``model.keras``.

    Raises:
        TargetError: If the text has another form, the file does not exist or an argument is no literal.
    """
    if text.endswith((".keras", ".h5")) and ":" not in Path(text).name:
        path = Path(text).expanduser()
        if not path.is_file():
            raise TargetError(f"{text}: no such file.", _similar_files(path))
        return Target(text=text, kind="saved", location=str(path.resolve()))
    if text.endswith(".kerasdiff") and ":" not in Path(text).name:
        path = Path(text).expanduser()
        if not path.is_file():
            raise TargetError(f"{text}: no such file.", _similar_files(path))
        return Target(text=text, kind="baseline", location=str(path.resolve()))
    match = _CALL.match(text)
    if match is None:
        raise TargetError(
            f"{text!r} names no model: write FILE.py:NAME, e.g. models.py:build_model or models.py:Net(width=64)."
        )
    location, name, call = match["location"], match["name"], match["call"]
    arguments = _arguments(text, name, call) if call else {}
    if location.endswith(".py") or "/" in location or Path(location).exists():
        path = Path(location).expanduser()
        if path.is_dir():
            raise TargetError(f"{location} is a directory: name the Python file that defines {name}.")
        if not path.is_file():
            raise TargetError(f"{location}: no such file.", _similar_files(path))
        return Target(
            text=text,
            kind="file",
            location=str(path.resolve()),
            name=name,
            arguments=arguments,
            called=call is not None,
        )
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", location):
        raise TargetError(
            f"{location!r} is neither a Python file nor a module name: write FILE.py:NAME or package.module:NAME."
        )
    return Target(text=text, kind="module", location=location, name=name, arguments=arguments, called=call is not None)


def _arguments(text: str, name: str, call: str) -> dict[str, Attribute]:
    try:
        tree = ast.parse(f"f{call}", mode="eval").body
    except SyntaxError as error:
        raise TargetError(f"{text!r}: the arguments {call} do not parse ({error.msg}).") from None
    if not isinstance(tree, ast.Call) or tree.args or any(keyword.arg is None for keyword in tree.keywords):
        raise TargetError(f"{text!r}: write the arguments of {name} by keyword, e.g. {name}(width=64).")
    values: dict[str, Attribute] = {}
    for keyword in tree.keywords:
        try:
            values[str(keyword.arg)] = ast.literal_eval(keyword.value)
        except ValueError:
            raise TargetError(
                f"{text!r}: argument {keyword.arg} is not a literal (number, string, tuple, list, dict, bool, None)."
            ) from None
    return values


def _similar_files(path: Path) -> str:
    import difflib

    if not path.parent.is_dir():
        return f"The directory {path.parent} does not exist."
    beside = sorted(entry for entry in path.parent.iterdir() if entry.suffix == path.suffix)
    close = difflib.get_close_matches(path.stem.lower(), [entry.stem.lower() for entry in beside], n=3, cutoff=0.5)
    names = [entry.name for stem in dict.fromkeys(close) for entry in beside if entry.stem.lower() == stem]
    return f"Nearest: {', '.join(names)}." if names else ""


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
        if not low <= high:
            raise TargetError(f"--input {text!r}: the range is empty, {low:g} is above {high:g}.")
    return InputSpec(name=match["name"], shape=tuple(shape), dtype=dtype, low=low, high=high)
