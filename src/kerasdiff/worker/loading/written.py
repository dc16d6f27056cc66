"""Which input does the user's own code give a model? For the example in a message, where the one at hand was a guess.

Read as text, as the code of ``if __name__ == "__main__"`` never runs here: ``net.build((None, 28, 28))``,
``Net()(tf.zeros((1, 28, 28)))``, ``images.reshape(-1, 28, 28)``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from kerasdiff.side.reading.calling import CIFAR_SHAPE
from kerasdiff.side.targets import Target
from kerasdiff.worker.keras_internals import Live

_DECLARING = ("Input", "InputLayer")
_BATCHED = ("TensorSpec", "zeros", "ones", "empty", "full", "rand", "randn", "random", "normal", "uniform", "integers")
"""Functions that make a batch, or say what one is like: the first dimension is that of its rows."""
_KEYWORDS = ("shape", "size")

Dims = tuple[int, ...]


def guess_mended(target: Target) -> str:
    """What to give instead of an input that was guessed: as the file of the target has it, where it has one."""
    lead = "That input is a guess, the CIFAR-10 default: give the real one"
    found = _first_shape(Path(target.location)) if target.kind == "file" else None
    if found is None:
        return f"{lead}, e.g. --input 28,28,1, or --input NAME=SHAPE for each of several."
    dims, line = found
    return (
        f"{lead}, e.g. --input {','.join(map(str, dims))} as {Path(target.location).name}:{line} has it, or "
        "--input NAME=SHAPE for each of several."
    )


def _first_shape(path: Path) -> tuple[Dims, int] | None:
    """The likeliest shape of an input in a file but the guess, without the rows of a batch, and its line."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    numbers = {
        name.id: item.value.value
        for item in tree.body
        if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant) and type(item.value.value) is int
        for name in item.targets
        if isinstance(name, ast.Name)
    }
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    found = [
        (rank, call.lineno, dims) for call in calls for rank, dims in _shapes(call, numbers) if dims != CIFAR_SHAPE
    ]
    if not found:
        return None
    _, line, dims = min(found)
    return dims, line


def _shapes(call: ast.Call, numbers: dict[str, int]) -> Iterator[tuple[int, Dims]]:
    """What a call says of an input: how sure that is, the surest first, and its dimensions."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    said = [_dims(item.value, numbers) for item in call.keywords if item.arg == "input_shape"]
    for dims in said:
        yield from _whole(1, dims)
    flat = tuple(_number(item, numbers) for item in call.args)
    if name in ("rand", "randn") or (name == "reshape" and flat[:1] == (-1,)):
        yield from _whole(2, flat[1:])
    for shape in (*call.args[:1], *(item.value for item in call.keywords if item.arg in _KEYWORDS)):
        yield from _declared(name, _dims(shape, numbers))


def _declared(name: str, dims: tuple[int | None, ...]) -> Iterator[tuple[int, Dims]]:
    """The same of a shape that a function is given as one argument."""
    if name == "build" and dims[:1] == (None,):
        yield from _whole(0, dims[1:])
    elif name in _DECLARING:
        yield from _whole(1, dims)
    elif name in _BATCHED:
        yield from _whole(3, dims[1:])


def _whole(rank: int, dims: tuple[int | None, ...]) -> Iterator[tuple[int, Dims]]:
    """The dimensions, where all are known."""
    known = tuple(dim for dim in dims if dim is not None and dim > 0)
    if known and len(known) == len(dims):
        yield rank, known


def _dims(shape: Live, numbers: dict[str, int]) -> tuple[int | None, ...]:
    return tuple(_number(item, numbers) for item in shape.elts) if isinstance(shape, (ast.Tuple, ast.List)) else ()


def _number(item: Live, numbers: dict[str, int]) -> int | None:
    """A whole number that is written down, or the name of one."""
    if isinstance(item, ast.UnaryOp) and isinstance(item.op, ast.USub):
        inner = _number(item.operand, numbers)
        return None if inner is None else -inner
    if isinstance(item, ast.Name):
        return numbers.get(item.id)
    return item.value if isinstance(item, ast.Constant) and type(item.value) is int else None
