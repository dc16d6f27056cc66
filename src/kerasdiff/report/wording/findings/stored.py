"""What is said of saved weights: phrases without a capital and without a full stop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from kerasdiff.findings import Fact, Finding
from kerasdiff.report.wording.names import listed
from kerasdiff.report.wording.numbers import closeness, share, subject

MOST_NAMED = 3
"""Layers named in a phrase; the figures hold them all."""


def _named(names: Iterable[str]) -> str:
    listed = tuple(names)
    more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    return f"{', '.join(listed[:MOST_NAMED])}{more}"


def _sentence(text: str) -> str:
    """The first sentence of an error message without the name of its class."""
    return re.sub(r"^\w+: ", "", text).partition(". ")[0]


def _cause(finding: Finding) -> str:
    return " and ".join(SENTENCES[part.fact](part) for part in finding.parts)


def _closeness(finding: Finding) -> str:
    return "" if finding.closeness is None else closeness(finding.closeness)


def _loads(finding: Finding) -> str:
    files = listed(finding.names)
    return f"what the reference saves ({files}) gives the candidate the same outputs: {_closeness(finding)}"


def _refused(finding: Finding) -> str:
    cause = _cause(finding)
    why = f"{cause} (Keras: {_sentence(finding.cause)})" if cause else f"Keras: {finding.cause}"
    verb = "do" if len(finding.names) > 1 else "does"
    return f"the reference's {listed(finding.names)} {verb} not load into the candidate: {why}"


def _otherwise(finding: Finding) -> str:
    verb = "load" if len(finding.names) > 1 else "loads"
    return (
        f"the reference's {listed(finding.names)} {verb} into the candidate without an error, but the outputs "
        f"differ: {_cause(finding)}; {_closeness(finding)}"
    )


def _unread(finding: Finding) -> str:
    converts = "".join(f"; {SENTENCES[part.fact](part)}" for part in finding.parts)
    return (
        f"Keras 3 reads no {finding.names[0]}, nor the one in a SavedModel, which its `TFSMLayer` runs at inference "
        f"alone{converts}"
    )


def _with_option(finding: Finding) -> str:
    form, option = finding.names
    lead = f"with `{option}=True` the {form} loads without an error"
    if finding.closeness is not None and finding.closeness.equal:
        return f"{lead} and gives the same outputs"
    wrong = [f"leaves {_named(finding.weights)} as they were"] if finding.weights else []
    wrong += [f"gives weights the values of others: {_mixed(part)}" for part in finding.parts]
    return f"{lead}, but {' and '.join(wrong) or 'outputs differ'}"


def _anothers(finding: Finding) -> str:
    return f"weights get the values of others: {_mixed(finding)}"


def _mixed(finding: Finding) -> str:
    return _named(f"{two} gets what {one} saved" for two, one in _rows(finding))


def _rows(finding: Finding) -> tuple[tuple[object, ...], ...]:
    """The rows of a table that a finding holds as its first value."""
    table = () if finding.values is None else finding.values[0]
    return tuple(tuple(row) for row in table if isinstance(row, tuple)) if isinstance(table, tuple) else ()


def _stored(how: str) -> Callable[[Finding], str]:
    def told(finding: Finding) -> str:
        pairs = (f"{one or 'the model itself'} as {two or 'the model itself'}" for one, two in _rows(finding))
        return f"the candidate's layers are stored {how}: {_named(pairs)}"

    return told


def _reshaped(finding: Finding) -> str:
    paths = (f"{path} {one} in the reference, {two} in the candidate" for path, one, two in _rows(finding))
    return f"weights stored under one path have other shapes: {_named(paths)}"


def _values(finding: Finding) -> str:
    """How many weights hold other values, which most, and what the outputs make of it."""
    assert finding.compared is not None
    close = finding.compared.closeness
    by = "" if close.place is None else f" by up to {close.max_absolute:.2g} at {close.place}"
    lead = f"{finding.count} of {finding.of} stored weights hold other values, most {finding.weights[0]}{by}"
    others = finding.weights[1:]
    more = f" (also {_named(others)})" if others else ""
    return "".join((lead, more, *(f"; {SENTENCES[part.fact](part)}" for part in finding.parts)))


def _as_stored(finding: Finding) -> str:
    assert finding.compared is not None
    close = finding.compared.closeness
    if close.equal:
        return "yet every output computed with them agrees"
    far = share(close.max_relative) if close.place is not None else closeness(close)
    return f"outputs computed with them differ by up to {far} ({subject(finding.compared.subject)})"


def _converted_apart(finding: Finding) -> str:
    assert finding.compared is not None
    of, close = finding.compared.subject, finding.compared.closeness
    return (
        f"loaded into a fresh candidate, it gives other outputs than the reference: {subject(of)}: {closeness(close)}"
    )


def _values_agree(finding: Finding) -> str:
    rounding = finding.figures.get("rounding")
    how = "the same to the bit" if rounding is None else f"the same but for rounding, {share(rounding)}"
    return f"what both files hold is {how}"


SENTENCES: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.STORED_VALUES_DIFFER: _values,
    Fact.STORED_VALUES_APART: _values,
    Fact.STORED_VALUES_AGREE: _values_agree,
    Fact.AS_STORED: _as_stored,
    Fact.NOTHING_STORED: lambda f: "neither model has weights, so there is nothing to load",
    Fact.LOADS: _loads,
    Fact.LOAD_REFUSED: _refused,
    Fact.LOADS_OTHERWISE: _otherwise,
    Fact.UNREAD_FORM: _unread,
    Fact.CAN_BE_CONVERTED: lambda _: "`kerasdiff convert` writes the weights of both as the candidate's",
    Fact.LOADS_WITH_OPTION: _with_option,
    Fact.HOLDS_ANOTHERS: _anothers,
    Fact.NOT_SAVED: lambda f: f"it cannot be saved as {f.names[0]} ({_sentence(f.cause)})",
    Fact.REFERENCE_IS_RANDOM: lambda f: (
        "the reference is random at inference, so no output tells whether its weights arrived"
    ),
    Fact.STORED_IN_OTHER_ORDER: _stored("in another order"),
    Fact.STORED_UNDER_OTHER_NAMES: _stored("under other names"),
    Fact.STORED_IN_OTHER_SHAPE: _reshaped,
    Fact.FILE_LACKS: lambda f: f"the file lacks {_named(f.names)}",
    Fact.NO_ROOM_FOR: lambda f: f"the candidate has no place for {_named(f.names)}",
    Fact.DID_NOT_ARRIVE: lambda f: f"{f.count} of {f.of} weights do not hold what was saved",
    Fact.READ_TRANSPOSED: lambda f: (
        f"every weight arrives in its place, but the candidate reads {_named(f.weights)} transposed"
    ),
    Fact.STORED_ALIKE: lambda f: f"{f.count} weights are stored under the same names in the same shapes on both sides",
    Fact.STORED_APART: lambda f: f"by its names and shapes, what the reference saves does not load: {_cause(f)}",
    Fact.STORES_BY_ITSELF: lambda f: (
        f"{_named(f.names)} saves or loads in a way of its own, of which names and shapes tell nothing"
    ),
    Fact.NOTHING_LOADED: lambda f: (
        f"names and shapes alone are compared: files are written and loaded of models of up to {f.of:,} parameters, "
        f"and these have {f.count:,}; --require-checkpoint does it"
    ),
    Fact.SAME_FUNCTION_UNKNOWN: lambda f: "it is not known whether outputs agree",
    Fact.CONVERTED_APART: _converted_apart,
    Fact.CONVERTED_ASTRAY: lambda f: (
        f"{_named(f.weights)} of the candidate holds something else once Keras has saved it and loaded it again"
    ),
    Fact.ALL_ARRIVED: lambda f: "every weight arrives in its place, so the models themselves differ",
}
