"""What does evaluating an expression look at, and with what may its value share parts?"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from kerasdiff.side.slicing.knowledge import BUILTINS_SCALAR, EVERYTHING, is_known
from kerasdiff.side.slicing.records import Facts
from kerasdiff.side.slicing.script import Script, free_names, spelled

Env = dict[str, frozenset[int]]
NOTHING: frozenset[int] = frozenset()
_SCALARS = (ast.Constant, ast.JoinedStr, ast.Compare)
_UNSHARED_ATTRIBUTES = ("shape", "ndim", "dtype", "__name__", "__doc__", "__file__")
"""Attributes whose values share nothing with their object, where they are not changed themselves."""


class Expressions:
    """Walks expressions; what they do goes into ``facts``.

    Args:
        script: The text that they stand in.
        env: What each name stands for at this point; changed by what binds names.
        outside: What a name stands for that ``env`` lacks.
    """

    def __init__(self, script: Script, env: Env, outside: Callable[[str], frozenset[int]]) -> None:
        self.script, self.env, self.outside = script, env, outside
        self.facts = Facts()
        self.site = -1
        self.given: dict[int, set[int]] = {}

    def lookup(self, name: str) -> frozenset[int]:
        """What a name stands for here."""
        return self.env[name] if name in self.env else self.outside(name)

    def dotted(self, expression: ast.expr) -> str | None:
        """What an expression names that begins with an imported module; spelled from ``keras`` on."""
        if isinstance(expression, ast.Attribute):
            inner = self.dotted(expression.value)
            return None if inner is None else spelled(f"{inner}.{expression.attr}")
        if not isinstance(expression, ast.Name):
            return None
        known = {self.script.nodes[item].dotted for item in self.lookup(expression.id)}
        return known.pop() if len(known) == 1 else None

    def value(self, expression: ast.AST | None) -> set[int]:
        """Looks at an expression; the objects that its value may be, or hold parts of."""
        if expression is None or isinstance(expression, ast.Constant):
            return set()
        walk = getattr(self, f"on_{type(expression).__name__.lower()}", None)
        if walk is not None:
            found: set[int] = walk(expression)
            return found
        return self.script.fresh(self.values(ast.iter_child_nodes(expression)))

    def values(self, expressions: Iterable[ast.AST | None]) -> set[int]:
        """The same of several."""
        found: set[int] = set()
        for item in expressions:
            found |= self.value(item)
        return found

    def on_name(self, node: ast.Name) -> set[int]:
        found = self.lookup(node.id)
        self.facts.reads |= found
        if not found and node.id in EVERYTHING:
            self.facts.everything = self.facts.unbounded = True
        return self._handed_on(found) | {item for item in found if not self.script.nodes[item].fixed}

    def _handed_on(self, found: Iterable[int]) -> set[int]:
        """The library, where a class or a module of it is what a name stands for."""
        dotted = [self.script.nodes[item].dotted for item in found if self.script.nodes[item].fixed]
        return {self.script.library} if any(one is not None and is_known(one) for one in dotted) else set()

    def on_attribute(self, node: ast.Attribute) -> set[int]:
        own = self.env.get(_of_self(node))
        if own is not None:
            self.facts.reads |= own
            return set(own)
        found = self.value(node.value)
        if node.attr in ("__dict__", "__globals__", "__builtins__", "modules", "_getframe"):
            self.facts.everything = self.facts.unbounded = True
        if node.attr == "__class__":
            return self.script.part(found | self.kinds(found))
        if found == {self.script.library}:
            return found if node.attr[:1].isupper() else set()  # a class; a function or a value
        return set() if node.attr in _UNSHARED_ATTRIBUTES else self.script.part(found)

    def kinds(self, found: Iterable[int]) -> set[int]:
        """Classes that these objects are of."""
        return {maker for item in self.script.reach(found) for maker in self.script.nodes[item].makers}

    def owner(self, expression: ast.expr) -> set[int]:
        """What is changed where something is stored into the value of an expression, or a method of it is called."""
        if isinstance(expression, ast.Attribute) and expression.attr in _UNSHARED_ATTRIBUTES:
            return self.script.part(self.value(expression.value))
        return self.value(expression)

    def on_subscript(self, node: ast.Subscript) -> set[int]:
        self.value(node.slice)
        return self.script.part(self.value(node.value))

    def on_ifexp(self, node: ast.IfExp) -> set[int]:
        self.value(node.test)
        return self.values((node.body, node.orelse))

    def on_boolop(self, node: ast.BoolOp) -> set[int]:
        return self.values(node.values)

    def on_starred(self, node: ast.Starred) -> set[int]:
        return self.script.part(self.value(node.value))

    def on_keyword(self, node: ast.keyword) -> set[int]:
        return self.value(node.value)

    def on_compare(self, node: ast.Compare) -> set[int]:
        self.values([node.left, *node.comparators])
        return set()

    def on_joinedstr(self, node: ast.JoinedStr) -> set[int]:
        self.values(node.values)
        return set()

    def on_lambda(self, node: ast.Lambda) -> set[int]:
        held = self.values((*node.args.defaults, *node.args.kw_defaults))
        return {self.function(node, "<lambda>", held)}

    def function(
        self, node: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str, held: set[int]
    ) -> int:
        """A new object that can be called; it holds what it closes over."""
        number, made = self.script.node(name, self.site)
        made.functions = (node,)
        made.deferred = set(free_names(node))
        made.holds = held | {item for name in made.deferred if name in self.env for item in self.closed_over(name)}
        return number

    def closed_over(self, name: str) -> frozenset[int]:
        """What a function that is defined here holds of a name that it looks up."""
        return NOTHING

    def comprehension(self, generators: list[ast.comprehension], parts: list[ast.expr]) -> set[int]:
        """What a comprehension gives; its names are its own."""
        before = dict(self.env)
        for item in generators:
            self.bind(item.target, self.script.part(self.value(item.iter)), temporary=True)
            self.values(item.ifs)
        found = self.script.fresh(self.values(parts))
        self.env.clear()
        self.env.update(before)
        return found

    def on_listcomp(self, node: ast.ListComp) -> set[int]:
        return self.comprehension(node.generators, [node.elt])

    def on_setcomp(self, node: ast.SetComp) -> set[int]:
        return self.comprehension(node.generators, [node.elt])

    def on_generatorexp(self, node: ast.GeneratorExp) -> set[int]:
        return self.comprehension(node.generators, [node.elt])

    def on_dictcomp(self, node: ast.DictComp) -> set[int]:
        return self.comprehension(node.generators, [node.key, node.value])

    def on_namedexpr(self, node: ast.NamedExpr) -> set[int]:
        found = self.value(node.value)
        self.bind(node.target, found)
        return found

    def bind(self, target: ast.AST, held: set[int], value: ast.expr | None = None, *, temporary: bool = False) -> None:
        """Binds what an assignment, a loop or a ``with`` binds; what is stored into an object changes that."""
        if isinstance(target, ast.Name):
            self.bind_name(target.id, held, value, temporary=temporary)
        elif isinstance(target, ast.Tuple | ast.List):
            parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            plain = len(parts) == len(target.elts) and not any(
                isinstance(i, ast.Starred) for i in (*parts, *target.elts)
            )
            inside = self.script.reach(held) if plain else self.script.part(held)
            for number, item in enumerate(target.elts):
                self.bind(item, inside, parts[number] if plain else None, temporary=temporary)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, held, temporary=temporary)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self.store(target, held)

    def bind_name(self, name: str, held: set[int], value: ast.expr | None = None, *, temporary: bool = False) -> None:
        """Makes a name stand for a new object that may be, or hold, these."""
        number, made = self.script.node(name, -1 if temporary else self.site)
        made.same = set(held)
        if value is not None:
            made.fixed = not held and self.is_fixed(value)
            made.dotted = self.dotted(value) if isinstance(value, ast.Name | ast.Attribute) else None
        functions = [one for item in held for one in self.script.nodes[item].functions]
        if isinstance(value, ast.Name | ast.Lambda):
            made.functions = tuple(functions)
        self.env[name] = frozenset((number,))
        if not temporary:
            self.bound(name, number)

    def bound(self, name: str, number: int) -> None:
        """Told of every name that is bound."""

    def is_fixed(self, value: ast.expr) -> bool:
        """Whether the value of an expression is one that nothing can change."""
        if isinstance(value, _SCALARS):
            return True
        if isinstance(value, ast.Name):
            found = self.lookup(value.id)
            return bool(found) and all(self.script.nodes[item].fixed for item in found)
        if isinstance(value, ast.Tuple):
            return all(map(self.is_fixed, value.elts))
        if isinstance(value, ast.BinOp):
            return self.is_fixed(value.left) and self.is_fixed(value.right)
        if isinstance(value, ast.UnaryOp):
            return self.is_fixed(value.operand)
        if isinstance(value, ast.Subscript):
            return self.is_fixed(value.value)
        if isinstance(value, ast.IfExp):
            return self.is_fixed(value.body) and self.is_fixed(value.orelse)
        if isinstance(value, ast.Attribute):
            return value.attr in _UNSHARED_ATTRIBUTES
        return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in BUILTINS_SCALAR

    def store(self, target: ast.Attribute | ast.Subscript, held: set[int]) -> None:
        """Puts something into an object."""
        owners = self.owner(target.value)
        if isinstance(target, ast.Subscript):
            self.value(target.slice)
        base: ast.expr = target
        while isinstance(base, ast.Attribute | ast.Subscript | ast.Call):
            base = base.func if isinstance(base, ast.Call) else base.value
        if isinstance(base, ast.Name) and self.dotted(base) is not None:
            self.into_module()
        self.change(owners)
        if isinstance(target, ast.Attribute):
            self.attribute_set(owners)
        self.hold(owners, held)
        if _of_self(target):
            number, made = self.script.node(_of_self(target), -1)
            made.same = set(held)
            self.env[_of_self(target)] = frozenset((number,))

    def change(self, owners: Iterable[int]) -> None:
        """Notes that these objects themselves may be changed; what they are parts of, in any part."""
        own, wholes = self.script.itself(owners)
        self.facts.changes |= own
        self.facts.deep |= wholes
        if self.script.library in own:
            self.into_module()

    def attribute_set(self, owners: set[int]) -> None:
        """Notes that an attribute of these is set: where they may be classes of a package, that patches it."""
        reached = self.script.reach(self.script.itself(owners)[1])
        if self.script.library in reached or any(map(self._is_class, reached)):
            self.into_module()

    def _is_class(self, number: int) -> bool:
        """Whether an object is what a name of a class of a known package stands for, in a function."""
        dotted = self.script.nodes[number].dotted or ""
        return dotted.rpartition(".")[2][:1].isupper() and is_known(dotted)

    def hold(self, owners: Iterable[int], given: set[int]) -> None:
        """Notes that these objects may hold those from here on."""
        own, wholes = self.script.itself(owners)
        for item in own | wholes:
            self.script.nodes[item].holds |= given - {item}

    def into_module(self) -> None:
        """Changes a module: all code that uses it is another from here on."""
        raise NotImplementedError


def _of_self(node: ast.AST) -> str:
    """``self.dense`` for what a method calls so, which is followed like a name; empty for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return f"self.{node.attr}"
    return ""
