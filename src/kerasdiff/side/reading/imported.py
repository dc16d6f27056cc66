"""What does a text import? Names as they are written; nothing is run or looked for."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def imported_names(node: ast.AST) -> Iterator[str]:
    """What a statement may import, dotted; a relative name without its dots, for its end is what is known of it."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module or ""
        yield from (f"{node.module or ''}.{alias.name}".strip(".") for alias in node.names if alias.name != "*")
