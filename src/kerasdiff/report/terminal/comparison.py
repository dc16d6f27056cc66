"""A comparison for a person at a terminal: terms first, evidence in between, the verdict last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from kerasdiff.comparison import Comparison, ModelInfo, Outcome
from kerasdiff.findings import SIDES
from kerasdiff.report import wording
from kerasdiff.report.rows import EDITED, EQUAL, MARKS, RUNGS, Fold
from kerasdiff.report.terminal.attribution import render_attribution
from kerasdiff.report.terminal.equal import is_short, render_equal
from kerasdiff.report.terminal.fit import render_fit
from kerasdiff.report.terminal.layers import render_layers
from kerasdiff.report.terminal.links import Links
from kerasdiff.report.terminal.style import Look, answer, emit, hang, heading, pad
from kerasdiff.report.wording.names import count
from kerasdiff.report.wording.numbers import WORDS
from kerasdiff.report.wording.rewrites import INEXACT, rewritten
from kerasdiff.report.wording.verdict.answer import BASES
from kerasdiff.rungs.records import NUMERIC, Rewrite, Rung

MOST_EDITS = 12
"""Edits listed in full: past a screenful a list is not read; ``--verbose`` and JSON hold them all."""

_OUTCOMES: Mapping[Outcome, str] = {"equivalent": "green", "different": "red", "inconclusive": "yellow"}


def render(
    comparison: Comparison,
    console: Console,
    *,
    verbose: bool = False,
    changes_only: bool = False,
    links: bool = False,
) -> None:
    """Prints the report of a comparison; computes nothing and adds no judgement.

    Args:
        comparison: What is known.
        console: Where to.
        verbose: Everything: of an equal pair more than its verdict, tables and lists as a whole.
        changes_only: Without what is equal: layers, rungs and a fit that agree, rewrites, and the terms.
        links: Whether lines are links to their files.
    """
    if not verbose and is_short(comparison.verdict):
        render_equal(comparison, console)
        return
    shown, linked = _changes(comparison) if changes_only else comparison, Links.of(comparison) if links else Links()
    fold: Fold = "equal" if changes_only else "none" if verbose else "long"
    _header(comparison, console, terms=not changes_only)
    if shown.rows:
        render_layers(shown.rows, console, fold=fold, links=linked)
    _edits(comparison, console, len(comparison.edits) if verbose else MOST_EDITS, linked)
    _rewrites(shown.rewrites, console, named=verbose)
    _rungs(shown.rungs, console)
    if comparison.attribution is not None:
        render_attribution(comparison.attribution, comparison.edits, console)
    if shown.fit is not None:
        render_fit(shown.fit, console)
    _not_checked(comparison, console)
    _verdict(comparison, console, linked)


def _changes(comparison: Comparison) -> Comparison:
    """A comparison without its evidence that agrees."""
    return replace(
        comparison,
        rows=() if all(row.state in EQUAL for row in comparison.rows) else comparison.rows,
        rewrites=(),
        rungs=tuple(rung for rung in comparison.rungs if rung.outcome != "equal"),
        fit=None if comparison.fit is not None and comparison.fit.identical else comparison.fit,
    )


def _header(comparison: Comparison, console: Console, *, terms: bool) -> None:
    look = Look.of(console)
    environment = dict(comparison.environment)
    version = environment.pop("kerasdiff", "")
    emit(console, Text.assemble(("kerasdiff", "bold"), (f" {look.text(version)}" if version else "", "dim")))
    emit(console)
    for title, model in (("reference", comparison.reference), ("candidate", comparison.candidate)):
        _model(title, model, console, look)
    if not terms:
        return
    emit(console)
    told = wording.environment(environment)
    versions = look.text(", ".join(f"{name} {text}" for name, text in told))
    lines = [("environment", versions)] if versions else []
    lines += [(look.text(label), look.text(text)) for label, text in wording.terms(comparison)]
    width = max((len(label) for label, _ in lines), default=0)
    previous = ""
    for label, text in lines:
        shown = "" if label == previous else label
        hang(console, Text(f"  {pad(shown, width)}  ", style="dim"), Text(text))
        previous = label


def _model(title: str, model: ModelInfo, console: Console, look: Look) -> None:
    hang(console, Text(f"  {title}  ", style="dim"), Text(look.text(model.target), style="bold"))
    if model.commit is not None:
        hang(console, Text(" " * 13), Text(look.text(wording.commit(model.commit))))
    hang(console, Text(" " * 13), Text(look.text(wording.model(model))))
    if told := wording.runs_with(model):
        hang(console, Text(" " * 13), Text(look.text(f"with {told}")))


def _edits(comparison: Comparison, console: Console, most: int, links: Links) -> None:
    edits = comparison.edits
    if not edits:
        return
    look = Look.of(console)
    heading(console, "Edits", f"{count(len(edits), 'step')} from the reference to the candidate")
    digits = len(str(min(len(edits), most)))
    for position, edit in enumerate(edits[:most], start=1):
        mark = MARKS[EDITED[edit.kind]]
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
        for label, text in _edit_details(comparison, position - 1):
            start = Text(" " * lead.cell_len + (pad(label, 11) if label else ""), style="dim")
            side = SIDES.index(label) if label in SIDES else None
            hang(console, start, links.mark(Text(look.text(text)), side))
    if len(edits) > most:
        emit(console, look.text(f"  … {len(edits) - most:,} more; --verbose lists them"))


def _edit_details(comparison: Comparison, position: int) -> list[tuple[str, str]]:
    """Label and text of each line below the edit at a position; a joint effect stands at the first of its edits."""
    edit = comparison.edits[position]
    details = [("", wording.message(edit))]
    if any(edit.sites):
        details += [(name, wording.standing(edit, side)) for side, name in enumerate(SIDES)]
    details += [("settings" if n == 0 else " ", text) for n, text in enumerate(wording.settings(edit))]
    if does := wording.effect_told(comparison, position):
        details.append(("effect", does))
    return details


def _rewrites(rewrites: tuple[Rewrite, ...], console: Console, *, named: bool) -> None:
    """Prints how often each rule was used, and on which nodes where they are to be ``named``."""
    if not rewrites:
        return
    look = Look.of(console)
    heading(console, "Rewrites", "spelled differently, the same thing")
    rules = rewritten(rewrites)
    if not named:
        told = ", ".join(f"{rule.name} ×{rule.times}" for rule in rules)
        aside = "" if all(rule.exact for rule in rules) else f" (some {INEXACT})"
        hang(console, Text("  "), Text(look.text(f"{told}{aside}"), style="dim"))
        return
    width = max(len(look.text(f"{rule.name} ×{rule.times}")) for rule in rules)
    for rule in rules:
        body = Text(look.text(rule.nodes), style="dim")
        if not rule.exact:
            body.append(f"  ({INEXACT})", style="yellow")
        hang(console, Text("  " + pad(look.text(f"{rule.name} ×{rule.times}"), min(width, 32)) + "  "), body)


def _rungs(rungs: tuple[Rung, ...], console: Console) -> None:
    look = Look.of(console)
    heading(console, "Rungs", "the levels of evidence: what was checked, and what it showed")
    if any(rung.name in NUMERIC for rung in rungs):
        hang(console, Text("  "), Text(WORDS, style="dim"))
    names = max((len(rung.name) for rung in rungs), default=0)
    words = max((len(rung.outcome) for rung in rungs), default=0)
    for rung in rungs:
        mark = RUNGS[rung.outcome]
        lead = Text.assemble(
            ("  " + look.pick(mark.fancy, mark.plain) + " ", mark.style),
            pad(rung.name, names + 2),
            (pad(rung.outcome, words + 2), mark.style),
        )
        hang(console, lead, Text(look.text(wording.detail(rung))))
    if not rungs:
        emit(console, "  none")


def _not_checked(comparison: Comparison, console: Console) -> None:
    look = Look.of(console)
    heading(console, "Not checked")
    width = max((len(look.text(item.rung)) for item in comparison.not_checked), default=0)
    for item in comparison.not_checked:
        hang(console, Text(f"  {pad(look.text(item.rung), width)}  "), Text(look.text(wording.sentence(item.reason))))
    if not comparison.not_checked:
        emit(console, Text("  nothing was left out of the rungs above", style="dim"))


def _verdict(comparison: Comparison, console: Console, links: Links) -> None:
    look = Look.of(console)
    verdict = comparison.verdict
    style = _OUTCOMES[verdict.outcome]
    body = Text(look.text(wording.summary(comparison)))
    for text in (wording.unloadable(comparison), wording.advice(comparison)):
        if text:
            body.append("\n\n" + look.text(text))
    if verdict.basis is not None:
        body.append("\n\n" + look.text(BASES[verdict.basis]), style="dim")
    answer(console, links.mark(body), style, verdict.outcome.upper(), f"exit code {comparison.exit_code}")
