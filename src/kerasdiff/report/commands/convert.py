"""A conversion as a report shows it, and as JSON (schema ``kerasdiff.convert/1``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.report.json import dump
from kerasdiff.report.terminal.style import Look, emit, hang
from kerasdiff.report.wording import converting as wording

if TYPE_CHECKING:
    from rich.console import Console

    from kerasdiff.conversion import Carried, Conversion, Held
    from kerasdiff.findings import Compared
    from kerasdiff.graph import Attribute

SCHEMA = "kerasdiff.convert/1"


def render_conversion(conversion: Conversion, console: Console, *, verbose: bool) -> None:
    """Prints what became of the weights of a file that was written; with ``verbose`` of each."""
    from rich.text import Text

    look = Look.of(console)
    if not conversion.written:
        hang(console, Text(), Text(look.text(wording.refusal(conversion))))
        return
    for word, text in wording.lines(conversion):
        hang(console, Text(f"  {word:<11}", style="dim"), Text(look.text(text)))
    for item in conversion.carried if verbose else ():
        hang(console, Text(" " * 13), Text(look.text(wording.made_of(item))))
    emit(console, Text(look.text(f"{conversion.output} written")))


def conversion_json(conversion: Conversion) -> str:
    """The same as JSON: every weight with what it is made of, and how far outputs are apart."""
    comparison, refused = conversion.comparison, conversion.refusal
    return dump(
        {
            "schema": SCHEMA,
            "written": conversion.written,
            "exit_code": conversion.exit_code,
            "output": conversion.output,
            "weights": conversion.weights or None,
            "reference": comparison.reference.target,
            "candidate": comparison.candidate.target,
            "refusal": None
            if refused is None
            else {"fact": refused.fact.name.lower(), "text": wording.refusal(conversion)},
            "mapping": [_carried(item) for item in conversion.carried],
            "kept": list(conversion.kept),
            "unread": list(conversion.unseen),
            "homeless": list(conversion.homeless),
            "agreement": _agreement(conversion.checked, conversion.worst),
        }
    )


def _carried(item: Carried) -> dict[str, Attribute]:
    join = item.join
    return {
        "candidate": _held(item.target),
        "reference": [_held(one) for one in item.made_of],
        "how": item.how,
        "join": None
        if join is None
        else {
            "axis": join.axis,
            "shape": list(join.shape),
            "blocks": join.blocks,
            "transposed": join.transposed,
            "part": item.part,
        },
    }


def _held(one: Held) -> dict[str, Attribute]:
    return {"weight": one.weight, "path": one.path, "shape": list(one.shape)}


def _agreement(checked: int, worst: Compared | None) -> dict[str, Attribute] | None:
    if worst is None:
        return None
    close = worst.closeness
    return {
        "outputs": checked,
        "probe": worst.subject.probe,
        "output": worst.subject.number,
        "limit": close.limit,
        "max_absolute": close.max_absolute,
        "max_relative": close.max_relative,
        "scale": close.scale,
        "place": None if close.place is None else list(close.place),
        "beyond": close.beyond,
        "values": close.count,
    }
