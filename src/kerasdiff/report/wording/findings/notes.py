"""How is what a worker noticed put into words? What it assumed, what it could not trace, what looks like a mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph import Source
from kerasdiff.side.slicing.told import cost_of, does, in_cell

NEVER: Mapping[str, str] = {
    "statistics": "never learns its statistics",
    "drops": "never drops",
    "acts": "never acts",
    "always": "acts at inference too",
}
"""What a layer that is never told of training does not do, by what it does in training alone."""

MOST_IDLE = 2
"""Such layers that are named."""


def _assumed(finding: Finding) -> str:
    target, name = finding.names
    return f"{target}: {name}={finding.settings['value']}"


def _input_from(what: str, finding: Finding) -> str:
    target, name = finding.names
    return f"{target}: input {finding.settings['shape']} taken from {what} {name}"


def _input_from_default(finding: Finding) -> str:
    (target,) = finding.names
    shape, dtype = finding.settings["shape"], finding.settings["dtype"]
    return f"{target}: input {shape} {dtype} inferred from the CIFAR-10 default"


def _dtype_as_declared(finding: Finding) -> str:
    target, name = finding.names
    declared, asked = finding.settings["declared"], finding.settings["asked"]
    return f"{target}: input {name} stays {declared} as declared, not {asked} as --input says"


def _range_cut(finding: Finding) -> str:
    target, name = finding.names
    return f"{target}: values of {name} end at {finding.figures['last']:g}, the last row of its embedding table"


MOST_COSTS = 3
"""Reasons why a file was not run as a whole that are told."""
MOST_STRETCHES = 4
"""Stretches of lines that are named one by one."""


def _by_definitions(finding: Finding) -> str:
    target, file = finding.names
    costs = finding.parts
    why = [does(cost_of(*part.names), _at_line(part.sources[0])) for part in costs[:MOST_COSTS]]
    more = f" and {len(costs) - MOST_COSTS} more" if len(costs) > MOST_COSTS else ""
    within = finding.settings["within"]
    place = (
        "" if not within else f"; the name is of its {'main guard' if within == '__main__' else f'function {within}'}"
    )
    return f"{target}: {file} was loaded by its definitions: it {', '.join(why)}{more}; {_left_out(finding)}{place}"


def _at_line(source: Source) -> str:
    return f" at {in_cell(source.line, source.file)}"


def _left_out(finding: Finding) -> str:
    stretches = finding.settings["left_out"]
    assert isinstance(stretches, Sequence)
    pairs = [tuple(item) for item in stretches if isinstance(item, tuple | list)]  # a list where a file was read back
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in pairs]
    if not shown:
        return "these were left out"
    more = f" and {len(shown) - MOST_STRETCHES} more stretches" if len(shown) > MOST_STRETCHES else ""
    return f"lines {', '.join(shown[:MOST_STRETCHES])}{more} left out"


def _not_traceable(finding: Finding) -> str:
    line = _at(finding.sources[0] if finding.sources else None)
    why = note(finding.parts[0]) if finding.parts else finding.cause
    return f"cannot be traced in {' or '.join(finding.names)} mode{line}: {why}"


def _layer(finding: Finding, says: str) -> str:
    return f"layer {_standing(finding.sites[0])} is {says}"


def _hard_coded(finding: Finding) -> str:
    (mode,) = finding.names
    when = "in training" if mode == "training" else "at inference"
    return _layer(finding, f"called with training={mode != 'training'}, also {when}")


def _never_read(finding: Finding) -> str:
    return f"weight {finding.weights[0]}{_at(finding.sources[0] if finding.sources else None)} is never read"


def _untold(finding: Finding) -> str:
    name, *kinds = finding.names
    idle = [f"`{site.node}` {NEVER[kind]}{_at(site.source)}" for site, kind in zip(finding.sites, kinds, strict=True)]
    more = f" and {len(idle) - MOST_IDLE} more" if len(idle) > MOST_IDLE else ""
    told = f"{', '.join(idle[:MOST_IDLE])}{more}"
    if set(kinds) == {"always"}:
        return f"`{name}.call` takes no `training` argument, so predict tells its layers no mode: {told}"
    return f"`{name}.call` takes no `training` argument, so fit runs it in inference mode: {told}"


def _mask(finding: Finding) -> str:
    maker, lost, *missed = finding.sites
    text = f"the mask of {maker.node} is lost in {_standing(lost)}"
    return f"{text}; {_standing(missed[0])}, which would use it, gets none" if missed else f"{text}; nothing uses it"


def _standing(site: Site) -> str:
    """A layer by its path, a function by its name, with the line in brackets."""
    return f"{site.node or site.display}{_at(site.source)}"


def _at(source: Source | None) -> str:
    return "" if source is None else f" ({source})"


SENTENCES: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.ARGUMENT_FROM_INPUT: lambda it: f"{_assumed(it)} taken from --input",
    Fact.ARGUMENT_FROM_DEFAULT: lambda it: f"{_assumed(it)} inferred from the CIFAR-10 default",
    Fact.ARGUMENT_FROM_DATACLASS: lambda it: f"{it.names[0]}: {it.names[1]} made as {it.names[2]}(), with its defaults",
    Fact.ARGUMENT_FROM_PARSER: lambda it: (
        f"{it.names[0]}: {it.names[1]} taken from the defaults of the argument parser {it.names[2]}"
    ),
    Fact.BUILT_FILES_KEPT: lambda it: (
        f"{it.names[0]}: {', '.join(it.names[1:])} taken as built here, for git ignores what a build writes"
    ),
    Fact.INSTALLED_COPY: lambda it: (
        f"{it.names[0]}: {', '.join(it.names[1:])} taken from the revision, though installed here as a copy of this "
        "repository; a model of the working tree imports that copy, unless it is installed by pip install -e"
    ),
    Fact.TARGET_FOUND: lambda it: f"{it.names[0]}: {it.names[1]} taken, the one model in it",
    Fact.INSTANCE_MADE: lambda it: f"{it.names[0]}: taken of an instance of {it.names[1]} that was made for it",
    Fact.ITEM_TAKEN: lambda it: f"{it.names[0]}: {it.names[2]} ({it.names[1]}) taken, the one model in what it gives",
    Fact.CALLED_BY_PARTS: lambda it: (
        f"{it.names[0]}: {it.names[1]} has no call(): its sub-models {', '.join(it.names[2:])} were called, each on "
        "inputs of its own"
    ),
    Fact.LOADED_BY_DEFINITIONS: _by_definitions,
    Fact.LINE_LEFT_OUT: lambda it: does(cost_of(*it.names)),
    Fact.COMPILE_SETTINGS_LEFT_OUT: lambda it: f"{it.names[0]}: loaded without its compile settings: {it.cause}",
    Fact.INPUT_FROM_ARGUMENT: lambda it: _input_from("the constructor argument", it),
    Fact.INPUT_FROM_ATTRIBUTE: lambda it: _input_from("the model's attribute", it),
    Fact.INPUT_FROM_DEFAULT: _input_from_default,
    Fact.DTYPE_AS_DECLARED: _dtype_as_declared,
    Fact.RANGE_CUT: _range_cut,
    Fact.NOT_TRACEABLE: _not_traceable,
    Fact.DECIDES_ON_DATA: lambda it: (
        f"Python decides on the value of a tensor there, which no graph can hold ({it.cause})"
    ),
    Fact.LAYER_NEVER_CALLED: lambda it: _layer(it, "created but never called"),
    Fact.LAYER_MADE_ANEW: lambda it: _layer(it, "created anew in each call"),
    Fact.WEIGHTS_MADE_ANEW: lambda it: _layer(it, "created anew in each call, with new weights that are never trained"),
    Fact.RANDOM_STATE_MADE_ANEW: lambda it: _layer(it, "created anew in each call, with a new random state"),
    Fact.VARIABLE_MADE_ANEW: lambda it: f"variable {it.names[0]} is created anew in each call",
    Fact.VARIABLE_UNTRACKED: lambda it: f"variable {it.names[0]} is not tracked by the model",
    Fact.MODE_HARD_CODED: _hard_coded,
    Fact.FIT_IN_INFERENCE: _untold,
    Fact.WEIGHT_NEVER_READ: _never_read,
    Fact.MASK_LOST: _mask,
    Fact.MASK_UNUSED: _mask,
}
"""What each fact of a worker says, without the side it is about and without a full stop."""


def note(finding: Finding) -> str:
    """A fact of a :class:`kerasdiff.side.records.Description` (``notes``, ``inferred``) as a sentence."""
    return SENTENCES[finding.fact](finding)
