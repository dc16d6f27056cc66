"""How does a script make its argument parser? The statements that do, wherever in the script they stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_PARSER = "ArgumentParser"


@dataclass(frozen=True, slots=True)
class ParserText:
    """An argument parser as a script makes it.

    Attributes:
        name: The variable that holds it.
        line: Where it is made, counted from 1.
        body: The statements that make it and add arguments to it.
    """

    name: str
    line: int
    body: tuple[ast.stmt, ...]


def mentions_parser(tree: ast.AST) -> bool:
    """Whether a text may make an argument parser."""
    return any(_names_parser(node) for node in ast.walk(tree))


def parsers_of(tree: ast.Module) -> list[ParserText]:
    """The argument parsers that a script makes: at the top, under its guard, in functions; never one in a condition."""
    found: list[ParserText] = []
    for body in _bodies(tree):
        for number, statement in enumerate(body):
            name = _made_in(statement)
            if name is not None:
                following = tuple(_about(name, body[number + 1 :]))
                found.append(ParserText(name, statement.lineno, (statement, *following)))
    return found


def _bodies(tree: ast.Module) -> Iterator[Sequence[ast.stmt]]:
    yield tree.body
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.If):
            yield node.body


def _made_in(statement: ast.stmt) -> str | None:
    """The variable that is assigned a new parser."""
    if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)):
        return None
    target = statement.targets[0]
    return target.id if isinstance(target, ast.Name) and _names_parser(statement.value.func) else None


def _names_parser(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id == _PARSER) or (
        isinstance(node, ast.Attribute) and node.attr == _PARSER
    )


def _about(name: str, statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that call methods of the parser or of groups made of it, or hand it to a function."""
    held = {name}
    for statement in statements:
        call = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
        if not isinstance(call, ast.Call) or not _concerns(call, held):
            continue
        if isinstance(statement, ast.Assign):
            held |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
        yield statement


def _concerns(call: ast.Call, held: set[str]) -> bool:
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in held:
        return not function.attr.startswith("parse")
    return any(isinstance(one, ast.Name) and one.id in held for one in call.args)
