"""``kerasdiff check``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.options.against import AUTO
from kerasdiff.cli.options.cluster import cluster_options
from kerasdiff.cli.options.common import clean, progress, start_ahead, write
from kerasdiff.cli.reports.output import CHECK_FORMATS, Output, report_options
from kerasdiff.cli.reports.pages import open_page, refuse_occupied, temporary_folder, write_pages
from kerasdiff.cli.reports.reporting import machine_texts
from kerasdiff.report.pages import page_names

if TYPE_CHECKING:
    from rich.console import Console

    from kerasdiff.checking.preparing import Ready
    from kerasdiff.gates.records import Checked, Gate, Gates
    from kerasdiff.options import ClusterOptions
    from kerasdiff.side.targets import Target
    from kerasdiff.side.upgrading.environments import Plan

EXIT_CODES_HELP = """
\b
Exit codes:
  0  every pair is as the file says
  1  a pair is not
  2  the file, or a model of it, cannot be used
  3  all others are as the file says, and a pair is inconclusive
  70 internal error, 130 interrupted
With --mutate 1 says that a change would be missed, 0 that none would.
"""

PROOF_FORMATS = ("terminal", "json")
"""How it can be told what gates would catch."""


@click.command(short_help="Checks the pairs that a file of gates names.", epilog=EXIT_CODES_HELP)
@click.argument("names", nargs=-1, metavar="[PAIR]...")
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="The file of gates; else kerasdiff.toml or pyproject.toml, here or above.",
)
@click.option(
    "--changed",
    is_flag=False,
    flag_value=AUTO,
    metavar="[REVISION]",
    help="Leave out the pairs none of whose files changed since this revision; without one, since the merge base with "
    "the branch that this work goes to.",
)
@click.option(
    "--against",
    default="",
    metavar="REVISION",
    help="Compare the pairs that name one target with themselves at this revision, whatever the file says.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="How many pairs run at once; by default one a core."
)
@cluster_options(
    "pair",
    use="Compare the pairs",
    cpus="processor cores of a pair, whose models are at work at the same time.  [default: 2]",
    gpus="GPUs of a pair, or the share of one.  [default: 0]",
)
@click.option(
    "--mutate",
    is_flag=True,
    help="Prove the gates: change each candidate in known ways and say which of these changes would be caught.",
)
@click.option(
    "--mutants",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    metavar="N",
    help="How many changes --mutate tries on each model.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of its JSON reports instead.")
@report_options(*CHECK_FORMATS, pages="folder")
def check(
    names: tuple[str, ...],
    schema: bool,
    config: str | None,
    changed: str | None,
    against: str,
    jobs: int | None,
    cluster: ClusterOptions | None,
    mutate: bool,
    mutants: int,
    to: Output,
) -> int:
    """Checks the pairs of a file of gates: [tool.kerasdiff] of pyproject.toml, or kerasdiff.toml.

    \b
    Examples:
      kerasdiff check
      kerasdiff check backbone head --jobs 2
      kerasdiff check --changed --against main
      kerasdiff check --mutate backbone
      kerasdiff check --format terminal --format sarif=check.sarif
      kerasdiff check --html pages/
    """  # noqa: D301
    if schema:
        from kerasdiff.report.schema import CHECK, schema_text

        write(schema_text(CHECK), None)
        return 0
    gates = _gates(config, names)
    if changed and changed in [gate.name for gate in gates.gates]:  # what follows an option is read as its value
        raise click.UsageError(f"--changed would take {clean(changed)} for a revision: name the pairs before it.")
    if mutate:
        if cluster is not None:
            raise click.UsageError("--mutate runs on this machine alone: leave out --ray.")
        return _proved(gates, jobs or 0, mutants, to)
    return _checked(gates, jobs or 0, against, changed, cluster, to)


def _checked(
    gates: Gates, jobs: int, against: str, changed: str | None, cluster: ClusterOptions | None, to: Output
) -> int:
    from kerasdiff.checking.preparing import ready

    if to.pages:
        refuse_occupied(to.pages, page_names(gate.name for gate in gates.gates).values())
    if to.pictured:
        gates = replace(gates, gates=tuple(_pictured(gate) for gate in gates.gates))
    with progress() as listener:
        pairs = ready(gates, against, listener.phase, _making)
    unchanged, base = _unchanged(gates, pairs, changed)
    if running := _running_here([pair for pair in pairs if pair.gate.name not in unchanged], cluster):
        start_ahead(targets=running)
    from kerasdiff.checking.running import check

    with progress() as listener:
        checked = check(
            gates.path,
            pairs,
            listener,
            today=date.today(),
            jobs=jobs,
            unchanged=unchanged,
            base=base,
            cluster=cluster,
        )
    return report_checked(replace(checked, file=_in_repository(gates)), to)


def _making(gate: Gate, plan: Plan) -> None:
    """Says what is installed for a pair: it may take minutes, and not everybody sees the progress."""
    from kerasdiff.report.wording.upgraded import making

    click.echo(clean(f"{gate.name}: {making(plan)}"), err=True)


def _running_here(pairs: Sequence[Ready], cluster: ClusterOptions | None) -> list[Target]:
    """The targets of the pairs that run on this machine: all but those that a cluster takes."""
    here = pairs if cluster is None else [pair for pair in pairs if any(target.python for target in pair.targets)]
    return [target for pair in here for target in pair.targets]


def _unchanged(gates: Gates, pairs: Sequence[Ready], changed: str | None) -> tuple[set[str], str]:
    """The names of the pairs that need not run, and since which revision; nothing of both where nobody asked."""
    from kerasdiff.checking.changed import is_unchanged, since

    if changed is None:
        return set(), ""
    known = since(gates, "" if changed == AUTO else changed)
    own = Path(gates.here) / Path(gates.path).name
    names = {
        pair.gate.name
        for pair in pairs
        if pair.targets
        and all(item.until >= date.today() for item in pair.gate.ignores)  # else it fails whatever changed
        and is_unchanged(pair.gate, pair.targets, own, known)
    }
    return names, known.revision


def _pictured(gate: Gate) -> Gate:
    return replace(gate, options=replace(gate.options, picture=True))


def report_checked(checked: Checked, to: Output) -> int:
    """Writes the report of a check, and its folder of pages where one is wanted.

    Returns:
        Its exit code.
    """
    from kerasdiff.report.commands.check import check_json, named, render_check
    from kerasdiff.report.wording.gates import summary

    texts = {"json": lambda: check_json(checked), **machine_texts(named(checked), to)}
    if to.pages is not None:
        _write_folder(checked, to.pages or temporary_folder(), to)
    _write(to, lambda console: render_check(checked, console), texts, summary(checked))
    return checked.exit_code


def _write_folder(checked: Checked, folder: str, to: Output) -> None:
    from kerasdiff.report.commands.check import named
    from kerasdiff.report.html.index import index_html
    from kerasdiff.report.html.page import to_html

    told = [item for item in named(checked) if item.comparison is not None]
    links = page_names(item.name for item in told)
    pages = {links[item.name]: partial(to_html, item) for item in told}
    index = write_pages(folder, pages, index_html(checked, links))
    if to.opens:
        open_page(index)


def _proved(gates: Gates, jobs: int, mutants: int, to: Output) -> int:
    if to.pages is not None:
        raise click.UsageError(f"--mutate is told as {' or '.join(PROOF_FORMATS)}, not as pages.")
    for form in to.forms:
        if form.name not in PROOF_FORMATS:
            raise click.UsageError(f"--mutate is told as {' or '.join(PROOF_FORMATS)}, not as {form.name}.")
    start_ahead()
    from kerasdiff.checking.mutating import prove

    with progress() as listener:
        proof = prove(gates, listener, today=date.today(), jobs=jobs, count=mutants)
    from kerasdiff.report.commands.mutants import proof_json, render_proof
    from kerasdiff.report.wording.mutants import summary

    texts = {"json": lambda: proof_json(proof)}
    _write(to, lambda console: render_proof(proof, console), texts, summary(proof))
    return proof.exit_code


def _write(to: Output, render: Callable[[Console], None], texts: Mapping[str, Callable[[], str]], summary: str) -> None:
    """Writes a report, and where all of it goes to files, its summary to stderr."""
    alone = clean(summary)
    to.write(lambda form: (lambda console: console.out(alone, highlight=False)) if to.quiet else render, texts)
    if to.silent:
        click.echo(clean(f"{summary} (report in {', '.join(to.files)})"), err=True)


def _gates(config: str | None, names: tuple[str, ...]) -> Gates:
    """The pairs that were asked for.

    Raises:
        KerasdiffError: If there is no file, it is wrong, or a name is none of its pairs.
    """
    from kerasdiff.gates.reading import chosen, find, read

    path = find(Path.cwd()) if config is None else Path(config).expanduser()
    return chosen(read(path, config or _shown(path)), names)


def _shown(path: Path) -> str:
    """A path as seen from here, where it lies here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _in_repository(gates: Gates) -> str:
    """The file of gates from the root of its repository, as what is shown beside the code needs it."""
    from kerasdiff.side.revisions.git import repository_of

    repository, path = repository_of(Path(gates.here)), Path(gates.here).resolve() / Path(gates.path).name
    top = None if repository is None else repository.top
    return path.relative_to(top).as_posix() if top is not None and path.is_relative_to(top) else gates.path
