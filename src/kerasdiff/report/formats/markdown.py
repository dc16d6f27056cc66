"""Markdown as GitHub renders it: for a comment on a pull request, or the summary of a job.

The first line is the verdict and its cause; what follows is what a reviewer asks next, in that order: which edits,
where; how to make both agree; what was not looked at; and folded, the evidence.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from kerasdiff.align.edits import Edit
from kerasdiff.comparison import Comparison, Outcome
from kerasdiff.explain.records import Attribution, LocalDifference
from kerasdiff.findings import Site
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.report import wording
from kerasdiff.report.cleaning import clean
from kerasdiff.report.named import Named
from kerasdiff.report.rows import EQUAL, RUNGS
from kerasdiff.report.terminal.attribution import MOST_LOCAL
from kerasdiff.report.terminal.layers import render_layers
from kerasdiff.report.trials import columns_of
from kerasdiff.report.wording.names import count

MOST_CHARACTERS = 65_536
"""What GitHub takes as a comment."""

MOST_EDITS = 30
"""Edits in a table: past that nobody reads one."""

MOST_CELL = 300
"""Characters of a cell; a name may be of any length."""

TABLE_WIDTH = 110
"""Columns of the table of layers, which stands in a block that scrolls."""

_MARKS: Mapping[Outcome, str] = {"equivalent": "✅", "different": "❌", "inconclusive": "⚠️"}


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the text; one that is not ``needed`` is left out where there is no room for it."""

    text: str
    needed: bool = True


def to_markdown(several: Sequence[Named], *, changes_only: bool = False, quiet: bool = False) -> str:
    """The report of one comparison, or a table of several and the reports of those that do not pass.

    Args:
        several: The comparisons.
        changes_only: Without the evidence that agrees.
        quiet: The first line alone.
    """
    if len(several) == 1:
        blocks = list(_blocks(several[0], changes_only=changes_only))
        return _within(blocks[:1] if quiet else blocks)
    blocks = list(_overview(several))
    if quiet:
        return _within(blocks[:1])
    for item in several:
        if not item.passed and not item.skipped and item.comparison is not None:
            body = "\n\n".join(block.text for block in _blocks(item, changes_only=changes_only, whole=False))
            blocks.append(Block(f"#### {text(item.name)}\n\n{body}", needed=False))
    return _within(blocks)


def _within(blocks: Sequence[Block]) -> str:
    """The blocks that there is room for, and how many there is none for."""
    note = "_Left out, for a comment holds no more: {}. `kerasdiff show` tells all of it._"
    room = MOST_CHARACTERS - len(note) - 20
    told, left = [], 0
    for block in blocks:
        if block.needed or len(block.text) + 2 <= room:
            told.append(block.text)
            room -= len(block.text) + 2
        else:
            left += 1
    if left:
        told.append(note.format(count(left, "section")))
    return "\n\n".join(told)[: MOST_CHARACTERS - 1] + "\n"


# Several ------------------------------------------------------------------------------------------------------


def _overview(several: Sequence[Named]) -> Iterator[Block]:
    failed = [item for item in several if not item.passed and not item.skipped]
    skipped = sum(item.skipped for item in several)
    checked = count(len(several) - skipped, "pair")
    aside = f" ({skipped} not run: nothing of theirs changed)" if skipped else ""
    if failed:
        first = f"{text(failed[0].name)}: {text(_first_cause(failed[0]))}"
        yield Block(
            f"❌ **{len(failed)} of {checked} {'does' if len(failed) == 1 else 'do'} not pass**{aside}. {first}"
        )
    else:
        yield Block(f"✅ **All {checked} pass**{aside}.")
    head = "| | pair | verdict | |\n|---|---|---|---|"
    yield Block(
        "\n".join([head, *_rows_of([_row(item) for item in (*failed, *(i for i in several if i not in failed))])])
    )


def _rows_of(rows: Sequence[str]) -> Iterator[str]:
    """As many rows as half of a comment holds."""
    room = MOST_CHARACTERS // 2
    for number, row in enumerate(rows):
        room -= len(row) + 1
        if room < 0:
            yield f"| | … {len(rows) - number:,} more | | |"
            return
        yield row


