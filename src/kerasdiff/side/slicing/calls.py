"""What may calling something change, and what does it cost? Known functions by the tables, own ones by their bodies."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from kerasdiff.side.slicing import knowledge as known
from kerasdiff.side.slicing.expressions import Expressions
from kerasdiff.side.slicing.knowledge import CostKind
from kerasdiff.side.slicing.records import FILES, MODELS, RANDOM, SETTINGS, SHARED, Cost, Function, Summary
from kerasdiff.side.slicing.script import inner_functions

MOST_TEXT = 50
_WRITTEN: Mapping[CostKind, tuple[str, ...]] = {
    "trains": (MODELS,),
    "saves": (MODELS,),
    "files": (FILES,),
    "shell": (FILES, MODELS),
}
"""What a cost may write to disk: training keeps checkpoints."""


class Calls(Expressions):
    """Walks calls as well."""

    @abstractmethod
    def summary(self, function: Function) -> Summary:
        """What calling a function of the script does."""

    def into_module(self) -> None:
        self.facts.changes |= self.lookup(SETTINGS)
        self.facts.unbounded = True

    def cost(self, kind: CostKind, node: ast.Call) -> None:
        """Notes that a line is not to be run."""
        text = ast.unparse(node.func)
        last = text.rsplit("\n", 1)[-1]
        shown = text if len(text) <= MOST_TEXT and "\n" not in text else f"….{last.rsplit('.', 1)[-1]}"
        self.facts.costs.append(Cost(kind, node.lineno, f"{shown}()" if not shown.endswith(")") else shown))
        for name in _WRITTEN.get(kind, ()):
            self.facts.changes |= self.lookup(name)

    def read_files(self, name: str) -> None:
        """Notes that a function of this name reads what was written to disk before."""
        kinds = (FILES, MODELS) if name in known.MODEL_READERS else (FILES,) if name in known.READERS else ()
        for kind in kinds:
            self.facts.reads |= self.lookup(kind)

    def on_call(self, node: ast.Call) -> set[int]:
        parts = (*node.args, *(keyword.value for keyword in node.keywords))
        for item in parts:
            self.given[id(item)] = self.value(item)
        given = {found for item in parts for found in self.given[id(item)]}
        dotted = self.dotted(node.func)
        if dotted is not None:
            return self._of_module(node, dotted, given)
        if isinstance(node.func, ast.Name):
            return self._by_name(node, node.func, given)
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func, given)
        found = self._object(self.value(node.func), given)
        called = self.dotted(node.func.func) if isinstance(node.func, ast.Call) else None
        return found if called is None or known.makes(called) else self.script.part(found)

    # -- functions of modules ------------------------------------------------------------------------------------

    def _of_module(self, node: ast.Call, dotted: str, given: set[int]) -> set[int]:
        self.value(node.func)  # reads the module
        found = known.cost_of(dotted)
        last = dotted.rpartition(".")[2]
        self.read_files(last)
        if found is None:
            found = known.method_cost(last, of_module=known.is_known(dotted))
        if dotted.startswith("pandas.read_") and known.downloads_text(node):
            found = "downloads"
        if found is not None:
            self.cost(found, node)
        self._passed(given, costs=not known.is_known(dotted))
        if known.is_global(dotted) and found is None:
            self.facts.changes |= self.lookup(SETTINGS)
        if known.draws(dotted) or known.seeds(dotted):
            self._draw()
        if known.in_place(dotted):
            self.change(given)
        self._written(known.written(dotted, node))
        if known.is_known(dotted):
            return self._given_out(dotted, given)
        self.facts.unbounded |= found is None
        first = self.lookup(_first(node.func))
        owners = first - self._fixed(first)
        self.facts.deep |= given | owners
        return self.script.part(given | owners)

    def _given_out(self, dotted: str, given: set[int]) -> set[int]:
        """The result of a known function: what it is given or a part of that, unless it makes something new."""
        if known.is_drawing(dotted) or known.fills(dotted):
            return set()
        return self.script.fresh(given) if known.makes(dotted) else self.script.part(given)

    def _written(self, outputs: Iterable[ast.expr]) -> None:
        """Changes arguments that a call is given to write into."""
        for item in outputs:
            self.change(self.given[id(item)])

    def _draw(self) -> None:
        shared = self.lookup(RANDOM)
        self.facts.reads |= shared
        self.facts.changes |= shared

    def _fixed(self, items: Iterable[int]) -> set[int]:
        return {item for item in items if self.script.nodes[item].fixed}

    def _passed(self, given: set[int], *, costs: bool) -> None:
        """What functions do that are handed over, and may be called by whoever gets them."""
        for item in self.script.reach(given):
            for function in self.script.nodes[item].functions:
                if not isinstance(function, ast.ClassDef):
                    self._apply(self.summary(function), {}, costs=costs)

    # -- names ---------------------------------------------------------------------------------------------------

    def _by_name(self, node: ast.Call, func: ast.Name, given: set[int]) -> set[int]:
        found = self.value(func)
        functions = [(item, one) for item in found for one in self.script.nodes[item].functions]
        if functions:
            result: set[int] = set()
            for item, function in functions:
                result |= self._own(node, function, item)
            self._passed(given, costs=True)
            return result
        if self.lookup(func.id):
            return self._object(found, given)
        self._builtin(node, func.id, given)
        if func.id == "type":
            kinds = self.kinds(given)
            return self.script.part(given | kinds) | (set() if kinds else {self.script.library})
        return set() if func.id in known.BUILTINS_SCALAR else self.script.part(given)

    def _builtin(self, node: ast.Call, name: str, given: set[int]) -> None:
        """Calls a function of Python, or one that nothing here defines."""
        kind = known.cost_of(name)
        if name == "open" and known.opens_to_write(node):
            kind = "files"
        if kind is not None:
            self.cost(kind, node)
        self.read_files(name)
        self._passed(given, costs=False)
        if known.in_place(name):
            self.change(given)
            if name in ("setattr", "delattr") and node.args:
                self.attribute_set(self.given[id(node.args[0])])
        elif name not in known.BUILTINS_PURE and not (name[:1].isupper() or name in ("exit", "quit")):
            self.facts.deep |= given
            self.facts.unbounded = True

    def _own(self, node: ast.Call, function: Function, owner: int) -> set[int]:
        """Calls a function or class of the script."""
        summary = self.summary(function)
        arguments = self._arguments(node, function)
        for name in _held(function):
            arguments.setdefault(name, {owner})
        self._apply(summary, arguments, costs=True)
        made, node_made = self.script.node("", -1)
        node_made.same = self._meant(summary.returns, arguments)
        node_made.parts = self._meant(summary.parts, arguments)
        node_made.holds = self._meant(summary.holds, arguments)
        (node_made.holds if inner_functions(function) else node_made.makers).add(owner)
        return {made}

    def _meant(self, names: Iterable[str], arguments: dict[str, set[int]]) -> set[int]:
        """The objects that parameters are given, and that names of the module stand for."""
        found: set[int] = set()
        for name in names:
            found |= arguments.get(name[1:], set()) if name.startswith("(") else self.lookup(name)
        return found - self._fixed(found) | found & {self.script.library}

    def _arguments(self, node: ast.Call, function: Function) -> dict[str, set[int]]:
        """What each parameter is given; with ``*`` all of them are given everything."""
        taken = _parameters(function)
        parts = (*node.args, *(keyword.value for keyword in node.keywords))
        everything = {found for item in parts for found in self.given[id(item)]}
        several = any(isinstance(item, ast.Starred) for item in node.args) or len(node.args) > len(taken)
        if several or any(keyword.arg is None for keyword in node.keywords):
            return dict.fromkeys((*taken, ""), everything)
        given = {name: self.given[id(item)] for name, item in zip(taken, node.args, strict=False)}
        given |= {str(keyword.arg): self.given[id(keyword.value)] for keyword in node.keywords}
        given[""] = {item for name, held in given.items() if name not in taken for item in held}
        return given

    def _apply(self, summary: Summary, arguments: dict[str, set[int]], *, costs: bool) -> None:
        """Does what calling a function does, with parameters replaced by what they are given."""
        facts = self.facts
        self.change(self._meant(summary.changes, arguments))
        facts.deep |= self._meant(summary.deep, arguments)
        facts.trains |= self._meant(summary.trains, arguments)
        facts.valued |= self._meant(summary.valued, arguments)
        facts.later |= summary.reads
        facts.binds |= summary.binds
        facts.unbounded |= summary.unbounded
        facts.everything |= summary.everything
        for name in SHARED:
            if name in summary.reads:
                facts.reads |= self.lookup(name)
        if costs:
            facts.costs += [cost for cost in summary.costs if cost not in facts.costs]

    # -- methods and objects -------------------------------------------------------------------------------------

    def _method(self, node: ast.Call, func: ast.Attribute, given: set[int]) -> set[int]:
        owner, name = self.owner(func.value), func.attr
        if isinstance(func.value, ast.Name) and not self.lookup(func.value.id):
            owner = owner | given  # ``dict.update(a, b)``
        own = self.script.methods.get(name, ())
        kind = known.method_cost(name, of_module=False)
        if name == "open" and known.opens_to_write(node):
            kind = "files"
        self.read_files(name)
        if kind is not None:
            self.cost(kind, node)
        self._passed(given, costs=False)
        for method in own:
            arguments = self._arguments(node, method)
            arguments["self"] = owner
            self._apply(self.summary(method), arguments, costs=True)
        if own and not _is_super(func.value):
            # Which class the object is of is not known: another may have a method of this name, which Keras wrote.
            self.facts.deep |= owner if kind == "trains" else set()
            self.hold(owner, given)
        elif _is_super(func.value):
            self.hold(owner, given)  # Keras's own
        else:
            self._known_method(node, name, owner, given)
            if name in known.FRESH_METHODS:
                if any(keyword.arg == "copy" for keyword in node.keywords):
                    return self.script.part(owner)
                return self.script.fresh(owner) if name == "copy" else set()
        return self.script.part(owner | given)

    def _known_method(self, node: ast.Call, name: str, owner: set[int], given: set[int]) -> None:
        facts = self.facts
        if name in known.TRAINING:
            facts.trains |= self.script.reach(owner)
            facts.deep |= owner if self.script.hooked else set()
        elif name in known.VALUING:
            facts.valued |= owner
        elif name in known.UPDATING:
            facts.trains |= self.script.reach(owner | given)
        elif name in known.ADDING_METHODS or name == "compile":
            self.change(owner)
            self.hold(owner, given)
        elif name == "shuffle":
            self.change(given)
        elif name not in known.HARMLESS_METHODS:
            facts.deep |= owner | given
            facts.unbounded |= self._is_foreign(owner)
            self.hold(owner, given)
        if any(keyword.arg == "inplace" for keyword in node.keywords):
            self.change(owner)
        self._written(keyword.value for keyword in node.keywords if keyword.arg == "out")

    def _is_foreign(self, owner: set[int]) -> bool:
        """Whether an object may come from a package of which nothing is known, so that its methods may do anything."""
        dotted = (self.script.nodes[item].dotted for item in self.script.reach(owner))
        return any(name is not None and not known.is_known(name) for name in dotted)

    def _object(self, callee: set[int], given: set[int]) -> set[int]:
        """Calls what is no function by its name: a layer, or what a function has returned."""
        reached = [one for item in self.script.reach(callee) for one in self.script.nodes[item].functions]
        summaries = [self.summary(one) for one in reached if not isinstance(one, ast.ClassDef)]
        for summary in summaries:
            self._apply(summary, {}, costs=False)
        handed_out = [self.summary(one) for function in reached for one in inner_functions(function)]
        for summary in handed_out:
            self._apply(summary, {}, costs=True)
        changing = any((one.changes | one.deep) - set(SHARED) for one in (*summaries, *handed_out))
        if self.script.callable_objects or changing:
            self.facts.deep |= callee | given
        else:
            self.facts.trains |= self.script.itself(callee)[0]  # it may be built for the shape that it is given
        return self.script.fresh(callee | given)


def _held(function: Function) -> list[str]:
    """Parameters whose defaults are objects, which the function holds from one call to the next."""
    if isinstance(function, ast.ClassDef):
        made = next((i for i in function.body if isinstance(i, ast.FunctionDef) and i.name == "__init__"), None)
        return [] if made is None else _held(made)
    by_position = [*function.args.posonlyargs, *function.args.args]
    defaults = function.args.defaults
    pairs = [*zip(by_position[len(by_position) - len(defaults) :], defaults, strict=True)]
    pairs += [
        (one, item)
        for one, item in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        if item is not None
    ]
    return [one.arg for one, item in pairs if isinstance(item, ast.List | ast.Dict | ast.Set | ast.Call)]


def _is_super(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "super"


def _first(expression: ast.expr) -> str:
    """The name that a dotted expression begins with."""
    while isinstance(expression, ast.Attribute):
        expression = expression.value
    return expression.id if isinstance(expression, ast.Name) else ""


def _parameters(function: Function) -> Sequence[str]:
    """Parameters by position, of a method or a class without ``self``."""
    if isinstance(function, ast.ClassDef):
        made = next((i for i in function.body if isinstance(i, ast.FunctionDef) and i.name == "__init__"), None)
        return [] if made is None else _parameters(made)
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] == ["self"] else names
