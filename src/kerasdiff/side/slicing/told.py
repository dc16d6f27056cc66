"""What is said of a file that is not run as a whole? What costs in it, and why a name cannot be had without that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from kerasdiff.errors import LoadError
from kerasdiff.side.reading.notebooks import cell_of
from kerasdiff.side.reading.source import Source
from kerasdiff.side.slicing.knowledge import CostKind
from kerasdiff.side.slicing.records import FILES, MODELS, RANDOM, SETTINGS, Cost, Refusal
from kerasdiff.side.targets import Target

_DOES: Mapping[CostKind, str] = {
    "trains": "trains",
    "downloads": "downloads data",
    "asks": "waits for somebody to answer",
    "shell": "starts another program",
    "plots": "shows a plot",
    "saves": "saves a model",
    "files": "writes files",
    "program": "runs as a program",
    "waits": "waits",
}
_NAMED: Mapping[str, str] = {
    FILES: "files on disk",
    MODELS: "a saved model",
    RANDOM: "random numbers",
    SETTINGS: "settings of Keras or Python",
}
RUN_FILE = "--run-file"


def does(cost: Cost, where: str = "") -> str:
    """What a line does, as what follows ``it``; ``where`` comes behind the verb.

    >>> does(Cost("trains", 4, "model.fit()"), " at line 4")
    'trains at line 4 (model.fit())'
    """
    if cost.kind == "missing":
        return f"imports {cost.text}{where} (not installed here)"
    if cost.kind == "argument":
        return f"is an argument of {cost.text}{where}, which nothing here calls once"
    verb = "fails" if cost.kind == "fails" else _DOES[cost.kind]
    return f"{verb}{where} ({cost.text})"


def cost_of(kind: str, text: str) -> Cost:
    """What a line does that was left out, of the two words of it that a report keeps."""
    return Cost(cast("CostKind", kind), 0, text)


def at(line: int, module: Source) -> str:
    """A line as it is told of: of a notebook by its cell."""
    file, own = module.place(line)
    return in_cell(own, file)


def in_cell(line: int, file: str) -> str:
    """A line of a file that was named before: of a notebook by its cell."""
    _, cell = cell_of(file)
    return f"line {line} of {cell}" if cell else f"line {line}"


def refused(target: Target, refusal: Refusal, module: Source) -> LoadError:
    """Says that a name needs what is not run, and what to name instead."""
    file = Path(target.location).name if target.kind != "module" else target.location
    name = target.name.partition(".")[0]
    needed = _NAMED.get(refusal.name, f"`{refusal.name or name}`")
    how = "changes" if refusal.changed else "makes"
    inside = "" if refusal.cost.line == refusal.line else f" in {at(refusal.cost.line, module)}"
    line = at(refusal.line, module)
    if refusal.user or needed != f"`{name}`":
        user = at(refusal.user, module) if refusal.user else "it"
        why = f"{user} needs {needed}, but {line}, which {how} that, {does(refusal.cost)}{inside}"
    else:
        why = f"{line}, which {how} it, {does(refusal.cost)}{inside}"
    return LoadError(f"{target.text}: {file} was not run for `{name}`: {why}. {_advice(target, refusal)}")


def several(target: Target, places: Sequence[tuple[str, int]]) -> LoadError:
    """Says that a name is local to several functions."""
    name = target.name.partition(".")[0]
    shown = ", ".join(f"{function}() (line {line})" for function, line in places)
    return LoadError(
        f"{target.text}: `{name}` is a local of {shown}: name one of them, as {target.place}:{places[0][0]}.{name}."
    )


def _advice(target: Target, refusal: Refusal) -> str:
    if not refusal.makers:
        return f"{RUN_FILE} runs the whole file."
    return f"Name what makes it, {target.place}:{refusal.makers[0]}, or run the whole file with {RUN_FILE}."


def lacking(line: int, cost: Cost, module: Source) -> str:
    """Why a name of a module is missing that a function looks up."""
    inside = "it" if cost.line == line else at(cost.line, module)
    return f"{at(line, module)} would make it and was left out, for {inside} {does(cost)}; {RUN_FILE} runs it all"