def _row(item: Named) -> str:
    mark = "➖" if item.skipped else "✅" if item.passed else "❌"
    outcome = "" if item.comparison is None else item.comparison.verdict.outcome
    state = outcome or ("not run" if item.skipped else "not compared")
    told = _first_cause(item) if not item.passed or item.skipped else item.reason
    return f"| {mark} | {code_cell(item.name)} | {state} | {cell(told)} |"


def _first_cause(item: Named) -> str:
    if item.comparison is None:
        return item.error or item.reason
    told = wording.summary(item.comparison)
    return f"{item.reason}. {told}" if item.reason else told


# One ----------------------------------------------------------------------------------------------------------


def _blocks(item: Named, *, changes_only: bool, whole: bool = True) -> Iterator[Block]:
    comparison = item.comparison
    if comparison is None:
        yield Block(f"❌ **not compared**: {text(item.error or item.reason)}")
        return
    verdict = comparison.verdict
    yield Block(f"{_MARKS[verdict.outcome]} **{verdict.outcome}**: {text(wording.summary(comparison))}")
    yield Block(f"{code(item.targets[1])} (candidate) against {code(item.targets[0])} (reference)")
    if comparison.edits:
        yield Block(_edits(comparison))
    for told in (wording.advice(comparison), wording.unloadable(comparison)):
        if told:
            yield Block(text(told))
    if comparison.not_checked:
        left = "; ".join(f"{one.rung} ({wording.sentence(one.reason)})" for one in comparison.not_checked)
        yield Block(f"Not checked: {text(left)}.")
    yield from (Block(text, needed=False) for text in _evidence(comparison, changes_only=changes_only))
    if whole and not changes_only:
        yield Block(_terms(comparison), needed=False)


def _evidence(comparison: Comparison, *, changes_only: bool) -> Iterator[str]:
    """What the verdict rests on, folded."""
    yield _rungs(comparison, changes_only=changes_only)
    if comparison.attribution is not None:
        yield _attribution(comparison.attribution, comparison.edits)
    if comparison.fit is not None and not (changes_only and comparison.fit.identical):
        yield _fit(comparison.fit)
    if comparison.rows and not (changes_only and all(row.state in EQUAL for row in comparison.rows)):
        yield _layers(comparison, changes_only=changes_only)


def _edits(comparison: Comparison) -> str:
    rows = ["| | edit | candidate | reference | what it does |", "|---|---|---|---|---|"]
    for position, edit in enumerate(comparison.edits[:MOST_EDITS]):
        told = "; ".join(filter(None, (wording.message(edit), wording.effect_told(comparison, position))))
        rows.append(
            f"| {position + 1} | {edit.kind} {code_cell(edit.op)} | {_where(comparison, edit, 1)} "
            f"| {_where(comparison, edit, 0)} | {cell(told)} |"
        )
    if len(comparison.edits) > MOST_EDITS:
        rows.append(f"| | … {len(comparison.edits) - MOST_EDITS:,} more | | | |")
    return "\n".join(rows)


def _where(comparison: Comparison, edit: Edit, side: int) -> str:
    model = (comparison.reference, comparison.candidate)[side]
    site: Site | None = edit.sites[side]
    if site is None:
        after = edit.after[side]
        return f"none after {code_cell(after)}" if after else "–"
    if site.source is None:
        return code_cell(site.node)
    return code_cell(f"{model.location.path(site.source.file)}:{site.source.line}")


def _rungs(comparison: Comparison, *, changes_only: bool) -> str:
    shown = [rung for rung in comparison.rungs if not changes_only or rung.outcome != "equal"]
    apart = sum(rung.outcome == "different" for rung in comparison.rungs)
    rows = ["| | rung | outcome | |", "|---|---|---|---|"]
    rows += [f"| {RUNGS[r.outcome].fancy} | {r.name} | {r.outcome} | {cell(wording.detail(r), 1000)} |" for r in shown]
    return _folded(f"Evidence: {apart} of {count(len(comparison.rungs), 'rung')} differ", "\n".join(rows))


