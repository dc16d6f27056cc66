"""What does a script define: which functions, classes and imported names, wherever in it?"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from kerasdiff.side.reading.kinds import in_keras
from kerasdiff.side.reading.names import Definition
from kerasdiff.side.slicing.knowledge import STRUCTURE, is_hook, is_known
from kerasdiff.side.slicing.records import LIBRARY, Function, Node, Summary


@dataclass(slots=True)
class Script:
    """A module's text with what is known of all its parts.

    Attributes:
        tree: Of the text.
        nodes: Every object of the analysis.
        functions: What is defined at the top, by name.
        imports: Dotted names that a name is imported as.
        methods: Methods of its classes, by name.
        callable_objects: Whether objects of its classes can be called, other than as Keras does.
        bound: Names that are assigned anywhere in it.
        handed_out: Functions and classes that are decorated or used as values, so that others may call them.
        star: The well known package that a name may come from which nothing binds; empty where there is none.
        hooked: Whether what training calls of its own may change more of a model than values.
        anything: Whether names may be bound that its text does not tell.
        library: The object that classes and modules of packages are, where they are handed on.
        summaries: What calling each of its functions does, as far as it was asked.
    """

    tree: ast.Module
    nodes: list[Node] = field(default_factory=list)
    functions: dict[str, list[Function]] = field(default_factory=dict)
    imports: dict[str, set[str]] = field(default_factory=dict)
    methods: dict[str, list[ast.FunctionDef]] = field(default_factory=dict)
    callable_objects: bool = False
    bound: set[str] = field(default_factory=set)
    handed_out: set[str] = field(default_factory=set)
    star: str = ""
    hooked: bool = False
    anything: bool = False
    library: int = -1
    summaries: dict[int, Summary] = field(default_factory=dict)

    def node(self, name: str, site: int) -> tuple[int, Node]:
        """A new object."""
        made = Node(name, site)
        self.nodes.append(made)
        return len(self.nodes) - 1, made

    def fresh(self, held: set[int]) -> set[int]:
        """A new object that no name stands for, which may hold these; nothing where it holds nothing."""
        if not held:
            return set()
        number, made = self.node("", -1)
        made.holds = set(held)
        return {number}

    def part(self, owners: set[int]) -> set[int]:
        """Something that may be a part of these."""
        if not owners:
            return set()
        number, made = self.node("", -1)
        made.parts = set(owners)
        return {number}

    def reach(self, starts: Iterable[int]) -> set[int]:
        """These objects with all that they may be, be parts of, or hold."""
        return self._closed(starts, lambda node: node.same | node.parts | node.holds)

    def behind(self, starts: Iterable[int]) -> set[int]:
        """The same with what made them."""
        return self._closed(starts, lambda node: node.same | node.parts | node.holds | node.makers)

    def objects(self, starts: Iterable[int]) -> set[int]:
        """What can be changed of what these hold: no function or class, which many objects share."""
        return {item for item in self.reach(starts) if not self.nodes[item].fixed and not self.nodes[item].functions}

    def classes(self, numbers: Iterable[int]) -> set[int]:
        """Classes among these objects."""
        return {item for item in numbers if any(isinstance(one, ast.ClassDef) for one in self.nodes[item].functions)}

    def itself(self, starts: Iterable[int]) -> tuple[set[int], set[int]]:
        """What these objects may be; and of what they may be a part."""
        own = self._closed(starts, lambda node: node.same)
        return own, {item for number in own for item in self.nodes[number].parts}

    def within(self, starts: Iterable[int]) -> set[int]:
        """These objects with all that they may be, or be parts of."""
        return self._closed(starts, lambda node: node.same | node.parts)

    def _closed(self, starts: Iterable[int], following: Callable[[Node], set[int]]) -> set[int]:
        seen = set(starts)
        waiting = list(seen)
        while waiting:
            for other in following(self.nodes[waiting.pop()]) - seen:
                seen.add(other)
                waiting.append(other)
        return seen


def script_of(tree: ast.Module) -> Script:
    """Reads what a text defines."""
    script = Script(tree)
    script.library, library = script.node(LIBRARY, -1)
    library.fixed = True
    stars = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            script.bound.add(node.id)
        elif isinstance(node, ast.arg):  # to a function inside, like a name of the module
            script.bound.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for name, dotted in imported(node):
                if name == "*":
                    stars.append(dotted)
                else:
                    script.imports.setdefault(name, set()).add(dotted)
        elif isinstance(node, ast.ClassDef):
            for method in own_methods(node):
                script.methods.setdefault(method.name, []).append(method)
    script.anything = bool(stars)
    script.star = stars[0] if stars and all(map(is_known, stars)) else ""
    script.hooked = any(_changes_structure(item) for item in _hooks(script))
    script.callable_objects = "__call__" in script.methods
    for node in _at_top(tree.body):
        script.functions.setdefault(node.name, []).append(node)
    script.handed_out = set(_handed_out(tree, set(script.functions)))
    return script


def _hooks(script: Script) -> Iterator[ast.FunctionDef]:
    for name, methods in script.methods.items():
        if is_hook(name):
            yield from methods


def _changes_structure(method: ast.FunctionDef) -> bool:
    """Whether a method makes another model of the one that it is called on."""
    stored = (node for node in ast.walk(method) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return any(node.attr in STRUCTURE for node in stored)


def _handed_out(tree: ast.Module, functions: set[str]) -> Iterator[str]:
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, Definition) and node.decorator_list:
            yield from {node.name} & functions
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in called:
            yield from {node.id} & functions


def own_methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    """The methods that a class defines."""
    yield from (item for item in node.body if isinstance(item, ast.FunctionDef))


def _at_top(body: list[ast.stmt]) -> Iterator[Definition]:
    for statement in body:
        if isinstance(statement, Definition):
            yield statement
        else:
            for field_name in ("body", "orelse", "finalbody"):
                yield from _at_top(getattr(statement, field_name, None) or [])
            for handler in getattr(statement, "handlers", ()):
                yield from _at_top(handler.body)


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """The names that an import binds with what they stand for, spelled from ``keras`` on."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            dotted = module if alias.name == "*" else f"{module}.{alias.name}"
            yield alias.asname or alias.name, spelled(dotted)
        else:
            first = alias.name.partition(".")[0]
            yield alias.asname or first, spelled(alias.name if alias.asname else first)


