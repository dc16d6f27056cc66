"""How is a comparison, or several, told in each form? Made when it is asked for: each imports what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.options.common import clean
from kerasdiff.cli.reports.output import Form, Output
from kerasdiff.cli.reports.printing import Render

if TYPE_CHECKING:
    from rich.console import Console

    from kerasdiff.comparison import Comparison
    from kerasdiff.report.named import Named


def report_comparison(comparison: Comparison, to: Output, *, verbose: bool = True) -> None:
    """Writes the report of one comparison."""
    from kerasdiff.report.named import Named

    report_comparisons([Named.of(comparison)], to, verbose=verbose)


def report_comparisons(several: Sequence[Named], to: Output, *, verbose: bool = True) -> None:
    """Writes the reports of comparisons, and where all of it goes to files, each verdict in one line to stderr."""

    def read(form: Form) -> Render:
        return lambda console: _read(several, to, form, console, verbose=verbose)

    to.write(read, {"json": lambda: _json(several), "html": lambda: _page(several), **machine_texts(several, to)})
    if to.silent and not to.quiet:
        where = f" (report in {clean(', '.join(to.files))})" if to.files else ""
        for item in several:
            if item.comparison is not None and not item.comparison.interrupted:
                click.echo(f"{_verdict(item)}{where}", err=True)


def machine_texts(several: Sequence[Named], to: Output) -> Mapping[str, Callable[[], str]]:
    """The forms that are told alike of one comparison and of many; each imports what it needs when it is asked for."""

    def markdown() -> str:
        from kerasdiff.report.formats.markdown import to_markdown

        return to_markdown(several, changes_only=to.changes_only, quiet=to.quiet)

    def junit() -> str:
        from kerasdiff.report.formats.junit import to_junit

        return to_junit(several)

    def sarif() -> str:
        from kerasdiff.report.formats.sarif import to_sarif

        return to_sarif(several)

    def github() -> str:
        from kerasdiff.report.formats.github import to_github

        return to_github(several)

    return {"markdown": markdown, "junit": junit, "sarif": sarif, "github": github}


def _json(several: Sequence[Named]) -> str:
    from kerasdiff.report.json import to_json

    return "".join(to_json(item.comparison) for item in several if item.comparison is not None)


def _page(several: Sequence[Named]) -> str:
    from kerasdiff.report.html.page import to_html

    if len(several) > 1:
        raise click.UsageError("a page shows one comparison: show each report by itself.")
    return to_html(several[0])


def _read(several: Sequence[Named], to: Output, form: Form, console: Console, *, verbose: bool) -> None:
    from kerasdiff.report.terminal.comparison import render  # which the other forms do without

    for number, item in enumerate(several):
        if item.comparison is None:
            continue
        if to.quiet:
            console.print(_verdict(item), markup=False, highlight=False, soft_wrap=True)
            continue
        if number:
            console.print()
        links = to.links(form.file)
        render(item.comparison, console, verbose=verbose, changes_only=to.changes_only, links=links)


def _verdict(item: Named) -> str:
    """Outcome and cause in one line, after the name of one of several."""
    from kerasdiff.report import wording

    assert item.comparison is not None
    name = f"{item.name}: " if item.name else ""
    return clean(f"{name}{item.comparison.verdict.outcome}: {wording.summary(item.comparison)}")
