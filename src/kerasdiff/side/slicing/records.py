"""What an analysis of a script notes: objects, what a statement does to them, and what is to be run in the end."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from kerasdiff.side.slicing.knowledge import CostKind

RANDOM, SETTINGS, FILES, MODELS = "<random numbers>", "<settings>", "<files>", "<saved models>"
LIBRARY = "<library>"
"""What a class or a module of a package stands for that is handed on as a value."""
"""Names for what no name of a script stands for: shared generators, settings that all code sees, files on disk."""
SHARED = (RANDOM, SETTINGS, FILES, MODELS)

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
"""What running a call of it may be looked into."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Why a line is not run: what it does, and its text."""

    kind: CostKind
    line: int
    text: str


@dataclass(slots=True)
class Node:
    """An object, or all those that a name stands for after one statement.

    Attributes:
        name: Which the statement binds.
        site: Number of the statement; -1 for what is there before any.
        same: Objects that it may be.
        parts: Objects that it may be a part of.
        holds: Objects that it may hold.
        makers: Functions and classes that made it, whose names are looked up where it is used.
        deferred: Names of the module that are looked up when it is called.
        functions: What is run when it is called.
        dotted: What an imported name stands for.
        fixed: Whether nothing can change it: a number, a text.
    """

    name: str
    site: int
    same: set[int] = field(default_factory=set)
    parts: set[int] = field(default_factory=set)
    holds: set[int] = field(default_factory=set)
    makers: set[int] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    functions: tuple[Function, ...] = ()
    dotted: str | None = None
    fixed: bool = False


@dataclass(slots=True)
class Facts:
    """What running a statement does.

    Attributes:
        reads: Objects that are looked at.
        later: Names that are looked up by functions that it calls.
        changes: Objects that it may change.
        deep: Objects that it may change with all that they hold.
        trains: Objects of which it changes values alone, as training does.
        valued: Objects whose values are set; part of training where that is done beside it.
        binds: Names of the module that functions which it calls may bind.
        costs: What is not to be run.
        unbounded: Whether it calls what nothing is known of.
        everything: Whether it may read and change whatever there is.
    """

    reads: set[int] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    changes: set[int] = field(default_factory=set)
    deep: set[int] = field(default_factory=set)
    trains: set[int] = field(default_factory=set)
    valued: set[int] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    costs: list[Cost] = field(default_factory=list)
    unbounded: bool = False
    everything: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What calling a function does, whatever it is given.

    Attributes:
        changes, deep, trains, valued: Names of parameters, and of the module, likewise.
        returns, parts, holds: Which of them the result may be, be a part of, and hold.
        reads: Names of the module that it looks up.
        binds, costs, unbounded, everything: As of :class:`Facts`.
    """

    changes: frozenset[str] = frozenset()
    deep: frozenset[str] = frozenset()
    returns: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    trains: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    costs: tuple[Cost, ...] = ()
    unbounded: bool = False
    everything: bool = False


@dataclass(slots=True)
class Leaf:
    """A statement that is run as a whole, or not at all; the head of a ``with`` or an ``if`` is one too.

    Attributes:
        node: The statement, or that of which it is the head.
        heads: Numbers of the heads it stands below.
        facts: What it does.
        before: What each name stood for where it begins.
        bound: The objects it makes, by name.
        keeps: Whether it is run in any case: an import, a definition.
        outer: In a function, what each name of the module stands for; ``None`` for a leaf of the module.
    """

    node: ast.stmt
    heads: tuple[int, ...]
    facts: Facts
    before: dict[str, frozenset[int]]
    bound: dict[str, int] = field(default_factory=dict)
    keeps: bool = False
    outer: dict[str, frozenset[int]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a name cannot be had without running what costs.

    Attributes:
        name: What is needed.
        line: Where it is bound or changed.
        cost: Why that is not run; it may stand in a function that the line calls.
        changed: Whether it is changed there, and bound elsewhere.
        user: The line that needs it; 0 where it is the target itself.
        makers: Functions of the module that may be named instead.
    """

    name: str
    line: int
    cost: Cost
    changed: bool = False
    user: int = 0
    makers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a file is loaded for one name of it.

    Attributes:
        tree: What is run instead of the whole; ``None`` where that is run.
        costs: What is left out for its cost, in the order of lines.
        left_out: First and last line of each stretch that is left out.
        lacking: Names of the module that what is left out would have bound: their line, and why it was not run.
        refusal: Why nothing is run.
        elsewhere: Functions that have a local of that name, with its line, where several have.
        within: The function whose local the name is, or ``__main__`` for the main guard; empty for a name of the
            module.
    """

    tree: ast.Module | None = None
    costs: tuple[Cost, ...] = ()
    left_out: tuple[tuple[int, int], ...] = ()
    lacking: tuple[tuple[str, int, Cost], ...] = ()
    refusal: Refusal | None = None
    elsewhere: tuple[tuple[str, int], ...] = ()
    within: str = ""
