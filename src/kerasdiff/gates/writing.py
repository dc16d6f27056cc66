"""What does a first file of gates say? A pair for each model, with what can be chosen as comments."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A model that may be gated.

    Attributes:
        target: As it is written, relative to the file.
        name: Its own.
        doubt: What has to be settled before, in a phrase; empty for one that is gated at once.
    """

    target: str
    name: str
    doubt: str = ""


_HEAD = """\
# Gates of kerasdiff: `kerasdiff check` runs all pairs, `kerasdiff check --mutate` shows what they would catch.
"""

_BASE = """\
# Each model is compared with itself as it was where this work began: the merge base with the branch that it goes to.
# base = "main"   # or with another revision
"""

_NO_GIT = """\
# There is no git repository here, so each model is compared with a stored baseline: `kerasdiff lock` makes one.
"""

_DEFAULTS = """\

# What holds for all pairs; a pair may say otherwise.
[defaults]
fit = false   # true trains both models for a few steps as well
# inputs = ["32,32,3"]            # for models that do not declare their input; or ["ids=16:int32@0..100"]
# require = "numeric"             # the weakest evidence that passes: proof, numeric or statistical
# require_checkpoint = true       # saved weights have to load
# rungs = ["interface", "inference"]   # only these have to be equal
"""

_MORE = """\
# expect = "different"            # known to differ; edits = ["insert relu"] says how
# ignore = [{ what = "initializer", reason = "why", until = 2027-12-31 }]
"""


def first_file(models: Sequence[Proposed], *, git: bool) -> str:
    """A file with a pair for each model; those in doubt as comments.

    Args:
        models: In the order of the file.
        git: Whether they lie in a repository, where an earlier revision is the reference.
    """
    names = _names(models)
    lines = [_HEAD, _BASE if git else _NO_GIT, _DEFAULTS]
    sure = [position for position, model in enumerate(models) if not model.doubt]
    for position, (model, name) in enumerate(zip(models, names, strict=True)):
        lines += ["\n", *_pair(model, name, git=git, more=sure[:1] == [position])]
    if not sure:
        lines.append("\n[pairs]\n")
    return "".join(lines)


def _names(models: Sequence[Proposed]) -> list[str]:
    """A name for each pair: the model's own, with its file where several have it."""
    own = Counter(model.name for model in models)
    names: list[str] = []
    for model in models:
        file = re.sub(r"\.\w+$", "", model.target.partition(":")[0])
        name = model.name if own[model.name] == 1 else f"{file}-{model.name}"
        names.append(name if name not in names else f"{name}-{names.count(name) + 1}")
    return names


def _pair(model: Proposed, name: str, *, git: bool, more: bool) -> Iterator[str]:
    key = name if re.fullmatch(r"[\w-]+", name, re.ASCII) else json.dumps(name, ensure_ascii=False)
    target, mark = json.dumps(model.target, ensure_ascii=False), ""
    if model.doubt:
        yield f"# {model.doubt}\n"
        mark = "# "
    yield f"{mark}[pairs.{key}]\n"
    if git:
        yield f"{mark}target = {target}\n"
    else:
        stored = f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)}.kerasdiff"
        yield f"{mark}reference = {json.dumps(stored)}   # kerasdiff lock {shlex.quote(model.target)} -o {stored}\n"
        yield f"{mark}candidate = {target}\n"
    if more:
        yield _MORE
