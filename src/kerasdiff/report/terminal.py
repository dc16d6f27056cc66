"""A comparison for a person at a terminal: terms first, evidence in between, the verdict last."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from kerasdiff.align.edits import COMPUTATION, Edit, Place
from kerasdiff.comparison import Basis, Comparison, ModelInfo, Outcome, Rewrite, RowState, Rung, RungOutcome
from kerasdiff.report.attribution import effect_of, render_attribution
from kerasdiff.report.fit import render_fit
from kerasdiff.report.layers import MARKS, render_layers
from kerasdiff.report.style import TEXT_WIDTH, Look, change, count, emit, hang, heading, pad

MOST_EDITS = 40
"""Edits listed in full: past a screenful a list is not read; JSON holds them all."""

MOST_NAMES = 4
"""Nodes named for one rewrite rule before the rest are counted."""

SAID = frozenset({COMPUTATION, "op", "wiring"})
"""Attributes of an update that are no settings: its message says what there is to say."""

_STATES: Mapping[str, RowState] = {
    "insert": "inserted",
    "delete": "deleted",
    "update": "updated",
    "move": "moved",
    "rewire": "rewired",
}

_RUNGS: Mapping[RungOutcome, tuple[str, str, str]] = {
    "equal": ("✓", "=", "green"),
    "different": ("✗", "x", "red"),
    "advisory": ("!", "!", "yellow"),
    "skipped": ("–", "-", "dim"),
    "failed": ("?", "?", "bold red"),
}

_OUTCOMES: Mapping[Outcome, str] = {"equivalent": "green", "different": "red", "inconclusive": "yellow"}

_BASES: Mapping[Basis | None, str] = {
    "proof": "proof: the canonical graphs are the same, and so are their weights.",
    "numeric": "numeric: not proved, but equal in float64 on every rung that ran.",
    "statistical": "statistical: seeded trial pairs decide, against the stated equivalence margin.",
    "witness": "witness: an edit, an input or a training run on which the two part.",
    None: "",
}


def render(comparison: Comparison, console: Console) -> None:
    """Prints the report of a comparison; computes nothing and adds no judgement."""
    _header(comparison, console)
    if comparison.rows:
        render_layers(comparison.rows, console)
    _edits(comparison, console)
    _rewrites(comparison.rewrites, console)
    _rungs(comparison.rungs, console)
    if comparison.attribution is not None:
        render_attribution(comparison.attribution, console)
    if comparison.fit is not None:
        render_fit(comparison.fit, console)
    _not_checked(comparison, console)
    _verdict(comparison, console)


def _header(comparison: Comparison, console: Console) -> None:
    look = Look.of(console)
    environment = dict(comparison.environment)
    version = environment.pop("kerasdiff", "")
    emit(console, Text.assemble(("kerasdiff", "bold"), (f" {look.text(version)}" if version else "", "dim")))
    emit(console)
    for title, model in (("reference", comparison.reference), ("candidate", comparison.candidate)):
        _model(title, model, console, look)
    emit(console)
    versions = look.text(", ".join(f"{name} {text}" for name, text in environment.items()))
    terms = [("environment", versions)] if versions else []
    terms += [(look.text(label), look.text(text)) for label, text in comparison.terms]
    width = max((len(label) for label, _ in terms), default=0)
    previous = ""
    for label, text in terms:
        shown = "" if label == previous else label
        hang(console, Text(f"  {pad(shown, width)}  ", style="dim"), Text(text))
        previous = label


def _model(title: str, model: ModelInfo, console: Console, look: Look) -> None:
    frozen = model.parameters - model.trainable_parameters
    figures = f"{model.parameters:,} parameters"
    figures += f" ({frozen:,} not trainable)" if frozen else ""
    figures += f", {count(model.nodes, 'node')}"
    name = f"{model.class_name}: " if model.class_name else ""
    hang(console, Text(f"  {title}  ", style="dim"), Text(look.text(model.target), style="bold"))
    hang(console, Text(" " * 13), Text(look.text(name + figures)))


def _edits(comparison: Comparison, console: Console) -> None:
    edits = comparison.edits
    groups = comparison.attribution.together if comparison.attribution is not None else ()
    if not edits:
        return
    look = Look.of(console)
    heading(console, "Edits", f"{count(len(edits), 'step')} from the reference to the candidate")
    digits = len(str(min(len(edits), MOST_EDITS)))
    for position, edit in enumerate(edits[:MOST_EDITS], start=1):
        mark = MARKS[_STATES[edit.kind]]
        lead = Text.assemble(
            f"  {position:>{digits}}. ",
            (look.pick(mark.fancy, mark.plain) + " ", f"bold {mark.style}"),
        )
        title = Text.assemble((look.text(f"{edit.kind} {edit.op}"), f"bold {mark.style}"))
        if edit.rung != "architecture":
            title.append(look.text(f"  ({edit.rung})"), style="dim")
        if len(edit.modes) == 1:
            title.append(look.text(f"  in {edit.modes[0]} mode alone"), style="dim")
        hang(console, lead, title)
        for label, text in _edit_details(edit, _together(position - 1, groups)):
            start = Text(" " * lead.cell_len + (pad(label, 11) if label else ""), style="dim")
            hang(console, start, Text(look.text(text)))
    if len(edits) > MOST_EDITS:
        emit(console, look.text(f"  … {len(edits) - MOST_EDITS:,} more; --format json holds them all"))


def _together(position: int, groups: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """The numbers of the other edits that were applied as one with this one."""
    group: tuple[int, ...] = next((group for group in groups if position in group), ())
    return tuple(other + 1 for other in group if other != position)


def _edit_details(edit: Edit, together: tuple[int, ...]) -> list[tuple[str, str]]:
    """Label and text of each line below an edit; ``together`` are the numbers of the edits it was applied with."""
    details = [("", edit.message)] if edit.message else []
    details += [(side, place) for side in ("reference", "candidate") if (place := _place(edit, side))]
    attributes = [f"{name}: {change(*pair)}" for name, pair in edit.attributes.items() if name not in SAID]
    details += [("settings" if position == 0 else " ", text) for position, text in enumerate(attributes)]
    if edit.effect:
        details.append(("effect", effect_of(edit, together)))
    return details


def _place(edit: Edit, side: str) -> str:
    """Where the edit stands on one side: its node and line, or the node it is missing after."""
    place: Place | None = edit.reference if side == "reference" else edit.candidate
    after = edit.after.get(side)
    if place is None:
        return f"no {edit.op} after {after}" if after else f"no such {edit.op}"
    source = "" if place.source is None else f"{place.source}  "
    return f"{source}{place.node}" + (f" after {after}" if after else "")


def _rewrites(rewrites: tuple[Rewrite, ...], console: Console) -> None:
    if not rewrites:
        return
    look = Look.of(console)
    heading(console, "Rewrites", "spelled differently, the same thing")
    groups: dict[str, list[Rewrite]] = {}
    for rewrite in rewrites:
        groups.setdefault(rewrite.rule, []).append(rewrite)
    width = max(len(look.text(f"{rule} ×{len(group)}")) for rule, group in groups.items())
    for rule, group in groups.items():
        sides = []
        for side in ("reference", "candidate"):
            nodes = [rewrite.node for rewrite in group if rewrite.side == side]
            if nodes:
                more = f", … {len(nodes) - MOST_NAMES} more" if len(nodes) > MOST_NAMES else ""
                sides.append(f"{side}: {', '.join(nodes[:MOST_NAMES])}{more}")
        exact = all(rewrite.exact for rewrite in group)
        body = Text(look.text("; ".join(sides)), style="dim")
        if not exact:
            body.append("  (in real arithmetic, not to the last bit)", style="yellow")
        hang(console, Text("  " + pad(look.text(f"{rule} ×{len(group)}"), min(width, 32)) + "  "), body)


def _rungs(rungs: tuple[Rung, ...], console: Console) -> None:
    look = Look.of(console)
    heading(console, "Rungs", "what was checked, and what it showed")
    names = max((len(rung.name) for rung in rungs), default=0)
    words = max((len(rung.outcome) for rung in rungs), default=0)
    for rung in rungs:
        fancy, plain, style = _RUNGS[rung.outcome]
        lead = Text.assemble(
            ("  " + look.pick(fancy, plain) + " ", style),
            pad(rung.name, names + 2),
            (pad(rung.outcome, words + 2), style),
        )
        hang(console, lead, Text(look.text(rung.detail)))
    if not rungs:
        emit(console, "  none")


def _not_checked(comparison: Comparison, console: Console) -> None:
    look = Look.of(console)
    heading(console, "Not checked")
    width = max((len(look.text(item.rung)) for item in comparison.not_checked), default=0)
    for item in comparison.not_checked:
        hang(console, Text(f"  {pad(look.text(item.rung), width)}  "), Text(look.text(item.reason)))
    if not comparison.not_checked:
        emit(console, Text("  nothing was left out of the rungs above", style="dim"))


def _verdict(comparison: Comparison, console: Console) -> None:
    look = Look.of(console)
    verdict = comparison.verdict
    style = _OUTCOMES[verdict.outcome]
    body = Text(look.text(verdict.summary))
    basis = _BASES[verdict.basis]
    if basis:
        body.append("\n\n" + look.text(basis), style="dim")
    emit(console)
    console.print(
        Panel(
            body,
            title=Text(verdict.outcome.upper(), style=f"bold {style}"),
            title_align="left",
            subtitle=Text(f"exit code {comparison.exit_code}", style="dim"),
            subtitle_align="right",
            border_style=style,
            box=box.ROUNDED if look.unicode else box.ASCII,
            width=min(look.width, TEXT_WIDTH),
            padding=(0, 1),
        ),
        highlight=False,
        crop=False,
    )
