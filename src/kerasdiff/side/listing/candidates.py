"""Which names of a file can be models, which cannot, and why not? Read from its text; nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property
from typing import Literal

from kerasdiff.side.listing.outcomes import Outcome, Scope, made_by, outcome_of, whole_model
from kerasdiff.side.reading.calling import PARSED_NAMES, expression, without_value
from kerasdiff.side.reading.kinds import class_kind
from kerasdiff.side.reading.names import Binding, as_program, names_of
from kerasdiff.side.reading.parsers import parsers_of
from kerasdiff.side.reading.signatures import signature_of
from kerasdiff.side.reading.source import Source, imported_file, source
from kerasdiff.side.targets import Target, TargetKind

Can = Literal["yes", "maybe", "no"]


class Reason(Enum):
    """Why a name can be no model."""

    NOT_OF_KERAS = auto()
    RETURNS_NOTHING = auto()
    RETURNS_TENSOR = auto()
    RETURNS_DATA = auto()
    IS_TENSOR = auto()
    IS_DATA = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A name of a module that is or makes something.

    Attributes:
        name: It.
        kind: What stands there.
        can: Whether it can be a model: for certain, perhaps, or not.
        whole: Whether it is a whole model for certain, and not a layer.
        reason: Why not.
        signature: What is called, as it is written: ``(width, depth=2)``; empty for an object.
        missing: Arguments that have to be given.
        maker: The class or function of the module that it is made by, where it is nothing but a call of that.
        target: The target of it; a shell wants it quoted.
        file, line: Where it stands.
    """

    name: str
    kind: Literal["class", "function", "object"]
    can: Can
    whole: bool = False
    reason: Reason | None = None
    signature: str = ""
    missing: tuple[str, ...] = ()
    maker: str = ""
    target: str
    file: str
    line: int


def the_one(candidates: tuple[Candidate, ...]) -> Candidate | None:
    """The one model of a file: its only whole model, else the only name that can be one at all.

    What another one is nothing but a call of, is no other one: ``model = build()`` beside ``build``. Beside one whole
    model there may be layers, and functions that want something given; a name of which only a run tells whether it is
    a model, may be the one that was meant.
    """
    makers = {one.maker for one in candidates if one.whole}
    possible = [one for one in candidates if one.can != "no" and one.name not in makers]
    rivals = [one for one in possible if one.whole or (one.can == "maybe" and not one.missing)]
    (found,) = rivals if len(rivals) == 1 else possible if len(possible) == 1 else (None,)
    return found


def candidates_in(module: Source, kind: TargetKind, place: str) -> tuple[Candidate, ...]:
    """The public names of a module that is read, in the order of its text; in a package also those it hands on.

    Args:
        module: Its text.
        kind: How its target is named: by a file, a notebook or a module.
        place: What stands before the name in a target.
    """
    reader = _Reader(module, kind, place)
    return tuple(reader.all())