_INSIDE = ("keras.src.", "keras.api.", "keras.python.keras.", "tensorflow.python.keras.")


def spelled(dotted: str) -> str:
    """A dotted name as the tables spell it.

    >>> spelled("tensorflow.keras.layers.Dense"), spelled("tensorflow.Tensor")
    ('keras.layers.Dense', 'tensorflow.Tensor')
    """
    dotted = in_keras(dotted) or dotted
    for prefix in _INSIDE:
        if dotted.startswith(prefix):
            return "keras." + dotted.removeprefix(prefix)
    return dotted


def free_names(node: ast.AST) -> frozenset[str]:
    """Names that a function or the methods of a class look up outside themselves when they are called."""
    if isinstance(node, ast.ClassDef):
        parts = [free_names(item) for item in node.body if isinstance(item, Definition)]
        return frozenset().union(*parts)
    if isinstance(node, ast.Lambda):
        body: list[ast.AST] = [node.body]
        taken = node.args
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        body, taken = list(node.body), node.args
    else:
        return frozenset()
    loads, stores, shared = _names_in(body)
    return frozenset(loads - ((stores | parameters(taken)) - shared))


def parameters(arguments: ast.arguments) -> set[str]:
    """The names of a function's parameters."""
    several = (arguments.vararg, arguments.kwarg)
    return {
        one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *several) if one is not None
    }


def _names_in(body: list[ast.AST]) -> tuple[set[str], set[str], set[str]]:
    """Names that are loaded, that are bound, and that are declared to be of the module."""
    loads: set[str] = set()
    stores: set[str] = set()
    shared: set[str] = set()
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            (loads if isinstance(node.ctx, ast.Load) else stores).add(node.id)
        elif isinstance(node, ast.Global):
            shared |= set(node.names)
            loads |= set(node.names)
        elif isinstance(node, Definition):
            stores.add(node.name)
            loads |= free_names(node)
            waiting += _evaluated(node)
            continue
        elif isinstance(node, ast.Lambda):
            loads |= free_names(node)
            waiting += [item for item in (*node.args.defaults, *node.args.kw_defaults) if item is not None]
            continue
        elif isinstance(node, ast.Import | ast.ImportFrom):
            stores |= {name for name, _ in imported(node)}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            stores.add(node.name)
        waiting += list(ast.iter_child_nodes(node))
    return loads, stores, shared


def _evaluated(node: Definition) -> list[ast.AST]:
    """What of a definition is evaluated where it stands; of a class its body."""
    outside: list[ast.AST] = [*node.decorator_list]
    if isinstance(node, ast.ClassDef):
        return [
            *outside,
            *node.bases,
            *node.keywords,
            *(item for item in node.body if not isinstance(item, Definition)),
        ]
    return [*outside, *(item for item in (*node.args.defaults, *node.args.kw_defaults) if item is not None)]


evaluated = _evaluated


def inner_functions(node: Function) -> list[Function]:
    """The functions that a function defines, which it may hand out."""
    if isinstance(node, ast.ClassDef):
        return []
    inside = (item for item in ast.walk(node) if item is not node)
    return [item for item in inside if isinstance(item, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef)]


def is_builtin(name: str) -> bool:
    """Whether Python has a name of its own that is met where a script's is gone."""
    return hasattr(builtins, name)
