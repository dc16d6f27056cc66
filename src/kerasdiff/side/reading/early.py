"""Is a target refused, whatever running it does? Asked before any process is started.

What is said here is certain: a text that may do what it does not say is left to the worker, which runs it. Of several
faults the one is told that Python would meet first.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import traceback
from dataclasses import replace
from pathlib import Path

from kerasdiff.errors import KerasdiffError, TargetError
from kerasdiff.side.baselines.container import check as check_baseline
from kerasdiff.side.listing.finding import named
from kerasdiff.side.reading import said
from kerasdiff.side.reading.calling import PARSED_NAMES, guesses, unknown
from kerasdiff.side.reading.configs import config_of, stored_code
from kerasdiff.side.reading.foreign import foreign
from kerasdiff.side.reading.harmless import harmless
from kerasdiff.side.reading.homes import home_at, module_folder
from kerasdiff.side.reading.kinds import class_kind, listed
from kerasdiff.side.reading.missing import Fault, missing_import
from kerasdiff.side.reading.names import Binding, Names, names_of
from kerasdiff.side.reading.notebooks import cells_of
from kerasdiff.side.reading.parsers import mentions_parser
from kerasdiff.side.reading.saved import CONFIG, damage, parts
from kerasdiff.side.reading.signatures import PLAIN, Read, signature_of
from kerasdiff.side.reading.source import MOST_SOURCE, Source, UntoldError, is_library, is_python, module_file, source
from kerasdiff.side.revisions.finding import searched
from kerasdiff.side.revisions.targets import PREFIX, against, of_revision
from kerasdiff.side.revisions.telling import told
from kerasdiff.side.slicing.planning import plan_of
from kerasdiff.side.slicing.told import refused, several
from kerasdiff.side.targets import DEFINING, KINDS, InputSpec, Target, parse_target


def read_target(text: str, here: str = "", at: str = "") -> Target:
    """Parses a target; where a file or module alone is named, it is the one model in it.

    Args:
        text: The target.
        here: Directory that relative paths and modules are found from; empty for the current one.
        at: A revision, or ``auto``: the same target is read as it was there.

    Raises:
        TargetError: If the text has another form, the file does not exist, or it holds none or several.
    """
    if at:
        target = against(text, at, here)
    elif text.startswith(PREFIX):
        target = of_revision(text, here)
    elif other := foreign(Path(here, text)):
        raise TargetError(f"{text} is {other}.")
    else:
        target = parse_target(text, here)
    with searched(target.revision):
        return named(target)


def check(target: Target, inputs: tuple[InputSpec, ...]) -> None:
    """Refuses a target that no run can mend.

    Raises:
        KerasdiffError: What the worker would say.
    """
    try:
        with searched(target.revision) as finder:
            fault = _fault(target, inputs)
    except (UntoldError, RecursionError):  # the latter for an expression too deep to be looked at in all its parts
        return
    if fault is not None:
        raise fault if finder is None else told(fault, finder, target.here)


def _fault(target: Target, inputs: tuple[InputSpec, ...]) -> KerasdiffError | None:
    wrong = _file_fault(target)
    if wrong is not None or target.kind not in DEFINING:
        return wrong
    if target.elsewhere and target.kind == "module":  # which may be another file there, or none here
        return None
    found = _file_and_folder(target)
    if isinstance(found, KerasdiffError):
        return found
    path, folder, name = found
    if KINDS.get(path.suffix) not in DEFINING or is_library(str(path)):
        return None
    module = source(path, folder)
    if isinstance(module, Source):
        return _text_fault(target, module, name.rpartition(".")[0], inputs)
    # Another Python may read what this one does not.
    return None if module is None or target.elsewhere else said.syntax_error(target, module)


def _text_fault(target: Target, module: Source, package: str, inputs: tuple[InputSpec, ...]) -> KerasdiffError | None:
    part = _part_run(target, module)
    if isinstance(part, KerasdiffError):
        return part
    module = part
    failing = None if target.elsewhere else missing_import(module, package)
    if failing is not None:
        return _import_fault(target, module, failing)
    return _name_fault(target, module, inputs)


def _part_run(target: Target, module: Source) -> Source | KerasdiffError:
    """What of a module is run for a target, or why nothing is."""
    plan = plan_of(target, module)
    if plan.elsewhere:
        return several(target, plan.elsewhere)
    if plan.refusal is not None:
        return module if plan.refusal.cost.kind == "missing" else refused(target, plan.refusal, module)
    return module if plan.tree is None else replace(module, tree=plan.tree)


def _file_fault(target: Target) -> KerasdiffError | None:
    """What is wrong with a file before its text is looked at."""
    path = Path(target.location)
    if target.kind == "baseline":
        check_baseline(path)
    if target.kind == "file":
        if not is_python(path):
            return said.not_python(target)
        size = path.stat().st_size
        return said.no_source(target, size) if size > MOST_SOURCE else None
    if target.kind == "saved":
        why = damage(path) or _held_code(target)
        return None if why is None else said.cannot_open(target, why)
    if target.kind == "config":
        config = config_of(path)
        if isinstance(config, str):
            return said.no_config(target, config)
        layers = [] if target.unsafe else stored_code(config)
        return said.cannot_open(target, said.holds_code(layers)) if layers else None
    if target.kind == "notebook":
        wrong = cells_of(path)
        return said.no_notebook(target, wrong) if isinstance(wrong, str) else None
    return None


def _held_code(target: Target) -> str | None:
    """Why a saved model that holds code is not loaded, unless that is allowed."""
    layers = [] if target.unsafe else stored_code(parts(Path(target.location)).get(CONFIG))
    return said.holds_code(layers) if layers else None


def _file_and_folder(target: Target) -> tuple[Path, str, str] | KerasdiffError:
    """The file of a target, the folder on the path, and the dotted name that it goes by in a package.

    Raises:
        UntoldError: If code of a package need be run to know them, or is run before.
    """
    if target.kind == "notebook":
        return Path(target.location), str(Path(target.location).parent), ""
    if target.kind == "file":
        path = Path(target.location)
        home = home_at(path)
        inside = path.parents[: home.name.count(".") + 1] if home.name else ()
        if any((folder / "__init__.py").is_file() for folder in inside):
            raise UntoldError
        return path, home.folder, home.name
    try:
        here = module_folder(target)
    except OSError:
        raise UntoldError from None
    try:
        found = module_file(target, here)
    except ModuleNotFoundError:
        return said.no_module(target, here)
    if found is None:
        raise UntoldError
    return found, here, target.location


def _import_fault(target: Target, module: Source, fault: Fault) -> KerasdiffError:
    linecache.checkcache(fault.file)
    line = linecache.getline(fault.file, fault.line).strip()
    shown = Path(fault.file).name if target.kind == "module" else os.path.relpath(fault.file, module.search)
    frame = traceback.FrameSummary(shown, fault.line, "<module>", line=line)
    reason = f"{type(fault.error).__name__}: {fault.error}"
    at, details = f" ({shown}:{fault.line})", said.user_frames([frame])
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
    if binding is None or inner or target.after or _touched(name, module.tree):
        return None
    fault = _object_fault(target, module, binding, names, inputs)
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
    target: Target, module: Source, binding: Binding, names: Names, inputs: tuple[InputSpec, ...]
) -> KerasdiffError | None:
    node, value = binding.node, binding.value
    if isinstance(node, ast.ClassDef):
        kind = class_kind(node, names)
        if kind == "other" and not node.decorator_list and not node.bases:
            return said.not_of_keras(target)
        read = _constructor(node, names) if kind == "model" else None
    elif isinstance(node, ast.FunctionDef):
        read = None if node.decorator_list else signature_of(node, names, method=False)
    else:
        return said.no_model(target, value.value) if isinstance(value, ast.Constant) else None
    return None if read is None else _argument_fault(target, module, read, inputs)


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


def _unfilled(parameter: inspect.Parameter, *, parsed: bool) -> None:
    """Says that nothing fills an argument: no dataclass, which its annotation may name, and no argument parser."""
    plain = parameter.annotation is inspect.Parameter.empty or parameter.annotation in (*PLAIN, *PLAIN.values())
    if not plain or (parsed and parameter.name in PARSED_NAMES):
        raise UntoldError


def _argument_fault(target: Target, module: Source, read: Read, inputs: tuple[InputSpec, ...]) -> KerasdiffError | None:
    if not read.whole and unknown(read.signature, target) is not None:
        return None  # the sentence shows the signature
    try:
        guesses(read.signature, target, inputs, lambda one: _unfilled(one, parsed=mentions_parser(module.tree)))
    except KerasdiffError as error:
        return error
    return None