def _attribution(attribution: Attribution, edits: Sequence[Edit]) -> str:
    lines = []
    if attribution.divergence is not None:
        lines.append(
            f"First divergence: {_parting(attribution.divergence)}: " + wording.local_difference(attribution.divergence)
        )
    apart = [f"{_parting(item)} ({wording.size(item)})" for item in attribution.local[:MOST_LOCAL]]
    if len(attribution.local) > MOST_LOCAL:
        apart.append(f"{len(attribution.local) - MOST_LOCAL:,} more")
    if local := wording.local_differences(attribution):
        lines.append(f"{local} {', '.join(apart)}")
    lines += [wording.inseparable(group) for group in attribution.together]
    lines += [wording.sentence(note) for note in attribution.notes]
    lines += [whole for whole in (wording.explained(attribution, edits),) if whole]
    return _folded("Attribution: where the values part", "\n".join(f"- {text(line)}" for line in lines))


def _parting(item: LocalDifference) -> str:
    return f"{item.nodes[0]} ↔ {item.nodes[1]}"


def _fit(fit: FitEvidence) -> str:
    columns = columns_of(fit.trials)
    rows = [f"| {' | '.join(cells)} |" for cells in zip(*columns, strict=True)]
    rows.insert(1, "|---" + "|---:" * (len(columns) - 1) + "|")
    told = [] if fit.data is None else [wording.data_words(fit.data)]
    told += [] if fit.settings is None else [wording.plan(fit.settings, fit.seeds)]
    told += [remark.text for remark in wording.remarks(fit)]
    lines = "\n".join(f"- {text(line)}" for line in told)
    return _folded(f"Fit: {count(max(1, len(fit.pairs)), 'trial pair')}", "\n".join(rows) + f"\n\n{lines}")


def _layers(comparison: Comparison, *, changes_only: bool) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=TABLE_WIDTH, no_color=True, force_terminal=False, legacy_windows=False)
    render_layers(comparison.rows, console, fold="equal" if changes_only else "long")
    # Heading and legend stand outside; a mark at the beginning of a line is what colours it.
    lines = [line[2:] if line.startswith("  ") else line for line in stream.getvalue().splitlines()[2:]]
    table = "\n".join(lines).strip("\n")
    equal = sum(row.state in EQUAL for row in comparison.rows)
    title = f"Layers: {equal:,} of {len(comparison.rows):,} equal"
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", table)), default=0))
    return _folded(title, f"{fence}diff\n{table}\n{fence}")


def _terms(comparison: Comparison) -> str:
    told = [*wording.environment(dict(comparison.environment)), *wording.terms(comparison)]
    lines = [f"- {label}: {text(value)}" for label, value in told]
    lines += [
        f"- {side}: {text(', with '.join(filter(None, (wording.model(model), wording.runs_with(model)))))}"
        for side, model in (("reference", comparison.reference), ("candidate", comparison.candidate))
    ]
    return _folded("Terms: versions, seed, tolerances, what was inferred", "\n".join(lines))


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


# Words --------------------------------------------------------------------------------------------------------


def text(value: str) -> str:
    """A sentence in which names are letters, or code where it quotes them: no markup, no mention, no link."""
    parts = clean(value).split("`")
    if len(parts) % 2 == 0:  # a quote that is not closed is a letter of a name
        return _letters(clean(value))
    return "".join(code(part) if number % 2 else _letters(part) for number, part in enumerate(parts))


def _letters(value: str) -> str:
    # Within a word an underscore is a letter.
    escaped = re.sub(r"([\\`*\[<>|~]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", value)
    escaped = re.sub(r"(?<!\w)([@#])(?=\w)", "\\1<!-- -->", escaped)
    return re.sub(r"\b(https?|ftp)://|\bwww\.", lambda found: f"{found[0][:-1]}<!-- -->{found[0][-1]}", escaped)


def code(value: str) -> str:
    """A name as code."""
    shown = _cut(clean(value), MOST_CELL)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{fence}{space}{shown}{space}{fence}"


def cell(value: str, most: int = 2 * MOST_CELL) -> str:
    """A sentence in a table, in which a bar would be the end of a cell, even in code."""
    return re.sub(r"(?<!\\)\|", r"\\|", text(_cut(value, most)))


def code_cell(value: str) -> str:
    """A name as code in a table."""
    return code(value).replace("|", "\\|")


def _cut(value: str, most: int) -> str:
    return value if len(value) <= most else f"{value[: most - 1]}…"
