"""Which leaves does a name need, and can they all be run without what costs?"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from kerasdiff.side.slicing import knowledge as known
from kerasdiff.side.slicing.expressions import NOTHING, Env
from kerasdiff.side.slicing.idle import is_idle, is_idle_head
from kerasdiff.side.slicing.records import SETTINGS, Leaf, Refusal
from kerasdiff.side.slicing.script import Script, is_builtin, spelled
from kerasdiff.side.slicing.statements import summary_of


@dataclass(slots=True)
class Kept:
    """What is run.

    Attributes:
        leaves: Numbers of the leaves.
        stale: Names that have to go where a leaf is left out, by its number: it would have bound or changed them.
        refusal: Why nothing is run.
    """

    leaves: set[int] = field(default_factory=set)
    stale: dict[int, set[str]] = field(default_factory=dict)
    refusal: Refusal | None = None


class Needs:
    """Follows names to the leaves that bind them and change what they stand for."""

    def __init__(self, script: Script, leaves: Sequence[Leaf], end: Env, outer: Env | None = None) -> None:
        self.script, self.leaves, self.end = script, leaves, end
        self._outer = end if outer is None else outer
        self._why: dict[int, Refusal | None] = {}
        self._changed = [
            self._direct(leaf.facts.changes)
            | self.script.classes(leaf.facts.deep)
            | self.script.objects(leaf.facts.deep)
            for leaf in leaves
        ]
        self._trained = [self._direct(leaf.facts.trains) for leaf in leaves]

    def _direct(self, numbers: Iterable[int]) -> set[int]:
        return {item for item in numbers if not self.script.nodes[item].fixed}

    def _changing(self, numbers: set[int], before: int) -> list[int]:
        """Leaves that change any of these objects before another is run."""
        objects = self._direct(self.script.behind(numbers))
        return [number for number in range(before) if self._changed[number] & objects]

    def _training(self, numbers: set[int], before: int) -> list[int]:
        objects = self.script.objects(numbers)
        return [number for number in range(before) if self._trained[number] & objects]

    def direct(self, number: int) -> list[int]:
        """Leaves that have to be run before this one."""
        leaf = self.leaves[number]
        if leaf.facts.everything:
            return list(range(number))
        sites = {self.script.nodes[item].site for item in leaf.facts.reads} - {-1, number}
        # A later one by a loop of the same leaf alone.
        return sorted({*leaf.heads, *(s for s in sites if s < number), *self._changing(leaf.facts.reads, number)})

    def why_not(self, number: int) -> Refusal | None:
        """Why a leaf cannot be run; ``None`` where it can."""
        if number not in self._why:
            self._why[number] = None
            self._why[number] = self._reason(number)
        return self._why[number]

    def _reason(self, number: int) -> Refusal | None:
        leaf = self.leaves[number]
        if leaf.facts.costs:
            name = next(iter(leaf.bound), "")
            return Refusal(name=name, line=leaf.node.lineno, cost=leaf.facts.costs[0])
        for other in self.direct(number):
            why = self.why_not(other)
            if why is not None:
                return self._through(other, why, leaf.facts.reads, leaf.node.lineno)
        return None

    def _through(self, other: int, why: Refusal, reads: Iterable[int], line: int) -> Refusal:
        """The same reason, as one that uses what another leaf binds or changes has it."""
        if not self.leaves[other].facts.costs:
            return why
        nodes = [self.script.nodes[item] for item in sorted(reads)]
        bound = next((node.name for node in nodes if node.site == other), None)
        if bound is not None:
            return replace(why, name=bound, user=line)
        changed = next((node.name for node in nodes if self._changed[other] & self._objects_of(node)), why.name)
        return replace(why, name=changed, user=line, changed=True)

    def _objects_of(self, node: object) -> set[int]:
        number = next(index for index, item in enumerate(self.script.nodes) if item is node)
        return self.script.objects({number}) | {number}

    # -- what is kept ------------------------------------------------------------------------------------------------

    def kept(self, names: Sequence[str]) -> Kept:
        """What is run so that these names stand at the end for what they would stand for if all was run."""
        kept, count = Kept(), len(self.leaves)
        wanted = {item for name in names for item in self.end.get(name, NOTHING)}
        for number in (*sorted(self.script.nodes[item].site for item in wanted), *self._changing(wanted, count)):
            if number < 0:
                continue
            why = self.why_not(number)
            if why is not None:
                kept.refusal = self._target(number, why, wanted)
                return kept
            self._keep(number, kept)
        kept.refusal = self._beside(kept)
        if kept.refusal is not None:
            return kept
        for number in self._training(wanted, count):
            if self.why_not(number) is None:
                self._keep(number, kept)
        self._later(wanted, kept)
        return kept

    def _beside(self, kept: Kept) -> Refusal | None:
        """Keeps what nobody needs and may do something; why nothing is run where what may change all cannot be."""
        for number, leaf in enumerate(self.leaves):
            why = self.why_not(number)
            if why is None and self._stays(leaf):
                why = self._missed(leaf)
                if why is None:
                    self._keep(number, kept)
            if why is not None and self._reaches_all(number):
                own = {"name": SETTINGS} if leaf.facts.costs else {"user": leaf.node.lineno}
                return replace(why, changed=True, **own)
        return None

    def _target(self, number: int, why: Refusal, wanted: set[int]) -> Refusal:
        leaf = self.leaves[number]
        nodes = (item for one in self._makers(number, wanted) for item in ast.walk(self.leaves[one].node))
        makers = tuple(item.id for item in nodes if isinstance(item, ast.Name) and self._free_of_cost(item.id))
        if leaf.facts.costs:
            why = self._through(number, why, wanted, 0)
        return replace(why, makers=tuple(dict.fromkeys(makers)))

    def _makers(self, number: int, wanted: set[int]) -> list[int]:
        """The leaves that make what is wanted, and the one that stands in the way."""
        sites = {self.script.nodes[item].site for item in wanted}
        return sorted({number} | {site for site in sites if 0 <= site <= number})

    def _free_of_cost(self, name: str) -> bool:
        functions = self.script.functions.get(name, [])
        return bool(functions) and not any(summary_of(self.script, one).costs for one in functions)

    def _reaches_all(self, number: int) -> bool:
        """Whether leaving a leaf out may change whatever there is."""
        facts = self.leaves[number].facts
        return facts.everything or bool(facts.changes & self.end[SETTINGS])

    def _stays(self, leaf: Leaf) -> bool:
        if leaf.keeps or leaf.facts.unbounded or leaf.facts.changes & self.end[SETTINGS]:
            return True
        if not self._idle(leaf):
            return True
        if not isinstance(leaf.node, ast.Expr) or not isinstance(leaf.node.value, ast.Call):
            return False
        dotted = self._called(leaf.node.value.func, leaf.before)
        return dotted is not None and not known.is_quiet(dotted)

    def _missed(self, leaf: Leaf) -> Refusal | None:
        """Why a function that a leaf calls would fail, for a name that it looks up is left out."""
        if leaf.keeps or leaf.facts.unbounded:
            return None
        env = leaf.outer or leaf.before
        found = {item for name in leaf.facts.later for item in env.get(name, NOTHING)}
        sites = sorted({self.script.nodes[item].site for item in found} - {-1})
        return next((why for why in map(self.why_not, sites) if why is not None), None)

    def _idle(self, leaf: Leaf) -> bool:
        def dotted(expression: ast.expr) -> str | None:
            if isinstance(expression, ast.Attribute):
                inner = dotted(expression.value)
                return None if inner is None else spelled(f"{inner}.{expression.attr}")
            return self._called(expression, leaf.before)

        if isinstance(leaf.node, ast.If | ast.With):
            return is_idle_head(leaf.node, self.script, dotted)
        return is_idle(leaf.node, self.script, dotted)

    def _called(self, function: ast.expr, env: Env) -> str | None:
        while isinstance(function, ast.Attribute):
            function = function.value
        if not isinstance(function, ast.Name):
            return None
        known_as = {self.script.nodes[item].dotted for item in env.get(function.id, NOTHING)}
        return known_as.pop() if len(known_as) == 1 else None

    def _keep(self, number: int, kept: Kept) -> None:
        waiting = [number]
        while waiting:
            one = waiting.pop()
            if one in kept.leaves:
                continue
            kept.leaves.add(one)
            waiting += self.direct(one)
            reads = self.leaves[one].facts.reads
            waiting += [item for item in self._training(reads, one) if self.why_not(item) is None]

    # -- what functions look up when they are called -----------------------------------------------------------------

    def _later(self, wanted: set[int], kept: Kept) -> None:
        """Keeps what functions need that are called, by what is kept or at the end; the rest is to be missed there."""
        self._handed_out(kept)
        done: set[tuple[str, int]] = set()
        waiting = [(name, len(self.leaves)) for item in self.script.behind(wanted) for name in self._deferred(item)]
        seen: set[int] = set()
        while True:
            for number in sorted(kept.leaves - seen):
                seen.add(number)
                facts = self.leaves[number].facts
                names = facts.later | {n for item in self.script.behind(facts.reads) for n in self._deferred(item)}
                waiting += [(name, number) for name in names]
            if not waiting:
                return
            name, at = waiting.pop()
            if (name, at) not in done:
                done.add((name, at))
                waiting += self._look_up(name, at, kept)

    def _handed_out(self, kept: Kept) -> None:
        """Keeps what functions look up that a registry may call: where they are called cannot be followed."""
        waiting = [item for name in self.script.handed_out for item in self.end.get(name, NOTHING)]
        seen: set[str] = set()
        while waiting:
            for name in set(self._deferred(waiting.pop())) - seen:
                seen.add(name)
                found = self.end.get(name, NOTHING)
                waiting += found
                for site in {self.script.nodes[item].site for item in found} - {-1}:
                    if self.why_not(site) is None:
                        self._keep(site, kept)

    def _deferred(self, item: int) -> list[str]:
        return sorted(self.script.nodes[item].deferred)

    def _look_up(self, name: str, at: int, kept: Kept) -> list[tuple[str, int]]:
        """Keeps what a name stands for where a function is called that looks it up, or lets it be missed."""
        env = self._outer if at == len(self.leaves) else self.leaves[at].outer or self.leaves[at].before
        found = set(env.get(name, NOTHING))
        sites = {self.script.nodes[item].site for item in found} - {-1}
        for number in sorted({*sites, *self._changing(found, at)}):
            why = self.why_not(number)
            if why is None:
                self._keep(number, kept)
                continue
            kept.stale.setdefault(number, set()).add(name)
            if is_builtin(name) and kept.refusal is None:
                kept.refusal = replace(why, name=name, user=0)
        return [(other, at) for item in self.script.behind(found) for other in self._deferred(item)]
