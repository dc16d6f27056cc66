"""Is a target refused, whatever running it does? Asked before any process is started.

What is said here is certain: a text that may do what it does not say is left to the worker, which runs it. Of several
faults the one is told that Python would meet first.
"""

from __future__ import annotations

import ast
import linecache
import os
import traceback
from pathlib import Path

from kerasdiff.errors import KerasdiffError, TargetError
from kerasdiff.side.baselines.format import check as check_baseline
from kerasdiff.side.reading import said
from kerasdiff.side.reading.calling import guesses, unknown
from kerasdiff.side.reading.harmless import harmless
from kerasdiff.side.reading.kinds import class_kind, listed
from kerasdiff.side.reading.missing import Fault, missing_import
from kerasdiff.side.reading.names import Names, names_of
from kerasdiff.side.reading.saved import damage
from kerasdiff.side.reading.signatures import Read, signature_of
from kerasdiff.side.reading.source import Source, UntoldError, is_library, is_python, module_file, source
from kerasdiff.side.targets import InputSpec, Target, parse_target


def read_target(text: str) -> Target:
    """Parses a target; where only a Python file is named, says what could be named in it.

    Raises:
        TargetError: If the text has another form, or the file does not exist.
    """
    try:
        return parse_target(text)
    except TargetError as error:
        path = Path(text).expanduser()
        module = source(path, "") if path.suffix == ".py" and path.is_file() else None
        known = listed(names_of(module.tree)) if isinstance(module, Source) else None
        if known is None or error.details:
            raise
        raise TargetError(error.message, said.listing(known)) from None


def check(target: Target, inputs: tuple[InputSpec, ...]) -> None:
    """Refuses a target that no run can mend.

    Raises:
        KerasdiffError: What the worker would say.
    """
    try:
        fault = _fault(target, inputs)
    except (UntoldError, RecursionError):  # the latter for an expression too deep to be looked at in all its parts
        return
    if fault is not None:
        raise fault


def _fault(target: Target, inputs: tuple[InputSpec, ...]) -> KerasdiffError | None:
    if target.kind == "saved":
        why = damage(Path(target.location))
        return None if why is None else said.cannot_open(target, why)
    if target.kind == "baseline":
        check_baseline(Path(target.location))
        return None
    alone = target.kind == "file"
    if alone and not is_python(Path(target.location)):
        return said.not_python(target)
    here = _directory(target)
    try:
        path = Path(target.location) if alone else module_file(target, here)
    except ModuleNotFoundError:
        return said.no_module(target, here)
    if path is None or path.suffix != ".py" or is_library(str(path)):
        return None
    module = source(path, str(path.parent) if alone else here)
    if isinstance(module, SyntaxError):
        return said.syntax_error(target, module)
    if module is None:
        return None
    failing = missing_import(module, alone=alone)
    if failing is not None:
        return _import_fault(target, module, failing)
    return _name_fault(target, module, inputs)


def _directory(target: Target) -> str:
    """Where a module is looked for; a file lies where it lies, also where the directory was removed."""
    try:
        return "" if target.kind == "file" else str(Path.cwd())
    except OSError:
        raise UntoldError from None


def _import_fault(target: Target, module: Source, fault: Fault) -> KerasdiffError:
    linecache.checkcache(str(module.path))
    line = linecache.getline(str(module.path), fault.line).strip()
    frame = traceback.FrameSummary(module.path.name, fault.line, "<module>", line=line)
    reason = f"{type(fault.error).__name__}: {fault.error}"
    at, details = f" ({module.path.name}:{fault.line})", said.user_frames([frame], reason)
    if isinstance(fault.error, ModuleNotFoundError):
        return said.not_installed(target, fault.error.name, at, details)
    return said.import_fails(target, fault.error, at, reason, details)


def _name_fault(target: Target, module: Source, inputs: tuple[InputSpec, ...]) -> KerasdiffError | None:
    """What is wrong with the name, and with what it is called with."""
    names = names_of(module.tree)
    name, _, inner = target.name.partition(".")
    if names.everything or name.startswith("__") or os.environ.get("TF_USE_LEGACY_KERAS"):
        return None
    if name not in names.bound:
        known = None if names.deleted or names.elsewhere - set(names.bound) else listed(names)
        return said.no_such_name(target, 0, known) if known is not None and harmless(module) else None
    binding = names.only(name)
    if binding is None or inner or _touched(name, module.tree):
        return None
    fault = _object_fault(target, binding.node, binding.value, names, inputs)
    return fault if fault is not None and harmless(module) else None


_HARMLESS_CALLS = ("super", "isinstance", "issubclass")
_CALLED = ("__init__", "__new__", "__call__", "__signature__")
"""What is put there changes what a class or a function takes, by whatever name it goes at that place."""


def _touched(name: str, tree: ast.AST) -> bool:
    """Whether something is put into what a name stands for, or may be: it is handed to another function."""
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(_is(node.value, name) or node.attr in _CALLED for node in stored) or any(
        _hands_on(name, call) for call in calls
    )


def _hands_on(name: str, call: ast.Call) -> bool:
    given = (*call.args, *(keyword.value for keyword in call.keywords))
    return any(_is(item, name) for item in given) and not any(_is(call.func, known) for known in _HARMLESS_CALLS)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _object_fault(
    target: Target, node: ast.AST, value: ast.expr | None, names: Names, inputs: tuple[InputSpec, ...]
) -> KerasdiffError | None:
    if isinstance(node, ast.ClassDef):
        kind = class_kind(node, names)
        if kind == "other" and not node.decorator_list and not node.bases:
            return said.not_of_keras(target)
        read = _constructor(node, names) if kind == "model" else None
    elif isinstance(node, ast.FunctionDef):
        read = None if node.decorator_list else signature_of(node, names, method=False)
    else:
        return said.no_model(target, value.value) if isinstance(value, ast.Constant) else None
    return None if read is None else _argument_fault(target, read, inputs)


def _constructor(node: ast.ClassDef, names: Names) -> Read | None:
    """The signature of a class that has an ``__init__`` of its own, written plainly."""
    inside = names_of(ast.Module(body=node.body, type_ignores=[]))
    one = inside.only("__init__")
    if (
        one is None
        or inside.everything
        or _touched("__init__", node)
        or {"__new__", "__signature__", "__call__"} & set(inside.bound)
    ):
        return None
    if not isinstance(one.node, ast.FunctionDef) or one.node.decorator_list:
        return None
    return signature_of(one.node, names, method=True)


def _argument_fault(target: Target, read: Read, inputs: tuple[InputSpec, ...]) -> KerasdiffError | None:
    if not read.whole and unknown(read.signature, target) is not None:
        return None  # the sentence shows the signature
    try:
        guesses(read.signature, target, inputs)
    except KerasdiffError as error:
        return error
    return None