class _Reader:
    """Reads one module."""

    def __init__(self, module: Source, kind: TargetKind, place: str) -> None:
        self.module, self.kind, self.place = module, kind, place
        self.names = names_of(as_program(module.tree))
        self.imported = frozenset(names_of(module.tree).bound)
        for name, bindings in self.names.bound.items():
            if all(isinstance(one.node, ast.Import | ast.ImportFrom) for one in bindings):
                self.names.bound[name] = bindings[-1:]  # from here or from there, it is the same thing

    def all(self) -> Iterator[Candidate]:
        handed_on = self.module.path.name == "__init__.py"
        for name, bindings in self.names.bound.items():
            if name.startswith("_") or (name in self.names.deleted):
                continue
            if isinstance(bindings[-1].node, ast.Import | ast.ImportFrom):
                one = self.handed_on(name, name, bindings[-1].node) if handed_on else None
            else:
                one = self.own(name, bindings)
            if one is not None:
                yield one

    def own(self, name: str, bindings: list[Binding]) -> Candidate | None:
        binding = bindings[-1]
        if isinstance(binding.node, ast.ClassDef):
            return self.of_class(name, binding.node)
        if isinstance(binding.node, ast.FunctionDef | ast.AsyncFunctionDef):
            return self.of_function(name, binding.node)
        if not isinstance(binding.node, ast.Name):
            return None
        values = [one.value for one in bindings if one.value is not None]
        made: Outcome = outcome_of(values[-1], Scope(self.names)) if len(values) == len(bindings) else "unknown"
        if made not in ("model", "layer") and not all(one.plain and name in self.imported for one in bindings):
            return None  # a variable of a loop, a part of what was unpacked, something of the program alone
        reason = {"tensor": Reason.IS_TENSOR, "data": Reason.IS_DATA, "nothing": Reason.IS_DATA}.get(made)
        maker = _called_name(values[-1]) if values else ""
        return replace(self.candidate(name, "object", made, reason, binding.node), maker=maker)

    def of_class(self, name: str, node: ast.ClassDef) -> Candidate:
        # Decorators of classes give back the class, nearly all of them.
        kind = class_kind(ast.ClassDef(node.name, node.bases, node.keywords, node.body, []), self.names)
        made: Outcome = {"other": "data", "unknown": "unknown"}.get(kind, "layer")  # type: ignore[assignment]
        if kind == "model" and whole_model(node, self.names):
            made = "model"
        reason = Reason.NOT_OF_KERAS if kind == "other" else None
        return self.candidate(name, "class", made, reason, node, self.constructor(node, 0))

    def of_function(self, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Candidate:
        made = made_by(node, self.names)
        reasons = {
            "nothing": Reason.RETURNS_NOTHING, "tensor": Reason.RETURNS_TENSOR, "data": Reason.RETURNS_DATA,
        }  # fmt: skip
        called = node if isinstance(node, ast.FunctionDef) else None
        one = self.candidate(name, "function", made, reasons.get(made), node, called)
        returned = [item.value for item in node.body if isinstance(item, ast.Return)]
        return replace(one, maker=_called_name(returned[0])) if len(returned) == 1 else one

    def constructor(self, node: ast.ClassDef, depth: int) -> ast.FunctionDef | None:
        """The ``__init__`` that a class has or inherits, as far as its bases stand in this text."""
        own = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        if own or depth > len(self.names.bound):
            return own[-1] if own else None
        for base in node.bases:
            one = self.names.only(base.id) if isinstance(base, ast.Name) else None
            if one is not None and isinstance(one.node, ast.ClassDef):
                return self.constructor(one.node, depth + 1)
        return None

    def candidate(
        self,
        name: str,
        kind: Literal["class", "function", "object"],
        made: Outcome,
        reason: Reason | None,
        node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Name,
        called: ast.FunctionDef | None = None,
    ) -> Candidate:
        method = kind == "class"
        read = None if called is None else signature_of(called, self.names, method=method)
        missing = () if read is None else tuple(
            one.name for one in without_value(read.signature) if not self.filled(one.name, called)
        )  # fmt: skip
        target = Target(text="", kind=self.kind, location="", place=self.place, name=name)
        file, line = self.module.place(node.lineno)
        can: Can = "no" if reason is not None else "maybe" if made == "unknown" else "yes"
        return Candidate(
            name=name,
            kind=kind,
            can=can,
            whole=made == "model",
            reason=reason,
            signature="" if called is None else _written(called, method=method),
            missing=missing,
            target=f"{self.place}:{expression(target, *(f'{argument}=...' for argument in missing))}",
            file=file,
            line=line,
        )

    @cached_property
    def parsed(self) -> bool:
        """Whether the module makes one argument parser."""
        return len(parsers_of(self.module.tree)) == 1

    def filled(self, name: str, called: ast.FunctionDef | None) -> bool:
        """Whether an argument gets the defaults of a dataclass, or of the argument parser."""
        if name in PARSED_NAMES and self.parsed:
            return True
        every = (*called.args.posonlyargs, *called.args.args, *called.args.kwonlyargs) if called is not None else ()
        annotation = next((one.annotation for one in every if one.arg == name), None)
        one = self.names.only(ast.unparse(annotation).strip("'\"")) if annotation is not None else None
        if one is None or not isinstance(one.node, ast.ClassDef):
            return False
        marks = {ast.unparse(mark).partition("(")[0].rpartition(".")[2] for mark in one.node.decorator_list}
        fields = [item for item in one.node.body if isinstance(item, ast.AnnAssign)]
        return "dataclass" in marks and not one.node.bases and all(item.value is not None for item in fields)

    def handed_on(self, name: str, shown: str, node: ast.Import | ast.ImportFrom) -> Candidate | None:
        """A name that a package takes from a module of its own, by the name that it is shown by."""
        if not isinstance(node, ast.ImportFrom):
            return None
        original = next(alias.name for alias in node.names if name in (alias.asname, alias.name))
        path = imported_file(node, self.module)
        if path is None or path == self.module.path:
            return None
        read = source(path, self.module.search)
        if not isinstance(read, Source):
            return None
        reader = _Reader(read, self.kind, self.place)
        bindings = reader.names.bound.get(original)
        if not bindings:
            return None
        if isinstance(bindings[-1].node, ast.ImportFrom) and path.name == "__init__.py":
            return reader.handed_on(original, shown, bindings[-1].node)
        return reader.own(shown, bindings)


def _called_name(value: ast.expr | None) -> str:
    return value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""


def _written(called: ast.FunctionDef, *, method: bool) -> str:
    arguments = ast.unparse(called.args)
    if method:
        arguments = arguments.partition(",")[2].strip() if "," in arguments else ""
    return f"({arguments})"
